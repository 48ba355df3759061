"""The strictest consent of a cluster: an opt-out on one record of a customer counts for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

import pandas as pd

from stcrm_pandas.cleaning.merging.carry_over import tags_not_added
from stcrm_pandas.edits.plan.consent import BLOCKING_FLAGS, FLAGS, is_opt_out
from stcrm_pandas.edits.plan.opt_out import MARKETING
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder
from stcrm_pandas.frame.customers import DORMANT, is_merged, owners_of, whole_ids
from stcrm_pandas.output.printable import spelling_key

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


def having_one_of(numbers: Collection[str], contacts: pd.DataFrame) -> pd.Series:
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
        The result of `opted_out_contacts`.
    """
    flags = [flag for flag in FLAGS if flag in contacts]
    channel = contacts["type"].eq("Email").fillna(value=False)
    same = contacts["value"].map(lambda value: " ".join(find_contacts(value)) or str(value).casefold())
    after = contacts[flags].copy()
    if opted_out and MARKETING in flags:
        switch = having_one_of(opted_out, contacts) & after[MARKETING].ne(other=False).fillna(value=True)
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
        The result of `opted_out_contacts`.

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
            named = contacts[DO_NOT_TEXT].mask(having_one_of(mixed, contacts), other=True)
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
