"""Times as the service writes them, as moments in UTC with microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MOMENT = pa.timestamp("us", "UTC")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII | re.IGNORECASE,
)


class Unfit(Exception):
    """The page is not for the quick way."""


def moments(texts: Any) -> Any:
    """Many texts at once: 0 to 7 fractional digits, the year 1 included, all in UTC.

    A seventh digit is cut off. Anything else, an offset or a missing `Z` above all, raises `Unfit` or arrow's error.
    """
    filled = len(texts) - texts.null_count
    if filled:
        _, offsets, data = texts.buffers()
        ends = np.frombuffer(offsets, np.int32, count=texts.offset + len(texts) + 1)[texts.offset :]
        lengths = np.diff(ends)
        stops = ends[1:][lengths > 0]
        octets = np.frombuffer(data, np.uint8)
        known = lengths[lengths > 0]
        if len(stops) != filled or known.min() < 20 or known.max() > 28:
            raise Unfit
        # What follows 26 octets is cut below: it must be a digit and `Z`, or only `Z`.
        if (octets[stops - 1] != ord("Z")).any() or ((octets[stops - 2] - np.uint8(ord("0"))) > 9).any():
            raise Unfit
    short = pc.ascii_rtrim(pc.binary_slice(texts.cast(pa.binary()), 0, 26).cast(pa.string()), characters="Z")
    return short.cast(pa.timestamp("us")).view(MOMENT)


def microseconds(text: str) -> tuple[int, str]:
    """One text as microseconds since 1970, and how it departs from the contract (empty: not at all).

    Raises `ValueError` where it is no moment.

    Examples
    --------
    >>> microseconds("2026-01-01T00:00:00.1234567Z")
    (1767225600123456, '')
    >>> microseconds("2026-01-01T01:00:00+01:00")
    (1767225600000000, 'offset')
    """
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError("is not a time")
    *parts, fraction, zone = match.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    at = datetime(*(int(part or 0) for part in parts), micro, tzinfo=UTC)  # type: ignore[arg-type, misc]
    told = "" if zone == "Z" and parts[-1] and len(fraction or "") <= 7 and text[10] == "T" else "form"
    if zone is None:
        told = "no zone"
    elif zone.upper() != "Z":
        sign = -1 if zone[0] == "-" else 1
        at -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        told = "offset"
    return (at - _EPOCH) // timedelta(microseconds=1), told
