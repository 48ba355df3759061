"""What apply sends, what it leaves alone, and what it says of each row."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
import warnings

import pandas as pd
import pytest

from stcrm_pandas.errors import DriftWarning, UsageError, WritesNotAllowed


def names(box, ids=range(1, 61)):
    return [box.row("customers", id)["name"] for id in ids]


def test_apply_writes_the_plan_and_repeating_it_writes_nothing(box, crm, renamed, count):
    before, after = renamed(crm)
    after["address_city"] = "Aurora"
    after["address_zip"] = "60502"
    plan = crm.customers.plan_changes(before, after, keep_coordinates=True)
    box.requests.clear()
    result = plan.apply()
    assert count(box) == 60, "one call for a row, whatever changed in it"
    assert count(box, "customers.list") == 4, "two reads of fifty at most, before and after"
    assert result.ok
    assert len(result.succeeded) == 60
    assert set(names(box)) == {"New name"}
    assert box.row("customers", 1)["address"] == {
        **{"street": "x", "unit": "x", "state": "x", "country": "x", "latitude": 0.5, "longitude": 0.5},
        **{"city": "Aurora", "zip": "60502"},
    }
    box.requests.clear()
    again = plan.apply()
    assert count(box) == 0
    assert len(again.already) == 60
    assert again.ok


@pytest.mark.parametrize(
    ("family", "read", "plan", "change"),
    [
        ("customers", "list", "plan_changes", {"name": "A"}),
        ("customers", "list_contacts", "plan_contact_changes", {"memo": "A"}),
        ("locations", "list", "plan_changes", {"name": "A"}),
        ("locations", "list_contacts", "plan_contact_changes", {"memo": "A"}),
        ("leads", "list", "plan_changes", {"summary": "A"}),
        ("bookings", "list", "plan_changes", {"summary": "A"}),
    ],
)
def test_fresh_rows_are_read_50_at_a_time(family, read, plan, change, box, crm, count):
    """Where the contract has a list of ids: sixty rows, two calls before they are sent and two to read them back."""
    resource = getattr(crm, family)
    before = getattr(resource, read)()
    made = getattr(resource, plan)(before, before.assign(**change))
    box.requests.clear()
    assert len(made.apply().succeeded) == 60
    assert count(box) == 60
    assert len(box.requests) - 60 == 4


def test_inactive_rows_are_read(box, crm, renamed):
    before, after = renamed(crm, 3)
    plan = crm.customers.plan_changes(before, after, allow_inactive=True)
    box.change("customers", 2, active=False)
    assert len(plan.apply().succeeded) == 3


def test_row_deactivated_during_an_apply_is_not_sent(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 3))
    box.change("customers", 2, active=False)
    box.change("customers", 3, active=False, mergedToId=1)
    result = plan.apply()
    assert result.failed.set_index("id")["why"].str.extract("(inactive|merged into 1)")[0].to_dict() == {
        2: "inactive",
        3: "merged into 1",
    }
    assert names(box, (1, 2, 3)) == ["New name", "x", "x"]


def test_conflict_is_not_sent_and_lists_three_values(box, crm, renamed, count):
    plan = crm.customers.plan_changes(*renamed(crm, 3))
    box.change("customers", 2, name="Theirs")
    box.change("customers", 3, doNotMail=False)
    result = plan.apply()
    conflicts = result.conflicts.to_dict("records")
    assert conflicts == [
        {
            **{"resource": "customers", "id": 2, "column": "name", "old": "x", "now": "Theirs", "new": "New name"},
            "why": "somebody else changed it",
        }
    ]
    assert names(box, (1, 2, 3)) == ["New name", "Theirs", "New name"]
    assert box.row("customers", 3)["doNotMail"] is False, "what they changed in another cell stays"


def test_filled_values_are_current_and_listed(box, crm):
    before = crm.locations.list()
    after = before.head(2).assign(address_zip="60502", tag_type_ids=[(71, 72)] * 2)
    plan = crm.locations.plan_changes(before, after)
    box.change("locations", 101, **{"address.city": "Their city"}, tagTypeIds=[71, 73])
    result = plan.apply()
    row = box.row("locations", 101)
    assert (row["address"]["city"], row["address"]["zip"]) == ("Their city", "60502")
    assert sorted(row["tagTypeIds"]) == [71, 72, 73], "a tag that they added survives"
    assert set(result.filled["field"]) == {"address.city", "tagTypeIds"}
    assert result.filled["id"].tolist() == [101, 101]
    city = result.filled.set_index("field").loc["address.city"]
    assert (city["planned"], city["sent"]) == ("x", "Their city")


@pytest.mark.parametrize(
    "stray", [{"typeId": None, "name": "?", "value": "7"}, {"typeId": 92, "name": "B", "value": "9"}]
)
def test_unsendable_custom_field_is_not_lost(stray, box, crm, count):
    """The list is sent whole: a field without a type, or a second one of a type, would be gone."""
    before = crm.customers.list(refresh=True).head(2)
    field = type(before["custom_fields"].iloc[0][0])
    after = before.assign(custom_fields=[(field(91, None, "13"),)] * 2, name="New")
    plan = crm.customers.plan_changes(before, after)
    fields = [{"typeId": 91, "name": "Gate", "value": "12"}, {"typeId": 92, "name": "B", "value": "8"}, stray]
    box.change("customers", 1, customFields=fields)
    box.requests.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        result = plan.apply()
        now = crm.customers.list(refresh=True).head(1)
        anew = crm.customers.plan_changes(
            now, now.assign(custom_fields=[(field(91, None, "13"), field(92, None, "8"))])
        )
    assert count(box) == 1
    assert result.failed["id"].tolist() == [1]
    assert "would be lost" in result.failed["why"].item()
    assert not result.failed["worth_retrying"].item()
    assert box.row("customers", 1)["customFields"] == fields
    assert not anew.steps
    assert anew.refused["reason"].str.contains("would be lost").all()
    assert anew.refused["instead"].str.contains("in ServiceTitan").all()


def test_deleted_row_fails(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 2))
    box.remove("customers", 2)
    result = plan.apply()
    assert result.failed["why"].tolist() == ["the row no longer exists"]
    assert not result.failed["worth_retrying"].any()
    with pytest.raises(UsageError, match="worth retrying"):
        result.retry()


@pytest.mark.parametrize(
    ("family", "read", "plan", "change"),
    [
        ("customers", "list", "plan_changes", {"name": "A"}),
        ("customers", "list_contacts", "plan_contact_changes", {"memo": "A"}),
        ("locations", "list", "plan_changes", {"name": "A"}),
        ("locations", "list_contacts", "plan_contact_changes", {"memo": "A"}),
        ("leads", "list", "plan_changes", {"summary": "A"}),
        ("bookings", "list", "plan_changes", {"summary": "A"}),
        ("bookings", "list_contacts", "plan_contact_changes", {"memo": "A"}),
        ("booking_provider_tags", "list", "plan_changes", {"description": "A"}),
        ("contacts", "list", "plan_changes", {"title": "A"}),
        ("contact_methods", "search", "plan_changes", {"memo": "A"}),
        ("contact_preferences", "list", "plan_changes", {"value": "false"}),
    ],
)
def test_each_resource_can_be_edited_and_undone(family, read, plan, change, crm):
    resource = getattr(crm, family)

    def rows():
        if (family, read) == ("bookings", "list_contacts"):
            return resource.list_contacts(range(301, 304), refresh=True)
        if family == "contact_preferences":
            methods = crm.contact_methods.search().head(3)
            return resource.list(methods["contact_id"], methods["id"], refresh=True)
        return getattr(resource, read)(refresh=True).sort_values("id", ignore_index=True).head(3)

    before = rows()
    planned = getattr(resource, plan)(before, before.assign(**change))
    result = planned.apply()
    assert len(result.succeeded) == len(before)
    (column, value), *_ = change.items()
    assert (rows()[column] == value).all()
    assert len(planned.apply().already) == len(before)
    back = result.undo()
    if family == "contact_preferences":  # a no stays a no
        assert not back.steps
        assert len(back.refused) == len(before)
        return
    assert back.apply().ok
    assert (rows()[column] == before[column]).all()


def test_bulk_tags_use_one_request(box, crm, count):
    customers = crm.customers.list()
    plan = crm.tags.plan(customers["id"], add=[72], remove=[71])
    box.change("customers", 1, tagTypeIds=[71, 72])
    box.change("customers", 2, tagTypeIds=[73])
    box.requests.clear()
    result = plan.apply()
    assert count(box) == 2
    assert box.row("customers", 2)["tagTypeIds"] == [73, 72]
    assert box.row("customers", 9)["tagTypeIds"] == [72]
    assert len(result.already) == 2
    assert len(result.succeeded) == 118
    assert result.undo().apply().ok
    assert sorted(box.row("customers", 1)["tagTypeIds"]) == [71, 72], "what it had before it keeps"
    assert box.row("customers", 2)["tagTypeIds"] == [73]
    assert box.row("customers", 9)["tagTypeIds"] == [71]


def test_irreversible_changes_are_skipped_for_modified_rows(box, crm, count):
    leads = crm.leads.list().head(3)
    plan = crm.leads.plan_dismiss(leads, dismissing_reason_id=7)
    box.change("leads", 202, summary="called back")
    result = plan.apply()
    assert [box.row("leads", id)["status"] for id in (201, 202, 203)] == ["Dismissed", "Open", "Dismissed"]
    assert result.conflicts["column"].tolist() == ["modified_on"]
    back = result.undo()
    assert not back.steps
    assert len(back.refused) == 2
    box.requests.clear()
    assert len(plan.apply().already) == 2
    assert count(box) == 0


def test_limit_and_continue(box, crm, renamed, count):
    plan = crm.customers.plan_changes(*renamed(crm))
    box.requests.clear()
    first = plan.apply(limit=7)
    assert count(box) == 7
    assert (len(first.succeeded), len(first.untried)) == (7, 53)
    assert not first.ok
    second = crm.resume(first, limit=3)
    assert (len(second.succeeded), len(second.untried)) == (10, 50)
    last = plan.apply()
    assert last.path == first.path, "it goes on in the same journal"
    assert len(last.succeeded) == 60
    assert count(box) == 60


def test_stop_after_failures(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm))
    box.inject("customers.update", times=None, status=400)
    result = plan.apply(stop_after=3)
    assert 3 <= len(result.failed) <= 3 + 8
    assert len(result.failed) + len(result.untried) == 60
    with pytest.raises(UsageError, match="1 or more"):
        plan.apply(stop_after=0)


def test_journal_is_private_and_has_the_requests(box, crm, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 1), reason="spelling")
    result = plan.apply()
    assert stat.S_IMODE(result.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(result.path.parent.stat().st_mode) == 0o700
    db = sqlite3.connect(result.path)
    texts = {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM texts")}
    about = dict(db.execute("SELECT name, value FROM about"))
    db.close()
    assert texts["body"] == {"name": "New name"}
    assert (texts["before"]["name"], texts["after"]["name"]) == ("x", "New name")
    assert about["reason"] == "spelling"
    raw = b"".join(path.read_bytes() for path in result.path.parent.iterdir())
    for secret in (box.client_secret, box.app_key):
        assert secret.encode() not in raw


def test_only_one_apply_of_a_plan_runs(box, crm, join, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 2))
    inside, leave = threading.Event(), threading.Event()

    def hold():
        inside.set()
        leave.wait(10)

    box.inject("customers.update", before=hold)
    first = threading.Thread(target=plan.apply)
    first.start()
    try:
        assert inside.wait(10)
        with pytest.raises(UsageError, match="is being applied"):
            plan.apply()
    finally:
        leave.set()
        first.join()
    assert len(plan.apply().already) == 2


def test_write_permission_is_required(box, join, renamed):
    crm = join(box, by_address=True)
    plan = crm.customers.plan_changes(*renamed(crm, 1))
    box.requests.clear()
    with pytest.raises(WritesNotAllowed, match="allow_writes"):
        plan.apply()
    assert not box.requests
    with pytest.raises(WritesNotAllowed):
        crm.customers.plan_changes(*renamed(crm, 0)).apply()


def test_altered_or_foreign_plan_is_rejected(box, crm, join, renamed):
    plan = crm.customers.plan_changes(*renamed(crm, 1))
    assert plan.digest
    plan.steps[0].set["name"] = "Other"
    with pytest.raises(UsageError, match="altered"):
        plan.apply()
    elsewhere = join(box, by_address=True, allow_writes=True)
    with pytest.raises(UsageError, match="this connection is to tenant"):
        elsewhere.undo(crm.customers.plan_changes(*renamed(crm, 2)).apply())


def test_rows_of_an_unknown_tenant(box, crm, renamed):
    before, after = renamed(crm, 40)
    before.attrs.clear()
    after.attrs.clear()
    plan = crm.customers.plan_changes(before, after)
    for id in range(1, 4):
        box.change("customers", id, name=f"Somebody {id}")
    box.requests.clear()
    with pytest.raises(UsageError, match="rows differ from those of tenant"):
        plan.apply()
    assert not [arrival for arrival in box.requests if arrival.operation == "Customers_Update"]


def test_saved_results_disarm_formulas(crm, renamed, tmp_path, box):
    box.change("customers", 1, name="=HYPERLINK(1)")
    before, after = renamed(crm, 2)
    box.change("customers", 1, name=" \u200b@SUM")
    result = crm.customers.plan_changes(before, after).apply()
    files = {path.name: path for path in result.save(tmp_path / "result")}
    assert set(files) == {"succeeded.csv", "conflicts.csv"}
    assert stat.S_IMODE(files["conflicts.csv"].stat().st_mode) == 0o600
    row = pd.read_csv(files["conflicts.csv"]).iloc[0]
    assert (row["old"], row["now"]) == ("'=HYPERLINK(1)", "' \u200b@SUM")
    assert "1 succeeded, 1 conflicts" in repr(result)
    assert "conflicts" in result._repr_html_()
