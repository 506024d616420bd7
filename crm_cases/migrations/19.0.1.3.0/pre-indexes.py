def migrate(cr, _version):
    """The campaign has an index by its mixin already."""
    cr.execute("DROP INDEX IF EXISTS crm_case_campaign_idx")
