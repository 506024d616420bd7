def migrate(cr, version):
    """Let the brake protect what was computed before there was one."""
    cr.execute(
        "UPDATE crm_segmentation SET last_full_run = last_run"
        " WHERE last_run IS NOT NULL AND member_count > 0 AND last_full_run IS NULL"
    )
