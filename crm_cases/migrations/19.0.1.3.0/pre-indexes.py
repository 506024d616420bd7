def migrate(cr, _version):
    """The campaign has an index by its mixin already; addresses have one that sorts."""
    cr.execute("DROP INDEX IF EXISTS crm_case_campaign_idx")
    cr.execute("DROP INDEX IF EXISTS crm_case__email_normalized_index")
