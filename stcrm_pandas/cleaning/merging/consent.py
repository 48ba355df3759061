"""The strictest consent of a cluster: what nobody may send to one of its records goes to none of them. Pure."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.edits.plan.consent import BLOCKING_FLAGS, FLAGS
from stcrm_pandas.edits.plan.opt_out import MARKETING
from stcrm_pandas.frame.contact_values import find_contacts

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
    rows["_off"] = rows[DO_NOT_TEXT].fillna(value=False).astype(bool)
    groups = rows.groupby(["_cluster", "_number"])["_off"]
    mixed = rows[groups.transform("any") & ~groups.transform("all")]
    return list(dict.fromkeys(mixed["_number"]))


def _any(flags: pd.Series, groups: list[pd.Series]) -> pd.Series:
    found: pd.Series = flags.fillna(value=False).astype(bool).groupby(groups).transform("any")
    return found
