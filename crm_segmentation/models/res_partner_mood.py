from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command, Domain
from odoo.tools import SQL

from ..engine import events, mood_history
from ..engine.sources import IdSet, Scope

GROUP = "crm_segmentation.crm_segmentation_group_user"
POINTS = 12  # periods of the line
SHOWN_EVENTS = 50
SOURCE_MODELS = {
    "manual": "crm.segmentation.event",
    "rating": "rating.rating",
    "refund": "account.move",
    "late": "account.move",
    "case_done": "crm.case",
    "case_cancel": "crm.case",
    "lead_won": "crm.lead",
    "lead_lost": "crm.lead",
}


class ResPartner(models.Model):
    """How a partner feels about us, and why we think so.

    The score is the one of a segmentation with the usual numbers, of the company that
    one works in. It is read when somebody looks, and is for segmentation users only.
    """

    _inherit = "res.partner"

    segmentation_ids = fields.Many2many(search="_search_segmentation_ids")

    def _search_segmentation_ids(self, operator, value):
        """Find partners by the segmentations they, or their companies, are in now."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        nothing = operator == "in" and set(value) == {False}
        domain = Domain("left_on", "=", False)
        if not nothing:
            domain &= Domain("segmentation_id", operator, value)
        memberships = self.env["crm.segmentation.membership"]._search(domain)
        column = SQL.identifier(memberships.table, "partner_id")
        found = Domain("commercial_partner_id", "in", memberships.subselect(column))
        return ~found if nothing else found

    def get_state_of_mind(self):
        """Return what the partner form shows.

        :return: a mapping of ``score`` (0 to 10, None if nothing is known), ``mood``
            (the word for it), ``points`` (``[day, score]`` of the last periods) and
            ``events``, the last first, each a mapping of ``day``, ``score``,
            ``source``, ``name``, and ``model`` and ``res_id`` if the user may open it
        """
        self.ensure_one()
        if not self.env.user.has_group(GROUP):
            raise AccessError(
                self.env._("What customers feel is for users of segmentations.")
            )
        self.check_access("read")
        segmentation = (
            self.env["crm.segmentation"]
            .sudo()
            .new({"segmentation_line": [Command.create({"expr_name": "event_count"})]})
        )
        today = segmentation._get_today(fields.Datetime.now())
        found, trades = self._get_mood_rows(segmentation, today)
        points = mood_history.scores(
            [(day, score, weight) for day, score, weight, *_source in found],
            trades,
            segmentation._get_mood_parameters(today),
            POINTS,
        )
        score = points[-1][1] if found or trades else None
        return {
            "score": score,
            "mood": self._get_mood_name(score),
            "points": [[str(day), score] for day, score in points],
            "events": self._prepare_mood_events(found[:SHOWN_EVENTS]),
        }

    def _get_mood_rows(self, segmentation, today):
        """Return the scored events, the last first, and the days with an invoice."""
        self.env.flush_all()
        # Branches keep books of their own, which count for their company.
        companies = self.env["res.company"].sudo()
        companies = companies.search([("id", "child_of", self.env.company.id)])
        scope = Scope(tuple(companies.ids), today)
        ids = IdSet((self.commercial_partner_id.id,))
        rows = self.env.execute_query(
            events.all_events(segmentation._get_event_queries(scope), ids)
        )
        found = sorted((row[1:] for row in rows if row[1] <= today), reverse=True)
        trades = self.env.execute_query(events.trades(scope, ids))
        return found, [day for _partner, day in trades]

    def _get_mood_name(self, score):
        """Return the word for a score: the nearest mood."""
        moods = self.env["crm.segmentation.mood"].search([], limit=100)
        if score is None or not moods:
            return False
        return min(moods, key=lambda mood: abs(mood.score - score)).name

    def _prepare_mood_events(self, rows):
        sources = {
            s.code: s.name
            for s in self.env["crm.segmentation.source"].search([], limit=100)
        }
        names = self._get_mood_event_names(rows)
        return [
            {
                "day": fields.Date.to_string(day),
                "score": score,
                "source": sources.get(source, source),
                "name": names.get((source, res_id)),
                "model": SOURCE_MODELS[source] if (source, res_id) in names else False,
                "res_id": res_id,
            }
            for day, score, _weight, source, res_id in rows
        ]

    def _get_mood_event_names(self, rows):
        """Return the names of the records that the user may open."""
        names = {}
        for source, model in SOURCE_MODELS.items():
            ids = [row[4] for row in rows if row[3] == source]
            if ids and model in self.env and self.env[model].has_access("read"):
                for record in self.env[model].browse(ids)._filtered_access("read"):
                    names[source, record.id] = record.display_name
        return names

    # ------------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------------

    def action_view_state_of_mind(self):
        self.ensure_one()
        view = self.env.ref("crm_segmentation.res_partner_view_form_mood")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("State of Mind of %s", self.display_name),
            "res_model": "res.partner",
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }

    def action_log_event(self):
        """Open the form of a new event with this partner."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Log an Event"),
            "res_model": "crm.segmentation.event",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_partner_id": self.id,
                "default_mood_id": self._get_usual_mood().id,
            },
        }

    def _get_usual_mood(self):
        """Return the mood in the middle, so that nobody logs fury by accident."""
        moods = self.env["crm.segmentation.mood"].search([], limit=100)
        return moods[len(moods) // 2 : len(moods) // 2 + 1]

    def action_segmentation_why(self):
        """Ask why this partner is in a segmentation, or not."""
        self.ensure_one()
        partner = self.commercial_partner_id
        segmentation = partner.segmentation_ids[:1] or (
            self.env["crm.segmentation"].search([], limit=1)
        )
        if not segmentation:
            raise UserError(self.env._("There is no segmentation yet."))
        why = self.env["crm.segmentation.why"].create(
            {"segmentation_id": segmentation.id, "partner_id": partner.id}
        )
        return why._get_dialog()
