import contextlib
import functools
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from odoo.addons.mail.models import fetchmail

from .. import connections
from ..loop import LOOP_KEY, MailLoop

MAX_SIZE_PARAMETER = "crm_mailgateway.max_size"
MAX_SIZE = 50  # MB; a 25 MB attachment has 34 MB on its way
TIMEOUT_PARAMETER = "crm_mailgateway.timeout"
TIMEOUT = 10  # seconds
# How long a mailbox that answered may be silent: searching a large one takes a while.
READ_TIMEOUT = 60
# The longest pause between two attempts at a mailbox that does not answer.
MAX_PAUSE = timedelta(hours=1)


class FetchmailServer(models.Model):
    """A mailbox whose mails are stored before they are marked or deleted.

    With a team, mails to no known address become cases of that team; without
    one, of the team for everything that fits nowhere else.
    """

    _inherit = "fetchmail.server"

    crm_case_team_id = fields.Many2one(
        "crm.case.team",
        string="Cases go to Team",
        ondelete="set null",
        help="Team of the cases made from mails to no other known address. "
        "Without a team they go to the default one.",
    )
    crm_mailgateway_waiting = fields.Integer(
        "Mails waiting", compute="_compute_crm_mailgateway_counts"
    )
    crm_mailgateway_undecided = fields.Integer(
        "Mails that need a decision", compute="_compute_crm_mailgateway_counts"
    )
    crm_mailgateway_last = fields.Datetime(
        "Last mail stored", compute="_compute_crm_mailgateway_counts"
    )
    crm_mailgateway_health = fields.Selection(
        [
            ("good", "Healthy"),
            ("waiting", "Mails wait for a decision"),
            ("dead", "Does not answer"),
        ],
        string="Health",
        compute="_compute_crm_mailgateway_health",
    )
    crm_mailgateway_next = fields.Datetime(
        "Next attempt", compute="_compute_crm_mailgateway_health"
    )

    def _compute_crm_mailgateway_counts(self):
        """Count in the journal: nothing may write here while mails are processed."""
        rows = self.env["crm.mailgateway.message"]._read_group(
            [("mailbox_id", "in", self.ids)],
            ["mailbox_id", "state"],
            ["__count", "create_date:max"],
        )
        for server in self:
            own = [row for row in rows if row[0] == server]
            counts = {state: count for _server, state, count, _last in own}
            server.crm_mailgateway_waiting = counts.get("received", 0) + counts.get(
                "failed", 0
            )
            server.crm_mailgateway_undecided = counts.get("quarantined", 0)
            server.crm_mailgateway_last = max((row[3] for row in own), default=False)

    @api.depends("error_date", "date")
    def _compute_crm_mailgateway_health(self):
        for server in self:
            dead, undecided = server.error_date, server.crm_mailgateway_undecided
            server.crm_mailgateway_next = (
                dead and server._crm_mailgateway_next_attempt()
            )
            server.crm_mailgateway_health = (
                "dead" if dead else "waiting" if undecided else "good"
            )

    # ADDRESSES

    @api.model
    @tools.ormcache()
    def _crm_mailgateway_own_users(self):
        """Return the user names of all mailboxes, in lower case."""
        mailboxes = self.sudo().search([], limit=1000)  # any user may run the gateway
        return frozenset(user.lower() for user in mailboxes.mapped("user") if user)

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        # Not with each fetch, which writes when it was.
        if {"user", "active"} & vals.keys():
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # FETCHING

    def _fetch_mail(self, *arguments, **options):
        """Leave out, of all mailboxes, the dead ones that were tried a while ago."""
        servers = self
        if self.env.context.get("cron_id"):
            servers = self._crm_mailgateway_in_turn()
        loop = MailLoop()
        servers = servers.with_context(**{LOOP_KEY: loop})
        try:
            return super(FetchmailServer, servers)._fetch_mail(*arguments, **options)
        finally:
            self.env["crm.mailgateway.message"]._settle_loop(loop)

    def _crm_mailgateway_in_turn(self):
        """Return the mailboxes that are due: healthy ones first, then by priority."""
        now = fields.Datetime.now()
        due = self.filtered(lambda s: s._crm_mailgateway_next_attempt() <= now)
        return due.sorted(lambda server: bool(server.error_date))

    def _crm_mailgateway_next_attempt(self):
        """Return when a mailbox may be tried again.

        The pause is as long as it has failed already, so it doubles each time. No
        counter is needed: Odoo keeps the dates of the first failure and of the last
        attempt, and nothing may write here while mails are processed.
        """
        self.ensure_one()
        if not self.error_date or not self.date:
            return fields.Datetime.now()
        pause = max(self.date - self.error_date, timedelta())
        return self.date + min(pause, MAX_PAUSE)

    def _connect__(self, allow_archived=False):  # noqa: PLW3201
        with _connection_timeout(self._crm_mailgateway_setting(TIMEOUT_PARAMETER)):
            connection = super()._connect__(allow_archived=allow_archived)
        if getattr(connection, "sock", None):
            connection.sock.settimeout(READ_TIMEOUT)
        return connections.storing(connection, self._crm_mailgateway_journal())

    def _crm_mailgateway_setting(self, name):
        default = {MAX_SIZE_PARAMETER: MAX_SIZE, TIMEOUT_PARAMETER: TIMEOUT}[name]
        given = self.env["ir.config_parameter"].sudo().get_param(name) or ""
        return int(given) if given.isdecimal() and int(given) else default

    def _crm_mailgateway_journal(self):
        """Return what a connection needs to store the mails of this mailbox."""
        journal = self.env["crm.mailgateway.message"]
        loop = self.env.context.get(LOOP_KEY)
        if isinstance(loop, MailLoop):
            loop.forget_ahead()
        origin = {
            "mailbox_id": self.id,
            "arguments": {
                "model": self.object_id.model,
                "custom_values": None,
                "save_original": self.original,
                "strip_attachments": not self.attach,
                "thread_id": None,
            },
        }
        store_all = functools.partial(journal._store_all, **origin)
        return connections.MailboxJournal(
            functools.partial(self._crm_mailgateway_store_all, store_all),
            functools.partial(journal._store, **origin),
            functools.partial(journal._get_known_oversized, self.id),
            functools.partial(journal._get_awaited_oversized, self.id),
            self._crm_mailgateway_note_download,
            self._crm_mailgateway_setting(MAX_SIZE_PARAMETER) * 2**20,
        )

    @api.model
    def _crm_mailgateway_store_all(self, store, contents):
        """Store mails, and remember them for whoever processes them next.

        :param store: stores a list of mails
        """
        loop = self.env.context.get(LOOP_KEY)
        for content, stored in zip(contents, store(contents), strict=True):
            if isinstance(loop, MailLoop):
                loop.remember(content, stored)

    def _crm_mailgateway_note_download(self, server_key, content):
        """Close the record of a mail that was too large, and was just stored."""
        loop = self.env.context.get(LOOP_KEY)
        if isinstance(loop, MailLoop):
            row_id = loop.get_id(content)
            journal = self.env["crm.mailgateway.message"]
            journal._on_own_cursor("_note_download", self.id, server_key, row_id)

    def _crm_mailgateway_address(self):
        """Return the mailbox's own address, if its user name tells it."""
        self.ensure_one()
        return self.user if self.user and "@" in self.user else False

    def action_crm_mailgateway_roundtrip(self):
        """Let the mailbox write to itself, and show how far that has come."""
        self.ensure_one()
        self.check_access("write")
        if self.state != "done":
            raise UserError(self.env._("Confirm the mailbox first: Test & Confirm."))
        test = self.env["crm.mailgateway.roundtrip"]._start(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Round-trip Test"),
            "res_model": test._name,
            "res_id": test.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_crm_mailgateway_messages(self):
        """Open the mails that came through this mailbox."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_mailgateway.crm_mailgateway_message_action"
        )
        return dict(action, domain=[("mailbox_id", "=", self.id)])


@contextlib.contextmanager
def _connection_timeout(seconds):
    """Let Odoo's connections give up early: their timeout is a constant."""
    usual = fetchmail.MAIL_TIMEOUT
    fetchmail.MAIL_TIMEOUT = seconds
    try:
        yield
    finally:
        fetchmail.MAIL_TIMEOUT = usual
