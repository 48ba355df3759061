"""Campaign spend read from a file, its costs per opportunity and per booked job, and the revenue per amount spent."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.display import rows_shown
from stcrm_pandas.analysis.base.engine import month_name, month_number
from stcrm_pandas.analysis.base.money import money, unusual
from stcrm_pandas.analysis.base.names import named
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.statistics.estimates import wilson
from stcrm_pandas.errors import UsageError, require

_CENTS = 100
_COUNTED = ("opportunities", "booked_lower", "cents", "negative")


@dataclass(frozen=True, repr=False)
class Costs:
    """Spend and its results, over the months that both cover.

    `table` has a row per campaign, `overall` one row of all of them. A month of a campaign is covered if the spend
    names it, it was read from its first to its last moment, and all of it is old enough. Their columns:

    - `id`, `name`; `months`, how many are covered; `last_month`, the latest of them ("2026-03"); `spend`
    - `opportunities`, `booked` (certainly) of those months
    - `cost_per_opportunity`, `cost_per_booked`; `cost_low`, `cost_high`: the latter, if the share booked were at the
      upper or lower end of its 95% Wilson interval
    - `spend_paid`, `revenue`: of the covered months that are old enough for revenue; `revenue_per_unit`, one by the
      other
    - `enough`: `opportunities` reaches `min_group`
    - `in_four_weeks` (`table` only): its opportunities in four weeks, by `base.pace.paces`; missing if it is not active

    `currency` is that of the amounts, if it is one and known. `unknown` holds the rows of the spend whose campaign is
    not known, `uncovered` those whose month is not covered; `without` counts opportunities of covered months whose
    campaign has no spend there; `unusual` says what moves the revenue of all.
    """

    table: pd.DataFrame
    overall: pd.DataFrame
    unknown: pd.DataFrame
    uncovered: pd.DataFrame
    without: int
    first_month: str | None
    last_month: str | None
    currency: str | None
    unusual: Sequence[str]

    def _repr_html_(self) -> str:
        return costs_table(self)

    def __repr__(self) -> str:
        return f"<Costs of {len(self.table)} campaigns, {self.first_month} to {self.last_month}>"


def costs_table(costs: Costs) -> str:
    """Return the HTML of the campaigns with spend, with the total in the last row."""

    def paid(of: Callable[[Any], Any], currency: str | None = costs.currency) -> Callable[[Any], str]:
        return lambda row: money(of(row), currency) if row.enough else "too few"

    def per_job(row: Any) -> str:
        if not row.enough or not row.booked:
            return "none booked" if row.enough else "too few"
        cost, low, high = (money(x, costs.currency) for x in (row.cost_per_booked, row.cost_low, row.cost_high))
        return f"{cost} ({low}–{high})"

    columns: dict[str, str | Callable[[Any], str]] = {
        "Campaign": "name",
        "Cost per booked job (95% CI)": per_job,
        "Cost per opportunity": paid(lambda row: row.cost_per_opportunity),
        "Revenue per 1 spent": paid(lambda row: row.revenue_per_unit, None),
        "Spend": lambda row: money(row.spend, costs.currency),
        "Months": "months",
        "Opportunities": "opportunities",
        "Booked": "booked",
    }
    rows = (row for part in (costs.table, costs.overall) for row in rows_of(part))
    return rows_shown(rows, columns, total=True)._repr_html_()


def costs_of(
    rows: pd.DataFrame,
    spend: pd.DataFrame,
    campaigns: Mapping[int, str] | pd.DataFrame | None,
    limits: Limits,
    *,
    min_group: int,
    currency: str | None,
    paces: Mapping[int, float],
) -> Costs:
    """Divide spend by the opportunities of its campaign and month, as `counts.aged` returns them.

    `paces` are the opportunities of each campaign in four weeks.
    """
    amounts_paid = checked_spend(spend)
    amounts_paid["id"] = _ids(amounts_paid["campaign"], campaigns, rows["campaign"])
    amounts_paid["number"] = amounts_paid["month"].map(month_number)
    known = amounts_paid["id"].notna()
    amounts_of = rows.assign(negative=rows["cents"].clip(upper=0), largest=rows["cents"])
    sums = dict.fromkeys(_COUNTED, "sum") | {"largest": "max"}
    cells = amounts_of.groupby(["campaign", "month"], as_index=False).agg(sums)
    numbers = sorted({*amounts_paid["number"], *(int(month) for month in cells["month"])})
    begins = cells["month"].min()  # where the read has no first moment, everything was read from the first record on
    covered = [number for number in numbers if limits.is_complete(number) and not pd.isna(begins) and number >= begins]
    paid = [number for number in covered if limits.is_complete(number, limits.old)]
    fits = known & amounts_paid["number"].isin(covered)
    amounts = amounts_paid[fits].groupby(["id", "number"], as_index=False)["amount"].sum()
    joined = amounts.merge(cells, left_on=["id", "number"], right_on=["campaign", "month"], how="left")
    for name in sums:
        joined[name] = joined[name].fillna(0).astype("int64")
    joined["spend_paid"] = joined["amount"].where(joined["number"].isin(paid), 0.0)
    for name in ("cents", "negative", "largest"):
        joined[name] = joined[name].where(joined["number"].isin(paid), 0)
    ids = sorted(joined["id"].unique())
    months = sorted(joined["number"].unique())
    first = cells[cells["month"].isin(months)]
    table = _table(joined.groupby("id"), ids, named([int(id) for id in ids], campaigns), min_group)
    return Costs(
        table.assign(in_four_weeks=pd.array([paces.get(int(id)) for id in ids], dtype="Float64")),
        _table(joined.groupby(np.zeros(len(joined), dtype=int)), [0], ["All with spend"], min_group).assign(
            id=pd.array([pd.NA], dtype="Int64")
        ),
        amounts_paid.loc[~known, ["campaign", "month", "amount"]].reset_index(drop=True),
        amounts_paid.loc[known & ~fits, ["campaign", "month", "amount"]].reset_index(drop=True),
        int(first["opportunities"].sum() - joined["opportunities"].sum()),
        month_name(int(months[0])) if months else None,
        month_name(int(months[-1])) if months else None,
        currency,
        _unusual(joined, currency),
    )


def _table(groups: Any, ids: list[Any], names: list[str], min_group: int) -> pd.DataFrame:
    counts = ["amount", "opportunities", "booked_lower", "spend_paid", "cents"]
    sums = groups[counts].sum().reindex(ids, fill_value=0)
    n, booked = sums["opportunities"].to_numpy(np.int64), sums["booked_lower"].to_numpy(np.int64)
    spent, paid = (sums[name].to_numpy(np.float64) for name in ("amount", "spend_paid"))
    low, high = wilson(booked, n)
    revenue = sums["cents"].to_numpy(np.int64) / _CENTS
    return pd.DataFrame(
        {
            "id": pd.array(ids, dtype="Int64"),
            "name": pd.array(names, dtype="str"),
            "months": pd.array(groups["number"].nunique().reindex(ids, fill_value=0).to_numpy(), dtype="Int64"),
            "last_month": pd.array(
                [month_name(int(last)) for last in groups["number"].max().reindex(ids)], dtype="str"
            ),
            "spend": pd.array(spent, dtype="Float64"),
            "opportunities": pd.array(n, dtype="Int64"),
            "booked": pd.array(booked, dtype="Int64"),
            "cost_per_opportunity": _ratio(spent, n),
            "cost_per_booked": _ratio(spent, booked),
            "cost_low": _ratio(spent, n * high),
            "cost_high": _ratio(spent, n * low),
            "spend_paid": pd.array(paid, dtype="Float64"),
            "revenue": pd.array(revenue, dtype="Float64"),
            "revenue_per_unit": _ratio(revenue, paid),
            "enough": pd.array(n >= min_group, dtype="boolean"),
        }
    )


def _unusual(joined: pd.DataFrame, currency: str | None) -> list[str]:
    if joined.empty:
        return []
    total, largest, negative = joined["cents"].sum(), joined["largest"].max(), joined["negative"].sum()
    return unusual(total / _CENTS, largest / _CENTS, negative / _CENTS, currency, "one opportunity")


def _ratio(above: Any, below: Any) -> pd.arrays.FloatingArray:
    below = np.nan_to_num(np.asarray(below, dtype=np.float64))
    values = np.divide(above, below, out=np.zeros(len(below)), where=below > 0)
    return pd.arrays.FloatingArray(values, below <= 0)


def _ids(
    texts: pd.Series, campaigns: Mapping[int, str] | pd.DataFrame | None, met: pd.Series
) -> pd.arrays.IntegerArray:
    """Return the id that each text is or names; missing if neither."""
    if isinstance(campaigns, pd.DataFrame):
        listed = campaigns[["id", "name"]].dropna()
        names = dict(zip(listed["id"].astype(int), listed["name"].astype(str), strict=True))
    else:
        names = {int(id): str(name) for id, name in (campaigns or {}).items()}
    numbers = {str(id): id for id in {*names, *(int(id) for id in met.dropna().unique())}}
    folded = {id: name.strip().casefold() for id, name in names.items()}
    often = Counter(folded.values())
    by_name = {name: id for id, name in folded.items()}
    ids: list[int | None] = []
    for text in texts:
        name = text.casefold()
        if text not in numbers and often[name] > 1:
            raise UsageError(f"spend: {often[name]} campaigns have the name {text!r}; give the id instead")
        ids.append(numbers.get(text, by_name.get(name)))
    return pd.array(ids, dtype="Int64")


_NAMES = "campaign, month and amount"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_AMOUNT = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")
_MOST = 5  # rows that an error names


def read_spend(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read campaign spend from a file.

    Parameters
    ----------
    path : str or os.PathLike[str]
        A `.csv` or `.xlsx` file (its first sheet) with a header row and the columns `campaign` (an id or a name),
        `month` (`2026-03`) and `amount` (in the company's currency). Other columns are ignored.

    Returns
    -------
    DataFrame
        `campaign` (text), `month` (text) and `amount` (Float64), one row per row of the file.

    Raises
    ------
    UsageError
        The file has an unsupported format, cannot be read, or lacks a column; or some rows are invalid. The error lists
        them.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "spend.csv"
    >>> pd.DataFrame({"campaign": ["Radio"], "month": ["2026-03"], "amount": [1200.5]}).to_csv(file, index=False)
    >>> read_spend(file).values.tolist()
    [['Radio', '2026-03', 1200.5]]
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise UsageError(f"spend: {file.name} is neither a .csv nor an .xlsx file")
    try:
        if kind == ".csv":
            table = pd.read_csv(file, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig")
        else:
            require("xlsx")
            table = pd.read_excel(file, dtype=object)
    except OSError as cause:
        raise UsageError(f"spend: {file.name} cannot be read ({cause.strerror or 'no such file'})") from cause
    except pd.errors.EmptyDataError as cause:
        raise UsageError(f"spend: {file.name} is empty; its first row must have {_NAMES}") from cause
    except (ValueError, KeyError, BadZipFile) as cause:
        raise UsageError(f"spend: {file.name} cannot be read as a {kind[1:].upper()} file") from cause
    table.columns = [str(title).strip().lower() for title in table.columns]
    table.index += 2  # as rows are numbered in the file
    return _checked(table[~table.map(_empty).all(axis=1)])


def checked_spend(spend: pd.DataFrame) -> pd.DataFrame:
    """Validate a frame of spend and return it in the format of `read_spend`.

    Parameters
    ----------
    spend : DataFrame
        `campaign` (an id or a name), `month` (`2026-03`, or a period or time in it), `amount` (0 or more).

    Raises
    ------
    UsageError
        It is not a DataFrame, lacks a column, or has an invalid row.

    Examples
    --------
    >>> checked_spend(pd.DataFrame({"campaign": [7], "month": ["2026-03"], "amount": [10]})).values.tolist()
    [['7', '2026-03', 10.0]]
    """
    if not isinstance(spend, pd.DataFrame):
        raise UsageError(f"spend: a DataFrame with {_NAMES} is required; read_spend reads it from a file")
    return _checked(spend)


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    if missing := [column for column in _COLUMNS if column not in table]:
        raise UsageError(f"spend: the column {', '.join(missing)} is missing; required are {_NAMES}")
    values: dict[str, list[Any]] = {}
    wrong: list[tuple[int, str]] = []
    for column, (read, wish) in _COLUMNS.items():
        values[column] = [read(cell) for cell in table[column]]
        for place, (row, cell) in enumerate(table[column].items()):
            if values[column][place] is None:
                why = "is empty" if _empty(cell) else f"{str(cell)!r} is not {wish}"
                wrong.append((place, f"row {row}: {column} {why}"))
    if wrong:
        more = f"; and {len(wrong) - _MOST} more" if len(wrong) > _MOST else ""
        raise UsageError(f"spend: {'; '.join(text for _, text in sorted(wrong)[:_MOST])}{more}")
    return pd.DataFrame(values).astype({"campaign": "str", "month": "str", "amount": "Float64"})


def _empty(cell: Any) -> bool:
    return bool(pd.isna(cell)) or not str(cell).strip()


def _campaign(cell: Any) -> str | None:
    if _empty(cell):
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _month(cell: Any) -> str | None:
    if isinstance(cell, dt.date | pd.Period) and not _empty(cell):
        return f"{cell.year:04}-{cell.month:02}"
    text = str(cell).strip()
    return text if _MONTH.fullmatch(text) else None


def _amount(cell: Any) -> float | None:
    if _empty(cell) or isinstance(cell, bool):
        return None
    text = str(cell).strip().removeprefix("$").strip()
    if isinstance(cell, str) and not _AMOUNT.fullmatch(text):
        return None
    try:
        amount = float(text.replace(",", ""))
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


_COLUMNS = {
    "campaign": (_campaign, "an id or a name"),
    "month": (_month, "a month as 2026-03"),
    "amount": (_amount, "0 or more"),
}
