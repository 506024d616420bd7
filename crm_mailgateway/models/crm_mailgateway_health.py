from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, email_split, format_duration

from odoo.addons.mail.models import fetchmail

DAYS = 30
# The row of mails that a mail server handed over: the web client takes 0 for no record.
NO_MAILBOX = 2**31 - 1
# A scheduled action that is this many minutes late does not run.
LATE_AFTER = 30
FETCH = "mail.ir_cron_mail_gateway_action"
CRONS = (
    FETCH,
    "crm_mailgateway.ir_cron_process",
    "crm_mailgateway.ir_cron_acknowledge",
    "mail.ir_cron_mail_scheduler_action",
)
# A mail that waits for longer failed more than once, or nobody processes mails.
LATE_WAITING = timedelta(hours=1)
# Figures by mailbox, of those too that have received nothing.
FIGURES = """
   SELECT COALESCE(counted.mailbox_id, box.id, %s) AS id,
          COALESCE(counted.mailbox_id, box.id) AS mailbox_id,
          COALESCE(received, 0) AS received,
          COALESCE(processed, 0) AS processed,
          COALESCE(ignored, 0) AS ignored,
          COALESCE(waiting, 0) AS waiting,
          COALESCE(undecided, 0) AS undecided,
          COALESCE(received - processed - ignored - waiting - undecided, 0)
            AS gap,
          oldest_waiting, last_received, seconds, transit
     FROM (
       SELECT row.mailbox_id,
              count(*) AS received,
              count(*) FILTER (WHERE row.state = 'processed'
                    AND (result.outcome = 'processed'
                         OR result.id IS NULL AND row.res_id > 0))
                AS processed,
              count(*) FILTER (WHERE row.state = 'ignored') AS ignored,
              count(*) FILTER (WHERE row.state IN ('received', 'failed')
                    AND raw.id IS NOT NULL) AS waiting,
              count(*) FILTER (WHERE row.state = 'quarantined'
                    AND raw.id IS NOT NULL) AS undecided,
              min(row.create_date) FILTER (
                    WHERE row.state IN ('received', 'failed', 'quarantined'))
                AS oldest_waiting,
              max(row.create_date) AS last_received,
              avg(extract(epoch FROM result.create_date - row.create_date))
                FILTER (WHERE row.attempts = 0) AS seconds,
              percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(0,
                    extract(epoch FROM row.create_date - row.date) / 60))
                AS transit
         FROM crm_mailgateway_message row
    LEFT JOIN crm_mailgateway_result result ON result.journal_id = row.id
    LEFT JOIN crm_mailgateway_raw raw ON raw.journal_id = row.id
        WHERE row.create_date > %s
           OR row.state IN ('received', 'failed', 'quarantined')
     GROUP BY row.mailbox_id) AS counted
FULL JOIN (SELECT id FROM fetchmail_server WHERE active AND state = 'done')
       AS box ON box.id = counted.mailbox_id
"""


