"""What ``./dev`` does, one concern per file, standard library only.

``console``    speak to the person at the terminal, run other programs
``paths``      where everything lies
``system``     packages of the operating system (apt)
``debian``     Odoo 19 out of Debian's package, unpacked privately
``runtime``    Odoo and the virtual environment it runs in
``postgres``   a database server: yours, or a private one
``databases``  templates, copies, drops
``odoo``       Odoo's own command line with our configuration
``server``     ``./dev run``
``mail``       ``./dev mail`` and ``./dev outbox``
``checks``     ``./dev test``, ``./dev lint``, ``./dev bench``
``cli``        arguments in, one call out
"""
