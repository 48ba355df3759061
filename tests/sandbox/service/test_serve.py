"""`stcrm sandbox serve` in its own process."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stcrm_pandas.commands.sandbox import app

SERVE = [sys.executable, "-W", "error", "-c", "from stcrm_pandas.commands.sandbox import app; app()", "serve"]


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    process = subprocess.Popen([*SERVE, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def sign_in(connection: dict[str, Any]) -> str:
    form = {"grant_type": "client_credentials"} | {name: connection[name] for name in ("client_id", "client_secret")}
    with urllib.request.urlopen(connection["auth_url"], urllib.parse.urlencode(form).encode()) as answer:
        return str(json.load(answer)["access_token"])


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_serve_starts_and_stops_cleanly(name: str, tmp_path: Path) -> None:
    state = tmp_path / "state.sqlite"
    options = ("--leads", "120", "--seed", "3", "--as-of", "2026-05-01", "--state", str(state), "--no-effects")
    with served(*options, "--latency-ms", "1", "--rate-limit", "0", "--feed-delay", "0") as (process, connection):
        assert set(connection) == {
            "api_url",
            "auth_url",
            "tenant",
            "client_id",
            "client_secret",
            "app_key",
            "sandbox_id",
        }
        assert connection["api_url"].startswith("http://127.0.0.1:")
        headers = {"Authorization": f"Bearer {sign_in(connection)}", "ST-App-Key": connection["app_key"]}
        url = f"{connection['api_url']}/crm/v2/tenant/{connection['tenant']}/leads?includeTotal=true"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            assert json.load(answer)["totalCount"] > 20
            assert answer.headers["Date"].startswith("Fri, 01 May 2026")
        process.send_signal(getattr(signal, name))
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")
    assert state.exists()


def test_a_terminal_shows_progress() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    shown: list[bytes] = []

    def read() -> None:
        with suppress(OSError):  # which says that the other side is closed
            while part := os.read(ours, 10_000):
                shown.append(part)

    reader = threading.Thread(target=read)
    options = ("--leads", "3000", "--as-of", "2026-05-01")
    process = subprocess.Popen([*SERVE, *options], stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    reader.start()
    try:
        assert process.stdout is not None
        connection = json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()
        reader.join()
        os.close(ours)
    assert connection["tenant"]
    assert "demo company" in b"".join(shown).decode()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--as-of", "soon"), "not a date"),
        (("--faults", "/nowhere/faults.json"), "cannot be read"),
        (("--port", "99999"), "cannot listen"),
        (("--state", "."), "is a folder"),
        (("--state", "/dev/null/company.sqlite"), "cannot be created"),
        (("--state", "/proc/company.sqlite"), "cannot be created"),
        (("--feed-delay", "100000"), "between 0 and 86400 seconds"),
    ],
)
def test_invalid_options(options: tuple[str, ...], message: str) -> None:
    done = CliRunner().invoke(app, ["serve", "--leads", "100", *options])
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    if "Usage:" not in done.stderr:  # of a word that typer does not take it shows the usage, too
        assert done.stderr.count("\n") == 1
