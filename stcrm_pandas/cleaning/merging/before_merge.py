"""The plan to apply before customers are merged in ServiceTitan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pandas as pd

from stcrm_pandas.cleaning.merging.consent import (
    DO_NOT_TEXT,
    numbers_not_to_text,
    strictest_flags,
    strictest_preferences,
)
from stcrm_pandas.cleaning.merging.united import tags_not_added, unite
from stcrm_pandas.edits.plan.build import opt_outs_first
from stcrm_pandas.edits.plan.consent import FLAGS
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.errors import PermissionDenied
from stcrm_pandas.frame.customers import OPTED_IN, is_merged
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.output.printable import spelling_key
from stcrm_pandas.resources.customers import Customers
from stcrm_pandas.resources.locations import Locations
from stcrm_pandas.resources.lookups import Lookups

_COLUMNS = ("type", "value", DO_NOT_TEXT, *FLAGS)
_METHODS = (
    "Contact methods (crm.contact_methods) were not searched. crm.plan_opt_out(numbers, names=[…]) opts them out, too."
)


class Connected(Protocol):
    """A connection with customers, locations and lookups."""

    @property
    def customers(self) -> Customers:
        """The customers."""

    @property
    def locations(self) -> Locations:
        """The locations."""

    @property
    def lookups(self) -> Lookups:
        """The names of tags are among them."""


@dataclass(frozen=True)
class _Contacts:
    """Contacts of customers or of locations, with their owners and the cluster of each contact."""

    owner: str
    resource: Customers | Locations
    rows: pd.DataFrame
    owners: pd.DataFrame
    cluster: pd.Series


def plan_before_merge(crm: Connected, ranked: Mapping[int, Sequence[int]], reason: str) -> Plan:
    """Return the plan that unites tags and custom fields, and makes consent the strictest of each cluster.

    All rows are read from the service, so that the latest opt-out counts.

    Parameters
    ----------
    crm : Connected
        The connection.
    ranked : mapping
        Number of a cluster to the ids of its customers, the one to keep first.
    reason : str
        Why the change is made.
    """
    cluster_of = {one: cluster for cluster, ids in ranked.items() for one in ids}
    customers = crm.customers.list(ids=list(cluster_of), refresh=True)
    names = _tag_names(crm)
    addable = {tag for tag, name in names.items() if spelling_key(name) != OPTED_IN}
    after = strictest_flags(unite(customers, ranked, addable), customers["id"].map(cluster_of))
    open_rows = ~is_merged(customers["merged_to_id"])
    plans = [
        crm.customers.plan_changes(customers[open_rows], after[open_rows], reason=reason, warn_above=1.0),
    ]
    contacts = _read_contacts(crm, customers, cluster_of)
    together = pd.concat([one.rows.reindex(columns=_COLUMNS) for one in contacts], ignore_index=True)
    clusters = pd.concat([one.cluster for one in contacts], ignore_index=True)
    strict = strictest_preferences(together, clusters)
    listed = list(_not_to_text(numbers_not_to_text(together, clusters)))
    listed += [
        _not_added(tag, names.get(tag), other, kept) for tag, other, kept in tags_not_added(customers, ranked, addable)
    ]
    for one in contacts:
        flags = [flag for flag in FLAGS if flag in one.rows]
        part, strict = strict[: len(one.rows)], strict[len(one.rows) :]
        wanted = one.rows.assign(**{flag: part[flag].array for flag in flags})
        is_open = ~is_merged(one.owners["merged_to_id"]) & one.owners["active"].fillna(value=False)
        open_owners = one.owners.loc[is_open, "id"]
        can = one.rows[f"{one.owner}_id"].isin(open_owners)
        differs = (wanted[flags].ne(one.rows[flags]).fillna(value=True) & wanted[flags].notna()).any(axis=1)
        listed += _unchangeable(one.rows[differs & ~can], one.owner)
        plans.append(
            one.resource.plan_contact_changes(one.rows[can], wanted[can], reason=reason, warn_above=1.0),
        )
    return _joined(plans, listed)


def _read_contacts(crm: Connected, customers: pd.DataFrame, cluster_of: Mapping[int, int]) -> list[_Contacts]:
    ids = customers["id"]
    rows = crm.customers.list_contacts(customer_ids=ids, refresh=True)
    found = [_Contacts("customer", crm.customers, rows, customers, rows["customer_id"].map(cluster_of))]
    locations = crm.locations.list(refresh=True)
    locations = locations[locations["customer_id"].isin(ids)]
    if len(locations):
        rows = crm.locations.list_contacts(location_ids=locations["id"], refresh=True)
        owner = rows["location_id"].map(locations.set_index("id")["customer_id"])
        found.append(_Contacts("location", crm.locations, rows, locations, owner.map(cluster_of)))
    return found


def _tag_names(crm: Connected) -> dict[int, str]:
    """Return the names of all tags, retired ones included; none without permission to read them."""
    try:
        found = crm.lookups.tag_types.list(active=None, refresh=True)
    except PermissionDenied:
        return {}
    return {int(id): name for id, name in zip(found["id"], found["name"], strict=True) if not is_missing(name)}


def _not_added(tag: int, name: str | None, other: int, kept: int) -> dict[str, Any]:
    if name is None:
        why = "its name cannot be read, and it may be Opted In, which would be an opt-in"
    else:
        why = "it may allow marketing e-mail to the kept customer, which would be an opt-in"
    called = f"tag {tag}" if name is None else f"tag {tag} ({name})"
    what = f"{called} of customer {other}"
    return {"what": what, "why": why, "instead": f"add it to customer {kept} in ServiceTitan if it applies there"}


def _not_to_text(numbers: Sequence[str]) -> Iterator[dict[str, Any]]:
    why = "it has Do Not Text in one record and not in another one of the same customer"
    for number in numbers:
        yield {"what": number, "why": why, "instead": "set Do Not Text in ServiceTitan"}


def _unchangeable(contacts: pd.DataFrame, owner: str) -> Iterator[dict[str, Any]]:
    for value, one in zip(contacts["value"], contacts[f"{owner}_id"], strict=True):
        why = f"{owner} {one} is inactive or merged, so its contacts cannot be opted out"
        yield {"what": value, "why": why, "instead": "change it in ServiceTitan, or plan again after the merge"}


def _joined(plans: Sequence[Plan], listed: Sequence[dict[str, Any]]) -> Plan:
    """Return plans as one, opt-outs first."""
    return replace(
        plans[0],
        resource="merges",
        steps=tuple(opt_outs_first(step for plan in plans for step in plan.steps)),
        refusals=tuple(refusal for plan in plans for refusal in plan.refusals),
        total_rows=sum(plan.total_rows for plan in plans),
        warnings=(*dict.fromkeys(warning for plan in plans for warning in plan.warnings), _METHODS),
        options={name: value for plan in plans for name, value in plan.options.items()},
        listed=tuple(listed),
    )
