"""A mailbox that tests itself, through a real SMTP server and a real mailbox."""

import time

import pytest
from aiosmtpd.controller import Controller
from dovecot import free_port
from odoo_server import OdooServer
from test_journey_mail import MAILBOX, add_mailbox

FIELDS = ["state", "error", "case_id", "seconds", "seconds_to_case", "answered_on"]
TEST = "crm.mailgateway.roundtrip"


class Relay:
    """A mail server: what is sent to the mailbox is delivered there."""

    def __init__(self, dovecot):
        self.dovecot, self.port, self.taken = dovecot, free_port(), []
        self.refuses = False
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server, _session, envelope):
        if self.refuses:
            return "554 not today"
        self.taken.append(envelope.rcpt_tos)
        for address in envelope.rcpt_tos:
            name = f"relayed{len(self.taken)}"
            self.dovecot.drop(address, name, envelope.original_content)
        return "250 delivered"

    def __enter__(self):
        self.controller.start()
        return self

    def __exit__(self, *_exception):
        self.controller.stop()


@pytest.fixture
def relay(dovecot):
    with Relay(dovecot) as server:
        yield server


@pytest.fixture
def erp(database, relay):
    with OdooServer(database, smtp_port=relay.port) as server:
        yield server


def start(erp, box):
    action = erp.call("fetchmail.server", "action_crm_mailgateway_roundtrip", [box])
    return action["res_id"]


def test_mailbox_tests_itself(erp, dovecot, relay):
    box = add_mailbox(erp, dovecot, "imap")
    test_id = start(erp, box)
    for _look in range(60):
        running = erp.call(TEST, "action_refresh", [test_id])
        if not running:
            break
        time.sleep(0.5)
    [test] = erp.call(TEST, "read", [test_id], FIELDS)
    assert test["state"] == "done", test
    assert 0 <= test["seconds_to_case"] <= test["seconds"] < 60
    assert len(relay.taken) == 3, "the mail, the thank-you, the answer"
    assert dovecot.count(MAILBOX) == 3
    case_id = test["case_id"][0]
    [case] = erp.call("crm.case", "read", [case_id], ["active", "name"])
    assert not case["active"], "the test leaves no work behind"
    archived = [("active", "in", (True, False))]
    assert erp.call("crm.case", "search_count", archived) == 1
    mails = erp.call("crm.mailgateway.message", "search_read", [], fields=["state"])
    assert sorted(m["state"] for m in mails) == ["ignored", "processed", "processed"]
    check_failures_are_told(erp, relay, box)


def check_failures_are_told(erp, relay, box):
    """The outgoing server refuses; the team thanks nobody."""
    relay.refuses = True
    with pytest.raises(Exception, match="not today"):
        start(erp, box)
    relay.refuses = False
    assert erp.call(TEST, "search_count", []) == 1
    teams = erp.call("crm.case.team", "search", [])
    erp.call("crm.case.team", "write", teams, {"acknowledge": False})
    test_id = start(erp, box)
    for _look in range(60):
        if not erp.call(TEST, "action_refresh", [test_id]):
            break
        time.sleep(0.5)
    [test] = erp.call(TEST, "read", [test_id], FIELDS)
    assert test["state"] == "failed"
    assert "no acknowledgements" in test["error"]
