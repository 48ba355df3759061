"""An audit after a repair, and the comparison with an earlier time that a mirror makes possible."""

from __future__ import annotations

import datetime as dt
import warnings

import pytest
from typer.testing import CliRunner

import stcrm_pandas as stcrm
from stcrm_pandas.cli import app
from stcrm_pandas.errors import StcrmWarning, UsageError
from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
DAY = 24 * 60 * 60


@pytest.fixture
def company(tmp_path):
    """A company of today: the time of an apply is by the clock of this machine."""
    folders = {"cache_dir": tmp_path / "cache", "state_dir": tmp_path / "state"}
    with (
        Sandbox(leads=100, seed=7, rate_limit=None, feed_delay=0) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders) as crm,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", StcrmWarning)
        yield box, crm


def counts(audit):
    return audit.table.set_index("finding")["rows"]


def test_mirror_that_has_not_seen_an_apply_says_so_and_a_later_audit_has_a_trend(company, tmp_path):
    box, crm = company
    mirror = crm.mirror(tmp_path / "mirror")
    mirror.sync(only=["leads", "campaigns"])
    since = mirror.status()["known_from"].max()
    first = stcrm.audit(mirror=mirror)
    assert first.since is None
    assert "The mirror covers no earlier time, so there is nothing to compare with yet." in first.cautions
    due = first.rows("leads_follow_up")
    assert len(due)
    assert crm.leads.plan_follow_up(due, first.next_day).apply().ok

    stale = stcrm.audit(mirror=mirror)
    assert counts(stale)["leads_follow_up"] == len(due)
    assert "has not seen the changes of leads" in stale.cautions[0]

    box.advance(DAY)
    of_service = stcrm.audit(crm, mirror=mirror)  # at any time after the sync, the service has the change
    assert counts(of_service)["leads_follow_up"] == 0
    mirror.sync(only=["leads", "campaigns"])
    after = stcrm.audit(mirror=mirror, since=since)
    row = after.table.set_index("finding").loc["leads_follow_up"]
    assert (row["rows"], row["before"], row["change"]) == (0, len(due), -len(due))
    assert not any("has not seen" in caution for caution in after.cautions)


def test_mirror_that_has_not_seen_an_opt_out_says_so(company, tmp_path):
    _, crm = company
    mirror = crm.mirror(tmp_path / "mirror")
    mirror.sync(only=["customers", "customer_contacts"])
    contacts = mirror.read("customer_contacts")
    values = contacts.loc[contacts["preferences_marketing_updates_enabled"].eq(True).fillna(value=False), "value"]
    plan = crm.plan_opt_out(values.iloc[0])
    assert len(plan.changes)
    assert plan.apply().ok
    assert any(
        "has not seen the changes that were applied" in caution for caution in stcrm.audit(mirror=mirror).cautions
    )


def test_anonymous_copy_has_the_checks_that_need_no_names(company, tmp_path):
    _, crm = company
    mirror = crm.mirror(tmp_path / "mirror")
    mirror.sync(only=["customers", "customer_contacts", "jobs", "campaigns"])
    complete = stcrm.audit(mirror=mirror)
    copy = mirror.export(tmp_path / "copy", anonymous=True)
    without_names = stcrm.audit(mirror=stcrm.mirrors(copy.parent))
    assert "customers_unreachable" in set(complete.table["finding"])
    assert "customers_unreachable" not in set(without_names.table["finding"])
    assert counts(without_names)["jobs_campaign"] == counts(complete)["jobs_campaign"]
    assert any("This copy has no names" in caution for caution in without_names.cautions)


def test_mirror_of_another_tenant_is_refused(company, tmp_path):
    _, crm = company
    mirror = crm.mirror(tmp_path / "mirror")
    mirror.sync(only=["campaigns"])
    with pytest.raises(UsageError, match="mirror takes a mirror"):
        stcrm.audit(mirror="titan")
    with (
        Sandbox(leads=100, seed=8, as_of=AS_OF) as other,
        stcrm.connect(sandbox=other, progress=False) as elsewhere,
        pytest.raises(UsageError, match="and the connection of"),
    ):
        stcrm.audit(elsewhere, mirror=mirror)
    with (
        Sandbox(leads=100, seed=7, as_of=AS_OF) as other,  # the same tenant in another environment
        stcrm.connect(sandbox=other, progress=False) as elsewhere,
    ):
        assert elsewhere.settings.tenant == mirror.tenant
        with pytest.raises(UsageError, match="and the connection of"):
            stcrm.audit(elsewhere, mirror=mirror)


def test_command_prints_and_saves_the_findings(company, tmp_path, monkeypatch):
    _, crm = company
    mirror = crm.mirror(tmp_path / "mirror")
    mirror.sync(only=["leads", "campaigns"])
    monkeypatch.setenv("STCRM_STATE_DIR", str(tmp_path / "state"))
    out = tmp_path / "audit.csv"
    done = CliRunner().invoke(app, ["audit", "--mirror", str(tmp_path / "mirror"), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "checks found something:" in done.output
    assert "leads_follow_up: Open the lead and set a follow-up date." in done.output
    assert 'plan_follow_up(audit.rows("leads_follow_up"), audit.next_day)' in done.output
    assert out.stat().st_mode & 0o777 == 0o600
    assert out.read_text().count("\nleads_") == 4  # the other checks have no rows in this mirror
    refused = CliRunner().invoke(app, ["audit", "--mirror", str(tmp_path), "--out", "audit.html"])
    assert refused.exit_code == 2
    assert "stcrm report audit" in refused.output


@pytest.mark.deep
def test_each_repair_reduces_its_count_to_what_was_skipped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = {"cache_dir": tmp_path / "cache", "state_dir": tmp_path / "state"}
    with (
        Sandbox(leads=100, seed=7, as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders) as crm,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", StcrmWarning)
        audit = stcrm.audit(crm)
        planned = [key for key in counts(audit).index if "plan = " in audit.table.set_index("finding")["repair"][key]]
        assert len(planned) >= 11
        for key in planned:
            before = audit.table.set_index("finding").loc[key]
            if not before["rows"]:
                continue
            names = {"stcrm": stcrm, "crm": crm, "audit": audit}
            exec(before["repair"], names)
            plan = names["plan"]
            refused = len(
                plan.refused.drop_duplicates([column for column in ("customer_id", "id") if column in plan.refused])
            )
            listed = 0
            if "fix" in names:
                fix = names["fix"]
                listed = 0 if key.startswith(("phones", "emails")) else fix.skipped["id"].nunique()
            assert plan.apply().ok
            audit = stcrm.audit(crm)
            assert counts(audit)[key] <= refused + listed, key
        for key in set(counts(audit).index) - set(planned):  # rows for people to decide: the line runs
            exec(audit.table.set_index("finding")["repair"][key], {"stcrm": stcrm, "crm": crm, "audit": audit})
