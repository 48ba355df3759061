"""Write customers as a workbook for people, compared with pandas' own `to_excel` of the same columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import orjson
import pandas as pd

import stcrm_pandas as stcrm
from bench.measure import Result, in_turn, of_floor
from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.frame.assemble import assemble
from stcrm_pandas.frame.decode import decode
from stcrm_pandas.sandbox.company import make_company

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def customers(rows: int) -> pd.DataFrame:
    company = make_company(leads=1_000 + rows // 5, seed=1, as_of=AS_OF)
    data = [*dict(company.tables())["customers"]][:rows]
    body = orjson.dumps({"page": 1, "pageSize": len(data), "hasMore": False, "totalCount": None, "data": data})
    return assemble(CUSTOMERS, [decode(CUSTOMERS, "page", body)]).frame


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame as pandas can write it: times without a zone, lists as text."""
    times = {name: column.dt.tz_localize(None) for name, column in frame.items() if column.dtype.kind == "M"}
    lists = {name: column.astype("str") for name, column in frame.items() if isinstance(column.dtype, ListDtype)}
    return frame.assign(**{str(name): column for name, column in (times | lists).items()})


def run(rows: int, rounds: int, folder: Path) -> Iterator[Result]:
    frame = customers(rows)
    same = plain(frame)
    ours, theirs = in_turn(
        lambda: stcrm.to_excel(frame, folder / "ours.xlsx"),
        lambda: same.to_excel(folder / "theirs.xlsx", index=False),
        rounds=min(rounds, 3),
    )
    what = f"write {len(frame):,} customers with {frame.shape[1]} columns to a workbook"
    yield of_floor(what, ours, theirs, target="1 x", stretch="0.7 x", floor_name="pandas to_excel, without styles")
