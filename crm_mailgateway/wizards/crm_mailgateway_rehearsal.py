from datetime import timedelta

from odoo import Command, api, fields, models

from ..models.mail_thread_rules import ROUTED

DAYS = 31
MAX_MAILS = 300
HELD = "Held for a person by rule “%s”."


class CrmMailgatewayRehearsal(models.TransientModel):
    """*Rehearse*: what the rules, as they are now, would have done with last month.

    Every mail that opened a case, or that a rule ignored or held, is planned again if
    its bytes are kept, and nothing of it is kept. Compared is what the rules of that
    day decided, not what staff made of the case afterwards. The list shows each mail
    that would have got another team, type, category, responsible, priority or tags, or
    would now be ignored, held, or made a case.
    """

    _name = "crm.mailgateway.rehearsal"
    _description = "Rehearsal of Routing Rules"

    mail_count = fields.Integer("Mails", readonly=True)
    line_ids = fields.One2many(
        "crm.mailgateway.rehearsal.line", "rehearsal_id", readonly=True
    )
    line_count = fields.Integer(compute="_compute_line_count")
    is_rehearsed = fields.Boolean()

    @api.depends("line_ids")
    def _compute_line_count(self):
        for rehearsal in self:
            rehearsal.line_count = len(rehearsal.line_ids)

    def action_rehearse(self):
        self.ensure_one()
        received = self._get_mails()
        lines = [self._prepare_line_vals(mail) for mail in received]
        self.line_ids.unlink()
        self.write(
            {
                "is_rehearsed": True,
                "mail_count": len(received),
                "line_ids": [Command.create(vals) for vals in lines if vals],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rehearsal"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }

    def _get_mails(self):
        """Return the mails of last month that rules were asked about, latest first."""
        since = fields.Datetime.now() - timedelta(days=DAYS)
        received = self.env["crm.mailgateway.message"].search(
            [
                ("create_date", ">=", since),
                ("res_model", "=", "crm.case"),
                ("state", "in", ("processed", "ignored", "quarantined")),
            ],
            limit=MAX_MAILS,
        )
        routed = self._get_routings(received)
        return received.filtered(lambda r: r.id in routed or r._is_held_by_rule())

    def _get_routings(self, received):
        """Return what was decided about each new case, by the mail's id."""
        # sudo: the gateway's own book, about mails that the user may read
        results = self.env["crm.mailgateway.result"].sudo()
        found = results.search([("journal_id", "in", received.ids)])
        return {r.journal_id: r.routing["cases"] for r in found if r.routing}

    def _prepare_line_vals(self, received):
        """Return values of a line, or None for a mail that goes where it went."""
        # sudo: the bytes are in a table of their own that nobody may read
        content = received.sudo()._read_content()
        if not content:
            return None
        before = self._get_routings(received).get(received.id)
        mailbox = received.sudo().mailbox_id  # as above
        gateway = self.env["mail.thread"].with_context(
            default_fetchmail_server_id=mailbox.id
        )
        plan = gateway._mailgateway_plan(content)
        if plan.trace and plan.trace.decisions.found_by:
            return None  # an answer: rules are not asked
        after = None if plan.obstacle else plan.trace.decisions.routing
        if before == after:
            return None
        then, now = self._say_difference(before, after)
        outcome = self.env["crm.mailgateway.try"]._say_outcome(plan)
        return {
            "received_id": received.id,
            "before": then or received.verdict,
            "after": now or outcome,
        }

    def _say_difference(self, before, after):
        """Say in words what differs; an empty text where there is no case."""
        names = ROUTED
        if before and after and len(before) == len(after):
            pairs = list(zip(before, after, strict=True))
            names = [n for n in ROUTED if any(a[n] != b[n] for a, b in pairs)]
        return tuple(
            "; ".join(filter(None, (self._say_routing(r, names) for r in routings)))
            for routings in (before or (), after or ())
        )

    def _say_routing(self, routing, names):
        case = self.env["crm.case"]
        labels = case.fields_get(names, ["string"])
        said = [
            f"{labels[name]['string']}: {self._say_value(case, name, routing[name])}"
            for name in names
            if routing[name] or len(names) < len(ROUTED)
        ]
        return ", ".join(said)

    def _say_value(self, case, name, value):
        field = case._fields[name]
        if not value:
            return self.env._("none")
        if field.relational:
            # sudo: rules name what not everybody may read
            records = self.env[field.comodel_name].sudo().browse(value).exists()
            return ", ".join(records.mapped("display_name")) or self.env._("deleted")
        return dict(field._description_selection(self.env)).get(value, value)


class CrmMailgatewayRehearsalLine(models.TransientModel):
    """A mail that would have gone elsewhere."""

    _name = "crm.mailgateway.rehearsal.line"
    _description = "Mail That Would Have Gone Elsewhere"

    rehearsal_id = fields.Many2one(
        "crm.mailgateway.rehearsal", required=True, ondelete="cascade"
    )
    received_id = fields.Many2one(
        "crm.mailgateway.message", "Mail", required=True, ondelete="cascade"
    )
    before = fields.Char("Then")
    after = fields.Char("Now")


class CrmMailgatewayMessage(models.Model):
    """Tells a mail that a rule holds from one that could not be read."""

    _inherit = "crm.mailgateway.message"

    def _is_held_by_rule(self):
        self.ensure_one()
        terms = self.verdict_terms or {}
        return self.state == "quarantined" and terms.get("source") == HELD
