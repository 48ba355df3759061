"""Counts in words: '1 lead', '1,204 leads', '12 to 15'."""

from __future__ import annotations

__all__ = ["count_range", "has_or_have", "is_or_are", "plural"]


def plural(count: int, one: str, many: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "lead", "leads"), plural(1204, "lead", "leads")
    ('1 lead', '1,204 leads')
    """
    return f"{int(count):,} {one if count == 1 else many}"


def is_or_are(count: int) -> str:
    """Return the verb that fits a count."""
    return "is" if count == 1 else "are"


def has_or_have(count: int) -> str:
    """Return the verb that fits a count."""
    return "has" if count == 1 else "have"


def count_range(lower: int, upper: int) -> str:
    """Return '12', or '12 to 15' where the bounds differ."""
    return f"{int(lower):,}" if lower == upper else f"{int(lower):,} to {int(upper):,}"
