"""The lists of booking sources, the only place with names of people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, micros, true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.bookings.groups import same_providers
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.frame.contact_values import best_contacts, format_phone

__all__ = ["CALL_WITHIN", "waiting_since", "work_lists"]

CALL_WITHIN = dt.timedelta(days=30)
"""A booking that has waited longer is to be closed, not called."""

RECENT = dt.timedelta(days=28)

_DAY = dt.timedelta(days=1)
_SHOWN = {"source": "Source", "name": "Name", "address_city": "City", "summary": "Summary"}


def waiting_since(result: BookingSourcesResult) -> tuple[nw.Expr, nw.Expr]:
    """Return which rows are still new after a day and worth a call, and which have been new for too long."""
    now, created = micros(result.as_of), nw.col("created")
    kept = nw.col("waiting") & ~nw.col("deleted")
    late = kept & true(created <= now - micros(_DAY))
    fresh = true(created > now - micros(CALL_WITHIN))
    return late & fresh, late & ~fresh


def work_lists(result: BookingSourcesResult) -> list[WorkList]:
    """Return the lists of bookings, those to call first."""
    call, close = waiting_since(result)
    start, created = nw.col("start"), nw.col("created")
    odd = ~nw.col("deleted") & (start.is_null() | true(start < created))
    odd &= true(created > micros(result.as_of) - micros(RECENT))
    return [
        WorkList(
            "still-new",
            "Bookings waiting for a call for more than a day",
            "Call each, then accept or dismiss the booking in ServiceTitan (Calls > Bookings, status New). The latest "
            "are first.",
            _rows(result, call, phones=True),
        ),
        WorkList(
            "new-too-long",
            f"Bookings still new after more than {CALL_WITHIN.days} days",
            "Nobody accepted or dismissed them. Dismiss them with the true reason, so that the list of new bookings "
            "stays short.",
            _rows(result, close),
        ),
        WorkList(
            "odd-starts",
            f"Bookings of the last {RECENT.days} days with an impossible start time",
            "The requested start is missing, in the year 1, or before the booking. Ask the sender of the source to fix "
            "it, and agree on the time with the customer.",
            _rows(result, odd, start=True),
        ),
        WorkList(
            "spellings",
            "Sources with more than one spelling",
            "Spellings that differ only in capitals, spaces and punctuation count as one source. Ask the sender for "
            "one spelling. Different names of one provider count separately; groups= combines them.",
            _spellings(result),
        ),
    ]


def _rows(result: BookingSourcesResult, chosen: nw.Expr, *, start: bool = False, phones: bool = False) -> pd.DataFrame:
    """Return the chosen bookings, the latest first, with columns named for readers."""
    rows = result.rows.filter(chosen)
    by = [name for name in (TENANT,) if name in rows.collect_schema()]
    picked = collected(rows.select(*by, "id", "created", "start"), {"created": "Int64", "start": "Int64"})
    texts = _texts(result.bookings, picked["id"].tolist())
    table = picked.merge(texts, on=[*by, "id"], how="left").sort_values("created", ascending=False, ignore_index=True)
    came, asked = _local(table["created"], result.time_zone), _local(table["start"], result.time_zone)
    shown = {"Tenant": table[TENANT]} if by else {}
    shown |= {"Booking": table["id"], "Received": came, "Requested start": asked}
    shown |= {title: table[column].fillna("") for column, title in _SHOWN.items() if column in table}
    if phones and result.contacts is not None:
        best = best_contacts(result.contacts, table["id"], owner="booking_id").reindex(table["id"])
        phone = best["phone"].map(format_phone, na_action="ignore").fillna("No phone on file")
        shown |= {"Phone": phone.set_axis(table.index), "E-mail": best["email"].fillna("").set_axis(table.index)}
    if not start:
        waited = (micros(result.as_of) - table["created"]) / micros(_DAY)
        shown["Days waiting"] = waited.astype("Float64").round(1)
    return pd.DataFrame(shown)


def _texts(bookings: Any, ids: list[int]) -> pd.DataFrame:
    rows: nw.LazyFrame[Any] = nw.from_native(bookings).lazy()
    names = [name for name in (TENANT, "id", *_SHOWN) if name in rows.collect_schema()]
    return collected(rows.filter(nw.col("id").is_in(ids)).select(*names))


def _local(moments: pd.Series, zone: str) -> pd.Series:
    """Return local times as text, to the minute; empty where missing."""
    stamps = pd.to_datetime(moments, unit="us", utc=True, errors="coerce").dt.tz_convert(zone)
    return stamps.dt.strftime("%Y-%m-%d %H:%M").fillna("").astype("str")


def _spellings(result: BookingSourcesResult) -> pd.DataFrame:
    spelt = result.spellings
    many = spelt.groupby("group")["source"].transform("size") > 1
    rows = pd.concat([spelt[many], same_providers(spelt)], ignore_index=True).drop_duplicates("source")
    for name in ("first", "last"):
        rows[name] = rows[name].dt.tz_convert(result.time_zone).dt.strftime("%Y-%m-%d").fillna("")
    titles = {"group": "Source", "source": "Spelling", "bookings": "Bookings"}
    titles |= {"first": "First", "last": "Last", "provider": "Provider"}
    return rows[[*titles]].rename(columns=titles).sort_values(["Source", "First"], ignore_index=True)
