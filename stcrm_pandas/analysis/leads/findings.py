"""Tiles, actions and check of lead conversion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.differences import versus
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Tile, WorkList, steps, weekly_tile
from stcrm_pandas.analysis.base.format import format_counts, format_range, format_share, plural
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.leads.curves import UNSURE, later_conversion
from stcrm_pandas.analysis.leads.lists import ages_in_days
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.analysis.statistics.prediction import LIKE_EARLIER, gap

__all__ = ["actions", "check", "tiles"]

_SCREEN = "Follow Up > Leads"
_TO_ACT = ("campaign", "category", "business_unit", "job_type", "call_reason", "capture_source", "tag")
"""Dimensions whose differences people can act on: not months, and not creators, who do not choose their leads."""


def tiles(result: LeadConversionResult) -> list[Tile]:
    """Return tiles of new, converted (30 and 7 days) and dismissed inquiries; none without a time zone."""
    if result.time_zone is None:
        return []
    zone = ZoneInfo(result.time_zone)
    units = "Leads" if result.unit == "lead" else "Inquiries"

    def tile(title: str, days: int, sides: tuple[str, str] | None, note: str = "") -> Tile:
        weeks = four_weeks(result.as_of, zone, mature_days=days)
        number = lambda period: _format_period(result, period, sides, zone)  # noqa: E731
        return weekly_tile(f"{units} {title}", weeks, number, note=note)

    return [
        tile("that came in", 0, None),
        tile("converted within 30 days", 30, ("lower_30", "upper_30")),
        tile("converted within 7 days", 7, ("lower_7", "upper_7")),
        tile("dismissed so far", 30, ("dismissed", "dismissed"), "Earlier weeks have had more time to be dismissed."),
    ]


def _format_period(result: LeadConversionResult, period: Period, sides: tuple[str, str] | None, local: ZoneInfo) -> str:
    """Return the number of a period; empty where the leads were not read from its first day to its last."""
    days = result.reduced.days[result.reduced.days["date"].notna()]
    first, last = result.limits.read
    if days.empty or (last is not None and last < period.ends):
        return ""
    if first is None:
        first = _day(days["date"].min()).replace(tzinfo=local)
    if first > period.starts:
        return ""
    start, end = (int(f"{day:%Y%m%d}") for day in (period.first, period.end))
    rows = days[(days["date"] >= start) & (days["date"] < end)]
    n = int(rows["inquiries"].sum())
    if sides is None:
        return f"{n:,}"
    lower, upper = (int(rows[side].sum()) for side in sides)
    if n >= result.min_group and upper - lower > UNSURE * n:
        return f"{format_range(lower / n, upper / n)}: dates not known well enough"
    return format_counts(lower, upper, n, min_group=result.min_group)


def _day(number: int) -> dt.datetime:
    return dt.datetime.strptime(str(int(number)), "%Y%m%d")


def actions(result: LeadConversionResult, lists: Mapping[str, WorkList]) -> list[Action]:
    """Return open leads to call, with how often leads of that age still converted, and groups that clearly differ."""
    suggested = []
    for key, do in (
        ("overdue-follow-up", "Call the {} whose follow-up is overdue."),
        ("no-follow-up", "Call the {} without a follow-up, or set a date for it."),
        ("stale", f"Review the {{}} without a change for {result.stale_days} days."),
    ):
        if len(lists[key]):
            suggested.append(_call(result, do.format(plural(len(lists[key]), "open lead")), lists[key]))
    if len(result.by) == 1 and result.by[0] in _TO_ACT:
        suggested += _differences(result)
    return suggested


def _call(result: LeadConversionResult, do: str, listed: WorkList) -> Action:
    came = pd.to_datetime(listed.frame["Came in"], errors="coerce", utc=True)
    ages = ages_in_days(result, pd.DataFrame({"created_on": came})).dropna().clip(lower=0).to_numpy(dtype=np.float64)
    later = later_conversion(result.reduced.overall_event_times, ages, least=result.min_group)
    if later is None:
        return Action(do, work_list=listed.key)
    share = format_range(later.lower / len(ages), later.upper / len(ages))
    number = f"{share} of leads open as long converted within the next 30 days"
    return Action(do, number, f"{later.in_words()}, {LIKE_EARLIER}", later.expected, listed.key)


def _differences(result: LeadConversionResult) -> list[Action]:
    weeks = _weeks(result)
    suggested = []
    for place, this in enumerate(rows_of(result.comparisons)):
        if this.verdict not in ("higher", "lower") or this.id in result.disagreements:
            continue
        inquiries = f"inquiries of {group_word(result.by)} {this.name}"
        lower = this.verdict == "lower"
        apart = gap(this, int(this.n) * 4 / weeks)
        suggested.append(
            Action(
                f"Find out why {inquiries} convert less often." if lower else f"Find out what works with {inquiries}.",
                versus(this, format_share(result.table.iloc[place])),
                f"{apart.in_words()} {'fewer' if lower else 'more'} in 4 weeks than at the share of the others",
                # a group that is already better has nothing to gain
                apart.expected if lower else 0.0,
            )
        )
    return suggested


def _weeks(result: LeadConversionResult) -> float:
    """Return how many weeks the measured inquiries span, at least four."""
    dates = result.reduced.days.loc[result.reduced.days["mature"] > 0, "date"].dropna()
    if dates.empty:
        return 4.0
    return max(((_day(dates.max()) - _day(dates.min())).days + 1) / 7, 4.0)


def check(result: LeadConversionResult) -> Check:
    """Return leads by status before any exclusion, and the steps to the inquiries that are measured."""
    statuses = result.reduced.read.groupby("status", dropna=False)["leads"].sum().sort_values(ascending=False)
    read = int(statuses.sum())
    counts = [Count("Leads read", read, _SCREEN, "all statuses, the same dates of creation")]
    for name, leads in statuses.items():
        status = name if isinstance(name, str) else "unknown"
        counts.append(Count(f"Leads, status {status}", int(leads), _SCREEN, f"Status: {status}"))
    left_out = [(f"Left out: {reason}", count) for reason, count in result.left_out.items() if count]
    whole = result.overall.iloc[0]
    leads, inquiries, mature = (int(whole[name]) for name in ("leads", "inquiries", "mature"))
    if result.unit == "inquiry":
        left_out.append(("Repeat leads, joined with the earlier one", leads - inquiries))
    left_out.append((f"Younger than {result.window_days} days, or without a date", inquiries - mature))
    exact, inferred, bounded = (int(whole[name]) for name in ("exact", "inferred", "bounded"))
    dates = f"{exact:,} exact, {inferred:,} inferred, {bounded:,} only bounded"
    return Check(counts, steps("Leads read", read, left_out), {"Dates of conversion": dates})
