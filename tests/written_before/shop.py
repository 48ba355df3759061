"""A small shop that has the same name in each run, so that files of an earlier run fit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.sandbox import Sandbox

from ..cleaning.matching.company import Entry, Frames, frames_of
from ..shop import Shop

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
PAIRS = {(1, 2): "different", (3, 4): "later", (5, 6): "same"}
"""Customers with the same name, and what was decided about them."""


class NamedSandbox(Sandbox):
    sandbox_id = "sandbox-written-before"


class Company(Shop):
    """A shop whose customers are not merged."""

    def tables(self) -> Iterable[tuple[str, Iterable[dict[str, Any]]]]:
        for name, rows in super().tables():
            yield name, [{**row, "mergedToId": None} for row in rows] if name == "customers" else rows


def open_shop() -> NamedSandbox:
    return NamedSandbox(company=Company(leads=40), as_of=AS_OF, rate_limit=None, feed_delay=0)


def join(box: Sandbox, folder: Path, **options: Any) -> Client:
    """Connect with a cache and a state folder below a folder."""
    usual = {"progress": False, "time_zone": "America/Chicago", "rate_limit": 1000, "sleep": lambda seconds: None}
    return stcrm.connect(sandbox=box, cache_dir=folder / "cache", state_dir=folder / "state", **usual, **options)


def three(frame: pd.DataFrame) -> pd.DataFrame:
    """The first three active customers."""
    return frame[frame["active"]].head(3)


def pairs() -> Frames:
    """Customers, contacts and locations with three pairs of the same name."""
    names = ["Wanda Quist", "Igor Falk", "Mira Garrick"]
    return frames_of(
        Entry(name, f"512-555-010{n}", f"{name[:4]}{n}@home.com".lower(), f"{n} Elm St")
        for n, name in enumerate(names, 1)
        for _ in range(2)
    )
