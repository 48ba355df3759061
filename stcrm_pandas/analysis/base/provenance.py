"""What frames record of their read: when, in which time zone, with which filters.

A read notes it in `frame.attrs["stcrm"]`; other frames may lack it.
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
    "company_name",
    "known_until",
    "origin",
    "refuse_one_status",
    "refuse_selections",
    "selections",
    "sources",
    "zone",
]

Moment = str | dt.datetime | dt.date | pd.Timestamp

# Filters by which a frame holds leads for what became of them, so that its shares mean nothing.
_SELECTIONS = ("status", "modified_on_or_after", "modified_before", "since", "continue_from")


def attrs_of(frame: Any) -> Mapping[str, Any]:
    """Return what the read noted on the frame; empty for other frames."""
    noted = getattr(frame, "attrs", {}).get("stcrm")
    return noted if isinstance(noted, Mapping) else {}


def zone(leads: Any, time_zone: str | None) -> ZoneInfo | None:
    """Return the given zone, else the one noted on the frame, else None."""
    name = time_zone or attrs_of(leads).get("time_zone")
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as cause:
        raise UsageError(f"time_zone={str(name)!r} is no zone of the tz database, as America/Chicago is one") from cause


def moment(value: Moment, local: dt.tzinfo | None, *, name: str) -> dt.datetime:
    """Return a moment as an aware datetime; a naive one is in the local zone."""
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
    """Return the moment up to which the frame is known: `as_of`, but never later than the read."""
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
    """Raise if a frame was read by modification or by status, or filtered by status since: it is no cohort."""
    filters = attrs_of(leads).get("filters") or {}
    used = [one for one in _SELECTIONS if filters.get(one) is not None]
    if used:
        raise UsageError(
            f"{name} were read with {', '.join(used)}: such a frame leaves {name} out for what became of them; "
            "read by creation instead (created_on_or_after, created_before)"
        )
    refuse_one_status(name, leads, "status")


def refuse_one_status(name: str, frame: Any, column: str) -> None:
    """Raise if a frame was filtered since it was read, and holds a single status: its shares mean nothing."""
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
    """Return how many rows a frame has and how many were read, where these differ."""
    read = attrs_of(frame).get("rows")
    if not isinstance(frame, pd.DataFrame) or not isinstance(read, int) or len(frame) == read:
        return None
    return len(frame), read


def selections(frames: Mapping[str, Any]) -> list[str]:
    """Return a caution for each frame, by name, that has other rows than its read gave.

    >>> leads = pd.DataFrame({"id": [1]})
    >>> leads.attrs["stcrm"] = {"rows": 3}
    >>> selections({"leads": leads})
    ['The leads have 1 of the 3 rows that were read. If rows were left out by anything but their date of creation, \
the shares below are not those of the company.']
    """
    cautions = []
    for name, frame in frames.items():
        if (counts := _counts(frame)) is None:
            continue
        has, read = counts
        part = f"{has:,} of the {read:,} rows that were read" if has < read else f"{has:,} rows, and {read:,} were read"
        verb = "If rows were left out by anything but their date of creation" if has < read else "If rows repeat"
        cautions.append(
            f"The {name.replace('_', ' ')} have {part}. {verb}, the shares below are not those of the company."
        )
    return cautions


def bounds_of_creation(leads: Any, local: dt.tzinfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the bounds of creation with which the leads were read; None for no bound."""
    filters = attrs_of(leads).get("filters") or {}
    first, last = filters.get("created_on_or_after"), filters.get("created_before")
    return (
        None if first is None else moment(first, local, name="created_on_or_after"),
        None if last is None else moment(last, local, name="created_before"),
    )


def company_name(noted: Mapping[str, Any]) -> str:
    """Return what a report calls the company of a read."""
    environment = str(noted.get("environment", ""))
    return (
        "demo company (sandbox)" if environment.startswith("sandbox-") else f"tenant {noted['tenant']}, {environment}"
    )


def origin(leads: Any, *, time_zone: str | None = None) -> Line:
    """Return a line for the top of a report: whose leads, created when, read when.

    Parameters
    ----------
    leads : object
        A frame of any engine.
    time_zone : str, optional
        The company's time zone; by default the one that the frame notes.

    Examples
    --------
    >>> origin(pd.DataFrame({"id": [1, 2]}))
    '2 leads'
    """
    noted, local = attrs_of(leads), zone(leads, time_zone)
    filters = noted.get("filters") or {}
    facts = [f"{len(leads):,} leads"]
    if filters.get("created_on_or_after") is not None:
        facts.append(f"created from {filters['created_on_or_after']} on")
    if filters.get("created_before") is not None:
        facts.append(f"created before {filters['created_before']}")
    if noted.get("tenant") is not None:
        facts.append(company_name(noted))
    if noted.get("fetched_at") is not None:
        read = moment(noted["fetched_at"], dt.UTC, name="fetched_at").astimezone(local or dt.UTC)
        facts.append(f"read on {read:%Y-%m-%d at %H:%M} ({getattr(local, 'key', None) or 'UTC'})")
    return Line(" · ".join(facts))


def sources(**frames: Any) -> Table:
    """Return where frames come from, a row each, for the end of a report; None was not read.

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
        "complete": "" if complete is None else "yes" if complete else "no",
        "undocumented": f"{noted['drift']:,} values" if noted.get("drift") else "",
    }
