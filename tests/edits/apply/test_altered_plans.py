"""Plan files that somebody altered and gave a fitting digest: what decides follows from the cells alone."""

from __future__ import annotations

import json

import pytest

from stcrm_pandas.edits.plan.model import from_json
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.errors import UsageError


def altered(plan, path, alter):
    """The plan's file, altered, with a digest that fits what is in it."""
    plan.save(path)
    whole = json.loads(path.read_text())
    alter(whole)
    inside = {name: value for name, value in whole.items() if name not in ("kind", "digest")}
    whole["digest"] = from_json(inside).digest
    path.write_text(json.dumps(whole))
    return path


@pytest.fixture
def off(crm):
    """A plan that switches off three customers, who have active locations."""
    before = crm.customers.list(refresh=True)
    return crm.customers.plan_changes(before, before.head(3).assign(active=False))


def test_edited_checked_flag_is_ignored(box, crm, off, tmp_path):
    path = altered(off, tmp_path / "plan.json", lambda whole: whole.update(checked=True))
    plan = crm.load_plan(path)
    assert not plan.checked
    result = plan.apply()
    assert len(result.failed) == 3
    assert result.failed["why"].str.contains("active location").all()
    assert all(box.row("customers", id)["active"] for id in (1, 2, 3))


def test_new_balance_refuses_as_in_planning(box, crm, off):
    for id in (101, 102, 103):
        box.change("locations", id, active=False)
    box.change("customers", 2, balance=12.5)
    result = off.apply()
    assert result.failed["id"].tolist() == [2]
    assert "the customer has a balance" in result.failed["why"].item()
    assert [box.row("customers", id)["active"] for id in (1, 2, 3)] == [False, True, False]


def step_of(whole):
    return whole["steps"][0]


def opt_in_without_consent(whole):
    step_of(whole)["cells"].append(
        {"column": "do_not_mail", "old": True, "new": False, "one_way": False, "consent": False}
    )
    step_of(whole)["set"]["doNotMail"] = False


@pytest.mark.parametrize(
    "alter",
    [
        lambda whole: step_of(whole)["set"].update(doNotMail=False),
        opt_in_without_consent,
        lambda whole: step_of(whole)["path"].update(id=2),
        lambda whole: step_of(whole).update(opt_out=True),
        lambda whole: step_of(whole).update(operation="Leads_Update"),
        lambda whole: step_of(whole).update(operation="Customers_Create"),
        lambda whole: step_of(whole)["cells"][0].update(new=None),
        lambda whole: step_of(whole)["cells"][0].update(column="balance"),
        lambda whole: step_of(whole)["cells"][0].update(column="merged_to_id", new=7),
        lambda whole: step_of(whole)["cells"].append(step_of(whole)["cells"][0]),
        lambda whole: step_of(whole).update(cells=[]),
        lambda whole: step_of(whole)["keys"].append([2]),
    ],
)
def test_recomputed_digest_is_not_trusted(alter, box, crm, renamed, tmp_path, count):
    box.change("customers", 1, doNotMail=True)
    path = altered(crm.customers.plan_changes(*renamed(crm, 1)), tmp_path / "plan.json", alter)
    box.requests.clear()
    with pytest.raises(UsageError, match="altered"):
        crm.load_plan(path)
    # Nor is a plan that never was in a file.
    whole = json.loads(path.read_text())
    del whole["kind"], whole["digest"]
    with pytest.raises(UsageError, match="altered"):
        Plan.of(from_json(whole), crm._port).apply()
    assert count(box) == 0


def test_removed_consent_is_rebuilt(box, crm, tmp_path):
    box.change("customers", 1, doNotMail=True)
    before = crm.customers.list(refresh=True)
    plan = crm.customers.plan_changes(
        before, before.head(1).assign(do_not_mail=False), allow_opt_in=True, consent_source="letter"
    )
    assert plan.changes["consent"].tolist() == [True]
    path = altered(plan, tmp_path / "plan.json", lambda whole: step_of(whole)["cells"][0].update(consent=False))
    with pytest.raises(UsageError, match="altered"):
        crm.load_plan(path)
    plan.save(path)
    assert "Opt-ins: 1 cell" in repr(crm.load_plan(path))
    assert crm.load_plan(path).apply().ok


def test_new_number_on_an_opted_in_contact_always_needs_consent(box, crm, tmp_path):
    """Whether the contact is opted out of all is in no cell: the row decides, directly before the request."""
    off = {
        f"preferences.{name}Enabled" if name in ("jobReminders", "marketingUpdates") else f"preferences.{name}": False
        for name in ("jobReminders", "marketingUpdates", "invoiceNotification", "statementNotification")
    }
    for key in ((1, 1001), (2, 1002)):
        box.change("customer_contacts", key, **off)
    before = crm.customers.list_contacts(customer_ids=[1, 2], refresh=True)
    plan: Plan = crm.customers.plan_contact_changes(before, before.assign(value="512-555-0177"))
    assert plan.changes["consent"].tolist() == [False, False], "nobody is reached there"
    plan.save(tmp_path / "plan.json")
    box.change("customer_contacts", (2, 1002), **dict.fromkeys(off, True))
    result = crm.load_plan(tmp_path / "plan.json").apply()
    assert result.succeeded["id"].tolist() == [1001]
    assert result.failed["id"].tolist() == [1002]
    assert "this would be an opt-in" in result.failed["why"].item()
    assert box.row("customer_contacts", (2, 1002))["value"] != "512-555-0177"
