"""The resources of a mirror, and how each is kept up to date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from stcrm_pandas.contract.operations import Operation, by_name
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import closest

FEED_DELAY = dt.timedelta(minutes=15)
"""How long the service takes to show a change in a feed."""
OVERLAP = dt.timedelta(hours=1)
"""How far a read of modified rows goes back beyond the last one."""
_MONTHLY, _WEEKLY = dt.timedelta(days=30), dt.timedelta(days=7)


@dataclass(frozen=True)
class Mirrored:
    """One resource of a mirror.

    Parameters
    ----------
    name : str
        The name of the resource in the mirror, such as `leads`.
    list : str
        The method that returns all rows, such as `leads.list`.
    feed : str or None
        The method of its feed. Without one, rows modified since the last sync are listed.
    relist : timedelta
        How often the complete list is read to find deletions.
    parent : str or None
        The column with the parent of a row, if each parent needs a request of its own. Such rows are read on demand.
    """

    name: str
    list: str
    feed: str | None
    relist: dt.timedelta
    parent: str | None = None

    @property
    def operation(self) -> Operation:
        """The operation that its list method calls."""
        return by_name(self.list)

    @property
    def row(self) -> Row:
        """The columns and types of its rows."""
        row = self.operation.row
        assert row is not None
        return row


def _by_feed(name: str, list: str, feed: str) -> Mirrored:
    return Mirrored(name, list, feed, _MONTHLY)


def _by_date(name: str, list: str) -> Mirrored:
    return Mirrored(name, list, None, _WEEKLY)


def _of_parents(name: str, list: str, parent: str) -> Mirrored:
    return Mirrored(name, list, None, dt.timedelta.max, parent)


MIRRORED: Mapping[str, Mirrored] = {
    mirrored.name: mirrored
    for mirrored in (
        _by_feed("leads", "leads.list", "leads.export"),
        _by_feed("bookings", "bookings.list", "bookings.export"),
        _by_feed("customers", "customers.list", "customers.export"),
        _by_feed("locations", "locations.list", "locations.export"),
        _by_feed("customer_contacts", "customers.list_contacts", "customers.export_contacts"),
        _by_feed("location_contacts", "locations.list_contacts", "locations.export_contacts"),
        _by_date("contacts", "contacts.list"),
        _by_date("contact_methods", "contact_methods.search"),
        _by_date("booking_provider_tags", "booking_provider_tags.list"),
        _by_date("jobs", "lookups.jobs.list"),
        _by_date("campaigns", "lookups.campaigns.list"),
        _by_date("campaign_categories", "lookups.campaign_categories.list"),
        _by_date("business_units", "lookups.business_units.list"),
        _by_date("tag_types", "lookups.tag_types.list"),
        _by_date("employees", "lookups.employees.list"),
        _by_date("technicians", "lookups.technicians.list"),
        _by_date("job_types", "lookups.job_types.list"),
        _by_date("call_reasons", "lookups.call_reasons.list"),
    )
}
"""The resources that a sync reads completely, in this order."""


ON_DEMAND: Mapping[str, Mirrored] = {
    mirrored.name: mirrored
    for mirrored in (
        _of_parents("customer_notes", "customers.list_notes", "customer_id"),
        _of_parents("location_notes", "locations.list_notes", "location_id"),
        _of_parents("lead_notes", "leads.list_notes", "lead_id"),
        _of_parents("booking_contacts", "bookings.list_contacts", "booking_id"),
        _of_parents("contact_relationships", "contacts.list_relationships", "contact_id"),
        _of_parents("contact_preferences", "contact_preferences.list", "contact_id"),
    )
}
"""The resources that are read for chosen parents, with one request per parent."""
EVERY: Mapping[str, Mirrored] = {**MIRRORED, **ON_DEMAND}
"""All resources that a mirror can have."""


def mirrored_as(name: str) -> Mirrored:
    """Return the resource with this name.

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in EVERY:
        near = closest(name, list(EVERY))
        hint = f" Did you mean {near!r}?" if near else ""
        raise UsageError(f"A mirror has no resource {name!r}.{hint} It has: {', '.join(EVERY)}.")
    return EVERY[name]
