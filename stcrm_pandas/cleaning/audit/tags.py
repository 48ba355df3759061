"""Findings about tags."""

from __future__ import annotations

from stcrm_pandas.cleaning.audit.finding import Found
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.spellings import tags

_TAGGED = ("customers", "locations", "leads", "jobs")


def tags_unused(rows: Rows) -> Found:
    """Return active tags that no customer, location, lead or job has."""
    used = {tag for name in _TAGGED for tags in rows[name]["tag_type_ids"].dropna() for tag in tags}
    active = rows["tag_types"][rows["tag_types"]["active"].fillna(value=False).astype(bool)]
    return Found(active[~active["id"].isin(list(used))], len(active))


def tags_twins(rows: Rows) -> Found:
    """Return customers with a tag that is another spelling of a more frequent one."""
    customers = rows.customers
    twins = set(tags(customers, rows["tag_types"]).map["value"].tolist())
    held = customers["tag_type_ids"].map(lambda ids: not twins.isdisjoint(ids or ()), na_action="ignore")
    tagged = customers["tag_type_ids"].map(bool, na_action="ignore")
    return Found(customers[held.fillna(value=False).astype(bool)], int(tagged.fillna(value=False).astype(bool).sum()))
