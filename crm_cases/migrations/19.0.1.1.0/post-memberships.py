def migrate(cr, version):
    """Members became records: take them over from the mere relation."""
    if not version:
        return
    cr.execute(
        """
        INSERT INTO crm_case_team_member (team_id, user_id, max_open, assign_cursor)
             SELECT team_id, user_id, 0, 0 FROM crm_case_team_member_rel
        ON CONFLICT DO NOTHING
        """
    )
    cr.execute("DROP TABLE crm_case_team_member_rel")
