"""The dimensions that group leads: where each key comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, Rows, keys, local_hour, local_month, local_weekday
from stcrm_pandas.analysis.base.names import lookups
from stcrm_pandas.errors import UsageError

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
LOCAL = {"month": local_month, "weekday": local_weekday, "hour": local_hour}
"""The dimensions of the local time of creation."""
BY = (*_COLUMNS, *LOCAL)


CUSTOMER = "customer"
"""The dimension whose names appear in call lists only."""


def columns_of(by: Sequence[str]) -> list[str]:
    """Return the columns of leads that these groups need."""
    return [_COLUMNS[name] for name in by if name in _COLUMNS and name != "tenant"]


def key_of(name: str) -> nw.Expr:
    """Return the key of a lead from its row in `engine.prepare_rows`; keys of tags come from `tags_of`."""
    return LOCAL[name]("created_on") if name in LOCAL else nw.col(_COLUMNS[name])


def tags_of(leads: Any, rows: Rows) -> Rows:
    """Return one row per lead and tag: `id`, `tag`."""
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


def categories_of(campaign_ids: pd.Series, tenants: pd.Series | None, campaigns: pd.DataFrame) -> pd.Series:
    """Return the category of each campaign, from the campaigns of its tenant if they have a column tenant."""
    known = campaigns.dropna(subset=["id", "category_id"])
    if tenants is None or TENANT not in known:
        of_campaign = dict(zip(known["id"].astype(int), known["category_id"].astype(int), strict=True))
        return campaign_ids.map(of_campaign).astype("Int64")
    of_pair = dict(zip(zip(known[TENANT], known["id"], strict=True), known["category_id"], strict=True))
    pairs = zip(tenants, campaign_ids, strict=True)
    return pd.Series([of_pair.get(pair) for pair in pairs], index=campaign_ids.index, dtype="Int64")


def category_names(campaigns: Any) -> pd.DataFrame:
    """Return the lookup of categories, with `tenant` if the campaigns have it.

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
    tenant = [TENANT] if TENANT in campaigns else []
    known = campaigns.dropna(subset=["id", "category_id", "category_name"])
    lookup = known[[*tenant, "category_id", "category_name"]].drop_duplicates([*tenant, "category_id"], keep="last")
    return lookup.rename(columns={"category_id": "id", "category_name": "name"})
