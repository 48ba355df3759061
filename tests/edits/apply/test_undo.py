"""Back from new values to old ones; what is one-way, or consent, is left out and listed."""

from __future__ import annotations

import contextlib
import sqlite3
import warnings

import pandas as pd
import pytest

from stcrm_pandas.errors import DriftWarning, UsageError


def test_coordinates_are_restored_and_the_unit_is_kept(box, crm):
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


def test_undo_only_written_values_without_later_changes(box, crm, renamed):
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


def test_custom_fields_are_restored_by_type(box, crm):
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


def test_undo_from_the_journal_a_week_later(box, crm, join, renamed, time):
    path = crm.customers.plan_changes(*renamed(crm, 2)).apply().path
    time.passed += 7 * 86_400
    later = join(box)
    plan = later.undo(path, reason="a mistake")
    assert plan.reason == "a mistake"
    assert plan.apply().ok
    assert box.row("customers", 1)["name"] == "x"


def test_deactivated_customer_is_reactivated(box, crm):
    before = crm.customers.list(refresh=True).head(1)
    plan = crm.customers.plan_changes(before, before.assign(active=False), allow_deactivate=True)
    result = plan.apply()
    assert box.row("customers", 1)["active"] is False
    assert result.undo().apply().ok
    assert box.row("customers", 1)["active"] is True


def test_undo_of_an_undo(box, crm, renamed):
    result = crm.customers.plan_changes(*renamed(crm, 2)).apply()
    back = result.undo().apply()
    assert back.undo().apply().ok
    assert box.row("customers", 1)["name"] == "New name"
    with pytest.raises(UsageError, match="no journal"):
        crm.undo("nowhere.sqlite")


def spoiled(field, times=None):
    """A fault in which one row of an answer cannot be read."""

    def rows(found):
        for row in found:
            if row["id"] == 2:
                row[field] = "much"

    return {"rows": rows, "times": times}


@pytest.mark.parametrize(
    "fault",
    [
        *({"status": status, "times": 1} for status in (400, 403, 404, 409)),
        {"status": 503, "times": None},
        {"cut": 0, "times": None},
        spoiled("balance"),
    ],
)
def test_rows_without_read_back_are_undone(fault, box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 3))
    faults = []
    box.inject(
        "customers.update", after=2, times=1, before=lambda: faults.append(box.inject("customers.list", **fault))
    )
    result = plan.apply()
    assert len(result.failed) >= 1, "the read after the write failed"
    assert result.failed["why"].str.contains("the request was sent").all()
    assert {box.row("customers", id)["name"] for id in (1, 2, 3)} == {"New name"}
    box.clear_faults()
    back = result.undo()
    assert sorted(back.changes["id"]) == [1, 2, 3]
    assert back.refused.empty
    assert len(plan.apply().already) == 3, "the next apply does not know that it was the last one"
    assert result.undo().apply().ok
    assert {box.row("customers", id)["name"] for id in (1, 2, 3)} == {"x"}


def test_undecided_rows_are_listed(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 3))
    box.inject(
        "customers.update", after=2, times=1, before=lambda: box.inject("customers.list", times=None, status=503)
    )
    result = plan.apply()
    assert len(result.failed) == 3
    back = result.undo()
    assert sorted(back.refused["id"]) == [1, 2, 3]
    assert "could not be read" in back.refused["reason"].iloc[0]
    assert "3 rows that may have been changed could not be read" in back.warnings[0]
    box.clear_faults()
    box.change("customers", 1, name="Theirs")
    box.change("customers", 2, name="x")
    back = result.undo()
    assert back.changes["id"].tolist() == [3]
    assert back.refused["id"].tolist() == [1]
    assert "neither the old nor the planned one" in back.refused["reason"].item()


def test_delayed_write_after_the_apply_is_undone(box, crm, renamed):
    """The answer was lost, 100 s went by, and then the service did it."""
    plan = crm.customers.plan_changes(*renamed(crm, 2))
    box.inject("customers.update", times=1, cut=0, done=False)
    result = plan.apply()
    (late,) = result.failed["id"]
    assert result.undo().changes["id"].tolist() == [id for id in (1, 2) if id != late]
    box.change("customers", int(late), name="New name")
    assert sorted(result.undo().changes["id"]) == [1, 2]


def test_opt_out_without_read_back_is_listed(box, crm):
    before = crm.customers.list_contacts(refresh=True).head(3)
    plan = crm.customers.plan_contact_changes(before, before.assign(preferences_marketing_updates_enabled=False))
    box.inject(
        "customers.update_contact",
        after=2,  # the last reads before each of the requests are over
        before=lambda: box.inject("Customers_GetModifiedContactsList", times=1, status=403),
    )
    result = plan.apply()
    assert len(result.failed) == 3
    assert result.failed["why"].str.contains("the request was sent").all()
    box.clear_faults()
    back = result.undo()
    assert not back.steps
    assert sorted(back.refused["id"]) == sorted(before["id"])
    assert back.refused["reason"].str.contains("this is an opt-in").all()


