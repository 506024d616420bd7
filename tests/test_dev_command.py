"""The one command of the repository, called as a newcomer would."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from dev import ROOT, Database, dev
from dovecot import free_port
from odoo_server import processes_of

HEADERS = b"From: Robin <robin@example.com>\r\nSubject: Bonjour\r\n"


def test_a_plain_kill_ends_what_was_started():
    with Database() as name:
        command = [sys.executable, str(ROOT / "dev"), "odoo", "-d", name]
        process = subprocess.Popen(
            [*command, f"--http-port={free_port()}"],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for line in process.stderr:
            if "HTTP service" in line:
                break
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
        assert not processes_of(process.pid), "Odoo must end with ./dev"


def test_databases_are_created_listed_and_dropped():
    with Database() as name:
        assert name in dev("db", "list").stdout.split()
        again = dev("db", "create", name, check=False)
        assert again.returncode == 1
        assert f"./dev db drop {name}" in again.stderr
    assert name not in dev("db", "list").stdout.split()


@pytest.mark.parametrize("name", ["Postgres; DROP", "postgres", "", "dev_template_x"])
def test_unfit_names_are_refused(name):
    for command in ("create", "drop"):
        done = dev("db", command, name, check=False)
        assert done.returncode == 1
        assert "cannot be the name of a database" in done.stderr
        assert "Traceback" not in done.stderr


def test_shell_runs_scripts():
    with Database() as name:
        script = "print(env['crm.case.type'].search_count([]))"
        assert dev("shell", name, input_text=script).stdout == "8\n"
        failed = dev("shell", name, input_text="1 / 0", check=False)
        assert failed.returncode != 0
        assert failed.stdout == ""
        assert "ZeroDivisionError" in failed.stderr


def test_shell_on_no_database_says_what_to_do():
    done = dev("shell", "nowhere", check=False)
    assert done.returncode == 1
    assert "./dev db create nowhere" in done.stderr


def test_unknown_benchmark_names_the_known():
    done = dev("bench", "nonsense", check=False)
    assert done.returncode == 1
    assert "Known: cases, mail, " in done.stderr


def test_port_in_use_is_said_at_once():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = dev("run", "--port", str(port), check=False, timeout=60)
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_server_is_said():
    done = dev("mail", "--to", "a@b.example", check=False)
    assert done.returncode == 1
    assert "./dev run" in done.stderr


@pytest.fixture(scope="module")
def running():
    """``./dev run`` on a database without demo data, stopped by Ctrl-C."""
    with Database() as name, _interrupted_at_the_end(name) as process:
        yield process


@contextlib.contextmanager
def _interrupted_at_the_end(name):
    command = [sys.executable, str(ROOT / "dev"), "run", "--db", name]
    command += ["--port", str(free_port()), "--no-demo"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        for line in process.stderr:
            if "Stop with Ctrl-C" in line:
                break
        assert process.poll() is None, "./dev run ended at its start"
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 0, "Ctrl-C must be a clean end"
        assert not processes_of(process.pid), "nothing may be left running"


def test_mail_prints_case_and_thanks(running):
    sender = "Zoë Ångström <zoe@example.com>"
    done = dev("mail", "--to", "help@shop.example", "--from", sender)
    assert re.match(r"\[CASE-\d{5}\] A question about my order\n", done.stdout)
    assert "General" in done.stdout
    assert "http://127.0.0.1:" in done.stdout
    assert "thank you for your message" in done.stdout
    assert "To: " in done.stdout and "zoe@example.com" in done.stdout
    assert "A question about my order" in dev("outbox").stdout


def test_mail_goes_byte_for_byte(running, tmp_path):
    content = HEADERS + b"To: x@y.example\r\n\r\nd\xe9j\xe0 \xff\x00 vu\r\n"
    file = tmp_path / "latin1.eml"
    file.write_bytes(content)
    done = dev("mail", str(file))
    assert "] Bonjour\n" in done.stdout


def test_unreadable_file(running):
    done = dev("mail", "/nowhere/to/be/found.eml", check=False)
    assert done.returncode == 1
    assert "cannot be read: No such file" in done.stderr


def test_empty_mail_is_kept(running, tmp_path):
    file = tmp_path / "empty.eml"
    file.write_bytes(b"")
    done = dev("mail", str(file), check=False)
    assert done.returncode == 1
    assert "There is nothing in this mail." in done.stderr
    assert re.search(r"kept as received mail #\d+", done.stderr)


def test_mail_to_no_known_address_is_kept(running):
    database = running.args[running.args.index("--db") + 1]
    script = (
        "domain = env['mail.alias.domain'].create({'name': 'ours.example'})\n"
        "env.company.alias_domain_id = domain\n"
        "env.cr.commit()\n"
        # As after any request, but a shell is none: other processes remember.
        "env.registry.signal_changes()\n"
    )
    dev("shell", database, input_text=script)
    done = dev("mail", "--to", "who@elsewhere.example", check=False)
    assert done.returncode == 1
    assert "who@elsewhere.example" in done.stderr
    assert re.search(r"kept as received mail #\d+", done.stderr)
    known = dev("mail", "--to", "anybody@ours.example", "--subject", "To our domain")
    assert "] To our domain\n" in known.stdout


def test_same_mail_again_says_so(running, tmp_path):
    file = tmp_path / "once.eml"
    file.write_bytes(HEADERS.replace(b"Bonjour", b"Once") + b"\r\nHello\r\n")
    first = dev("mail", "--to", "anybody@ours.example", str(file))
    assert "thank you for your message" in first.stdout
    again = dev("mail", "--to", "anybody@ours.example", str(file))
    assert "received before" in again.stderr
    assert again.stdout.splitlines()[0] == first.stdout.splitlines()[0]


def test_no_address_is_said(running):
    done = dev("mail", "--to", "a@b.example", "--from", "x\ny", check=False)
    assert done.returncode == 1
    assert "no address" in done.stderr
