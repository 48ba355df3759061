"""How rows of each kind are read afresh, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EPOCH = "1970-01-01T00:00:00Z"
"""The contacts of customers and locations are read from this date: the service wants one, and this leaves none out."""


@dataclass(frozen=True)
class Route:
    """How rows of one kind are read afresh.

    Parameters
    ----------
    operation : str
        The operationId.
    shared : int, default 0
        How many parts of the key, from the first, rows of one call have in common; 0 where a call names ids.
    ids : str, optional
        The query's parameter that names ids: the first part of the key.
    query : tuple[tuple[str, str], ...], default ()
        What else is asked.
    path : tuple[tuple[str, str], ...], default ()
        What stands in the path, by the column of the key.
    """

    operation: str
    shared: int = 0
    ids: str | None = None
    query: tuple[tuple[str, str], ...] = ()
    path: tuple[tuple[str, str], ...] = ()


ROUTES: Mapping[str, Route] = {
    "customers": Route("Customers_GetList", ids="ids", query=(("active", "Any"),)),
    "locations": Route("Locations_GetList", ids="ids", query=(("active", "Any"),)),
    "leads": Route("Leads_GetList", ids="ids"),
    "bookings": Route("Bookings_GetList", ids="ids"),
    "booking_provider_tags": Route("BookingProviderTags_GetList", ids="ids"),
    "customer_contacts": Route(
        "Customers_GetModifiedContactsList", ids="customerIds", query=(("modifiedOnOrAfter", EPOCH),)
    ),
    "location_contacts": Route(
        "Locations_GetLocationsContactsList", ids="locationIds", query=(("modifiedOnOrAfter", EPOCH),)
    ),
    "booking_contacts": Route(
        "Bookings_GetContactList2",
        shared=2,
        path=(("booking_provider", "booking_provider_id"), ("id", "booking_id")),
    ),
    "contacts": Route("Contacts_Get", shared=1, path=(("id", "id"),)),
    "contact_methods": Route("ContactMethods_GetContactMethods", shared=1, path=(("contactId", "contact_id"),)),
    "contact_preferences": Route(
        "ContactPreferences_GetContactMethodPreferences",
        shared=2,
        path=(("contactId", "contact_id"), ("contactMethodId", "contact_method_id")),
    ),
}
"""By resource, as the table of operations has it."""