def test_undo_after_a_crash_requires_a_resume(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    result = plan.apply(limit=3)
    with contextlib.closing(sqlite3.connect(result.path)) as db, db:
        db.execute("UPDATE rows SET state = 'sending' WHERE state = 'succeeded' AND step = 1")  # as a kill leaves it
    with pytest.raises(UsageError, match=r"1 row is unknown, .* First call crm.resume\(.*limit=0"):
        crm.undo(result)
    box.requests.clear()
    resumed = crm.resume(result, limit=0)
    assert not [arrival for arrival in box.requests if arrival.operation == "Customers_Update"]
    assert (len(resumed.succeeded), len(resumed.untried)) == (3, 2)
    assert resumed.undo().apply().ok
    assert {box.row("customers", id)["name"] for id in range(1, 6)} == {"x"}


def names(box, count):
    return [box.row("customers", id)["name"] for id in range(1, count + 1)]


@pytest.mark.parametrize("samples", [1, 2, 3])
def test_undo_covers_samples_of_the_plan(samples, box, crm, renamed):
    """Try some, try some more, then apply the rest: all of it is undone."""
    plan = crm.customers.plan_changes(*renamed(crm, 20))
    tried = [plan.sample(5, seed=seed).apply() for seed in range(samples)]
    result = plan.apply()
    assert len(result.already) == len({id for one in tried for id in one.succeeded["id"]})
    back = result.undo()
    assert sorted(back.changes["id"]) == list(range(1, 21))
    assert not back.warnings
    assert back.apply().ok
    assert names(box, 20) == ["x"] * 20


def test_undo_of_a_sample_leaves_the_rest(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 10))
    sample = plan.sample(3).apply()
    plan.apply()
    back = sample.undo()
    assert sorted(back.changes["id"]) == sorted(sample.succeeded["id"])
    assert not back.warnings


def test_undo_after_the_same_plan_was_applied_twice(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    assert plan.apply().ok
    again = plan.apply()
    assert len(again.already) == 5
    assert again.undo().apply().ok
    assert names(box, 5) == ["x"] * 5


def test_undo_leaves_what_was_undone_already(box, crm, renamed):
    """The sample was undone, and somebody else has given one of its rows the same name since."""
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    sample = plan.subset([1, 2]).apply()
    assert sample.undo().apply().ok
    box.change("customers", 2, name="New name")
    back = plan.apply().undo()
    assert sorted(back.changes["id"]) == [1, 3, 4, 5]


def test_undo_covers_a_sample_whose_undo_was_undone(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 8))
    sample = plan.sample(3).apply()
    first = sample.undo().apply()
    assert first.undo().apply().ok
    assert crm.journals().set_index("journal").loc[[str(sample.path), str(first.path)], "state"].tolist() == [
        "finished",
        "undone",
    ]
    rest = plan.apply()
    assert len(rest.already) == 3
    back = rest.undo()
    assert sorted(back.changes["id"]) == list(range(1, 9))
    assert not back.warnings
    assert back.apply().ok
    assert names(box, 8) == ["x"] * 8
    assert crm.journals().set_index("journal").loc[[str(sample.path), str(rest.path)], "state"].tolist() == [
        "undone",
        "undone",
    ]


