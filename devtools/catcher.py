"""An SMTP server that keeps every mail as a file and sends nothing anywhere.

Just enough of RFC 5321 for Odoo's ``smtplib`` client, on loopback.
"""

import asyncio
import contextlib
import threading
from pathlib import Path


class Catcher:
    """Catch mails in a background thread.

    :param pathlib.Path folder: where mails go, as ``0001.eml``, ``0002.eml``, …
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = None
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(self, *_exception):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        serving = asyncio.start_server(self._converse, "127.0.0.1", 0, limit=2**27)
        server = self._loop.run_until_complete(serving)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _converse(self, reader, writer):
        def answer(line):
            writer.write(f"{line}\r\n".encode())

        answer("220 catcher")
        recipients = []
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while verb := (await reader.readline()).strip():
                word = verb.split(b" ")[0].split(b":")[0].upper()
                if word == b"QUIT":
                    answer("221 bye")
                    break
                if word == b"RCPT":
                    recipients.append(verb[8:].strip().decode("utf-8", "replace"))
                if word == b"DATA":
                    answer("354 go on")
                    self._keep(await self._data(reader), recipients)
                    recipients = []
                if word == b"EHLO":
                    answer("250-catcher")
                answer("250 SMTPUTF8" if word == b"EHLO" else "250 ok")
        writer.close()

    @staticmethod
    async def _data(reader):
        lines = []
        while (line := await reader.readline()) not in (b".\r\n", b".\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)

    def _keep(self, mail, recipients):
        envelope = f"X-Envelope-To: {', '.join(recipients)}\r\n".encode()
        number = 1 + max((int(p.stem) for p in self.folder.glob("*.eml")), default=0)
        unfinished = self.folder / f".{self.port}.part"
        unfinished.write_bytes(envelope + mail)
        while True:
            try:
                # Fails where another server's catcher took the number meanwhile.
                (self.folder / f"{number:04}.eml").hardlink_to(unfinished)
                break
            except FileExistsError:
                number += 1
        unfinished.unlink()
