"""By what leads can be grouped: where each key comes from, and what its groups are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, Rows, keys, local_hour, local_month, local_weekday, month_name
from stcrm_pandas.analysis.base.names import NONE, named
from stcrm_pandas.errors import UsageError

__all__ = ["BY", "LOCAL", "Names", "columns_of", "dimensions", "ids_and_names", "key_of", "lookups", "tags_of"]

Names = Mapping[int, str] | pd.DataFrame | Mapping[str, Any] | None

_COLUMNS = {
    "campaign": "campaign_id",
    "category": "campaign_id",
    "business_unit": "business_unit_id",
    "job_type": "job_type_id",
    "call_reason": "call_reason_id",
    "capture_source": "capture_source",
    "priority": "priority",
    "creator": "created_by_id",
    "tag": "tag_type_ids",
    "tenant": TENANT,
}
LOCAL = ("month", "weekday", "hour")
BY = (*_COLUMNS, *LOCAL)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


CUSTOMER = "customer"
"""Whose names only work lists show."""


def dimensions(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """`by` as a tuple of none, one or two.

    Raises
    ------
    UsageError
        For another name, for three, and for two that are one.
    """
    asked = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    unknown = [one for one in asked if one not in BY]
    if unknown:
        raise UsageError(f"by={unknown[0]!r}: there are {', '.join(map(repr, BY))} and None")
    if len(asked) > 2 or len(set(asked)) < len(asked):
        raise UsageError("by takes one name, or a tuple of two different ones")
    if set(asked) == {"campaign", "category"}:
        raise UsageError("a campaign has one category: group by one of the two")
    return asked


def columns_of(by: Sequence[str]) -> list[str]:
    """The columns of leads that these groups need."""
    return [_COLUMNS[one] for one in by if one in _COLUMNS and one != "tenant"]


def key_of(one: str) -> nw.Expr:
    """The key of a lead, from its row as `engine.lazy` gives it (a tag's comes from `tags_of`)."""
    if one == "month":
        return local_month("created_on")
    if one == "weekday":
        return local_weekday("created_on")
    if one == "hour":
        return local_hour("created_on")
    return nw.col(_COLUMNS[one])


def tags_of(leads: Any, rows: Rows) -> Rows:
    """A row for each lead and each of its tags: `id`, `tag`.

    Parameters: the leads as they were given, and as `engine.lazy` gives them, with `tag_type_ids`.
    """
    by = keys(rows, "id")
    if not isinstance(leads, pd.DataFrame):
        long = rows.select(*by, nw.col("tag_type_ids").alias("tag")).explode("tag")
        return long.filter(~nw.col("tag").is_null()).unique([*by, "tag"])
    # tuples in a column of objects, which narwhals cannot open
    each = leads[[*by, "tag_type_ids"]].rename(columns={"tag_type_ids": "tag"}).explode("tag").dropna(subset=["tag"])
    told: Rows = nw.from_native(each.astype({"tag": "Int64"}).drop_duplicates()).lazy()
    return told


def lookups(names: Names, by: Sequence[str]) -> dict[str, Any]:
    """For each dimension its lookup: `names` is a mapping from dimension, or the lookup of the only one."""
    if names is None:
        return {}
    if isinstance(names, Mapping) and names and all(isinstance(key, str) for key in names):
        unknown = [key for key in names if key not in (*BY, CUSTOMER)]
        if unknown:
            raise UsageError(f"names: {unknown[0]!r} is nothing to group by; there are {', '.join(map(repr, BY))}")
        found = {str(key): value for key, value in names.items()}
        if "category" in by and "category" not in found and "campaign" in found:
            found["category"] = found["campaign"]
        return found
    return dict.fromkeys(by[:1], names)


def ids_and_names(one: str, values: Sequence[Any], lookup: Any) -> tuple[list[Any], list[str]]:
    """Ids as they stand in a table, and the names that a reader knows, for the keys of one dimension."""
    ids = [None if pd.isna(value) else value for value in values]
    if one == "month":
        months = [None if id is None else month_name(int(id)) for id in ids]
        return months, [NONE if m is None else f"{pd.Timestamp(m):%b %Y}" for m in months]
    if one == "weekday":
        return [None if i is None else int(i) for i in ids], [NONE if i is None else _WEEKDAYS[int(i) - 1] for i in ids]
    if one == "hour":
        return [None if i is None else int(i) for i in ids], [
            NONE if i is None else f"{int(i):02}:00 to {int(i):02}:59" for i in ids
        ]
    if one in ("capture_source", "priority"):
        return [None if i is None else str(i) for i in ids], [NONE if i is None else str(i) for i in ids]
    numbers = [None if i is None else int(i) for i in ids]
    if one == "creator":
        return numbers, _creators(numbers, lookup)
    return numbers, named(numbers, lookup)


def categories(campaigns: Any) -> tuple[dict[int, int], dict[int, str]]:
    """From campaign to category, and the names of categories.

    Raises
    ------
    UsageError
        Where the frame of campaigns is missing or lacks their columns.
    """
    wanted = {"id", "category_id", "category_name"}
    if not isinstance(campaigns, pd.DataFrame) or wanted - set(campaigns.columns):
        raise UsageError(
            "by='category' needs the frame of campaigns with id, category_id and category_name: "
            "names={'campaign': crm.lookups.campaigns.list()}"
        )
    known = campaigns.dropna(subset=["id", "category_id"])
    of_campaign = dict(zip(known["id"].astype(int), known["category_id"].astype(int), strict=True))
    texts = known.dropna(subset=["category_name"])
    return of_campaign, dict(zip(texts["category_id"].astype(int), texts["category_name"].astype(str), strict=True))


def _creators(ids: Sequence[int | None], employees: Any) -> list[str]:
    """User numbers with their kind, never a person's name."""
    if employees is None:
        return [NONE if id is None else f"user {id}" for id in ids]
    wanted = {"user_id", "role"}
    if not isinstance(employees, pd.DataFrame) or wanted - set(employees.columns):
        raise UsageError("names of creators: a frame of employees with user_id and role is needed")
    known = employees.dropna(subset=["user_id"])
    kinds = {
        int(user): "integration" if str(role).startswith("Empty") else "person"
        for user, role in zip(known["user_id"], known["role"], strict=True)
    }
    return [NONE if id is None else f"user {id} ({kinds.get(id, 'kind not known')})" for id in ids]
