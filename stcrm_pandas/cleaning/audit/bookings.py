"""Findings about bookings."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect, Found
from stcrm_pandas.cleaning.audit.leads import still_open, unknown_status, without_campaign
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.spellings import sources
from stcrm_pandas.contract.schemas.bookings import BOOKINGS

STALE = pd.Timedelta(days=30)
"""A booking that has waited longer is to be closed, not called, as in the report on booking sources."""


def bookings_campaign(rows: Rows) -> Found:
    """Return bookings without a campaign that somebody chose."""
    return without_campaign(rows, rows["bookings"], "bookings")


def bookings_start(rows: Rows) -> Found:
    """Return bookings that would start before they were created; the year 1 stands for no date."""
    bookings = rows["bookings"]
    return Found.among(bookings, bookings["start"].lt(bookings["created_on"]), "bookings with a possible start")


def bookings_stale(rows: Rows) -> Found:
    """Return bookings that were neither booked nor dismissed and that nobody changed for 30 days."""
    waiting, then = rows.open_bookings, rows.now - STALE
    stale = (waiting["modified_on"] <= then) & (waiting["created_on"] <= then)
    return still_open(waiting, stale, len(rows["bookings"]), "bookings")


def bookings_status(rows: Rows) -> Found:
    """Return bookings with a status that the API does not document."""
    return unknown_status(rows["bookings"], BOOKINGS, "bookings")


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
