"""The lists of booking sources, the only place with names of people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, micros, true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import named
from stcrm_pandas.analysis.bookings.groups import same_providers
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.contacts import contact_columns, explain_marks, without_empty

__all__ = ["CALL_WITHIN", "waiting_since", "work_lists"]

CALL_WITHIN = dt.timedelta(days=30)
"""A booking that has waited longer is to be closed, not called."""

RECENT = dt.timedelta(days=28)

_DAY = dt.timedelta(days=1)
_SHOWN = {"source": "Source", "address_city": "City", "summary": "Summary"}


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

    def listed(key: str, title: str, what_to_do: str, chosen: nw.Expr, why: str) -> WorkList:
        rows = _rows(result, chosen, why)
        return WorkList(key, title, what_to_do + explain_marks(rows), rows)

    return [
        listed(
            "still-new",
            "Bookings waiting for a call for more than a day",
            "Call each, then accept or dismiss the booking in ServiceTitan (Calls > Bookings, status New). The latest "
            "are first.",
            call,
            "New, nobody answered",
        ),
        listed(
            "new-too-long",
            f"Bookings still new after more than {CALL_WITHIN.days} days",
            "Nobody accepted or dismissed them. Dismiss them with the true reason, so that the list of new bookings "
            "stays short.",
            close,
            f"New for more than {CALL_WITHIN.days} days",
        ),
        listed(
            "odd-starts",
            f"Bookings of the last {RECENT.days} days with an impossible start time",
            "The requested start is missing, in the year 1, or before the booking. Ask the sender of the source to fix "
            "it, and agree on the time with the customer.",
            odd,
            "Requested start: {start}",
        ),
        WorkList(
            "spellings",
            "Sources with more than one spelling",
            "Spellings that differ only in capitals, spaces and punctuation count as one source. Ask the sender for "
            "one spelling. Different names of one provider count separately; groups= combines them.",
            _spellings(result),
        ),
    ]


def _rows(result: BookingSourcesResult, chosen: nw.Expr, why: str) -> pd.DataFrame:
    """Return the chosen bookings, the latest first, with columns named for readers."""
    rows = result.rows.filter(chosen)
    by = [name for name in (TENANT,) if name in rows.collect_schema()]
    times = dict.fromkeys(("created", "start", "customer"), "Int64")
    picked = collected(rows.select(*by, "id", *times), times)
    read = _as_read(result.bookings, picked["id"].tolist())
    table = picked.merge(read, on=[*by, "id"], how="left").sort_values("created", ascending=False, ignore_index=True)
    reached = contact_columns(
        table.assign(booking_id=table["id"], customer_id=table["customer"]),
        result.contacts,
        owners=("booking_id", "customer_id"),
        customers=result.customers,
    )
    waited = (micros(result.as_of) - table["created"]) / micros(_DAY)
    asked = _local(table["start"], result.time_zone)
    shown: dict[str, Any] = {"Tenant": table[TENANT]} if by else {}
    shown["Name"] = table["name"].fillna("") if "name" in table else ""
    shown |= {str(title): column for title, column in reached.items()}
    shown["Why"] = [why.format(start=start or "missing") for start in asked]
    shown["Days waiting"] = waited.astype("Float64").round(1)
    if "campaign" in result.names and "campaign_id" in table:
        shown["Campaign"] = named(table["campaign_id"], result.names["campaign"])
    shown |= {title: table[column].fillna("") for column, title in _SHOWN.items() if column in table}
    shown |= {"Received": _local(table["created"], result.time_zone), "Requested start": asked, "Booking": table["id"]}
    return without_empty(pd.DataFrame(shown, index=table.index))


def _as_read(bookings: Any, ids: list[int]) -> pd.DataFrame:
    rows: nw.LazyFrame[Any] = nw.from_native(bookings).lazy()
    names = [name for name in (TENANT, "id", "name", "campaign_id", *_SHOWN) if name in rows.collect_schema()]
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
