"""A server on this machine that notes every request, and answers none."""

from __future__ import annotations

import socket
import threading
from types import TracebackType


class Listener:
    """Listens until the block ends.

    Attributes
    ----------
    url : str
    heard : list of str
        The first line of each request, empty for a connection without one.
    """

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.heard: list[str] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Listener:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with socket.create_connection(self.socket.getsockname()) as last:  # wakes it up
            last.sendall(b"end")
            self.thread.join(5)
        self.socket.close()

    def _serve(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            with connection:
                connection.settimeout(2)
                try:
                    said = connection.recv(4096).partition(b"\r\n")[0].decode("latin-1")
                    if said == "end":
                        return
                    self.heard.append(said)
                    connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                except OSError:
                    self.heard.append("")
