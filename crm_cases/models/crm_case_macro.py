import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .case_states import CANCEL, DONE, OPEN, PENDING

PLACEHOLDER = re.compile(r"\{(\w+)\}")
# What is meant to be one, in the notation of whatever program it was copied from
MEANT = re.compile(r"\{+[^{}\n]*\}+")
PLACEHOLDERS = ("customer", "number", "subject", "team", "me")


class CrmCaseMacro(models.Model):
    """What people of a team do to cases again and again, under one name.

    TEXT: goes into the answer that is being written. ``{customer}`` and the like stand
    for what is known of the case; words that are not known are refused when the macro
    is saved, not sent to a customer. It is written in the customer's language where
    there is a translation.

    EFFECTS: happen when the answer has been sent, at once when there is no text. They
    are those of the person who uses the macro: nobody may do by macro what he may not
    do by hand.

    SCOPE: personal (``user_id``), of some teams, or of everybody.
    """

    _name = "crm.case.macro"
    _description = "Case Macro"
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    user_id = fields.Many2one(
        "res.users",
        string="Only For",
        default=lambda self: self.env.uid,
        ondelete="cascade",
        index="btree_not_null",
        domain="[('share', '=', False)]",
        help="Empty: for everybody, or for everybody in the teams.",
    )
    team_ids = fields.Many2many(
        "crm.case.team",
        string="Teams",
        help="Offered on cases of these teams. Empty: on all.",
    )
    body = fields.Text(
        string="Text",
        translate=True,
        help="Goes into the answer. {customer}, {number}, {subject}, {team} and {me} "
        "are replaced.",
    )
    state = fields.Selection(
        [
            (OPEN, "Open"),
            (PENDING, "Pending"),
            (DONE, "Solved"),
            (CANCEL, "Cancelled"),
        ],
        string="Move To",
    )
    pending_days = fields.Integer(
        string="Days to Wait", help="Then it opens again by itself. 0: until an answer."
    )
    tag_ids = fields.Many2many("crm.case.tag", string="Add Tags")
    priority = fields.Selection(
        selection=lambda self: self.env["crm.case"]._fields["priority"].selection,
        string="Set Priority",
    )
    team_id = fields.Many2one(
        "crm.case.team", string="Move to Team", ondelete="set null"
    )
    assign = fields.Selection(
        [("me", "Whoever uses the macro"), ("user", "A colleague"), ("none", "Nobody")],
        string="Responsible",
    )
    assign_user_id = fields.Many2one(
        "res.users",
        string="Colleague",
        ondelete="set null",
        domain="[('share', '=', False)]",
    )
    effects = fields.Char(compute="_compute_effects", string="Does")
    can_share = fields.Boolean(compute="_compute_can_share")

    _pending_days_positive = models.Constraint(
        "CHECK(pending_days >= 0)", "The days to wait cannot be negative."
    )

    @api.depends(
        "state",
        "pending_days",
        "tag_ids",
        "priority",
        "team_id",
        "assign",
        "assign_user_id",
    )
    @api.depends_context("lang")
    def _compute_effects(self):
        for macro in self:
            macro.effects = ", ".join(macro._get_effects())

    @api.depends_context("uid")
    def _compute_can_share(self):
        self.can_share = self.env["crm.case"]._is_manager()

    def _get_effects(self):
        """In words, in the order in which they happen.

        :rtype: list[str]
        """
        self.ensure_one()

        def label(name):
            field = self._fields[name]
            return dict(field._description_selection(self.env)).get(self[name])

        chosen = self.assign == "user"
        parts = [
            (self.team_id, self.team_id.display_name),
            (self.assign, self.assign_user_id.name if chosen else label("assign")),
            (self.priority, label("priority")),
            (
                self.tag_ids,
                " ".join(f"#{name}" for name in self.tag_ids.mapped("name")),
            ),
            (self.state, label("state")),
        ]
        return [text for is_set, text in parts if is_set and text]

    # ------------------------------------------------------------
    # CONSTRAINTS
    # ------------------------------------------------------------

    @api.constrains("body")
    def _check_body(self):
        for macro in self:
            known = [f"{{{word}}}" for word in PLACEHOLDERS]
            unknown = set(MEANT.findall(macro.body or "")) - set(known)
            if unknown:
                raise ValidationError(
                    self.env._(
                        "%(word)s stands for nothing. Known are: %(known)s.",
                        word=min(unknown),
                        known=", ".join(known),
                    )
                )

    @api.constrains("assign", "assign_user_id")
    def _check_assign(self):
        for macro in self:
            if macro.assign == "user" and not macro.assign_user_id:
                raise ValidationError(self.env._("Say which colleague gets the case."))

    # ------------------------------------------------------------
    # ORM
    # ------------------------------------------------------------

    def write(self, vals):
        """Rules look at what a record was; sharing it asks for the right as well."""
        result = super().write(vals)
        self.check_access("write")
        return result

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        """Translations are written past what is checked when a macro is saved."""
        done = super()._update_field_translations(
            field_name, translations, *args, **kwargs
        )
        if field_name == "body":
            for lang in translations:
                self.with_context(lang=lang)._check_body()
        return done

    # ------------------------------------------------------------
    # USE
    # ------------------------------------------------------------

    @api.model
    def _get_case_domain(self, case):
        """Macros that are offered on this case, besides what the rules allow."""
        return Domain("team_ids", "=", False) | Domain(
            "team_ids", "in", case.team_id.ids
        )

    def _render(self, case):
        """The text for this case, in its customer's language.

        :rtype: str
        """
        self.ensure_one()
        lang = case.partner_id.lang or self.env.lang
        values = {
            "customer": case.partner_id.name or case.partner_name or "",
            "number": case.number or "",
            "subject": case.name or "",
            "team": case.team_id.name or "",
            "me": self.env.user.name,
        }
        body = self.with_context(lang=lang).body or ""
        # A translation that came from a file may know other words.
        return PLACEHOLDER.sub(lambda m: values.get(m[1], m[0]), body)

    def _apply(self, case):
        """Do what this macro does, as the caller.

        :return: an action that asks for what closing requires, or None
        """
        self.ensure_one()
        vals = self._prepare_case_vals()
        if vals:
            case.write(vals)
        if self.state:
            return case._move_on(self.state, self._get_pending_until())
        return None

    def _prepare_case_vals(self):
        users = {"me": self.env.uid, "user": self.assign_user_id.id, "none": False}
        vals = {"priority": self.priority, "team_id": self.team_id.id}
        vals = {name: value for name, value in vals.items() if value}
        if self.assign:
            vals["user_id"] = users[self.assign]
        if self.tag_ids:
            vals["tag_ids"] = [fields.Command.link(tag.id) for tag in self.tag_ids]
        return vals

    def _get_pending_until(self):
        if self.state != PENDING or not self.pending_days:
            return False
        return fields.Datetime.add(fields.Datetime.now(), days=self.pending_days)
