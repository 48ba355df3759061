"""The tables of lead conversion: shares with bounds and intervals, of groups, months and days since the inquiry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.names import NONE, heads
from stcrm_pandas.analysis.base.periods import Limits
from stcrm_pandas.analysis.base.shares import floats, rows_of, with_shares
from stcrm_pandas.analysis.leads.keys import LOCAL, categories_of, category_names
from stcrm_pandas.analysis.leads.reduction import COUNTS, HORIZONS, Reduced
from stcrm_pandas.analysis.statistics.estimates import aalen_johansen
from stcrm_pandas.analysis.statistics.prediction import Prediction, predict, share_of_earlier


def measured(sums: pd.DataFrame, heads: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """Return a row per group: its head, counts, the share within the window with its interval, `enough`."""
    counts = sums[list(COUNTS)].astype("Int64").reset_index(drop=True).drop(columns="undated")
    table = heads.join(counts.rename(columns={"lower": "within_lower", "upper": "within_upper"}))
    return with_shares(table, "within_lower", "within_upper", "mature", min_group=min_group)


def sums_of(cells: pd.DataFrame, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Return the counts by these columns; a single row if there are none."""
    counts = cells[list(COUNTS)]
    if not columns:
        return counts.sum().to_frame().T
    return counts.groupby([cells[column] for column in columns], dropna=False).sum()


def overall(days: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """All inquiries together."""
    head = pd.DataFrame({"id": pd.array([None], dtype="Int64"), "name": ["All inquiries"]})
    return measured(sums_of(days), head, min_group)


def by_category(reduced: Reduced, by: Sequence[str], campaigns: Any) -> tuple[Reduced, pd.DataFrame]:
    """Return the counts by category instead of campaign, and the names of categories."""
    key = f"key_{[*by].index('category')}"
    tenant = f"key_{[*by].index(TENANT)}" if TENANT in by else None
    texts = category_names(campaigns)

    def of_categories(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(**{key: categories_of(frame[key], frame[tenant] if tenant else None, campaigns)})

    cells, event_times, recent = map(of_categories, (reduced.cells, reduced.event_times, reduced.recent))
    return replace(reduced, cells=cells, event_times=event_times, recent=recent), texts


def groups(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any], min_group: int) -> pd.DataFrame:
    """Return a row per group, ranked by the certain share; months, weekdays and hours stay in order.

    Groups of two dimensions have a tuple as `id`, and a column of names for each.
    """
    keys = [f"key_{place}" for place in range(len(by))]
    sums = sums_of(cells, keys).reset_index()
    if by[0] in LOCAL:
        sums = sums.sort_values("key_0", kind="stable", ignore_index=True)
    table = measured(sums, heads(sums[keys], by, lookup), min_group)
    if by[0] in LOCAL:
        return table
    # groups that are too small, and inquiries without a group, come last
    table["named"] = ~table["name"].str.startswith(NONE)
    order = ["enough", "named", "interval_low", "mature", "name"]
    ranked = table.sort_values(order, ascending=[False, False, False, False, True], na_position="last")
    return ranked.drop(columns="named").reset_index(drop=True)


def strata(cells: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any]) -> pd.DataFrame | None:
    """Return the counts of each group by business unit and month within its tenant, unless these are the groups."""
    finer = [column for column, dimension in (("unit", "business_unit"), ("month", "month")) if dimension not in by]
    if tuple(by) == (TENANT,):
        finer.remove("unit")  # no two tenants have a business unit in common
    if not by or not finer or (finer == ["month"] and cells["month"].isna().all()):
        return None
    keys = [f"key_{place}" for place in range(len(by))]
    if TENANT in by and len(by) > 1:
        finer.append(keys[[*by].index(TENANT)])
    sums = sums_of(cells, list(dict.fromkeys([*keys, *finer]))).reset_index()
    stratum = sums[finer].astype("Float64").fillna(-1.0).astype(int)
    of_groups = heads(sums[keys], by, lookup)[["id"]].assign(stratum=pd.MultiIndex.from_frame(stratum).to_flat_index())
    return of_groups.join(sums[["mature", "lower", "upper"]].rename(columns={"mature": "n"}))


def months(days: pd.DataFrame, limits: Limits, min_group: int) -> pd.DataFrame:
    """Return a row for every month from the first inquiry to the last; `whole` if all of it is measured."""
    sums = _monthly(days)
    table = measured(sums, heads(sums.index.to_frame(), ["month"], {}), min_group)
    return table.assign(whole=pd.array([*map(limits.is_complete, sums.index)], dtype="boolean"))


def trend(reduced: Reduced) -> pd.DataFrame:
    """Return the days whose months are shown: all, or those of the period and of the year up to its end."""
    days = reduced.every_day
    return days if reduced.period is None else days[days["month"].isin([*reduced.period.trend])]


