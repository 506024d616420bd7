import json
from unittest.mock import patch

from psycopg2 import DataError

from odoo.tests import tagged

from ..connections import MAX_AHEAD_SIZE
from ..loop import LOOP_KEY, MAX_SECONDS, MAX_WAITING, MailLoop, time
from ..models.crm_case_limits import LIMIT
from ..models.crm_mailgateway_drain import MAX_BEGUN, SETTLED
from ..models.crm_mailgateway_message import (
    FORCE_KEY,
    CrmMailgatewayMessage,
    StoredMail,
)
from ..trace import MailTrace
from .common import GatewayCommon, compose

ARGUMENTS = {
    "model": None,
    "custom_values": None,
    "save_original": False,
    "strip_attachments": False,
    "thread_id": None,
}
STORED = StoredMail(7, "received", "<a@b>", None, known=False)


@tagged("post_install", "-at_install")
class TestLoop(GatewayCommon):
    """Mails that are worked off one after the other share commits, and no fate."""

    def test_what_was_stored_ahead_is_not_stored_again(self):
        loop, content = MailLoop(), compose()
        loop.remember(content, STORED)
        self.assertEqual(loop.get_id(content), 7)
        self.assertIsNone(loop.recall(bytes(bytearray(content))), "other bytes object")
        self.assertEqual(loop.recall(content), STORED)
        self.assertIsNone(loop.recall(content), "for one use")
        loop.remember(content, STORED._replace(known=True))
        self.assertIsNone(loop.recall(content), "what became of it may be known by now")

    def test_settling_waits_for_some_mails_or_some_seconds(self):
        with patch.object(time, "monotonic", return_value=100.0) as clock:
            loop = MailLoop()
            for number in range(MAX_WAITING):
                self.assertFalse(loop.is_due)
                loop.add(number, untold=number == 3)
            self.assertTrue(loop.is_due)
            self.assertEqual(loop.take(), (list(range(MAX_WAITING)), True))
            loop.add(99, untold=False)
            self.assertFalse(loop.is_due)
            clock.return_value += MAX_SECONDS
            self.assertTrue(loop.is_due)
            self.assertEqual(loop.take(), ([99], False))

    def test_mails_of_a_loop_are_settled_together_others_at_once(self):
        settled = []

        def on_own_cursor(_self, method, *arguments):
            settled.append((method, *arguments))

        journal = self.env["crm.mailgateway.message"]
        loop = MailLoop()
        with patch.object(CrmMailgatewayMessage, "_on_own_cursor", on_own_cursor):
            journal._conclude(1, untold=True)
            self.assertEqual(settled.pop(), ("_settle", [1], True))
            journal.with_context(**{LOOP_KEY: loop})._conclude(2, untold=False)
            journal.with_context(**{LOOP_KEY: loop})._conclude(3, untold=False)
            self.assertFalse(settled)
            journal._settle_loop(loop)
            self.assertEqual(settled.pop(), ("_settle", [2, 3], False))
            journal._settle_loop(loop)
            self.assertFalse(settled, "nothing is left")

    def test_a_loop_from_outside_is_none(self):
        content = compose("Not yet stored")
        gateway = self.gateway.with_context(**{LOOP_KEY: {"recall": 1}})
        self.assertIsNone(gateway._mailgateway_get_stored(content))

    def test_replay_of_what_was_processed_and_not_settled(self):
        """As within a loop, or after a crash between the two commits."""
        content = compose()
        row = self.receive(content)
        row.write({"state": "received", "res_id": False, "case_id": False})
        self.env.flush_all()
        stored = row._store(content, False, {})
        self.assertEqual((stored.state, stored.known), ("processed", True))
        self.assertTrue(self.env["crm.case"].browse(stored.res_id).exists())
        self.assertFalse(row._claim(self.env.cr), "there is nothing to do")
        self.assertEqual(row._claim(self.env.cr, SETTLED), row.ids)

    def test_one_that_cannot_be_stored_keeps_back_no_other(self):
        journal = self.env["crm.mailgateway.message"].with_context(**{FORCE_KEY: True})
        calls = []

        def on_own_cursor(_self, method, contents, *_arguments):
            calls.append((method, contents))
            if method == "_insert_all":
                raise DataError("one of them does not fit")
            return STORED

        with patch.object(CrmMailgatewayMessage, "_on_own_cursor", on_own_cursor):
            stored = journal._store_all([b"1", b"2"], False, {})
        self.assertEqual(stored, [STORED, STORED])
        alone = [("_insert", b"1"), ("_insert", b"2")]
        self.assertEqual(calls, [("_insert_all", [b"1", b"2"]), *alone])

    def _store_ahead(self, *contents):
        """Store mails as a mailbox does, and return their loop."""
        loop = MailLoop()
        journal = self.env["crm.mailgateway.message"]
        for content, stored in zip(
            contents, journal._store_all(contents, False, ARGUMENTS), strict=True
        ):
            loop.remember(content, stored)
        return loop

    def _process(self, loop, content):
        context = {LOOP_KEY: loop, FORCE_KEY: True}
        return self.gateway.with_context(**context).message_process(None, content)

    def test_mails_stored_together_are_processed_together(self):
        warm = [compose("Warm"), compose("up")]
        self._process(self._store_ahead(*warm), warm[0])
        contents = [compose(f"Mail {number}") for number in range(10)]
        loop = self._store_ahead(*contents)
        self.env.cr.precommit.run()
        before = self.env.cr.sql_log_count
        case_ids = [self._process(loop, contents[0])]
        self.assertLessEqual(self.env.cr.sql_log_count - before, 10 * 20)
        before = self.env.cr.sql_log_count
        case_ids += [self._process(loop, content) for content in contents[1:]]
        self.assertEqual(self.env.cr.sql_log_count, before, "it is all done")
        cases = self.env["crm.case"].browse(case_ids)
        self.assertEqual(cases.mapped("name"), [f"Mail {n}" for n in range(10)])

    def test_slow_mails_share_no_transaction_for_long(self):
        contents = [compose("Slow"), compose("Next")]
        loop = self._store_ahead(*contents)
        target = "odoo.addons.crm_mailgateway.models.mail_thread.PATIENCE"
        with patch(target, -1):
            context = {LOOP_KEY: loop, FORCE_KEY: True}
            gateway = self.gateway.with_context(**context)
            gateway._mailgateway_process_ahead(lambda _trace, _content: 1 / 0)
        recalled = [loop.recall(content) for content in contents]
        self.assertEqual({stored.state for stored in recalled}, {"received"})

    def test_one_that_fails_leaves_each_to_itself(self):
        fine, poison = compose("Fine"), compose("Poison")
        loop = self._store_ahead(fine, poison)
        [row_id] = [loop.get_id(poison)]
        conclude = type(self.gateway)._mailgateway_finish

        def fail(gateway, trace, res_id):
            if trace.journal_id == row_id:
                raise ValueError("whatever")
            return conclude(gateway, trace, res_id)

        failures = []
        savepoint = self.env.cr.savepoint()
        with (
            patch.object(type(self.gateway), "_mailgateway_finish", fail),
            patch.object(self.env.cr, "rollback", savepoint.rollback),
            patch.object(
                CrmMailgatewayMessage,
                "_on_own_cursor",
                lambda _self, *arguments: failures.append(arguments[:2]),
            ),
        ):
            case_id = self._process(loop, fine)
            self.assertFalse(failures, "nobody is blamed for the others")
            self.assertFalse(self._process(loop, poison))
        self.assertEqual(failures, [("_fail", row_id)])
        found = self.env["crm.case"].search([("name", "in", ("Fine", "Poison"))])
        self.assertEqual(found.ids, [case_id], "made once")

    def test_senders_are_counted_within_a_transaction(self):
        """Many mails of one sender in one download: thanked as if they came apart."""
        contents = [compose(f"Again {number}") for number in range(LIMIT + 2)]
        self._process(self._store_ahead(*contents), contents[0])
        results = self.env["crm.mailgateway.result"].search([], limit=LIMIT + 2)
        thanked = results.filtered(lambda result: result.ack_state == "pending")
        self.assertEqual(len(thanked), LIMIT)

    def test_a_failure_leaves_nothing_for_the_commit(self):
        """No web hook may tell of a case that was rolled back."""
        [stored] = self.env["crm.mailgateway.message"]._store_all(
            [compose("Tells")], False, ARGUMENTS
        )
        trace = MailTrace(stored.id, stored.message_id)
        hooks = self.env.cr.postcommit
        before, failures = list(hooks._funcs), []

        def tell_and_fail():
            hooks.add(lambda: failures.append("told"))
            raise ValueError("whatever")

        with patch.object(
            CrmMailgatewayMessage,
            "_on_own_cursor",
            lambda _self, *arguments: failures.append(arguments[0]),
        ):
            self.env["crm.mailgateway.message"]._process(stored, trace, tell_and_fail)
        self.assertEqual(failures, ["_fail"])
        self.assertEqual(list(hooks._funcs), before)

    def test_what_one_mailbox_left_is_not_processed_as_of_the_next(self):
        loop = self._store_ahead(compose("Of the first"), compose("of it too"))
        mailbox = self.env["fetchmail.server"].create({"name": "The next"})
        mailbox.with_context(**{LOOP_KEY: loop})._crm_mailgateway_journal()
        self.assertFalse(loop.take_ahead())

    def test_waiting_mails_are_shared_out(self):
        rows = self.env["crm.mailgateway.message"]
        for number in range(6):
            rows += self.receive(compose(f"Waits {number}"))
        rows.write({"state": "received", "arguments": json.dumps(ARGUMENTS)})
        rows[2].begun = 1
        rows[3].state = "failed"
        rows[4].size = rows[5].size = MAX_AHEAD_SIZE
        shares = [share.ids for share in rows._share_out()]
        one, two, three, four, five, six = rows.ids
        self.assertEqual(shares, [[one, two], [five], [six], [three], [four]])

    def test_what_kills_the_server_is_quarantined(self):
        row = self.receive(compose("Deadly"))
        row.write({"state": "received", "begun": 0})
        self.env.flush_all()
        for _time in range(MAX_BEGUN):
            self.assertEqual(row._begin(row.ids), row.ids)
            row.invalidate_recordset()
        self.assertEqual(row.state, "received")
        self.assertFalse(row._begin(row.ids))
        row.invalidate_recordset()
        self.assertEqual(row.state, "quarantined")
        self.assertIn("stopped 3 times", row.verdict)

    def test_a_failure_is_no_death(self):
        row = self.receive(compose("Fails"))
        row.write({"state": "received", "begun": 2})
        with self.assertLogs("odoo.addons.crm_mailgateway", "WARNING"):
            row._fail(row.id, ValueError("whatever"))
        self.assertEqual((row.begun, row.attempts, row.state), (0, 1, "failed"))
        row.write({"state": "received", "begun": 2})
        row._postpone(row.id)
        self.assertEqual(row.begun, 0)

    def test_a_mailbox_goes_on_after_a_deadly_mail(self):
        """Its rows are known: they were stored when the server died."""
        content = compose("Deadly")
        [stored] = self.env["crm.mailgateway.message"]._store_all(
            [content], False, ARGUMENTS
        )
        self.env.flush_all()
        asked = []

        def begin(_self, *arguments):
            asked.append(arguments)
            return []

        store = CrmMailgatewayMessage._store

        def store_here(journal, *arguments):
            return store(journal.with_context(**{FORCE_KEY: False}), *arguments)

        with (
            patch.object(CrmMailgatewayMessage, "_store", store_here),
            patch.object(CrmMailgatewayMessage, "_on_own_cursor", begin),
        ):
            self.assertFalse(self._process(MailLoop(), content))
        self.assertEqual(asked, [("_begin", [stored.id])])
        self.assertFalse(self.env["crm.case"].search([("name", "=", "Deadly")]))

    def test_what_waits_goes_on_at_once(self):
        """When the time is up, the scheduler would sleep for a minute."""
        cron = self.env.ref("crm_mailgateway.ir_cron_process")
        row = self.receive(compose("Waits"))
        row.write({"state": "failed", "next_attempt": "2020-01-01"})
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", cron.id)])
        with (
            patch.object(type(row), "_on_own_cursor"),
            patch.object(type(row), "_process_share"),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=0),
        ):
            row._cron_process()
        self.assertEqual(triggers.search_count([("cron_id", "=", cron.id)]), before + 1)
