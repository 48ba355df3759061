"""The plan to apply before customers are merged: tags, fields, and the strictest consent of each cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pandas as pd

from stcrm_pandas.cleaning.merging.carry_over import carry_over, tags_not_added
from stcrm_pandas.cleaning.merging.strictest_consent import (
    DO_NOT_TEXT,
    having_one_of,
    numbers_not_to_text,
    opted_out_contacts,
    strictest_flags,
    strictest_preferences,
)
from stcrm_pandas.edits.plan.build import opt_outs_first
from stcrm_pandas.edits.plan.consent import FLAGS
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.errors import PermissionDenied
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.customers import OPTED_IN, is_merged, names_of_tags
from stcrm_pandas.output.printable import spelling_key
from stcrm_pandas.resources.contacts import ContactMethods, ContactPreferences
from stcrm_pandas.resources.customers import Customers
from stcrm_pandas.resources.locations import Locations
from stcrm_pandas.resources.lookups import Lookups

_COLUMNS = ("type", "value", DO_NOT_TEXT, *FLAGS)
_NOT_READ = (
    "Contact methods (crm.contact_methods) were not searched. desk.plan(crm, marketing_names=[…]) takes over their "
    "opt-outs, and crm.plan_opt_out(numbers, names=[…]) opts them out, too."
)
_READ = (
    "Opt-outs of contact methods (crm.contact_methods) are taken over, but their own preferences stay as they are. "
    "crm.plan_opt_out(numbers, names=[…]) opts them out, too."
)


class Connected(Protocol):
    """A connection with customers, locations, contact methods and lookups."""

    @property
    def contact_methods(self) -> ContactMethods:
        """The contact methods of the newer contacts API."""

    @property
    def contact_preferences(self) -> ContactPreferences:
        """The preferences of contact methods."""

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
class _ContactsInClusters:
    """Contacts of customers or of locations, with the rows of their owners and the cluster of each contact."""

    owned_by: str
    resource: Customers | Locations
    rows: pd.DataFrame
    owner_rows: pd.DataFrame
    cluster: pd.Series


def plan_before_merge(
    crm: Connected, ranked: Mapping[int, Sequence[int]], reason: str, marketing_names: Sequence[str] = ()
) -> Plan:
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
    marketing_names : sequence of str, default ()
        The preferences of contact methods that mean marketing. Without them, no contact method is read.
    """
    cluster_of = {id: cluster for cluster, ids in ranked.items() for id in ids}
    customers = crm.customers.list(ids=list(cluster_of), refresh=True)
    names = _read_tag_names(crm)
    addable = {tag for tag, name in names.items() if spelling_key(name) != OPTED_IN}
    after = strictest_flags(carry_over(customers, ranked, addable), customers["id"].map(cluster_of))
    open_rows = ~is_merged(customers["merged_to_id"])
    plans = [
        crm.customers.plan_changes(customers[open_rows], after[open_rows], reason=reason, warn_above=1.0),
    ]
    contacts = _read_contacts(crm, customers, cluster_of)
    together = pd.concat([group.rows.reindex(columns=_COLUMNS) for group in contacts], ignore_index=True)
    clusters = pd.concat([group.cluster for group in contacts], ignore_index=True)
    strict = strictest_preferences(together, clusters, _read_opted_out(crm, together, marketing_names))
    listed = list(_not_to_text(numbers_not_to_text(together, clusters)))
    listed += [
        _not_added(tag, names.get(tag), other, kept) for tag, other, kept in tags_not_added(customers, ranked, addable)
    ]
    for group in contacts:
        flags = [flag for flag in FLAGS if flag in group.rows]
        part, strict = strict[: len(group.rows)], strict[len(group.rows) :]
        wanted = group.rows.assign(**{flag: part[flag].array for flag in flags})
        is_open = ~is_merged(group.owner_rows["merged_to_id"]) & group.owner_rows["active"].fillna(value=False)
        open_owners = group.owner_rows.loc[is_open, "id"]
        can = group.rows[f"{group.owned_by}_id"].isin(open_owners)
        differs = (wanted[flags].ne(group.rows[flags]).fillna(value=True) & wanted[flags].notna()).any(axis=1)
        listed += _unchangeable(group.rows[differs & ~can], group.owned_by)
        plans.append(
            group.resource.plan_contact_changes(group.rows[can], wanted[can], reason=reason, warn_above=1.0),
        )
    return _joined(plans, listed, _READ if marketing_names else _NOT_READ)


def _read_contacts(crm: Connected, customers: pd.DataFrame, cluster_of: Mapping[int, int]) -> list[_ContactsInClusters]:
    ids = customers["id"]
    rows = crm.customers.list_contacts(customer_ids=ids, refresh=True)
    of_owners = [_ContactsInClusters("customer", crm.customers, rows, customers, rows["customer_id"].map(cluster_of))]
    locations = crm.locations.list(refresh=True)
    locations = locations[locations["customer_id"].isin(ids)]
    if len(locations):
        rows = crm.locations.list_contacts(location_ids=locations["id"], refresh=True)
        owner = rows["location_id"].map(locations.set_index("id")["customer_id"])
        of_owners.append(_ContactsInClusters("location", crm.locations, rows, locations, owner.map(cluster_of)))
    return of_owners


def _read_opted_out(crm: Connected, contacts: pd.DataFrame, marketing_names: Sequence[str]) -> frozenset[str]:
    """Return the numbers and addresses of contacts that are opted out in the newer contacts API."""
    if not marketing_names:
        return frozenset()
    methods = crm.contact_methods.search(refresh=True)
    numbers = {number for value in contacts["value"] for number in find_contacts(value)}
    methods = methods[having_one_of(numbers, methods)]
    if methods.empty:
        return frozenset()
    preferences = crm.contact_preferences.list(methods["contact_id"], methods["id"], refresh=True)
    return opted_out_contacts(methods, preferences, marketing_names)


def _read_tag_names(crm: Connected) -> dict[int, str]:
    """Return the names of all tags, retired ones included; none without permission to read them."""
    try:
        return names_of_tags(crm.lookups.tag_types.list(active=None, refresh=True))
    except PermissionDenied:
        return {}


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
    for value, id in zip(contacts["value"], contacts[f"{owner}_id"], strict=True):
        why = f"{owner} {id} is inactive or merged, so its contacts cannot be opted out"
        yield {"what": value, "why": why, "instead": "change it in ServiceTitan, or plan again after the merge"}


def _joined(plans: Sequence[Plan], listed: Sequence[dict[str, Any]], about_methods: str) -> Plan:
    """Return plans as one, opt-outs first."""
    return replace(
        plans[0],
        resource="merges",
        steps=tuple(opt_outs_first(step for plan in plans for step in plan.steps)),
        refusals=tuple(refusal for plan in plans for refusal in plan.refusals),
        total_rows=sum(plan.total_rows for plan in plans),
        warnings=(*dict.fromkeys(warning for plan in plans for warning in plan.warnings), about_methods),
        options={name: value for plan in plans for name, value in plan.options.items()},
        listed=tuple(listed),
    )
