"""Customers and contacts made by hand: a row is written with the columns that matter, the rest is usual."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.contacts import CONTACT_METHODS, CONTACT_PREFERENCES, CONTACTS
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.locations import LOCATION_CONTACTS, LOCATIONS

AS_OF = "2026-06-01T15:00Z"
MARKETING, REMINDERS = "preferences_marketing_updates_enabled", "preferences_job_reminders_enabled"
NO_TEXTS = "phone_settings_do_not_text"
OLDER = "preferences_invoice_statement_notification"
INVOICE, STATEMENT = "preferences_invoice_notification", "preferences_statement_notification"

_PLACE = {
    "address_street": "1 Elm St",
    "address_city": "Austin",
    "address_state": "TX",
    "address_zip": "78701",
    "address_country": "USA",
}
_CUSTOMER = _PLACE | {
    "active": True,
    "name": "Ann Lee",
    "type": "Residential",
    "tag_type_ids": (),
    "do_not_mail": False,
    "do_not_service": False,
    "created_on": "2025-01-15T18:00Z",
}
_LOCATION = _PLACE | {"active": True, "name": "Ann Lee", "created_on": "2025-01-15T18:00Z"}
_CONTACT = {
    "type": "MobilePhone",
    "value": "512-555-0101",
    NO_TEXTS: False,
    MARKETING: True,
    REMINDERS: True,
    OLDER: True,
    INVOICE: True,
    STATEMENT: True,
    "modified_on": "2025-01-15T18:00Z",
    "created_on": "2025-01-15T18:00Z",
}

Given = Mapping[str, Any]


def typed(row: Row, rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {}
    for name, dtype in row.dtypes.items():
        values = [given.get(name) for given in rows]
        if dtype.startswith("datetime"):
            columns[name] = pd.Series(pd.to_datetime(values, utc=True, format="ISO8601"), dtype=dtype)
        else:
            columns[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def customers(*rows: Given) -> pd.DataFrame:
    """Ids count up from 1."""
    return typed(CUSTOMERS, [_CUSTOMER | {"id": id, **row} for id, row in enumerate(rows, start=1)])


def contacts(*rows: Given) -> pd.DataFrame:
    """Ids count up from 101; whose they are must be said."""
    return typed(CUSTOMER_CONTACTS, [_CONTACT | {"id": id, **row} for id, row in enumerate(rows, start=101)])


def locations(*rows: Given) -> pd.DataFrame:
    return typed(LOCATIONS, [_LOCATION | {"id": id, **row} for id, row in enumerate(rows, start=501)])


def location_contacts(*rows: Given) -> pd.DataFrame:
    return typed(LOCATION_CONTACTS, [_CONTACT | {"id": id, **row} for id, row in enumerate(rows, start=601)])


def no_others() -> dict[str, pd.DataFrame]:
    """The other records of numbers: there are none."""
    return {"locations": locations(), "location_contacts": location_contacts(), "methods": methods()}


def newer_contacts(*rows: Given) -> pd.DataFrame:
    return typed(CONTACTS, [{"is_archived": False, **row} for row in rows])


def methods(*rows: Given) -> pd.DataFrame:
    return typed(CONTACT_METHODS, [{"type": "MobilePhone", "value": "512-555-0101", **row} for row in rows])


def preferences(*rows: Given) -> pd.DataFrame:
    return typed(CONTACT_PREFERENCES, [{"name": "Marketing", "data_type": "Bool", **row} for row in rows])
