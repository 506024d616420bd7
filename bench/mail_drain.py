"""What more processes, and a longer history, do to the speed of our gateway.

*Two drainers*: mails that wait in the journal are processed by one process, and by two
at once, each with connections of its own. *History*: the time per mail with 10,000
messages in the database, and with very many more in another one. All in turn.
"""

import json
import subprocess
import sys
import time
import uuid
from pathlib import Path

from harness import in_turn, median

ROOT = Path(__file__).resolve().parents[1]
# Mails to drain, rounds, messages of the long history.
SIZES = {"small": (100, 2, 200_000), "full": (200, 3, 1_000_000)}
SHORT_HISTORY = 10_000

FILL = """
from email.message import EmailMessage
journal = env["crm.mailgateway.message"]
for number in range({count}):
    mail = EmailMessage()
    mail["From"] = "Customer <c%d@{run}.example>" % number
    mail["To"] = "bench@example.com"
    mail["Subject"] = "Where is order %d?" % number
    mail["Message-ID"] = "<%d@{run}.example>" % number
    mail.set_content("my order has not arrived, and I wonder why.\\n" * 20)
    journal._insert(bytes(mail), False, {{"model": "crm.case"}})
env.cr.execute("UPDATE crm_mailgateway_message SET create_date = now() - interval "
               "'1 day' WHERE state = 'received'")
env.cr.commit()
"""

DRAIN = """
import json, time
from odoo.addons.crm_mailgateway.loop import LOOP_KEY, MailLoop
loop = MailLoop()
journal = env["crm.mailgateway.message"].with_context(**{{LOOP_KEY: loop}})
waiting = journal.search([("state", "=", "received")], order="id")
waiting[:1]._process_share()
shares = waiting[1:]._share_out()
time.sleep(max(0, {start} - time.time()))
begun = time.time()
for share in shares:
    share._process_share()
journal._settle_loop(loop)
print(json.dumps([begun, time.time()]))
"""

HISTORY = """
env.cr.execute("SELECT count(*) FROM mail_message")
present = env.cr.fetchone()[0]
env.cr.execute('''
    INSERT INTO mail_message (create_date, date, model, res_id, message_type,
                              subtype_id, message_id, email_from, body)
    SELECT now() - interval '1 day', now(), 'crm.case', n %% 100000, 'email',
           (SELECT min(id) FROM mail_message_subtype), '<' || n || '@old.example>',
           'c' || n || '@old.example', 'old'
      FROM generate_series(%s, {wanted}) n''', [present + 1])
env.cr.execute('''
    INSERT INTO crm_mailgateway_message (create_date, sha256, message_id, state)
    SELECT now() - interval '1 day', md5(n::text) || md5((n + 1)::text),
           '<' || n || '@old.example>', 'processed'
      FROM generate_series(%s, {wanted}) n''', [present + 1])
env.cr.execute('''
    INSERT INTO crm_mailgateway_result
           (create_date, journal_id, outcome, message_id, sender, ack_state)
    SELECT create_date, id, 'processed', message_id, 'c' || id || '@old.example',
           'queued'
      FROM crm_mailgateway_message WHERE message_id LIKE '%%@old.example>'
        ON CONFLICT DO NOTHING''')
env.cr.commit()
# As autovacuum leaves tables at rest.
env.cr._cnx.autocommit = True
for table in ("mail_message", "crm_mailgateway_message", "crm_mailgateway_result"):
    env.cr.execute("VACUUM ANALYZE " + table)
"""


def run(env, scale):
    """Measure; see the module's documentation."""
    count, rounds, long_history = SIZES[scale]
    short = env.cr.dbname
    long = f"{short}_long"
    _dev("db", "create", long)
    try:
        _shell(short, HISTORY.format(wanted=SHORT_HISTORY))
        _shell(long, HISTORY.format(wanted=long_history))
        for database in (short, long):
            _drain(database, count, workers=1)  # the caches are warm now
        drained = in_turn(
            rounds,
            one=lambda: _drain(short, count, workers=1),
            two=lambda: _drain(short, count, workers=2),
            long=lambda: _drain(long, count, workers=1),
        )
    finally:
        _dev("db", "drop", long)
    return _report(count, rounds, long_history, drained)


def _drain(database, count, workers):
    """Let workers process the same waiting mails; return the seconds it took."""
    _shell(database, FILL.format(count=count, run=uuid.uuid4().hex[:8]))
    # All begin at one time, when the slowest has started.
    script = DRAIN.format(start=time.time() + 15)
    running = [_start(database, script) for _worker in range(workers)]
    spans = [json.loads(one.communicate()[0].splitlines()[-1]) for one in running]
    seconds = max(end for _begun, end in spans) - min(begun for begun, _end in spans)
    sys.stderr.write(f"  {workers} at work: {count / seconds:.3g} mails/s\n")
    return {"rate": count / seconds}


def _start(database, script):
    command = [sys.executable, str(ROOT / "dev"), "shell", database]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    process.stdin.write(script)
    process.stdin.flush()
    process.stdin.close()
    process.stdin = None
    return process


def _dev(*arguments):
    subprocess.run([sys.executable, str(ROOT / "dev"), *arguments], check=True)


def _shell(database, script):
    process = _start(database, script)
    process.communicate()
    if process.returncode:
        raise RuntimeError("the script failed")


def _report(count, rounds, long_history, drained):
    one, two, long = (median(drained[side], "rate") for side in ("one", "two", "long"))
    return {
        "title": "Mail gateway: two drainers, and a long history",
        "columns": ["what", "mails/s", "against", "ratio"],
        "rows": [
            {"what": f"one drainer, {SHORT_HISTORY:,} messages", "mails/s": one},
            {
                "what": "two drainers",
                "mails/s": two,
                "against": "one, rate",
                "ratio": two / one,
            },
            {
                "what": f"one drainer, {long_history:,} messages",
                "mails/s": long,
                "against": "time per mail",
                "ratio": one / long,
            },
        ],
        "notes": [f"{count} mails per round, {rounds} rounds, medians"],
    }
