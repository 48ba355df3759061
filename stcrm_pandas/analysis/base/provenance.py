"""What an analysis takes from where its frames come from: the moment of reading, the time zone, the filters.

A frame that a read gave carries it in `frame.attrs["stcrm"]`; a frame of one's own may lack it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from stcrm_pandas.analysis.base.display import Line, Table
from stcrm_pandas.errors import UsageError

__all__ = [
    "attrs_of",
    "bounds_of_creation",
    "known_until",
    "origin",
    "refuse_one_status",
    "refuse_selections",
    "selections",
    "sources",
    "zone",
]

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
            f"as_of is before the leads were read ({fetched:%Y-%m-%d %H:%M %Z}): what they were then is not known. "
            "lead_conversion takes a status log that covers it (connect(status_log=True), crm.status_log('leads'))"
        )
    return fetched


def refuse_selections(leads: Any, name: str = "leads") -> None:
    """Refuse a frame that was read by modification or by status, or filtered by status since: it is no cohort."""
    filters = attrs_of(leads).get("filters") or {}
    used = [one for one in _SELECTIONS if filters.get(one) is not None]
    if used:
        raise UsageError(
            f"{name} were read with {', '.join(used)}: such a frame leaves {name} out for what became of them; "
            "read by creation instead (created_on_or_after, created_before)"
        )
    refuse_one_status(name, leads, "status")


def refuse_one_status(name: str, frame: Any, column: str) -> None:
    """Refuse a frame that was filtered since it was read, and holds a single status: no share of it says anything."""
    counts = _counts(frame)
    if counts is None or column not in frame or len(frame) < 2:
        return
    statuses = frame[column].dropna().unique()
    if len(statuses) == 1:
        raise UsageError(
            f"{name}: the frame has {counts[0]:,} of the {counts[1]:,} rows that were read, all of them with {column} "
            f"{statuses[0]}: such a frame leaves {name} out for what became of them. Give all rows, or filter by "
            "creation only"
        )


def _counts(frame: Any) -> tuple[int, int] | None:
    """How many rows a frame has and how many were read, where these differ and the frame says so."""
    read = attrs_of(frame).get("rows")
    if not isinstance(frame, pd.DataFrame) or not isinstance(read, int) or len(frame) == read:
        return None
    return len(frame), read


def selections(frames: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each frame that has other rows than its read gave.

    Parameters: frames by name; one that says nothing of its read, or is None, is left alone.

    >>> leads = pd.DataFrame({"id": [1]})
    >>> leads.attrs["stcrm"] = {"rows": 3}
    >>> selections({"leads": leads})
    ['The leads have 1 of the 3 rows that were read. If rows were left out for anything but the time of their \
creation, the shares below are not those of the company.']
    """
    said = []
    for name, frame in frames.items():
        if (counts := _counts(frame)) is None:
            continue
        has, read = counts
        part = f"{has:,} of the {read:,} rows that were read" if has < read else f"{has:,} rows, and {read:,} were read"
        verb = "If rows were left out for anything but the time of their creation" if has < read else "If rows repeat"
        said.append(f"The {name.replace('_', ' ')} have {part}. {verb}, the shares below are not those of the company.")
    return said


def bounds_of_creation(leads: Any, local: dt.tzinfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Between which moments of creation the leads were asked for; None where the read set no bound."""
    filters = attrs_of(leads).get("filters") or {}
    first, last = filters.get("created_on_or_after"), filters.get("created_before")
    return (
        None if first is None else moment(first, local, name="created_on_or_after"),
        None if last is None else moment(last, local, name="created_before"),
    )


def origin(leads: Any, *, time_zone: str | None = None) -> Line:
    """One line for the top of a report: whose leads, created when, read when.

    Parameters
    ----------
    leads : object
        A frame of any engine; what it notes of its read is shown.
    time_zone : str, optional
        The company's time zone; by default the one that the frame notes.

    Examples
    --------
    >>> origin(pd.DataFrame({"id": [1, 2]}))
    '2 leads'
    """
    noted, local = attrs_of(leads), zone(leads, time_zone)
    filters = noted.get("filters") or {}
    said = [f"{len(leads):,} leads"]
    if filters.get("created_on_or_after") is not None:
        said.append(f"created from {filters['created_on_or_after']} on")
    if filters.get("created_before") is not None:
        said.append(f"created before {filters['created_before']}")
    if noted.get("tenant") is not None:
        place = str(noted.get("environment", ""))
        said.append(
            "a made-up company (sandbox)" if place.startswith("sandbox-") else f"tenant {noted['tenant']}, {place}"
        )
    if noted.get("fetched_at") is not None:
        read = moment(noted["fetched_at"], dt.UTC, name="fetched_at").astimezone(local or dt.UTC)
        said.append(f"read on {read:%Y-%m-%d at %H:%M} ({getattr(local, 'key', None) or 'UTC'})")
    return Line(" · ".join(said))


def sources(**frames: Any) -> Table:
    """Where frames come from, a row each: for the end of a report. What is None was not read.

    Examples
    --------
    >>> sources(leads=pd.DataFrame({"id": [1, 2]}), jobs=None).frame[["frame", "rows"]].values.tolist()
    [['leads', '2'], ['jobs', 'not read']]
    """
    return Table(pd.DataFrame([_source(name.replace("_", " "), frame) for name, frame in frames.items()]))


def _source(name: str, frame: Any) -> dict[str, str]:
    noted = attrs_of(frame)
    filters = noted.get("filters") or {}
    fetched = noted.get("fetched_at")
    complete = noted.get("complete")
    return {
        "frame": name,
        "rows": "not read" if frame is None else f"{len(frame):,}",
        "filters": ", ".join(f"{key} {value}" for key, value in filters.items() if value is not None),
        "read at": "" if fetched is None else f"{moment(fetched, dt.UTC, name='fetched_at'):%Y-%m-%d %H:%M %Z}",
        "from cache": f"{noted['pages_from_cache']} of {noted.get('pages', '?')} pages"
        if "pages_from_cache" in noted
        else "",
        "whole": "" if complete is None else "yes" if complete else "no",
        "departs from the contract": f"{noted['drift']:,} values" if noted.get("drift") else "",
    }
