"""Our gateway against Odoo's own into ``crm.lead``, and into OCA's ``helpdesk.ticket``.

Ours stores every mail durably, classifies it, threads it, files it as a case and
queues a thank-you. Odoo's files it as a lead or a ticket, and does nothing else. Each
side has a database of its own, because our hook would otherwise journal the others'
mail too.

*Fetched*: Odoo's own loop takes the mails out of a mailbox, which lies in the memory of
the process, and commits after each. *Handed over*: each mail comes alone, as from
``odoo-mailgate.py``, and is committed. Ours ends when all senders have been thanked and
all rows of the journal are settled.

``helpdesk_mgmt`` is installed from the package index into a throw-away folder; where
that fails, the others are measured without it.
"""

import contextlib
import functools
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from harness import in_turn, median

ROOT = Path(__file__).resolve().parents[1]
# The addon and the model of each other side.
OTHERS = {"odoo": ("crm", "crm.lead"), "oca": ("helpdesk_mgmt", "helpdesk.ticket")}
LABELS = {
    "fetched_new": "new mails, fetched",
    "fetched_reply": "replies, fetched",
    "handed_new": "new mails, handed over",
    "handed_reply": "replies, handed over",
}
SIZES = {"small": (100, 3), "full": (500, 5)}

WORKER = """
import json, threading, time, uuid
from email.message import EmailMessage
from email.policy import SMTP
from odoo.addons.mail.models.fetchmail import FetchmailServer

COUNT, MODEL, OURS = {count}, {model!r}, {ours}
BODY = "Hello,\\n\\n" + "my order has not arrived, and I wonder why.\\n" * 20

def compose(number, reply_to=None):
    message = EmailMessage(SMTP)
    message["From"] = "Customer %d <customer%d@%s.example>" % (number, number, RUN)
    message["To"] = "bench@example.com"
    message["Subject"] = "Where is order %d?" % number
    message["Message-ID"] = "<%s@bench.example>" % uuid.uuid4().hex
    if reply_to:
        message["In-Reply-To"] = message["References"] = reply_to
    message.set_content(BODY)
    message.add_alternative("<p>%s</p>" % BODY, subtype="html")
    return message

class Mailbox:
    # A connection to a mailbox, for Odoo's loop and for ours.

    def __init__(self, mails):
        self.mails = mails

    def check_unread_messages(self):
        self._unread_messages = [b"%d" % n for n in reversed(range(len(self.mails)))]
        return len(self.mails)

    def retrieve_unread_messages(self):
        while self._unread_messages:
            number = self._unread_messages.pop()
            yield number, self.mails[int(number)]

    def fetch(self, numbers, what):
        if "SIZE" in what:
            sizes = enumerate(map(len, self.mails))
            return "OK", [b"%d (RFC822.SIZE %d)" % pair for pair in sizes]
        return "OK", [(b"", self.mails[int(numbers)]), b")"]

    def handled_message(self, number):
        pass

    def disconnect(self):
        pass

def fetch(mails):
    FetchmailServer._connect__ = lambda self, allow_archived=False: Mailbox(mails)
    server._fetch_mail(batch_limit=len(mails))

def hand_over(mails):
    gateway = env["mail.thread"]
    for mail in mails:
        gateway.message_process(MODEL, mail)
        env.cr.commit()

def count(model, *leaf):
    return env[model].search_count([leaf])

def state():
    # What must not grow: mails that wait, and senders who are not thanked.
    if not OURS:
        return None
    waiting = count("crm.mailgateway.message", "state", "=", "received")
    return waiting, *(
        count("crm.mailgateway.result", "ack_state", "=", name)
        for name in ("pending", "withheld", "failed")
    )

def deliver(take, mails):
    if OURS:
        # An hour later: in one hour, no more than a thousand senders are thanked.
        env.cr.execute("UPDATE crm_mailgateway_result"
                       " SET create_date = create_date - interval '2 hours'")
    received, before = count("mail.message", "message_type", "=", "email"), state()
    env.cr.commit()
    thread = threading.current_thread()
    thread.query_count = thread.query_time = 0
    start = time.perf_counter()
    take([bytes(mail) for mail in mails])
    if OURS:
        env["crm.mailgateway.result"]._cron_acknowledge()
    figures = {{
        "seconds": time.perf_counter() - start,
        "queries": thread.query_count,
    }}
    received = count("mail.message", "message_type", "=", "email") - received
    assert received == len(mails), received
    assert state() == before, (state(), before)
    return figures

RUN = uuid.uuid4().hex[:8]
values = {{"name": RUN, "server_type": "imap", "state": "done"}}
server = env["fetchmail.server"].create(
    {{**values, "object_id": env["ir.model"]._get_id(MODEL)}}
)
deliver(fetch, [compose(number) for number in range(10000, 10010)])  # warm caches
figures = {{}}
for way, take in (("fetched", fetch), ("handed", hand_over)):
    new = [compose(number) for number in range(COUNT)]
    replies = [compose(number, new[number]["Message-ID"]) for number in range(COUNT)]
    figures[way + "_new"] = deliver(take, new)
    figures[way + "_reply"] = deliver(take, replies)
print(json.dumps(figures))
"""