def cohorts(days: pd.DataFrame, limits: Limits) -> pd.DataFrame:
    """Return one row per month of creation and number of days: how many inquiries were converted by then.

    `mature` is False if part of the month is more recent than that number of days, or was not read.
    """
    sums = _monthly(days)
    head = heads(sums.index.to_frame(), ["month"], {})
    parts = []
    for since in HORIZONS:
        counts = sums[["inquiries", f"lower_{since}", f"upper_{since}"]].astype("Int64").reset_index(drop=True)
        part = head.assign(days=pd.array([since] * len(sums), dtype="Int64"))
        part = part.join(counts.set_axis(["inquiries", "lower", "upper"], axis=1))
        part = with_shares(part, "lower", "upper", "inquiries")
        complete = [limits.is_complete(month, dt.timedelta(days=since)) for month in sums.index]
        parts.append(part.assign(mature=pd.array(complete, dtype="boolean")))
    return pd.concat(parts, ignore_index=True).sort_values(["id", "days"], ignore_index=True)


def _monthly(days: pd.DataFrame) -> pd.DataFrame:
    dated = days[days["month"].notna()]
    columns = [name for name in days.columns if name not in ("date", "month")]
    sums = dated.groupby("month")[columns].sum()
    numbers = list(range(int(sums.index.min()), int(sums.index.max()) + 1)) if len(sums) else []
    return sums.reindex(numbers, fill_value=0)


def reasons(read: pd.DataFrame, names: Mapping[int, str]) -> pd.DataFrame:
    """Return a row per reason for dismissal, the most frequent first.

    Its columns are `id` (missing if no reason was given), `name`, `leads`, `share` (of all dismissed leads, from 0 to
    1), and `left_out` (whether these leads are left out of the analysis).
    """
    rows = read[(read["status"] == "Dismissed") & ~read["left_out"].isin(["deleted", "not a lead"])]
    table = rows.groupby(["dismissal", "left_out"], dropna=False)["leads"].sum().reset_index()
    table = table.sort_values(["leads", "dismissal"], ascending=[False, True], ignore_index=True)
    ids = table["dismissal"].astype("Int64")
    return pd.DataFrame(
        {
            "id": ids,
            "name": pd.array(["(no reason)" if pd.isna(i) else names.get(i, f"reason {i}") for i in ids], dtype="str"),
            "leads": table["leads"].astype("Int64"),
            "share": (table["leads"] / max(int(table["leads"].sum()), 1)).astype("Float64"),
            "left_out": (table["left_out"] != "").astype("boolean"),
        }
    )


Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

LAST_DAY = 120
SPEEDS = (1, 7, 30, 90)
UNSURE = 0.05
"""If the bounds are further apart, the speed is not reported."""

_AGES = (0, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180)


def curves(reduced: Reduced, by: Sequence[str], lookup: Mapping[str, Any], min_group: int) -> pd.DataFrame:
    """Return the share converted by each day since the inquiry, for the total and each group that is large enough.

    Returns
    -------
    DataFrame
        One row per group and day: `id`, `name`, `overall` (true for the total, whose `id` is missing like that of
        inquiries without one), `day` (0 to 120), `share_lower`, `share_upper`, `interval_low`, `interval_high` (from 0
        to 1), and `at_risk` (inquiries that were still open and observed on that day).
    """
    parts = [_curve(reduced.overall_event_times).assign(id=None, name="All inquiries", overall=True)]
    if by:
        keys = [f"key_{place}" for place in range(len(by))]
        groups = reduced.event_times.groupby(keys, dropna=False)
        large = [(key, part) for key, part in groups if part["inquiries"].sum() >= min_group]
        named = rows_of(heads(pd.DataFrame([key for key, _ in large], columns=keys), by, lookup))
        for (_, part), group in zip(large, named, strict=True):
            parts.append(_curve(part).assign(id=[group.id] * (LAST_DAY + 1), name=group.name, overall=False))
    frame = pd.concat([part.astype({"id": object}) for part in parts], ignore_index=True)
    front = ["id", "name", "overall", "day"]
    return frame[[*front, *(name for name in frame.columns if name not in front)]]


def _curve(event_times: pd.DataFrame) -> pd.DataFrame:
    late, early = (_incidence(event_times, side) for side in ("late", "early"))
    return pd.DataFrame(
        {
            "day": pd.array(range(LAST_DAY + 1), dtype="Int64"),
            "share_lower": floats(np.minimum(late["share"], early["share"])),
            "share_upper": floats(np.maximum(late["share"], early["share"])),
            "interval_low": floats(np.minimum(late["interval_low"], early["interval_low"])),
            "interval_high": floats(np.maximum(late["interval_high"], early["interval_high"])),
            "at_risk": late["at_risk"].astype("Int64"),
        }
    )


