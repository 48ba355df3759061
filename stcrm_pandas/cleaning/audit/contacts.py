"""Findings about phone numbers, e-mail addresses and consent."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Found
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.fix import Fix
from stcrm_pandas.frame.contact_values import find_contacts

SHARED = 10
"""A number on this many customers belongs to an office or a property manager, as in the report on preferences."""

MARKETING = "preferences_marketing_updates_enabled"
DO_NOT_TEXT = "phone_settings_do_not_text"
_KEY = ["customer_id", "id"]
_USABLE = r"a remark beside the number|do not text|the domain may be misspelled"
"""Reasons for which a recipe leaves a value alone although people can use it."""


def cells_of(frame: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Return the contacts that these cells of a fix belong to."""
    keys = pd.MultiIndex.from_frame(cells[_KEY])
    return frame[pd.MultiIndex.from_frame(frame[_KEY]).isin(keys)]


def unusable(fix: Fix) -> pd.DataFrame:
    """Return the skipped cells that nobody can call or write to as they are."""
    return fix.skipped[~fix.skipped["reason"].str.contains(_USABLE, regex=True)]


def phones_format(rows: Rows) -> Found:
    """Return phone numbers that the recipe would write in another format."""
    fix = rows.phones
    return Found(cells_of(rows.contacts, fix.changes), fix.checked)


def phones_invalid(rows: Rows) -> Found:
    """Return phone numbers that are not one valid number."""
    fix = rows.phones
    return Found(cells_of(rows.contacts, unusable(fix)), fix.checked)


def phones_shared(rows: Rows) -> Found:
    """Return phone numbers that ten customers or more have; a placeholder is invalid instead."""
    each = _numbers(without_unusable(rows.contacts, rows.phones))
    customers = each.groupby("number")["customer_id"].nunique()
    many = customers.index[customers >= SHARED]
    found = rows.contacts[rows.contacts.index.isin(each.index[each["number"].isin(many)])]
    return Found(found, rows.phones.checked)


def emails_format(rows: Rows) -> Found:
    """Return e-mail addresses that the recipe would correct."""
    fix = rows.emails
    return Found(cells_of(rows.contacts, fix.changes), fix.checked)


def emails_invalid(rows: Rows) -> Found:
    """Return e-mail addresses that are not real, or that are two in one cell."""
    fix = rows.emails
    return Found(cells_of(rows.contacts, unusable(fix)), fix.checked)


def emails_misspelled(rows: Rows) -> Found:
    """Return e-mail addresses whose domain looks misspelled."""
    fix = rows.emails
    cells = fix.skipped[fix.skipped["reason"].str.contains("the domain may be misspelled")]
    return Found(cells_of(rows.contacts, cells), fix.checked)


def customers_unreachable(rows: Rows) -> Found:
    """Return customers without a phone number or e-mail address that can be used."""
    usable = set(reachable(rows.contacts, rows.phones, rows.emails))
    customers = rows.customers
    return Found.among(customers, ~customers["id"].isin(usable), "customers with a usable contact")


def reachable(contacts: pd.DataFrame, phone_fix: Fix, email_fix: Fix) -> pd.Series:
    """Return the ids of customers with a phone number or e-mail address that can be used."""
    kept = without_unusable(without_unusable(contacts, phone_fix), email_fix)
    kept = kept[kept["type"].ne("Fax")]
    return kept.loc[kept["value"].map(find_contacts).map(bool).astype(bool), "customer_id"].drop_duplicates()


def consent_marketing(rows: Rows) -> Found:
    """Return contacts with marketing turned on whose number or address has it turned off on another record."""
    contacts = rows.contacts
    off = set(_numbers(_everywhere(rows, MARKETING, value=False))["number"])
    on = _numbers(contacts[contacts[MARKETING].eq(True).fillna(value=False)])
    found = contacts[contacts.index.isin(on.index[on["number"].isin(off)])]
    return Found(found, int(contacts[MARKETING].notna().sum()))


def consent_text(rows: Rows) -> Found:
    """Return phone numbers that may be texted here, and that another record marks as 'do not text'."""
    contacts = rows.contacts
    blocked = set(_numbers(_everywhere(rows, DO_NOT_TEXT, value=True))["number"])
    called = contacts[contacts["type"].isin(["Phone", "MobilePhone"])]
    free = _numbers(called[~called[DO_NOT_TEXT].eq(True).fillna(value=False)])
    found = called[called.index.isin(free.index[free["number"].isin(blocked)])]
    return Found(found, len(called))


def without_unusable(contacts: pd.DataFrame, fix: Fix) -> pd.DataFrame:
    """Return the contacts without those that a recipe lists as unusable."""
    keys = pd.MultiIndex.from_frame(unusable(fix)[_KEY])
    return contacts[~pd.MultiIndex.from_frame(contacts[_KEY]).isin(keys)]


def _everywhere(rows: Rows, column: str, *, value: bool) -> pd.DataFrame:
    """Return contacts with this flag, also those of inactive customers and of locations: their opt-outs count."""
    frames = [rows.frames[name] for name in ("customer_contacts", "location_contacts") if name in rows.frames]
    kept = [frame.loc[frame[column].eq(value).fillna(value=False), ["value"]] for frame in frames]
    return pd.concat(kept, ignore_index=True)


def _numbers(contacts: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each number or address in the contacts, in normal form, with the index of the contact."""
    each = contacts.assign(number=contacts["value"].map(find_contacts)).explode("number")
    return each[each["number"].notna()]
