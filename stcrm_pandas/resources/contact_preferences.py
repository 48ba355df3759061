"""Methods for preferences of contact methods: what may be sent to a phone number or e-mail address."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from stcrm_pandas.resources.base.planning import Plannable
from stcrm_pandas.resources.base.resource import Guids, MaxAge, operation


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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
            Maximum age of cached data, such as `"15m"`, or a number of seconds. The default is the setting of the
            connection.
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
