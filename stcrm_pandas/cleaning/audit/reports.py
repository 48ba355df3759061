"""The reports on the rows of an audit: what a report also counts is counted by the report's own functions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from stcrm_pandas.analysis import BookingSources, ContactPreferences, LeadConversion

__all__ = ["Reports"]


class Reports:
    """The reports on the rows of an audit, each made when it is needed.

    Parameters
    ----------
    frames : mapping
        The frames of an audit, by name.
    settings : object
        The settings of the connection, or of that of the mirror.
    """

    def __init__(self, frames: Mapping[str, pd.DataFrame], settings: Any) -> None:
        self._frames, self._settings = frames, settings

    @cached_property
    def leads(self) -> LeadConversion:
        """Lead conversion."""
        return self.leads_of(self._frames["leads"], self._frames.get("jobs"))

    def leads_of(self, leads: pd.DataFrame, jobs: pd.DataFrame | None) -> LeadConversion:
        """Return lead conversion for other leads and jobs, such as repaired ones."""
        from stcrm_pandas.analysis import lead_conversion

        return lead_conversion(
            leads,
            jobs=jobs,
            bookings=self._frames.get("bookings"),
            call_reasons=self._frames.get("call_reasons"),
            dismissing_reasons=self._settings.dismissing_reasons,
            time_zone=self._settings.time_zone,
        )

    @cached_property
    def bookings(self) -> BookingSources:
        """Booking sources."""
        from stcrm_pandas.analysis import booking_sources

        frames = self._frames
        return booking_sources(
            frames["bookings"],
            leads=frames.get("leads"),
            jobs=frames.get("jobs"),
            customers=frames.get("customers"),
            time_zone=self._settings.time_zone or "UTC",
        )

    @cached_property
    def preferences(self) -> ContactPreferences:
        """Contact preferences."""
        return self.preferences_of(self._frames["customer_contacts"])

    def preferences_of(self, contacts: pd.DataFrame) -> ContactPreferences:
        """Return contact preferences for other contacts of customers, such as repaired ones."""
        from stcrm_pandas.analysis import contact_preferences

        frames, settings = self._frames, self._settings
        tags = frames.get("tag_types")
        return contact_preferences(
            frames["customers"],
            contacts,
            locations=frames.get("locations"),
            location_contacts=frames.get("location_contacts") if "locations" in frames else None,
            names={} if tags is None else {"tag": tags},
            double_opt_in=settings.double_opt_in and tags is not None,
            time_zone=settings.time_zone,
        )

    @cached_property
    def records(self) -> pd.DataFrame:
        """The contacts of customers as the report on preferences reads them, with their `customer_id`."""
        from stcrm_pandas.analysis.preferences.lists import with_owners

        return with_owners(self.preferences, "customers").rename(columns={"owner": "customer_id"})
