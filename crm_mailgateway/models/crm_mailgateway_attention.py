from collections import defaultdict
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.fields import Domain

ACTIVITY_TYPE = "crm_mailgateway.mail_activity_type_decision"
LIST_URL = "/odoo/received-mail"
# How long after a person was asked to decide about a mail he is asked again.
REMIND_AFTER = timedelta(days=7)
# How long a mail may wait for its turn, or for the next attempt, unnoticed.
LATE_AFTER = timedelta(hours=1)
BATCH = 1000
WAITING = ("received", "failed")
QUARANTINED = "quarantined"


class CrmMailgatewayMessage(models.Model):
    """Mails that wait for a person make themselves heard, without shouting.

    Whoever leads the team of the mailbox gets one activity, whatever the number of
    mails; without a team, or a leader who may decide, a manager of cases gets it: of a
    private team one who is in it, if there is one, since nobody else sees its mails.
    Mails that still wait a week later cause another one. Quarantined mails are never
    purged. Mails that wait for their turn or another attempt are told of after an hour.
    """

    _inherit = "crm.mailgateway.message"

    reminded_on = fields.Datetime(readonly=True)

    @api.model
    def _call_for_a_decision(self):
        """Let somebody be asked, soon and in a transaction of its own."""
        self._trigger_once("crm_mailgateway.ir_cron_attention")

    @api.model
    def _cron_attention(self):
        """Ask people to decide about the mails that nobody else can decide about."""
        self._withdraw_questions()
        asking = self.search(self._get_attention_domain(), order="id", limit=BATCH)
        by_user = defaultdict(self.browse)
        for received in asking:
            by_user[received._get_who_decides()] |= received
        for user, rows in by_user.items():
            if user:
                rows._ask(user)
        asking.reminded_on = fields.Datetime.now()

    @api.model
    def _get_attention_domain(self):
        long_ago = fields.Datetime.now() - REMIND_AFTER
        unasked = Domain("reminded_on", "=", False)
        return self._get_stuck_domain() & (
            unasked | Domain("reminded_on", "<", long_ago)
        )

    @api.model
    def _get_stuck_domain(self):
        """Mails that a person should know of; the index of waiting mails finds them."""
        since = fields.Datetime.now() - LATE_AFTER
        late = Domain("state", "in", WAITING) & Domain("create_date", "<", since)
        return Domain("state", "in", (*WAITING, QUARANTINED)) & (
            late | Domain("state", "=", QUARANTINED)
        )

    def _get_who_decides(self):
        """Return the user who decides about a mail, if there is any."""
        # sudo: a cron may be run by hand, by somebody who reads no mailboxes
        team = self.sudo().team_id or self.sudo().mailbox_id.crm_case_team_id
        managers = self._get_managers()
        if team.is_private:
            managers = managers & team._get_insiders() or managers
        return team.user_id & managers or managers[:1]

    @api.model
    def _get_managers(self):
        """Return who manages cases; OdooBot, who reads nothing, is not among them."""
        managers = self.env.ref("crm_cases.crm_cases_group_manager").sudo().all_user_ids
        return managers.filtered(lambda user: user.active and not user._is_superuser())

    def _ask(self, user):
        """Leave one activity for a user, whatever the number of mails."""
        # sudo: what others have to do is hidden even from administrators
        activities = self.env["mail.activity"].sudo()
        activity_type = self.env.ref(ACTIVITY_TYPE)
        own = [("user_id", "=", user.id), ("activity_type_id", "=", activity_type.id)]
        if activities.search_count(own, limit=1):
            return
        env = self.with_context(lang=user.lang).env
        # The activity is nobody's news but the user's own, whose list shows it.
        activities.with_context(mail_activity_quick_update=True).create(
            {
                "activity_type_id": activity_type.id,
                "user_id": user.id,
                "summary": env._("%s received mails wait for you", len(self)),
                "note": Markup("<p>%s</p><p><a href='%s'>%s</a></p>")
                % (
                    env._("They could not become cases by themselves."),
                    LIST_URL,
                    env._("Received Mail"),
                ),
            }
        )

    @api.model
    def _withdraw_questions(self):
        """Remove activities once no mail waits for anybody any more."""
        if not self.search_count(self._get_stuck_domain(), limit=1):
            activity_type = self.env.ref(ACTIVITY_TYPE)
            self.env["mail.activity"].sudo().search(  # sudo: see above
                [("activity_type_id", "=", activity_type.id)]
            ).unlink()
