from odoo.tools import SQL


def uninstall_hook(env):
    """Let the tables go in any order.

    Odoo deletes types, stages, teams and their addresses one by one before it drops the
    tables of the cases that still point to them. Each refusal costs a round and a line
    in the log. The references are dropped first, because all of it is about to go.
    """
    _hand_campaigns_over(env)
    tables = _get_tables(env)
    for table, constraint in _get_references(env, tables):
        env.cr.execute(
            SQL(
                "ALTER TABLE %s DROP CONSTRAINT %s",
                SQL.identifier(table),
                SQL.identifier(constraint),
            )
        )


def _hand_campaigns_over(env):
    """Campaigns stay, and the people of the demo company go: those of theirs get
    another owner, without whom a campaign cannot be."""
    ours = env["ir.model.data"].search(
        [("module", "=", "crm_cases"), ("model", "=", "res.users")]
    )
    campaigns = env["utm.campaign"].with_context(active_test=False)
    campaigns.search([("user_id", "in", ours.mapped("res_id"))]).user_id = env.user


def _get_tables(env):
    """Tables of the models that this addon brought."""
    models = env["ir.model"].search([("model", "=like", "crm.case%")])
    return [
        env[name]._table
        for name in models.mapped("model")
        if name in env and env[name]._auto and not env[name]._abstract
    ]


def _get_references(env, tables):
    """Foreign keys of these tables to each other and to mail aliases."""
    return env.execute_query(
        SQL(
            """
            SELECT conrelid::regclass::text, conname
              FROM pg_constraint
             WHERE contype = 'f'
               AND conrelid::regclass::text = ANY(%s)
               AND confrelid::regclass::text = ANY(%s)
            """,
            tables,
            [*tables, "mail_alias"],
        )
    )
