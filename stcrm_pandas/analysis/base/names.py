"""Names of groups and of their dimensions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.engine import TENANT, month_name
from stcrm_pandas.analysis.base.format import format_hour
from stcrm_pandas.errors import UsageError

NONE = "(none)"
"""The name of the group of rows without an id."""

_IRREGULAR = {
    "category": ("category", "categories"),
    "priority": ("priority", "priorities"),
    "age": ("age of the record", "ages of the record"),
}
"""The names of one and of many groups of a dimension, where they do not follow from its own name."""

AGES = {0: "under 1 year", 1: "1 to 2 years", 2: "2 to 5 years", 5: "5 years and more"}
"""Ages of a record: the first year of each range, and its name; the upper end is excluded."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_TEXTS = ("capture_source", "priority", "source", "customer_type")
"""Dimensions whose ids are their names."""

_LABELS: dict[str, Callable[[Any], str]] = {
    "month": lambda id: f"{pd.Timestamp(id):%b %Y}",
    "weekday": lambda id: WEEKDAYS[id - 1],
    "hour": lambda id: f"{format_hour(id)}–{format_hour(id + 1)}",
    "age": lambda id: AGES[id],
    **dict.fromkeys(_TEXTS, str),
}


def dimensions(by: str | Sequence[str] | None, known: Sequence[str]) -> tuple[str, ...]:
    """Return `by` as a tuple of at most two of the known dimensions."""
    chosen = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    if unknown := [name for name in chosen if name not in known]:
        raise UsageError(f"by={unknown[0]!r}: choose from {', '.join(map(repr, known))} and None")
    if len(chosen) > 2 or len(set(chosen)) < len(chosen):
        raise UsageError("by takes one name, or a tuple of two different ones")
    return chosen


def lookups(names: Any, by: Sequence[str], known: Sequence[str]) -> dict[str, Any]:
    """Return the lookup of each dimension; `names` is a mapping from dimension to lookup, or a single lookup."""
    if names is None:
        return {}
    if isinstance(names, Mapping) and names and all(isinstance(key, str) for key in names):
        if unknown := [key for key in names if key not in known]:
            raise UsageError(f"names: {unknown[0]!r} is not a dimension; choose from {', '.join(known)}")
        return dict(names)
    if len(by) > 1:
        raise UsageError(
            f"names: with two dimensions, give a mapping from dimension to its names, like {{{by[0]!r}: …}}"
        )
    return dict.fromkeys(by, names)


def named(ids: Iterable[Any], names: Mapping[int, str] | pd.DataFrame | None) -> list[str]:
    """Return the name of each id, or the id if it has no name; equal names are followed by their ids.

    >>> named([1, 2, 3, None], {1: "Radio", 2: "Radio"})
    ['Radio (1)', 'Radio (2)', '3', '(none)']
    """
    known = known_names(names)
    numbers = [None if pd.isna(id) else int(id) for id in ids]
    labels = {id: NONE if id is None else known.get(id, str(id)) for id in numbers}
    often = Counter(labels.values())
    return [labels[id] if often[labels[id]] == 1 else f"{labels[id]} ({id})" for id in numbers]


Namer = Callable[[Sequence[Any], Any], list[str]]
"""Returns the names of ids from their lookup."""


def named_within(rows: pd.DataFrame, column: str, lookup: Any, name: Namer | None = None) -> list[str]:
    """Return the name of the id in each row, from the lookup of the row's tenant if both have a column tenant."""
    return _texts(rows[column], rows.get(TENANT), lookup, name or named)


def heads(keys: pd.DataFrame, by: Sequence[str], lookups: Mapping[str, Any], *, partly: bool = False) -> pd.DataFrame:
    """Return the `id` and `name` of groups; with two dimensions, the id is a pair (`partly`: or half of one).

    >>> keys = pd.DataFrame({"key": [7, 7], "hour": [6, None]})
    >>> heads(keys, ["campaign", "hour"], {"campaign": {7: "Radio"}})[["id", "name"]].values.tolist()
    [[(7, 6), 'Radio · 6:00 AM–7:00 AM'], [None, 'Radio · (none)']]
    """
    ids: list[list[Any]] = []
    names: dict[str, list[str]] = {}
    for (_, values), dimension in zip(keys.items(), by, strict=True):
        codes, different = pd.factorize(values, use_na_sentinel=False)
        own = _ids(dimension, list(different))
        ids.append([own[code] for code in codes])
        tenants = keys.iloc[:, [*by].index(TENANT)] if TENANT in by else None
        names[dimension] = _texts(values, tenants, lookups.get(dimension), partial(_names, dimension))
    if len(by) == 1:
        kind = "str" if by[0] in (*_TEXTS, "month") else "Int64"
        return pd.DataFrame({"id": pd.Series(ids[0], dtype=kind), "name": pd.Series(names[by[0]], dtype="str")})
    pairs = [None if None in pair and not partly else pair for pair in zip(*ids, strict=True)]
    joined = map(" · ".join, zip(*names.values(), strict=True))
    return pd.DataFrame({"id": pd.Series(pairs, dtype=object), "name": [*joined], **names}).astype(
        dict.fromkeys(("name", *by), "str")
    )


