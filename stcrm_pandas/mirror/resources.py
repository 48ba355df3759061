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
    """

    name: str
    list: str
    feed: str | None
    relist: dt.timedelta

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


MIRRORED: Mapping[str, Mirrored] = {
    one.name: one
    for one in (
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
"""The resources, in the order in which they are synced."""


def mirrored_as(name: str) -> Mirrored:
    """Return the resource with this name.

    Raises
    ------
    UsageError
        There is none.
    """
    if name not in MIRRORED:
        near = closest(name, list(MIRRORED))
        hint = f" Did you mean {near!r}?" if near else ""
        raise UsageError(f"A mirror has no resource {name!r}.{hint} It has: {', '.join(MIRRORED)}.")
    return MIRRORED[name]
