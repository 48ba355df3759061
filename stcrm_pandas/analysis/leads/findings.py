"""Tiles, actions and check of lead conversion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.differences import beside, versus
from stcrm_pandas.analysis.base.engine import collected
from stcrm_pandas.analysis.base.findings import Action, Check, Count, WorkList, steps
from stcrm_pandas.analysis.base.format import format_range, format_share
from stcrm_pandas.analysis.base.headline import (
    Contrast,
    Headline,
    Measure,
    Measured,
    Tile,
    year_of,
)
from stcrm_pandas.analysis.base.inputs import not_read
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.analysis.base.result import another_period, measured_of, of_period, read_in, too_few_in
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.base.worth import Worth
from stcrm_pandas.analysis.call_lists import rows_of_list
from stcrm_pandas.analysis.campaigns.result import OpportunitiesResult
from stcrm_pandas.analysis.leads import tables as lead_tables
from stcrm_pandas.analysis.leads.keys import columns_of
from stcrm_pandas.analysis.leads.lists import ages_in_days, open_leads
from stcrm_pandas.analysis.leads.reduction import day_of, in_period
from stcrm_pandas.analysis.leads.result import LeadConversionResult, measure_of
from stcrm_pandas.analysis.leads.tables import UNSURE
from stcrm_pandas.analysis.statistics.comparison import is_sure
from stcrm_pandas.analysis.statistics.prediction import LIKE_EARLIER, Prediction, gap
from stcrm_pandas.charts.svg import Trend, sparkline
from stcrm_pandas.output.printable import plural

_SCREEN = "Follow Up > Leads"
_MEANT = {
    "leads": "Leads: inquiries not booked on first contact.",
    "inquiries": "Inquiries not booked on first contact, also those that are no leads: call reasons were not read.",
}
"""What is counted, in a sentence."""

_BOOKED_WITHIN = (
    Measure("Booked within 30 days", "inquiries", "lower_30", "upper_30", 30, unsure=UNSURE),
    Measure("Booked within 7 days", "inquiries", "lower_7", "upper_7", 7, unsure=UNSURE),
)
_COUNTS = ["inquiries", "lower_30", "upper_30", "lower_7", "upper_7"]

_TO_ACT = ("campaign", "category", "business_unit", "job_type", "call_reason", "capture_source", "tag")
"""Dimensions whose differences people can act on: not months, and not creators, who do not choose their leads."""


def headline(result: LeadConversionResult, booked: OpportunitiesResult | None) -> Headline:
    """Return the share of the period or the last twelve months, by month; without a zone that of all, no chart."""
    days, unit = result.window_days, _unit(result)
    many = unit[1]
    contrast = _contrast(result, booked)
    year = None if result.months is None else year_of(_by_month(result, result.months), min_group=result.min_group)
    overall, period = result.overall.iloc[0], result.period
    n, counted = int(overall["mature"]), int(overall["inquiries"])
    every = measure_of(result).of(overall)
    if year is not None and period is not None:
        year = replace(year, now=every, n=n, before=_a_year_before(result, period), period=period)
    shown, n = (every, n) if year is None else (year.now, year.n)
    if shown.share is None or n < result.min_group:
        of = f"are {days} days old to tell how many are booked" if period is None else f"{period.of} to measure"
        why = too_few_in(result, unit, measured=n, counted=counted, old=f"are {days} days old")
        return Headline(f"Too few {many} {of}", evidence=why, contrast=contrast)
    measured = measured_of(result, unit, measured=n, counted=counted, days=days)
    moved = another_period(result, f"{many} {result.requested.of} are {days} days old" if result.requested else "")
    when = moved or ("" if year is None or period is not None else f"{year.dates}: ")
    return Headline(
        f"{format_range(*shown.share)} of leads{of_period(result) if moved else ''} are booked within {days} days",
        "" if year is None else year.change,
        f"{when}{measured}95% confidence interval {format_range(*(shown.interval or shown.share))}. {_MEANT[many]}",
        None if year is None else Trend(measure_of(result).title, f"of {many}", unit, year.months, shown.share),
        "12 months together" if period is None else str(period),
        contrast=contrast,
    )


def _unit(result: LeadConversionResult) -> tuple[str, str]:
    """Return what is counted: without call reasons, also inquiries that are no leads."""
    return ("lead", "leads") if "call_reasons" in result.inputs else ("inquiry", "inquiries")


def _by_month(result: LeadConversionResult, months: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of each month up to the end of the period."""
    if result.period is not None:
        days = result.reduced.every_day
        days = days[(days["month"] <= result.period.trend[-1]).fillna(value=False)]
        months = lead_tables.months(days, result.limits, result.min_group)
    return measure_of(result).counts(months).assign(volume=months["inquiries"])


