from odoo.tools.sql import column_exists


def migrate(cr, version):
    """One setting says what an answer to a closed case does, on the portal and by mail.

    A team whose portal setting was left alone takes what it said about mails. Stored
    views that still name the old setting are emptied until they are loaded: otherwise
    the first view of the team would not be valid beside them.
    """
    cr.execute(
        """
        UPDATE ir_ui_view v
           SET arch_db = '{"en_US": "<data/>"}'
          FROM ir_model_data d
         WHERE d.model = 'ir.ui.view' AND d.res_id = v.id
           AND d.module = 'crm_mailgateway' AND v.inherit_id IS NOT NULL
           AND v.arch_db::text LIKE '%follow_up%'
        """
    )
    if not version or not column_exists(cr, "crm_case_team", "follow_up"):
        return
    cr.execute(
        """
        UPDATE crm_case_team
           SET reopen_policy = CASE follow_up WHEN 'new' THEN 'never' ELSE 'days' END,
               reopen_days = COALESCE(follow_up_days, reopen_days)
         WHERE follow_up IN ('new', 'days') AND reopen_policy = 'always'
        """
    )
