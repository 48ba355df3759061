"""The people of a company, and who of them is in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

import pandas as pd

from stcrm_pandas.client import Client

PHONE = re.compile(r"(?<![\d.])\+?1?[-. (]{0,2}(\d{3})[-. )]{0,2}(\d{3})[-. ]?(\d{4})(?![\d.])")


class People:
    """Names, phones, e-mails and ids of all customers, contacts, locations, leads, bookings and employees."""

    def __init__(self, crm: Client) -> None:
        customers, locations = crm.customers.list(active=None), crm.locations.list(active=None)
        contacts = [crm.customers.list_contacts(), crm.locations.list_contacts(), crm.contact_methods.search()]
        leads, bookings = crm.leads.list(), crm.bookings.list()
        employees = [crm.lookups.employees.list(), crm.lookups.technicians.list()]
        records = [customers, locations, leads, bookings, *contacts, *employees]
        values = strings(one["value"] for one in contacts) | strings([leads["lead_phone"], leads["lead_email"]])
        self.ids = strings(one["id"] for one in records)
        self.emails = {value.lower() for value in values if "@" in value} - {"none@none.com"}  # in a definition
        self.phones = {"".join(found) for value in values for found in PHONE.findall(value)}
        named = [one["name"] for one in (customers, locations, bookings, *employees)]
        # of one word, or of digits: campaigns and sources have such names, too
        self.names = {name for name in strings([*named, leads["lead_customer_name"]]) if " " in name.strip()}

    def found_in(self, text: str) -> set[str]:
        """What of them is in a text: a page without the scripts that are the same in all."""
        text = re.sub(r"<script(?! type=.application/)[^>]*>.*?</script>", "", text, flags=re.DOTALL)
        text = unescape(text.encode().decode("utf-8"))
        text += re.sub(r"\\u([0-9a-f]{4})", lambda code: chr(int(code[1], 16)), text)
        words = set(re.findall(r"(?<![\w.])[\w-]{5,}(?![\w.])", text))
        addresses = {one.lower() for one in re.findall(r"[\w.+%-]+@[\w.-]+\w", text)}
        numbers = {"".join(found) for found in PHONE.findall(text)}
        return (
            (self.ids & words)
            | (self.emails & addresses)
            | (self.phones & numbers)
            | {name for name in self.names if name in text}
        )


def strings(columns: Iterable[pd.Series]) -> set[str]:
    return {str(value) for column in columns for value in column.dropna()}
