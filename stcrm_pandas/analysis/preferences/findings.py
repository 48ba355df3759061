"""Actions, tiles and check of contact preferences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from stcrm_pandas.analysis.base.engine import micros
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, Tile, WorkList, steps, weekly_tile
from stcrm_pandas.analysis.base.format import format_counts, plural
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.base.provenance import zone
from stcrm_pandas.analysis.base.shares import rows_of
from stcrm_pandas.analysis.preferences.reach import CHANNELS, OPTED_OUT, UNKNOWN
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult

__all__ = ["actions", "check", "tiles"]

_BY_TEXT = "Marketing by text"
UPPER_BOUND = " An upper bound: a register of text opt-outs may exist outside the CRM."


def actions(result: ContactPreferencesResult, lists: Mapping[str, WorkList]) -> list[Action]:
    """Return what to do this week: opt-outs first."""
    asked = len(lists["ask-for-marketing"])
    done = {
        "marketing-off-elsewhere": "Switch off marketing for {rows} whose number or address is opted out on another "
        "record.",
        "do-not-text-elsewhere": "Set 'do not text' on {rows} opted out of texts on another record.",
        "ask-for-marketing": "Ask {customers} with a mobile number whether they want marketing: their preference is "
        "unknown.",
        "marketing-at-do-not-service": "Switch off marketing for {customers} marked 'do not service'.",
    }
    made = []
    for key, do in done.items():
        if len(lists[key]):
            customers = plural(lists[key].frame["Customer id"].nunique(), "customer")
            rows = plural(len(lists[key]), "number" if key.startswith("do-not-text") else "contact")
            made.append(Action(do.format(rows=rows, customers=customers), size=customers, work_list=key))
    share = format_counts(asked, asked, len(result.owners.frame)) if asked else ""
    return [
        replace(one, number=f"{share} of all active customers") if one.work_list == "ask-for-marketing" else one
        for one in made
    ]


def tiles(result: ContactPreferencesResult) -> list[Tile]:
    """Return four key figures for customers created in the last complete weeks; none without a time zone."""
    local = zone(None, result.time_zone)
    if local is None:
        return []
    states, created = result.states, result.owners.frame["created_on"]
    reached = {channel: (states["marketing", channel] == 0).to_numpy() for channel in CHANNELS}
    measures = {
        "Marketing is not blocked by at least one channel": np.logical_or.reduce([*reached.values()]),
        f"{_BY_TEXT} is not blocked": reached["text"],
        "Marketing by e-mail is not blocked": reached["e-mail"],
        "Marketing preference is unknown": _unknown(result),
    }

    def tile(title: str, hits: Any) -> Tile:
        def share(period: Period) -> str:
            of_period = created.between(micros(period.starts), micros(period.ends), inclusive="left")
            mine = hits[of_period.fillna(value=False).to_numpy(dtype=bool)]
            return format_counts(mine.sum(), mine.sum(), len(mine), min_group=result.min_group) if len(mine) else ""

        every = format_counts(hits.sum(), hits.sum(), len(hits)) if len(hits) else "none"
        note = f"Of customers created in these weeks, as their records are today. All active customers: {every}."
        note += UPPER_BOUND if title.startswith(_BY_TEXT) else ""
        return weekly_tile(title, four_weeks(result.as_of, local), share, unknown="no new customers", note=note)

    return [tile(title, hits) for title, hits in measures.items()]


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
    records, others = len(result.stores["customers"]), left_out["contacts of other customers"]
    return Check(
        counts,
        [
            *steps("Customers read", result.owners.rows, [(what, left_out[key]) for what, key in gone]),
            Step("Deleted contacts", left_out["deleted contacts"], records),
            Step("Contacts of customers that are inactive, merged or were not read", others, records - others),
        ],
        {
            "Inactive and merged customers.": "Their contacts still count as other records of a number: opt-outs on "
            "them stand.",
            "Contacts.": "ServiceTitan's screens show the contacts of one customer at a time, and count none.",
        },
    )