class CrmMailgatewayHealth(models.Model):
    """Whether every mail of the last 30 days is accounted for, by mailbox.

    Received are the rows of the journal. Processed and ignored are counted from what
    processing wrote itself, waiting and decided by hand from the state of the rows.
    These are written in different transactions, so their sum is no tautology: what is
    missing, or has lost its bytes before its time, is the *gap*, and it must be 0.
    """

    _name = "crm.mailgateway.health"
    _description = "Mail Health"
    _auto = False
    _order = "gap desc, waiting desc, received desc"
    _rec_name = "mailbox_id"

    mailbox_id = fields.Many2one("fetchmail.server", readonly=True)
    received = fields.Integer(readonly=True)
    processed = fields.Integer(readonly=True)
    ignored = fields.Integer(readonly=True)
    waiting = fields.Integer(
        readonly=True, help="In the hands of the gateway: it tries again by itself."
    )
    undecided = fields.Integer(
        "Need a Decision", readonly=True, help="Somebody has to look at them."
    )
    gap = fields.Integer(readonly=True, help="Mails that are not accounted for.")
    oldest_waiting = fields.Datetime("Waiting since", readonly=True)
    last_received = fields.Datetime("Last Mail", readonly=True)
    seconds = fields.Float(
        "Seconds to Process",
        readonly=True,
        help="From the storage of a mail to what it became, on average.",
    )
    transit = fields.Float(
        "Minutes on the Way",
        readonly=True,
        help="From the date in the mail to its storage, typically (median).",
    )

    @property
    def _table_query(self):
        since = fields.Datetime.now() - timedelta(days=DAYS)
        return SQL(FIGURES, NO_MAILBOX, since)

    @api.depends("mailbox_id")
    def _compute_display_name(self):
        for health in self:
            health.display_name = (
                # sudo: managers of cases see the name of a mailbox, not its password
                health.sudo().mailbox_id.display_name
                or self.env._("Handed over by a mail server")
            )

    def action_open_mails(self):
        """Open the mails of this mailbox that wait, or all of them."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_mailgateway.crm_mailgateway_message_action"
        )
        domain = [("mailbox_id", "=", self.mailbox_id.id)]
        if self.waiting or self.undecided:
            domain.append(("state", "in", ("received", "failed", "quarantined")))
        return dict(action, domain=domain, context={})

    def action_roundtrip(self):
        """Let this mailbox test itself."""
        self.ensure_one()
        return self.mailbox_id.action_crm_mailgateway_roundtrip()

    # DAILY MAIL

    @api.model
    def _cron_daily_mail(self):
        """Tell by mail how the mail is, to whom the settings name."""
        parameters = self.env["ir.config_parameter"].sudo()
        recipients = parameters.get_param("crm_mailgateway.health_mail_to") or ""
        if not email_split(recipients):
            return
        values = self._prepare_report()
        self.env["mail.mail"].create(
            {
                "subject": values["subject"],
                "email_to": recipients,
                "body_html": self.env["ir.qweb"]._render(
                    "crm_mailgateway.health_report", values
                ),
                "auto_delete": True,
                "headers": repr({"Auto-Submitted": "auto-generated"}),
            }
        )

    @api.model
    def _prepare_report(self):
        """Return what the daily mail tells."""
        mailboxes = self.search([], limit=1000)
        late, stopped = self._get_late_crons(), self._get_stopped_crons()
        troubled = self.env["fetchmail.server"].search([("error_date", "!=", False)])
        good = not (late or stopped or troubled or sum(mailboxes.mapped("gap")))
        good = good and not (
            sum(mailboxes.mapped("undecided")) or mailboxes._are_late()
        )
        return {
            "subject": self.env._("Mail is healthy")
            if good
            else self.env._("Mail needs your attention"),
            "mailboxes": mailboxes,
            "late": late,
            "stopped": stopped,
            "troubled": troubled,
            "oldest_unanswered": self._get_oldest_unanswered(),
        }

    def _are_late(self):
        """Tell whether mails have waited for longer than an attempt or two take."""
        since = fields.Datetime.now() - LATE_WAITING
        return any(
            since > mailbox.oldest_waiting for mailbox in self if mailbox.waiting
        )

    @api.model
    def _get_late_crons(self):
        """Return name and lateness of the scheduled actions that do not run."""
        return [
            (name, format_duration(minutes / 60))
            for name, minutes in self._get_cron_lateness()
            if minutes > LATE_AFTER
        ]

    @api.model
    def _get_cron_lateness(self):
        """Return name and lateness (minutes) of the scheduled actions of mail."""
        now = fields.Datetime.now()
        return [
            (cron.name, (now - cron.nextcall).total_seconds() / 60)
            for cron in self._get_crons()
            if cron.active
        ]

    @api.model
    def _get_stopped_crons(self):
        """Return the names of those that are switched off, and must not be.

        Somebody may have done so, or Odoo itself after too many failures.
        """
        crons = self._get_crons().filtered(lambda cron: not cron.active)
        # sudo: as for the scheduled actions
        mailboxes = self.env["fetchmail.server"].sudo()
        if not mailboxes.search_count(fetchmail.MAIL_SERVER_DOMAIN, limit=1):
            crons -= self.env.ref(FETCH)  # Odoo switches it off: nothing to fetch
        return crons.mapped("name")

    @api.model
    def _get_crons(self):
        # sudo: managers of cases see whether they run, and nothing else of them
        crons = self.env["ir.cron"].sudo()
        for xmlid in CRONS:
            crons |= self.env.ref(xmlid, raise_if_not_found=False) or crons
        return crons

    @api.model
    def _get_oldest_unanswered(self):
        """Return the case whose customer has waited longest for an answer."""
        return self.env["crm.case"].search(
            [
                ("awaiting_answer", "=", True),
                ("state", "in", ("draft", "open", "pending")),
                ("date_last_customer_message", "!=", False),
            ],
            order="date_last_customer_message, id",
            limit=1,
        )
