"""A sandbox of sixty rows, connections whose time passes when they sleep, and frames to change."""

from __future__ import annotations

import datetime as dt
import io
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas import cli
from stcrm_pandas.client import Client
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.sandbox import Sandbox

from .company import Company

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


class Time:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.passed = 0.0
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.passed += seconds

    def timer(self) -> float:
        return self.passed

    def clock(self) -> float:
        return 1_780_000_000 + self.passed


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(company=Company(), as_of=AS_OF, rate_limit=None) as sandbox:
        yield sandbox


@pytest.fixture
def join(tmp_path: Path, time: Time) -> Iterator[Callable[..., Client]]:
    """Connects to a sandbox; `by_address=True` as to the real service, which needs leave to write."""
    opened: list[Client] = []

    def connect(box: Sandbox, *, by_address: bool = False, **options: Any) -> Client:
        usual = {
            "cache_dir": tmp_path / "cache",
            "state_dir": tmp_path / "state",
            "rate_limit": 1000,
            "progress": False,
            "time_zone": "America/Chicago",
            "sleep": time.sleep,
            "timer": time.timer,
            "clock": time.clock,
            "chance": lambda: 0.0,
        }
        place: dict[str, Any] = {"sandbox": box}
        if by_address:
            place = {name: value for name, value in box.connection().items() if name != "sandbox_id"}
        opened.append(stcrm.connect(**{**usual, **place, **options}))
        return opened[-1]

    yield connect
    for crm in opened:
        crm.close()


@pytest.fixture
def crm(box: Sandbox, join: Callable[..., Client]) -> Client:
    return join(box)


@pytest.fixture
def count() -> Callable[..., int]:
    """How many calls a sandbox saw: of an operation, by its method, or all that write."""
    ids = {operation.name: operation.id for operation in OPERATIONS.values()}

    def of(box: Sandbox, method: str | None = None) -> int:
        counted = Counter(arrival.operation for arrival in box.requests)
        if method is not None:
            return counted[ids[method]]
        return sum(n for id, n in counted.items() if id in OPERATIONS and OPERATIONS[id].writes)

    return of


@pytest.fixture
def renamed() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    """Customers before and after: the first `rows` of them get another name."""

    def frames(crm: Client, rows: int = 60, name: str = "New name") -> tuple[pd.DataFrame, pd.DataFrame]:
        before = crm.customers.list(refresh=True)
        after = before.copy()
        after.loc[after.index[:rows], "name"] = name
        return before, after

    return frames


@pytest.fixture(name="stcrm")
def command(monkeypatch, capsys):
    """Runs the command, with what is typed into it, and gives its exit code, what it said and its complaints."""

    def run(*arguments, typed=""):
        monkeypatch.setattr(sys, "argv", ["stcrm", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed) if isinstance(typed, str) else typed)
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def tenant(box, monkeypatch, tmp_path):
    """The sandbox as the environment's tenant, which may be written."""
    monkeypatch.chdir(tmp_path)
    for name, value in box.connection().items():
        if name != "sandbox_id":
            monkeypatch.setenv(f"STCRM_{name.upper()}", str(value))
    for name, value in {"CACHE_DIR": "cache", "STATE_DIR": "state"}.items():
        monkeypatch.setenv(f"STCRM_{name}", str(tmp_path / value))
    monkeypatch.setenv("STCRM_RATE_LIMIT", "1000")
    monkeypatch.setenv("STCRM_ALLOW_WRITES", "1")
    monkeypatch.setenv("STCRM_RETRIES", "0")
    monkeypatch.setenv("STCRM_TIME_ZONE", "America/Chicago")
    return tmp_path
