"""A line to the product that can be cut: what a browser asks over it then reaches nobody, whoever in the browser asks."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class Line:
    """Carries bytes between a port of its own on the loopback and the product's, until it is cut."""

    def __init__(self, url: str) -> None:
        there = urlsplit(url)
        self._there = (str(there.hostname), int(there.port or 80))
        self._door = socket.create_server((self._there[0], 0))
        self.url = f"{there.scheme}://{self._there[0]}:{self._door.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._up, self._held = True, False
        threading.Thread(target=self._listen, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing gets through, and what was under way breaks off."""
        with self._lock:
            self._up = False
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """From now on what is asked is never answered, and nobody is told."""
        with self._lock:
            self._held = True

    def mend(self) -> None:
        """From now on it carries again; what was held stays unanswered."""
        with self._lock:
            self._up, self._held = True, False

    def close(self) -> None:
        self.cut()
        self._door.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._door.accept()
                with self._lock:
                    if not self._up:
                        near.close()
                        continue
                    far = socket.create_connection(self._there)
                    self._open |= {near, far}
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := one.recv(1 << 16):
                if not self._held:
                    other.sendall(some)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
        with self._lock:
            if one not in self._open:  # the other way has ended too
                one.close()
                other.close()
            self._open -= {one, other}
