"""``./dev mail`` and ``./dev outbox``: mail in as a mail server does it, and out."""

import email
import email.message
import email.policy
import email.utils
import hashlib
import subprocess
import sys
import time
import xmlrpc.client
from email.header import Header
from pathlib import Path

from . import server
from .console import DevError, say
from .paths import OUTBOX, ROOT

SENDER = "Robin Rider <robin.rider@example.com>"
BODY = "Hello,\n\nwhere is my order? I have been waiting for two weeks.\n\nRobin\n"
MAILGATE = ROOT / "crm_mailgateway/scripts/mailgate.py"
LOGIN = PASSWORD = "admin"
PATIENCE_SECONDS = 20


def send(options):
    """Hand one mail to the running server and show what became of it."""
    port, database = server.running()
    mail = _read(options.file, options.to) if options.file else _compose(options)
    erp = Erp(port, database)
    known = erp.received(mail)
    before = set(OUTBOX.glob("*.eml"))
    gate = subprocess.run(
        [sys.executable, str(MAILGATE), "--database", database, "--port", str(port)]
        + ["--user", LOGIN, "--password-env", "MAILGATE_PASSWORD"],
        env={"MAILGATE_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"},
        input=mail,
        capture_output=True,
        check=False,
    )
    if known:
        say("This very mail was received before: it changes nothing.")
    return _report(erp, mail, gate, None if known else before)


def _read(name, recipient):
    """Return a stored mail; with a recipient, as the last mail server marks it."""
    mark = f"Delivered-To: {recipient}\r\n".encode() if recipient else b""
    try:
        return mark + Path(name).read_bytes()
    except OSError as error:
        raise DevError(f"{name} cannot be read: {error.strerror}.") from error


def _compose(options):
    if not options.to:
        raise DevError(
            "To whom? --to ADDRESS is missing.",
            "For example: ./dev mail --to care@velora.example.com",
        )
    message = email.message.EmailMessage(email.policy.SMTP)
    try:
        message["From"] = options.sender
        message["To"] = options.to
    except ValueError as error:
        raise DevError(f"That is no address: {error}.") from error
    message["Subject"] = str(Header(options.subject, "utf-8"))
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = email.utils.make_msgid(domain="dev.example.com")
    message.set_content(options.body)
    return bytes(message)


class Erp:
    """The running server as its administrator sees it."""

    def __init__(self, port, database):
        self.url = f"http://127.0.0.1:{port}"
        self.database = database
        proxy = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common")
        try:
            self.uid = proxy.authenticate(database, LOGIN, PASSWORD, {})
        except (xmlrpc.client.Error, OSError) as error:
            raise DevError(f"The running server does not answer: {error}.") from error
        if not self.uid:
            raise DevError("The server does not accept admin/admin.")
        self.proxy = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/object")

    def read(self, model, domain, fields):
        """Return the newest record that matches, or None."""
        found = self.proxy.execute_kw(
            *(self.database, self.uid, PASSWORD, model, "search_read"),
            *([domain], {"fields": fields, "limit": 1, "order": "id desc"}),
        )
        return found[0] if found else None

    def received(self, mail):
        """Return the journal row of a mail, or None."""
        digest = hashlib.sha256(mail).hexdigest()
        fields = ["state", "verdict", "error", "res_model", "res_id", "ack_state"]
        return self.read("crm.mailgateway.message", [("sha256", "=", digest)], fields)


def _report(erp, mail, gate, before):
    row = erp.received(mail)
    if not row:
        raise DevError(
            f"The server did not accept the mail: {gate.stderr.decode().strip()}",
            "A mail server would keep it and try again.",
        )
    if row["state"] not in ("processed", "ignored"):
        kept = f"{erp.url}/odoo/received-mail/{row['id']}"
        raise DevError(
            row["verdict"] or row["error"] or row["state"],
            f"The mail is kept as received mail #{row['id']}: {kept}",
        )
    if row["res_model"] != "crm.case":
        say(f"Received mail #{row['id']}: {row['verdict']}")
        return 0
    return _show_case(erp, row, mail, before)


def _show_case(erp, row, mail, before):
    domain = [("id", "=", row["res_id"])]
    case = erp.read("crm.case", domain, ["display_name", "team_id", "partner_id"])
    sys.stdout.write(f"{case['display_name']}\n")
    sys.stdout.write(f"  team      {case['team_id'] and case['team_id'][1]}\n")
    sys.stdout.write(f"  look      {erp.url}/odoo/cases/{row['res_id']}\n")
    sys.stdout.write(f"  verdict   {row['verdict']}\n")
    if before is None:
        return 0
    if row["ack_state"] not in ("pending", "queued"):
        sys.stdout.write("  no thank-you was sent\n")
        return 0
    thanks = _await_thanks(mail, before)
    if not thanks:
        say("  The thank-you is still in Odoo's queue.")
        return 1
    sys.stdout.write("\nThe thank-you, as the sender reads it:\n\n")
    sys.stdout.write(_as_text(thanks))
    return 0


def _await_thanks(mail, before):
    """Wait for a new caught mail to the sender."""
    sender = email.message_from_bytes(mail).get("From", "")
    address = email.utils.parseaddr(str(sender))[1].lower()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for path in sorted(set(OUTBOX.glob("*.eml")) - before, reverse=True):
            if address in str(_parsed(path)["To"]).lower():
                return path
        time.sleep(0.2)
    return None


def _parsed(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _as_text(path):
    message = _parsed(path)
    headers = "".join(
        f"{name}: {message[name]}\n" for name in ("From", "To", "Subject")
    )
    body = message.get_body(("plain", "html"))
    return f"{headers}\n{body.get_content() if body else ''}\n"


def show_outbox(number):
    """List the caught mails, or print one of them."""
    if number is not None:
        path = OUTBOX / f"{number:04}.eml"
        if not path.exists():
            raise DevError(
                f"There is no caught mail {number}.", "List them: ./dev outbox"
            )
        sys.stdout.write(_as_text(path))
        return
    paths = sorted(OUTBOX.glob("*.eml"))
    for path in paths:
        message = _parsed(path)
        sys.stdout.write(
            f"{path.stem}  {str(message['To']):<40}  {message['Subject']}\n"
        )
    if not paths:
        say("No mail was caught yet.")
