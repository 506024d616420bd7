from odoo.tools import SQL

# What the types that we ship show and ask for; types of others stay as they are.
FLAGS = {
    "use_outcome": ("opportunity",),
    "use_resolution": ("bug", "claim"),
    "use_checklist": ("task",),
    "use_repeat": ("task",),
    "use_campaign": ("campaign",),
    "counts_as_lead": ("lead", "opportunity"),
    "require_reason": ("opportunity",),
    "require_cause": ("bug", "claim"),
    "require_resolution": ("bug", "claim"),
    "require_note": ("claim",),
}
WITHOUT_CONTACT = ("task", "campaign")


def migrate(cr, version):
    """Types say which blocks they show, before anything is loaded that relies on it."""
    if not version:
        return
    for flag, names in FLAGS.items():
        _add_flag(cr, flag, SQL("id IN (%s)", _get_type_ids(names)))
    _add_flag(cr, "use_contact", SQL("id NOT IN (%s)", _get_type_ids(WITHOUT_CONTACT)))


def _add_flag(cr, flag, condition):
    column = SQL.identifier(flag)
    cr.execute(
        SQL("ALTER TABLE crm_case_type ADD COLUMN IF NOT EXISTS %s bool", column)
    )
    cr.execute(SQL("UPDATE crm_case_type SET %s = (%s)", column, condition))


def _get_type_ids(names):
    return SQL(
        """
        SELECT res_id FROM ir_model_data
         WHERE module = 'crm_cases' AND model = 'crm.case.type' AND name IN %s
        """,
        tuple(f"crm_case_type_{name}" for name in names),
    )
