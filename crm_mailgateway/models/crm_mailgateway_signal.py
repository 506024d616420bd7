from odoo import api, fields, models


class CrmMailgatewayResult(models.Model):
    """Which signal told the kind of a mail, and where the rules of that day sent it.

    ``routing`` lists what each new case got, and nothing for a mail that a rule
    ignored. A rehearsal compares it with what the rules of today would do.
    """

    _inherit = "crm.mailgateway.result"

    classified_by = fields.Char(readonly=True)
    routing = fields.Json(readonly=True)


class CrmMailgatewayMessage(models.Model):
    """The journal tells people from machines, and by which signal."""

    _inherit = "crm.mailgateway.message"

    classified_by = fields.Char(
        "Recognised by",
        readonly=True,
        help="The header that gave a machine away. A person is who gives no sign.",
    )

    _classification_idx = models.Index(
        "(classification, id) WHERE classification <> 'human'"
    )

    @api.model
    def _prepare_kind_vals(self, trace):
        """Return the kind of a mail that failed, if it was parsed at all."""
        if not trace or not trace.decisions.mail:
            return {}
        verdict = trace.classification
        return {"classification": verdict.kind, "classified_by": verdict.signal}


class MailThread(models.AbstractModel):
    """Writes signal and routing of a mail to its result."""

    _inherit = "mail.thread"

    @api.model
    def _mailgateway_create_result(self, trace, **values):
        values.setdefault("classified_by", trace.classification.signal or None)
        if trace.decisions.routing is not None:
            values["routing"] = {"cases": trace.decisions.routing}
        return super()._mailgateway_create_result(trace, **values)
