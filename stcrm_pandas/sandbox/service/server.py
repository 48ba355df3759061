"""The web server on loopback, in a thread of this process."""

from __future__ import annotations

import asyncio
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from stcrm_pandas.errors import SettingsError


class Server:
    """A server that runs until it is stopped; `address` is its URL."""

    def __init__(self, application: ASGIApp, port: int = 0) -> None:
        # With the protocol named, asyncio sends small responses at once; without it, each waits 40 ms for more data.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            self._socket.close()
            raise SettingsError(f"the sandbox cannot listen on port {port}: {error}") from None
        self.address = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = _Uvicorn(
            uvicorn.Config(
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
            )
        )
        self._thread = threading.Thread(target=self._run, name="stcrm-sandbox", daemon=True)
        self._thread.start()
        self._server.ready.wait()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self._server.end()
        self._thread.join()
        self._socket.close()


class _Uvicorn(uvicorn.Server):
    """A server that stops at once: uvicorn checks every 0.1 seconds, and then waits another 0.1."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._ended: asyncio.Event | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self.ready.set()
        await self._ended.wait()

    def end(self) -> None:
        if self._ended is not None:
            self._loop.call_soon_threadsafe(self._ended.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self.server_state.connections):  # whose response was not yet complete
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)  # closed sockets are released in the next round of the loop
