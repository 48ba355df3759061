"""Helpers for contacts of the newer store, whose ids are GUIDs."""

from __future__ import annotations

import pandas as pd

from stcrm_pandas.contract.sentinel import Clears
from stcrm_pandas.resources.planning import Plannable
from stcrm_pandas.resources.resource import Guids, Ids, MaxAge, When, helper


class Contacts(Plannable):
    """Contacts of the newer store: people, reached by contact methods. Nothing joins them to customers' contacts."""

    name = "contacts"

    @helper
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
        """All contacts that fit, in the order of their creation.

        Parameters:
            is_archived: True or False; the contract does not say what the service takes for granted.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.Contacts`; times are in UTC.

        Operation: Contacts_GetList

        >>> crm.contacts.list()["id"].is_unique
        True
        """
        return self._list("list", locals())

    @helper
    def get(
        self,
        ids: Guids,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Contacts by id, in the order in which they are asked for: one call for each, side by side.

        Parameters:
            ids: one GUID or many; what stands twice comes once.

        Returns:
            A frame with the columns of `stcrm.schemas.Contacts`, a row for each id.

        Raises:
            MissingRows: one does not exist.

        Operation: Contacts_Get

        >>> made = crm.contacts.create(name="Ann Lee")
        >>> crm.contacts.get(made["id"])["name"].item()
        'Ann Lee'
        """
        return self._each("get", locals())

    @helper
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
        """Contacts that belong to something, by its id: one call for each, side by side.

        Parameters:
            relationship_ids: one id or many: `related_entity_id` of relationships.
            is_archived: True or False; the contract does not say what the service takes for granted.
            created_on_or_after, created_before: half-open bounds of the creation.
            modified_on_or_after, modified_before: half-open bounds of the latest change.

        Returns:
            A frame with the columns of `stcrm.schemas.ContactsOfRelationship`; `relationship_id` says to what each
            belongs.

        Operation: Contacts_GetByRelationshipId

        >>> ids = crm.customers.list(active=True)["id"].head(3)
        >>> crm.contacts.list_by_relationship(ids)["relationship_id"].isin(ids).all()
        np.True_
        """
        return self._list("list_by_relationship", locals())

    @helper
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
        """What contacts belong to: one call for each contact, side by side.

        Parameters:
            contact_ids: one GUID or many.
            created_on_or_after, created_before: half-open bounds of the creation.

        Returns:
            A frame with the columns of `stcrm.schemas.ContactRelationships`; `contact_id` says whose each is.

        Raises:
            NotFound: the only contact, or each of several, does not exist.

        Operation: Contacts_GetContactRelationshipList

        >>> made = crm.contacts.create(name="Ann Lee")
        >>> len(crm.contacts.list_relationships(made["id"]))
        0
        """
        return self._list("list_relationships", locals())

    @helper
    def create(
        self, *, name: str | None = None, title: str | None = None, reference_id: str | None = None
    ) -> pd.DataFrame:
        """Create a contact.

        Parameters:
            reference_id: an id of your own.

        Returns:
            The contact: one row with the columns of `stcrm.schemas.Contacts`.

        Operation: Contacts_Create

        >>> crm.contacts.create(name="Ann Lee", title="Owner")["title"].item()
        'Owner'
        """
        return self._write("create", locals())

    @helper
    def update(
        self,
        id: str,
        *,
        is_archived: bool,
        name: str | Clears | None = None,
        title: str | Clears | None = None,
        reference_id: str | Clears | None = None,
    ) -> pd.DataFrame:
        """Change a contact; `CLEAR` empties a text.

        Parameters:
            is_archived: the contract wants it every time: give what it is where it should stay.

        Returns:
            The contact as it is now: one row with the columns of `stcrm.schemas.Contacts`.

        Operation: Contacts_Update

        >>> id = crm.contacts.create(name="Ann Lee", title="Owner")["id"].item()
        >>> crm.contacts.update(id, is_archived=False, title=stcrm.CLEAR)["title"].isna().item()
        True
        """
        return self._write("update", locals())

    @helper
    def replace(
        self,
        id: str,
        *,
        is_archived: bool,
        name: str | Clears | None = None,
        title: str | Clears | None = None,
        reference_id: str | Clears | None = None,
    ) -> pd.DataFrame:
        """Replace a contact as a whole: what is not named is emptied.

        Returns:
            The contact as it is now: one row with the columns of `stcrm.schemas.Contacts`.

        Operation: Contacts_Replace

        >>> id = crm.contacts.create(name="Ann Lee", title="Owner")["id"].item()
        >>> crm.contacts.replace(id, is_archived=True, name="Ann Ray")["name"].item()
        'Ann Ray'
        """
        return self._write("replace", locals())

    @helper
    def delete(self, id: str) -> None:
        """Delete a contact, with its methods and their preferences.

        Operation: Contacts_DeleteContact

        >>> id = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> crm.contacts.delete(id)
        """
        self._send("delete", locals())

    @helper
    def create_relationship(self, contact_id: str, related_entity_id: int, type_slug: str) -> None:
        """Make a contact belong to something, as to a customer.

        Parameters:
            related_entity_id: the id of what it belongs to.
            type_slug: the kind of belonging, as the service spells it.

        Operation: Contacts_CreateContactRelationship

        >>> id = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> customer = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.contacts.create_relationship(id, customer, "customer")
        >>> crm.contacts.list_relationships(id)["type_slug"].tolist()
        ['customer']
        """
        self._send("create_relationship", locals())

    @helper
    def delete_relationship(self, contact_id: str, related_entity_id: int, type_slug: str) -> None:
        """Make a contact no longer belong to something.

        Operation: Contacts_DeleteContactRelationship

        >>> id = crm.contacts.create(name="Ann Lee")["id"].item()
        >>> customer = crm.customers.list(active=True)["id"].iloc[0]
        >>> crm.contacts.create_relationship(id, customer, "customer")
        >>> crm.contacts.delete_relationship(id, customer, "customer")
        """
        self._send("delete_relationship", locals())
