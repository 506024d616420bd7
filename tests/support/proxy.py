"""A TCP proxy that cuts connections, and a server that never says a word."""

import contextlib
import socket
import threading


class Proxy:
    """Passes bytes on to a port of this machine.

    :param int port: where to; None accepts connections and stays silent
    :param int cut_after: bytes from the server after which each of the first
        ``cuts`` connections is cut
    """

    def __init__(self, port, cut_after=0, cuts=0):
        self.target, self.cut_after, self.cuts = port, cut_after, cuts
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.open = []

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_exception):
        for opened in (self.listener, *self.open):
            opened.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                self.connections += 1
                self.open.append(client)
                if self.target:
                    self._connect(client)

    def _connect(self, client):
        server = socket.create_connection(("127.0.0.1", self.target))
        limit = self.cut_after if self.connections <= self.cuts else None
        for source, sink, most in ((client, server, None), (server, client, limit)):
            pump = threading.Thread(
                target=self._pump, args=(source, sink, most), daemon=True
            )
            pump.start()

    @staticmethod
    def _pump(source, sink, most):
        passed = 0
        with contextlib.suppress(OSError):
            while data := source.recv(4096):
                passed += len(data)
                if most and passed > most:
                    break
                sink.sendall(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
