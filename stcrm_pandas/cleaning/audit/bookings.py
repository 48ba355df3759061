"""Findings about bookings."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect, Found
from stcrm_pandas.cleaning.audit.leads import without_campaign
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.spellings import sources
from stcrm_pandas.contract.schemas.bookings import BOOKINGS

STALE = pd.Timedelta(days=30)
"""A booking that has waited longer is to be closed, not called, as in the report on booking sources."""

STATUSES = next(column.field.values for column in BOOKINGS.columns if column.name == "status")


def bookings_campaign(rows: Rows) -> Found:
    """Return bookings without a campaign that somebody chose."""
    return without_campaign(rows, rows["bookings"], "bookings")


def bookings_start(rows: Rows) -> Found:
    """Return bookings that would start before they were created; the year 1 stands for no date."""
    bookings = rows["bookings"]
    found = bookings[bookings["start"].lt(bookings["created_on"]).fillna(value=False)]
    share = 1 - len(found) / len(bookings) if len(bookings) else 1.0
    return Found(found, len(bookings), (Effect("bookings with a possible start", share, 1.0),), bookings["created_on"])


def bookings_stale(rows: Rows) -> Found:
    """Return bookings that were neither booked nor dismissed and that nobody changed for 30 days."""
    waiting = rows.open_bookings
    found = waiting[(waiting["modified_on"] <= rows.now - STALE) & (waiting["created_on"] <= rows.now - STALE)]
    every = max(len(rows["bookings"]), 1)
    left = len(waiting) - len(found)
    return Found(
        found,
        len(waiting),
        (Effect("bookings that are still open", len(waiting) / every, left / every),),
        waiting["created_on"],
    )


def bookings_status(rows: Rows) -> Found:
    """Return bookings with a status that the API does not document."""
    bookings = rows["bookings"]
    found = bookings[~bookings["status"].isin(list(STATUSES))]
    share = 1 - len(found) / len(bookings) if len(bookings) else 1.0
    return Found(found, len(bookings), (Effect("bookings with a known status", share, 1.0),), bookings["created_on"])


def bookings_source(rows: Rows) -> Found:
    """Return bookings whose source is another spelling of a more frequent one."""
    bookings = rows["bookings"]
    meant = sources(bookings).map.set_index("value")["means"]
    found = bookings[bookings["source"].isin(meant.index)]
    before = bookings["source"].value_counts()
    after = bookings["source"].replace(meant.to_dict()).value_counts()
    every = max(len(bookings), 1)
    effects = [Effect(f"bookings of “{name}”", before[name] / every, after[name] / every) for name in meant.unique()]
    return Found(found, len(bookings), tuple(effects), bookings["created_on"])
