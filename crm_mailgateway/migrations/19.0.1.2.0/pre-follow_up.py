from odoo.tools.sql import column_exists


def migrate(cr, version):
    """One setting says what an answer to a closed case does, on the portal and by mail.

    A team whose portal setting was left alone takes what it said about mails.
    """
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
