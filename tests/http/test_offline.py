"""Offline: what is stored, however old, without a secret; and an error for all else."""

from __future__ import annotations

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import NotCachedError, UsageError


@pytest.fixture
def offline(box, join_by_address, usual):
    """A connection without a secret, to a cache that holds some reads."""
    crm = join_by_address(box)
    crm.leads.list(status="Open")
    crm.leads.get(5_001)
    crm.leads.export()
    crm.customers.list(ids=range(100, 220))
    crm.bookings.list_contacts([801, 802])
    box.requests.clear()
    place = {name: box.connection()[name] for name in ("api_url", "tenant", "client_id")}
    with stcrm.connect(**place, offline=True, max_age=0, **usual) as crm:
        yield crm


def test_cached_reads_are_available_offline(offline, box):
    assert len(offline.leads.list(status="Open")) == 300
    assert len(offline.leads.get(5_001)) == 1
    assert len(offline.leads.export().frame) == 300
    assert len(offline.customers.list(ids=range(100, 220))) == 120
    assert len(offline.bookings.list_contacts([801, 802])) == 6
    assert not box.requests
    assert offline.calls == 0


def test_uncached_reads_raise_offline(offline, box):
    reads = {
        "leads.list": offline.leads.list,
        "leads.get": lambda: offline.leads.get(5_002),
        "customers.export": offline.customers.export,
        "lookups.campaigns.list": offline.lookups.campaigns.list,
    }
    for method, read in reads.items():
        with pytest.raises(NotCachedError, match=f"{method}: the connection is offline"):
            read()
    assert not box.requests


def test_refresh_raises_offline(offline):
    with pytest.raises(UsageError, match="offline"):
        offline.leads.list(status="Open", refresh=True)


def test_repr_shows_offline(offline):
    assert "offline: reads from the cache only" in repr(offline)
    assert "offline: reads from the cache only" in offline._repr_html_()


def test_incomplete_read_stays_incomplete_offline(box, join):
    box.inject("leads.list", page="short", times=None)
    with pytest.warns(stcrm.errors.IncompleteReadWarning):
        join(box).leads.list(allow_incomplete=True)
    with pytest.raises(NotCachedError):
        join(box, offline=True).leads.list()
