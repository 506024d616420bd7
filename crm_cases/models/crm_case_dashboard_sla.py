from datetime import timedelta

from odoo import fields, models
from odoo.fields import Domain

from .crm_case_dashboard import DAYS


class CrmCaseDashboard(models.AbstractModel):
    """What was promised, at a glance.

    AT RISK are open cases with a target that is due soon by its policy and none that
    was missed; BREACHED are open cases that missed a target which is still to be met.

    SUCCESS is measured over the targets that were decided in the last days: kept, or
    missed, be it told or not, be it met later or not. What is still to come counts
    nowhere.
    """

    _inherit = "crm.case.dashboard"

    def _get_blocks(self):
        return {**super()._get_blocks(), "sla": self._get_sla}

    def _get_risks(self, now):
        met = Domain("date_reached", "=", False)
        due_soon = met & Domain("warning_at", "<=", now) & Domain("deadline", ">", now)
        return {
            "breached": (self.env._("SLA breached"), Domain("sla_deadline", "<", now)),
            "at_risk": (
                self.env._("SLA at risk"),
                Domain("sla_deadline", ">=", now)
                & Domain("sla_status_ids", "any", due_soon),
            ),
            **super()._get_risks(now),
        }

    def _get_sla(self, team_domain):
        """How many of the promises were kept.

        :return: dict of ``count``, ``rate`` (0 to 100), ``domain`` (of
            ``crm.case.sla.status``), and ``targets``: list of ``kind``, ``label``,
            ``rate``, ``kept``, ``missed`` and the domains of the three
        """
        domains = {
            "kept": team_domain & self._get_kept_domain(),
            "missed": team_domain & self._get_missed_domain(),
        }
        counts = {key: self._count_by_kind(domain) for key, domain in domains.items()}
        kinds = self.env["crm.case.sla.status"]._fields["kind"]
        totals = {key: sum(count.values()) for key, count in counts.items()}
        return {
            **self._get_rate(**totals),
            "domain": list(domains["kept"] | domains["missed"]),
            "targets": [
                self._get_target(kind, label, counts, domains)
                for kind, label in kinds._description_selection(self.env)
                if any(kind in count for count in counts.values())
            ],
        }

    def _get_target(self, kind, label, counts, domains):
        of_kind = Domain("kind", "=", kind)
        numbers = {key: count.get(kind, 0) for key, count in counts.items()}
        return {
            "kind": kind,
            "label": label,
            **numbers,
            "rate": self._get_rate(**numbers)["rate"],
            "domain": list((domains["kept"] | domains["missed"]) & of_kind),
            "kept_domain": list(domains["kept"] & of_kind),
            "missed_domain": list(domains["missed"] & of_kind),
        }

    def _get_rate(self, kept, missed):
        count = kept + missed
        return {"count": count, "rate": 100 * kept / count if count else 0}

    def _get_kept_domain(self):
        return self._decided() & Domain("state", "=", "reached")

    def _get_missed_domain(self):
        """Missed and met later, or missed and not met yet."""
        now = fields.Datetime.now()
        late = Domain("date_reached", "=", False) & Domain("deadline", "<", now)
        late &= Domain("deadline", ">=", now - timedelta(days=DAYS))
        return (self._decided() & Domain("state", "=", "failed")) | late

    def _decided(self):
        """Met in the last days, in time or not."""
        since = fields.Datetime.now() - timedelta(days=DAYS)
        return Domain("date_reached", ">=", since)

    def _count_by_kind(self, domain):
        statuses = self.env["crm.case.sla.status"]
        return dict(statuses._read_group(domain, ["kind"], ["__count"]))
