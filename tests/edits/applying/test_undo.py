"""Back from new values to old ones; what is one-way, or consent, is left out and listed."""

from __future__ import annotations

import warnings

import pytest

from stcrm_pandas.errors import DriftWarning, UsageError


def test_coordinates_come_back_and_a_unit_stays(box, crm):
    box.change("locations", 101, **{"address.unit": None})
    before = crm.locations.list(refresh=True)
    result = crm.locations.plan_changes(before, before.head(2).assign(address_street="1 Oak St")).apply()
    address = box.row("locations", 101)["address"]
    assert (address["latitude"], address["longitude"], address["unit"]) == (None, None, "")
    back = result.undo()
    assert back.refused[["id", "column"]].to_dict("records") == [{"id": 101, "column": "address_unit"}]
    assert back.apply().ok
    for id, unit in ((101, ""), (102, "x")):
        address = box.row("locations", id)["address"]
        assert (address["latitude"], address["street"], address["unit"]) == (0.5, "x", unit)


def test_one_way_cells_are_left_out_and_listed(box, crm):
    box.change("customers", 1, type=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        before = crm.customers.list(refresh=True)
        result = crm.customers.plan_changes(before, before.head(1).assign(type="Commercial", name="A")).apply()
        back = result.undo()
    assert back.changes["column"].tolist() == ["name"]
    assert back.refused["column"].tolist() == ["type"]
    assert "cannot be cleared" in back.refused["reason"].item()


def test_only_what_was_written_and_only_where_nobody_changed_it_since(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 3))
    box.inject("customers.update", status=400)
    result = plan.apply()
    assert len(result.succeeded) == 2
    first, second = result.succeeded["id"]
    box.change("customers", int(first), name="Theirs")
    undone = result.undo().apply()
    assert undone.conflicts["id"].tolist() == [first]
    assert undone.succeeded["id"].tolist() == [second]
    assert box.row("customers", int(first))["name"] == "Theirs"


def test_custom_fields_come_back_by_type(box, crm):
    before = crm.customers.list(refresh=True).head(2)
    field = type(before["custom_fields"].iloc[0][0])
    after = before.assign(custom_fields=[(field(92, None, "new"), field(91, None, "13")), ()])
    result = crm.customers.plan_changes(before, after).apply()
    kept = {one["typeId"]: one["value"] for one in box.row("customers", 1)["customFields"]}
    assert kept == {91: "13", 92: "new"}
    assert not box.row("customers", 2)["customFields"]
    assert result.undo().apply().ok
    for id in (1, 2):
        assert {one["typeId"]: one["value"] for one in box.row("customers", id)["customFields"]} == {91: "12"}


def test_a_week_later_from_the_journal(box, crm, join, renamed, time):
    path = crm.customers.plan_changes(*renamed(crm, 2)).apply().path
    time.passed += 7 * 86_400
    later = join(box)
    plan = later.undo(path, reason="a mistake")
    assert plan.reason == "a mistake"
    assert plan.apply().ok
    assert box.row("customers", 1)["name"] == "x"


def test_a_customer_who_was_switched_off_comes_back(box, crm):
    before = crm.customers.list(refresh=True).head(1)
    plan = crm.customers.plan_changes(before, before.assign(active=False), allow_deactivate=True)
    result = plan.apply()
    assert box.row("customers", 1)["active"] is False
    assert result.undo().apply().ok
    assert box.row("customers", 1)["active"] is True


def test_the_undo_of_an_undo(box, crm, renamed):
    result = crm.customers.plan_changes(*renamed(crm, 2)).apply()
    back = result.undo().apply()
    assert back.undo().apply().ok
    assert box.row("customers", 1)["name"] == "New name"
    with pytest.raises(UsageError, match="no journal"):
        crm.undo("nowhere.sqlite")