@pytest.mark.parametrize("lost", ["overwritten", "deleted"])
def test_undo_counts_rows_that_no_journal_explains(lost, box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    sample = plan.sample(2).apply()
    result = plan.apply()
    for file in sample.path.parent.glob(f"{sample.path.name}*"):
        if lost == "overwritten":
            file.write_bytes(bytes(file.stat().st_size))
        else:
            file.unlink()
    back = result.undo()
    assert len(back.changes) == 3
    assert any(warning.startswith("2 rows had the planned value already") for warning in back.warnings)
    assert any(sample.path.name in warning for warning in back.warnings) is (lost == "overwritten")


def test_undo_of_one_of_two_requests_on_a_row_leaves_the_other(box, crm):
    """One request adds a tag and another one removes a tag; only the first of them was undone."""
    plan = crm.tags.plan([1, 2], add=[72], remove=[71])
    first = plan.apply()
    assert len(first.succeeded) == 4
    box.inject("tags.add", times=None, status=403)
    assert len(first.undo().apply().succeeded) == 2
    box.clear_faults()
    assert box.row("customers", 1)["tagTypeIds"] == []
    assert crm.journals().set_index("journal").loc[str(first.path), "state"] == "partly undone"
    again = plan.apply()
    assert (len(again.succeeded), len(again.already)) == (2, 2)
    assert again.undo().apply().ok
    assert [box.row("customers", id)["tagTypeIds"] for id in (1, 2)] == [[71], [71]]
    assert crm.journals().set_index("journal").loc[str(first.path), "state"] == "undone"


def test_undo_names_other_applies_of_the_plan(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    box.inject("customers.list", status=403)
    result = plan.apply()
    assert len(result.failed) == 5
    retried = result.retry().apply()
    assert len(retried.succeeded) == 5
    back = result.undo()
    assert any(warning.startswith("5 rows of this plan were changed by another apply") for warning in back.warnings)
    assert any(f"crm.undo({str(retried.path)!r})" in warning for warning in back.warnings)
    assert crm.undo(retried.path).apply().ok
    assert names(box, 5) == ["x"] * 5
    assert not result.undo().warnings, "nothing is left"


def test_undo_says_that_a_damaged_journal_may_have_changed_rows(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 5))
    sample = plan.sample(2).apply()
    result = plan.apply()
    with contextlib.closing(sqlite3.connect(sample.path)) as db, db:
        db.execute("DELETE FROM rows WHERE step = 0")
    back = result.undo()
    assert len(back.changes) == 3
    assert "is damaged" in back.warnings[0]
    assert "which this undo does not include" in back.warnings[0]


def test_undo_of_some_rows_by_their_key(box, crm):
    """Ids of contacts repeat across customers: three rows of one id, and only one of them is meant."""
    for id in (1, 2, 3):
        box.change("customer_contacts", (id, 1000 + id), id=7)
    before = crm.customers.list_contacts(customer_ids=[1, 2, 3, 4], refresh=True).sort_values("customer_id")
    result = crm.customers.plan_contact_changes(before, before.assign(memo="mended")).apply()
    chosen = result.succeeded[result.succeeded["customer_id"].isin([2, 4])]
    for rows in (chosen, chosen[["id", "customer_id"]], chosen.set_index(["customer_id", "id"]), before.iloc[[1, 3]]):
        back = result.undo(rows=rows)
        assert sorted(back.changes["customer_id"]) == [2, 4]
    assert crm.undo(result.path, rows=chosen).apply().ok
    memos = crm.customers.list_contacts(customer_ids=[1, 2, 3, 4], refresh=True).set_index("customer_id")["memo"]
    assert memos.to_dict() == {1: "mended", 2: "x", 3: "mended", 4: "x"}
    rest = result.undo()
    assert len(rest.apply().already) == 2
    with pytest.raises(UsageError, match="no column 'customer_id'"):
        result.undo(rows=chosen[["id"]])
    with pytest.raises(UsageError, match="has no row 1/8, 9/7"):
        result.undo(rows=pd.DataFrame({"customer_id": [9, 1, 2], "id": [7, 8, 7]}))
    with pytest.raises(UsageError, match="takes a DataFrame"):
        result.undo(rows=[(2, 7)])


def test_undo_of_some_rows_covers_the_sample(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 6))
    plan.subset([1, 2]).apply()
    box.inject("customers.update", status=400)
    result = plan.apply()
    (failed,) = result.failed["id"]
    other = next(id for id in (3, 4, 5, 6) if id != failed)
    back = result.undo(rows=pd.DataFrame({"id": [2, failed, other]}))
    assert sorted(back.changes["id"]) == [2, other]
    assert back.refused[["id", "reason"]].values.tolist() == [
        [failed, "the apply did not change this row of customers"]
    ]


def test_undo_of_some_rows_of_several_resources(box, crm):
    result = crm.plan_opt_out(["512-201-1001", "512-301-1001"]).apply()
    assert len(result.succeeded) == 2
    back = result.undo(rows=result.succeeded.head(1))
    assert len(back.refused) == 1, "an opt-out is not undone"
    assert "this is an opt-in" in back.refused["reason"].item()
    with pytest.raises(UsageError, match="several resources"):
        crm.undo(result, rows=pd.DataFrame({"number": [1]}))


def test_undo_restores_a_missing_unit_as_empty_text(box, crm):
    """The API takes no null: a unit that a cleanup found in the street is empty again, and the undo says so."""
    for table, method, first in (("customers", crm.customers, 1), ("locations", crm.locations, 101)):
        for id in (first, first + 1):
            box.change(table, id, **{"address.unit": None, "address.street": "12 Oak St Apt 3"})
        before = method.list(ids=[first, first + 1], refresh=True)
        after = before.assign(address_street="12 Oak St", address_unit=["Apt 3", None])
        options = {"keep_coordinates": True} if table == "customers" else {}
        result = method.plan_changes(before, after, **options).apply()
        assert result.ok
        back = result.undo()
        assert "1 row without a unit before: it becomes empty text" in " ".join(back.warnings)
        assert back.refused[["id", "column"]].values.tolist() == [[first + 1, "address_unit"]]
        assert back.apply().ok
        for id in (first, first + 1):
            address = box.row(table, id)["address"]
            assert (address["street"], address["unit"]) == ("12 Oak St Apt 3", "")
