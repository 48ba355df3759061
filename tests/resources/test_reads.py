"""Reads below parents: one or many, one frame, the parents as columns; and contacts joined to their customers."""

from __future__ import annotations

import operator

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.errors import MissingRows, UsageError

from .cases import CASES
from .company import BOOKINGS, CONTACTS, CUSTOMERS, LEADS, LOCATIONS, METHODS, PROVIDER, TECHNICIAN

READS = [case for case in CASES if not by_name(case.name).writes]
BELOW_ONE = [case for case in READS if len(by_name(case.name).path_names) == 1 and by_name(case.name).returns != "row"]
EMPTY = {
    "page": {"page": 1, "pageSize": 50, "hasMore": False, "totalCount": 0, "data": []},
    "feed": {"hasMore": False, "continueFrom": "t", "data": []},
    "array": [],
}


@pytest.fixture
def crm(standing, join):
    standing.clear_faults()
    standing.requests.clear()
    return join(standing)


@pytest.mark.parametrize(
    "case", [case for case in READS if by_name(case.name).returns in EMPTY], ids=lambda case: case.name
)
def test_empty_response_has_the_same_columns_and_dtypes(case, standing, crm, call):
    operation = by_name(case.name)
    standing.inject(case.name, body=EMPTY[operation.returns])
    found = call(crm, case.name, *case.args, **case.given)
    frame = found.frame if isinstance(found, stcrm.Feed) else found
    assert len(frame) == 0
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == operation.row.dtypes


@pytest.mark.parametrize("case", BELOW_ONE, ids=lambda case: case.name)
def test_no_parents_need_no_request(case, standing, crm, call):
    operation = by_name(case.name)
    frame = call(crm, case.name, [])
    assert not standing.requests
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == operation.row.dtypes


BELOW = [
    ("leads.list_notes", LEADS, "lead_id", (121, 122, 123)),
    ("customers.list_notes", CUSTOMERS, "customer_id", (131, 132, 133)),
    ("locations.list_notes", LOCATIONS, "location_id", (141, 142, 143)),
    ("customers.get_contacts", CUSTOMERS, "customer_id", (101, 102, 103)),
    ("locations.get_contacts", LOCATIONS, "location_id", (111, 112, 113)),
]


@pytest.mark.parametrize(("method", "parents", "column", "ids"), BELOW, ids=lambda one: str(one)[:24])
def test_many_parents_give_one_frame(method, parents, column, ids, standing, crm, call):
    whole = call(crm, method, [*parents, parents[0]])
    assert list(zip(whole[column], whole["id"], strict=True)) == list(zip(parents, ids, strict=True))
    assert len(standing.requests) == 4, "the sign-in, and one call for each"
    assert whole.attrs["stcrm"]["filters"] == {"id": list(parents)}
    for kind in (pd.Series(parents, dtype="Int64"), pd.Index(parents), iter(parents)):
        assert call(crm, method, kind).equals(whole)
    one = call(crm, method, parents[1])
    assert one.equals(whole.iloc[[1]].reset_index(drop=True))
    assert one.attrs["stcrm"]["filters"] == {"id": parents[1]}


def test_missing_parents_are_reported(crm):
    with pytest.raises(MissingRows, match=f"no row has contact_id {CONTACTS[1]}"):
        crm.contact_methods.get(CONTACTS[1], METHODS[0])
    gone = "00000009-0000-4000-8000-0000000000c1"
    with pytest.raises(MissingRows, match=f"id {gone}") as caught:
        crm.contacts.get([CONTACTS[0], gone])
    assert caught.value.ids == [gone]
    with pytest.raises(MissingRows, match="id 999"):
        crm.bookings.get_of_provider(PROVIDER, [BOOKINGS[0], 999])
    with pytest.raises(MissingRows, match="id 31"):
        crm.bookings.get_of_provider(42, 31)
    with pytest.raises(MissingRows, match="preference_name Nothing"):
        crm.contact_preferences.get(CONTACTS[0], METHODS[0], "Nothing")


def test_invalid_parents_raise(standing, crm):
    with pytest.raises(UsageError, match=r"customers.list_notes\(id=…\): must be a whole number"):
        crm.customers.list_notes(["x"])
    with pytest.raises(UsageError, match="must have the same length"):
        crm.contact_methods.get(CONTACTS[:2], METHODS[:3])
    with pytest.raises(UsageError, match=r"contact_methods.list\(contact_id=…\): must be a GUID"):
        crm.contact_methods.list([7])
    with pytest.raises(UsageError, match="created_on"):
        crm.customers.list_notes(1, created_on_or_after="soon")
    assert not standing.requests


def test_rows_are_in_the_requested_order(crm):
    wanted = [CONTACTS[2], CONTACTS[0], CONTACTS[2].upper()]
    assert crm.contacts.get(wanted)["id"].tolist() == [CONTACTS[2], CONTACTS[0]]
    assert crm.bookings.get_of_provider(PROVIDER, [33, 31])["id"].tolist() == [33, 31]
    pairs = crm.contact_methods.get(CONTACTS[:2], METHODS[:2])
    assert list(zip(pairs["contact_id"], pairs["id"], strict=True)) == list(zip(CONTACTS[:2], METHODS[:2], strict=True))
    names = ["Marketing", "Invoices"]
    assert crm.contact_preferences.get(CONTACTS[0], METHODS[0], names)["name"].tolist() == names


def test_preferences_have_their_parent_ids(crm):
    frame = crm.contact_preferences.list(pd.Series(CONTACTS), pd.Series(METHODS[:3]))
    assert frame.groupby("contact_id")["contact_method_id"].unique().map(list).to_dict() == {
        contact: [method] for contact, method in zip(CONTACTS, METHODS, strict=True)
    }