def run(env, scale):
    """Measure both sides in turn; see the module's documentation."""
    count, rounds = SIZES[scale]
    with contextlib.ExitStack() as stack:
        sides = {"ours": lambda: _measure(env.cr.dbname, count, "crm.case", ours=True)}
        for side, (addon, model) in OTHERS.items():
            with contextlib.suppress(RuntimeError):
                database, places = stack.enter_context(_other(env, side, addon))
                sides[side] = functools.partial(
                    _measure, database, count, model, ours=False, places=places
                )
        results = in_turn(rounds, **sides)
    return _report(results, count, rounds)


@contextlib.contextmanager
def _other(env, side, addon):
    """Provide a database of another side, and where its code lies.

    :raise RuntimeError: if it cannot be installed
    """
    database = f"{env.cr.dbname}_{side}"
    with tempfile.TemporaryDirectory() as folder:
        places = []
        if side == "oca":
            _install(f"odoo-addon-{addon}", folder)
            places = ["--addons-path", f"{folder}/odoo/addons"]
        _dev("db", "create", database, "--apps-only")
        try:
            install = ["-d", database, "-i", addon, "--stop-after-init", "--no-http"]
            _dev("odoo", *install, *places)
            yield database, places
        finally:
            _dev("db", "drop", database)


def _install(package, folder):
    """Install a package without what it depends on: Odoo is here already."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps"]
    command += ["--target", folder, f"{package}>=19.0,<19.1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


def _measure(database, count, model, ours, places=()):
    script = WORKER.format(count=count, model=model, ours=ours)
    if places:
        shell = ["shell", "-d", database, "--no-http", "--log-level=warn", *places]
        done = _dev("odoo", *shell, input_text=script)
    else:
        done = _dev("shell", database, input_text=script)
    figures = json.loads(done.stdout.splitlines()[-1])
    return {
        f"{kind}_{key}": value
        for kind, figure in figures.items()
        for key, value in figure.items()
    }


def _dev(*arguments, input_text=None):
    command = [sys.executable, str(ROOT / "dev"), *arguments]
    done = subprocess.run(
        command, input=input_text, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return done


def _report(results, count, rounds):
    rows = []
    for kind, label in LABELS.items():
        row = {"mails": label}
        speed = {
            side: count / median(found, f"{kind}_seconds")
            for side, found in results.items()
        }
        row["ours (mails/s)"] = speed.pop("ours")
        for side, theirs in speed.items():
            model = OTHERS[side][1]
            row[f"{model} (mails/s)"] = theirs
            row[f"ours / {model}"] = row["ours (mails/s)"] / theirs
        for side, found in results.items():
            row[f"queries {side}"] = median(found, f"{kind}_queries") / count
        rows.append(row)
    return {
        "title": "Mail gateway: ours into crm.case, and Odoo's own into other models",
        "rows": rows,
        "notes": [
            f"{count} mails per round, {rounds} rounds, medians; one process each",
            "ours includes journal, classification, threading and acknowledgement",
        ],
    }
