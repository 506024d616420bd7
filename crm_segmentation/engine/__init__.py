"""SQL composition of a segmentation run: values in, ``SQL`` out, no records.

* ``criteria``: a tree of criteria, compiled to one condition.
* ``sources``: where the measured values come from (invoices, state of mind).
* ``state_of_mind``: the score of a partner in closed form.
* ``apply``: the statement that brings one range of partners up to date.
"""
