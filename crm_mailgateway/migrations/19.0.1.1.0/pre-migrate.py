from odoo.tools.sql import column_exists

# Table, column that held an English sentence, column that holds term and values.
COLUMNS = [
    ("crm_mailgateway_message", "verdict", "verdict_terms"),
    ("crm_mailgateway_result", "verdict", "verdict_terms"),
    ("crm_mailgateway_result", "ack_reason", "ack_terms"),
]


def migrate(cr, version):
    """Keep the sentences that older versions wrote."""
    if not version:
        return
    for table, old, new in COLUMNS:
        if not column_exists(cr, table, old) or column_exists(cr, table, new):
            continue
        cr.execute(f"ALTER TABLE {table} ADD COLUMN {new} jsonb")
        cr.execute(
            f"UPDATE {table} SET {new} = jsonb_build_object('source', {old})"
            f" WHERE {old} IS NOT NULL"
        )
        cr.execute(f"ALTER TABLE {table} DROP COLUMN {old}")
