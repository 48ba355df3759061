"""The lists of booking sources, the only place with names of people."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, micros, prepare_rows, true
from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.names import named_within
from stcrm_pandas.analysis.bookings.counts import WORK
from stcrm_pandas.analysis.bookings.outcomes import became
from stcrm_pandas.analysis.bookings.people import who_asked
from stcrm_pandas.analysis.bookings.result import BookingSourcesResult
from stcrm_pandas.analysis.bookings.table import same_providers
from stcrm_pandas.analysis.call_lists import (
    Calls,
    contact_columns,
    explain_marks,
    jobs_since,
    only_customers,
    rows_of_list,
    without_empty,
)
from stcrm_pandas.analysis.statistics.prediction import Prediction
from stcrm_pandas.output.printable import plural

CALL_WITHIN = dt.timedelta(days=30)
"""A booking that has waited longer is to be closed, not called."""

RECENT = dt.timedelta(days=28)

SAME_PERSON = dt.timedelta(days=7)
"""Bookings of one name and ZIP code that are at most this far apart are one request."""

_DAY = dt.timedelta(days=1)
_IDS = ("campaign_id", "business_unit_id", "job_type_id")
_OF_AGE = "of bookings that had waited as long and still became jobs"
_SCREEN = "Calls > Bookings, status New"
_SHOWN = {"source": "Source", "address_city": "City", "summary": "Summary"}


def waiting_since(result: BookingSourcesResult) -> tuple[nw.Expr, nw.Expr]:
    """Return which rows are still new after a day and worth a call, and which have been new for too long."""
    now, created = micros(result.as_of), nw.col("created")
    kept = nw.col("waiting") & ~nw.col("deleted")
    late = kept & true(created <= now - micros(_DAY))
    fresh = true(created > now - micros(CALL_WITHIN))
    return late & fresh, late & ~fresh


def unanswered(result: BookingSourcesResult) -> tuple[list[int], list[int]]:
    """Return the ids of all bookings that are still new, and of those that have been new for too long to call."""
    new = result.rows.filter(nw.col("waiting") & ~nw.col("deleted"))
    every, long = (
        collected(part.select("id"))["id"].astype(int).tolist() for part in (new, new.filter(waiting_since(result)[1]))
    )
    return every, long


def _days_waited(result: BookingSourcesResult, rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    waited = (micros(result.as_of) - rows["created"]) // micros(_DAY)
    return waited.to_numpy(dtype=np.int64)


def to_call(result: BookingSourcesResult, listed: pd.DataFrame) -> pd.DataFrame:
    """Return the bookings of the call list with their times in microseconds."""
    return rows_of_list(_rows(result, waiting_since(result)[0]), listed, "Booking")


def later_work(result: BookingSourcesResult, listed: pd.DataFrame) -> Prediction | None:
    """Predict how many bookings of the list become jobs if handled like earlier ones; None if that is unknown."""
    return result.earlier.predict(_days_waited(result, to_call(result, listed)))


def work_lists(result: BookingSourcesResult) -> list[WorkList]:
    """Return the lists of bookings, those to call first."""
    call, close = waiting_since(result)
    start, created = nw.col("start"), nw.col("created")
    odd = ~nw.col("deleted") & (start.is_null() | true(start < created))
    odd &= true(created > micros(result.as_of) - micros(RECENT))

    waiting = _rows(result, call)
    every, calls = pd.Series(True, index=waiting.index), _calls(result, waiting)
    odd_starts = _shown(result, _rows(result, odd), "Requested start: {start}", phones=True)
    return [
        calls.work_list(
            "still-new",
            "Bookings waiting for a call for more than a day",
            f"Call each, then accept or dismiss the booking in ServiceTitan ({_SCREEN}).",
            every,
        ),
        *calls.apart(every, of="bookings", close=f"dismiss the booking with its reason ({_SCREEN})"),
        WorkList(
            "new-too-long",
            f"Bookings still new after more than {CALL_WITHIN.days} days",
            "Nobody accepted or dismissed them. Dismiss them with the true reason, so that the list of new bookings "
            "stays short.",
            _shown(result, _rows(result, close), f"New for more than {CALL_WITHIN.days} days"),
        ),
        WorkList(
            "odd-starts",
            f"Bookings of the last {RECENT.days} days with an impossible start time",
            "The requested start is missing, in the year 1, or before the booking. Ask the sender of the source to fix "
            "it, and agree on the time with the customer.",
            odd_starts,
            notes=explain_marks(odd_starts),
        ),
        _spellings(result),
        _names_of_providers(result),
    ]


def _rows(result: BookingSourcesResult, chosen: nw.Expr) -> pd.DataFrame:
    """Return the chosen bookings, the latest first."""
    rows = result.rows.filter(chosen)
    by = [name for name in (TENANT,) if name in rows.collect_schema()]
    times = dict.fromkeys(("created", "start", "customer"), "Int64")
    picked = collected(rows.select(*by, "id", *times), times)
    bookings: nw.LazyFrame[Any] = nw.from_native(result.bookings).lazy()
    names = [
        name for name in (TENANT, "id", "name", *_IDS, *_SHOWN, "address_zip") if name in bookings.collect_schema()
    ]
    read = collected(bookings.filter(nw.col("id").is_in(picked["id"].tolist())).select(*names))
    table = picked.merge(read, on=[*by, "id"], how="left")
    return table.sort_values("created", ascending=False, ignore_index=True)


def _shown(result: BookingSourcesResult, rows: pd.DataFrame, why: str, *, phones: bool = False) -> pd.DataFrame:
    """Return these bookings with columns named for readers; contacts are read only of bookings that need a call."""
    waited = (micros(result.as_of) - rows["created"]) / micros(_DAY)
    starts = _local(rows["start"], result.time_zone)
    shown: dict[str, Any] = {"Tenant": rows[TENANT]} if TENANT in rows else {}
    shown["Name"] = rows["name"].fillna("") if "name" in rows else ""
    if phones and result.contacts is not None and "booking_id" in result.contacts:  # else they were not read
        owned = rows.assign(booking_id=rows["id"], customer_id=rows["customer"])
        owners = ("booking_id", "customer_id")
        reached = contact_columns(owned, result.contacts, owners=owners, customers=result.customers)
        shown |= {str(title): column for title, column in reached.items()}
    shown["Why"] = [why.format(start=start or "missing") for start in starts]
    shown["Days waiting"] = waited.astype("Float64").round(1)
    if "campaign" in result.names and "campaign_id" in rows:
        shown["Campaign"] = named_within(rows, "campaign_id", result.names["campaign"])
    shown |= {title: rows[column].fillna("") for column, title in _SHOWN.items() if column in rows}
    shown |= {"Received": _local(rows["created"], result.time_zone), "Requested start": starts, "Booking": rows["id"]}
    return without_empty(pd.DataFrame(shown, index=rows.index))


def _calls(result: BookingSourcesResult, rows: pd.DataFrame) -> Calls:
    """Return these bookings as calls, each with the share of earlier ones of its age that became jobs."""
    chances = pd.Series(np.nan, index=rows.index)
    if not result.lacks("bookings: chances of waiting ones"):
        chances = pd.Series(result.earlier.of(_days_waited(result, rows)), index=rows.index)
    shown = _shown(result, rows, "New, nobody answered", phones=True)
    return Calls(shown, rows, chances, result.job_values, _OF_AGE, _booked_since(result, rows))


def _booked_since(result: BookingSourcesResult, rows: pd.DataFrame) -> pd.Series:
    """Return of each booking the first later job of its customer, or another booking of the person that became a job.

    A booking that waits names no customer: it is the only one with a phone number or e-mail address of the booking.
    """
    zone, within = ZoneInfo(result.time_zone), [name for name in (TENANT,) if name in rows]
    calls = rows.assign(created=pd.to_datetime(rows["created"], unit="us", utc=True))
    contacts = result.contacts
    if contacts is not None and "booking_id" in contacts:
        by = [name for name in within if name in contacts]
        numbers = contacts[[*by, "booking_id", "value"]].dropna(subset=["booking_id", "value"])
        mine = (
            rows[[*by, "id"]]
            .rename_axis("row")
            .reset_index()
            .merge(numbers, left_on=[*by, "id"], right_on=[*by, "booking_id"])
        )
        calls["customer"] = only_customers(mine, contacts).reindex(rows.index)
    texts = jobs_since(calls, result.jobs, {"customer": "customer_id"}, as_of=result.as_of, zone=zone)
    twins = _booked_twins(result, rows)
    return texts.mask(texts.eq("") & twins.ne(""), twins)


def _booked_twins(result: BookingSourcesResult, rows: pd.DataFrame) -> pd.Series:
    """Return of each booking another one of the same name and ZIP code, at most a week apart, that became a job.

    What came before is no reason not to call: the other booking is not older, or its job was created later.
    """
    texts = pd.Series("", index=rows.index, dtype="str")
    if rows.empty or not {"name", "address_zip"} <= {*rows}:
        return texts
    by = [name for name in (TENANT, "id") if name in rows]
    near = micros(SAME_PERSON)
    since = true(nw.col("created") >= int(rows["created"].min()) - near)
    booked = collected(result.rows.filter(became(*WORK), ~nw.col("deleted"), since).select(*by, "created"))
    bookings: nw.LazyFrame[Any] = nw.from_native(result.bookings).lazy()
    chosen = bookings.filter(nw.col("id").is_in(booked["id"].tolist() or [0]))
    booked = booked.merge(collected(chosen.select(*by, "name", "address_zip", "job_id")), on=by)
    booked["job_created"] = _created_of_jobs(result, booked)
    pairs = (
        rows.assign(who=who_asked(rows), row=rows.index)
        .dropna(subset=["who"])
        .merge(booked.assign(who=who_asked(booked)), on=[*by[:-1], "who"], suffixes=("", "_booked"))
    )
    later = (pairs[["created_booked", "job_created"]].max(axis=1) >= pairs["created"]).fillna(value=False)
    apart = (pairs["created_booked"] - pairs["created"]).abs()
    nearest = pairs.assign(apart=apart)[later & (apart <= near)].sort_values("apart").drop_duplicates("row")
    of_booked = nearest.set_index("row")["id_booked"]
    texts.update(of_booked.map("Booking {} of the same name and ZIP code became a job".format).astype("str"))
    return texts


def _created_of_jobs(result: BookingSourcesResult, booked: pd.DataFrame) -> pd.Series:
    """Return when the job of each booking was created, in microseconds; missing if it is not known."""
    if result.jobs is None or booked["job_id"].isna().all():
        return pd.Series(pd.NA, index=booked.index, dtype="Int64")
    made = prepare_rows(result.jobs, "jobs", ("id",), times=("created_on",))
    jobs = collected(made.filter(true(nw.col("id").is_in(booked["job_id"].dropna().tolist()))))
    by = [TENANT] if TENANT in booked and TENANT in jobs else []
    jobs = jobs.rename(columns={"id": "job_id"})[[*by, "job_id", "created_on"]]
    joined = booked[[*by, "job_id"]].merge(jobs, on=[*by, "job_id"], how="left")
    return joined["created_on"].set_axis(booked.index).astype("Int64")


def _local(moments: pd.Series, zone: str) -> pd.Series:
    """Return local times as text, to the minute; empty where missing."""
    stamps = pd.to_datetime(moments, unit="us", utc=True, errors="coerce").dt.tz_convert(zone)
    return stamps.dt.strftime("%Y-%m-%d %H:%M").fillna("").astype("str")


def _spellings(result: BookingSourcesResult) -> WorkList:
    spelt = result.spellings
    rows = spelt[spelt.groupby("group")["source"].transform("size") > 1]
    many = rows["group"].nunique()
    return WorkList(
        "spellings",
        f"Spellings of {plural(many, 'source')} with more than one" if many else "Sources with more than one spelling",
        "Spellings that differ only in capitals, spaces and punctuation count as one source. Ask the sender for one "
        "spelling.",
        _with_days(result, rows),
    )


def _names_of_providers(result: BookingSourcesResult) -> WorkList:
    rows = same_providers(result.spellings)
    many = rows["provider"].nunique()
    return WorkList(
        "provider-names",
        f"Sources of {plural(many, 'provider')} with more than one" if many else "Providers with more than one source",
        "They count separately, perhaps only because the provider changed its name. If so, groups= combines them.",
        _with_days(result, rows),
    )


def _with_days(result: BookingSourcesResult, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of spellings with local days and titles for readers."""
    days = {name: rows[name].dt.tz_convert(result.time_zone).dt.strftime("%Y-%m-%d") for name in ("first", "last")}
    titles = {"group": "Source", "source": "Spelling", "bookings": "Bookings"}
    titles |= {"first": "First", "last": "Last", "provider": "Provider"}
    shown = rows.assign(**{name: day.fillna("") for name, day in days.items()})[[*titles]].rename(columns=titles)
    return shown.sort_values(["Source", "First"], ignore_index=True)
