"""Actions, tiles and check of contact preferences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import micros
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, WorkList, steps
from stcrm_pandas.analysis.base.format import format_counts, format_percent, format_range
from stcrm_pandas.analysis.base.headline import Headline, Measure, Tile, year_of
from stcrm_pandas.analysis.base.periods import Period, month_start
from stcrm_pandas.analysis.base.provenance import zone
from stcrm_pandas.analysis.base.result import another_period, too_few_in
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.owners import OPTED_OUT, UNKNOWN
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult
from stcrm_pandas.charts.svg import Trend
from stcrm_pandas.frame.customers import CHANNELS
from stcrm_pandas.output.printable import plural

_OF_NEW = "Of the customers added in these weeks, according to their records today."
_MEASURES = [
    Measure(title, "customers", name, name, note=_OF_NEW)
    for name, title in (
        ("text", "Marketing by text, at most"),
        ("e-mail", "Marketing by e-mail, at most"),
        ("any", "Marketing by any channel"),
        ("unknown", "Preference unknown"),
    )
]
"""What is measured of customers; the first one is also the headline."""


def actions(result: ContactPreferencesResult, lists: Mapping[str, WorkList]) -> list[Action]:
    """Return what to do this week: opt-outs first."""
    to_ask = len(lists["ask-for-marketing"])
    done = {
        "marketing-off-elsewhere": (
            "Turn off marketing for {rows}.",
            "Opted out on another record",
        ),
        "do-not-text-elsewhere": ("Set 'do not text' on {rows}.", "Opted out of texts on another record"),
        "ask-for-marketing": (
            "Ask {customers} about marketing.",
            "They have a mobile number, and their preference is unknown",
        ),
        "marketing-at-do-not-service": ("Turn off marketing for {customers}.", "They are marked 'do not service'"),
    }
    made = []
    for key, (do, why) in done.items():
        unsure = key == "ask-for-marketing" and result.lacks("preferences: whom to ask")
        if len(lists[key]) and not unsure:
            customers = plural(lists[key].frame["Customer id"].nunique(), "customer")
            rows = plural(len(lists[key]), "number" if key.startswith("do-not-text") else "contact")
            brief = f"{why}: {customers}" if "{rows}" in do else why
            made.append(Action(do.format(rows=rows, customers=customers), why, customers, work_list=key, brief=brief))
    share = format_percent(to_ask / len(result.owners.frame)) if to_ask else ""
    return [
        replace(action, number=f"{action.number}: {share} of all active customers")
        if action.work_list == "ask-for-marketing"
        else action
        for action in made
    ]


def headline(result: ContactPreferencesResult) -> Headline:
    """Return the share of active customers whom ServiceTitan does not block for marketing by text, by month."""
    reached = (result.states["marketing", "text"] == 0).to_numpy()
    states, period, unit = result.states[result.shown], result.period, ("customer", "customers")
    n, hits = len(states), int((states["marketing", "text"] == 0).sum())
    every = _MEASURES[0].of({"customers": n, "text": hits}, min_group=result.min_group)
    created = "" if period is None else f" created {period.when}"
    moved = another_period(result, f"customers created {result.requested.when} are active" if result.requested else "")
    if every.share is None:
        few = "active customers to tell whom you can contact" if period is None else f"customers{created} to measure"
        return Headline(f"Too few {few}", evidence=too_few_in(result, unit, measured=n, counted=n))
    months = None if result.time_zone is None else year_of(_by_month(result, reached), min_group=result.min_group)
    change = "" if months is None else months.change
    others = []
    for channel in ("call", "e-mail", "mail"):
        hits = int((states["marketing", channel] == 0).sum())
        most = "at most " if channel == "e-mail" else ""
        others.append(f"{channel} {most}{format_range(*[hits / n] * 2)}")
    of = "of new customers"
    return Headline(
        f"At most {format_range(*every.share)} of {'' if period is None or moved else 'new '}customers"
        f"{created if moved else ''} are not blocked for marketing texts",
        change and f"New customers: {change[0].lower()}{change[1:]}",
        evidence=f"{moved}Of {plural(n, 'active customer')}{created}. "
        f"By {', by '.join(others)}. Not blocked does not mean permission.",
        trend=None
        if months is None
        else Trend("Not blocked for marketing texts", of, unit, months.months, every.share),
        together="all active customers" if period is None else str(period),
    )


def _by_month(result: ContactPreferencesResult, hits: Any) -> pd.DataFrame:
    """Return the customers of each month of creation, and how many of them are not blocked."""
    local = pd.to_datetime(result.owners.frame["created_on_local"])
    number = (local.dt.year * 12 + local.dt.month - 1).to_numpy(dtype=np.float64)
    known = np.isfinite(number)
    counts = pd.DataFrame({"volume": 1, "lower": hits.astype(np.int64)})[known].groupby(number[known].astype(int)).sum()
    last = result.as_of.astimezone(zone(None, result.time_zone))
    now = last.year * 12 + last.month - 1
    months = range(now - 23, now + 1) if result.period is None else result.period.trend
    counts = counts.reindex(months, fill_value=0)
    names = [f"{month_start(month, dt.UTC):%b %Y}" for month in counts.index]
    return counts.assign(n=counts["volume"], upper=counts["lower"], name=names, whole=counts.index < now)


def tiles(result: ContactPreferencesResult, lists: object) -> list[Tile]:
    """Return four key figures for customers created in the last complete weeks; none without a time zone."""
    local = zone(None, result.time_zone)
    if local is None:
        return []
    states, created = result.states, result.owners.frame["created_on"]
    reached = {channel: (states["marketing", channel] == 0).to_numpy() for channel in CHANNELS}
    hits = pd.DataFrame({name: reached[name] for name in ("text", "e-mail")})
    hits = hits.assign(any=np.logical_or.reduce([*reached.values()]), unknown=_unknown(result), customers=True)

    @cache  # all tiles are of the same weeks
    def counts(period: Period) -> pd.Series | None:
        of_period = created.between(micros(period.starts), micros(period.ends), inclusive="left")
        mine = hits[of_period.fillna(value=False).to_numpy(dtype=bool)]
        return mine.sum() if len(mine) else None

    def tile(measure: Measure) -> Tile:
        every = int(hits[measure.lower].sum())
        shown = format_counts(every, every, len(hits)) if len(hits) else "none"
        made = measure.tile(result.as_of, local, counts, min_group=result.min_group, unknown="no new customers")
        return replace(made, details=[("4 weeks before", made.before or "unknown"), ("All active customers", shown)])

    return [*map(tile, _MEASURES)]


def _unknown(result: ContactPreferencesResult) -> Any:
    """Return which customers have no record with a marketing preference, and could be asked."""
    electronic = [result.states["marketing", channel].to_numpy() for channel in CHANNELS[:3]]
    answered = np.logical_or.reduce([(state == 0) | ((state >= OPTED_OUT) & (state < UNKNOWN)) for state in electronic])
    return np.logical_or.reduce([state == UNKNOWN for state in electronic]) & ~answered


def check(result: ContactPreferencesResult) -> Check:
    """Return counts before any exclusion, and the steps to the rows analyzed."""
    statuses, left_out = result.owners.statuses, result.left_out
    counts = []
    for active, word, screen in ((1, "active", "Active"), (0, "inactive", "Inactive"), (-1, "of unknown status", "")):
        mine = statuses[statuses["active"] == active]
        if len(mine):
            merged = int(mine.loc[mine["merged"], "rows"].sum())
            part = f", {merged:,} of them merged into others" if merged else ""
            where = "Search > Customers" if screen else ""
            counts.append(Count(f"Customers {word}{part}", int(mine["rows"].sum()), where, screen))
    counts += [
        Count(
            f"{'Newer contacts' if row.store == 'newer' else f'Contacts of {row.store}'}, {row.type}", int(row.records)
        )
        for row in rows_of(result.kinds)
    ]
    gone = [("Merged into others", "merged customers"), ("Inactive, not included", "inactive customers")]
    kept = [(what, left_out[key]) for what, key in gone]
    if result.period is not None:
        kept.append((f"Not created {result.period.when}", int((~result.shown).sum())))
    records, others = len(result.stores["customers"]), left_out["contacts of other customers"]
    return Check(
        counts,
        [
            *steps("Customers read", result.owners.rows, kept),
            Step("Deleted contacts", left_out["deleted contacts"], records),
            Step("Contacts of customers that are inactive, merged or were not read", others, records - others),
        ],
        {
            "Inactive and merged customers.": "Their contacts still count as other records of a number: opt-outs on "
            "them stand.",
            "Contacts.": "ServiceTitan's screens show the contacts of one customer at a time, and count none.",
        },
    )
