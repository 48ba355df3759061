"""The plan to apply before customers are merged: tags, fields, and the strictest consent of each cluster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import pandas as pd

from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits.plan.build import opt_outs_first
from stcrm_pandas.edits.plan.consent import BLOCKING_FLAGS, FLAGS, is_opt_out
from stcrm_pandas.edits.plan.opt_out import MARKETING
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.edits.values import parts_of
from stcrm_pandas.errors import PermissionDenied, UsageError
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder
from stcrm_pandas.frame.customers import DORMANT, OPTED_IN, is_merged, owners_of, whole_ids
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.output.printable import spelling_key
from stcrm_pandas.resources.contacts import ContactMethods, ContactPreferences
from stcrm_pandas.resources.customers import Customers
from stcrm_pandas.resources.locations import Locations
from stcrm_pandas.resources.lookups import Lookups


def carry_over(customers: pd.DataFrame, ranked: Mapping[int, Sequence[int]], addable: Collection[int]) -> pd.DataFrame:
    """Return customers with the tags and custom fields of their clusters on the first customer of each.

    A custom field that the first one has keeps its value; of several others, the first value counts.

    Parameters
    ----------
    customers : DataFrame
        The customers.
    ranked : mapping
        Number of a cluster to the ids of its customers, the one to keep first.
    addable : collection of int
        The tags that may be added to a customer.
    """
    after = customers.copy(deep=False)
    position = {int(id): place for place, id in enumerate(customers["id"])}
    for name, added in (("tag_type_ids", partial(_tags, addable=addable)), ("custom_fields", _custom_fields)):
        if name in after:
            cells = after[name].to_numpy(dtype=object, copy=True)
            for ids in ranked.values():
                places = [position[id] for id in ids if id in position]
                if ids[0] in position and len(places) > 1:
                    cells[places[0]] = added([customers[name].iloc[place] for place in places])
            after[name] = pd.Series(cells, after.index, dtype=customers[name].dtype)
    return after


def tags_not_added(
    customers: pd.DataFrame, ranked: Mapping[int, Sequence[int]], addable: Collection[int]
) -> Iterator[tuple[int, int, int]]:
    """Yield tags that `carry_over` does not add: the tag, the customer that has it, and the kept customer.

    Parameters
    ----------
    customers, ranked, addable
        As for `carry_over`.
    """
    tags = {int(id): cell for id, cell in zip(customers["id"], customers["tag_type_ids"], strict=True)}
    for kept, *others in ranked.values():
        for other in others:
            for tag in map(int, missing_parts("tag_type_ids", tags.get(kept), tags.get(other))):
                if tag not in addable:
                    yield tag, other, kept


def missing_parts(column: str, kept: Any, other: Any) -> dict[str, Any]:
    """Return the tags or custom fields of another customer that the kept one lacks, by name."""
    there = parts_of(column, kept)
    return {
        name: value
        for name, value in parts_of(column, other).items()
        if not _is_blank(value) and _is_blank(there.get(name))
    }


def _tags(cells: Sequence[Any], *, addable: Collection[int]) -> Any:
    kept = cells[0] if not is_missing(cells[0]) else ()
    others = dict.fromkeys(int(tag) for cell in cells[1:] for tag in missing_parts("tag_type_ids", kept, cell))
    more = [tag for tag in others if tag in addable]
    return (*kept, *more) if more else cells[0]


def _custom_fields(cells: Sequence[Any]) -> Any:
    kept = cells[0] if not is_missing(cells[0]) else ()
    more: dict[str, Any] = {}
    for cell in cells[1:]:
        more = missing_parts("custom_fields", kept, cell) | more
    if not more:
        return cells[0]
    names = {
        str(int(field.type_id)): field.name
        for cell in cells[1:]
        for field in (() if is_missing(cell) else cell)
        if not is_missing(field.type_id)
    }
    filled = [
        field if is_missing(field.type_id) else field._replace(value=more.pop(str(int(field.type_id)), field.value))
        for field in kept
    ]
    return (*filled, *(CustomField(int(type_id), names[type_id], value) for type_id, value in more.items()))


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


DO_NOT_TEXT = "phone_settings_do_not_text"


def strictest_flags(customers: pd.DataFrame, cluster: pd.Series) -> pd.DataFrame:
    """Return customers with each flag that blocks contact set if one of their cluster has it.

    Parameters
    ----------
    customers : DataFrame
        The customers.
    cluster : Series
        The cluster of each customer.
    """
    after = customers.copy(deep=False)
    for flag in BLOCKING_FLAGS["customers"]:
        if flag in after:
            after[flag] = after[flag].mask(_any(after[flag].eq(other=True), [cluster]), other=True)
    return after


def opted_out_contacts(
    methods: pd.DataFrame, preferences: pd.DataFrame, marketing_names: Iterable[str]
) -> frozenset[str]:
    """Return the numbers and addresses that are opted out of marketing in the newer contacts API.

    Parameters
    ----------
    methods : DataFrame
        Contact methods.
    preferences : DataFrame
        Their preferences.
    marketing_names : iterable of str
        The names of the preferences that mean marketing.

    Raises
    ------
    UsageError
        No preference has one of these names.
    """
    names = [marketing_names] if isinstance(marketing_names, str) else list(marketing_names)
    meant = preferences["name"].str.casefold().isin([name.casefold() for name in names])
    if len(preferences) and not meant.any():
        known = ", ".join(sorted(map(repr, preferences["name"].dropna().unique())))
        raise UsageError(f"marketing_names: no contact method has a preference named {names}. They have {known}.")
    off = preferences[meant & preferences["value"].map(is_opt_out).astype(bool)]
    among = pd.MultiIndex.from_frame(off[["contact_id", "contact_method_id"]])
    opted_out = pd.MultiIndex.from_frame(methods[["contact_id", "id"]]).isin(among)
    numbers = (number for value in methods.loc[opted_out, "value"] for number in find_contacts(value))
    return frozenset(number for number in numbers if not is_placeholder(number))


def _has_one_of(numbers: Collection[str], contacts: pd.DataFrame) -> pd.Series:
    among = frozenset(numbers)
    return contacts["value"].map(lambda value: not among.isdisjoint(find_contacts(value))).astype(bool)


def strictest_preferences(
    contacts: pd.DataFrame, cluster: pd.Series, opted_out: Collection[str] = frozenset()
) -> pd.DataFrame:
    """Return contacts with each preference switched off that one of their cluster has switched off.

    - Marketing that is off for one contact is off for all of them. So is marketing that is off for a contact method of
      one of their numbers or addresses.
    - What is off for a number or an address is off for it in all records.
    - A reminder, invoice or statement that is off for one phone number is off for all phone numbers, and likewise for
      e-mail addresses. Not if all is off for that contact: then it is not used, which tells nothing about the others.

    An unknown preference switches off nothing. It is switched off itself if its contact changes, because the API takes
    the preferences of a contact as a whole.

    Parameters
    ----------
    contacts : DataFrame
        Contacts of customers and of their locations.
    cluster : Series
        The cluster of each contact.
    opted_out : collection of str, default frozenset()
        The result of `opted_out_numbers`.
    """
    flags = [flag for flag in FLAGS if flag in contacts]
    channel = contacts["type"].eq("Email").fillna(value=False)
    same = contacts["value"].map(lambda value: " ".join(find_contacts(value)) or str(value).casefold())
    after = contacts[flags].copy()
    if opted_out and MARKETING in flags:
        switch = _has_one_of(opted_out, contacts) & after[MARKETING].ne(other=False).fillna(value=True)
        after[MARKETING] = after[MARKETING].mask(switch, other=False)
        after[switch] = after[switch].fillna(value=False)
    while True:  # until nothing changes, so that a second plan has nothing to add
        off = after.eq(other=False).fillna(value=False).astype(bool)
        used = ~off.all(axis=1)
        changed = pd.Series(False, index=after.index)
        for flag in flags:
            wide = _any(off[flag], [cluster]) if flag == MARKETING else _any(off[flag] & used, [cluster, channel])
            switch = (wide | _any(off[flag], [cluster, same])) & ~off[flag]
            after[flag] = after[flag].mask(switch, other=False)
            changed |= switch
        if not changed.any():
            return contacts.assign(**{flag: after[flag] for flag in flags})
        after[changed] = after[changed].fillna(value=False)


def numbers_not_to_text(contacts: pd.DataFrame, cluster: pd.Series) -> list[str]:
    """Return numbers that have Do Not Text in one record of a cluster and not in another one.

    Parameters
    ----------
    contacts : DataFrame
        Contacts of customers and of their locations.
    cluster : Series
        The cluster of each contact.
    """
    if DO_NOT_TEXT not in contacts:
        return []
    rows = contacts.assign(_cluster=cluster, _number=contacts["value"].map(find_contacts))
    rows = rows[rows["type"].ne("Email").fillna(value=False)].explode("_number").dropna(subset="_number")
    rows = rows[~rows["_number"].map(is_placeholder).astype(bool)]
    rows["_off"] = rows[DO_NOT_TEXT].fillna(value=False).astype(bool)
    groups = rows.groupby(["_cluster", "_number"])["_off"]
    mixed = rows[groups.transform("any") & ~groups.transform("all")]
    return list(dict.fromkeys(mixed["_number"]))


OPT_OUT_LABELS = {
    "do_not_mail": "do not mail",
    "do_not_service": "do not service",
    **dict(zip(FLAGS, ("no reminders", "no marketing", "no invoices", "no statements"), strict=True)),
    DO_NOT_TEXT: "no texts",
}
"""Columns of opt-outs, with what they mean."""


def missing_opt_outs(
    customers: pd.DataFrame,
    contacts: pd.DataFrame | None,
    locations: pd.DataFrame | None,
    group_of: Mapping[int, int],
    *,
    kept: Collection[int] = (),
    tag_names: Mapping[int, str] | None = None,
    opted_out: Collection[str] = frozenset(),
) -> dict[int, list[str]]:
    """Return the opt-outs that active customers lack although another record of the same customer has them.

    Parameters
    ----------
    customers : DataFrame
        The customers.
    contacts : DataFrame or None
        Contacts of customers, of locations, or both.
    locations : DataFrame or None
        The locations.
    group_of : mapping
        Id of each customer to a number that all records of the same customer have.
    kept : collection of int, default ()
        The customers that are kept: only these get tags of the others.
    tag_names : mapping, optional
        Id of a tag to its name.
    opted_out : collection of str, default frozenset()
        The result of `opted_out_numbers`.

    Returns
    -------
    dict
        Id of a customer to names of opt-outs.
    """
    names_of: dict[int, dict[str, None]] = defaultdict(dict)
    customers = customers.assign(id=whole_ids(customers["id"]))
    customers = customers[customers["id"].isin(list(group_of))]
    active = set(customers.loc[_is_open(customers), "id"])

    def note(owners: pd.Series, flags: Iterable[str], now: pd.DataFrame, strict: pd.DataFrame) -> None:
        for flag in flags:
            lacks = strict[flag].ne(now[flag]).fillna(value=True) & strict[flag].notna()
            for id in owners[lacks]:
                if id in active:
                    names_of[int(id)][OPT_OUT_LABELS[flag]] = None

    marks = [flag for flag in BLOCKING_FLAGS["customers"] if flag in customers]
    note(customers["id"], marks, customers, strictest_flags(customers, customers["id"].map(group_of)))
    dormant = {tag for tag, name in (tag_names or {}).items() if spelling_key(name) == DORMANT}
    members: dict[int, list[int]] = defaultdict(list)
    for id, number in group_of.items():
        members[number].append(id)
    ranked = {id: [id, *(other for other in members[group_of[id]] if other != id)] for id in active.intersection(kept)}
    for tag, _, id in tags_not_added(customers, ranked, addable=()) if dormant else ():
        if tag in dormant:
            names_of[id]["email dormant"] = None
    if contacts is not None:
        some = locations if locations is not None else pd.DataFrame({"id": [], "customer_id": []}, dtype="Int64")
        owners = owners_of(contacts, some)
        contacts, owners = contacts[owners.isin(list(group_of))], owners[owners.isin(list(group_of))]
        group, flags = owners.map(group_of), [flag for flag in FLAGS if flag in contacts]
        strict = strictest_preferences(contacts, group, opted_out)
        mixed = set(numbers_not_to_text(contacts, group))
        if mixed:
            flags = [*flags, DO_NOT_TEXT]
            named = contacts[DO_NOT_TEXT].mask(_has_one_of(mixed, contacts), other=True)
            strict = strict.assign(**{DO_NOT_TEXT: named})
        open_locations = set(whole_ids(some.loc[_is_open(some), "id"]))
        changeable = pd.Series(True, index=contacts.index)
        if "location_id" in contacts:
            place = whole_ids(contacts["location_id"])
            changeable = place.isna() | place.isin(open_locations)
        note(owners[changeable], flags, contacts[changeable], strict[changeable])
    return {id: list(names) for id, names in names_of.items()}


def _is_open(rows: pd.DataFrame) -> pd.Series:
    """Return which customers or locations are active and not merged, so that their contacts can be changed."""
    active = rows.get("active", pd.Series(True, index=rows.index)).fillna(value=True).astype(bool)
    return active & ~is_merged(rows.get("merged_to_id", pd.Series(0, index=rows.index)))


def _any(flags: pd.Series, groups: list[pd.Series]) -> pd.Series:
    marked: pd.Series = flags.fillna(value=False).astype(bool).groupby(groups).transform("any")
    return marked


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
class _Contacts:
    """Contacts of customers or of locations, with their owners and the cluster of each contact."""

    owner: str
    resource: Customers | Locations
    rows: pd.DataFrame
    owners: pd.DataFrame
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
        is_open = ~is_merged(group.owners["merged_to_id"]) & group.owners["active"].fillna(value=False)
        open_owners = group.owners.loc[is_open, "id"]
        can = group.rows[f"{group.owner}_id"].isin(open_owners)
        differs = (wanted[flags].ne(group.rows[flags]).fillna(value=True) & wanted[flags].notna()).any(axis=1)
        listed += _unchangeable(group.rows[differs & ~can], group.owner)
        plans.append(
            group.resource.plan_contact_changes(group.rows[can], wanted[can], reason=reason, warn_above=1.0),
        )
    return _joined(plans, listed, _READ if marketing_names else _NOT_READ)


def _read_contacts(crm: Connected, customers: pd.DataFrame, cluster_of: Mapping[int, int]) -> list[_Contacts]:
    ids = customers["id"]
    rows = crm.customers.list_contacts(customer_ids=ids, refresh=True)
    of_owners = [_Contacts("customer", crm.customers, rows, customers, rows["customer_id"].map(cluster_of))]
    locations = crm.locations.list(refresh=True)
    locations = locations[locations["customer_id"].isin(ids)]
    if len(locations):
        rows = crm.locations.list_contacts(location_ids=locations["id"], refresh=True)
        owner = rows["location_id"].map(locations.set_index("id")["customer_id"])
        of_owners.append(_Contacts("location", crm.locations, rows, locations, owner.map(cluster_of)))
    return of_owners


def _read_opted_out(crm: Connected, contacts: pd.DataFrame, marketing_names: Sequence[str]) -> frozenset[str]:
    """Return the numbers and addresses of contacts that are opted out in the newer contacts API."""
    if not marketing_names:
        return frozenset()
    methods = crm.contact_methods.search(refresh=True)
    methods = methods[_has_one_of({number for value in contacts["value"] for number in find_contacts(value)}, methods)]
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


def names_of_tags(tag_types: pd.DataFrame) -> dict[int, str]:
    """Return the name of each tag that has one."""
    return {int(id): name for id, name in zip(tag_types["id"], tag_types["name"], strict=True) if not is_missing(name)}


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
