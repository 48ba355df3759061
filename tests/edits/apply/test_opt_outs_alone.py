"""Nothing holds an opt-out back: not what is wrong with the rest of its plan, nor with other journals."""

from __future__ import annotations

import warnings

import pytest

from stcrm_pandas.errors import DriftWarning, PermissionDenied, ServerError, UsageError

MAY = {"allow_opt_in": True, "consent_source": "form of May 3"}
REMINDERS, MARKETING = "preferences_job_reminders_enabled", "preferences_marketing_updates_enabled"


@pytest.fixture
def given(box, crm):
    """Five rows that opt out, one that opts in, and one of which the memo changes."""
    box.change("customer_contacts", (6, 1006), **{"preferences.jobRemindersEnabled": False})
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True).head(20)
    after = before.head(7).copy()
    after.loc[:4, MARKETING] = False
    after.loc[5, REMINDERS] = True
    after.loc[6, "memo"] = "mended"
    return before, after


def planned(crm, given):
    return crm.customers.plan_contact_changes(*given, **MAY)


def opted_out(box):
    rows = [box.row("customer_contacts", (id, 1000 + id))["preferences"] for id in range(1, 6)]
    return [row["marketingUpdatesEnabled"] for row in rows] == [False] * 5


def opted_in(box):
    return box.row("customer_contacts", (6, 1006))["preferences"]["jobRemindersEnabled"]


@pytest.mark.parametrize("status", [403, 503])
def test_opt_outs_without_access_to_other_records(status, box, crm, given):
    plan = planned(crm, given)
    box.inject("locations.list_contacts", times=None, status=status)
    result = plan.apply()
    assert opted_out(box)
    assert len(result.succeeded) == 5
    assert len(result.untried) == 2
    assert result.untried["why"].str.contains("locations.list_contacts").all()
    assert not opted_in(box)
    box.clear_faults()
    assert plan.apply().ok
    assert opted_in(box)


@pytest.mark.parametrize("status", [403, 503])
def test_opt_outs_can_still_be_planned(status, box, crm, given):
    box.inject("locations.list_contacts", times=None, status=status)
    plan = planned(crm, given)
    assert "could not be checked now" in plan.warnings[-1]
    plan.apply()
    assert opted_out(box)
    assert not opted_in(box)
    before, after = given
    with pytest.raises(PermissionDenied if status == 403 else ServerError):
        planned(crm, (before, after.loc[[5]]))


def test_frames_without_a_tenant(box, crm, given):
    before, after = given
    before.attrs = after.attrs = {}
    plan = planned(crm, (before, after))
    for id in (6, 7):
        box.change("customer_contacts", (id, 1000 + id), memo="theirs", **{"preferences.jobRemindersEnabled": None})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        result = plan.apply()
    assert opted_out(box)
    assert len(result.untried) == 2
    assert result.untried["why"].str.contains("does not name its tenant").all()


def test_opt_outs_of_another_tenant_are_not_sent(box, crm, given, count):
    before, after = given
    before.attrs = after.attrs = {}
    plan = crm.customers.plan_contact_changes(before, after.loc[[0, 1, 2, 3, 4, 6]])
    for id in range(1, 6):
        box.remove("customer_contacts", (id, 1000 + id))
    box.requests.clear()
    result = plan.apply()
    assert count(box) == 1, "the memo"
    assert result.failed["why"].str.contains("does not name its tenant").sum() == 5


def test_a_damaged_journal(box, crm, given):
    plan = planned(crm, given)
    plan.apply(limit=1)
    (journal,) = crm.settings.journal_folder.glob("*.sqlite")
    for id in range(1, 6):
        box.change("customer_contacts", (id, 1000 + id), **{"preferences.marketingUpdatesEnabled": True})
    journal.write_bytes(b"")
    result = plan.apply()
    assert opted_out(box)
    assert len(result.untried) == 2
    assert result.untried["why"].str.contains("stcrm journal acknowledge").all()


def test_opt_out_of_a_customer_that_cannot_be_deactivated(box, crm):
    box.change("customers", 1, doNotMail=False)
    before = crm.customers.list(refresh=True).head(20)
    plan = crm.customers.plan_changes(before, before.head(1).assign(active=False, do_not_mail=True))
    box.inject("locations.list", times=None, status=503)
    result = plan.apply()
    assert box.row("customers", 1)["doNotMail"] is True
    assert box.row("customers", 1)["active"] is True
    assert "could not be checked" in result.failed["why"].item()


def test_nothing_is_sent_without_an_opt_out(box, crm, given, count):
    before, after = given
    plan = planned(crm, (before, after.loc[5:]))
    box.inject("locations.list_contacts", times=None, status=503)
    box.requests.clear()
    with pytest.raises(ServerError):
        plan.apply()
    assert count(box) == 0
    assert not list(crm.settings.journal_folder.glob("*.sqlite"))


def test_plan_of_only_opt_ins_is_refused(box, crm, given, count):
    before, after = given
    plan = planned(crm, (before, after.loc[[5]]))
    crm.settings.journal_folder.mkdir(parents=True)
    (crm.settings.journal_folder / "20260101T000000000000-000-0123456789abcdef.sqlite").write_bytes(b"x")
    box.requests.clear()
    with pytest.raises(UsageError, match=r"0123456789abcdef\.sqlite"):
        plan.apply()
    assert count(box) == 0