def _incidence(event_times: pd.DataFrame, side: str) -> pd.DataFrame:
    """Return by day the cumulative share converted, its limits, and the number at risk."""
    names = (f"{side}_day", f"{side}_event", "inquiries")
    day, event, count = (event_times[name].to_numpy(dtype=np.int64) for name in names)
    at_risk = count.sum() - np.append(0, np.cumsum(np.bincount(day, count, LAST_DAY + 1)[:LAST_DAY]))
    curve = aalen_johansen(day, event, count).astype("float64").set_index("day").rename_axis(None)
    shares = curve[["share", "interval_low", "interval_high"]].reindex(range(LAST_DAY + 1), method="ffill").fillna(0.0)
    return shares.where(pd.Series(at_risk > 0)).assign(at_risk=at_risk.astype(np.int64))


def speeds(curve: pd.DataFrame) -> pd.DataFrame:
    """Return the rows for 1, 7, 30 and 90 days, with `known`: whether the bounds are within 5 percentage points."""
    rows = curve[curve["day"].isin(SPEEDS)].reset_index(drop=True)
    apart = rows["share_upper"] - rows["share_lower"]
    return rows.assign(known=(apart <= UNSURE).fillna(False).astype("boolean"))


class Chances:
    """How often earlier inquiries that were still open at an age converted within some days; see `of` and `predict`.

    For each age group (from 0, 3, 7, 14 … 180 days), this uses the share of earlier inquiries still open on its first
    day that converted in the days after (Aalen-Johansen from that day). If a conversion date is not known, the earliest
    and the latest possible date are both used. An age group needs `least` earlier inquiries. Each is computed once.
    """

    def __init__(self, event_times: pd.DataFrame, *, within: int = 30, least: int = 1) -> None:
        self._sides = [
            [event_times[name].to_numpy(dtype=np.int64) for name in (f"{side}_day", f"{side}_event", "inquiries")]
            for side in ("late", "early")
        ]
        self._within, self._least = within, least
        self._known: dict[int, list[tuple[float, float, float]]] = {}

    def predict(self, ages: npt.ArrayLike) -> Prediction | None:
        """Predict how many open inquiries of these ages convert if they behave like earlier ones.

        Returns None if there are no ages, or too few earlier inquiries for an age.
        """
        spans, which = np.unique(_span(ages), return_inverse=True)
        shares, rates, errors = self._of_spans(spans)
        if not len(spans) or np.isnan(rates).any():
            return None
        waiting = np.bincount(which)
        sides = zip(shares, rates, errors, strict=True)
        (fewer, *lower), (more, *upper) = sorted(sides, key=lambda side: float(np.dot(waiting, side[0])))
        return predict(waiting, (lower[0], lower[1]), (upper[0], upper[1]), (fewer, more))

    def of(self, ages: npt.ArrayLike) -> Floats:
        """Return the chance of each open inquiry to convert, in the middle of its bounds.

        It is NaN if there are too few earlier inquiries of that age, and 0 if none of them converted.
        """
        spans, which = np.unique(_span(ages), return_inverse=True)
        shares, _, _ = self._of_spans(spans)
        chances: Floats = shares.mean(axis=0)[which]
        return chances

    def _of_spans(self, spans: Ints) -> tuple[Floats, Floats, Floats]:
        """Return the share of each age group, its chance with the prior, and the error of that.

        Each is by the latest, then by the earliest possible dates.
        """
        known = np.full((3, 2, len(spans)), np.nan)
        for place, span in enumerate(map(int, spans)):
            if span not in self._known:
                self._known[span] = [*self._of_span(_AGES[span])]
            known[:, :, place] = np.transpose(self._known[span])
        return known[0], known[1], known[2]

    def _of_span(self, age: int) -> Iterator[tuple[float, float, float]]:
        for day, event, count in self._sides:
            still = day > age
            few = count[still].sum() < self._least
            yield (np.nan,) * 3 if few else _chance(day[still] - age, event[still], count[still], self._within)


def _span(ages: npt.ArrayLike) -> Ints:
    return np.searchsorted(_AGES, np.asarray(ages, dtype=np.float64), side="right") - 1


def _chance(day: Ints, event: Ints, count: Ints, within: int) -> tuple[float, float, float]:
    """Return the share that converted within this many days, the chance of another inquiry, and its standard error."""
    curve = aalen_johansen(day, event, count)
    until = curve[curve["day"] <= within]
    if until.empty:
        return 0.0, *share_of_earlier(0, int(count.sum()))
    share, error = float(until["share"].iloc[-1]), float(until["error"].iloc[-1])
    rows = share * (1 - share) / error**2 if error > 0 and 0 < share < 1 else float(until["at_risk"].iloc[-1])
    return share, *share_of_earlier(share * rows, rows)
