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


class FastPathFailed(Exception):
    """The page has to be read value by value."""


def parse_times(texts: Any) -> Any:
    """Parse many UTC times at once, with up to 7 fractional digits, including the year 1.

    A seventh digit is cut off. Anything else, such as an offset or a missing `Z`, raises `FastPathFailed` or Arrow's
    error.
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
            raise FastPathFailed
        # Everything after 26 bytes is cut off below: it must be a digit and `Z`, or only `Z`.
        if (octets[stops - 1] != ord("Z")).any() or ((octets[stops - 2] - np.uint8(ord("0"))) > 9).any():
            raise FastPathFailed
    short = pc.ascii_rtrim(pc.binary_slice(texts.cast(pa.binary()), 0, 26).cast(pa.string()), characters="Z")
    return short.cast(pa.timestamp("us")).view(MOMENT)


def microseconds(text: str) -> tuple[int, str]:
    """Return a time as microseconds since 1970, and its deviation from the API's format (empty if none).

    Raises `ValueError` if the text is not a time.

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
    deviation = "" if zone == "Z" and parts[-1] and len(fraction or "") <= 7 and text[10] == "T" else "form"
    if zone is None:
        deviation = "no zone"
    elif zone.upper() != "Z":
        sign = -1 if zone[0] == "-" else 1
        at -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        deviation = "offset"
    return (at - _EPOCH) // timedelta(microseconds=1), deviation
