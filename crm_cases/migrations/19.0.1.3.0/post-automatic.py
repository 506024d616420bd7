"""Machines were told by what they left out: only people leave a date."""

MARK = """
    UPDATE crm_case c SET is_automatic = true
     WHERE c.date_last_customer_message IS NULL
       AND EXISTS (
            SELECT 1
              FROM mail_message m
              JOIN ir_model_data d
                ON d.model = 'mail.message.subtype' AND d.res_id = m.subtype_id
             WHERE m.model = 'crm.case' AND m.res_id = c.id
               AND m.message_type = 'email'
               AND d.module = 'crm_cases' AND d.name = 'mt_case_new'
       )
"""


def migrate(cr, version):
    """Mark the cases that machines opened before there was a mark."""
    if version:
        cr.execute(MARK)
