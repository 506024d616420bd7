"""A real IMAP and POP3 server on loopback, for one test."""

import contextlib
import getpass
import grp
import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

PASSWORD = "any password will do"

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
auth_username_chars =
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


def free_port():
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Dovecot:
    """IMAP and POP3 for any user name and any password; mails lie in maildirs."""

    def __init__(self):
        self.imap, self.pop3 = free_port(), free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self._process = None

    def __enter__(self):
        user, group = self._account()
        (self.folder / "mail").mkdir()
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            shutil.chown(self.folder / "mail", user, group)
        config = self.folder / "dovecot.conf"
        config.write_text(
            CONFIG.format(
                folder=self.folder,
                user=user,
                group=group,
                imap=self.imap,
                pop3=self.pop3,
            )
        )
        program = shutil.which("dovecot", path=os.environ["PATH"] + ":/usr/sbin")
        assert program, (
            "Dovecot is missing: apt-get install dovecot-imapd dovecot-pop3d"
        )
        self._process = subprocess.Popen([program, "-F", "-c", config])
        self._wait_until_ready()
        return self

    def __exit__(self, *_exception):
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _account():
        if os.geteuid() == 0:
            return "nobody", grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
        return getpass.getuser(), grp.getgrgid(os.getegid()).gr_name

    def _wait_until_ready(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self.connect("probe").logout()
                return
            time.sleep(0.1)
        log = self.folder / "dovecot.log"
        raise AssertionError(log.read_text() if log.exists() else "no log of Dovecot")

    def connect(self, user):
        """Return an IMAP connection with the inbox selected."""
        connection = imaplib.IMAP4("127.0.0.1", self.imap)
        connection.login(user, PASSWORD)
        connection.select()
        return connection

    def deliver(self, user, content):
        """Put a mail into a mailbox, unseen."""
        connection = self.connect(user)
        status, answer = connection.append("INBOX", "", None, content)
        assert status == "OK", answer
        connection.logout()

    def drop(self, user, name, content):
        """Lay a file into the maildir of a user: any bytes, none changed on the way."""
        maildir = self.folder / "mail" / user
        parts = [maildir / name for name in ("cur", "new", "tmp")]
        for part in parts:
            part.mkdir(parents=True, exist_ok=True)
        path = maildir / "tmp" / name
        path.write_bytes(content)
        if os.geteuid() == 0:
            for owned in (maildir, *parts, path):
                shutil.chown(owned, *self._account())
        # At once, or somebody may read half of it.
        path.rename(maildir / "new" / name)

    def set_unseen(self, user):
        """Let all mails of a user look as if nobody had fetched them."""
        connection = self.connect(user)
        if connection.search(None, "ALL")[1][0]:
            connection.store("1:*", "-FLAGS", "\\Seen")
        connection.logout()

    def count(self, user, criterion="ALL"):
        """Return how many mails of a mailbox match an IMAP criterion."""
        connection = self.connect(user)
        numbers = connection.search(None, criterion)[1][0].split()
        connection.logout()
        return len(numbers)
