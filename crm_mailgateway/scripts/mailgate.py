#!/usr/bin/env python3
"""Hand one mail from a mail server to Odoo, byte for byte.

Put it into a pipe alias, for example of Postfix::

    support: "|/usr/local/bin/mailgate.py --database prod --user gateway
             --password-file /etc/mailgate.secret"

The user has to be a manager of cases, or an administrator, for the verdicts of your
mail server (DMARC) to count in his mails; of anybody else they prove nothing.

The mail is read from standard input as bytes, whatever its encoding. On any
failure the exit status is 75 (EX_TEMPFAIL of sysexits.h): the mail server then
keeps the mail and tries again, instead of returning it to its sender.
"""

import argparse
import os
import sys
import xmlrpc.client
from pathlib import Path

EX_TEMPFAIL = 75


def main():
    """Read the command line and the mail, and deliver it."""
    options = _parser().parse_args()
    try:
        deliver(options, sys.stdin.buffer.read())
    except Exception as error:  # noqa: BLE001 whatever it is, the mail must be kept
        # The last line of a server's traceback says what happened.
        words = str(getattr(error, "faultString", error)).strip().splitlines()
        sys.stderr.write(f"mailgate: {words[-1] if words else type(error).__name__}\n")
        return EX_TEMPFAIL
    return 0


def deliver(options, content):
    """Call Odoo's mail gateway with the bytes of a mail.

    :raise Exception: if the server cannot be reached or does not take the mail
    """
    url = f"{options.proto}://{options.host}:{options.port}/xmlrpc/2"
    password = _password(options)
    common = xmlrpc.client.ServerProxy(f"{url}/common")
    uid = common.authenticate(options.database, options.user, password, {})
    if not uid:
        raise PermissionError("wrong user or password")
    target = xmlrpc.client.ServerProxy(f"{url}/object", allow_none=True)
    target.execute_kw(
        *(options.database, uid, password, "mail.thread", "message_process"),
        [options.model or False, xmlrpc.client.Binary(content)],
    )


def _password(options):
    if options.password_file:
        return Path(options.password_file).read_text(encoding="utf-8").strip()
    return os.environ[options.password_env]


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-d", "--database", required=True)
    parser.add_argument("-u", "--user", required=True, help="login of an Odoo user")
    # Not on the command line, where every user of the machine could read it.
    parser.add_argument("--password-file", help="file that holds the password")
    parser.add_argument("--password-env", default="MAILGATE_PASSWORD")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=8069)
    parser.add_argument("--proto", choices=("http", "https"), default="http")
    parser.add_argument("--model", help="model for mails to no known address")
    return parser


if __name__ == "__main__":
    sys.exit(main())
