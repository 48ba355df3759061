"""The reads of a connection, answered by a mirror."""

from __future__ import annotations

import datetime as dt
import shutil
import warnings
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import booking_sources, contact_preferences, lead_conversion, opportunities, same_person
from stcrm_pandas.errors import MirrorError, NotMirrored, UsageError

from .copies import copied_as

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    """A mirror of two syncs, between which three leads were dismissed; and the times of both."""
    folder = tmp_path_factory.mktemp("mirror")
    with (
        stcrm.Sandbox(leads=400, seed=7, as_of=AS_OF, rate_limit=None) as sandbox,
        warnings.catch_warnings(),
        stcrm.connect(sandbox=sandbox) as crm,
    ):
        warnings.simplefilter("ignore")
        mirror = crm.mirror(folder)
        mirror.sync()
        first = sandbox.advance(HOUR)
        mirror.sync()
        opened = mirror.leads().query("status == 'Open'")["id"].head(3).tolist()
        for id in opened:
            crm.leads.dismiss(id, dismissing_reason_id=620)
        second = sandbox.advance(HOUR)
        mirror.sync()
        listed = {"leads": crm.leads.list(refresh=True), "customers": crm.customers.list(refresh=True)}
    return stcrm.mirrors(folder), first, second, opened, listed


def test_lists_are_those_of_the_service_without_a_request(synced):
    network, *_, listed = synced
    crm = network.client()
    pd.testing.assert_frame_equal(crm.leads.list(), listed["leads"])
    pd.testing.assert_frame_equal(crm.customers.list(active=None), listed["customers"])
    some = listed["customers"]["id"].iloc[[5, 2]]
    assert crm.customers.list(ids=some)["id"].tolist() == sorted(some)
    assert crm.customers.list(active=True)["active"].all()
    assert crm.settings.time_zone == "America/Chicago"
    assert crm.settings.dismissing_reasons[620] == "Price too high"


def test_what_a_mirror_does_not_have_is_refused(synced):
    crm = synced[0].client()
    with pytest.raises(NotMirrored, match="a request of its own"):
        crm.bookings.list_contacts([1])
    with pytest.raises(UsageError, match="no filter 'status'"):
        crm.leads.list(status="Open")


def test_an_analysis_as_of_a_moment_is_that_of_the_rows_then(synced):
    network, first, _, opened, _ = synced
    then, now = network.client(as_of=first), network.client()
    for crm, status in ((then, "Open"), (now, "Dismissed")):
        leads = crm.leads.list()
        assert leads.loc[leads["id"].isin(opened), "status"].unique().tolist() == [status]
    assert then.status_log("leads")["last_seen"].max() <= pd.Timestamp(first)
    earlier = lead_conversion(then.leads.list(), status_log=then.status_log("leads"))
    later = lead_conversion(now.leads.list(), status_log=now.status_log("leads"))
    assert earlier.as_of == pd.Timestamp(first)
    assert later.as_of > earlier.as_of
    assert (later.overall["dismissed"] - earlier.overall["dismissed"]).tolist() == [3]


def test_a_folder_of_several_tenants_asks_for_one(synced, tmp_path):
    network = synced[0]
    copied_as(8, network.each[0], tmp_path)
    network.each[0].export(tmp_path)
    both = stcrm.mirrors(tmp_path)
    assert both.tenants == sorted([8, network.tenants[0]])
    with pytest.raises(UsageError, match="2 tenants"):
        both.client()
    assert stcrm.mirrors(tmp_path / "tenant=8").client().settings.tenant == 8
    leads = both.leads()
    assert leads.groupby("tenant").size().nunique() == 1
    assert str(leads["tenant"].dtype) == "Int64"
    counted = both.sql("select tenant, count(*) as n from leads group by 1 order by 1")
    assert counted["tenant"].tolist() == both.tenants
    assert counted["n"].sum() == len(leads)
    result = lead_conversion(leads, by="tenant", min_group=1)
    assert sorted(result.table["id"]) == both.tenants


def test_an_analysis_reads_the_mirror(synced):
    network, *_ = synced
    crm = network.client()
    expected = lead_conversion(
        crm.leads.list(),
        jobs=crm.lookups.jobs.list(),
        bookings=crm.bookings.list(),
        call_reasons=crm.lookups.call_reasons.list(),
        status_log=crm.status_log("leads"),
        by="campaign",
        names=crm.lookups.campaigns.list(),
        dismissing_reasons=crm.settings.dismissing_reasons,
    )
    found = lead_conversion(mirror=network, by="campaign")
    pd.testing.assert_frame_equal(found.table, expected.table)
    assert (found.left_out, found.time_zone, found.cautions) == (expected.left_out, "America/Chicago", ())
    assert found.contacts is not None
    alone = lead_conversion(mirror=network.each[0]).overall
    pd.testing.assert_frame_equal(lead_conversion(mirror=network, by="tenant").overall, alone)


def test_as_of_selects_the_versions_of_an_analysis(synced):
    network, first, _, opened, _ = synced
    local = first.astimezone(ZoneInfo("America/Chicago")).replace(tzinfo=None)
    now, then = (lead_conversion(mirror=network, as_of=as_of) for as_of in (None, local))
    assert then.as_of == first
    assert int(now.overall["dismissed"].iloc[0] - then.overall["dismissed"].iloc[0]) == len(opened)
    with pytest.raises(MirrorError, match="leads: the mirror has no data before"):
        lead_conversion(mirror=network, as_of="2026-05-01")
    with pytest.raises(MirrorError, match="leads: the mirror is complete up to"):
        lead_conversion(mirror=network, as_of="2026-07-01")


def test_what_is_given_is_used_instead_of_the_mirror(synced):
    crm = synced[0].client()
    none = crm.lookups.jobs.list().head(0)
    found = lead_conversion(mirror=synced[0], jobs=none, by="campaign", names={"campaign": {31007: "Mine"}})
    assert int(found.overall["exact"].iloc[0]) == 0
    assert "Mine" in found.table["name"].tolist()


def test_what_the_mirror_lacks_is_an_error_or_a_caution(synced, tmp_path):
    source = synced[0].each[0].folder
    shutil.copytree(source / "history" / "leads", tmp_path / source.name / "history" / "leads")
    mirror = stcrm.mirrors(tmp_path)
    found = lead_conversion(mirror=mirror)
    assert not found.dated_by_jobs
    assert found.cautions[:2] == (
        "The mirror has no jobs, so they are left out.",
        "The mirror has no bookings, so they are left out.",
    )
    for analyze in (booking_sources, contact_preferences, opportunities):
        with pytest.raises(NotMirrored, match=r"is not in the mirror .* Sync it"):
            analyze(mirror=mirror)


@pytest.mark.parametrize("analyze", [lead_conversion, booking_sources, contact_preferences, opportunities, same_person])
def test_an_analysis_without_rows_says_what_it_needs(analyze):
    with pytest.raises(UsageError, match=r"(leads|bookings|customers) are required: pass a DataFrame, or mirror="):
        analyze()
    with pytest.raises(UsageError, match=r"mirror takes a mirror, such as .*, not str"):
        analyze(mirror="titan")
