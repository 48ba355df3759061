"""Findings about bookings."""

from __future__ import annotations

from stcrm_pandas.cleaning.audit.finding import Effect, Found
from stcrm_pandas.cleaning.audit.leads import still_open, unknown_status, without_campaign
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.contract.schemas.bookings import BOOKINGS


def bookings_campaign(rows: Rows) -> Found:
    """Return bookings without a campaign that somebody chose."""
    return without_campaign(rows, rows["bookings"], "bookings")


def bookings_start(rows: Rows) -> Found:
    """Return bookings without a start, or that would start before they were created; the year 1 stands for none."""
    bookings = rows["bookings"]
    odd = bookings["start"].isna() | bookings["start"].lt(bookings["created_on"])
    return Found.among(bookings, odd, "bookings with a possible start")


def bookings_stale(rows: Rows) -> Found:
    """Return new bookings that nobody answered for more than 30 days."""
    from stcrm_pandas.analysis.bookings.lists import unanswered

    bookings = rows["bookings"]
    new, long = unanswered(rows.reports.bookings)
    waiting = bookings[bookings["id"].isin(new)]
    return still_open(waiting, waiting["id"].isin(long), len(bookings), "bookings that nobody answered yet")


def bookings_status(rows: Rows) -> Found:
    """Return bookings with a status that the API does not document."""
    return unknown_status(rows["bookings"], BOOKINGS, "bookings")


def bookings_source(rows: Rows) -> Found:
    """Return bookings whose source is another spelling of a more frequent one, which reports count as one source."""
    from stcrm_pandas.analysis.bookings.table import other_spellings

    bookings = rows["bookings"]
    meant = other_spellings(rows.reports.bookings.spellings)
    found = bookings[bookings["source"].isin([*meant])]
    before = bookings["source"].value_counts()
    after = bookings["source"].replace(meant).value_counts()
    every = max(len(bookings), 1)
    number = "bookings in ServiceTitan's own reports, of “{}”"
    names = dict.fromkeys(meant.values())
    effects = [Effect(number.format(name), before[name] / every, after[name] / every) for name in names]
    return Found(found, len(bookings), tuple(effects), bookings["created_on"])
