"""Our gateway against Odoo's own into ``crm.lead``: new mails and replies.

Ours stores every mail durably, classifies it, files it as a case and queues a
thank-you. Odoo's files it as a lead, and does nothing else. Each side has a
database of its own, because our hook would otherwise journal the leads too. Both
commit after each mail, as ``fetchmail`` does.
"""

import json
import subprocess
import sys
from pathlib import Path

from harness import in_turn, median

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"small": (100, 3), "full": (500, 5)}

WORKER = """
import json, threading, time, uuid
from email.message import EmailMessage
from email.policy import SMTP

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

def deliver(mails):
    thread = threading.current_thread()
    thread.query_count = thread.query_time = 0
    start = time.perf_counter()
    gateway = env["mail.thread"]
    for mail in mails:
        assert gateway.message_process(MODEL, mail)
        env.cr.commit()
    if OURS:
        env["crm.mailgateway.result"]._cron_acknowledge()
    return {{
        "seconds": time.perf_counter() - start,
        "queries": thread.query_count,
    }}

RUN = uuid.uuid4().hex[:8]
deliver([bytes(compose(number)) for number in range(10000, 10010)])  # warm caches
new = [compose(number) for number in range(COUNT)]
replies = [compose(number, new[number]["Message-ID"]) for number in range(COUNT)]
env.cr.commit()
figures = {{
    "new": deliver([bytes(mail) for mail in new]),
    "reply": deliver([bytes(mail) for mail in replies]),
}}
print(json.dumps(figures))
"""


def run(env, scale):
    """Measure both sides in turn; see the module's documentation."""
    count, rounds = SIZES[scale]
    other = f"{env.cr.dbname}_crm"
    _dev("db", "create", other, "--apps-only")
    try:
        _dev("odoo", "-d", other, "-i", "crm", "--stop-after-init", "--no-http")
        results = in_turn(
            rounds,
            ours=lambda: _measure(env.cr.dbname, count, "crm.case", ours=True),
            odoo=lambda: _measure(other, count, "crm.lead", ours=False),
        )
    finally:
        _dev("db", "drop", other)
    return _report(results, count, rounds)


def _measure(database, count, model, ours):
    script = WORKER.format(count=count, model=model, ours=ours)
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
    for kind, label in (("new", "new mails"), ("reply", "replies")):
        ours, odoo = (
            count / median(results[side], f"{kind}_seconds")
            for side in ("ours", "odoo")
        )
        rows.append(
            {
                "mails": label,
                "ours (mails/s)": ours,
                "crm.lead (mails/s)": odoo,
                "ratio": ours / odoo,
                "our queries": median(results["ours"], f"{kind}_queries") / count,
                "their queries": median(results["odoo"], f"{kind}_queries") / count,
            }
        )
    return {
        "title": "Mail gateway: ours into crm.case, Odoo's own into crm.lead",
        "rows": rows,
        "notes": [
            f"{count} mails per round, {rounds} rounds, medians; one process each",
            "ours includes the journal, the classification and the acknowledgement",
        ],
    }
