"""A real SMTP server that keeps what it is given."""

import email
import email.policy
import time

from aiosmtpd.controller import Controller
from dovecot import free_port


class SmtpSink:
    """Accepts every mail; ``mails`` holds them parsed, oldest first."""

    def __init__(self):
        self.port = free_port()
        self.mails = []
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(
            envelope.original_content, policy=email.policy.default
        )
        self.mails.append(message)
        return "250 kept"

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_exception):
        self._controller.stop()

    def wait_for(self, recipient, count=1, seconds=60):
        """Return the mails to an address, once there are enough of them."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = [m for m in self.mails if recipient in str(m["To"])]
            if len(found) >= count:
                return found
            time.sleep(0.1)
        subjects = [f"{m['To']}: {m['Subject']}" for m in self.mails]
        raise AssertionError(f"no {count} mails to {recipient}, only {subjects}")
