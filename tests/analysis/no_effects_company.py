"""Everything that the three reports read of a company in which nothing differs, made without a server."""

from __future__ import annotations

import datetime as dt
import warnings
from typing import Any

import orjson
import pandas as pd

from stcrm_pandas.analysis import booking_sources, contact_preferences, lead_conversion, opportunities
from stcrm_pandas.analysis.bookings.counts import DIMENSIONS as OF_BOOKINGS
from stcrm_pandas.analysis.campaigns.counts import BY as OF_OPPORTUNITIES
from stcrm_pandas.analysis.leads.keys import BY as OF_LEADS
from stcrm_pandas.analysis.preferences.groups import DIMENSIONS as OF_PREFERENCES
from stcrm_pandas.contract.schemas.bookings import EXPORTED_BOOKINGS
from stcrm_pandas.contract.schemas.contacts import CONTACT_METHODS, CONTACTS
from stcrm_pandas.contract.schemas.customers import CUSTOMER_CONTACTS, CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import EXPORTED_LEADS
from stcrm_pandas.contract.schemas.locations import LOCATION_CONTACTS, LOCATIONS
from stcrm_pandas.contract.schemas.lookups import BUSINESS_UNITS, CALL_REASONS, CAMPAIGNS, JOBS
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.frame.assemble import assemble
from stcrm_pandas.frame.decode import decode
from stcrm_pandas.sandbox.company import make_company

__all__ = ["BY", "frames_of", "report"]

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
KINDS: dict[str, Row] = {
    "bookings": EXPORTED_BOOKINGS,
    "leads": EXPORTED_LEADS,
    "jobs": JOBS,
    "customers": CUSTOMERS,
    "customer_contacts": CUSTOMER_CONTACTS,
    "locations": LOCATIONS,
    "location_contacts": LOCATION_CONTACTS,
    "contacts": CONTACTS,
    "contact_methods": CONTACT_METHODS,
    "campaigns": CAMPAIGNS,
    "business_units": BUSINESS_UNITS,
    "call_reasons": CALL_REASONS,
}
BY = {
    "leads": OF_LEADS,
    "opportunities": OF_OPPORTUNITIES,
    "bookings": tuple(OF_BOOKINGS),
    "preferences": OF_PREFERENCES,
}
"""What each report can be grouped by; one company has one tenant."""
BY = {name: tuple(one for one in by if one != "tenant") for name, by in BY.items()}


def frames_of(seed: int, *, leads: int, effects: bool = False) -> dict[str, pd.DataFrame]:
    """The frames of a company as the service returns them."""
    tables = {
        name: [*rows] for name, rows in make_company(leads=leads, seed=seed, as_of=AS_OF, effects=effects).tables()
    }
    frames = {}
    for name, row in KINDS.items():
        rows = [one for one in tables[name] if not name.endswith("_contacts") or one["active"]]
        page = {"page": 1, "pageSize": 1, "hasMore": False, "totalCount": None, "data": rows}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DriftWarning)
            frames[name] = assemble(row, [decode(row, "page", orjson.dumps(page))]).frame
        if name.endswith("_contacts"):
            owner = name.removesuffix("_contacts")
            frames[name][f"{owner}_id"] = pd.array([one[f"{owner}Id"] for one in rows], dtype="Int64")
    of_methods = {"contact_id": "contactId", "contact_method_id": "contactMethodId", "name": "name", "value": "value"}
    frames["contact_preferences"] = pd.DataFrame(
        {
            name: pd.array([one[field] for one in tables["contact_preferences"]], "str")
            for name, field in of_methods.items()
        }
    )
    return frames


def report(frames: dict[str, pd.DataFrame], name: str, by: str) -> Any:
    """The result of a report, as its notebook computes it."""
    known: dict[str, Any] = {"by": by, "as_of": AS_OF, "time_zone": "America/Chicago"}
    linked = {one: frames[one] for one in ("leads", "bookings", "jobs", "call_reasons", "business_units", "campaigns")}
    names = {one: linked[f"{one}s"] for one in ("campaign", "business_unit", "call_reason")}
    leads, bookings, jobs, reasons, units, campaigns = linked.values()
    if name == "leads":
        return lead_conversion(leads, jobs=jobs, bookings=bookings, call_reasons=reasons, names=names, **known)
    if name == "opportunities":
        more = {"campaigns": campaigns, "call_reasons": reasons, "business_units": units}
        return opportunities(leads, bookings, jobs, **more, **known)
    if name == "bookings":
        del names["call_reason"]
        more = {"leads": leads, "jobs": jobs, "customers": frames["customers"], "business_units": units}
        return booking_sources(bookings, names=names, **more, **known)
    others = {one: frames[one] for one in ("locations", "location_contacts")}
    others |= {"methods": frames["contact_methods"], "method_preferences": frames["contact_preferences"]}
    known |= {"newer_contacts": frames["contacts"], "marketing_names": ["Marketing"]}
    return contact_preferences(frames["customers"], frames["customer_contacts"], **others, **known)
