"""A parent that is gone or inactive does not lose the rows of the others: it is named, and the others are there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import (
    Conflict,
    IncompleteReadWarning,
    MissingParentsWarning,
    MissingRows,
    NotCachedError,
    NotFound,
    PermissionDenied,
    StcrmWarning,
)

from .company import BOOKINGS, CONTACTS, CUSTOMERS, LEADS, LOCATIONS, METHODS, PROVIDER

GONE = "00000009-0000-4000-8000-0000000000c1"
BELOW = {
    "leads.list_notes": (([*LEADS, 999],), {"lead_id": 999}),
    "customers.list_notes": (([*CUSTOMERS, 999],), {"customer_id": 999}),
    "locations.list_notes": (([*LOCATIONS, 999],), {"location_id": 999}),
    "customers.get_contacts": (([*CUSTOMERS, 999],), {"customer_id": 999}),
    "locations.get_contacts": (([*LOCATIONS, 999],), {"location_id": 999}),
    "customers.get_preferred_technician": (([*CUSTOMERS, 999],), {"customer_id": 999}),
    "locations.get_preferred_technician": (([*LOCATIONS, 999],), {"location_id": 999}),
    "bookings.list_contacts": (([*BOOKINGS, 999],), {"booking_id": 999}),
    "bookings.list_contacts_of_provider": (
        (PROVIDER, [*BOOKINGS, 999]),
        {"booking_provider_id": PROVIDER, "booking_id": 999},
    ),
    "contact_methods.list": (([*CONTACTS, GONE],), {"contact_id": GONE}),
    "contact_preferences.list": (
        ([*CONTACTS, GONE], [*METHODS, METHODS[0]]),
        {"contact_id": GONE, "contact_method_id": METHODS[0]},
    ),
}
"""With a parent that is gone, and how that one is named."""
REFUSED = {
    "contacts.list_relationships": list(CONTACTS),
    "contacts.list_by_relationship": [1, 2],
    "bookings.list_of_provider": [PROVIDER, PROVIDER + 1],
}
"""Methods whose parents the sandbox does not refuse, or that have no rows in it."""


@pytest.fixture
def crm(standing, join):
    standing.clear_faults()
    standing.requests.clear()
    return join(standing)


@pytest.fixture
def closed(box, join):
    """A connection to a service in which customer 2 is inactive."""
    with join(box) as crm:
        crm.customers.update(2, active=False)
    return lambda **options: join(box, **options)


def about(frame):
    return {name: frame.attrs["stcrm"][name] for name in ("missing_parents", "withheld_parents", "complete", "rows")}


def test_every_method_with_parents_is_covered():
    several = {op.name for op in OPERATIONS.values() if not op.writes and op.path_names and op.returns != "row"}
    assert several == {*BELOW, *REFUSED}


@pytest.mark.parametrize("method", BELOW)
def test_deleted_parent_does_not_affect_others(method, crm, call):
    args, named = BELOW[method]
    there = call(crm, method, *[arg[:-1] if isinstance(arg, list) else arg for arg in args])
    assert about(there) == {"missing_parents": [], "withheld_parents": [], "complete": True, "rows": len(there)}
    with pytest.warns(
        MissingParentsWarning, match=f"{method}: nothing exists below .*{list(named.values())[-1]}"
    ) as warned:
        found = call(crm, method, *args)
    assert len(warned) == 1
    assert warned[0].filename.endswith("conftest.py"), "the caller's line"
    assert found.equals(there)
    assert len(found) > 0
    assert about(found) == {"missing_parents": [named], "withheld_parents": [], "complete": True, "rows": len(found)}


@pytest.mark.parametrize("method", REFUSED)
def test_rejected_parent_does_not_affect_others(method, crm, call, standing):
    standing.inject(method, status=404)
    with pytest.warns(MissingParentsWarning, match=f"{method}: nothing exists below"):
        found = call(crm, method, REFUSED[method])
    assert len(found.attrs["stcrm"]["missing_parents"]) == 1
    assert found.attrs["stcrm"]["complete"]


def test_inactive_parent_is_withheld(closed):
    with closed() as crm, pytest.warns(IncompleteReadWarning, match="customer_id 2 .409"):
        found = crm.customers.get_contacts(CUSTOMERS)
    assert found["customer_id"].tolist() == [1, 3]
    assert about(found) == {
        "missing_parents": [],
        "withheld_parents": [{"customer_id": 2}],
        "complete": False,
        "rows": 2,
    }


def test_a_warm_read_has_the_same_attrs_and_warnings(closed, box):
    outcomes = []
    for options in ({}, {}, {"offline": True}, {"allow": True}):
        allow = options.pop("allow", False)
        box.requests.clear()
        with closed(**options) as crm, pytest.warns(StcrmWarning) as warned:
            found = crm.customers.get_contacts([*CUSTOMERS, 999], allow_incomplete=allow)
        sent = [one for one in box.requests if one.operation == "Customers_GetContactList"]
        outcomes.append((len(sent), found.to_dict(), about(found), sorted(str(one.message) for one in warned)))
    cold, *warm = outcomes
    assert cold[0] == 4
    assert [one[0] for one in warm] == [0, 0, 0]
    assert all(one[1:] == cold[1:] for one in warm)
    assert cold[2]["withheld_parents"] == [{"customer_id": 2}]
    assert cold[2]["missing_parents"] == [{"customer_id": 999}]
    with closed() as crm, pytest.warns(StcrmWarning):
        assert about(crm.customers.get_contacts([*CUSTOMERS, 999], refresh=True)) == cold[2]


def test_restored_parent_is_read_with_refresh(box, join):
    with join(box) as crm:
        with pytest.warns(MissingParentsWarning):
            crm.leads.list_notes([*LEADS, 77])
        box.put("leads", {**box.row("leads", LEADS[0]), "id": 77})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert about(crm.leads.list_notes([*LEADS, 77], refresh=True))["missing_parents"] == []


@pytest.mark.parametrize("id", [999, np.int64(999), [999], [999, 998]], ids=repr)
def test_all_parents_missing_raises(id, crm):
    for read in (crm.leads.list_notes, crm.customers.get_contacts):
        with pytest.raises(NotFound, match="999"):
            read(id)
    with pytest.raises(MissingRows, match="999"):
        crm.bookings.list_contacts(id)


def test_single_inactive_id_raises(closed):
    with closed() as crm, pytest.raises(Conflict, match="id 2"):
        crm.customers.get_contacts(2)


def test_missing_scope_raises(standing, crm):
    standing.inject("customers.get_contacts", after=1, status=403, times=None)
    with pytest.raises(PermissionDenied):
        crm.customers.get_contacts(CUSTOMERS)


def test_strict_raises_with_cached_parents(closed):
    with closed() as crm:
        with pytest.warns(IncompleteReadWarning):
            crm.customers.get_contacts(CUSTOMERS)
        with pytest.warns(MissingParentsWarning):
            crm.leads.list_notes([*LEADS, 999])
    with closed(strict=True) as crm:
        with pytest.raises(Conflict, match="id 2"):
            crm.customers.get_contacts(CUSTOMERS)
        with pytest.raises(NotFound, match="999"):
            crm.leads.list_notes([*LEADS, 999])
        with pytest.raises(MissingRows, match="999"):
            crm.bookings.list_contacts([*BOOKINGS, 999])
    with closed(strict=True, offline=True) as crm, pytest.raises(NotCachedError):
        crm.customers.get_contacts(CUSTOMERS)


def test_many_missing_parents_are_counted(crm):
    with pytest.warns(MissingParentsWarning, match="lead_id 905 and 2 more") as warned:
        found = crm.leads.list_notes([*LEADS, *range(901, 908)])
    assert len(warned) == 1
    assert [one["lead_id"] for one in found.attrs["stcrm"]["missing_parents"]] == list(range(901, 908))