def _texts(values: pd.Series, tenants: pd.Series | None, lookup: Any, name: Namer) -> list[str]:
    """Return a name for each value; if the lookup has tenants, from the rows of the value's tenant."""
    if tenants is None or not isinstance(lookup, pd.DataFrame) or TENANT not in lookup:
        codes, different = pd.factorize(values, use_na_sentinel=False)
        names = name(list(different), lookup)
        return [names[code] for code in codes]
    texts = np.empty(len(values), dtype=object)
    for tenant, places in values.groupby(tenants.to_numpy(), dropna=False).indices.items():
        own = lookup[lookup[TENANT].isin([tenant])]
        texts[places] = _texts(values.iloc[places], None, own, name)
    return [str(text) for text in texts]


def _ids(dimension: str, values: Sequence[Any]) -> list[Any]:
    """Return the ids of the groups of a dimension, from their keys."""
    kind: Callable[[Any], Any] = month_name if dimension == "month" else str if dimension in _TEXTS else int
    return [None if pd.isna(value) else kind(value) for value in values]


def _names(dimension: str, values: Sequence[Any], lookup: Any) -> list[str]:
    """Return the names of the groups of a dimension, from their keys."""
    ids = _ids(dimension, values)
    if dimension == "creator":
        return _creators(ids, lookup)
    if dimension not in _LABELS:
        return named(ids, lookup)
    return [("age unknown" if dimension == "age" else NONE) if id is None else _LABELS[dimension](id) for id in ids]


def _creators(ids: Sequence[int | None], employees: Any) -> list[str]:
    """Return user ids with their kind (person or integration), never a person's name."""
    if employees is None:
        return [NONE if id is None else f"user {id}" for id in ids]
    wanted = {"user_id", "role"}
    if not isinstance(employees, pd.DataFrame) or wanted - set(employees.columns):
        raise UsageError("names of creators: a DataFrame of employees with user_id and role is required")
    known = employees.dropna(subset=["user_id"])
    kinds = {
        int(user): "integration" if str(role).startswith("Empty") else "person"
        for user, role in zip(known["user_id"], known["role"], strict=True)
    }
    return [NONE if id is None else f"user {id} ({kinds.get(id, 'kind not known')})" for id in ids]


def known_names(names: Mapping[int, str] | pd.DataFrame | None) -> dict[int, str]:
    """Return the names of a lookup by id, with '(inactive)' added to inactive ones; names may repeat.

    Raises
    ------
    UsageError
        The frame lacks a column.

    Examples
    --------
    >>> known_names(pd.DataFrame({"id": [7], "name": ["Radio"], "active": [False]}))
    {7: 'Radio (inactive)'}
    """
    if names is None:
        return {}
    if isinstance(names, Mapping):
        return {int(id): str(name) for id, name in names.items()}
    if isinstance(names, pd.DataFrame) and "name" not in names and "tag_name" in names:
        names = names.rename(columns={"tag_name": "name"})  # booking provider tags
    names = table_of(names, "names", ["id", "name"])
    active: Any = names["active"] if "active" in names else pd.Series(True, index=names.index)
    retired = active.astype("boolean").eq(False).fillna(False)
    return {
        int(id): f"{name} (inactive)" if gone else str(name)
        for id, name, gone in zip(names["id"], names["name"], retired, strict=True)
        if not pd.isna(id) and not pd.isna(name)
    }


def sort_rule(by: Sequence[str], size: str, *, ranked: bool = True) -> str:
    """Return how the groups of a table are sorted, as a sentence for the reader; `size` is what is counted."""
    if not by:
        return ""
    if {"month", "weekday", "hour", "age"} & {*by}:
        return "In their natural order."
    if not ranked:
        return f"Sorted by the number of {size}."
    return "Sorted by the lower end of the 95% confidence interval; small groups come last."


def group_word(by: Sequence[str], *, many: bool = False) -> str:
    """Return the names of the groups.

    Examples
    --------
    >>> group_word(["campaign"], many=True), group_word(["campaign", "month"]), group_word([])
    ('campaigns', 'campaign and month', 'group')
    """
    if not by:
        return "groups" if many else "group"
    words = [
        _IRREGULAR.get(dimension, (dimension.replace("_", " "), f"{dimension.replace('_', ' ')}s")) for dimension in by
    ]
    return " and ".join([*(word for word, _ in words[:-1]), words[-1][many]])