def test_bookings_of_several_providers(crm):
    found = crm.bookings.list_of_provider([PROVIDER, 42], ids=[*range(1_000, 1_060), *BOOKINGS])
    assert found["id"].tolist() == list(BOOKINGS)
    assert crm.bookings.list_contacts_of_provider(PROVIDER, BOOKINGS).equals(crm.bookings.list_contacts(BOOKINGS))


def test_contacts_by_relationship(box, join):
    crm = join(box)
    crm.contacts.create_relationship(CONTACTS[0], 1, "customer")
    crm.contacts.create_relationship(CONTACTS[0], 2, "customer")
    crm.contacts.create_relationship(CONTACTS[1], 2, "customer")
    found = crm.contacts.list_by_relationship([1, 2])
    assert sorted(zip(found["relationship_id"], found["id"], strict=True)) == [
        (1, CONTACTS[0]),
        (2, CONTACTS[0]),
        (2, CONTACTS[1]),
    ]
    assert crm.contacts.list_relationships(CONTACTS)["related_entity_id"].tolist() == [1, 2, 2]


@pytest.mark.parametrize(("family", "ids"), [("customers", CUSTOMERS), ("locations", LOCATIONS)])
def test_preferred_technicians(family, ids, box, join):
    crm = join(box)
    resource, column = operator.attrgetter(family)(crm), f"{family[:-1]}_id"
    resource.set_preferred_technician(ids[0], TECHNICIAN)
    box.inject(f"{family}.get_preferred_technician", after=2, body="")  # as .NET answers null
    found = resource.get_preferred_technician(ids)
    assert found.columns.tolist() == [column, "technician_id"]
    assert found[column].tolist() == list(ids)
    assert found["technician_id"].dtype == "Int64"
    assert found["technician_id"].dropna().tolist() == [TECHNICIAN]
    assert found["technician_id"].isna().tolist() == [False, True, True]


# With contacts


@pytest.mark.parametrize(
    ("family", "ids", "contacts"),
    [("customers", CUSTOMERS, (101, 102, 103)), ("locations", LOCATIONS, (111, 112, 113))],
)
def test_contacts_are_joined(family, ids, contacts, box, join):
    crm = join(box)
    resource = operator.attrgetter(family)(crm)
    more = resource.create_contact(ids[0], type="MobilePhone", value="512-555-0100")["id"].item()
    fax = resource.create_contact(ids[0], type="Fax", value="512-555-0101")["id"].item()
    resource.delete_contact(ids[1], contacts[1])
    frame = resource.list()
    frame.index = [7, 8, 9]

    long = resource.with_contacts(frame)
    assert long["id"].tolist() == [ids[0], ids[0], ids[0], ids[1], ids[2]]
    assert long["contact_id"].tolist() == [contacts[0], more, fax, pd.NA, contacts[2]]
    assert long["contact_id"].dtype == "Int64"
    assert "contact_phone_settings_do_not_text" in long
    assert long[frame.columns].drop_duplicates("id").reset_index(drop=True).equals(frame.reset_index(drop=True))

    wide = resource.with_contacts(frame, "wide")
    assert wide[frame.columns].equals(frame)
    assert wide.attrs["stcrm"]["operation"] == frame.attrs["stcrm"]["operation"]
    first = "a@example.com" if family == "customers" else "x"
    phones, emails = ("phones", "emails") if family == "customers" else ("emails", "phones")
    assert "512-555-0100" in wide["phones"].iloc[0]
    assert wide[emails].iloc[0] == ((first,) if family == "customers" else (first, "512-555-0100"))
    assert wide[emails].iloc[1] == wide[phones].iloc[1] == ()
    assert wide["phone"].isna().iloc[1]
    assert "512-555-0101" not in str(wide[["phones", "emails"]].to_numpy())


def test_many_customers_need_few_requests(standing, crm):
    from stcrm_pandas.resources.customer_or_location import FEW

    frame = pd.DataFrame({"id": pd.Series(range(1, FEW + 2), dtype="Int64")})
    wide = crm.customers.with_contacts(frame, "wide")
    assert len(standing.requests) == 2, "the sign-in, and one for all contacts"
    assert wide["email"].count() == 3
    assert len(wide) == FEW + 1


def test_with_contacts_of_an_empty_frame(standing, crm):
    none = crm.customers.list().head(0)
    sent = len(standing.requests)
    long = crm.customers.with_contacts(none)
    assert len(standing.requests) == sent
    assert len(long) == 0
    assert long["contact_value"].dtype == "str"
    wide = crm.customers.with_contacts(none, "wide")
    assert wide["phones"].dtype == object
    assert wide["phone"].dtype == "str"


def test_with_contacts_rejects_invalid_frames(crm):
    with pytest.raises(UsageError, match="no column 'id'"):
        crm.customers.with_contacts(pd.DataFrame({"x": [1]}))
    with pytest.raises(UsageError, match="'long' or 'wide'"):
        crm.customers.with_contacts(pd.DataFrame({"id": [1]}), "broad")
    with pytest.raises(UsageError, match="already has phone"):
        crm.customers.with_contacts(pd.DataFrame({"id": [1], "phone": ["x"]}), "wide")


def test_operations_table_names_existing_methods(crm):
    for row in crm.operations(all=True).itertuples():
        method = operator.attrgetter(row.name)(crm)
        assert method.__doc__.startswith(row.summary)
        assert row.operation_id in method.__doc__
        assert OPERATIONS[row.operation_id].name == row.name
