"""Databases with the three addons, copied from cached templates.

Two layers, because only the second changes often: one template with the apps
that our addons depend on, and upon it one with our addons. A template's name
holds the digest of what it was made from, so a stale one is never used.
"""

import ast
import contextlib
import fcntl
import functools
import hashlib
import os
import re
import shutil

from . import odoo, postgres
from .console import DevError, run, say, step
from .paths import ADDONS, DATA, LOGS, ROOT, WORK, addon_files

# One server may serve several checkouts: each has templates of its own.
PREFIX = f"dev_template_{hashlib.sha256(str(ROOT).encode()).hexdigest()[:6]}_"
NOT_IN_DATABASES = {"tests", "static", "readme"}
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,50}")


def create(odoo_runtime, name, demo=False, addons=True):
    """Create a database by copying a template.

    :param str name: its name; lower-case letters, digits, ``_`` and ``-``
    :param bool demo: with demo data
    :param bool addons: with our three addons, or only with what they depend on
    :raise DevError: if the name is taken or unfit
    """
    check_name(name)
    if exists(name):
        raise DevError(
            f"There is a database '{name}' already.",
            f"Use another name, or remove it: ./dev db drop {name}",
        )
    template = _addons_template if addons else _apps_template
    _copy(template(odoo_runtime, demo), name)


def drop(name):
    """Remove a database and its files.

    :raise DevError: if there is none of that name
    """
    check_name(name)
    if not exists(name):
        raise DevError(f"There is no database '{name}'.", "./dev db list shows them.")
    _drop(name)


def names():
    """Return the names of the databases, without templates."""
    rows = postgres.query(
        "SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1", "postgres"
    )
    hidden = {"postgres"}
    return [n for (n,) in rows if n not in hidden and not n.startswith(PREFIX)]


def exists(name):
    return bool(
        postgres.query(
            f"SELECT 1 FROM pg_database WHERE datname = '{name}'", "postgres"
        )
    )


def has_user(name, login):
    """Tell whether a database has a user of that login."""
    statement = f"SELECT 1 FROM res_users WHERE login = '{login}' AND active"
    return bool(postgres.query(statement, name))


def update_if_stale(odoo_runtime, name):
    """Update our addons in a database whose code is older than the checkout's."""
    mark = WORK / "data" / "updated" / name
    digest = _addons_digest()
    if mark.exists() and mark.read_text() == digest:
        return
    with step(f"Updating the addons in database '{name}'"):
        _odoo(odoo_runtime, name, "-u", ",".join(ADDONS))
    _mark_updated(name)


def set_address(name, address):
    """Let the links in mails lead to the server that we are going to start."""
    postgres.query(
        "INSERT INTO ir_config_parameter (key, value) VALUES"
        f" ('web.base.url', '{address}'), ('web.base.url.freeze', 'True')"
        " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value",
        name,
    )


def _mark_updated(name):
    mark = WORK / "data" / "updated" / name
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.write_text(_addons_digest())


def check_name(name):
    """Refuse what is no name of a database of ours.

    :raise DevError: saying which names are
    """
    if (
        not NAME.fullmatch(name)
        or name.startswith("dev_template_")
        or name == "postgres"
    ):
        raise DevError(
            f"'{name}' cannot be the name of a database.",
            "Use lower-case letters, digits, '_' and '-'.",
        )


# Templates


def _apps_template(odoo_runtime, demo):
    """Return the template that holds what our addons depend on."""
    apps = _dependencies()
    digest = _digest(odoo_runtime.version, *apps)
    name = f"{PREFIX}apps_{'demo_' if demo else ''}{digest}"

    def build():
        with step(f"Building the database of apps ({_kind(demo)}, about 2 minutes)"):
            demo_option = ["--with-demo"] if demo else []
            _odoo(odoo_runtime, name, "-i", ",".join(apps), *demo_option)

    return _cached(name, f"{PREFIX}apps_{'demo_' if demo else ''}", build)


