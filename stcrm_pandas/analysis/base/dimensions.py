"""What the groups of an analysis are called, by dimension."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["DIMENSION_WORDS", "group_word"]

DIMENSION_WORDS = {
    "campaign": ("campaign", "campaigns"),
    "category": ("category", "categories"),
    "business_unit": ("business unit", "business units"),
    "job_type": ("job type", "job types"),
    "call_reason": ("call reason", "call reasons"),
    "capture_source": ("capture source", "capture sources"),
    "priority": ("priority", "priorities"),
    "creator": ("creator", "creators"),
    "tag": ("tag", "tags"),
    "tenant": ("tenant", "tenants"),
    "month": ("month", "months"),
    "weekday": ("weekday", "weekdays"),
    "hour": ("hour", "hours"),
}


def group_word(by: Sequence[str], *, many: bool = False) -> str:
    """Return what the groups are called.

    Examples
    --------
    >>> group_word(["campaign"], many=True), group_word(["campaign", "month"]), group_word([])
    ('campaigns', 'campaign and month', 'group')
    """
    if not by:
        return "groups" if many else "group"
    first = [DIMENSION_WORDS[one][0] for one in by[:-1]]
    return " and ".join([*first, DIMENSION_WORDS[by[-1]][1 if many else 0]])
