"""A service in raw bytes: what no honest server would send."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from typing import Any

TOKEN = json.dumps({"access_token": "t0ken", "expires_in": 900}).encode()
Respond = Callable[[Callable[[bytes], Any], threading.Event], None]
"""Sends a response in pieces; the event is set when the service ends."""


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    block_on_close = False


@contextlib.contextmanager
def raw_service(respond: Respond | bytes, *, token: bytes = TOKEN) -> Iterator[str]:
    """A service that answers each sign-in with a token, and all else so; gives its address."""
    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while line := self.rfile.readline():
                    length = 0
                    while (header := self.rfile.readline().strip()) and not ended.is_set():
                        if header.lower().startswith(b"content-length:"):
                            length = int(header.partition(b":")[2])
                    self.rfile.read(length)
                    if line.startswith(b"POST /connect/token"):
                        self.request.sendall(response(token))
                    elif callable(respond):
                        respond(self.request.sendall, ended)
                        return
                    else:
                        self.request.sendall(respond)

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
