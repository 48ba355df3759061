"""What a report on contact preferences is made of: actions, tiles, and what lets a reader check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.engine import micros
from stcrm_pandas.analysis.base.findings import Action, Check, Count, Step, Tile, WorkList
from stcrm_pandas.analysis.base.format import per_hundred
from stcrm_pandas.analysis.base.periods import Period, four_weeks
from stcrm_pandas.analysis.base.provenance import zone
from stcrm_pandas.analysis.preferences.reach import CHANNELS, OPTED_OUT, UNKNOWN
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult
from stcrm_pandas.analysis.preferences.sentences import customers_in_words
from stcrm_pandas.analysis.statistics.estimates import wilson

__all__ = ["actions", "check", "tiles"]

_BY_TEXT = "Marketing by text"
UPPER_BOUND = " An upper bound: a register of text opt-outs may exist outside the CRM."


def actions(result: ContactPreferencesResult, lists: Mapping[str, WorkList]) -> list[Action]:
    """Return what to do this week, given the work lists by key: what is to be stopped comes first."""
    done = []
    stop = lists["marketing-off-elsewhere"]
    if len(stop):
        records = len(stop)
        done.append(
            Action(
                f"Switch off marketing for the {records:,} contact{'' if records == 1 else 's'} whose number or "
                "address is opted out on another record.",
                size=customers_in_words(stop.frame["Customer id"].nunique()),
                work_list=stop.key,
            )
        )
    texts = lists["do-not-text-elsewhere"]
    if len(texts):
        done.append(
            Action(
                f"Set 'do not text' on the {len(texts):,} number{'' if len(texts) == 1 else 's'} that stopped texts on "
                "another record.",
                size=customers_in_words(texts.frame["Customer id"].nunique()),
                work_list=texts.key,
            )
        )
    ask = lists["ask-for-marketing"]
    if len(ask):
        n = int(result.overall["customers"].iloc[0])
        done.append(
            Action(
                f"Ask {customers_in_words(len(ask))} with a mobile number whose marketing preference is unknown.",
                number=f"{_share(len(ask), n)} of all active customers",
                size=customers_in_words(len(ask)),
                work_list=ask.key,
            )
        )
    gone = lists["marketing-at-do-not-service"]
    if len(gone):
        done.append(
            Action(
                f"Switch off marketing for {customers_in_words(gone.frame['Customer id'].nunique())} not to be served.",
                work_list=gone.key,
            )
        )
    return done


def tiles(result: ContactPreferencesResult) -> list[Tile]:
    """The tiles of `ContactPreferences.tiles`."""
    local = zone(None, result.time_zone)
    if local is None:
        return []
    weeks = four_weeks(result.as_of, local)
    states, created = result.states, result.owners.frame["created_on"]
    reached = {channel: (states["marketing", channel] == 0).to_numpy() for channel in CHANNELS}
    measures = {
        "Marketing is not blocked by at least one channel": np.logical_or.reduce([*reached.values()]),
        f"{_BY_TEXT} is not blocked": reached["text"],
        "Marketing by e-mail is not blocked": reached["e-mail"],
        "Marketing preference is unknown": _unknown(result),
    }

    def share(period: Period, hits: Any) -> str:
        mine = ((created >= micros(period.starts)) & (created < micros(period.ends))).fillna(False).to_numpy(dtype=bool)
        n = int(mine.sum())
        return _share(int(hits[mine].sum()), n) if n >= result.min_group else "too few to tell" if n else ""

    return [
        Tile(
            title,
            share(weeks.now, hits) or "no new customers",
            str(weeks.now),
            share(weeks.before, hits),
            share(weeks.year_ago, hits),
            note=f"Of customers created in these weeks, as their records are today. All active customers: "
            f"{_share(int(hits.sum()), len(hits))}.{UPPER_BOUND if title.startswith(_BY_TEXT) else ''}",
        )
        for title, hits in measures.items()
    ]


def _unknown(result: ContactPreferencesResult) -> Any:
    """Customers of whom no record tells whether they want marketing, and who could be asked."""
    electronic = [result.states["marketing", channel].to_numpy() for channel in CHANNELS[:3]]
    answered = np.logical_or.reduce([(state == 0) | ((state >= OPTED_OUT) & (state < UNKNOWN)) for state in electronic])
    return np.logical_or.reduce([state == UNKNOWN for state in electronic]) & ~answered


def _share(hits: int, n: int) -> str:
    if n == 0:
        return "none"
    low, high = wilson(hits, n)
    row = {"share_lower": hits / n, "share_upper": hits / n, "interval_low": float(low), "interval_high": float(high)}
    return per_hundred(pd.Series(row))


def check(result: ContactPreferencesResult) -> Check:
    """The counts and steps of `ContactPreferences.check`."""
    statuses = result.owners.statuses
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
            f"Contacts of {row.store if row.store != 'newer' else 'the newer store'}, type {row.type}", int(row.records)
        )
        for row in _rows(result.kinds)
    ]
    rows, merged = result.owners.rows, result.left_out["merged customers"]
    inactive = result.left_out["inactive customers"]
    records, others = len(result.stores["customers"]), result.left_out["contacts of other customers"]
    deleted = result.left_out["deleted contacts"]
    steps = [
        Step("Customers read", 0, rows),
        Step("Merged into others", merged, rows - merged),
        Step("Inactive, in no share", inactive, rows - merged - inactive),
        Step("Contacts of customers, deleted rows of a feed left out", deleted, records),
        Step("Contacts of customers that are inactive, merged or were not read", others, records - others),
    ]
    notes = {
        "Inactive and merged customers.": "Their records still count as other records of a number: an opt-out on "
        "them stands.",
        "Contacts.": "ServiceTitan's screens show contacts one customer at a time, and count none.",
    }
    return Check(counts, steps, notes)


def _rows(frame: pd.DataFrame) -> Any:
    return frame.itertuples(index=False)
