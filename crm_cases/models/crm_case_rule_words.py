from odoo import api, models

from .crm_case_rule_filter import STATE_FIELDS
from .rule_delay import DAY, HOUR, MINUTE, MONTH, WEEK, WORK_DAY, WORK_HOUR, WORK_MINUTE

# What the sentence speaks of.
SPOKEN = [
    "answer",
    "category_ids",
    "domain",
    "messages_from",
    "messages_to",
    "partner_category_ids",
    "partner_ids",
    "priority_from",
    "priority_to",
    "reference",
    "responsible",
    "subject_pattern",
    "team_ids",
    "type_ids",
    "user_ids",
    *STATE_FIELDS,
    "level_ids.action_ids",
    "level_ids.amount",
    "level_ids.direction",
    "level_ids.repeat_every",
    "level_ids.repeat_times",
    "level_ids.unit",
]


class CrmCaseRule(models.Model):
    """A rule in words, so that whoever reads it knows what it does."""

    _inherit = "crm.case.rule"

    @api.depends(*SPOKEN)
    @api.depends_context("lang")
    def _compute_sentence(self):
        for rule in self:
            steps = "; ".join(level._describe() for level in rule.level_ids)
            rule.sentence = self.env._(
                "%(cases)s. %(steps)s.",
                cases=rule._describe_cases(),
                steps=steps[:1].upper() + steps[1:],
            )

    def _describe_cases(self):
        """Which cases, in words: “Pending cases (Care)”."""
        self.ensure_one()
        states = self.env["crm.case"]._get_state_labels()
        text = self.env._(
            "%s cases", " / ".join(states[state] for state in self._get_states())
        )
        details = [
            ", ".join(records.mapped("display_name"))
            for records in (self.type_ids, self.team_ids, self.category_ids)
            if records
        ]
        details += self._describe_people() + self._describe_content()
        return f"{text} ({'; '.join(details)})" if details else text

    def _describe_people(self):
        details = []
        if self.responsible == "chosen":
            names = ", ".join(self.user_ids.mapped("name"))
            details.append(self.env._("responsible: %s", names))
        elif self.responsible != "any":
            label = self._get_label("responsible").lower()
            details.append(self.env._("responsible: %s", label))
        customers = [*self.partner_ids, *self.partner_category_ids]
        if customers:
            names = ", ".join(record.display_name for record in customers)
            details.append(self.env._("customers: %s", names))
        return details

    def _describe_content(self):
        details = []
        lowest = self.priority_from and self._get_label("priority_from")
        highest = self.priority_to and self._get_label("priority_to")
        if lowest and highest:
            bounds = {"low": lowest, "high": highest}
            details.append(self.env._("priority %(low)s to %(high)s", **bounds))
        elif lowest:
            details.append(self.env._("priority from %s", lowest))
        elif highest:
            details.append(self.env._("priority up to %s", highest))
        if self.answer != "any":
            details.append(self._get_label("answer"))
        if self.subject_pattern:
            details.append(self.env._("subject matches “%s”", self.subject_pattern))
        if self.messages_from or self.messages_to:
            details.append(self._describe_messages())
        if not self._get_own_domain().is_true():
            details.append(self.env._("further conditions"))
        return details

    def _describe_messages(self):
        bounds = {"low": self.messages_from, "high": self.messages_to}
        if not self.messages_to:
            if self.messages_from == 1:
                return self.env._("at least one message")
            return self.env._("at least %(low)s messages", **bounds)
        if not self.messages_from:
            if self.messages_to == 1:
                return self.env._("at most one message")
            return self.env._("at most %(high)s messages", **bounds)
        return self.env._("%(low)s to %(high)s messages", **bounds)

    def _describe_reference(self):
        self.ensure_one()
        return self._get_label("reference")

    def _get_label(self, name):
        """What the value of a selection is called."""
        labels = self._fields[name]._description_selection(self.env)
        return dict(labels).get(self[name], "")


class CrmCaseRuleLevel(models.Model):
    """A step in words."""

    _inherit = "crm.case.rule.level"

    @api.depends("direction", "amount", "unit", "rule_id.reference")
    def _compute_display_name(self):
        for level in self:
            level.display_name = level._describe_delay()

    def _describe(self):
        """The whole step: “5 days after our last message: Remind the customer”."""
        self.ensure_one()
        names = ", ".join(self.action_ids.sudo().mapped("name"))
        text = self.env._(
            "%(when)s: %(actions)s",
            when=self._describe_delay(),
            actions=names or self.env._("do nothing"),
        )
        if not self.repeat_times:
            return text
        values = {
            "text": text,
            "span": self._describe_span(self.repeat_every),
            "times": self.repeat_times,
        }
        if self.repeat_times == 1:
            return self.env._("%(text)s (once more after %(span)s)", **values)
        return self.env._("%(text)s (again every %(span)s, %(times)s times)", **values)

    def _describe_delay(self):
        """The delay in words: “5 days after our last message”."""
        self.ensure_one()
        values = {
            "span": self._describe_span(self.amount),
            "reference": self.rule_id._describe_reference(),
        }
        if not self.amount:
            return self.env._("right after %(reference)s", **values)
        if self.direction == "before":
            return self.env._("%(span)s before %(reference)s", **values)
        return self.env._("%(span)s after %(reference)s", **values)

    def _describe_span(self, amount):
        """So much of this unit: “1 working day”, “3 working days”."""
        one = {
            MINUTE: self.env._("1 minute"),
            HOUR: self.env._("1 hour"),
            DAY: self.env._("1 day"),
            WORK_MINUTE: self.env._("1 working minute"),
            WORK_HOUR: self.env._("1 working hour"),
            WORK_DAY: self.env._("1 working day"),
            WEEK: self.env._("1 week"),
            MONTH: self.env._("1 month"),
        }
        many = {
            MINUTE: self.env._("%s minutes", amount),
            HOUR: self.env._("%s hours", amount),
            DAY: self.env._("%s days", amount),
            WORK_MINUTE: self.env._("%s working minutes", amount),
            WORK_HOUR: self.env._("%s working hours", amount),
            WORK_DAY: self.env._("%s working days", amount),
            WEEK: self.env._("%s weeks", amount),
            MONTH: self.env._("%s months", amount),
        }
        return (one if amount == 1 else many).get(self.unit, "")
