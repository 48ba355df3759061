"""Helpers for customers: who pays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.contract.nested import (
    Address,
    ApplicationData,
    CustomerType,
    CustomFieldValues,
    NewContact,
    NewLocation,
)
from stcrm_pandas.resources.customer_or_location import EPOCH, CustomerOrLocation
from stcrm_pandas.resources.planning import WARN_ABOVE
from stcrm_pandas.resources.resource import Feed, Ids, MaxAge, When, helper

if TYPE_CHECKING:
    from stcrm_pandas.edits.plan.model import Plan


class Customers(CustomerOrLocation):
    """Customers: who pays. They carry no phone and no e-mail: these are contacts."""

    name = "customers"

    @helper
    def list(
        self,
        *,
        ids: Ids | None = None,
        exclude_accounting_changes_from_modified_date_range: bool | None = None,
        name: str | None = None,
        phone: str | None = None,
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
        """All customers that fit, inactive and merged ones too unless `active` says otherwise.

        Parameters:
            ids: only these; ids that do not exist are left out in silence (`get` names them).
            active: True or False for one kind only; by default both, merged ones included.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.
            exclude_accounting_changes_from_modified_date_range: True leaves out what was only a balance change.
            external_data_key, external_data_values: by what an application keeps on the row; a key needs values.

        Returns:
            A frame with the columns of `stcrm.schemas.Customers`; times are in UTC.

        Operation: Customers_GetList

        >>> bool(crm.customers.list()["active"].all())
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
        """Customers by id, in the order in which they are asked for.

        Parameters:
            ids: one id or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.Customers`, a row for each id, inactive ones too.

        Raises:
            MissingRows: some do not exist; `ids` of the error has them.

        Operation: Customers_Get, or Customers_GetList for many

        >>> first = crm.customers.list()["id"].iloc[0]
        >>> len(crm.customers.get(first))
        1
        """
        return self._get(ids, locals())

    @helper
    def list_contacts(
        self,
        *,
        customer_ids: Ids | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Phones and e-mails of customers, with the preferences of each; of all customers unless some are named.

        Parameters:
            customer_ids: only of these.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.CustomerContacts`; times are in UTC.

        Operation: Customers_GetModifiedContactsList

        >>> crm.customers.list_contacts().columns[[0, -1]].tolist()
        ['modified_on', 'customer_id']
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
        """Follow the export feed of customers, deleted and inactive ones too: it keeps a copy up to date.

        Parameters:
            since: only what changed on or after this moment; without it, and without a token, all there is.
            continue_from: the token of an earlier feed (`Feed.continue_from`): what changed since then.
            include_recent_changes: see changes sooner, at the price of rows that come twice (they are dropped).

        Returns:
            A `Feed`; its frame has the columns of `schemas.ExportedCustomers`, each row in its latest version.

        Operation: ExportCustomers_GetCustomers

        >>> feed = crm.customers.export()
        >>> crm.customers.export(continue_from=feed.continue_from)
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
        """Follow the export feed of phones and e-mails of customers, deleted ones too: it keeps a copy up to date.

        Parameters:
            since: only what changed on or after this moment; without it, and without a token, all there is.
            continue_from: the token of an earlier feed (`Feed.continue_from`): what changed since then.
            include_recent_changes: see changes sooner, at the price of rows that come twice (they are dropped).

        Returns:
            A `Feed`; its frame has the columns of `schemas.ExportedCustomerContacts`, each row in its latest version.

        Operation: ExportContacts_CustomersContacts

        >>> feed = crm.customers.export_contacts()
        >>> crm.customers.export_contacts(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
        return self._export("export_contacts", locals())

    @helper
    def create(
        self,
        *,
        name: str,
        address: Address,
        locations: Iterable[NewLocation],
        type: CustomerType | None = None,
        do_not_mail: bool | None = None,
        do_not_service: bool | None = None,
        national_account: bool | None = None,
        contacts: Iterable[NewContact] | None = None,
        custom_fields: CustomFieldValues | None = None,
        tag_type_ids: Iterable[int] | None = None,
        external_data: ApplicationData | None = None,
        tax_exempt: bool | None = None,
        payment_term_id: int | None = None,
        credit_limit: float | Decimal | None = None,
        credit_limit_balance: float | Decimal | None = None,
    ) -> pd.DataFrame:
        """Create a customer, with locations and contacts.

        Parameters:
            locations: where work is done; often one, with the customer's own address.
            custom_fields: `{type_id: value}`.

        Returns:
            The customer: one row with the columns of `stcrm.schemas.CreatedCustomers`; `locations` and `contacts` are
            tuples with what was made along with it.

        Operation: Customers_Create

        >>> home = {"street": "12 Elm St", "city": "Austin", "state": "TX", "zip": "78701", "country": "USA"}
        >>> made = crm.customers.create(name="Ann Lee", address=home, locations=[{"name": "Home", "address": home}])
        >>> [location.name for location in made["locations"].item()]
        ['Home']
        """
        return self._write("create", locals())

    @helper
    def update(
        self,
        id: int,
        *,
        name: str | None = None,
        type: CustomerType | None = None,
        address: Address | None = None,
        custom_fields: CustomFieldValues | None = None,
        external_data: ApplicationData | None = None,
        do_not_mail: bool | None = None,
        do_not_service: bool | None = None,
        national_account: bool | None = None,
        active: bool | None = None,
        tag_type_ids: Iterable[int] | None = None,
        tax_exempt: bool | None = None,
        payment_term_id: int | None = None,
        credit_limit: float | Decimal | None = None,
        credit_limit_balance: float | Decimal | None = None,
    ) -> pd.DataFrame:
        """Change a customer: only what is named, but that as a whole.

        Parameters:
            address: all of it, unit and coordinates too.
            custom_fields: all of them, as `{type_id: value}`; those not named are dropped.
            tag_type_ids: all of them; an empty list takes all tags away. `add_tag` adds one.

        Returns:
            The customer as it is now: one row with the columns of `stcrm.schemas.Customers`.

        Operation: Customers_Update

        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> bool(crm.customers.update(first, do_not_mail=True)["do_not_mail"].item())
        True
        """
        return self._write("update", locals())

    @helper
    def create_note(
        self, id: int, *, text: str, pin_to_top: bool | None = None, add_to_locations: bool | None = None
    ) -> pd.DataFrame:
        """Write a note on a customer.

        Parameters:
            add_to_locations: on the customer's locations, too.

        Returns:
            The note: one row with the columns of `stcrm.schemas.CustomerNotes`.

        Operation: Customers_CreateNote

        >>> first = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.customers.create_note(first, text="Gate code 12")["text"].item()
        'Gate code 12'
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
        allow_deactivate: bool = False,
        application_guid: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """The plan that turns one frame of customers into another: what differs, as calls. Nothing is sent.

        Parameters:
            before: the rows as they were read.
            after: the same, repaired; what it lacks stays as it is, and a missing value clears.
            reason: why it is done; the journal keeps it.
            keep_coordinates: a changed address is the same place, only spelt better.
            allow_inactive: change rows that are inactive or were merged, too.
            allow_deactivate: switch customers off who have a balance or an active location.
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

        >>> before = crm.customers.list(active=True).head(3)
        >>> plan = crm.customers.plan_changes(before, before.assign(name="Same"))
        >>> plan.changes["column"].tolist()
        ['name', 'name', 'name']
        """
        return self._plan(self.name, locals())
