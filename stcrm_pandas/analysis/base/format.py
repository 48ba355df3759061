"""Numbers as business readers write them: `31%`, `27–35%`, `1,204 leads`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.shares import share_of

_ONE_OR_MANY = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")


def format_share(row: Any, prefix: str = "", *, label: str = "") -> str:
    """Return the share of a row with its 95% interval, which `label` ("95% CI") explains at first use.

    >>> from types import SimpleNamespace as Row
    >>> format_share(Row(share_lower=0.31, share_upper=0.31, interval_low=0.27, interval_high=0.35))
    '31% (27–35%)'
    >>> format_share(Row(share_lower=0.29, share_upper=0.33, interval_low=0.27, interval_high=0.35), label="95% CI")
    '29–33% (95% CI 27–35%)'
    """
    names = ("share_lower", "share_upper", "interval_low", "interval_high")
    lower, upper, low, high = (getattr(row, prefix + name) for name in names)
    if pd.isna(lower):
        return "no share"
    interval = f"{label} {format_range(low, high)}".strip()
    return f"{format_range(lower, upper)} ({interval})"


def format_counts(lower: int, upper: int, n: int, *, min_group: int = 1) -> str:
    """Return the share of counts with its 95% interval; 'too few to tell' below `min_group`."""
    return format_share(share_of(lower, upper, n)) if n >= min_group else "too few to tell"


def format_range(lower: float, upper: float) -> str:
    """Return two shares from 0 to 1 as '29–33%', or '31%' where both round to the same."""
    low, high = whole_percent(lower), whole_percent(upper)
    return f"{low}%" if low == high else f"{low}–{high}%"


def format_percent(share: float) -> str:
    """Return a share from 0 to 1 as '31%'."""
    return f"{whole_percent(share)}%"


def whole_percent(share: float) -> int:
    """Return a share from 0 to 1 in whole percent; halves are rounded up, as readers do it."""
    return int(100 * float(share) + 0.5)


def count_range(lower: int, upper: int) -> str:
    """Return '12', or '12–15' where the bounds differ."""
    return f"{int(lower):,}" if lower == upper else f"{int(lower):,}–{int(upper):,}"


def format_hour(hour: int) -> str:
    """Return '6:00 PM'."""
    return f"{hour % 12 or 12}:00 {'AM' if hour % 24 < 12 else 'PM'}"


def format_time(moment: dt.datetime) -> str:
    """Return 'Fri, Jun 19, 2026, 10:00 AM'."""
    hour = f"{moment.hour % 12 or 12}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'}"
    return f"{moment:%a, %b} {moment.day}, {moment.year}, {hour}"


def with_count(count: int, text: str) -> str:
    """Return a sentence after its count, with the words for one or for many; empty if the count is 0.

    >>> with_count(1, "[lead is|leads are] left out."), with_count(2, "[lead is|leads are] left out.")
    ('1 lead is left out.', '2 leads are left out.')
    """
    return f"{count:,} {re.sub(_ONE_OR_MANY, lambda words: words[1 if count == 1 else 2], text)}" if count else ""


def listed(parts: Sequence[str]) -> str:
    """Return 'a', 'a and b', or 'a, b, and c'."""
    if len(parts) < 3:
        return " and ".join(parts)
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"
