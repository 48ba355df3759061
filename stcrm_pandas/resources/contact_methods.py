"""Methods for contact methods: phone numbers and e-mail addresses in the newer contacts API."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.contract.nested import ContactType
from stcrm_pandas.contract.sentinel import Clears
from stcrm_pandas.resources.base.planning import Plannable
from stcrm_pandas.resources.base.resource import Guids, MaxAge, When, operation


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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
