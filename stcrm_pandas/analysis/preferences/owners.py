"""The owners of contacts (customers, locations, newer contacts), and whether each is blocked, and by what.

Each customer, location or contact has one state for each purpose and channel: 0 is not blocked, else the place of
its reason in `REASONS`, counted from 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.conversion import table_of
from stcrm_pandas.analysis.base.engine import TENANT
from stcrm_pandas.analysis.preferences.records import ADDRESS, flag, read, refuse_repeats
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.customers import DORMANT, FORBIDS, MESSAGES, OPTED_IN, is_merged
from stcrm_pandas.output.printable import spelling_key

_KINDS = {"id": "Int64", "active": "boolean", "merged_to_id": "Int64", **dict.fromkeys((*ADDRESS, "name"), "str")}
_ZIP = r"\d{5}(?:-?\d{4})?|[A-Z]\d[A-Z] ?\d[A-Z]\d"
"""ZIP and postal codes of the United States and Canada."""


@dataclass(frozen=True, repr=False)
class Owners:
    """The active owners, one row each (the denominator of every share), the others, and how many were merged.

    `frame` and `others` (inactive or archived) have `tenant`, `id`, `name`, the flags `active`, `archived`,
    `do_not_service`, `do_not_mail`, `email_dormant` and `not_opted_in` (1, 0, -1 for unknown) and `mail` (0, or why no
    mail arrives); customers `type`, `created_on` (microseconds since 1970), `created_on_local` and, where asked for,
    `tag_type_ids`.
    """

    frame: pd.DataFrame
    others: pd.DataFrame
    rows: int
    merged: int
    statuses: pd.DataFrame
    """`active`, `merged`, `rows`: all rows counted before anything was left out."""

    @property
    def unmerged(self) -> pd.DataFrame:
        """The active ones, in their order, and after them the others."""
        return pd.concat([self.frame, self.others], ignore_index=True)


def customers_of(frame: Any, *, tags: bool, tag_names: Any, double_opt_in: bool, time_zone: str | None) -> Owners:
    """Return the customers that are not merged into others, active and inactive ones apart.

    Parameters
    ----------
    frame : object
        With the columns of `stcrm.schemas.Customers`, of any engine.
    tags : bool
        Take their tags, too.
    tag_names : mapping or DataFrame or None
        The names of tags: two of them are marks. None: no customer has the one, and the other does not count.
    double_opt_in : bool
        Customers without the tag `Opted In` get no marketing e-mail.
    time_zone : str or None
        The zone of `created_on_local`.

    Raises
    ------
    UsageError
        A column is missing, a customer appears twice, or `double_opt_in` is set and no tag is called `Opted In`.
    """
    dormant, opted_in = (_tags_called(name, tag_names) for name in (DORMANT, OPTED_IN))
    if double_opt_in and opted_in.empty:
        raise UsageError(
            "double_opt_in needs the names of tags, with the tag Opted In: "
            "names={'tag': crm.lookups.tag_types.list(active=None)}"
        )
    with_tags = tags or double_opt_in or not dormant.empty
    marks = dict.fromkeys(("do_not_mail", "do_not_service"), "boolean")
    kinds = {"type": "str", "created_on": "Int64", **marks} | ({"tag_type_ids": None} if with_tags else {})
    rows = _rows(frame, "customers", kinds, times=["created_on"], time_zone=time_zone)
    flags: dict[str, Any] = {name: flag(rows[name]) for name in marks}
    flags["email_dormant"] = np.int8(0) if dormant.empty else _tagged(rows, dormant)
    flags["not_opted_in"] = 1 - _tagged(rows, opted_in) if double_opt_in else np.int8(0)
    return _parted((rows if tags or not with_tags else rows.drop(columns="tag_type_ids")).assign(**flags))


def _tags_called(name: str, tag_names: Any) -> pd.DataFrame:
    """Return the `tag` ids of a name, with their tenants if the names have them; retired tags count, too."""
    if not isinstance(tag_names, pd.DataFrame):
        known = pd.DataFrame({"id": [*(tag_names or {})], "name": [*(tag_names or {}).values()]})
    else:
        known = table_of(tag_names, "names of tags", ["id", "name"])
    called = known[known["name"].map(lambda name_of_tag: spelling_key(str(name_of_tag)) == name).astype(bool)]
    kept = called[["id", *([TENANT] if TENANT in called else [])]].rename(columns={"id": "tag"})
    return kept.astype("Int64").drop_duplicates()


def _tagged(rows: pd.DataFrame, tags: pd.DataFrame) -> npt.NDArray[np.int8]:
    """Return whether each customer has one of these tags."""
    each = rows[[TENANT, "tag_type_ids"]].reset_index(drop=True).explode("tag_type_ids").reset_index()
    each["tag"] = each["tag_type_ids"].astype("Int64")
    by_tenant = TENANT in tags and bool((rows[TENANT] != 0).any())
    tagged = each.merge(tags, on=["tag", TENANT] if by_tenant else "tag")["index"].unique()
    return rows.reset_index(drop=True).index.isin(tagged).astype(np.int8)


def locations_of(frame: Any, customers: Owners) -> Owners:
    """Return the locations that are not merged; the marks are those of their customers.

    A location is inactive if it or its customer is.

    Raises
    ------
    UsageError
        As `customers_of`.
    """
    listed = customers.unmerged
    rows = _rows(frame, "locations", {"customer_id": "Int64"})
    known = pd.MultiIndex.from_frame(listed[[TENANT, "id"]])
    place = known.get_indexer(pd.MultiIndex.from_frame(rows[[TENANT, "customer_id"]]))
    flags = {name: np.append(listed[name].to_numpy(), np.int8(-1))[place] for name in (*FORBIDS, "active")}
    # Only customers known to be inactive count; otherwise the location's own flag does.
    return _parted(rows.assign(**flags | {"active": np.where(flags["active"] == 0, 0, rows["active"])}))


def newer_contacts_of(contacts: Any, records: pd.DataFrame) -> Owners:
    """Return the contacts that have a method in the newer store, or are in the frame of contacts.

    Parameters
    ----------
    contacts : object
        With the columns of `stcrm.schemas.Contacts`; None: none counts as archived.
    records : DataFrame
        What `newer_records` gave.
    """
    if contacts is None:
        table = records[[TENANT, "owner"]].drop_duplicates(ignore_index=True).rename(columns={"owner": "id"})
        table = table.assign(name=pd.array([None] * len(table), dtype="str"), archived=np.int8(0))
    else:
        table = read(contacts, "newer_contacts", {"id": "str", "name": "str", "is_archived": "boolean"})
        table = table.assign(archived=flag(table["is_archived"]))[[TENANT, "id", "name", "archived"]]
    flags = {"active": 1, "mail": NONE, **dict.fromkeys(FORBIDS, 0)}
    return _parted(table.assign(merged_to_id=0, **{name: np.int8(value) for name, value in flags.items()}))


def _rows(frame: Any, name: str, kinds: Mapping[str, str | None], **more: Any) -> pd.DataFrame:
    """Return owners of contacts with these columns besides those that all have, with `active` as a flag, and `mail`."""
    rows = read(frame, name, {**_KINDS, **kinds}, lacking={"name": None}, **more)
    refuse_repeats(rows, name, "id")
    derived: dict[str, Any] = {"active": flag(rows["active"]), "archived": np.int8(0), "mail": _mail(rows)}
    return rows.assign(**derived).drop(columns=[*ADDRESS])


def _parted(rows: pd.DataFrame) -> Owners:
    """Separate owners that are merged, and those certainly inactive or archived: shares exclude them."""
    merged = is_merged(rows["merged_to_id"])
    statuses = rows.assign(merged=merged).value_counts(["active", "merged"]).rename("rows").reset_index()
    statuses = statuses.sort_values(["merged", "active"], ascending=[True, False], ignore_index=True)
    kept = rows[~merged].drop(columns="merged_to_id")
    gone = (kept["active"] == 0) | (kept["archived"] == 1)
    here, others = (part.reset_index(drop=True) for part in (kept[~gone], kept[gone]))
    return Owners(here, others, len(rows), int(merged.sum()), statuses)


def _mail(table: pd.DataFrame) -> npt.NDArray[np.int8]:
    """Return whether mail can arrive: the address is complete, and its ZIP code is valid."""
    parts = pd.DataFrame({name: table[name].fillna("").str.strip() for name in ADDRESS})
    there = parts != ""
    good = there.all(axis=1) & parts["address_zip"].str.upper().str.fullmatch(_ZIP)
    none = ~(there["address_street"] | there["address_zip"])
    return np.select([none, ~good], [NONE, INVALID], 0).astype(np.int8)


def age_in_years(created: pd.Series, today: int) -> pd.Series:
    """Return full years between a local time and a local day, like a person's age; missing if the time is.

    Parameters
    ----------
    created : Series
        Local times without a zone.
    today : int
        The local day as 10000 x year + 100 x month + day.

    Examples
    --------
    >>> created = pd.Series(pd.to_datetime(["2024-02-29", "2025-03-01", None]))
    >>> age_in_years(created, 20250228).tolist(), age_in_years(created, 20250301).tolist()
    ([0, -1, <NA>], [1, 0, <NA>])
    """
    day = created.dt.year * 10_000 + created.dt.month * 100 + created.dt.day
    years: pd.Series = ((today - day) // 10_000).astype("Int64")
    return years


COMBINATIONS = MESSAGES

REASONS = (
    "do not service",
    "do not mail",
    "email dormant",
    "not opted in",
    "opted out on this record",
    "refused on your own list",
    "preference off",
    "opted out on another record",
    "preference unknown",
    "type unknown",
    "invalid",
    "none on file",
)
"""In order of precedence: the first that applies counts, and opt-outs come before missing preferences.

