"""The stores of contacts as they were read: what is taken of each, what is refused, and how many records there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stcrm_pandas.analysis.base.provenance import attrs_of
from stcrm_pandas.analysis.preferences.owners import ADDRESS
from stcrm_pandas.analysis.preferences.records import FLAG_COLUMNS, newer_records, records
from stcrm_pandas.errors import UsageError

__all__ = ["USED", "invalid_phones", "kinds_of", "refuse_parts", "stores_of"]

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
"""By frame, the columns that the numbers rest on."""

_BY_CHANGE = ("modified_on_or_after", "modified_before", "since", "continue_from")
_BY_CREATION = ("created_on_or_after", "created_before")
_ALL = "1970"


def refuse_parts(read: Mapping[str, Any]) -> None:
    """Refuse frames that leave rows out for when they were changed, and contacts read by their own dates."""
    for name, frame in read.items():
        filters = attrs_of(frame).get("filters") or {}
        taken = _BY_CHANGE if name in ("customers", "locations") else (*_BY_CHANGE, *_BY_CREATION)
        # A list of contacts demands a date, and is asked for all since 1970.
        used = [one for one in taken if filters.get(one) is not None and not str(filters[one]).startswith(_ALL)]
        if used:
            raise UsageError(
                f"{name} were read with {', '.join(used)}: what is missing would count as not on file; read all of them"
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
    """Return a caution if more than half of all phone numbers are invalid; else nothing."""
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
    """The records of each store by type: how many are valid, and what is said of marketing and texts."""
    found = []
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
        found.append(counts.sort_values(["records", "type"], ascending=[False, True]))
    table = pd.concat(found, ignore_index=True)
    whole = [name for name in table.columns if name not in ("store", "type")]
    return table.astype({"store": "str", "type": "str"} | dict.fromkeys(whole, "Int64"))
