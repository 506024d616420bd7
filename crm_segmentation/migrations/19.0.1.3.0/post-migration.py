def migrate(cr, version):
    """Give criteria that hold or not the operator by which they have been computed.

    Those that were imported without one had one of amounts.
    """
    cr.execute(
        "UPDATE crm_segmentation_line SET expr_operator = 'set'"
        " WHERE expr_name IN ('product', 'domain', 'segmentation', 'group')"
        " AND expr_operator NOT IN ('set', 'not set')"
    )
