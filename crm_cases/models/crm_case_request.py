import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import consteq, email_normalize, hmac

_logger = logging.getLogger(__name__)

TEMPLATE = "crm_cases.mail_template_case_request"
HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
KEEP = timedelta(hours=48)
WINDOW = timedelta(hours=1)
PURGE_BATCH = 1000
# Requests within WINDOW; a system parameter of the same name overrides each.
LIMITS = {
    "crm_cases.form_limit_client": 10,
    "crm_cases.form_limit_address": 3,
}


class CrmCaseRequest(models.Model):
    """What somebody without an account sent by a public form.

    It is no case yet: whoever can type an address could flood a team and make us
    write to strangers. A mail asks for a confirmation, and only the button behind
    its link, not the mere opening (programs that scan mails open links), makes the
    case. The sender reads the same answer whether we know the address or not.

    LIMITS: a client gets a refusal when it sends too much; an address that was
    written to too often gets no further mail, and the sender is not told. The client
    is kept as a keyed hash, not as an address.

    After 48 hours everything is deleted, confirmed or not.
    """

    _name = "crm.case.request"
    _description = "Unconfirmed Case"
    _order = "id desc"

    name = fields.Char(string="Subject", required=True, readonly=True)
    partner_name = fields.Char(string="Name", readonly=True)
    email = fields.Char(required=True, readonly=True, index=True)
    description = fields.Text(readonly=True)
    team_id = fields.Many2one(
        "crm.case.team", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="team_id.company_id")
    type_id = fields.Many2one("crm.case.type", readonly=True, ondelete="set null")
    lang = fields.Char(string="Language", readonly=True)
    client = fields.Char(readonly=True, index=True)
    mailed = fields.Boolean(string="Asked to Confirm", readonly=True)
    case_id = fields.Many2one(
        "crm.case", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    attachment_ids = fields.One2many(
        "ir.attachment",
        "res_id",
        domain=[("res_model", "=", "crm.case.request")],
        readonly=True,
    )

    # ------------------------------------------------------------
    # SUBMIT
    # ------------------------------------------------------------

    @api.model
    def _submit(self, vals, client, attachments=()):
        """Keep a request and ask its sender to confirm.

        :param dict vals: ``name``, ``email``, ``description``, ``team_id`` …
        :param str client: the network address of the sender
        :param attachments: list of (name, bytes)
        :return: the request
        """
        key = self._get_client_key(client)
        self._check_client(key)
        vals = {**vals, "email": email_normalize(vals["email"]), "client": key}
        mailed = not self._is_exceeded("email", vals["email"], "form_limit_address")
        request = self.create({**vals, "mailed": mailed, "lang": self.env.lang})
        self.env["ir.attachment"].create(
            [
                {
                    "name": name,
                    "raw": content,
                    "res_model": self._name,
                    "res_id": request.id,
                }
                for name, content in attachments
            ]
        )
        if mailed:
            request._send_confirmation()
        else:
            _logger.info("Form: address of request %s was mailed too often", request.id)
        return request

    @api.model
    def _get_client_key(self, client):
        # Our own key: a list of all network addresses must not undo the hash
        return hmac(self.env(su=True), "crm_cases-form-client", client or "")

    def _check_client(self, key):
        if self._is_exceeded("client", key, "form_limit_client"):
            raise UserError(
                self.env._(
                    "You have sent several requests within an hour. Please wait a "
                    "while before you send another one."
                )
            )

    def _is_exceeded(self, field, value, limit):
        """Whether ``value`` was used as often as the limit allows."""
        name = f"crm_cases.{limit}"
        given = str(self.env["ir.config_parameter"].get_param(name, LIMITS[name]))
        allowed = int(given) if given.isdecimal() else LIMITS[name]
        since = fields.Datetime.now() - WINDOW
        domain = [(field, "=", value), ("create_date", ">=", since)]
        return self.search_count(domain, limit=allowed + 1) >= allowed

    def _send_confirmation(self):
        self.ensure_one()
        self.env.ref(TEMPLATE).send_mail(
            self.id, email_values={"headers": repr(HEADERS)}
        )

    # ------------------------------------------------------------
    # CONFIRM
    # ------------------------------------------------------------

    def _get_token(self):
        """Names this request and proves that the mail was read."""
        self.ensure_one()
        signed = (self.id, self.email, fields.Datetime.to_string(self.create_date))
        return f"{self.id}-{hmac(self.env(su=True), 'crm_cases-form', signed)}"

    def _get_confirmation_url(self):
        return f"{self.get_base_url()}/cases/confirm/{self._get_token()}"

    @api.model
    def _find_by_token(self, token):
        """The request that a link names, unless it is too old or a guess."""
        number, _dash, _signature = token.partition("-")
        if not number.isdecimal() or len(number) > 9:
            return self.browse()
        request = self.browse(int(number)).exists()
        if not request or not consteq(request._get_token(), token):
            return self.browse()
        is_old = request.create_date < fields.Datetime.now() - KEEP
        return self.browse() if is_old else request

    def _confirm(self):
        """Make the case, once: of two clicks at the same time, the one that writes
        the request later is repeated by the framework, and finds the case.

        :return: the case
        """
        self.ensure_one()
        if not self.case_id:
            files = [(file.name, file.raw) for file in self.attachment_ids]
            cases = self.env["crm.case"].with_context(lang=self.lang)
            self.case_id = cases._open_from_form(
                self._prepare_case_vals(), self.description, files
            )
            self.attachment_ids.unlink()
            self.description = False
        return self.case_id

    def _prepare_case_vals(self):
        cases = self.env["crm.case"]
        found = cases._partner_find_from_emails_single([self.email], no_create=True)
        return {
            "name": self.name,
            "team_id": self.team_id.id,
            "type_id": self.type_id.id or cases.type_id._get_default_type().id,
            "partner_id": found[:1].id,
            "email_from": self.email,
            "partner_name": found[:1].name or self.partner_name,
        }

    # ------------------------------------------------------------
    # CLEANING
    # ------------------------------------------------------------

    @api.autovacuum
    def _gc_requests(self):
        before = fields.Datetime.now() - KEEP
        old = self.search([("create_date", "<", before)], limit=PURGE_BATCH)
        old.attachment_ids.unlink()
        old.unlink()
        return len(old), int(len(old) == PURGE_BATCH)
