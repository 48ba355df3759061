"""Helpers for locations: where work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import pandas as pd

from stcrm_pandas.contract.nested import Address, ApplicationData, CustomFieldValues, NewContact
from stcrm_pandas.resources.customer_or_location import EPOCH, CustomerOrLocation
from stcrm_pandas.resources.planning import WARN_ABOVE
from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, When, helper

if TYPE_CHECKING:
    from stcrm_pandas.edits.plan.model import Plan


class Locations(CustomerOrLocation):
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

    @helper
    def create(
        self,
        *,
        customer_id: int,
        name: str,
        address: Address,
        contacts: Iterable[NewContact] | None = None,
        custom_fields: CustomFieldValues | None = None,
        tag_type_ids: Iterable[int] | None = None,
        external_data: ApplicationData | None = None,
        coordinates_source: Literal["None", "System", "User", "Imported"] | None = None,
        coordinates_verification_status: Literal["Unverified", "InProgress", "Failed", "Verified"] | None = None,
    ) -> pd.DataFrame:
        """Create a location of a customer.

        Parameters:
            custom_fields: `{type_id: value}`.

        Returns:
            The location: one row with the columns of `stcrm.schemas.CreatedLocations`; `contacts` is a tuple with what
            was made along with it.

        Operation: Locations_Create

        >>> customer = crm.customers.list(active=True)["id"].iloc[0]
        >>> barn = {"street": "14 Elm St", "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
        >>> crm.locations.create(customer_id=customer, name="Barn", address=barn)["name"].item()
        'Barn'
        """
        return self._write("create", locals())

    @helper
    def update(
        self,
        id: int,
        *,
        customer_id: int | None = None,
        name: str | None = None,
        address: Address | None = None,
        active: bool | None = None,
        tax_zone_id: int | None = None,
        custom_fields: CustomFieldValues | None = None,
        tag_type_ids: Iterable[int] | None = None,
        external_data: ApplicationData | None = None,
    ) -> pd.DataFrame:
        """Change a location: only what is named, but that as a whole.

        Parameters:
            customer_id: another customer, to whom it moves.
            address: all of it, the unit too; of the coordinates, `CLEAR` forgets those of the old address.
            custom_fields: all of them, as `{type_id: value}`; those not named are dropped.
            tag_type_ids: all of them; an empty list takes all tags away. `add_tag` adds one.

        Returns:
            The location as it is now: one row with the columns of `stcrm.schemas.Locations`.

        Operation: Locations_Update

        >>> first = crm.locations.list(active=True)["id"].iloc[0]
        >>> crm.locations.update(first, name="Main house")["name"].item()
        'Main house'
        """
        return self._write("update", locals())

    @helper
    def create_note(
        self, id: int, *, text: str, pin_to_top: bool | None = None, add_to_customer: bool | None = None
    ) -> pd.DataFrame:
        """Write a note on a location.

        Parameters:
            add_to_customer: on its customer, too.

        Returns:
            The note: one row with the columns of `stcrm.schemas.LocationNotes`.

        Operation: Locations_CreateNote

        >>> first = crm.locations.list(active=True)["id"].iloc[0]
        >>> crm.locations.create_note(first, text="Key under the mat")["text"].item()
        'Key under the mat'
        """
        return self._write("create_note", locals())

    @helper
    def plan_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame,
        *,
        reason: str | None = None,
        keep_coordinates: bool = False,
        allow_inactive: bool = False,
        allow_move: bool = False,
        application_guid: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """The plan that turns one frame of locations into another: what differs, as calls. Nothing is sent.

        Parameters:
            before: the rows as they were read.
            after: the same, repaired; what it lacks stays as it is, and a missing value clears.
            reason: why it is done; the journal keeps it.
            keep_coordinates: a changed address is the same place, only spelt better.
            allow_inactive: change rows that are inactive or were merged, too.
            allow_move: let a location change its customer.
            application_guid: of the application whose `external_data` is changed.
            allow_opt_in: let somebody be reached who was not; it needs a `consent_source`, and reads.
            consent_source: who agreed, when and how; the journal keeps it.
            check: make the refusals that need a read now, and not when the plan is applied.
            warn_above: the share of all rows above which the plan warns.

        Returns:
            A plan: it shows itself, `changes`, `requests` and `refused` are frames, `apply` carries it out.

        Raises:
            UsageError: frames of another kind, tenant or environment; rows without a key, with one twice, or with one
                that `before` lacks.

        >>> before = crm.locations.list(active=True).head(3)
        >>> plan = crm.locations.plan_changes(before, before.assign(name="Same"))
        >>> plan.changes["column"].tolist()
        ['name', 'name', 'name']
        """
        return self._plan(self.name, locals())
