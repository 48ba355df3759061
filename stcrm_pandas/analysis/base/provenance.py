"""What frames record of their read (when, in which time zone, with which filters), and cautions that follow from it.

A read notes it in `frame.attrs["stcrm"]`; other frames may lack it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from stcrm_pandas.analysis.base.display import Cautions, Line, Table
from stcrm_pandas.analysis.base.format import format_percent
from stcrm_pandas.errors import StcrmWarning, UsageError, notify
from stcrm_pandas.output.printable import company_name

OLD = dt.timedelta(days=1)
"""The age of the oldest page that causes a caution."""

EXACT = 0.7
"""The share of exact dates below which there is a caution."""

Moment = str | dt.datetime | dt.date | pd.Timestamp

# Filters that select leads by their outcome; shares of such a frame mean nothing.
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
        raise UsageError(f"time_zone={str(name)!r} is not a time zone such as America/Chicago") from cause


def moment(value: Moment, local: dt.tzinfo | None, *, name: str) -> dt.datetime:
    """Return a moment as an aware datetime; a naive one is in the local zone."""
    try:
        stamp = pd.Timestamp(value)
    except ValueError as cause:
        raise UsageError(f"{name} is not a date or time") from cause
    if stamp.tzinfo is None:
        if local is None:
            raise UsageError(
                f"{name} has no time zone: add one (2026-02-01T00:00Z), or pass time_zone='America/Chicago'"
            )
        naive = stamp.to_pydatetime(warn=False)
        first, second = (naive.replace(tzinfo=local, fold=fold) for fold in (0, 1))
        if first.astimezone(dt.UTC) < (later := second.astimezone(dt.UTC)):
            notify(
                f"{name}: {naive:%Y-%m-%d %H:%M} occurs twice, because clocks are set back: it was read as the first "
                f"one. For the second one, give {later:%Y-%m-%dT%H:%MZ}.",
                StcrmWarning,
            )
        # through UTC, so that a time that does not occur in spring is the one after it
        return first.astimezone(dt.UTC).astimezone(local)
    return stamp.to_pydatetime(warn=False)


def known_until(leads: Any, as_of: Moment | None, local: dt.tzinfo | None) -> dt.datetime:
    """Return the moment up to which the frame is known: `as_of`, but never later than the read."""
    noted = attrs_of(leads).get("fetched_at")
    fetched = None if noted is None else moment(noted, dt.UTC, name="fetched_at")
    if as_of is None:
        if fetched is None:
            raise UsageError("it is unknown when the rows were read: pass as_of='2026-02-01T00:00Z'")
        return fetched
    requested = moment(as_of, local, name="as_of")
    if fetched is None:
        return requested
    if requested < fetched:
        raise UsageError(
            f"as_of is before the leads were read ({fetched:%Y-%m-%d %H:%M %Z}): their status at that time is unknown. "
            "lead_conversion takes a status log that covers it (crm.mirror(folder).status_log('leads'))"
        )
    return fetched


def refuse_selections(leads: Any, name: str = "leads") -> None:
    """Raise if a frame was read by modification or status, or filtered by status later: it is not a cohort."""
    filters = attrs_of(leads).get("filters") or {}
    used = [name for name in _SELECTIONS if filters.get(name) is not None]
    if used:
        raise UsageError(
            f"{name} were read with {', '.join(used)}: this leaves out {name} by their outcome. "
            "Filter by creation instead (created_on_or_after, created_before)"
        )
    refuse_one_status(name, leads, "status")


def refuse_one_status(name: str, frame: Any, column: str) -> None:
    """Raise if a frame was filtered after the read and has a single status: its shares mean nothing."""
    counts = _counts(frame)
    if counts is None or column not in frame or len(frame) < 2:
        return
    statuses = frame[column].dropna().unique()
    if len(statuses) == 1:
        raise UsageError(
            f"{name}: the frame has {counts[0]:,} of the {counts[1]:,} rows that were read, all of them with {column} "
            f"{statuses[0]}: this leaves out {name} by their outcome. Pass all rows, or filter by "
            "creation only"
        )


def _counts(frame: Any) -> tuple[int, int] | None:
    """Return how many rows a frame has and how many were read, if these differ."""
    read = attrs_of(frame).get("rows")
    if not isinstance(frame, pd.DataFrame) or not isinstance(read, int) or len(frame) == read:
        return None
    return len(frame), read


def selections(frames: Mapping[str, Any]) -> list[str]:
    """Return a caution for each frame whose number of rows differs from its read.

    >>> leads = pd.DataFrame({"id": [1]})
    >>> leads.attrs["stcrm"] = {"rows": 3}
    >>> selections({"leads": leads})
    ['The leads have 1 of the 3 rows that were read. If rows were left out by anything but their date of creation, \
the shares below are not those of the company.']
    """
    sentences = []
    for name, frame in frames.items():
        if (counts := _counts(frame)) is None:
            continue
        has, read = counts
        part = f"{has:,} of the {read:,} rows that were read" if has < read else f"{has:,} rows, and {read:,} were read"
        verb = "If rows were left out by anything but their date of creation" if has < read else "If rows repeat"
        sentences.append(
            f"The {name.replace('_', ' ')} have {part}. {verb}, the shares below are not those of the company."
        )
    return sentences


def bounds_of_creation(leads: Any, local: dt.tzinfo) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the bounds of creation with which the leads were read; None for no bound."""
    filters = attrs_of(leads).get("filters") or {}
    first, last = filters.get("created_on_or_after"), filters.get("created_before")
    return (
        None if first is None else moment(first, local, name="created_on_or_after"),
        None if last is None else moment(last, local, name="created_before"),
    )


