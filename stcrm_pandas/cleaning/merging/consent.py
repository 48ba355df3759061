"""The strictest consent of a cluster: what nobody may send to one of its records goes to none of them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import pandas as pd

from stcrm_pandas.cleaning.contact_owners import owners_of, whole
from stcrm_pandas.edits.plan.consent import BLOCKING_FLAGS, FLAGS
from stcrm_pandas.edits.plan.opt_out import MARKETING
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder
from stcrm_pandas.frame.customers import is_merged

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


def strictest_preferences(contacts: pd.DataFrame, cluster: pd.Series) -> pd.DataFrame:
    """Return contacts with each preference switched off that one of their cluster has switched off.

    - Marketing that is off for one contact is off for all of them.
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
    """
    flags = [flag for flag in FLAGS if flag in contacts]
    channel = contacts["type"].eq("Email").fillna(value=False)
    same = contacts["value"].map(lambda value: " ".join(find_contacts(value)) or str(value).casefold())
    after = contacts[flags].copy()
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


NAMES = {
    "do_not_mail": "do not mail",
    "do_not_service": "do not service",
    **dict(zip(FLAGS, ("no reminders", "no marketing", "no invoices", "no statements"), strict=True)),
    DO_NOT_TEXT: "no texts",
}
"""Columns of opt-outs, with what they mean."""


def missing_opt_outs(
    customers: pd.DataFrame, contacts: pd.DataFrame | None, locations: pd.DataFrame | None, group_of: Mapping[int, int]
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

    Returns
    -------
    dict
        Id of a customer to names of opt-outs.
    """
    found: dict[int, dict[str, None]] = defaultdict(dict)
    customers = customers.assign(id=whole(customers["id"]))
    customers = customers[customers["id"].isin(list(group_of))]
    active = set(customers.loc[_is_open(customers), "id"])

    def note(owners: pd.Series, flags: Iterable[str], now: pd.DataFrame, strict: pd.DataFrame) -> None:
        for flag in flags:
            lacks = strict[flag].ne(now[flag]).fillna(value=True) & strict[flag].notna()
            for one in owners[lacks]:
                if one in active:
                    found[int(one)][NAMES[flag]] = None

    marks = [flag for flag in BLOCKING_FLAGS["customers"] if flag in customers]
    note(customers["id"], marks, customers, strictest_flags(customers, customers["id"].map(group_of)))
    if contacts is not None:
        some = locations if locations is not None else pd.DataFrame({"id": [], "customer_id": []}, dtype="Int64")
        owners = owners_of(contacts, some)
        contacts, owners = contacts[owners.isin(list(group_of))], owners[owners.isin(list(group_of))]
        group, flags = owners.map(group_of), [flag for flag in FLAGS if flag in contacts]
        strict = strictest_preferences(contacts, group)
        mixed = set(numbers_not_to_text(contacts, group))
        if mixed:
            flags = [*flags, DO_NOT_TEXT]
            named = contacts["value"].map(lambda value: not mixed.isdisjoint(find_contacts(value))).astype(bool)
            strict = strict.assign(**{DO_NOT_TEXT: contacts[DO_NOT_TEXT].mask(named, other=True)})
        open_locations = set(whole(some.loc[_is_open(some), "id"]))
        changeable = pd.Series(True, index=contacts.index)
        if "location_id" in contacts:
            place = whole(contacts["location_id"])
            changeable = place.isna() | place.isin(open_locations)
        note(owners[changeable], flags, contacts[changeable], strict[changeable])
    return {one: list(names) for one, names in found.items()}


def _is_open(rows: pd.DataFrame) -> pd.Series:
    """Return which customers or locations are active and not merged, so that their contacts can be changed."""
    active = rows.get("active", pd.Series(True, index=rows.index)).fillna(value=True).astype(bool)
    return active & ~is_merged(rows.get("merged_to_id", pd.Series(0, index=rows.index)))


def _any(flags: pd.Series, groups: list[pd.Series]) -> pd.Series:
    found: pd.Series = flags.fillna(value=False).astype(bool).groupby(groups).transform("any")
    return found
