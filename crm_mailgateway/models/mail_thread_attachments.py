from odoo import api, models

from ..pipeline.attachments import BLOCKED, MAX_COUNT, TOO_MANY, Policy, sift
from ..pipeline.headers import one_line
from ..trace import CONTEXT_KEY

CASE = "crm.case"
EXTENSIONS_PARAMETER = "crm_mailgateway.blocked_extensions"
COUNT_PARAMETER = "crm_mailgateway.attachments_count"
SIZE_PARAMETER = "crm_mailgateway.attachments_size"


class MailThread(models.AbstractModel):
    """Attachments of mails to cases are sifted, and what is refused is named.

    Programs are not kept, nor more files, or larger ones, than the settings allow. A
    note on the case says which; the exact mail stays in the journal.
    """

    _inherit = "mail.thread"

    @api.model
    def message_parse(self, message, save_original=False):
        """Give files names that a database and a screen can hold."""
        parsed = super().message_parse(message, save_original=save_original)
        if self.env.context.get(CONTEXT_KEY) and parsed.get("attachments"):
            parsed["attachments"] = [
                file._replace(fname=one_line(file.fname) or "attachment")
                for file in parsed["attachments"]
            ]
        return parsed

    @api.model
    def _message_route_process(self, message, message_dict, routes):
        trace = self.env.context.get(CONTEXT_KEY)
        if not trace or not routes or routes[0][0] != CASE:
            return super()._message_route_process(message, message_dict, routes)
        refused = self._mailgateway_sift(message_dict)
        res_id = super()._message_route_process(message, message_dict, routes)
        if refused:
            cases = self.env[CASE].sudo().browse(trace.new_cases or trace.updated_cases)
            for case in cases:
                case._mailgateway_log(case._get_refused_note(refused))
        return res_id

    @api.model
    def _mailgateway_sift(self, message_dict):
        """Drop refused attachments from a mail.

        :return: pairs of file name and reason
        """
        attachments = message_dict.get("attachments") or []
        sizes = [(name, len(content or b"")) for name, content, *_rest in attachments]
        reasons = sift(sizes, self._mailgateway_attachment_policy())
        message_dict["attachments"] = [
            attachment
            for attachment, reason in zip(attachments, reasons, strict=True)
            if not reason
        ]
        return [
            (name, reason)
            for (name, _size), reason in zip(sizes, reasons, strict=True)
            if reason
        ]

    @api.model
    def _mailgateway_attachment_policy(self):
        parameters = self.env["ir.config_parameter"].sudo()  # read by any gateway user
        standard = Policy()
        extensions = parameters.get_param(EXTENSIONS_PARAMETER)
        count = str(parameters.get_param(COUNT_PARAMETER) or "")
        size = str(parameters.get_param(SIZE_PARAMETER) or "")
        return Policy(
            extensions=frozenset(extensions.lower().replace(",", " ").split())
            if extensions
            else standard.extensions,
            count=int(count) if count.isdecimal() else standard.count,
            size=int(size) * 1024 * 1024 if size.isdecimal() else standard.size,
        )


class CrmCase(models.Model):
    """Says which attachments of a mail were not kept."""

    _inherit = "crm.case"

    def _get_refused_note(self, refused):
        """Return a note that names refused attachments.

        :param refused: pairs of file name and reason
        """
        reasons = {
            BLOCKED: self.env._("such files can harm"),
            TOO_MANY: self.env._("there were too many"),
        }
        large = self.env._("together they were too large")
        lines = [
            self.env._("%(name)s: %(why)s", name=name, why=reasons.get(reason) or large)
            for name, reason in refused[:MAX_COUNT]
        ]
        return self.env._("Attachments not kept: %s.", "; ".join(lines))
