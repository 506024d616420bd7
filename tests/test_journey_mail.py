"""People just send mail: mailbox -> case -> thank-you -> answer, on real servers."""

import email
import email.policy
import email.utils
import hashlib
from email.message import EmailMessage

import psycopg2
import pytest
from dovecot import PASSWORD

MAILBOX = "support@pedalwerk.test"
CUSTOMER = "robin.rider@example.com"
JOURNAL = "crm.mailgateway.message"
FETCH = "mail.ir_cron_mail_gateway_action"
CASE_FIELDS = ["number", "name", "team_id", "partner_id", "email_from", "state"]


def compose(subject, body, **headers):
    """Return a mail with an attachment, as bytes."""
    message = EmailMessage(email.policy.SMTP)
    message["From"] = f"Robin Rider <{CUSTOMER}>"
    message["To"] = MAILBOX
    message["Subject"] = subject
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain="example.com")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    message.add_attachment(b"%PDF-1.4 bill", "application", "pdf", filename="bill.pdf")
    return bytes(message)


def add_mailbox(erp, dovecot, kind, **values):
    """Configure an incoming mail server and confirm it, as its form does."""
    port = {"imap": dovecot.imap, "pop": dovecot.pop3}[kind]
    server = {
        "name": f"Mailbox ({kind})",
        "server_type": kind,
        "server": "127.0.0.1",
        "port": port,
        "user": MAILBOX,
        "password": PASSWORD,
    }
    server_id = erp.call("fetchmail.server", "create", {**server, **values})
    erp.call("fetchmail.server", "button_confirm_login", [server_id])
    return server_id


def messages_of(erp, case_id):
    domain = [("model", "=", "crm.case"), ("res_id", "=", case_id)]
    fields = ["body", "message_type", "attachment_ids", "email_from", "message_id"]
    return erp.call("mail.message", "search_read", domain, fields=fields, order="id")


@pytest.mark.parametrize("kind", ["imap", "pop"])
def test_mail_becomes_case_and_answer_finds_it(erp, dovecot, sink, kind):
    """Nothing is configured but one incoming and one outgoing server."""
    partner_id = erp.call("res.partner", "create", {"name": "Robin", "email": CUSTOMER})
    add_mailbox(erp, dovecot, kind)
    first = compose("My brakes squeal", "Since Monday. What can I do?")
    dovecot.deliver(MAILBOX, first)

    erp.run_cron(FETCH)
    [case] = erp.wait_for("crm.case", [("name", "=", "My brakes squeal")], CASE_FIELDS)
    assert case["team_id"][1] == "General"
    assert case["partner_id"][0] == partner_id
    assert case["number"].startswith("CASE-")
    [message] = [
        m for m in messages_of(erp, case["id"]) if m["message_type"] == "email"
    ]
    assert "What can I do?" in message["body"]
    assert len(message["attachment_ids"]) == 1

    [row] = erp.wait_for(
        "crm.mailgateway.message",
        [("state", "=", "processed")],
        ["sha256", "size", "case_id", "subject"],
    )
    assert row["sha256"] == hashlib.sha256(first).hexdigest()
    assert (row["size"], row["case_id"][0]) == (len(first), case["id"])

    [thanks] = sink.wait_for(CUSTOMER)
    assert case["number"] in thanks["Subject"]
    assert thanks["Auto-Submitted"] == "auto-replied"
    assert MAILBOX in thanks["Reply-To"]
    assert case["number"] in thanks.get_body(("plain",)).get_content()

    answer = compose(
        f"Re: {thanks['Subject']}",
        "It is the front brake.",
        In_Reply_To=thanks["Message-ID"],
        References=thanks["Message-ID"],
    )
    dovecot.deliver(MAILBOX, answer)
    erp.run_cron(FETCH)
    erp.wait_for("crm.mailgateway.message", [("state", "=", "processed")], [], count=2)
    bodies = "".join(m["body"] for m in messages_of(erp, case["id"]))
    assert "It is the front brake." in bodies
    assert erp.call("crm.case", "search_count", []) == 1
    assert dovecot.count(MAILBOX, "UNSEEN") == 0
    assert dovecot.count(MAILBOX) == (2 if kind == "imap" else 0)
    assert len(sink.wait_for(CUSTOMER)) == 1, "the answer must not be thanked for"


def test_mailbox_of_a_team(erp, dovecot, sink):
    """A mailbox with a team feeds that team."""
    team_id = erp.call("crm.case.team", "create", {"name": "Workshop"})
    add_mailbox(erp, dovecot, "imap", crm_case_team_id=team_id)
    dovecot.deliver(MAILBOX, compose("Flat tyre", "Help"))
    erp.run_cron(FETCH)
    [case] = erp.wait_for("crm.case", [("name", "=", "Flat tyre")], CASE_FIELDS)
    assert case["team_id"][0] == team_id


