"""Tiles, actions and check of booking sources."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import collected, micros, true
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, Tile
from stcrm_pandas.analysis.base.format import per_hundred, span
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.bookings.counts import one_number
from stcrm_pandas.analysis.bookings.lists import CALL_WITHIN, waiting_since
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.sentences import format_missing, words
from stcrm_pandas.analysis.bookings.table import each, shares
from stcrm_pandas.analysis.statistics.prediction import LIKE_EARLIER, Prediction, gap, predict, share_of_earlier

__all__ = ["actions", "check", "tiles"]

_AGES = (1, 3, 7, 14)
"""Days from which on bookings are taken together."""

_DAY = micros(dt.timedelta(days=1))


def tiles(result: BookingSourcesResult) -> list[Tile]:
    """Became work, still new after an hour, dismissed for good, came in."""
    return [
        _share_tile(result, "Bookings that became work", "work_lower", "work_upper", "bookings", result.mature_days),
        _share_tile(result, "Still new after an hour", "new_lower_hour", "new_upper_hour", "bookings", 1),
        _share_tile(
            result, "Dismissed, and not worked as a lead", "dismissed", "dismissed", "bookings", result.mature_days
        ),
        _count_tile(result),
    ]


def _share_tile(result: BookingSourcesResult, title: str, lower: str, upper: str, n: str, days: int) -> Tile:
    weeks = four_weeks(result.as_of, result.clock.zone, mature_days=days)

    def share(period: Period) -> str:
        counts = result.clock.between(period)
        if counts is None:
            return ""
        if counts[n] < result.min_group:
            return "too few to tell"
        return per_hundred(pd.DataFrame(shares([counts[lower]], [counts[upper]], [counts[n]])).iloc[0])

    return Tile(
        title, share(weeks.now) or "not known", str(weeks.now), share(weeks.before), share(weeks.year_ago), _note(lower)
    )


def _note(lower: str) -> str:
    return {
        "new_lower_hour": "From those surely still new to those possibly.",
        "work_lower": "Directly, or through a lead that was won.",
    }.get(lower, "")


def _count_tile(result: BookingSourcesResult) -> Tile:
    weeks = four_weeks(result.as_of, result.clock.zone)

    def count(period: Period) -> str:
        counts = result.clock.between(period)
        return "" if counts is None else f"{int(counts['bookings']):,}"

    return Tile(
        "Bookings that came in",
        count(weeks.now) or "not known",
        str(weeks.now),
        count(weeks.before),
        count(weeks.year_ago),
    )


def actions(result: BookingSourcesResult) -> list[Action]:
    """What to do this week; ranked by the jobs that it may bring when shown."""
    made = _calls(result)
    made += [
        Action(
            f"Find out why source {row.source} is silent.",
            format_missing(row),
            worth=row.expected,
        )
        for row in each(result.silences)
        if row.ongoing and (result.as_of - _aware(result, row.since)) <= CALL_WITHIN
    ]
    one = words(result)[0]
    for measure, describe in (("dismissed_leads", _worked), ("canceled", _canceled), ("new_hour", _slow)):
        frame = result.comparisons.get(measure)
        if frame is None or not result.by:
            continue
        for row in each(frame[frame["verdict"] == "higher"]):
            made.append(describe(result, one, row, result.table.loc[row.Index]))
    return made


def _calls(result: BookingSourcesResult) -> list[Action]:
    call, close = (
        one_number(result.rows.filter(chosen).select(nw.len().alias("rows"))) or 0 for chosen in waiting_since(result)
    )
    made = []
    if call:
        what = "booking that is" if call == 1 else "bookings that are"
        later = _later_work(result, waiting_since(result)[0])
        number = size = ""
        if later is not None:
            number = f"of 100 that were still new as long, {span(later.lower / call, later.upper / call)} became work"
            size = f"{later.in_words()}, {LIKE_EARLIER}"
        worth = 0.0 if later is None else later.expected
        made.append(
            Action(f"Call the {call:,} {what} still new after more than a day.", number, size, worth, "still-new")
        )
    if close:
        what = "booking that is" if close == 1 else "bookings that are"
        made.append(
            Action(f"Close the {close:,} {what} still new after {CALL_WITHIN.days} days.", work_list="new-too-long")
        )
    return made


def _worked(result: BookingSourcesResult, one: str, row: Any, group: pd.Series) -> Action:
    led, dismissed, won = (int(group[name]) for name in ("dismissed_leads", "dismissed_status", "dismissed_won"))
    number = per_hundred(pd.DataFrame(shares([led], [led], [dismissed])).iloc[0])
    return Action(
        f"Look at the dismissed bookings of {one} {row.name}: {led:,} of {dismissed:,} were worked as leads. Judge "
        "it by what became of these, not by its dismissals.",
        f"{number}, against {span(row.others_lower, row.others_upper)} for all others",
        f"{won:,} of them won" if won else "",
        float(won),
    )


def _canceled(result: BookingSourcesResult, one: str, row: Any, group: pd.Series) -> Action:
    jobs, canceled = int(group["old_booked"]), int(group["old_canceled"])
    number = per_hundred(pd.DataFrame(shares([canceled], [canceled], [jobs])).iloc[0])
    more = gap(row, jobs * _of_four_weeks(result))
    return Action(
        f"Ask why jobs out of {one} {row.name} are canceled.",
        f"{number}, against {span(row.others_lower, row.others_upper)} for all others",
        f"{more.in_words('job', 'jobs')} more canceled in four weeks than with the share of the others"
        if more.expected >= 1
        else "",
        more.expected,
    )


def _slow(result: BookingSourcesResult, one: str, row: Any, group: pd.Series) -> Action:
    number = per_hundred(
        pd.DataFrame(shares([group["new_lower_hour"]], [group["new_upper_hour"]], [group["aged_hour"]])).iloc[0]
    )
    return Action(
        f"Answer bookings of {one} {row.name} sooner: more of them are still new after an hour.",
        f"{number}, against {span(row.others_lower, row.others_upper)} for all others",
    )


def _of_four_weeks(result: BookingSourcesResult) -> float:
    days = (result.clock.end - result.clock.first).total_seconds() / 86_400 - result.revenue_days
    return 28 / days if days > 28 else 1.0


def _aware(result: BookingSourcesResult, wall: pd.Timestamp) -> Any:
    return wall.to_pydatetime().replace(tzinfo=result.clock.zone)


def check(result: BookingSourcesResult) -> Check:
    """Counts by status before any exclusion, and the steps to the rows that were analysed."""
    status = nw.col("status")
    rows = result.rows.select(status.fill_null("(none)").alias("status")).group_by("status")
    counted = collected(rows.agg(nw.len().alias("rows"))).sort_values("rows", ascending=False)
    total = int(counted["rows"].sum())
    every = result.overall.iloc[0]
    deleted, kept, mature = result.left_out["deleted"], int(every["bookings"]), int(every["mature"])
    screen = "Calls > Bookings"
    return Check(
        [
            Count("Bookings", total, screen, "created in the period, every status"),
            *(
                Count(
                    f"Bookings, status {row.status}",
                    int(row.rows),
                    screen,
                    f"created in the period, status {row.status}",
                )
                for row in each(counted)
            ),
        ],
        [
            Step("Bookings read", 0, total),
            Step("Deleted rows of a feed left out", deleted, kept),
            Step(f"Younger than {result.mature_days} days, or without a moment of creation", kept - mature, mature),
        ],
    )


def _later_work(result: BookingSourcesResult, chosen: nw.Expr) -> Prediction | None:
    """How many of the bookings that wait will become work, if they are handled like earlier ones of the same age.

    For each span of ages (from 1, 3, 7 and 14 days on): of the bookings at least `mature_days` old that were still new
    at its first day, those that became work. Where it is not known how long one was still new, it is taken as still new
    or not, whichever makes the share lower, and then whichever makes it higher.

    Parameters: the analysis; the condition of the bookings that wait, all of them a day old or more.
    Returns: the prediction; None where fewer than `min_group` earlier ones were still new at one of the ages.
    """
    created, now = nw.col("created"), micros(result.as_of)
    mature = ~nw.col("deleted") & true(created <= now - micros(dt.timedelta(days=result.mature_days)))
    work = nw.col("is_job") | nw.col("is_converted") | nw.col("is_lead_won")
    perhaps = work | nw.col("is_unknown") | nw.col("is_lead_unknown")
    sums: dict[str, nw.Expr] = {}
    for age, until in zip(_AGES, (*_AGES[1:], None), strict=True):
        surely = mature & (true(nw.col("earliest") - created > age * _DAY) | nw.col("waiting"))
        possibly = mature & (surely | ~true(nw.col("latest") - created <= age * _DAY))
        here = chosen & true(created <= now - age * _DAY)
        flags = {
            "waiting": here if until is None else here & true(created > now - until * _DAY),
            "worked_surely": work & surely,
            "others_possibly": ~work & possibly,
            "worked_possibly": perhaps & possibly,
            "others_surely": ~perhaps & surely,
        }
        sums |= {f"{name}_{age}": flag.cast(nw.Int64).sum() for name, flag in flags.items()}
    row: Any = collected(result.rows.select(**sums), dict.fromkeys(sums, "Int64")).fillna(0).iloc[0]

    def of_ages(name: str) -> Any:
        return np.array([int(row[f"{name}_{age}"]) for age in _AGES])

    waiting, fewer, more = of_ages("waiting"), of_ages("worked_surely"), of_ages("worked_possibly")
    of_fewer, of_more = fewer + of_ages("others_possibly"), more + of_ages("others_surely")
    if not waiting.any() or (np.minimum(of_fewer, of_more)[waiting > 0] < result.min_group).any():
        return None
    return predict(waiting, share_of_earlier(fewer, of_fewer), share_of_earlier(more, of_more))
