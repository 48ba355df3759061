"""A sandbox of a few rows, and connections to it that do not wait."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.sandbox import Sandbox

from .company import Company

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """As good as new."""
    with Sandbox(company=Company(), as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def standing() -> Iterator[Sandbox]:
    """One for all tests that send nothing, or what changes nothing."""
    with Sandbox(company=Company(), as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox:
        yield sandbox


@pytest.fixture
def join(tmp_path: Path) -> Iterator[Callable[..., Client]]:
    """Connects to a sandbox; `by_address=True` as to the real service, which needs leave to write."""
    opened: list[Client] = []

    def connect(box: Sandbox, *, by_address: bool = False, **options: Any) -> Client:
        usual = {
            "cache_dir": tmp_path / "cache",
            "rate_limit": 1000,
            "progress": False,
            "time_zone": "America/Chicago",
            "sleep": lambda seconds: None,
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
def call() -> Callable[..., Any]:
    """Calls a method by its dotted name."""

    def by_name(crm: Client, method: str, *args: Any, **given: Any) -> Any:
        return operator.attrgetter(method)(crm)(*args, **given)

    return by_name