def test_failing_mail_is_kept_and_retried(erp, dovecot, sink):
    """Odoo alone would mark the mail as seen and forget it."""
    add_mailbox(erp, dovecot, "imap")
    # A rule of the company that breaks the creation of cases: a required default
    # that does not exist stands for any bug in any other addon.
    field = {"name": "x_break", "model_id": model_id(erp, "crm.case"), "ttype": "char"}
    field_id = erp.call("ir.model.fields", "create", {**field, "required": True})
    dovecot.deliver(MAILBOX, compose("Poison", "Nobody can read this"))
    erp.run_cron(FETCH)
    fields = ["error", "attempts", "next_attempt", "case_id"]
    [row] = erp.wait_for("crm.mailgateway.message", [("state", "=", "failed")], fields)
    assert row["attempts"] == 1 and row["next_attempt"] and row["error"]
    assert not sink.mails, "nobody outside is told of our trouble"

    erp.call("ir.model.fields", "unlink", [field_id])
    erp.call("crm.mailgateway.message", "action_retry", [row["id"]])
    [case] = erp.wait_for("crm.case", [("name", "=", "Poison")], CASE_FIELDS)
    [row] = erp.call(
        "crm.mailgateway.message", "read", [row["id"]], ["state", "case_id"]
    )
    assert row["state"] == "processed" and row["case_id"][0] == case["id"]


def model_id(erp, name):
    [model] = erp.call("ir.model", "search_read", [("model", "=", name)], fields=["id"])
    return model["id"]


def test_mails_processed_together_fail_alone(erp, dovecot, database):
    """Mails of one download share a transaction, until one of them fails in it."""
    add_mailbox(erp, dovecot, "imap")
    with psycopg2.connect(dbname=database) as connection, connection.cursor() as cr:
        cr.execute("ALTER TABLE crm_case ADD CHECK (name != 'Poison')")
    connection.close()
    mails = [compose(name, "Hello") for name in ("One", "Two", "Poison", "Three")]
    first = email.message_from_bytes(mails[0])["Message-ID"]
    mails.append(compose("Re: One", "And one more", In_Reply_To=first))
    for mail in mails:
        dovecot.deliver(MAILBOX, mail)
    erp.run_cron(FETCH)
    [failed] = erp.wait_for(JOURNAL, [("state", "=", "failed")], ["subject"])
    assert failed["subject"] == "Poison"
    rows = erp.wait_for(JOURNAL, [("state", "=", "processed")], ["case_id"], count=4)
    cases = erp.call("crm.case", "search_read", [], fields=["name"], order="id")
    assert [case["name"] for case in cases] == ["One", "Two", "Three"]
    assert [row["case_id"][0] for row in rows].count(cases[0]["id"]) == 2


def test_mailbox_delivered_twice_changes_nothing(erp, dovecot, sink):
    """The same bytes again, and a copy with the same Message-ID but other bytes."""
    add_mailbox(erp, dovecot, "imap")
    content = compose("Only once", "please")
    copy = b"Received: by another way\r\n" + content
    for mail in (content, content, copy):
        dovecot.deliver(MAILBOX, mail)
    erp.run_cron(FETCH)
    rows = erp.wait_for(
        "crm.mailgateway.message",
        [("state", "in", ("processed", "ignored"))],
        ["state", "verdict"],
        count=2,
    )
    assert [row["state"] for row in rows] == ["processed", "ignored"]
    assert f"#{rows[0]['id']}" in rows[1]["verdict"]
    assert erp.call("crm.case", "search_count", []) == 1
    sink.wait_for(CUSTOMER)
    assert len(sink.mails) == 1


def test_automatic_mail_is_filed_but_never_answered(erp, dovecot, sink):
    """The case is made; the machine at the other end hears nothing."""
    add_mailbox(erp, dovecot, "imap")
    robot = compose("Out of office", "I am away", Auto_Submitted="auto-replied")
    dovecot.deliver(MAILBOX, robot)
    dovecot.deliver(MAILBOX, compose("A person", "writes"))
    erp.run_cron(FETCH)
    erp.wait_for("crm.case", [], CASE_FIELDS, count=2)
    sink.wait_for(CUSTOMER)
    assert len(sink.mails) == 1
    [row] = erp.wait_for(
        "crm.mailgateway.message", [("subject", "=", "Out of office")], ["ack_reason"]
    )
    assert "Auto-Submitted" in row["ack_reason"]
