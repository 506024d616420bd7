def migrate(cr, _version):
    """Clocks of existing cases begin with their creation, in the state they are in.

    In SQL: a tracker may have a million cases, and they change nothing but this.
    """
    cr.execute(
        """
        ALTER TABLE crm_case
            ADD COLUMN IF NOT EXISTS state_log jsonb,
            ADD COLUMN IF NOT EXISTS sla_deadline timestamp
        """
    )
    cr.execute(
        """
        UPDATE crm_case
        SET state_log = jsonb_build_array(
            jsonb_build_array(to_char(create_date, 'YYYY-MM-DD HH24:MI:SS'), state)
        )
        WHERE state_log IS NULL
        """
    )
