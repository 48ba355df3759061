"""Findings about phone numbers, e-mail addresses and consent."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Found
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.fix import Fix

MARKETING = "preferences_marketing_updates_enabled"
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
    return Found(_shared(rows, addresses=False), rows.phones.checked)


def emails_shared(rows: Rows) -> Found:
    """Return e-mail addresses that ten customers or more have; a placeholder is invalid instead."""
    return Found(_shared(rows, addresses=True), rows.emails.checked)


def _shared(rows: Rows, *, addresses: bool) -> pd.DataFrame:
    from stcrm_pandas.analysis.preferences.lists import shared_numbers

    numbers = shared_numbers(rows.reports.preferences)["numbers"]
    many = set(numbers[numbers.str.contains("@") == addresses])
    records = rows.reports.records
    has = records["numbers"].map(lambda found: not many.isdisjoint(found)).astype(bool)
    return _as_read(rows, records[has & records["valid"]])


def _as_read(rows: Rows, records: pd.DataFrame) -> pd.DataFrame:
    """Return the contacts of active customers that these records of the report are."""
    return cells_of(rows.contacts, records)


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
    """Return customers without a valid phone number or e-mail address, as in the report on preferences."""
    records, customers = rows.reports.records, rows.customers
    usable = records.loc[records["valid"] & records["kind"].isin(["mobile", "phone", "e-mail"]), "customer_id"]
    return Found.among(customers, ~customers["id"].isin(usable), "customers with a usable contact")


def consent_marketing(rows: Rows) -> Found:
    """Return contacts with marketing turned on whose number or address has it turned off on another record."""
    from stcrm_pandas.analysis.preferences.lists import marketing_off_elsewhere

    records = rows.reports.records
    found = _as_read(rows, records[marketing_off_elsewhere(records)])
    return Found(found, int(rows.contacts[MARKETING].notna().sum()))


def consent_text(rows: Rows) -> Found:
    """Return phone numbers that may be texted here, and that another record marks as 'do not text'."""
    from stcrm_pandas.analysis.preferences.lists import texts_off_elsewhere

    records = rows.reports.records
    found = _as_read(rows, records[texts_off_elsewhere(records)])
    return Found(found, int(rows.contacts["type"].isin(["Phone", "MobilePhone"]).sum()))
