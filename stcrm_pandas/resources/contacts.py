"""Methods for contacts in the newer contacts API, whose ids are GUIDs."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.contract.sentinel import Clears
from stcrm_pandas.resources.base.planning import Plannable
from stcrm_pandas.resources.base.resource import Guids, Ids, MaxAge, When, operation


class Contacts(Plannable):
    """Contacts in the newer contacts API: people with contact methods, separate from the contacts of customers."""

    name = "contacts"

    @operation
    def list(
        self,
        *,
        name: str | None = None,
        title: str | None = None,
        reference_id: str | None = None,
        is_archived: bool | str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the contacts that match the filters, oldest first.

        Parameters
        ----------
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        title : str, optional
            Only contacts with this title.
        reference_id : str, optional
            Only rows with this id from your own system.
        is_archived : bool or str, optional
            True returns only archived contacts, and False returns only contacts that are not archived. The API does not
            document its default.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact, with the columns of `stcrm.schemas.Contacts`. Times are in UTC.

        Notes
        -----
        Operation: Contacts_GetList

        Examples
        --------
        >>> crm.contacts.list()["id"].is_unique
        True
        """

    @operation
    def get(
        self,
        ids: Guids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return contacts by id, in the order of the ids, with one request per id.

        Parameters
        ----------
        ids : str, sequence of str or Series
            One or more ids. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact, with the columns of `stcrm.schemas.Contacts`. Times are in UTC.

        Raises
        ------
        MissingRows
            A contact does not exist.

        Notes
        -----
        Operation: Contacts_Get

        Examples
        --------
        >>> made = crm.contacts.create(name="Ann Lee")
        >>> crm.contacts.get(made["id"])["name"].item()
        'Ann Lee'
        """

    @operation
    def list_by_relationship(
        self,
        relationship_ids: Ids,
        *,
        name: str | None = None,
        title: str | None = None,
        reference_id: str | None = None,
        is_archived: bool | str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the contacts related to the rows with these ids, such as customers, with one request per id.

        Parameters
        ----------
        relationship_ids : int, sequence of int or Series
            One or more ids: the `related_entity_id` of relationships.
        name : str, optional
            Only rows with this name. The API does not document whether part of a name matches.
        title : str, optional
            Only contacts with this title.
        reference_id : str, optional
            Only rows with this id from your own system.
        is_archived : bool or str, optional
            True returns only archived contacts, and False returns only contacts that are not archived. The API does not
            document its default.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact and related row, with the columns of `stcrm.schemas.ContactsOfRelationship`.
            `relationship_id` identifies the row that the contact is related to. Times are in UTC.

        Notes
        -----
        Operation: Contacts_GetByRelationshipId

        Examples
        --------
        >>> ids = crm.customers.list(active=True)["id"].head(3)
        >>> crm.contacts.list_by_relationship(ids)["relationship_id"].isin(ids).all()
        np.True_
        """

    @operation
    def list_relationships(
        self,
        contact_ids: Guids,
        *,
        related_entity_id: int | None = None,
        type_slug: str | None = None,
        type_name: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the relationships of contacts to other rows, with one request per contact.

        Parameters
        ----------
        contact_ids : str, sequence of str or Series
            The GUIDs of one or more contacts.
        related_entity_id : int, optional
            Only relationships with the row that has this id.
        type_slug : str, optional
            Only relationships of this kind, such as `"customer"`.
        type_name : str, optional
            Only relationships of the kind with this name.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per relationship, with the columns of `stcrm.schemas.ContactRelationships`. `contact_id` identifies
            the contact. Times are in UTC.

        Raises
        ------
        NotFound
            None of the contacts exists.

        Notes
        -----
        Operation: Contacts_GetContactRelationshipList

        Examples
        --------
        >>> made = crm.contacts.create(name="Ann Lee")
        >>> len(crm.contacts.list_relationships(made["id"]))
        0
        """

    @operation
    def create(
        self, *, name: str | None = None, title: str | None = None, reference_id: str | None = None
    ) -> pd.DataFrame:
        """Create a contact.

        Parameters
        ----------
        name : str, optional
            The name of the contact.
        title : str, optional
            The title, such as `"Dr."` or `"Owner"`.
        reference_id : str, optional
            The id of the row in your own system.

        Returns
        -------
        DataFrame
            The contact: one row with the columns of `stcrm.schemas.Contacts`.

        Notes
        -----
        Operation: Contacts_Create

        Examples
        --------
        >>> crm.contacts.create(name="Ann Lee", title="Owner")["title"].item()
        'Owner'
        """

    @operation
    def update(
        self,
        id: str,
        *,
        is_archived: bool,
        name: str | Clears | None = None,
        title: str | Clears | None = None,
        reference_id: str | Clears | None = None,
    ) -> pd.DataFrame:
        """Change a contact. `CLEAR` clears a field.

        Parameters
        ----------
        id : str
            The GUID of the contact.
        is_archived : bool
            Whether the contact is archived. The API requires it in every change.
        name : str or CLEAR, optional
            The name of the contact.
        title : str or CLEAR, optional
            The title, such as `"Dr."` or `"Owner"`.
        reference_id : str or CLEAR, optional
            The id of the row in your own system.

        Returns
        -------
        DataFrame
            The changed contact: one row with the columns of `stcrm.schemas.Contacts`.

        Notes
        -----
        Operation: Contacts_Update

        Examples
        --------
        >>> id = crm.contacts.create(name="Ann Lee", title="Owner")["id"].item()
        >>> crm.contacts.update(id, is_archived=False, title=stcrm.CLEAR)["title"].isna().item()
        True
        """

    @operation
    def replace(
        self,
        id: str,
        *,
        is_archived: bool,
        name: str | Clears | None = None,
        title: str | Clears | None = None,
        reference_id: str | Clears | None = None,
    ) -> pd.DataFrame:
        """Replace a contact. Omitted fields are cleared.

        Parameters
        ----------
        id : str
            The GUID of the contact.
        is_archived : bool
            Whether the contact is archived. The API requires it in every change.
        name : str or CLEAR, optional
            The name of the contact.
        title : str or CLEAR, optional
            The title, such as `"Dr."` or `"Owner"`.
        reference_id : str or CLEAR, optional
            The id of the row in your own system.

        Returns
        -------
        DataFrame
            The replaced contact: one row with the columns of `stcrm.schemas.Contacts`.

        Notes
        -----
        Operation: Contacts_Replace

        Examples
        --------
        >>> id = crm.contacts.create(name="Ann Lee", title="Owner")["id"].item()
        >>> crm.contacts.replace(id, is_archived=True, name="Ann Ray")["name"].item()
        'Ann Ray'
        """

    @operation
    def delete(self, id: str) -> None:
        """Delete a contact, its contact methods and their preferences.

        Parameters
        ----------
        id : str
            The GUID of the contact.

        Notes
        -----
        Operation: Contacts_DeleteContact

        Examples
        --------
        >>> id = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> crm.contacts.delete(id)
        """

    @operation
    def create_relationship(self, contact_id: str, related_entity_id: int, type_slug: str) -> None:
        """Add a relationship from a contact to a row, such as a customer.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        related_entity_id : int
            The id of the row that the contact is related to.
        type_slug : str
            The kind of relationship, such as `"customer"`.

        Notes
        -----
        Operation: Contacts_CreateContactRelationship

        Examples
        --------
        >>> id = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> customer = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.contacts.create_relationship(id, customer, "customer")
        >>> crm.contacts.list_relationships(id)["type_slug"].tolist()
        ['customer']
        """

    @operation
    def delete_relationship(self, contact_id: str, related_entity_id: int, type_slug: str) -> None:
        """Remove a relationship of a contact.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        related_entity_id : int
            The id of the row that the contact is related to.
        type_slug : str
            The kind of relationship, such as `"customer"`.

        Notes
        -----
        Operation: Contacts_DeleteContactRelationship

        Examples
        --------
        >>> id = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> customer = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.contacts.create_relationship(id, customer, "customer")
        >>> crm.contacts.delete_relationship(id, customer, "customer")
        """
