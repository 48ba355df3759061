"""The rows that an audit reads, from a connection or a mirror, and the reports on them.

What cannot be read is listed, and left out. What a report also counts is counted by the report's own functions.
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.cleaning.recipes.emails import emails
from stcrm_pandas.cleaning.recipes.fix import Fix
from stcrm_pandas.cleaning.recipes.phones import phones
from stcrm_pandas.errors import MirrorError, PermissionDenied
from stcrm_pandas.frame.customers import is_merged

if TYPE_CHECKING:
    from stcrm_pandas.analysis import BookingSources, ContactPreferences, LeadConversion
    from stcrm_pandas.cleaning.matching.duplicates import Duplicates
    from stcrm_pandas.cleaning.merging.desk import MergeDesk


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


READS: Mapping[str, str] = {
    "leads": "leads.list",
    "bookings": "bookings.list",
    "customers": "customers.list",
    "customer_contacts": "customers.list_contacts",
    "locations": "locations.list",
    "location_contacts": "locations.list_contacts",
    "jobs": "lookups.jobs.list",
    "campaigns": "lookups.campaigns.list",
    "call_reasons": "lookups.call_reasons.list",
    "tag_types": "lookups.tag_types.list",
}
"""The frames of an audit, and the method of a client that reads each."""

_ALSO_INACTIVE = ("customers", "locations", "campaigns", "call_reasons", "tag_types")
_PERSONAL = {"customer_contacts": "value", "location_contacts": "value", "customers": "name", "locations": "name"}
"""Columns that are empty in a copy without personal data."""


class Rows:
    """The frames of one audit.

    Parameters
    ----------
    client : object
        A client (`stcrm.connect()`), or that of a mirror.
    refresh : bool, default False
        True does not use the cache.
    """

    def __init__(self, client: Any, *, refresh: bool = False) -> None:
        self.frames: dict[str, pd.DataFrame] = {}
        self.missing: dict[str, str] = {}
        self.anonymous: set[str] = set()
        denied: PermissionDenied | MirrorError | None = None
        for name, method in READS.items():
            options: dict[str, Any] = {"active": None} if name in _ALSO_INACTIVE else {}
            if refresh:
                options["refresh"] = True
            try:
                frame = operator.attrgetter(method)(client)(**options)
            except (PermissionDenied, MirrorError) as error:
                self.missing[name.replace("_", " ")] = getattr(error, "scope", "") or ""
                denied = error
                continue
            self.frames[name] = frame
            column = _PERSONAL.get(name)
            if column is not None and len(frame) and frame[column].isna().all():
                self.anonymous.add(name)
        if not self.frames and denied is not None:
            raise denied
        self.settings = client.settings
        self.reports = Reports(self.frames, self.settings)

    @property
    def attrs(self) -> Mapping[str, Any]:
        """The facts about the first frame that was read."""
        record: Mapping[str, Any] = next(iter(self.frames.values())).attrs.get("stcrm", {})
        return record

    @cached_property
    def now(self) -> pd.Timestamp:
        """The time of the read, by the service's clock."""
        return pd.Timestamp(self.attrs.get("fetched_at", dt.datetime.now(dt.UTC))).tz_convert("UTC")

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    @cached_property
    def customers(self) -> pd.DataFrame:
        """Active customers that were not merged into another one."""
        return _current(self["customers"])

    @cached_property
    def locations(self) -> pd.DataFrame:
        """Active locations that were not merged into another one."""
        return _current(self["locations"])

    @cached_property
    def contacts(self) -> pd.DataFrame:
        """Contacts of these customers: the API cannot change those of others."""
        frame = self["customer_contacts"]
        return _kept(frame, frame["customer_id"].isin(self.customers["id"]))

    @cached_property
    def open_leads(self) -> pd.DataFrame:
        """Open leads that the report on lead conversion counts, with a row for each of `open_leads` of the report."""
        from stcrm_pandas.analysis.leads.lists import open_leads

        return _kept(self["leads"], self["leads"]["id"].isin(open_leads(self.reports.leads)["id"]))

    @cached_property
    def default_campaigns(self) -> set[int]:
        """The ids of campaigns that ServiceTitan uses if nobody chooses one."""
        campaigns = self["campaigns"]
        return set(campaigns.loc[campaigns["is_default_campaign"].fillna(value=False), "id"].astype(int))

    @cached_property
    def phones(self) -> Fix:
        """What the recipe for phone numbers does to the contacts."""
        return phones(self.contacts)

    @cached_property
    def emails(self) -> Fix:
        """What the recipe for e-mail addresses does to the contacts."""
        return emails(self.contacts)

    @cached_property
    def duplicates(self) -> Duplicates:
        """Active customers that are entered more than once."""
        from stcrm_pandas.cleaning.matching.find import duplicates

        return duplicates(self.customers, self.contacts, self.locations, jobs=self.frames.get("jobs"))

    @cached_property
    def desk(self) -> MergeDesk:
        """The merges of all that are surely the same customer, as the desk has them."""
        return self.duplicates.merge_desk(confirm="sure")


def _current(frame: pd.DataFrame) -> pd.DataFrame:
    return _kept(frame, frame["active"].fillna(value=False) & ~is_merged(frame["merged_to_id"]))


def _kept(frame: pd.DataFrame, mask: pd.Series) -> pd.DataFrame:
    kept = frame[mask.fillna(value=False).astype(bool)].reset_index(drop=True)
    kept.attrs = frame.attrs  # a plan checks which tenant the rows belong to
    return kept