def _addons_template(odoo_runtime, demo):
    """Return the template that holds our three addons."""
    digest = _digest(odoo_runtime.version, _addons_digest())
    kind = "demo_" if demo else "plain_"
    name = f"{PREFIX}{kind}{digest}"

    def build():
        _copy(_apps_template(odoo_runtime, demo), name)
        with step(f"Installing the three addons ({_kind(demo)})"):
            demo_option = ["--with-demo"] if demo else []
            _odoo(odoo_runtime, name, "-i", ",".join(ADDONS), *demo_option)
            _fail_on_missing_demo(name, demo)

    return _cached(name, f"{PREFIX}{kind}", build)


def _kind(demo):
    return "with demo data" if demo else "without demo data"


def _cached(name, family, build):
    """Return a template, built once; older ones of its family are removed."""
    with _building(family):
        if exists(name) and not _finished(name):
            _drop(name)  # its making was interrupted
        if not exists(name):
            for old in _of_family(family):
                _drop(old)
            build()
            postgres.query(f"COMMENT ON DATABASE \"{name}\" IS 'finished'", "postgres")
    return name


def _of_family(family):
    statement = f"SELECT datname FROM pg_database WHERE datname ~ '^{family}[0-9a-f]+$'"
    return [name for (name,) in postgres.query(statement, "postgres")]


@contextlib.contextmanager
def _building(family):
    with (WORK / f"{family}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _finished(name):
    rows = postgres.query(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
        f" WHERE datname = '{name}'",
        "postgres",
    )
    # Its files may be gone, with the work folder, while the server kept its rows.
    return rows == [["finished"]] and (DATA / "filestore" / name).exists()


@functools.cache
def _dependencies():
    """Return the modules that our manifests name, without our own."""
    found = set()
    for addon in ADDONS:
        manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())
        found.update(manifest["depends"])
    return sorted(found.difference(ADDONS))


@functools.cache
def _addons_digest():
    digest = hashlib.sha256()
    for path in addon_files():
        if not NOT_IN_DATABASES.intersection(path.relative_to(ROOT).parts):
            digest.update(str(path.relative_to(ROOT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _fail_on_missing_demo(name, demo):
    """Odoo goes on without demo data that it cannot install."""
    if not demo:
        return
    rows = postgres.query(
        f"SELECT name FROM ir_module_module WHERE NOT demo AND name IN {ADDONS!r}", name
    )
    if rows:
        raise DevError(
            f"The demo data of {', '.join(row[0] for row in rows)} did not install.",
            f"Read {LOGS / f'{name}.log'}",
        )


# Copies


def _odoo(odoo_runtime, name, *arguments):
    options = ["--stop-after-init", "--no-http", "--max-cron-threads=0"]
    run(
        odoo.command(odoo_runtime, "-d", name, *arguments, *options),
        log=LOGS / f"{name}.log",
        env=odoo.environment(),
        problem=f"Odoo could not prepare the database '{name}'.",
        remedy=f"Read {LOGS / f'{name}.log'}",
    )
    _fail_on_module_errors(name)


def _fail_on_module_errors(name):
    """Odoo skips a module it cannot install and still exits with 0."""
    rows = postgres.query(
        "SELECT name FROM ir_module_module WHERE state LIKE 'to %'", name
    )
    if rows:
        raise DevError(
            f"Odoo did not finish installing {', '.join(row[0] for row in rows)}.",
            f"Read {LOGS / f'{name}.log'}",
        )


def _copy(template, name):
    with step(f"Copying {template} to {name}"):
        postgres.query(f'CREATE DATABASE "{name}" TEMPLATE "{template}"', "postgres")
        _copy_filestore(template, name)
        # A copy is another database, and sends nothing that its template left over.
        postgres.query(
            "UPDATE ir_config_parameter SET value = gen_random_uuid()::text"
            " WHERE key IN ('database.uuid', 'database.secret');"
            " DELETE FROM mail_mail WHERE state = 'outgoing'",
            name,
        )
        _mark_updated(name)


def _copy_filestore(template, name):
    """Link the files: they are named by their content and never written again."""
    source = DATA / "filestore" / template
    target = DATA / "filestore" / name
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target, copy_function=os.link)


def _drop(name):
    postgres.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', "postgres")
    shutil.rmtree(DATA / "filestore" / name, ignore_errors=True)
    (WORK / "data" / "updated" / name).unlink(missing_ok=True)
    say(f"  dropped database {name}")
