"""Bodies that are too large or unauthenticated are rejected and not kept."""

from __future__ import annotations

import http.client
import json
import socket
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stcrm_pandas.sandbox import Sandbox

from .test_serve import served, sign_in

LARGE = 64 * 2**20


def first_line(sandbox: Sandbox, head: str) -> str:
    """Return the response to a request of which only the head is sent."""
    address = urllib.parse.urlsplit(sandbox.api_url)
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=5) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return connection.recv(1_000).split(b"\r\n")[0].decode()


def head(sandbox: Sandbox, path: str, length: int, token: str = "", key: str = "", kind: str = "json") -> str:
    return (
        f"POST {path} HTTP/1.1\nHost: x\nContent-Type: application/{kind}\nContent-Length: {length}\n"
        f"Authorization: Bearer {token}\nST-App-Key: {key}"
    )


def test_a_rejected_body_is_not_read(caller: Any, standing: Sandbox) -> None:
    caller.sign_in()
    path, good = f"/crm/v2/tenant/{standing.tenant}/leads", {"token": caller.token, "key": standing.app_key}
    for wrong in ({}, {**good, "token": "x"}, {**good, "key": "x"}):
        assert " 401 " in first_line(standing, head(standing, path, 10, **wrong))
        assert " 401 " in first_line(standing, head(standing, path, 10**12, **wrong))
    assert " 413 " in first_line(standing, head(standing, path, LARGE + 1, **good))
    form = "x-www-form-urlencoded"
    assert " 413 " in first_line(standing, head(standing, "/connect/token", 2**16 + 1, kind=form))


def test_a_body_sent_without_a_valid_token_is_not_recorded(fresh: Any) -> None:
    sandbox, caller = fresh()
    caller.sign_in()
    sandbox.revoke_tokens()
    assert caller.call("POST", "leads", {"summary": "s"})[0] == 401
    assert (sandbox.requests[-1].operation, sandbox.requests[-1].body) == ("Leads_Create", None)
    caller.sign_in()
    assert caller.call("POST", "leads", {"summary": "s"})[0] == 400
    assert sandbox.requests[-1].body == {"summary": "s"}


def pieces(millions: int) -> Iterator[bytes]:
    for _ in range(millions):
        yield b" " * 2**20


def peak(process: Any) -> int:
    """Return the peak memory of a process in MB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells how much memory a process has had")
def test_rejected_large_bodies_use_no_memory() -> None:
    with served("--leads", "100", "--rate-limit", "0") as (process, connection):
        address = urllib.parse.urlsplit(connection["api_url"])
        headers = {"Content-Type": "application/json", "ST-App-Key": connection["app_key"]}
        before = peak(process)
        for token, status, most in (("", 401, 30), (sign_in(connection), 413, 120)):
            raw = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
            sent = {**headers, "Authorization": f"Bearer {token}"}
            path = f"/crm/v2/tenant/{connection['tenant']}/leads"
            raw.request("POST", path, pieces(100), sent, encode_chunked=True)
            answer = raw.getresponse()
            assert (answer.status, json.loads(answer.read())["status"]) == (status, status)
            raw.close()
            assert peak(process) - before < most, "MB"
