"""Reads of many tenants, of which one never synced and the files of another are damaged."""

from __future__ import annotations

import datetime as dt

import pytest

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.errors import MirrorError, NotMirrored, StcrmWarning, UsageError
from stcrm_pandas.mirror.many import mirrors
from stcrm_pandas.mirror.mirror import Mirror

from .service import Service

READS = {
    "leads": lambda network, **missing: network.leads(**missing),
    "read": lambda network, **missing: network.read("leads", **missing),
    "log": lambda network, **missing: network.status_log("leads", **missing),
    "sql": lambda network, **missing: network.sql("select tenant, id from LEADS order by id", **missing),
}


@pytest.fixture
def folder(tmp_path):
    """Tenants 6 and 7 have leads, 8 has only campaigns, and 9 has nothing: its first sync failed."""
    for tenant in (6, 7, 8):
        service = Service()
        service.put("leads", tenant, status="Open", summary="first")
        service.put("campaigns", 1, name="first")
        service.now += dt.timedelta(hours=1)
        mirror = Mirror(tmp_path, tenant=tenant, crm=service, time_zone="America/Chicago")
        mirror.sync(only=["campaigns"] if tenant == 8 else ["leads", "campaigns"])
    (tmp_path / "tenant=9").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", READS)
def test_tenants_without_rows_are_named_or_left_out_with_a_warning(folder, name):
    read, network = READS[name], mirrors(folder)
    assert network.tenants == [6, 7, 8, 9]
    with pytest.raises(NotMirrored, match=r"leads of 2 of 4 tenants .*Tenant 8: .*Tenant 9: .*missing=\"warn\""):
        read(network)
    with pytest.warns(StcrmWarning, match=r"leads: 2 of 4 tenants are left out\. Tenant 8: .*Tenant 9: "):
        found = read(network, missing="warn")
    assert found["tenant"].tolist() == [6, 7]
    assert found["id"].tolist() == [6, 7]
    with pytest.warns(StcrmWarning, match="left out"):
        assert len(read(mirrors(folder, missing="warn"))) == 2
    with pytest.raises(MirrorError):
        read(mirrors(folder, missing="warn"), missing="raise")
    with pytest.raises(UsageError, match=r'missing= takes "raise" or "warn", not "?\'ignore'):
        read(network, missing="ignore")


def test_damage_stays_with_its_tenant_and_resource(folder):
    (path,) = folder.glob("tenant=7/history/leads/*.parquet")
    path.write_bytes(b"")
    network = mirrors(folder, missing="warn")
    with pytest.warns(StcrmWarning, match="3 of 4 tenants") as caught:
        leads = network.leads()
    assert str(path) in str(caught[0].message)
    assert leads["tenant"].tolist() == [6]
    assert leads.attrs["stcrm"]["tenant"] == [6]
    assert leads.attrs["stcrm"]["missing_tenants"] == [7, 8, 9]
    with pytest.raises(MirrorError, match="3 of 4 tenants"):
        mirrors(folder).leads()
    with pytest.warns(StcrmWarning, match="campaigns: 1 of 4"):
        assert network.sql("select count(*) as n from campaigns")["n"].tolist() == [3]
    status = network.status().set_index(["tenant", "resource"])["problem"]
    assert str(path) in status[7, "leads"]
    assert (status.drop((7, "leads")) == "").all()


def test_rows_of_no_tenant_are_an_error_in_any_case(folder):
    with pytest.raises(NotMirrored, match="jobs of 4 of 4 tenants"):
        mirrors(folder, missing="warn").jobs()


def test_an_analysis_follows_and_says_who_is_left_out(folder):
    with pytest.raises(MirrorError):
        lead_conversion(mirror=mirrors(folder))
    with pytest.warns(StcrmWarning, match="left out"):
        found = lead_conversion(mirror=mirrors(folder, missing="warn"))
    assert int(found.overall["leads"].iloc[0]) == 2
    assert "The leads of tenants 8, 9 could not be read, so they are left out." in found.cautions
