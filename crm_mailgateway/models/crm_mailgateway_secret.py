import base64
import hashlib
import hmac
import secrets
import time
from datetime import timedelta

from odoo import api, fields, models

from ..pipeline import thread_key

PARAMETER = "crm_mailgateway.secret"
PREVIOUS_PARAMETER = "crm_mailgateway.secret_previous"
ROTATED_PARAMETER = "crm_mailgateway.secret_rotated_on"
# How long tokens of the secret before still count: a conversation may rest that long.
GRACE_DAYS = 180
# How long an internal user may answer a notification in his own voice.
SPEAKER_DAYS = 90
_BYTES = 32


class CrmMailgatewaySecret(models.AbstractModel):
    """The secret behind the tokens in our mails.

    Of our own, and not ``database.secret``: Odoo makes that one anew for a restored
    copy, and every customer's old mail would lead nowhere. After a rotation the
    secret before still counts for half a year, the one before that does not.
    """

    _name = "crm.mailgateway.secret"
    _description = "Secret of the Mail Gateway"

    @api.model
    def _ensure(self):
        """Make the secret at installation, where no mail competes for it."""
        # sudo: parameters are for administrators, tokens are for all
        parameters = self.env["ir.config_parameter"].sudo()
        if not parameters.get_param(PARAMETER):
            parameters.set_param(PARAMETER, secrets.token_hex(_BYTES))
        return True

    @api.model
    def _rotate(self):
        """Make a new secret; tokens of the one before stay valid for a while."""
        parameters = self.env["ir.config_parameter"].sudo()  # as above
        parameters.set_param(ROTATED_PARAMETER, fields.Datetime.now())
        parameters.set_param(PREVIOUS_PARAMETER, self._current())
        parameters.set_param(PARAMETER, secrets.token_hex(_BYTES))

    @api.model
    def _current(self):
        self._ensure()
        return self.env["ir.config_parameter"].sudo().get_param(PARAMETER)

    @api.model
    def _all(self):
        """Return the secrets that count, the current one first."""
        parameters = self.env["ir.config_parameter"].sudo()  # as above
        rotated_on = self._rotated_on()
        since = fields.Datetime.now() - timedelta(days=GRACE_DAYS)
        if rotated_on and rotated_on < since:
            return [self._current()]
        return [self._current(), parameters.get_param(PREVIOUS_PARAMETER) or ""]

    @api.model
    def _rotated_on(self):
        """Return when the secret was changed; False if it never was."""
        parameters = self.env["ir.config_parameter"].sudo()  # as above
        given = parameters.get_param(ROTATED_PARAMETER) or ""
        return fields.Datetime.to_datetime(given[:19])

    @api.model
    def _own_marks(self):
        """Return the marks by which this database knows its own mails."""
        return tuple(_mark(secret) for secret in self._all() if secret)

    # TOKENS

    @api.model
    def _case_token(self, case_id):
        return thread_key.case_token(self._current(), case_id)

    @api.model
    def _read_case_token(self, token):
        return thread_key.read_case_token(self._all(), token)

    @api.model
    def _speaker_token(self, case_id, user_id):
        expires_at = time.time() + SPEAKER_DAYS * 86_400
        return thread_key.speaker_token(self._current(), case_id, user_id, expires_at)

    @api.model
    def _read_speaker_token(self, token):
        return thread_key.read_speaker_token(self._all(), token, time.time())

    @api.model
    def _sign_picture(self, journal_id, url):
        return _digest(self._current(), f"picture:{journal_id}:{url}")

    @api.model
    def _is_picture(self, journal_id, url, signature):
        """Tell whether an address stands in a mail as a picture."""
        text = f"picture:{journal_id}:{url}"
        return any(
            hmac.compare_digest(_digest(secret, text).encode(), signature.encode())
            for secret in self._all()
            if secret
        )


def _mark(secret):
    return _digest(secret, "origin")


def _digest(secret, text):
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode().lower()
