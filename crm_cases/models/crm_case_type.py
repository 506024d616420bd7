from odoo import api, fields, models, tools

from .case_states import ACTIVE_STATES
from .known_records import known


class CrmCaseType(models.Model):
    """What a case is about: lead, claim, bug …

    Types are data. A new one needs a name and nothing else; its code is for
    integrations that must recognise it whatever its translation. What differs
    between types is said by fields here (which blocks the form shows), never by
    a test on the code.

    What each new case asks of them is remembered until a type changes.
    """

    _name = "crm.case.type"
    _description = "Case Type"
    _inherit = ["mail.thread", "crm.case.cached.mixin"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    code = fields.Char(
        copy=False,
        tracking=True,
        help="Technical name that integrations use, for example “claim”.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True, tracking=True)
    icon = fields.Char(
        default="fa-folder-open-o",
        help="Font Awesome class of the icon on the cards, for example “fa-bug”.",
    )
    color = fields.Integer()
    description = fields.Text(
        translate=True, help="When to use this type, shown to the people who pick it."
    )
    use_revenue = fields.Boolean(
        string="Revenue",
        tracking=True,
        help="Cases of this type have a planned revenue, a planned cost and a "
        "probability.",
    )
    case_count = fields.Integer(
        string="Open Cases", compute="_compute_case_count", compute_sudo=False
    )

    _code_unique = models.Constraint(
        "UNIQUE(code)", "Another case type already has this code."
    )

    def _compute_case_count(self):
        counts = dict(
            self.env["crm.case"]._read_group(
                [("type_id", "in", self.ids), ("state", "in", ACTIVE_STATES)],
                ["type_id"],
                ["__count"],
            )
        )
        for case_type in self:
            case_type.case_count = counts.get(case_type, 0)

    @api.model
    def _get_default_type(self):
        """Request: the word for what somebody wants from us and we know no more."""
        return self.browse(self._get_default_type_id())

    @api.model
    @tools.ormcache()
    def _get_default_type_id(self):
        types = self.sudo()  # the answer is the same for all, and all may read types
        default_type = known(types.env, "crm_cases.crm_case_type_request")
        if default_type and default_type.active:
            return default_type.id
        return types.search([], limit=1).id

    def action_view_cases(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_action"
        )
        return {
            **action,
            "display_name": self.name,
            "domain": [("type_id", "=", self.id)],
            "context": {"default_type_id": self.id, "search_default_not_closed": 1},
        }