def origin(leads: Any, *, time_zone: str | None = None) -> Line:
    """Return a line for the top of a report: the company, the creation dates of the rows, and the time of the read.

    Parameters
    ----------
    leads : object
        The frame that the report is about, from pandas, polars or DuckDB.
    time_zone : str, optional
        The company's time zone. By default, the one that the frame records.

    Returns
    -------
    Line
        The line for display.

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
        facts.append(company_name(noted["tenant"], noted.get("environment")))
    if noted.get("fetched_at") is not None:
        read = moment(noted["fetched_at"], dt.UTC, name="fetched_at").astimezone(local or dt.UTC)
        facts.append(f"read on {read:%Y-%m-%d at %H:%M} ({getattr(local, 'key', None) or 'UTC'})")
    return Line(" · ".join(facts))


def sources(**frames: Any) -> Table:
    """Return when and how each frame was read.

    Parameters
    ----------
    **frames : DataFrame or None
        The frames by name; None for one that was not read.

    Returns
    -------
    Table
        The table for display, with one row per frame: the number of rows, the filters, the time of the read, and the
        number of pages that came from the cache.

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
        "filters": ", ".join(_filter(key, value) for key, value in filters.items() if value is not None),
        "read at": "" if fetched is None else f"{moment(fetched, dt.UTC, name='fetched_at'):%Y-%m-%d %H:%M %Z}",
        "from cache": f"{noted['pages_from_cache']} of {noted.get('pages', '?')} pages"
        if "pages_from_cache" in noted
        else "",
        "complete": "" if complete is None else "yes" if complete else "no",
        "undocumented": f"{noted['drift']:,} values" if noted.get("drift") else "",
    }


def _filter(key: str, value: Any) -> str:
    """Return a filter as text; of ids, which lead to people, only their number."""
    if not key.endswith(("id", "ids")):
        return f"{key} {value}"
    values = value if isinstance(value, list) else [value]
    shortened = re.fullmatch(r"… (\d+) in all", str(values[-1])) if values else None
    return f"{key}: {shortened[1] if shortened else len(values)}"


def cautions(
    *,
    used: Mapping[str, Iterable[str]] | None = None,
    exact: tuple[int, int] | None = None,
    now: dt.datetime | None = None,
    found: Iterable[str] = (),
    **frames: Any,
) -> Cautions:
    """Return the sentences of the banner at the top of a report, or none if there is nothing to report.

    Parameters
    ----------
    used : mapping, optional
        The columns that the analysis uses, by frame. By default, all columns.
    exact : tuple[int, int], optional
        The number of exact dates, and the number of all dates.
    now : dt.datetime, optional
        The current time, to compute the age of cached data.
    found : iterable of str, default ()
        The cautions of the results, such as `LeadConversion.cautions`.
    **frames : object
        The frames by name; None for one that was not read.

    Returns
    -------
    Cautions
        The sentences; those about excluded rows come first.

    Examples
    --------
    >>> cautions(exact=(120, 200))
    ['Only 60% of the dates (120 of 200) are known exactly. Numbers that depend on dates are shown as ranges.']
    """
    read = {name.replace("_", " "): frame for name, frame in frames.items() if frame is not None}
    columns = {name.replace("_", " "): set(taken) for name, taken in (used or {}).items()}
    sentences = list(dict.fromkeys([*selections(read), *found]))
    sentences += _age(read, now or dt.datetime.now(dt.UTC)) + _drift(read, columns if used is not None else None)
    if exact is not None and exact[1] and exact[0] < EXACT * exact[1]:
        share = format_percent(exact[0] / exact[1])
        sentences.append(
            f"Only {share} of the dates ({exact[0]:,} of {exact[1]:,}) are known exactly. Numbers that depend on dates "
            "are shown as ranges."
        )
    return Cautions(sentences)


def _age(read: Mapping[str, Any], now: dt.datetime) -> list[str]:
    stored = {
        name: moment(when, dt.UTC, name="stored_at")
        for name, frame in read.items()
        if (when := attrs_of(frame).get("stored_at")) is not None
    }
    if not stored:
        return []
    name = min(stored, key=lambda name: stored[name])
    age = now - stored[name]
    if age <= OLD:
        return []
    days = age / dt.timedelta(days=1)
    text = f"{days:.0f} days" if days >= 2 else f"{age / dt.timedelta(hours=1):.0f} hours"
    return [f"The stored {name} are {text} old. Changes since then are not in this report."]


def _drift(read: Mapping[str, Any], used: Mapping[str, set[str]] | None) -> list[str]:
    listed = []
    for name, frame in read.items():
        drifted = attrs_of(frame).get("drifted")
        for column, count in (drifted if isinstance(drifted, Mapping) else {}).items():
            if used is None or column in used.get(name, set()):
                listed.append((int(count), f"{column} of {name} ({int(count):,})"))
    if not listed:
        return []
    listed.sort(key=lambda line: -line[0])
    named = ", ".join(text for _, text in listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
    return [f"ServiceTitan sent values that it does not document: {named}. They were kept, and may count as unknown."]