def _contrast(result: LeadConversionResult, booked: OpportunitiesResult | None) -> Contrast | None:
    """Return the first group whose leads are booked less often, but more of all its inquiries; or the reverse."""
    if booked is None:
        return None
    everything = {row.id: row for row in rows_of(booked.comparisons)}
    for leads in rows_of(result.comparisons):
        if leads.id in result.disagreements:
            every = everything[leads.id]
            lower = leads.verdict == "lower"
            why = "Most of its inquiries are booked on the first contact, so only the harder cases become leads."
            return Contrast(
                f"Judge '{leads.name}' by both numbers",
                [
                    (
                        name,
                        format_range(row.share_lower, row.share_upper),
                        format_range(row.others_lower, row.others_upper),
                    )
                    for name, row in (("Leads booked", leads), ("All inquiries booked", every))
                ],
                why
                if lower
                else "Its leads are booked often, but few of its inquiries are booked on the first contact.",
            )
    return None


def tiles(result: LeadConversionResult, lists: Mapping[str, WorkList]) -> list[Tile]:
    """Return tiles of new inquiries, those booked within 30 and 7 days, and overdue follow-ups; none without a zone."""
    if result.time_zone is None:
        return []
    zone = ZoneInfo(result.time_zone)

    def counts(period: Period) -> pd.Series | None:
        days = _days_in(result, period, _COUNTS)
        return None if days is None else days.sum()

    measures = (Measure(f"New {_unit(result)[1]}", "inquiries"), *_BOOKED_WITHIN)
    made = [measure.tile(result.as_of, zone, counts, min_group=result.min_group) for measure in measures]
    return [*made, _overdue(result, zone, lists["overdue-follow-up"].frame)]


def _days_in(result: LeadConversionResult, period: Period, columns: list[str]) -> pd.DataFrame | None:
    """Return counts of the days of a period; None where it was not read from its first day to its last."""
    dates = result.reduced.every_day["date"]
    first, last = result.limits.read
    if dates.isna().all() or (last is not None and last < period.ends):
        return None
    began = day_of(int(dates.min())) > period.first if first is None else first > period.starts
    return None if began else result.reduced.every_day.loc[in_period(dates, period).fillna(value=False), columns]


def _a_year_before(result: LeadConversionResult, period: Period) -> Measured | None:
    """Return the share of a year earlier; None where it was not read, or overlaps the period."""
    earlier = period.year_earlier
    rows = _days_in(result, earlier, ["mature", "lower", "upper"]) if earlier.end <= period.first else None
    if rows is None:
        return None
    of_days = replace(measure_of(result), lower="lower", upper="upper")
    return of_days.of(rows.sum(), min_group=result.min_group)


def _overdue(result: LeadConversionResult, local: ZoneInfo, listed: pd.DataFrame) -> Tile:
    """Return the overdue follow-ups to call, by how long and by the month in which they came in."""
    late = listed["Days waiting"]
    today = result.as_of.astimezone(local)
    came = pd.PeriodIndex(pd.to_datetime(listed["Came in"], errors="coerce"), freq="M")
    months = pd.period_range(end=pd.Period(today.replace(tzinfo=None), "M"), periods=12)
    counts = pd.Series(came).value_counts().reindex(months, fill_value=0)
    spark = sparkline([float(count) for count in counts], title="By the month in which they came in", bars=True)
    long = int((late > 30).sum())
    return Tile(
        "Overdue follow-ups",
        f"{len(listed):,}",
        f"{today:%b} {today.day}, {today.year}",
        change=f"{long:,} for more than 30 days" if len(listed) else "",
        spark=spark if len(listed) else "",
        note="Bars: leads by the month they came in." if len(listed) else "",
        details=[
            ("7 days or less", f"{int((late <= 7).sum()):,}"),
            ("8–30 days", f"{int(late.between(8, 30).sum()):,}"),
        ],
    )


def actions(result: LeadConversionResult, lists: Mapping[str, WorkList]) -> list[Action]:
    """Return open leads to call, with how often leads of that age still converted, and groups that clearly differ."""
    suggested = []
    for key, do in (
        ("overdue-follow-up", "Call the {} whose follow-up is overdue."),
        ("no-follow-up", "Call the {} without a follow-up date."),
        ("stale", f"Review the {{}} without a change for {result.stale_days} days."),
    ):
        if len(lists[key]):
            names = _unit(result) if key == "overdue-follow-up" else [f"open {name}" for name in _unit(result)]
            suggested.append(_call(result, do.format(plural(len(lists[key]), *names)), lists[key]))
    if len(result.by) == 1 and result.by[0] in _TO_ACT:
        suggested += _differences(result)
    return suggested


