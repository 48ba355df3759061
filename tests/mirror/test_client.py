"""The reads of a connection, answered by a mirror."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.errors import NotMirrored, UsageError

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
    network.each[0].export(tmp_path)
    (tmp_path / f"tenant={network.tenants[0]}").rename(tmp_path / "tenant=8")
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
