"""The reduction behind lead conversion: from frames of any size to small tables of counts.

Written in narwhals, without index, apply or row order, so that every engine can do it. `lead_conversion`
explains the counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.engine import (
    MISSING,
    TENANT,
    Rows,
    collected,
    is_among,
    keys,
    local_month,
    materialize,
    micros,
    prepare_rows,
    refuse_mixed_tenants,
    refuse_mixtures,
    refuse_repeats,
    true,
)
from stcrm_pandas.analysis.base.periods import Limits, Period, measurable
from stcrm_pandas.analysis.base.worth import pace_table
from stcrm_pandas.analysis.leads.dates import with_dates
from stcrm_pandas.analysis.leads.inquiries import inquiries_of
from stcrm_pandas.analysis.leads.keys import columns_of, key_of, tags_of
from stcrm_pandas.errors import UsageError

COUNTS = (
    "leads",
    "inquiries",
    "mature",
    "converted",
    "open",
    "dismissed",
    "unknown_status",
    "exact",
    "inferred",
    "bounded",
    "contradictory",
    "undated",
    "lower",
    "upper",
)
"""The counts of each group of inquiries; `lower` and `upper` bound the number converted within the window."""

HORIZONS = (1, 7, 30, 60, 90)
LONGEST = 365
"""The largest number of days for which inquiries are followed."""

LEFT_OUT = ("duplicate", "spam", "wrong number", "out of area")
"""Dismissals that have nothing to do with how inquiries are handled."""

REASONS_UNKNOWN = "Call reasons were not read: inquiries whose reason says that they are no leads are still counted."

_LEADS = ("id", "status", "call_reason_id", "call_id", "booking_id")
_FILLED = ("active", "business_unit_id", "customer_id", "dismissing_reason_id")
USED = {
    "leads": [*_LEADS, *_FILLED, "lead_phone", "created_on", "modified_on"],
    "jobs": ["id", "created_on", "customer_id", "lead_call_id", "booking_id", "recall_for_id", "warranty_id"],
    "bookings": ["id", "job_id"],
}
"""The columns that are used, by frame."""

_DAY = micros(dt.timedelta(days=1))

Days = TypeVar("Days", pd.Series, nw.Expr)


@dataclass(frozen=True)
class Reduced:
    """Small tables of the inquiries first dated in `period`; of all inquiries where it is None.

    - `cells`: `key_0`, `key_1` (as many as were asked for), `unit`, `month` (12 x year + month - 1; missing without a
      time zone) and `COUNTS`
    - `days`: by local `date` of creation (as 20260131) and `month`: `COUNTS`, and `lower_<days>` and `upper_<days>` for
      each of `HORIZONS`
    - `event_times`: keys, `early_day`, `early_event`, `late_day`, `late_event` (0 open, 1 converted, 2 dismissed),
      `inquiries`; `overall_event_times` the same without keys
    - `read`: `left_out`, `status`, `dismissal` (the reason's id), `leads`, before any exclusion
    - `linked_not_converted`: a number; `has_reasons`: whether a lead has a call reason
    - `every_day`, `every_event_time`: `days` and `overall_event_times` of all inquiries that were read
    - `recent`: by group, the inquiries of the last weeks; see `base.pace.pace_table`
    """

    cells: pd.DataFrame
    days: pd.DataFrame
    event_times: pd.DataFrame
    overall_event_times: pd.DataFrame
    read: pd.DataFrame
    linked_not_converted: int
    has_reasons: bool
    every_day: pd.DataFrame
    every_event_time: pd.DataFrame
    recent: pd.DataFrame
    period: Period | None


def reduce_leads(
    leads: Any,
    limits: Limits,
    *,
    jobs: Any = None,
    bookings: Any = None,
    status_log: Any = None,
    not_leads: Mapping[int | None, Sequence[int]] | None = None,
    reasons: Mapping[int, str] | None = None,
    by: Sequence[str] = (),
    within: dt.timedelta | None = None,
    requested: Period | None = None,
    min_group: int = 1,
) -> Reduced:
    """Count inquiries; a conversion counts within `limits.mature`. Without `within`, each lead is an inquiry.

    If fewer than `min_group` inquiries of the period asked for are old enough, an earlier one is counted.
    """
    refuse_mixtures(leads=leads, jobs=jobs, bookings=bookings)
    carried = {f"key_{place}": key_of(name) for place, name in enumerate(by) if name != "tag"}
    rows, flat = _read(leads, limits, carried, not_leads=not_leads, reasons=reasons, by=by)
    dismissal = nw.when(true(nw.col("status") == "Dismissed")).then(nw.col("reason"))
    until = micros(limits.as_of)
    kept = flat.filter(nw.col("left_out") == "")
    dated = materialize(with_dates(kept, jobs=jobs, bookings=bookings, status_log=status_log, as_of=until))
    inquiries = materialize(_inquiries(dated, list(carried), within, until, micros(limits.mature)))
    bounds = [f"{side}_{days}" for days in HORIZONS for side in ("lower", "upper")]
    times = ["early_day", "early_event", "late_day", "late_event"]
    dtypes = dict.fromkeys(("unit", "month", "date", "dismissal", *times), "Int64") | {
        "left_out": "str",
        "status": "str",
        **{
            f"key_{place}": "str" if name in ("capture_source", "priority") else "Int64"
            for place, name in enumerate(by)
        },
    }

    def counted(rows: Rows, by: Sequence[str], *sums: str) -> pd.DataFrame:
        totals = [nw.col(name).sum() for name in sums] or [nw.len().alias("inquiries")]
        counts = rows.group_by(*by).agg(*totals)
        return collected(counts, {name: dtypes[name] for name in by})

    def event_times_of(inquiries: Rows) -> pd.DataFrame:
        return counted(inquiries.filter(~nw.col("created").is_null()), times)

    every = inquiries
    days = every_day = counted(inquiries, ["date", "month"], *COUNTS, *bounds)
    event_times = every_event_time = event_times_of(inquiries)
    period = None if requested is None else _measurable(requested, every_day, min_group)
    if period is not None:
        inquiries, flat = (
            materialize(rows.filter(true(in_period(nw.col("date"), period)))) for rows in (inquiries, flat)
        )
        days, event_times = every_day[in_period(every_day["date"], period).fillna(False)], event_times_of(inquiries)
    grouped, by_keys = inquiries, [*carried]
    if "tag" in by:
        on = keys(inquiries, "id")
        tag = f"key_{list(by).index('tag')}"
        tags = materialize(tags_of(leads, rows)).select(*on, nw.col("tag").alias(tag))
        grouped, every = (part.join(tags, on=on, how="left") for part in (inquiries, every))
        by_keys = sorted([*carried, tag])
    return Reduced(
        cells=counted(grouped, [*by_keys, "unit", "month"], *COUNTS),
        days=days,
        event_times=counted(grouped.filter(~nw.col("created").is_null()), [*by_keys, *times]),
        overall_event_times=event_times,
        read=counted(
            flat.with_columns(dismissal=dismissal, leads=nw.lit(1)), ["left_out", "status", "dismissal"], "leads"
        ),
        linked_not_converted=int(
            collected(inquiries.select(nw.col("linked_not_converted").sum()))["linked_not_converted"].fillna(0).sum()
        ),
        has_reasons=bool(collected(rows.select(nw.col("call_reason_id").max().alias("last")))["last"].notna().any()),
        every_day=every_day,
        every_event_time=every_event_time,
        recent=pace_table(every, by_keys, nw.lit(value=True), as_of=limits.as_of, mature=limits.mature),
        period=period,
    )


def kept_leads(
    leads: Any, limits: Limits, *, not_leads: Mapping[int | None, Sequence[int]], reasons: Mapping[int, str]
) -> Rows:
    """Return the leads that are not left out: `id`, `status`, `created`, ids, and `lead_phone` if there is one."""
    return _read(leads, limits, {}, not_leads=not_leads, reasons=reasons)[1].filter(nw.col("left_out") == "")


def _read(
    leads: Any,
    limits: Limits,
    carried: Mapping[str, nw.Expr],
    *,
    not_leads: Mapping[int | None, Sequence[int]] | None,
    reasons: Mapping[int, str] | None,
    by: Sequence[str] = (),
) -> tuple[Rows, Rows]:
    """Return the leads as read, and the columns that the reduction needs, with the reason for leaving a lead out."""
    columns = [*_LEADS, *columns_of(by)]
    rows = prepare_rows(
        leads,
        "leads",
        list(dict.fromkeys(columns)),
        times=("created_on", "modified_on"),
        optional=("lead_phone",),
        filled=[name for name in _FILLED if name not in columns],
        local=("created_on",),
        time_zone=limits.time_zone,
    )
    refuse_repeats(rows, "leads")
    names = rows.collect_schema().names()
    refuse_mixed_tenants(rows, by)
    wall = nw.col("created_on_local").dt
    flat = rows.select(
        *keys(rows, "id", "status", "call_id", "booking_id", "customer_id"),
        *(["lead_phone"] if "lead_phone" in names else []),
        nw.col("created_on").alias("created"),
        nw.col("modified_on").alias("modified"),
        nw.col("business_unit_id").alias("unit"),
        (local_month("created_on") if limits.zone else MISSING).alias("month"),
        ((wall.year() * 100 + wall.month()) * 100 + wall.day() if limits.zone else MISSING).alias("date"),
        nw.col("dismissing_reason_id").alias("reason"),
        _left_out(is_among(rows, "call_reason_id", not_leads or {}), reasons or {}).alias("left_out"),
        *(expression.alias(name) for name, expression in carried.items()),
    )
    return rows, materialize(flat)


def in_period(dates: Days, period: Period) -> Days:
    """Return which dates, written as 20260131, are in a period."""
    first, end = (int(f"{day:%Y%m%d}") for day in (period.first, period.end))
    return (dates >= first) & (dates < end)


def day_of(number: int) -> dt.date:
    """Return the day that is written as 20260131."""
    return dt.date(number // 10_000, number // 100 % 100, number % 100)


def _measurable(requested: Period, days: pd.DataFrame, min_group: int) -> Period:
    dated = days[days["date"].notna()]
    if dated.empty:
        return requested

    def enough(period: Period) -> bool:
        return int(dated.loc[in_period(dated["date"], period), "mature"].sum()) >= min_group

    return measurable(requested, enough, day_of(int(dated["date"].min())))


def split_reasons(reasons: Mapping[int, str] | None) -> tuple[dict[int, str], dict[int, str]]:
    """Return the dismissing reasons to leave out, and the names of all of them.

    Raises
    ------
    UsageError
        An id is not an integer, or a text is empty.
    """
    names: dict[int, str] = {}
    for id, text in (reasons or {}).items():
        if not isinstance(id, int) or not str(text).strip():
            raise UsageError("dismissing_reasons maps ids to texts: {644: 'spam', 620: 'price'}")
        names[id] = str(text).strip()
    kinds = {id: text.casefold() for id, text in names.items() if text.casefold() in LEFT_OUT}
    return kinds, names


def not_leads(call_reasons: pd.DataFrame | None) -> dict[int | None, list[int]]:
    """Return the ids of call reasons that are not leads by tenant; without a column tenant, under None."""
    if call_reasons is None:
        return {}
    call_reasons = table_of(call_reasons, "call_reasons", ["id", "is_lead"])
    no_lead = call_reasons["is_lead"].astype("boolean").eq(False).fillna(False)
    those = call_reasons[no_lead]
    if TENANT not in those:
        return {None: [int(id) for id in those["id"]]}
    by_tenant: dict[int | None, list[int]] = {}
    for tenant, id in zip(those[TENANT], those["id"], strict=True):
        by_tenant.setdefault(int(tenant), []).append(int(id))
    return by_tenant


def _left_out(no_lead: nw.Expr, reasons: Mapping[int, str]) -> Any:
    reason: Any = nw.lit("")
    for kind in dict.fromkeys(reasons.values()):
        ids = [id for id, other in reasons.items() if other == kind]
        mapped = true(nw.col("dismissing_reason_id").is_in(ids)) & true(nw.col("status") == "Dismissed")
        reason = nw.when(mapped).then(nw.lit(kind)).otherwise(reason)
    reason = nw.when(no_lead).then(nw.lit("not a lead")).otherwise(reason)
    return nw.when(true(~nw.col("active"))).then(nw.lit("deleted")).otherwise(reason)


def _inquiries(dated: Rows, carried: Sequence[str], within: dt.timedelta | None, until: int, window: int) -> Rows:
    status, created = nw.col("status"), nw.col("created")
    converted, open_ = true(status == "Converted"), true(status == "Open")
    dismissed = true(status == "Dismissed")
    # the best of its leads: converted, then an unknown status, open, dismissed
    rank = nw.when(converted).then(nw.lit(3)).when(open_).then(nw.lit(1)).when(dismissed).then(nw.lit(0))
    rows = dated.with_columns(
        leads=nw.lit(1),
        linked=(~nw.col("booked").is_null() & ~converted).cast(nw.Int64),
        rank=rank.otherwise(nw.lit(2)),
        won_early=nw.when(converted).then(nw.col("early")),
        won_late=nw.when(converted).then(nw.col("late")),
        exact_at=nw.when(nw.col("how") == 0).then(nw.col("late")),
        datable=nw.when(converted & (nw.col("how") != 4)).then(nw.lit(1)).otherwise(nw.lit(0)),
        ended=nw.when(dismissed).then(nw.col("late")),
    )
    inquiries = inquiries_of(
        rows,
        within=within,
        first=("unit", "month", "date", *carried),
        over_all={
            **dict.fromkeys(("leads", "linked"), "sum"),
            **dict.fromkeys(("won_early", "won_late", "exact_at"), "min"),
            **dict.fromkeys(("rank", "ended", "datable"), "max"),
        },
    )
    won, known = nw.col("rank") == 3, nw.col("won_early") == nw.col("won_late")
    exact = won & true(known) & true(nw.col("exact_at") == nw.col("won_late"))
    early, late = nw.col("won_early") - created, nw.col("won_late") - created
    unknown, contradictory = nw.col("rank") == 2, won & (nw.col("datable") == 0)
    mature = true(created <= until - window)
    flags = {
        "inquiries": ~nw.col("rank").is_null(),
        "mature": mature,
        "converted": won,
        "open": nw.col("rank") == 1,
        "dismissed": nw.col("rank") == 0,
        "unknown_status": unknown,
        "exact": exact,
        "inferred": won & true(known) & ~exact & ~contradictory,
        "bounded": won & ~true(known) & ~contradictory,
        "contradictory": contradictory,
        "undated": created.is_null(),
        "lower": mature & won & true(late <= window),
        "upper": mature & (unknown | (won & true(early <= window))),
    }
    for days in HORIZONS:
        flags[f"lower_{days}"] = won & true(late <= days * _DAY)
        flags[f"upper_{days}"] = unknown | (won & true(early <= days * _DAY))
    # only complete days: events after an inquiry's last complete day would give that day too much weight
    # in steps, because pandas evaluates an expression anew wherever it is used
    lost, age = nw.col("rank") == 0, nw.col("age")
    inquiries = inquiries.with_columns(
        age=(nw.lit(until) - created) // _DAY,
        dismissed_day=_days(nw.col("ended") - created),
        early_day=_days(early),
        late_day=_days(late),
    )
    early_day, late_day = (
        nw.when(won).then(nw.col(name)).when(lost).then(nw.col("dismissed_day")) for name in ("early_day", "late_day")
    )
    inquiries = inquiries.with_columns(
        followed=nw.when(age > LONGEST).then(nw.lit(LONGEST)).when(age < 0).then(nw.lit(0)).otherwise(age),
        early_day=nw.when(unknown).then(nw.lit(0)).otherwise(early_day),  # may be a conversion, at once
        late_day=late_day,
    )
    ends: dict[str, nw.Expr] = {}
    for side, chance in (("early", won | unknown), ("late", won)):
        seen = true(nw.col(f"{side}_day") <= nw.col("followed"))
        ended = nw.when(seen & lost).then(nw.lit(2)).otherwise(nw.lit(0))
        ends[f"{side}_event"] = nw.when(seen & chance).then(nw.lit(1)).otherwise(ended)
    inquiries = inquiries.with_columns(**ends)
    for side in ("early", "late"):
        day = nw.when(nw.col(f"{side}_event") == 0).then(nw.col("followed")).otherwise(nw.col(f"{side}_day"))
        ends[f"{side}_event"], ends[f"{side}_day"] = nw.col(f"{side}_event"), day
    return inquiries.select(
        *keys(inquiries, "id", "created", "unit", "month", "date"),
        *carried,
        "leads",
        nw.col("linked").alias("linked_not_converted"),
        *(flag.cast(nw.Int64).alias(name) for name, flag in flags.items()),
        *(end.alias(name) for name, end in ends.items()),
    )


def _days(span: nw.Expr) -> nw.Expr:
    return (span + _DAY - 1) // _DAY
