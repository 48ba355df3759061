"""Helpers for locations: where work is done."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, Resource, When, helper

EPOCH = "1970-01-01T00:00:00Z"  # the contact lists want a date, whatever else they are given


class Locations(Resource):
    """Locations: the places where work is done, each of one customer."""

    name = "locations"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        name: str | None = None,
        customer_id: int | None = None,
        active: bool | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        external_data_application_guid: str | None = None,
        external_data_key: str | None = None,
        external_data_values: str | Sequence[str] | None = None,
        street: str | None = None,
        unit: str | None = None,
        city: str | None = None,
        state: str | None = None,
        zip: str | None = None,
        country: str | None = None,
        latitude: float | None = None,
        longitude: float | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """All locations that fit, inactive and merged ones too unless `active` says otherwise.

        Parameters:
            ids: only these; ids that do not exist are left out in silence (`get` names them).
            active: True or False for one kind only; by default both, merged ones included.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.Locations`; times are in UTC.

        Operation: Locations_GetList

        >>> bool(crm.locations.list()["active"].all())
        False
        """
        return self._list("list", locals())

    @helper
    def get(
        self,
        ids: Ids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Locations by id, in the order in which they are asked for.

        Parameters:
            ids: one id or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.Locations`, a row for each id, inactive ones too.

        Raises:
            MissingRows: some do not exist; `ids` of the error has them.

        Operation: Locations_Get, or Locations_GetList for many

        >>> first = crm.locations.list()["id"].iloc[0]
        >>> len(crm.locations.get(first))
        1
        """
        return self._get(ids, locals())

    @helper
    def list_contacts(
        self,
        *,
        location_ids: Ids | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Phones and e-mails of locations, with the preferences of each; of all locations unless some are named.

        Parameters:
            location_ids: only of these.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.LocationContacts`; times are in UTC.

        Operation: Locations_GetLocationsContactsList

        >>> crm.locations.list_contacts().columns[[0, -1]].tolist()
        ['id', 'location_id']
        """
        return self._list("list_contacts", locals(), modified_on_or_after=EPOCH)

    @helper
    def export(
        self,
        *,
        since: When | None = None,
        continue_from: str | None = None,
        include_recent_changes: bool | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> Feed:
        """Follow the export feed of locations, deleted and inactive ones too: it keeps a copy up to date.

        Parameters:
            since: only what changed on or after this moment; without it, and without a token, all there is.
            continue_from: the token of an earlier feed (`Feed.continue_from`): what changed since then.
            include_recent_changes: see changes sooner, at the price of rows that come twice (they are dropped).

        Returns:
            A `Feed`; its frame has the columns of `schemas.ExportedLocations`, each row in its latest version.

        Operation: ExportLocations_Locations

        >>> feed = crm.locations.export()
        >>> crm.locations.export(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
        return self._export("export", locals())

    @helper
    def export_contacts(
        self,
        *,
        since: When | None = None,
        continue_from: str | None = None,
        include_recent_changes: bool | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> Feed:
        """Follow the export feed of phones and e-mails of locations, deleted ones too: it keeps a copy up to date.

        Parameters:
            since: only what changed on or after this moment; without it, and without a token, all there is.
            continue_from: the token of an earlier feed (`Feed.continue_from`): what changed since then.
            include_recent_changes: see changes sooner, at the price of rows that come twice (they are dropped).

        Returns:
            A `Feed`; its frame has the columns of `schemas.ExportedLocationContacts`, each row in its latest version.

        Operation: ExportContacts_LocationsContacts

        >>> feed = crm.locations.export_contacts()
        >>> crm.locations.export_contacts(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
        return self._export("export_contacts", locals())