A customer with several numbers is not blocked if one of them is not. Otherwise the first reason that fits any of them
counts, so that an opt-out on one number is never hidden by a second number with an unknown preference. For service, an
unknown preference does not block: there a number with an unknown preference makes the customer possible, whatever the
preferences of other numbers are.
"""

(
    DO_NOT_SERVICE,
    DO_NOT_MAIL,
    EMAIL_DORMANT,
    NOT_OPTED_IN,
    OPTED_OUT,
    LISTED,
    OFF,
    ELSEWHERE,
    UNKNOWN,
    TYPE_UNKNOWN,
    INVALID,
    NONE,
) = range(1, len(REASONS) + 1)

_STATES = {
    "do_not_service": DO_NOT_SERVICE,
    "do_not_mail": DO_NOT_MAIL,
    "email_dormant": EMAIL_DORMANT,
    "not_opted_in": NOT_OPTED_IN,
}

States = npt.NDArray[np.int8]
_USABLE = {"call": ("mobile", "phone"), "text": ("mobile", "phone"), "e-mail": ("e-mail",)}


def blocked_by(records: pd.DataFrame, purpose: str, channel: str) -> States:
    """Return the state of each record of the channel, -1 for the others; `consent.with_refusals` comes before it."""
    of_channel = records["kind"].isin(_USABLE[channel]).to_numpy()
    wanted = records["marketing" if purpose == "marketing" else "reminders"].to_numpy()
    elsewhere = np.zeros(len(records), dtype=bool)
    unknown = wanted == -1
    conditions = [(~of_channel, -1), (~records["valid"].to_numpy(dtype=bool), INVALID)]
    if channel == "text":
        texts = records["do_not_text"].to_numpy()
        conditions.append((texts == 1, OPTED_OUT))
        elsewhere |= records["do_not_text_elsewhere"].to_numpy(dtype=bool)
        unknown = unknown | (texts == -1)
    if (refused := f"refused_{purpose}_{channel}") in records:
        conditions.append((records[refused].to_numpy(dtype=bool), LISTED))
    if purpose == "marketing":
        elsewhere |= records["marketing_off_elsewhere"].to_numpy(dtype=bool)
    conditions += [(wanted == 0, OFF), (elsewhere, ELSEWHERE)]
    if channel == "text":
        conditions.append(((records["kind"] != "mobile").to_numpy(), TYPE_UNKNOWN))
    conditions.append((unknown, UNKNOWN))
    return np.select([where for where, _ in conditions], [state for _, state in conditions], 0).astype(np.int8)


def states_of(owners: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Return the state of each owner for each purpose and channel.

    Parameters
    ----------
    owners : DataFrame
        `tenant`, `id`, the flags `active`, `archived` and the marks of `FORBIDS` (1, 0, -1), and `mail`: 0 for an
        address to which mail can go, `INVALID` or `NONE`. None of them is inactive or archived.
    records : DataFrame
        What `records.linked` gave.

    Returns
    -------
    DataFrame
        A frame with a row for each owner, in order, and a column for each of `COMBINATIONS`.
    """
    place = places_of(owners, records)
    states = {}
    for purpose, channel in COMBINATIONS:
        marks = [mark for mark, forbidden in FORBIDS.items() if (purpose, channel) in forbidden]
        marked = np.select([owners[mark] == 1 for mark in marks], [_STATES[mark] for mark in marks], 0)
        unsure = (owners[["active", "archived", *marks]] == -1).any(axis=1).to_numpy()
        if channel == "mail":
            reached = owners["mail"].to_numpy(dtype=np.int64)
        else:
            state = blocked_by(records, purpose, channel)
            mine = (place >= 0) & (state >= 0)
            reached = np.full(len(owners), NONE, dtype=np.int64)
            np.minimum.at(reached, place[mine], state[mine])
            if purpose == "service":
                possible = np.zeros(len(owners), dtype=bool)
                possible[place[mine & (state == UNKNOWN)]] = True
                reached = np.where(possible & (reached > 0), UNKNOWN, reached)
        reached = np.where((reached == 0) & unsure, UNKNOWN, reached)
        states[purpose, channel] = np.where(marked > 0, marked, reached).astype(np.int8)
    return pd.DataFrame(states, index=owners.index)


def places_of(owners: pd.DataFrame, records: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return the place of each record's owner; -1 where it is not among them."""
    keys = pd.MultiIndex.from_arrays([owners[TENANT], owners["id"]])
    return keys.get_indexer(pd.MultiIndex.from_arrays([records[TENANT], records["owner"]]))
