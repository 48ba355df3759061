"""From counts to tables of booking sources: spellings, shares, medians, revenue, and each group compared."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.base.headline import COUNTED, Measure
from stcrm_pandas.analysis.base.inputs import lacking
from stcrm_pandas.analysis.base.names import NONE, heads
from stcrm_pandas.analysis.base.shares import with_shares
from stcrm_pandas.analysis.bookings.counts import COUNTS
from stcrm_pandas.analysis.bookings.hours import Clock
from stcrm_pandas.analysis.bookings.outcomes import SPANS
from stcrm_pandas.analysis.statistics.comparison import compare
from stcrm_pandas.analysis.statistics.estimates import bca_mean
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import spelling_key

MEASURES = {
    "work": Measure(
        "Became jobs",
        "mature",
        "work_lower",
        "work_upper",
        30,
        "bookings: jobs",
        "Directly or through a lead.",
    ),
    "dismissed_leads": Measure(
        "Dismissed ones that became leads",
        "dismissed_status",
        "dismissed_leads",
        "dismissed_leads",
        30,
        "bookings: leads",
    ),
    "new_hour": Measure(
        "Still new after an hour",
        "aged_hour",
        "new_lower_hour",
        "new_upper_hour",
        1,
        "bookings: response times",
        "Some times are not known exactly.",
    ),
    "canceled": Measure("Canceled", "old_booked", "old_canceled", "old_canceled", 60, "bookings: cancellations"),
}
"""What is measured of bookings, also to compare groups."""

_LEAKAGE = {
    "old": "bookings",
    "old_booked": "booked",
    "not_canceled": "not_canceled",
    "old_completed": "completed",
    "old_paid": "above_zero",
    "old_canceled": "canceled",
    "old_unseen": "job_not_read",
}
_FIRST_TIME = {
    "client_known": "known",
    "client_first": "first_time",
    "claim_known": "claims",
    "claim_first": "claimed_first",
    "claim_right": "claims_right",
}
ENOUGH_FOR_A_MEAN = 100
"""With fewer jobs, one large job dominates the mean."""

Floats = npt.NDArray[np.float64]


def grouped(
    cells: pd.DataFrame, by: Sequence[str], named: Mapping[str, Any], sources: Mapping[str, str]
) -> pd.DataFrame:
    """Return a table of `Counted` with `id` and `name` of the groups instead of `by_0` and `by_1`.

    `named` has the lookups of the dimensions, `sources` the source of each spelling.
    """
    rest = cells.drop(columns=[f"by_{place}" for place in range(len(by))])
    if not by:
        return rest.assign(id=1, name="All bookings").astype({"id": "Int64", "name": "str"})
    keys = cells[[f"by_{place}" for place in range(len(by))]]
    if "source" in by:
        column = f"by_{by.index('source')}"
        keys = keys.assign(**{column: keys[column].map(sources).mask(lambda source: source == NONE)})
    return rest.join(heads(keys, by, named, partly=True)[["id", "name"]].set_index(rest.index))


def overall(cells: pd.DataFrame, *, min_group: int) -> pd.DataFrame:
    """Return one row of `measured` for all cells together."""
    every = grouped(cells[[*COUNTS]].sum().to_frame().T.astype("Int64"), (), {}, {})
    return _with_share(every, min_group)


def measured(cells: pd.DataFrame, *, min_group: int, ordered: bool, ranked: bool) -> pd.DataFrame:
    """Return a row per group: `id`, `name`, all counts, the share that became jobs, `enough`.

    `ordered` groups (months, hours) are sorted by id; otherwise they are `ranked` by the lower limit of the certain
    share, or sorted by size.
    """
    sums = cells.groupby("name", sort=False)[list(COUNTS)].sum()
    ids = cells.drop_duplicates("name").set_index("name")["id"]
    table = _with_share(sums.assign(id=ids).reset_index(), min_group)
    table["named"] = table["name"] != NONE
    ranks = {"bookings": False, "name": True}
    if ordered:
        ranks = {"named": False, "id": True}
    elif ranked:
        ranks = {"enough": False, "named": False, "interval_low": False, **ranks}
    table = table.sort_values(list(ranks), ascending=list(ranks.values()), ignore_index=True)
    return table.drop(columns="named")


def _with_share(sums: pd.DataFrame, min_group: int) -> pd.DataFrame:
    return with_shares(sums[["id", "name", *COUNTS]], "work_lower", "work_upper", "mature", min_group=min_group)


def medians(spans: pd.DataFrame) -> pd.Series:
    """Return the median `hours` of each group, by name: of an even number, the mean of the two in the middle.

    >>> spans = pd.DataFrame({"name": ["Web", "Web", "Web"], "hours": [9.0, 1.0, 2.0], "bookings": [1, 1, 2]})
    >>> medians(spans).to_dict()
    {'Web': 2.0}
    """
    rows = spans.groupby(["name", "hours"], as_index=False)["bookings"].sum()
    counts = rows.groupby("name")["bookings"]
    reached, half = counts.cumsum(), counts.transform("sum") / 2
    middle = (rows[enough].groupby("name")["hours"].first() for enough in (reached >= half, reached > half))
    medians: pd.Series = sum(middle) / 2
    return medians


def comparisons(
    cells: pd.DataFrame,
    table: pd.DataFrame,
    by: Sequence[str],
    complete: pd.Series,
    min_group: int,
    inputs: Collection[str],
) -> dict[str, pd.DataFrame]:
    """Compare each group with all others by each measure, within business unit and month, and within its tenant.

    Measures that need a data set that was not given are left out.
    """
    finer = cells[["unit", "stratum_month"]]
    if tuple(by) == (TENANT,):
        finer = finer[["stratum_month"]]  # no two tenants have a business unit in common
    elif TENANT in by:
        place = [*by].index(TENANT)
        finer = finer.assign(tenant=cells["id"].map(lambda id: id[place], na_action="ignore"))
    stratum = pd.MultiIndex.from_frame(finer).factorize()[0]
    keyed = cells[["id"]].assign(stratum=stratum)
    groups = table[["id", "name"]].assign(whole=complete)
    result = {}
    for key, measure in MEASURES.items():
        if lacking(measure.needs, inputs):
            continue
        both = (part.join(measure.counts(source)[COUNTED]) for part, source in ((groups, table), (keyed, cells)))
        result[key] = compare(*both, min_group=min_group)
    return result


def complete_groups(table: pd.DataFrame, by: Sequence[str], clock: Clock, mature: dt.datetime) -> pd.Series:
    """Return whether a group is not a partial month, all of it mature by then; partial months are never compared."""
    if by != ("month",):
        return pd.Series(True, index=table.index)
    months = pd.to_datetime(table["id"], format="%Y-%m")
    begin = clock.first.astimezone(clock.zone).replace(tzinfo=None)
    close = min(clock.end, mature).astimezone(clock.zone).replace(tzinfo=None)
    return (months >= begin) & (months + pd.offsets.MonthBegin(1) <= close)


def speed(table: pd.DataFrame, min_group: int) -> pd.DataFrame:
    """Return a row per group and span: the share of bookings of that age that were still new."""
    parts = []
    for span, lasts in SPANS.items():
        n, lower, upper = (table[f"{name}_{span}"] for name in ("aged", "new_lower", "new_upper"))
        counts = table[["id", "name"]].assign(minutes=lasts // dt.timedelta(minutes=1), n=n, lower=lower, upper=upper)
        counts = counts.assign(not_known=upper - lower).astype({"minutes": "Int64"})
        parts.append(with_shares(counts, "lower", "upper", "n", min_group=min_group))
    return pd.concat(parts, ignore_index=True)


def leakage(table: pd.DataFrame) -> pd.DataFrame:
    """Return the steps from bookings to jobs with revenue; the share is that of canceled jobs."""
    kept = table.assign(not_canceled=table["old_booked"] - table["old_canceled"])
    steps = kept[["id", "name", *_LEAKAGE]].rename(columns=_LEAKAGE)
    return with_shares(steps, "canceled", "canceled", "booked")


def first_time(table: pd.DataFrame) -> pd.DataFrame:
    """Return the bookings of first-time customers, and their share of the bookings with a known customer."""
    known = table[["id", "name", *_FIRST_TIME]].rename(columns=_FIRST_TIME)
    return with_shares(known, "first_time", "first_time", "known")


def revenue(amounts: pd.DataFrame) -> pd.DataFrame:
    """Return the revenue of each group's jobs, from the `name`, `total` and `follow` (follow-on revenue) of each job.

    Returns
    -------
    DataFrame
        One row per group: `name`, `jobs`, `above_zero` (jobs with revenue), the four columns of its share, `median` (of
        jobs above zero), and, for 100 jobs or more, `mean` (of all jobs) with the 95% limits `mean_low` and `mean_high`
        (bias-corrected and accelerated bootstrap). `mean_with_follow`, `mean_low_with_follow` and
        `mean_high_with_follow` also include follow-on jobs. `largest` is the share of all revenue from the largest 1%
        of the jobs, at least one job.

    Examples
    --------
    >>> revenue(pd.DataFrame({"name": "Radio", "total": [0.0, 100.0, 300.0], "follow": 0.0}))["median"].tolist()
    [200.0]
    """
    rows = [
        {"name": name, **_revenue_of(own, own + group["follow"].to_numpy(dtype=np.float64))}
        for name, group in amounts.groupby("name", sort=False)
        for own in (group["total"].to_numpy(dtype=np.float64),)
    ]
    kinds = {"name": "str", "jobs": "Int64", "above_zero": "Int64"}
    kinds |= dict.fromkeys(("median", *_MEANS, "largest", *(f"{name}_with_follow" for name in _MEANS)), "Float64")
    table = pd.DataFrame(rows, columns=list(kinds)).astype(kinds)
    return with_shares(table, "above_zero", "above_zero", "jobs")


_MEANS = ("mean", "mean_low", "mean_high")


def _revenue_of(own: Floats, with_follow: Floats) -> dict[str, Any]:
    paid = own[own > 0]
    result: dict[str, Any] = {
        "jobs": own.size,
        "above_zero": paid.size,
        "median": float(np.median(paid)) if paid.size else None,
        "largest": float(np.sort(own)[-max(1, -(-own.size // 100)) :].sum() / own.sum()) if own.sum() > 0 else None,
    }
    if own.size >= ENOUGH_FOR_A_MEAN:
        result |= dict(zip(_MEANS, bca_mean(own), strict=True))
        result |= dict(zip((f"{name}_with_follow" for name in _MEANS), bca_mean(with_follow), strict=True))
    return result


Groups = Mapping[str, str] | pd.DataFrame | None


def spellings(counted: pd.DataFrame, groups: Groups) -> pd.DataFrame:
    """Return the source of each spelling.

    Spellings that differ only in capitals, accents, spaces and punctuation are one source, named by the most frequent
    spelling;
    `groups` takes precedence.

    Parameters
    ----------
    counted : DataFrame
        `spellings` of `Counted`.
    groups : mapping or DataFrame, optional
        From spelling to source, or a frame with `source` and `group`, such as an edited result of this function.

    Returns
    -------
    DataFrame
        `source` (as in the rows), `group`, `bookings`, `first`, `last` (UTC), `provider`, ordered by group.

    Raises
    ------
    UsageError
        The frame lacks a column, or a group is no text.

    Examples
    --------
    >>> counted = pd.DataFrame({"source": ["Web Form", "web-form", ""], "bookings": [9, 4, 1], "first": 0, "last": 0})
    >>> spellings(counted.assign(provider=7), None)[["source", "group"]].values.tolist()
    [['', '(none)'], ['Web Form', 'Web Form'], ['web-form', 'Web Form']]
    """
    of_groups = _given(groups)
    often = counted.sort_values(["bookings", "source"], ascending=[False, True])
    called: dict[str, str] = {}
    for source in often["source"]:
        called.setdefault(_alike(source), source.strip() or NONE)
    table = counted.assign(group=[of_groups.get(source, called[_alike(source)]) for source in counted["source"]])
    for moment in ("first", "last"):
        table[moment] = pd.to_datetime(table[moment], unit="us", utc=True).astype("datetime64[us, UTC]")
    table["group"] = table["group"].astype("str")
    return table.sort_values(["group", "first", "source"], ignore_index=True)[
        ["source", "group", "bookings", "first", "last", "provider"]
    ]


def other_spellings(spelt: pd.DataFrame) -> dict[str, str]:
    """Return the spellings that are not the most frequent one of their source, and that one."""
    often = spelt.sort_values(["bookings", "source"], ascending=[False, True])
    usual = often.drop_duplicates("group").set_index("group")["source"]
    meant = often["group"].map(usual)
    others = often["source"].ne(meant)
    return dict(zip(often.loc[others, "source"], meant[others], strict=True))


def same_providers(spelt: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `spellings` whose provider has several sources, perhaps because one was renamed."""
    many = spelt.groupby("provider")["group"].nunique()
    return spelt[spelt["provider"].isin(many.index[many > 1])].sort_values(["provider", "first"], ignore_index=True)


def _alike(source: str) -> str:
    return spelling_key(source) or source.strip()


def _given(groups: Groups) -> dict[str, str]:
    if groups is None:
        return {}
    if isinstance(groups, pd.DataFrame):
        lacking = {"source", "group"} - set(groups.columns)
        if lacking:
            raise UsageError(f"groups: the DataFrame has no columns {', '.join(sorted(lacking))}")
        groups = dict(zip(groups["source"], groups["group"], strict=True))
    if odd := [source for source, group in groups.items() if not isinstance(group, str) or not group]:
        raise UsageError(f"groups: the source {odd[0]!r} needs the name of a group, as text")
    return dict(groups)
