def migrate(cr, _version):
    """Nobody has written to a case yet: the last action was to file it.

    In SQL: a tracker may have a million cases, and they change nothing but this.
    """
    cr.execute(
        "UPDATE crm_case SET date_action_last = create_date"
        " WHERE date_action_last IS NULL"
    )
