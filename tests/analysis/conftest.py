"""Frames made by hand: a row is written with the columns that matter, the rest is missing."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.contract.schemas.bookings import BOOKINGS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.lookups import CALL_REASONS, JOBS

Frames = Callable[..., pd.DataFrame]


def _typed(row: Row, rows: tuple[Mapping[str, Any], ...]) -> pd.DataFrame:
    columns = {}
    for name, dtype in row.dtypes.items():
        values = [given.get(name) for given in rows]
        if dtype.startswith("datetime"):
            columns[name] = pd.Series(pd.to_datetime(values, utc=True, format="ISO8601"), dtype=dtype)
        else:
            columns[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


@pytest.fixture(scope="session")
def leads() -> Frames:
    """Leads: ids count up from 1, `modified_on` is `created_on` unless given."""

    def make(*rows: Mapping[str, Any]) -> pd.DataFrame:
        return _typed(
            LEADS,
            tuple({"id": i, "modified_on": r.get("created_on"), **r} for i, r in enumerate(rows, start=1)),
        )

    return make


@pytest.fixture(scope="session")
def jobs() -> Frames:
    return lambda *rows: _typed(JOBS, tuple({"id": 1000 + i, **r} for i, r in enumerate(rows)))


@pytest.fixture(scope="session")
def bookings() -> Frames:
    return lambda *rows: _typed(BOOKINGS, rows)


@pytest.fixture(scope="session")
def call_reasons() -> Frames:
    return lambda *rows: _typed(CALL_REASONS, rows)
