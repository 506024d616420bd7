"""SQL composition of a segmentation run: values in, ``SQL`` out, no records.

* ``criteria``: a tree of criteria, compiled to one condition.
* ``sources``: what the headers of invoices tell; ``payments``: when they were paid;
  ``products``: their lines; ``events``: what happened with the partner; ``related``:
  orders, cases, conditions and members of others.
* ``state_of_mind``: the score of a partner in closed form.
* ``matching``: who of a range of partners meets the criteria.
* ``apply``: the statement that brings a range up to date; ``preview``: the one that
  only counts; ``undo``: the ones that take a run back.
* ``changed``: who has to be looked at again.
"""
