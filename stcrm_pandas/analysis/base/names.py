"""Names of groups: what their ids and dimensions are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.inputs import table_of

__all__ = ["DIMENSION_WORDS", "NONE", "group_word", "known_names", "named"]

NONE = "(none)"
"""The name of the group of those that have no id."""

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
    "source": ("source", "sources"),
    "provider": ("provider", "providers"),
    "customer_type": ("customer type", "customer types"),
    "age": ("age of the record", "ages of the record"),
}


def named(ids: Iterable[Any], names: Mapping[int, str] | pd.DataFrame | None) -> list[str]:
    """Return the name of each id, which may be missing or repeat.

    Parameters: ids; a mapping from id to name, or a frame with `id`, `name` and, to mark inactive ones, `active`.
    Returns: the name, or the id where there is none; with the id added where two ids have the same name.

    >>> named([1, 2, 3, None], {1: "Radio", 2: "Radio"})
    ['Radio (1)', 'Radio (2)', '3', '(none)']
    """
    known = known_names(names)
    numbers = [None if pd.isna(id) else int(id) for id in ids]
    labels = {id: NONE if id is None else known.get(id, str(id)) for id in numbers}
    often = Counter(labels.values())
    return [labels[id] if often[labels[id]] == 1 else f"{labels[id]} ({id})" for id in numbers]


def known_names(names: Mapping[int, str] | pd.DataFrame | None) -> dict[int, str]:
    """From id to name as a lookup has it, two alike or not; '(inactive)' added where it is.

    Raises
    ------
    UsageError
        Where the frame lacks a column.

    Examples
    --------
    >>> known_names(pd.DataFrame({"id": [7], "name": ["Radio"], "active": [False]}))
    {7: 'Radio (inactive)'}
    """
    if names is None:
        return {}
    if isinstance(names, Mapping):
        return {int(id): str(name) for id, name in names.items()}
    names = table_of(names, "names", ["id", "name"])
    active: Any = names["active"] if "active" in names else pd.Series(True, index=names.index)
    retired = active.astype("boolean").eq(False).fillna(False)
    return {
        int(id): f"{name} (inactive)" if gone else str(name)
        for id, name, gone in zip(names["id"], names["name"], retired, strict=True)
        if not pd.isna(id) and not pd.isna(name)
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
