"""Contact records of all stores in one shape: kind, validity and preferences of each.

A flag is 1 for yes, 0 for no and -1 for unknown. Each different value is parsed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.conversion import condition
from stcrm_pandas.analysis.base.engine import TENANT, collected, prepare_rows
from stcrm_pandas.analysis.base.provenance import attrs_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts, is_valid_address, is_valid_number

KINDS = {"MobilePhone": "mobile", "Phone": "phone", "Email": "e-mail", "Fax": "fax"}
"""The types of the API; any other has no channel."""

FLAG_COLUMNS = {
    "phone_settings_do_not_text": "do_not_text",
    "preferences_job_reminders_enabled": "reminders",
    "preferences_marketing_updates_enabled": "marketing",
    "preferences_invoice_statement_notification": "older",
    "preferences_invoice_notification": "invoice",
    "preferences_statement_notification": "statement",
}

ADDRESS = ("address_street", "address_city", "address_state", "address_zip")
_OF_RECORDS = ["id", "type", "value", *FLAG_COLUMNS]
USED = {
    "customers": ["id", "active", "type", "merged_to_id", "do_not_mail", "do_not_service", "created_on", *ADDRESS],
    "contacts": ["customer_id", *_OF_RECORDS],
    "locations": ["id", "customer_id", "active", "merged_to_id", *ADDRESS],
    "location_contacts": ["location_id", *_OF_RECORDS],
    "methods": ["id", "contact_id", "type", "value"],
    "method_preferences": ["contact_id", "contact_method_id", "name", "value"],
    "newer_contacts": ["id", "is_archived"],
}
"""The required columns, by frame."""

_BY_CHANGE = ("modified_on_or_after", "modified_before", "since", "continue_from")
_BY_CREATION = ("created_on_or_after", "created_before")
_ALL = "1970"

_TEXTS = dict.fromkeys(("type", "value", "memo"), "str")
_MARKETING = {"on": 1, "off": 0, "unknown": -1}
_YES, _NO = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def flag(column: pd.Series) -> npt.NDArray[np.int8]:
    """Return a column of conditions as 1, 0 and -1 for unknown."""
    conditions = condition(column, "frame", str(column.name))
    return np.asarray(conditions.astype("Int8").fillna(-1), dtype=np.int8)


def read(
    frame: Any,
    name: str,
    kinds: Mapping[str, str | None],
    *,
    lacking: Mapping[str, Any] = MappingProxyType({}),
    times: Sequence[str] = (),
    time_zone: str | None = None,
) -> pd.DataFrame:
    """Return a frame of any engine with these columns and dtypes; without tenants, the tenant is 0.

    Parameters: the frame; what it is called in an error; dtypes by column (None: its own); what columns are filled with
    where the frame lacks them; as `lazy` has them, the columns of times and their zone.
    """
    fill = {TENANT: 0, **lacking}
    wanted = [column for column in kinds if column not in (*fill, *times)]
    table = prepare_rows(frame, name, wanted, times=times, optional=lacking, local=times, time_zone=time_zone)
    names, kinds = table.collect_schema().names(), {TENANT: "Int64", **kinds}
    rows = collected(table, {column: kind for column, kind in kinds.items() if kind and column in names})
    filled = {name: pd.Series(value, rows.index, kinds[name]) for name, value in fill.items() if name not in names}
    return rows.assign(**filled)


def refuse_repeats(rows: pd.DataFrame, name: str, *key: str) -> None:
    """Raise if a key appears twice within a tenant."""
    if repeats := int(rows.duplicated([TENANT, *key]).sum()):
        raise UsageError(f"{name}: {repeats} rows repeat a key ({', '.join(key)}); keep the latest row of each")


def records(frame: Any, name: str, owner: str) -> tuple[pd.DataFrame, int]:
    """Return the contacts of customers or of locations.

    Parameters
    ----------
    frame : object
        With the columns of `stcrm.schemas.CustomerContacts`, of any engine.
    name : str
        What it is called in an error.
    owner : str
        The column that says whose a contact is.

    Returns
    -------
    tuple[pd.DataFrame, int]
        `tenant`, `owner`, `id`, `type`, `value`, `memo` and the flags of `FLAG_COLUMNS`; and how many deleted rows of a
        feed were left out.

    Raises
    ------
    UsageError
        A column is missing, or a contact appears twice.
    """
    kinds = {owner: "Int64", "id": "Int64", **_TEXTS, **dict.fromkeys(("active", *FLAG_COLUMNS), "boolean")}
    rows = read(frame, name, kinds, lacking={"memo": None, "active": True})
    deleted = flag(rows["active"]) == 0
    kept = rows[~deleted].reset_index(drop=True)
    refuse_repeats(kept, name, owner, "id")
    flags = {short: flag(kept[long]) for long, short in FLAG_COLUMNS.items()}
    kept = kept.drop(columns=["active", *FLAG_COLUMNS]).rename(columns={owner: "owner"})
    return kept.assign(**flags), int(deleted.sum())


def newer_records(
    methods: Any, preferences: Any, marketing_names: Sequence[str], service_names: Sequence[str]
) -> pd.DataFrame:
    """Return the contact methods of the newer store in the shape of `records`; it has no flag against texts.

    Parameters
    ----------
    methods : object
        With the columns of `stcrm.schemas.ContactMethods`.
    preferences : object
        With those of `stcrm.schemas.ContactPreferences`; None: every preference is unknown.
    marketing_names, service_names : sequence of str
        The preferences that mean marketing, and messages about a customer's own job.
    """
    rows = read(methods, "methods", dict.fromkeys(("id", "contact_id"), "str") | _TEXTS, lacking={"memo": None})
    refuse_repeats(rows, "methods", "contact_id", "id")
    rows = rows.rename(columns={"contact_id": "owner"}).assign(do_not_text=np.int8(0))
    rows = rows.assign(**dict.fromkeys(("marketing", "reminders", "older", "invoice", "statement"), np.int8(-1)))
    if preferences is None:
        return rows
    columns = ("contact_id", "contact_method_id", "name", "value")
    known = read(preferences, "method_preferences", dict.fromkeys(columns, "str"))
    refuse_repeats(known, "method_preferences", *columns[:3])
    known = known.rename(columns={"contact_id": "owner", "contact_method_id": "id"})
    return rows.assign(
        marketing=_of_names(rows, known, marketing_names), reminders=_of_names(rows, known, service_names)
    )


def _of_names(table: pd.DataFrame, known: pd.DataFrame, names: Iterable[str]) -> npt.NDArray[np.int8]:
    """Combine the preferences of these names: one opt-out is enough, an opt-in needs all of them."""
    meant = known[known["name"].str.casefold().isin({name.casefold() for name in names})]
    words = meant["value"].str.strip().str.casefold()
    value = np.select([words.isin(_NO), words.isin(_YES)], [0, 2], 1)
    keys = [TENANT, "owner", "id"]
    least = meant.assign(least=value).groupby(keys, as_index=False)["least"].min()
    joined = table[keys].merge(least, on=keys, how="left")["least"].fillna(1)
    return np.select([joined == 0, joined == 2], [0, 1], -1).astype(np.int8)


def linked(stores: Mapping[str, pd.DataFrame], *, by_length: bool) -> dict[str, pd.DataFrame]:
    """Add the parsed values, and the flags of other records with the same number or address.

    Parameters
    ----------
    stores : mapping
        The records of each store.
    by_length : bool
        Check numbers by their length only.

    Returns
    -------
    dict[str, pd.DataFrame]
        The same with `kind` ("mobile", "phone", "e-mail", "fax", ""), `numbers` (the phone numbers of the value in
        E.164, or its addresses in small letters, without those that cannot be right where another can), `valid`, and
        `do_not_text_elsewhere`, `marketing_off_elsewhere`: another record of one of them opted out.
    """
    columns = [TENANT, "type", "value", "do_not_text", "marketing"]
    together = pd.concat([frame[columns] for frame in stores.values()], ignore_index=True)
    together["kind"] = together["type"].map(KINDS).fillna("").astype("str")
    typed = [*zip(together["kind"], together["value"].fillna(""), strict=True)]
    parsed = {pair: _numbers(*pair, by_length=by_length) for pair in dict.fromkeys(typed)}
    together["numbers"] = pd.Series([parsed[pair][0] for pair in typed], dtype=object)
    together["valid"] = np.array([parsed[pair][1] for pair in typed], dtype=bool)
    each = together[together["valid"]].explode("numbers")
    for name, opted_out in (("do_not_text", each["do_not_text"] == 1), ("marketing_off", each["marketing"] == 0)):
        own = opted_out.astype(int)
        others = own.groupby([each[TENANT], each["numbers"]]).transform("sum") > own
        together[f"{name}_elsewhere"] = together.index.isin(each.index[others])
    added = together.drop(columns=columns)
    ends = np.cumsum([len(frame) for frame in stores.values()])
    return {
        store: frame.join(added.iloc[end - len(frame) : end].reset_index(drop=True))
        for (store, frame), end in zip(stores.items(), ends, strict=True)
    }


def _numbers(kind: str, value: Any, *, by_length: bool) -> tuple[tuple[str, ...], bool]:
    """Return the numbers or addresses of a value, only valid ones if there are any, and whether they are valid."""
    read = find_contacts(value)
    if kind == "e-mail":
        right = tuple(contact for contact in read if is_valid_address(contact))
    else:
        right = tuple(contact for contact in read if kind and is_valid_number(contact, by_length=by_length))
    return right or read, bool(right)


def refuse_parts(frames: Mapping[str, Any]) -> None:
    """Raise if a frame was read by modification, or contacts by their own dates: rows would be missing."""
    for name, frame in frames.items():
        filters = attrs_of(frame).get("filters") or {}
        taken = _BY_CHANGE if name in ("customers", "locations") else (*_BY_CHANGE, *_BY_CREATION)
        # A list of contacts requires a date; it is read with all since 1970.
        used = [name for name in taken if filters.get(name) is not None and not str(filters[name]).startswith(_ALL)]
        if used:
            raise UsageError(
                f"{name} were read with {', '.join(used)}: missing rows would count as not on file. Read all of them"
            )


def stores_of(
    frames: Mapping[str, Any], marketing_names: Sequence[str], service_names: Sequence[str]
) -> tuple[dict[str, pd.DataFrame], int]:
    """The records of each store that was given, and how many deleted rows of feeds were left out."""
    of_customers, deleted = records(frames["contacts"], "contacts", "customer_id")
    stores = {"customers": of_customers}
    if frames["location_contacts"] is not None:
        stores["locations"], more = records(frames["location_contacts"], "location_contacts", "location_id")
        deleted += more
    if frames["methods"] is not None:
        stores["newer"] = newer_records(frames["methods"], frames["method_preferences"], marketing_names, service_names)
    return stores, deleted


def invalid_phones(stores: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return a caution if more than half of all phone numbers are invalid."""
    phones = pd.concat([frame[["kind", "value", "valid"]] for frame in stores.values()])
    phones = phones[phones["kind"].isin(["mobile", "phone"]) & phones["value"].notna()]
    bad = int((~phones["valid"].astype(bool)).sum())
    if 2 * bad <= len(phones):
        return []
    return [
        f"{bad:,} of {len(phones):,} phone numbers are not valid, so the shares for calls and texts are of the few "
        "others. Find out first why: numbers of another country, a column that lost digits, or numbers made up "
        "for a test."
    ]


def kinds_of(stores: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the contact records of customers, locations and the newer API by type: validity and preferences."""
    every = pd.concat([frame.assign(store=store) for store, frame in stores.items()], ignore_index=True)
    marketing = {f"marketing_{word}": every["marketing"] == flag for word, flag in _MARKETING.items()}
    counts = {"records": 1, "valid": every["valid"], **marketing, "do_not_text": every["do_not_text"] == 1}
    key = {"store": every["store"], "type": every["type"].fillna("(none)")}
    sums = pd.DataFrame(counts).astype("Int64").groupby([key["store"], key["type"]]).sum().reset_index()
    table = sums.sort_values(["store", "records", "type"], ascending=[True, False, True], ignore_index=True)
    return table.astype({"store": "str", "type": "str"})
