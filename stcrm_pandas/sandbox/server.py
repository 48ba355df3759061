"""A web server on loopback, in a thread of this process."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from stcrm_pandas.errors import SettingsError

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Server:
    """Serves an application until it is stopped; `address` is where."""

    def __init__(self, application: ASGIApp, port: int = 0) -> None:
        import uvicorn

        # With the protocol named, asyncio sends small answers at once; without, each waits 40 ms for more to send.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError as error:
            self._socket.close()
            raise SettingsError(f"the sandbox cannot listen on port {port}: {error.strerror}") from None
        self._socket.listen(512)  # from here on callers may knock, the thread lets them in when it is up
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            application,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=0,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="stcrm-sandbox", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        sockets: list[Any] = [self._socket]
        self._server.run(sockets=sockets)

    def stop(self) -> None:
        """End all connections and the thread."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
