"""What lead conversion puts on the first screen, and what lets a reader check it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, Tile, WorkList
from stcrm_pandas.analysis.base.format import per_hundred, plural, span
from stcrm_pandas.analysis.base.names import group_word
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.base.provenance import bounds_of_creation
from stcrm_pandas.analysis.base.shares import rows_of, share_of
from stcrm_pandas.analysis.leads.curves import UNSURE, later_conversion
from stcrm_pandas.analysis.leads.result import LeadConversionResult
from stcrm_pandas.analysis.leads.work_lists import ages_in_days, work_lists
from stcrm_pandas.analysis.statistics.prediction import LIKE_EARLIER, gap

__all__ = ["actions", "check", "tiles"]

_SCREEN = "Follow Up > Leads"
_TO_ACT = ("campaign", "category", "business_unit", "job_type", "call_reason", "capture_source", "tag")
"""Where a difference can be acted on; a month cannot, and a creator had the cases that came."""


def tiles(result: LeadConversionResult) -> list[Tile]:
    """Inquiries that came in; converted within 30 and 7 days; dismissed. None where no zone is known."""
    if result.time_zone is None:
        return []
    units = "leads" if result.unit == "lead" else "inquiries"
    return [
        _tile(result, f"{units.capitalize()} that came in", 0, None),
        _tile(result, f"{units.capitalize()} converted within 30 days", 30, ("lower_30", "upper_30")),
        _tile(result, f"{units.capitalize()} converted within 7 days", 7, ("lower_7", "upper_7")),
        _tile(
            result,
            f"{units.capitalize()} dismissed so far",
            30,
            ("dismissed", "dismissed"),
            note="Earlier weeks have had more time to be dismissed.",
        ),
    ]


def _tile(
    result: LeadConversionResult, title: str, mature_days: int, sides: tuple[str, str] | None, note: str = ""
) -> Tile:
    local = ZoneInfo(str(result.time_zone))
    weeks = four_weeks(result.as_of, local, mature_days=mature_days)
    numbers = [_format_period(result, period, sides, local) for period in (weeks.now, weeks.before, weeks.year_ago)]
    return Tile(title, numbers[0] or "not read", str(weeks.now), numbers[1], numbers[2], note)


def _format_period(result: LeadConversionResult, period: Period, sides: tuple[str, str] | None, local: ZoneInfo) -> str:
    """The number of a period in words; empty where the leads were not read from its first day to its last."""
    days = result.reduced.days[result.reduced.days["date"].notna()]
    first, last = bounds_of_creation(result.source, local)
    if days.empty or (last is not None and last < period.ends):
        return ""
    if first is None:
        first = dt.datetime.strptime(str(int(days["date"].min())), "%Y%m%d").replace(tzinfo=local)
    if first > period.starts:
        return ""
    start, end = (int(f"{day:%Y%m%d}") for day in (period.first, period.end))
    rows = days[(days["date"] >= start) & (days["date"] < end)]
    n = int(rows["inquiries"].sum())
    if sides is None:
        return f"{n:,}"
    if n < result.min_group:
        return f"too few to tell ({n:,})"
    lower, upper = (int(rows[side].sum()) for side in sides)
    if upper - lower > UNSURE * n:
        return f"{span(lower / n, upper / n)} of 100: dates not known well enough"
    return per_hundred(share_of(lower, upper, n))


def actions(result: LeadConversionResult) -> list[Action]:
    """Open leads to call, sized by how often leads of that age were still converted; groups that clearly differ."""
    lists = work_lists(result)
    suggested = []
    for key, do in (
        ("overdue-follow-up", "Call the {n} whose follow-up is overdue."),
        ("no-follow-up", "Give the {n} without a follow-up a date, and call."),
        ("stale", "Look again at the {n} without a change for " + f"{result.stale_days} days."),
    ):
        listed = lists[key]
        if len(listed):
            suggested.append(_call(result, do.format(n=plural(len(listed), "open lead", "open leads")), listed))
    if len(result.by) == 1 and result.by[0] in _TO_ACT:
        suggested += _differences(result)
    return suggested


def _call(result: LeadConversionResult, do: str, listed: WorkList) -> Action:
    came = pd.to_datetime(listed.frame["Came in"], errors="coerce", utc=True)
    ages = ages_in_days(result, pd.DataFrame({"created_on": came})).dropna().clip(lower=0).to_numpy(dtype=np.float64)
    later = later_conversion(result.reduced.overall_event_times, ages, least=result.min_group)
    if later is None:
        return Action(do, work_list=listed.key)
    share = span(later.lower / len(ages), later.upper / len(ages))
    number = f"of 100 that were open as long, {share} were converted within the next 30 days"
    return Action(do, number, f"{later.in_words()}, {LIKE_EARLIER}", later.expected, listed.key)


def _differences(result: LeadConversionResult) -> list[Action]:
    weeks = _weeks(result)
    suggested = []
    for place, this in enumerate(rows_of(result.comparisons)):
        if this.verdict not in ("higher", "lower") or this.id in result.disagreements:
            continue
        row = result.table.iloc[place]
        name = f"{group_word(result.by)} {this.name}"
        others = f"against {span(this.others_lower, this.others_upper)} of 100 elsewhere"
        apart = gap(this, int(this.n) * 4 / weeks)
        fewer = "fewer" if this.verdict == "lower" else "more"
        do = (
            f"Find out why inquiries of {name} are converted less often."
            if this.verdict == "lower"
            else f"Find out what goes well with inquiries of {name}."
        )
        suggested.append(
            Action(
                do,
                f"{per_hundred(row)}, {others}",
                f"{apart.in_words()} {fewer} in four weeks than with the share of the others",
                # what is better already brings nothing more by being looked at
                apart.expected if this.verdict == "lower" else 0.0,
            )
        )
    return suggested


def _weeks(result: LeadConversionResult) -> float:
    """How many weeks the measured inquiries span, four at least."""
    dates = result.reduced.days.loc[result.reduced.days["mature"] > 0, "date"].dropna()
    if dates.empty:
        return 4.0
    first, last = (dt.datetime.strptime(str(int(date)), "%Y%m%d") for date in (dates.min(), dates.max()))
    return max(((last - first).days + 1) / 7, 4.0)


def check(result: LeadConversionResult) -> Check:
    """Leads by status before any exclusion, and the steps to the inquiries that are measured."""
    statuses = result.reduced.statuses
    counts = [Count("Leads read", int(statuses["leads"].sum()), _SCREEN, "all statuses, the same dates of creation")]
    for row in rows_of(statuses.sort_values("leads", ascending=False)):
        status = "not known" if pd.isna(row.status) else str(row.status)
        counts.append(Count(f"Leads, status {status}", int(row.leads), _SCREEN, f"Status: {status}"))
    remain = int(statuses["leads"].sum())
    steps = [Step("Leads read", 0, remain)]
    for reason, count in result.left_out.items():
        if count:
            remain -= count
            steps.append(Step(f"Left out: {reason}", count, remain))
    whole = result.overall.iloc[0]
    if result.unit == "inquiry":
        inquiries = int(whole["inquiries"])
        steps.append(Step("Leads that ask again, joined with the earlier one", remain - inquiries, inquiries))
        remain = inquiries
    mature = int(whole["mature"])
    steps.append(Step(f"Younger than {result.window_days} days, or without a date", remain - mature, mature))
    exact, inferred, bounded = (int(whole[name]) for name in ("exact", "inferred", "bounded"))
    return Check(
        counts,
        steps,
        {"Dates of conversion": f"{exact:,} exact, {inferred:,} inferred, {bounded:,} only bounded"},
    )
