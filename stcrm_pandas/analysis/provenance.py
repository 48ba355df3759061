"""What an analysis takes from where its frames come from: the moment of reading, the time zone, the filters.

A frame that a read gave carries it in `frame.attrs["stcrm"]`; a frame of one's own may lack it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from stcrm_pandas.errors import UsageError

__all__ = ["attrs_of", "bounds_of_creation", "known_until", "refuse_selections", "sources", "zone"]

Moment = str | dt.datetime | dt.date | pd.Timestamp

# Filters by which a frame holds leads for what became of them, so that a share of it says nothing.
_SELECTIONS = ("status", "modified_on_or_after", "modified_before", "since", "continue_from")


def attrs_of(frame: Any) -> Mapping[str, Any]:
    """What the read noted on the frame; empty for a frame of one's own."""
    found = getattr(frame, "attrs", {}).get("stcrm")
    return found if isinstance(found, Mapping) else {}


def zone(leads: Any, time_zone: str | None) -> ZoneInfo | None:
    """The zone that was asked for, else the one noted on the frame, else None."""
    name = time_zone or attrs_of(leads).get("time_zone")
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as cause:
        raise UsageError(f"time_zone={str(name)!r} is no zone of the tz database, as America/Chicago is one") from cause


def moment(value: Moment, local: dt.tzinfo | None, *, name: str) -> dt.datetime:
    """A moment as an aware datetime; a naive one is taken in the local zone."""
    try:
        stamp = pd.Timestamp(value)
    except ValueError as cause:
        raise UsageError(f"{name} is no date and no time") from cause
    if stamp.tzinfo is None:
        if local is None:
            raise UsageError(
                f"{name} has no zone: give it one (2026-02-01T00:00Z), or give time_zone='America/Chicago'"
            )
        stamp = stamp.tz_localize(local)
    return stamp.to_pydatetime(warn=False)


def known_until(leads: Any, as_of: Moment | None, local: dt.tzinfo | None) -> dt.datetime:
    """The moment up to which the frame is known: `as_of`, but never later than the read.

    Raises: UsageError without `as_of` where the frame does not say when it was read, and for an `as_of` before that.
    """
    noted = attrs_of(leads).get("fetched_at")
    fetched = None if noted is None else moment(noted, dt.UTC, name="fetched_at")
    if as_of is None:
        if fetched is None:
            raise UsageError("the frame does not say when it was read: give as_of='2026-02-01T00:00Z'")
        return fetched
    asked = moment(as_of, local, name="as_of")
    if fetched is None:
        return asked
    if asked < fetched:
        raise UsageError(
            f"as_of is before the leads were read ({fetched:%Y-%m-%d %H:%M %Z}): what they were then is not known"
        )
    return fetched


def refuse_selections(leads: Any) -> None:
    """Refuse a frame that was read by modification or by status: it is no cohort."""
    filters = attrs_of(leads).get("filters") or {}
    used = [name for name in _SELECTIONS if filters.get(name) is not None]
    if used:
        raise UsageError(
            f"leads were read with {', '.join(used)}: such a frame leaves leads out for what became of them; "
            "read by creation instead (created_on_or_after, created_before)"
        )


def bounds_of_creation(leads: Any, local: dt.tzinfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Between which moments of creation the leads were asked for; None where the read set no bound."""
    filters = attrs_of(leads).get("filters") or {}
    first, last = filters.get("created_on_or_after"), filters.get("created_before")
    return (
        None if first is None else moment(first, local, name="created_on_or_after"),
        None if last is None else moment(last, local, name="created_before"),
    )


def sources(**frames: Any) -> pd.DataFrame:
    """Where frames come from, a row each: for the end of a report.

    >>> sources(leads=pd.DataFrame({"id": [1, 2]}))[["frame", "rows"]].values.tolist()
    [['leads', 2]]
    """
    rows = []
    for name, frame in frames.items():
        if frame is None:
            continue
        noted = attrs_of(frame)
        filters = {key: value for key, value in (noted.get("filters") or {}).items() if value is not None}
        rows.append(
            {
                "frame": name.replace("_", " "),
                "rows": len(frame),
                "environment": str(noted.get("environment", "")),
                "tenant": str(noted.get("tenant", "")),
                "read at": ""
                if noted.get("fetched_at") is None
                else f"{pd.Timestamp(noted['fetched_at']):%Y-%m-%d %H:%M %Z}",
                "filters": ", ".join(f"{key} {value}" for key, value in filters.items()),
                "whole": "" if "complete" not in noted else "yes" if noted["complete"] else "no",
            }
        )
    return pd.DataFrame(rows)
