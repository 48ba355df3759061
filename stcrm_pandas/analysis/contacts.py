"""The phone number and the e-mail address to use for each customer or booking."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from stcrm_pandas.frame.contact_values import find_contacts, is_valid_address, is_valid_number

__all__ = ["best_contacts", "format_phone", "numbers_not_to_text"]

_PHONES = ("MobilePhone", "Phone")  # the better one first
_SILENT = "phone_settings_do_not_text"


def best_contacts(contacts: pd.DataFrame, owners: Iterable[object], *, owner: str = "customer_id") -> pd.DataFrame:
    """Return `phone` (E.164), `do_not_text` and `email` of these customers or bookings; missing where there is none.

    A valid number comes before an invalid one, a mobile phone before another, then the first record. A number must not
    be texted if any record of it says so.

    Examples
    --------
    >>> contacts = pd.DataFrame({"customer_id": [7, 7, 8], "type": ["Phone", "MobilePhone", "Phone"],
    ...     "value": ["512-555-0101", "512 555 0102", "512-555-0102"],
    ...     "phone_settings_do_not_text": [False, None, True]})
    >>> best_contacts(contacts, [7]).values.tolist()
    [['+15125550102', True, nan]]
    """
    rows = contacts.dropna(subset=[owner, "value"])
    rows = rows.assign(spelt=rows["value"].map(find_contacts)).explode("spelt").dropna(subset=["spelt"])
    mine = rows[rows[owner].isin(list(owners))]
    phones, emails = mine[mine["type"].isin(_PHONES)], mine[mine["type"] == "Email"]
    phones = phones.assign(
        invalid=~phones["spelt"].map(is_valid_number).astype(bool),
        rank=phones["type"].map(_PHONES.index),
    ).sort_values(["invalid", "rank"], kind="stable")
    emails = emails[emails["spelt"].map(is_valid_address).astype(bool)]
    phone = phones.groupby(owner)["spelt"].first()
    email = emails.groupby(owner)["spelt"].first()
    best = pd.DataFrame({"phone": phone, "do_not_text": phone.isin(numbers_not_to_text(contacts)), "email": email})
    return best.astype({"phone": "str", "email": "str"})


def numbers_not_to_text(contacts: pd.DataFrame) -> set[str]:
    """Return the numbers (E.164) that must not be texted by any record of anybody.

    >>> phones = ["512-555-0101", "512-555-0102"]
    >>> numbers_not_to_text(pd.DataFrame({"value": phones, "phone_settings_do_not_text": [True, None]}))
    {'+15125550101'}
    """
    if _SILENT not in contacts:
        return set()
    silent = contacts[_SILENT].eq(True).fillna(value=False).astype(bool)
    return {number for value in contacts.loc[silent, "value"].dropna() for number in find_contacts(value)}


def format_phone(number: str) -> str:
    """Return a number as people dial it.

    >>> format_phone("+15125550101"), format_phone("+442079460018")
    ('(512) 555-0101', '+442079460018')
    """
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number
