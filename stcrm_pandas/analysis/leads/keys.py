"""The dimensions that group leads: where each key comes from, and the names of its groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, Rows, keys, local_hour, local_month, local_weekday, month_name
from stcrm_pandas.analysis.base.format import format_hour
from stcrm_pandas.analysis.base.names import NONE, lookups, named
from stcrm_pandas.errors import UsageError

__all__ = [
    "BY",
    "LOCAL",
    "Names",
    "columns_of",
    "ids_and_names",
    "key_of",
    "lead_lookups",
    "named_groups",
    "tags_of",
]

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


_LABELS: dict[str, Callable[[Any], str]] = {
    "month": lambda id: f"{pd.Timestamp(id):%b %Y}",
    "weekday": lambda id: _WEEKDAYS[id - 1],
    "hour": lambda id: f"{format_hour(id)}–{format_hour(id + 1)}",
    "capture_source": str,
    "priority": str,
}
CUSTOMER = "customer"
"""The dimension whose names appear in call lists only."""


def columns_of(by: Sequence[str]) -> list[str]:
    """Return the columns of leads that these groups need."""
    return [_COLUMNS[one] for one in by if one in _COLUMNS and one != "tenant"]


def key_of(one: str) -> nw.Expr:
    """Return the key of a lead from its row in `engine.lazy`; keys of tags come from `tags_of`."""
    if one == "month":
        return local_month("created_on")
    if one == "weekday":
        return local_weekday("created_on")
    if one == "hour":
        return local_hour("created_on")
    return nw.col(_COLUMNS[one])


def tags_of(leads: Any, rows: Rows) -> Rows:
    """Return a row for each lead and each of its tags: `id`, `tag`.

    Parameters: the leads as given, and as `engine.lazy` gives them.
    """
    by = keys(rows, "id")
    if not isinstance(leads, pd.DataFrame):
        long = rows.select(*by, nw.col("tag_type_ids").alias("tag")).explode("tag")
        return long.filter(~nw.col("tag").is_null()).unique([*by, "tag"])
    # tuples in a column of objects, which narwhals cannot open
    each = leads[[*by, "tag_type_ids"]].rename(columns={"tag_type_ids": "tag"}).explode("tag").dropna(subset=["tag"])
    tags: Rows = nw.from_native(each.astype({"tag": "Int64"}).drop_duplicates()).lazy()
    return tags


def lead_lookups(names: Names, by: Sequence[str]) -> dict[str, Any]:
    """Return the lookup of each dimension; campaigns are also the lookup of their categories."""
    lookup = lookups(names, by, (*BY, CUSTOMER))
    if "category" in by and "category" not in lookup and "campaign" in lookup:
        lookup["category"] = lookup["campaign"]
    return lookup


def ids_and_names(one: str, values: Sequence[Any], lookup: Any) -> tuple[list[Any], list[str]]:
    """Return the ids and names of the groups of one dimension, from their keys."""
    kind: Callable[[Any], Any] = month_name if one == "month" else str if one in ("capture_source", "priority") else int
    ids: list[Any] = [None if pd.isna(value) else kind(value) for value in values]
    if one == "creator":
        return ids, _creators(ids, lookup)
    if one not in _LABELS:
        return ids, named(ids, lookup)
    return ids, [NONE if id is None else _LABELS[one](id) for id in ids]


def named_groups(
    keys: pd.DataFrame, by: Sequence[str], lookup: Mapping[str, Any]
) -> tuple[list[Any], list[str], list[list[str]]]:
    """Return ids, names, and the names by dimension, from `key_0` and `key_1`; the ids of two dimensions are pairs."""
    parts = [ids_and_names(one, keys[f"key_{place}"].tolist(), lookup.get(one)) for place, one in enumerate(by)]
    names = [part for _, part in parts]
    if len(by) == 1:
        return *parts[0], names
    pairs = zip(*(ids for ids, _ in parts), strict=True)
    return [None if None in pair else pair for pair in pairs], list(map(" · ".join, zip(*names, strict=True))), names


def categories(campaigns: Any) -> tuple[dict[int, int], dict[int, str]]:
    """Return the category of each campaign, and the names of categories.

    Raises
    ------
    UsageError
        The frame of campaigns is missing or lacks the columns.
    """
    wanted = {"id", "category_id", "category_name"}
    if not isinstance(campaigns, pd.DataFrame) or wanted - set(campaigns.columns):
        raise UsageError(
            "by='category' needs the DataFrame of campaigns with id, category_id and category_name: "
            "names={'campaign': crm.lookups.campaigns.list()}"
        )
    known = campaigns.dropna(subset=["id", "category_id"])
    of_campaign = dict(zip(known["id"].astype(int), known["category_id"].astype(int), strict=True))
    texts = known.dropna(subset=["category_name"])
    return of_campaign, dict(zip(texts["category_id"].astype(int), texts["category_name"].astype(str), strict=True))


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
