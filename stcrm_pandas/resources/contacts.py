"""The newer contacts API: contacts, whose ids are GUIDs, their phone numbers and addresses, and their preferences."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stcrm_pandas.contract.arguments import Clears, ContactType
from stcrm_pandas.resources.resource import Guids, Ids, MaxAge, Plannable, When, operation


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
            Whether to return archived contacts, or the others. The API does not document its default.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            Whether to return archived contacts, or the others. The API does not document its default.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
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


class ContactMethods(Plannable):
    """Contact methods: phone numbers and e-mail addresses of contacts in the newer contacts API."""

    name = "contact_methods"

    @operation
    def list(
        self,
        contact_ids: Guids,
        *,
        reference_id: str | None = None,
        type: ContactType | None = None,
        value: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the contact methods of contacts, with one request per contact.

        Parameters
        ----------
        contact_ids : str, sequence of str or Series
            The GUIDs of one or more contacts.
        reference_id : str, optional
            Only rows with this id from your own system.
        type : {"Phone", "MobilePhone", "Email", "Fax"}, optional
            Only contact methods of this type.
        value : str, optional
            Only contact methods with this value.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact method, with the columns of `stcrm.schemas.ContactMethods`. Times are in UTC.

        Raises
        ------
        NotFound
            None of the contacts exists.

        Notes
        -----
        Operation: ContactMethods_GetContactMethods

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> len(crm.contact_methods.list(contact))
        0
        """

    @operation
    def search(
        self,
        *,
        contact_id: str | None = None,
        reference_id: str | None = None,
        type: ContactType | None = None,
        value: str | None = None,
        created_on_or_after: When | None = None,
        created_before: When | None = None,
        modified_on_or_after: When | None = None,
        modified_before: When | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the contact methods of all contacts that match the filters, oldest first.

        Parameters
        ----------
        contact_id : str, optional
            Only contact methods of this contact.
        reference_id : str, optional
            Only rows with this id from your own system.
        type : {"Phone", "MobilePhone", "Email", "Fax"}, optional
            Only contact methods of this type.
        value : str, optional
            Only contact methods with this value.
        created_on_or_after : str, date or Timestamp, optional
            Only rows created at or after this time. The default time zone is the tenant's.
        created_before : str, date or Timestamp, optional
            Only rows created before this time. The default time zone is the tenant's.
        modified_on_or_after : str, date or Timestamp, optional
            Only rows last modified at or after this time. The default time zone is the tenant's.
        modified_before : str, date or Timestamp, optional
            Only rows last modified before this time. The default time zone is the tenant's.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact method, with the columns of `stcrm.schemas.ContactMethods`. Times are in UTC.

        Notes
        -----
        Operation: Contacts_SearchContactMethods

        Examples
        --------
        >>> crm.contact_methods.search()["id"].is_unique
        True
        """

    @operation
    def get(
        self,
        contact_ids: Guids,
        contact_method_ids: Guids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return contact methods by id, in the order of the ids, with one request per id.

        Parameters
        ----------
        contact_ids : str, sequence of str or Series
            The GUID of the contact, or one contact's GUID per contact method.
        contact_method_ids : str, sequence of str or Series
            The GUIDs of one or more contact methods.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per contact method, with the columns of `stcrm.schemas.ContactMethods`. Times are in UTC.

        Raises
        ------
        MissingRows
            A contact method does not exist.

        Notes
        -----
        Operation: ContactMethods_GetContactMethod

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> made = crm.contact_methods.create(contact, type="Email", value="ann@example.com")
        >>> crm.contact_methods.get(contact, made["id"])["value"].item()
        'ann@example.com'
        """

    @operation
    def create(
        self,
        contact_id: str,
        *,
        type: ContactType,
        value: str,
        reference_id: str | None = None,
        memo: str | None = None,
    ) -> pd.DataFrame:
        """Add a contact method to a contact.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        type : {"Phone", "MobilePhone", "Email", "Fax"}
            Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.
        value : str
            The phone number, e-mail address or fax number.
        reference_id : str, optional
            The id of the row in your own system.
        memo : str, optional
            A note on this phone number or e-mail address, as free text.

        Returns
        -------
        DataFrame
            The contact method: one row with the columns of `stcrm.schemas.ContactMethods`.

        Notes
        -----
        Operation: ContactMethods_CreateContactMethod

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> crm.contact_methods.create(contact, type="MobilePhone", value="512-555-0100")["type"].item()
        'MobilePhone'
        """

    @operation
    def update(
        self, contact_id: str, contact_method_id: str, *, value: str | None = None, memo: str | None = None
    ) -> pd.DataFrame:
        """Change the value or the memo of a contact method.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        contact_method_id : str
            The id of the contact method, a GUID.
        value : str, optional
            The phone number, e-mail address or fax number.
        memo : str, optional
            A note on this phone number or e-mail address, as free text.

        Returns
        -------
        DataFrame
            The changed contact method: one row with the columns of `stcrm.schemas.ContactMethods`.

        Notes
        -----
        Operation: ContactMethods_UpdateContactMethod

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> method = crm.contact_methods.create(contact, type="Email", value="ann@example.com")["id"].item()
        >>> crm.contact_methods.update(contact, method, memo="work")["memo"].item()
        'work'
        """

    @operation
    def upsert(
        self,
        contact_id: str,
        contact_method_id: str,
        *,
        type: ContactType,
        value: str,
        reference_id: str | Clears | None = None,
        memo: str | Clears | None = None,
    ) -> pd.DataFrame:
        """Replace a contact method, or create it with your own GUID.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        contact_method_id : str
            The GUID of the contact method, or a new GUID to create one.
        type : {"Phone", "MobilePhone", "Email", "Fax"}
            Whether `value` is a phone number, a mobile phone number, an e-mail address or a fax number.
        value : str
            The phone number, e-mail address or fax number.
        reference_id : str or CLEAR, optional
            The id of the row in your own system.
        memo : str or CLEAR, optional
            A note on this phone number or e-mail address, as free text.

        Returns
        -------
        DataFrame
            The contact method, replaced or new: one row with the columns of `stcrm.schemas.ContactMethods`.

        Notes
        -----
        Operation: ContactMethods_UpsertContactMethod

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> method = crm.contact_methods.create(contact, type="Email", value="ann@example.com")["id"].item()
        >>> crm.contact_methods.upsert(contact, method, type="Email", value="lee@example.com")["value"].item()
        'lee@example.com'
        """

    @operation
    def delete(self, contact_id: str, contact_method_id: str) -> None:
        """Delete a contact method and its preferences.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        contact_method_id : str
            The id of the contact method, a GUID.

        Notes
        -----
        Operation: ContactMethods_DeleteContactMethod

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> method = crm.contact_methods.create(contact, type="Fax", value="512-555-0101")["id"].item()
        >>> crm.contact_methods.delete(contact, method)
        """


class ContactPreferences(Plannable):
    """Preferences in the newer contacts API: what may be sent to a phone number or e-mail address."""

    name = "contact_preferences"

    @operation
    def list(
        self,
        contact_ids: Guids,
        contact_method_ids: Guids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the preferences of contact methods, with one request per contact method.

        Parameters
        ----------
        contact_ids : str, sequence of str or Series
            The GUID of the contact, or one contact's GUID per contact method.
        contact_method_ids : str, sequence of str or Series
            The GUIDs of one or more contact methods.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per preference, with the columns of `stcrm.schemas.ContactPreferences`. `contact_id` and
            `contact_method_id` identify the contact method that the preference belongs to.

        Raises
        ------
        NotFound
            None of the contact methods exists.

        Notes
        -----
        Operation: ContactPreferences_GetContactMethodPreferences

        Examples
        --------
        >>> methods = crm.contact_methods.search().head(2)
        >>> crm.contact_preferences.list(methods["contact_id"], methods["id"]).columns.tolist()
        ['contact_id', 'contact_method_id', 'name', 'data_type', 'value']
        """

    @operation
    def get(
        self,
        contact_ids: Guids,
        contact_method_ids: Guids,
        preference_names: str | Sequence[str] | pd.Series,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return preferences by name, in the order of the arguments, with one request per name.

        Parameters
        ----------
        contact_ids : str, sequence of str or Series
            The GUID of the contact, or one contact's GUID per preference.
        contact_method_ids : str, sequence of str or Series
            The GUID of the contact method, or one contact method's GUID per preference.
        preference_names : str, sequence of str or Series
            The names of one or more preferences.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per preference, with the columns of `stcrm.schemas.ContactPreferences`.

        Raises
        ------
        MissingRows
            A preference does not exist.

        Notes
        -----
        Operation: ContactPreferences_GetContactMethodPreference

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> method = crm.contact_methods.create(contact, type="Email", value="ann@example.com")["id"].item()
        >>> name = crm.contact_preferences.list(contact, method)["name"].iloc[0]
        >>> len(crm.contact_preferences.get(contact, method, name))
        1
        """

    @operation
    def list_types(
        self,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Return the types of preferences.

        Parameters
        ----------
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            One row per type, with the columns of `stcrm.schemas.ContactPreferenceTypes`.

        Notes
        -----
        Operation: Contacts_GetPreferenceMetadataList

        Examples
        --------
        >>> crm.contact_preferences.list_types()["name"].is_unique
        True
        """

    @operation
    def update(self, contact_id: str, contact_method_id: str, preference_name: str, *, value: str) -> pd.DataFrame:
        """Change a preference of a contact method.

        Parameters
        ----------
        contact_id : str
            The GUID of the contact.
        contact_method_id : str
            The id of the contact method, a GUID.
        preference_name : str
            The name of the preference.
        value : str
            The new value, as text that matches `data_type`.

        Returns
        -------
        DataFrame
            The changed preference: one row with the columns of `stcrm.schemas.ContactPreferences`.

        Notes
        -----
        Operation: ContactPreferences_UpdateContactMethodPreference

        Examples
        --------
        >>> contact = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> method = crm.contact_methods.create(contact, type="Email", value="ann@example.com")["id"].item()
        >>> name = crm.contact_preferences.list(contact, method)["name"].iloc[0]
        >>> crm.contact_preferences.update(contact, method, name, value="false")["value"].item()
        'false'
        """
