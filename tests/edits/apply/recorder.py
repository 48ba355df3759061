"""A record of what a client sends, by a proxy on loopback that notes each body before it passes it on."""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


class Recorder:
    """Passes HTTP requests on to a service and keeps those that write: method, path, body, status (None: no answer)."""

    def __init__(self, target: str) -> None:
        self.writes: list[list[Any]] = []
        self._lock = threading.Lock()
        host = urlsplit(target).netloc
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                if len(body) < length:  # the client was killed in the middle of it: nobody can have acted on it
                    self.close_connection = True
                    return
                seen = [self.command, self.path, body, None]
                if self.command != "GET" and "/connect/token" not in self.path:
                    with recorder._lock:
                        recorder.writes.append(seen)
                there = http.client.HTTPConnection(host, timeout=60)
                try:
                    headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
                    there.request(self.command, self.path, body or None, headers)
                    answer = there.getresponse()
                    content = answer.read()
                    seen[3] = answer.status
                    self.send_response_only(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(content)))
                    self.end_headers()
                    self.wfile.write(content)
                except (OSError, http.client.HTTPException):
                    self.close_connection = True  # the answer was cut: the client sees it cut, too
                finally:
                    there.close()

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _pass_on

            def log_message(self, format: str, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that was killed closes its connections

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
