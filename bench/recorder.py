"""A recording HTTP proxy: requests with their bodies, their order, and their times.

It runs in a separate process and does not depend on the client. It forwards one request at a time, in the order of
arrival, and delays each response by the latency. So the recorded order is the order in which the API carried them out.

    python bench/recorder.py http://127.0.0.1:8000 --latency-ms 20

It prints its address, and at the end of its input one line of JSON for each request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Message = tuple[bytes, dict[str, str], bytes]
"""The first line, the headers in lower case, and the body."""


class Recorded:
    """The address of a recorder, and the requests that it recorded once it has ended."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.requests: list[dict[str, Any]] = []


@contextmanager
def recorded(service: str, *, latency_ms: float = 0.0) -> Iterator[Recorded]:
    """Run a recorder in front of a service; its requests are available after the block."""
    command = [sys.executable, str(Path(__file__)), service, "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        found = Recorded(process.stdout.readline().strip())
        try:
            yield found
        finally:
            process.stdin.close()
            found.requests = [json.loads(line) for line in process.stdout]


class Recorder:
    """Forwards requests to one service and records them."""

    def __init__(self, service: str, latency: float) -> None:
        place = urlsplit(service)
        self._host, self._port = place.hostname or "", place.port or 80
        self._latency = latency
        self._turn = asyncio.Lock()
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.seen: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection of a client."""
        try:
            while (request := await message(reader)) is not None:
                answer = await self._pass_on(request)
                await asyncio.sleep(self._latency)
                writer.write(b"".join(raw(answer)))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pass_on(self, request: Message) -> Message:
        line, headers, body = request
        method, target, _ = line.decode().split(" ", 2)
        async with self._turn:
            at = time.monotonic()
            answer = await self._ask(request)
        self.seen.append(
            {
                "at": at,
                "method": method,
                "target": target,
                "by": headers.get("user-agent", ""),
                "body": json.loads(body) if body[:1] == b"{" else None,
                "status": int(answer[0].split()[1]),
            }
        )
        return answer

    async def _ask(self, request: Message) -> Message:
        if self._upstream is None:
            self._upstream = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._upstream
        writer.write(b"".join(raw(request)))
        await writer.drain()
        answer = await message(reader)
        assert answer is not None, "the service closed the connection"
        return answer


async def message(reader: asyncio.StreamReader) -> Message | None:
    """Read one request or response; None if the connection has ended."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head[:-4].split(b"\r\n")
    headers = {}
    for one in lines:
        name, _, value = one.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return first, headers, await reader.readexactly(int(headers.get("content-length", 0)))


def raw(message: Message) -> list[bytes]:
    """Return the bytes of a message."""
    first, headers, body = message
    lines = [f"{name}: {value}\r\n".encode("latin-1") for name, value in headers.items()]
    return [first, b"\r\n", *lines, b"\r\n", body]


async def run(service: str, latency: float) -> None:
    """Record until the input ends."""
    recorder = Recorder(service, latency)
    server = await asyncio.start_server(recorder.serve, "127.0.0.1", 0, limit=2**24)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for one in recorder.seen:
        print(json.dumps(one))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("service")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    given = parser.parse_args()
    asyncio.run(run(given.service, given.latency_ms / 1000))
