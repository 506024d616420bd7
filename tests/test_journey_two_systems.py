"""Two databases that thank each other stop after one acknowledgement each."""

import pytest
from dev import Database
from dovecot import PASSWORD
from odoo_server import OdooServer

FETCH = "mail.ir_cron_mail_gateway_action"
ROUNDS = 4


def address(name):
    return f"helpdesk@{name}.test"


@pytest.fixture
def systems(sink):
    """Two Odoo servers, each on a database of its own, with one SMTP server."""
    with (
        Database() as first,
        Database() as second,
        OdooServer(first, smtp_port=sink.port) as one,
        OdooServer(second, smtp_port=sink.port) as two,
    ):
        yield {"one": one, "two": two}


def add_mailbox(erp, dovecot, user):
    values = {
        "name": user,
        "server_type": "imap",
        "server": "127.0.0.1",
        "port": dovecot.imap,
        "user": user,
        "password": PASSWORD,
    }
    server_id = erp.call("fetchmail.server", "create", values)
    erp.call("fetchmail.server", "button_confirm_login", [server_id])


def carry(sink, dovecot, carried, strip):
    """Deliver what was sent since, as a relay would; some drop headers."""
    for message in sink.mails[len(carried) :]:
        carried.append(message)
        for name in ("Auto-Submitted", "X-Auto-Response-Suppress") if strip else ():
            del message[name]
        for name in ("one", "two"):
            if address(name) in str(message["To"]):
                dovecot.deliver(address(name), bytes(message))


@pytest.mark.parametrize(
    "strip",
    [
        pytest.param(False, id="headers kept"),
        pytest.param(True, id="headers dropped", marks=pytest.mark.slow),
    ],
)
def test_two_systems_thank_each_other_once(systems, dovecot, sink, strip):
    others = {"one": "two", "two": "one"}
    for name, erp in systems.items():
        add_mailbox(erp, dovecot, address(name))
        dovecot.deliver(
            address(name),
            f"From: Helpdesk <{address(others[name])}>\r\nTo: {address(name)}\r\n"
            f"Subject: A question of {others[name]}\r\n"
            f"Message-ID: <start-{name}@x.test>\r\n\r\nHello\r\n".encode(),
        )
    carried = []
    for _round in range(ROUNDS):
        for name, erp in systems.items():
            expected = dovecot.count(address(name))
            erp.run_cron(FETCH)
            erp.wait_for(
                "crm.mailgateway.message",
                [("state", "in", ("processed", "ignored"))],
                [],
                count=expected,
            )
            erp.run_cron("crm_mailgateway.ir_cron_acknowledge")
            erp.run_cron("mail.ir_cron_mail_scheduler_action")
        carry(sink, dovecot, carried, strip)
    for name in systems:
        thanks = [m for m in sink.mails if address(name) in str(m["To"])]
        assert len(thanks) == 1, [m["Subject"] for m in thanks]
