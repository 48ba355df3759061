"""Contact records of all stores in one shape: kind, validity and preferences of each.

A flag is 1 for yes, 0 for no and -1 for unknown. Each different value is parsed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.base.engine import TENANT, collected, lazy
from stcrm_pandas.analysis.base.inputs import condition
from stcrm_pandas.analysis.base.provenance import attrs_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts, is_valid_address, is_valid_number

__all__ = ["ADDRESS", "USED", "flag", "invalid_phones", "kinds_of", "linked", "refuse_parts", "stores_of"]

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

_YES, _NO = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def flag(column: pd.Series) -> npt.NDArray[np.int8]:
    """Return a column of conditions as 1, 0 and -1 for unknown."""
    conditions = condition(column, "frame", str(column.name))
    return np.asarray(conditions.astype("Int8").fillna(-1), dtype=np.int8)


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
    rows = lazy(frame, name, [owner, "id", "type", "value", *FLAG_COLUMNS], optional=["memo", "active"])
    kinds = {owner: "Int64", "id": "Int64", **dict.fromkeys(("type", "value"), "str")}
    table = collected(rows, kinds | dict.fromkeys(FLAG_COLUMNS, "boolean"))
    kept, deleted = _without_deleted(table)
    kept = kept.assign(**{short: flag(kept[long]) for long, short in FLAG_COLUMNS.items()})
    kept = kept.rename(columns={owner: "owner"}).drop(columns=[*FLAG_COLUMNS])
    if "memo" not in kept:
        kept["memo"] = pd.array([None] * len(kept), dtype="str")
    return _with_tenant(kept, name, ["owner", "id"]), deleted


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
    rows = lazy(methods, "methods", ["id", "contact_id", "type", "value"], optional=["memo"])
    table = collected(rows, dict.fromkeys(("id", "contact_id", "type", "value"), "str"))
    table = table.rename(columns={"contact_id": "owner"})
    if "memo" not in table:
        table["memo"] = pd.array([None] * len(table), dtype="str")
    table = _with_tenant(table, "methods", ["owner", "id"])
    known = _method_preferences(preferences)
    for short, names in (("marketing", marketing_names), ("reminders", service_names)):
        table[short] = _of_names(table, known, names)
    for short in ("older", "invoice", "statement"):
        table[short] = np.int8(-1)
    return table.assign(do_not_text=np.int8(0))


def _method_preferences(preferences: Any) -> pd.DataFrame:
    columns = ["contact_id", "contact_method_id", "name", "value"]
    if preferences is None:
        return pd.DataFrame({TENANT: pd.array([], dtype="Int64")} | {name: pd.array([], "str") for name in columns})
    table = collected(lazy(preferences, "method_preferences", columns), dict.fromkeys(columns, "str"))
    return _with_tenant(table, "method_preferences", ["contact_id", "contact_method_id", "name"])


def _of_names(table: pd.DataFrame, known: pd.DataFrame, names: Iterable[str]) -> npt.NDArray[np.int8]:
    """Combine the preferences of these names: one opt-out is enough, an opt-in needs all of them."""
    meant = known[known["name"].str.casefold().isin({name.casefold() for name in names})]
    words = meant["value"].str.strip().str.casefold()
    value = np.select([words.isin(_NO), words.isin(_YES)], [0, 2], 1)
    keys = [TENANT, "owner", "id"]
    least = (
        meant.rename(columns={"contact_id": "owner", "contact_method_id": "id"})
        .assign(least=value)
        .groupby(keys, as_index=False)["least"]
        .min()
    )
    joined = table[keys].merge(least, on=keys, how="left")["least"].fillna(1)
    return np.select([joined == 0, joined == 2], [0, 1], -1).astype(np.int8)


def _without_deleted(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    if "active" not in table:
        return table, 0
    deleted = flag(table["active"]) == 0
    return table[~deleted].drop(columns="active").reset_index(drop=True), int(deleted.sum())


def _with_tenant(table: pd.DataFrame, name: str, key: list[str]) -> pd.DataFrame:
    if TENANT not in table:
        table = table.assign(**{TENANT: pd.array([0] * len(table), dtype="Int64")})
    if repeats := int(table.duplicated([TENANT, *key]).sum()):
        raise UsageError(f"{name}: {repeats} rows repeat a key ({', '.join(key)}); keep the latest row of each")
    return table


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
    if not stores:
        return {}
    columns = [TENANT, "type", "value", "do_not_text", "marketing"]
    together = pd.concat([frame[columns] for frame in stores.values()], ignore_index=True)
    together["kind"] = together["type"].map(KINDS).fillna("").astype("str")
    place, different = pd.factorize(pd.MultiIndex.from_frame(together[["kind", "value"]]))
    read = [_numbers(kind, value, by_length=by_length) for kind, value in different]
    together["numbers"] = pd.Series([numbers for numbers, _ in read], dtype=object).to_numpy()[place]
    together["valid"] = np.array([valid for _, valid in read], dtype=bool)[place]
    each = together[together["valid"]].explode("numbers")
    for flag_name, opted_out, name in (
        ("do_not_text", 1, "do_not_text_elsewhere"),
        ("marketing", 0, "marketing_off_elsewhere"),
    ):
        own = (each[flag_name] == opted_out).astype(int)
        others = own.groupby([each[TENANT], each["numbers"]]).transform("sum") > own
        together[name] = together.index.isin(each.index[others])
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
        right = tuple(one for one in read if is_valid_address(one))
    else:
        right = tuple(one for one in read if kind and is_valid_number(one, by_length=by_length))
    return right or read, bool(right)


def refuse_parts(read: Mapping[str, Any]) -> None:
    """Raise if a frame was read by modification, or contacts by their own dates: rows would be missing."""
    for name, frame in read.items():
        filters = attrs_of(frame).get("filters") or {}
        taken = _BY_CHANGE if name in ("customers", "locations") else (*_BY_CHANGE, *_BY_CREATION)
        # A list of contacts requires a date; it is read with all since 1970.
        used = [one for one in taken if filters.get(one) is not None and not str(filters[one]).startswith(_ALL)]
        if used:
            raise UsageError(
                f"{name} were read with {', '.join(used)}: missing rows would count as not on file. Read all of them"
            )


def stores_of(
    read: Mapping[str, Any], marketing_names: Sequence[str], service_names: Sequence[str]
) -> tuple[dict[str, pd.DataFrame], int]:
    """The records of each store that was given, and how many deleted rows of feeds were left out."""
    of_customers, deleted = records(read["contacts"], "contacts", "customer_id")
    stores = {"customers": of_customers}
    if read["location_contacts"] is not None:
        stores["locations"], more = records(read["location_contacts"], "location_contacts", "location_id")
        deleted += more
    if read["methods"] is not None:
        stores["newer"] = newer_records(read["methods"], read["method_preferences"], marketing_names, service_names)
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
    """Return the records of each store by type: how many are valid, and their preferences."""
    tables = []
    for store, frame in stores.items():
        flags = pd.DataFrame(
            {
                "type": frame["type"].fillna("(none)").astype("str"),
                "records": 1,
                "valid": frame["valid"].astype(int),
                "marketing_on": (frame["marketing"] == 1).astype(int),
                "marketing_off": (frame["marketing"] == 0).astype(int),
                "marketing_unknown": (frame["marketing"] == -1).astype(int),
                "do_not_text": (frame["do_not_text"] == 1).astype(int),
            }
        )
        counts = flags.groupby("type", as_index=False).sum()
        counts.insert(0, "store", store)
        tables.append(counts.sort_values(["records", "type"], ascending=[False, True]))
    table = pd.concat(tables, ignore_index=True)
    whole = [name for name in table.columns if name not in ("store", "type")]
    return table.astype({"store": "str", "type": "str"} | dict.fromkeys(whole, "Int64"))