def _call(result: LeadConversionResult, do: str, listed: WorkList) -> Action:
    if missing := result.lacks("leads: whom to call"):
        unknown = f"whom not to call is unknown: {not_read(missing)}"
        return Action(do.replace("Call ", "Review ", 1), unknown, work_list=listed.key, brief=unknown)
    # the same ages as those by which the list is sorted and its revenue is added up
    called = rows_of_list(open_leads(result), listed.frame, "Lead id")
    ages = ages_in_days(result, called).dropna().clip(lower=0).to_numpy(dtype=np.float64)
    later = result.chances.predict(ages)
    if later is None or result.lacks("leads: chances of open ones"):
        return Action(do, work_list=listed.key)
    currency = None if result.job_values is None else result.job_values.currency
    worth = Worth(later, listed.expected or 0.0, currency, listed.unusual)
    revenue = f", {worth.money}" if worth.money else ""
    share = format_range(later.lower / len(ages), later.upper / len(ages))
    number = f"{share} of leads that were open this long were booked within the next 30 days"
    brief = f"{share} of leads this old get booked: {worth.in_brief()}{revenue}{worth.note}"
    size = f"{later.in_words()}{revenue}{worth.note}, {LIKE_EARLIER}"
    return Action(do, number, size, later.expected, listed.key, brief, worth.amount)


def _differences(result: LeadConversionResult) -> list[Action]:
    suggested = []
    for place, this in enumerate(rows_of(result.comparisons)):
        clear = is_sure(this) and this.id not in result.disagreements
        if not clear or this.id not in result.paces:
            continue
        lower = this.verdict == "lower"
        apart = gap(this, result.paces[this.id])
        more = "fewer" if lower else "more"
        worth = _worth(result, this.id, apart) if lower else Worth(apart)  # what is already better has nothing to gain
        brief = f"about {worth.money} less" if worth.money else worth.in_brief(f"{more} job", f"{more} jobs")
        suggested.append(
            Action(
                f"Find out why {this.name} leads are booked less often."
                if lower
                else f"Find out what works with {this.name} leads.",
                versus(this, format_share(result.table.iloc[place])),
                f"{apart.in_words()} {more} in 4 weeks than at the share of the others"
                + (f"; about {worth.money} at the average revenue of such jobs" if worth.money else "")
                + worth.note,
                apart.expected if lower else 0.0,
                brief=f"{beside(this, 'booked')}: {brief} in 4 weeks{worth.note}",
                amount=worth.amount,
            )
        )
    return suggested


def _worth(result: LeadConversionResult, id: Any, jobs: Prediction) -> Worth:
    """Return what jobs are worth at the average revenue of such jobs as the leads of a group ask for."""
    columns, values = columns_of(result.by), result.job_values
    if values is None or not values.comparable or len(columns) != 1 or result.by[0] in ("category", "tag"):
        return Worth(jobs)
    rows = nw.from_native(result.source).lazy()
    kinds = [name for name in ("business_unit_id", "job_type_id") if name in rows.collect_schema()]
    leads = collected(rows.filter(nw.col(columns[0]) == id).select(*dict.fromkeys([*columns, *kinds])))
    amounts = values.of(leads)
    average = float(amounts.mean()) if amounts.notna().any() else 0.0
    return Worth(jobs, jobs.expected * average, values.currency, values.moved(leads))


def check(result: LeadConversionResult) -> Check:
    """Return leads by status before any exclusion, and the steps to the inquiries that are measured."""
    statuses = result.reduced.read.groupby("status", dropna=False)["leads"].sum().sort_values(ascending=False)
    read = int(statuses.sum())
    counts = [Count(read_in(result, "Leads"), read, _SCREEN, "all statuses, the same dates of creation")]
    for name, leads in statuses.items():
        status = name if isinstance(name, str) else "unknown"
        counts.append(Count(f"Leads, status {status}", int(leads), _SCREEN, f"Status: {status}"))
    left_out = [(f"Left out: {reason}", count) for reason, count in result.left_out.items() if count]
    overall = result.overall.iloc[0]
    inquiries, mature = (int(overall[name]) for name in ("inquiries", "mature"))
    if result.unit == "inquiry":
        # each inquiry has one first lead, and dates of a period are those of first leads
        repeats = read - sum(count for _, count in left_out) - inquiries
        left_out.append(("Repeat leads, joined with the earlier one", repeats))
    left_out.append((f"Younger than {result.window_days} days, or without a date", inquiries - mature))
    exact, inferred, bounded, none = (int(overall[name]) for name in ("exact", "inferred", "bounded", "contradictory"))
    dates = f"{exact:,} exact, {inferred:,} inferred, {bounded:,} only bounded" + (
        f", {none:,} unknown" if none else ""
    )
    return Check(counts, steps(read_in(result, "Leads"), read, left_out), {"Dates of conversion": dates})
