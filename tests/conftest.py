"""What all tests share: no network but loopback, no settings from outside, a small sandbox."""

from __future__ import annotations

import datetime as dt
import gc
import os
import signal
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from .shop import (
    box,
    count,
    fresh_box,
    join,
    join_by_address,
    leads,
    make_row,
    module_box,
    open_clients,
    shop,
    time,
    usual,
    whole,
)

__all__ = [
    "box",
    "count",
    "fresh_box",
    "join",
    "join_by_address",
    "leads",
    "make_row",
    "module_box",
    "open_clients",
    "shop",
    "time",
    "usual",
    "whole",
]

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


# On a busy machine an example takes any time. `make test-deep` asks for the long profile.
hypothesis.settings.register_profile(
    "short", max_examples=40, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
)
hypothesis.settings.register_profile("long", hypothesis.settings.get_profile("short"), max_examples=400)
hypothesis.settings.load_profile("short")


LONG = ("test_surface.py", "test_docstrings.py", "test_examples.py")
"""Files that take longest: they start first, so that no process ends with one of them alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


def pytest_configure() -> None:
    # What the imports made stays for good, and full collections beside it took a tenth of the tests' time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    for name in list(os.environ):
        if name.startswith("STCRM_"):
            del os.environ[name]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell leaves it for what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _loopback_only(socket_allow_hosts: Any = None) -> Iterator[None]:
    import pytest_socket

    pytest_socket.socket_allow_hosts(["127.0.0.1", "::1", "localhost"], allow_unix_socket=True)
    yield
    pytest_socket._remove_restrictions()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Any]:
    """A small company, as credible as the demo's; shared, so tests leave it as it is."""
    from stcrm_pandas.sandbox import Sandbox

    with Sandbox(leads=300, seed=7, as_of=AS_OF, rate_limit=None) as running:
        yield running
