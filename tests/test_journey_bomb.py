"""A flood of mails is filed, hardly thanked for, and keeps nobody else waiting."""

import contextlib
import threading
import time

import pytest
from test_journey_mail import FETCH, MAILBOX, add_mailbox

OTHER = "other@pedalwerk.test"
# How long somebody else's mail may take while the flood lasts, in seconds.
PATIENCE = 60


def mail(sender, recipient, number):
    return (
        f"From: {sender}\r\nTo: {recipient}\r\nSubject: Mail {number}\r\n"
        f"Message-ID: <{number}.{sender}>\r\n\r\nHello {number}\r\n"
    ).encode()


class Fetching(threading.Thread):
    """Lets the scheduler fetch again and again."""

    def __init__(self, erp):
        super().__init__()
        self.erp = erp
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            # The server's own scheduler may have the job in hand.
            with contextlib.suppress(Exception):
                self.erp.run_cron(FETCH)
            self.stopped.wait(0.2)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_exception):
        self.stopped.set()
        self.join()


def wait_until_filed(erp, subject):
    """Return how long a mail needs to become a case, in seconds."""
    start = time.monotonic()
    erp.wait_for("crm.case", [("name", "=", subject)], [], seconds=PATIENCE)
    return time.monotonic() - start


def check_rules_hold_on_any_cursor(erp):
    """A call from outside does not see what was stored since it was let in."""
    condition = {"field": "size", "operator": "less", "value": "100"}
    rule = {"name": "Small", "priority": "3", "condition_ids": [(0, 0, condition)]}
    rule_id = erp.call("crm.mailgateway.rule", "create", rule)
    content = mail("rpc@x.test", MAILBOX, "by call").decode()
    erp.call("mail.thread", "message_process", False, content)
    [case] = erp.wait_for("crm.case", [("name", "=", "Mail by call")], ["priority"])
    assert case["priority"] == "3"
    erp.call("crm.mailgateway.rule", "unlink", [rule_id])


def check_flood(erp, dovecot, sink, count, limit):
    """Drop a flood into one mailbox, and now and then a mail into another."""
    add_mailbox(erp, dovecot, "imap")
    add_mailbox(erp, dovecot, "imap", user=OTHER, name="Other")
    check_rules_hold_on_any_cursor(erp)
    dovecot.deliver(OTHER, mail("first@x.test", OTHER, "first"))
    for number in range(count):
        # Half of it from one address, half from ever new ones.
        sender = "flood@evil.test" if number % 2 else f"evil{number}@evil.test"
        dovecot.drop(MAILBOX, f"{number:06}", mail(sender, MAILBOX, number))
    begun = time.monotonic()
    waits = []
    flood = [("state", "=", "processed"), ("email_from", "like", "evil.test")]
    with Fetching(erp):
        while erp.call("crm.mailgateway.message", "search_count", flood) < count:
            number = f"honest {len(waits)}"
            dovecot.deliver(OTHER, mail(f"{len(waits)}@honest.test", OTHER, number))
            waits.append(wait_until_filed(erp, f"Mail {number}"))
            time.sleep(0.5)
    lasted = time.monotonic() - begun
    print(
        f"{count} mails in {lasted:.0f} s ({count / lasted:.0f} a second);"
        f" {len(waits)} other mails meanwhile, filed after {max(waits):.1f} s at most"
    )
    assert len(waits) >= 2, "the flood was over before anybody else wrote"
    cases = [("email_from", "like", "evil.test")]
    assert erp.call("crm.case", "search_count", cases) == count
    check_thanks(erp, sink, limit)


def check_thanks(erp, sink, limit):
    journal, flood = "crm.mailgateway.message", [("email_from", "like", "evil.test")]
    for _run in range(40):
        erp.run_cron("crm_mailgateway.ir_cron_acknowledge")
        rows = erp.call(
            journal, "search_read", flood, fields=["ack_state", "email_from"]
        )
        if "pending" not in {row["ack_state"] for row in rows}:
            break
    thanked = [row["email_from"] for row in rows if row["ack_state"] == "queued"]
    assert 0 < len(thanked) <= limit
    assert thanked.count("flood@evil.test") <= 5
    assert len(sink.mails) <= limit


def test_a_flood_of_mails(erp, dovecot, sink):
    limit = "crm_mailgateway.acknowledgements_per_hour_total"
    erp.call("ir.config_parameter", "set_param", limit, "20")
    check_flood(erp, dovecot, sink, count=160, limit=20)


@pytest.mark.slow
def test_a_flood_of_five_thousand_mails(erp, dovecot, sink):
    check_flood(erp, dovecot, sink, count=5_000, limit=1_000)
