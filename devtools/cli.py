"""The command line of ``./dev``: arguments in, one call out."""

import argparse
import signal
import sys

from . import checks, databases, mail, odoo, postgres, runtime, server
from .console import DevError, foreground, say
from .paths import OUTBOX, ROOT, WORK

DEFAULT_PORT = 8069

# Everything behind these belongs to another program, its options too.
PASSED_THROUGH = ("odoo", "test")


def main(arguments):
    """Run one command.

    :param list arguments: the command line without the program's name
    :return: the exit status; errors are explained on standard error
    """
    rest = arguments[1:] if arguments[:1] and arguments[0] in PASSED_THROUGH else []
    options = _parser().parse_args(arguments[: len(arguments) - len(rest)])
    options.arguments = rest
    # So that a plain ``kill`` stops what we have started, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit(128 + signal.SIGTERM))
    try:
        _make_work_folder()
        return options.call(options) or 0
    except DevError as error:
        say(f"\n✗ {error}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def _make_work_folder():
    try:
        WORK.mkdir(exist_ok=True)
        (WORK / "writable").touch()
    except OSError as error:
        raise DevError(
            f"{WORK} cannot be written: {error.strerror}.",
            "Give it to yourself, or clone the repository to a folder of your own.",
        ) from error


def _parser():
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="Run, test and measure the three addons on a real Odoo 19.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name, call, help_text, **options):
        added = commands.add_parser(
            name, help=help_text, description=help_text, **options
        )
        added.set_defaults(call=call)
        return added

    _add_run(command)
    _add_db(command("db", None, "create, drop or list databases"))
    _add_mail(command)
    _add_checks(command)
    command("pictures", _pictures, "retake the documentation's pictures from the demo")
    command("setup", _setup, "only provision what the other commands need")
    shell = command("shell", _shell, "Odoo shell; a script on stdin runs with `env`")
    shell.add_argument("database")
    command("odoo", _odoo, "Odoo's own command line")
    return parser


def _add_run(command):
    added = command("run", _run, "set everything up, then serve the ERP")
    added.add_argument("--port", type=int, default=DEFAULT_PORT)
    added.add_argument("--db", default="demo", help="database (default: demo)")
    added.add_argument(
        "--no-demo", action="store_true", help="no demo data in a new database"
    )


def _add_db(parser):
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    create = actions.add_parser("create", help="a fresh database with the three addons")
    create.add_argument("name")
    create.add_argument("--demo", action="store_true", help="with demo data")
    create.add_argument(
        "--apps-only",
        action="store_true",
        help="only what the addons depend on, to install them by hand",
    )
    create.set_defaults(call=_db_create)
    drop = actions.add_parser("drop", help="remove a database and its files")
    drop.add_argument("name")
    drop.set_defaults(call=_db_drop)
    actions.add_parser("list", help="list the databases").set_defaults(call=_db_list)


def _add_mail(command):
    added = command("mail", _mail, "hand a mail to the running server, byte for byte")
    added.add_argument("file", nargs="?", metavar="FILE.eml", help="a stored mail")
    added.add_argument("--to", help="recipient (default: the file's own)")
    added.add_argument("--from", dest="sender", default=mail.SENDER)
    added.add_argument("--subject", default="A question about my order")
    added.add_argument("--body", default=mail.BODY)
    outbox = command("outbox", _outbox, "list and show the mails that were caught")
    outbox.add_argument("number", nargs="?", type=int, help="show this one")


def _add_checks(command):
    command("test", _test, "run the whole test suite, or what pytest is told")
    lint = command("lint", _lint, "check style: ruff, pylint-odoo, XML")
    lint.add_argument("--fix", action="store_true", help="mend what can be mended")
    bench = command("bench", _bench, "run a benchmark of bench/ on both sides")
    bench.add_argument("name")
    bench.add_argument("--scale", choices=("small", "full"), default="small")
    bench.add_argument("--json", metavar="FILE", help="write the figures there")
    bench.add_argument("--db", help="use this database, and keep it with its data")


def _setup(_options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        say(f"✓ Odoo {odoo_runtime.version} in {odoo_runtime.python}")
        say("✓ PostgreSQL answers")


def _run(options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        return server.serve(
            odoo_runtime, options.port, options.db, demo=not options.no_demo
        )


def _db_create(options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        databases.create(
            odoo_runtime, options.name, options.demo, addons=not options.apps_only
        )


def _db_drop(options):
    with postgres.server():
        databases.drop(options.name)


def _db_list(_options):
    with postgres.server():
        sys.stdout.write("".join(f"{name}\n" for name in databases.names()))


def _shell(options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        databases.check_name(options.database)
        if not databases.exists(options.database):
            raise DevError(
                f"There is no database '{options.database}'.",
                f"Create it: ./dev db create {options.database}",
            )
        # A script wants its own output only: Odoo says what goes wrong, on stderr.
        quiet = [] if sys.stdin.isatty() else ["--log-level=warn"]
        shell = ["shell", "-d", options.database, "--no-http", *quiet]
        return foreground(odoo.command(odoo_runtime, *shell), odoo.environment())


def _odoo(options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        return odoo.pass_through(odoo_runtime, options.arguments)


def _mail(options):
    return mail.send(options)


def _outbox(options):
    return mail.show_outbox(options.number)


def _pictures(_options):
    port, _database = server.running()
    python, url = runtime.provide().python, f"http://127.0.0.1:{port}"
    scripts = sorted((ROOT / "docs").glob("pictures*.py"))
    return max(foreground([python, script, url, OUTBOX]) for script in scripts)


def _test(options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        return checks.test(odoo_runtime, options.arguments)


def _lint(options):
    return checks.lint(runtime.provide(), fix=options.fix)


def _bench(options):
    odoo_runtime = runtime.provide()
    with postgres.server():
        return checks.bench(
            odoo_runtime, options.name, options.scale, options.json, options.db
        )
