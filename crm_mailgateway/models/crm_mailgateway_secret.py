import base64
import hashlib
import hmac
import secrets
import time

from odoo import api, models

from ..pipeline import thread_key

PARAMETER = "crm_mailgateway.secret"
PREVIOUS_PARAMETER = "crm_mailgateway.secret_previous"
# How long an internal user may answer a notification in his own voice.
SPEAKER_DAYS = 90
_BYTES = 32


class CrmMailgatewaySecret(models.AbstractModel):
    """The secret behind the tokens in our mails.

    Of our own, and not ``database.secret``: Odoo makes that one anew for a restored
    copy, and every customer's old mail would lead nowhere. After a rotation the
    secret before still counts, the one before that does not.
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
        """Make a new secret; tokens of the one before stay valid until the next."""
        parameters = self.env["ir.config_parameter"].sudo()  # as above
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
        return [self._current(), parameters.get_param(PREVIOUS_PARAMETER) or ""]

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


def _mark(secret):
    digest = hmac.new(secret.encode(), b"origin", hashlib.sha256).digest()
    return base64.b32encode(digest[:10]).decode().lower()
