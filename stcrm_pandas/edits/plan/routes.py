"""How current rows of each resource are read, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EPOCH = "1970-01-01T00:00:00Z"
"""Contacts of customers and locations are read from this date: the API requires one, and this one excludes none."""


@dataclass(frozen=True)
class Route:
    """How current rows of one resource are read.

    Parameters
    ----------
    operation : str
        The operationId.
    shared : int, default 0
        Number of leading parts of the key that all rows of one request share; 0 if a request names ids.
    ids : str, optional
        The query parameter for ids, the first part of the key.
    query : tuple[tuple[str, str], ...], default ()
        Other query parameters.
    path : tuple[tuple[str, str], ...], default ()
        Path parameters, with the column of the key for each.
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
"""Resource to route."""
