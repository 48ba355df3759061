"""Decoded reads: a warm read without response bodies gives the same frame, or decodes them if anything disagrees."""

from __future__ import annotations

import contextlib
import datetime as dt
import sqlite3
import warnings

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import DriftError, DriftWarning
from stcrm_pandas.reads.decoded import SMALLEST
from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def company():
    with Sandbox(leads=3000, seed=7, as_of=AS_OF, rate_limit=None) as running:
        yield running


@pytest.fixture
def fresh_company():
    with Sandbox(leads=1500, seed=7, as_of=AS_OF, rate_limit=None) as running:
        yield running


@pytest.fixture
def connected(tmp_path):
    """Connections to one cache; what they read is stored when they are closed."""

    @contextlib.contextmanager
    def connect(sandbox, **options):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DriftWarning)
            with stcrm.connect(sandbox=sandbox, cache_dir=tmp_path / "cache", **options) as crm:
                yield crm

    return connect


def run(crm, sql, *values):
    with contextlib.closing(sqlite3.connect(crm.cache.path, isolation_level=None)) as db:
        return db.execute(sql, values).fetchall()


def decoded(crm):
    return run(crm, "SELECT count(DISTINCT id) FROM decoded WHERE number = 0")[0][0]


def test_a_frame_needs_no_response_bodies_once_it_is_stored(company, connected):
    methods = [
        lambda crm: crm.leads.list(),
        lambda crm: crm.customers.list(),
        lambda crm: crm.locations.list(),
        lambda crm: crm.bookings.list(),
        lambda crm: crm.lookups.jobs.list(),
        lambda crm: crm.leads.list(status="Open"),
    ]
    with connected(company) as crm:
        first = [method(crm) for method in methods]
    with connected(company) as crm:
        assert decoded(crm) == sum(len(frame) >= SMALLEST for frame in first) >= 4
        run(crm, "DELETE FROM responses")
        for method, cold in zip(methods, first, strict=True):
            if len(cold) < SMALLEST:
                continue
            warm = method(crm)
            pd.testing.assert_frame_equal(warm, cold)
            about, read = warm.attrs["stcrm"], cold.attrs["stcrm"]
            assert about == {**read, "pages_from_cache": read["pages"]}
        assert crm.calls == 0


def test_small_frames_are_not_stored(company, connected):
    with connected(company) as crm:
        assert len(crm.lookups.campaigns.list()) < SMALLEST
    with connected(company) as crm:
        assert decoded(crm) == 0


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE decoded SET value = CAST(substr(value, 1, length(value) - 9) || zeroblob(9) AS BLOB) WHERE number = 3",
        "UPDATE decoded SET value = x'' WHERE number = 1",
        "DELETE FROM decoded WHERE number = 2",
        "UPDATE decoded SET value = CAST('nonsense' AS BLOB) WHERE number = 0",
        "UPDATE decoded SET value = substr(value, 1, 50) WHERE number = 0",
        "UPDATE decoded SET value = (SELECT value FROM decoded WHERE number = 5) WHERE number = 4",
    ],
)
def test_a_damaged_one_is_ignored_and_stored_again(damage, company, connected):
    with connected(company) as crm:
        first = crm.leads.list()
    with connected(company) as crm:
        run(crm, damage)
        pd.testing.assert_frame_equal(crm.leads.list(), first)
        assert crm.calls == 0
    with connected(company) as crm:
        run(crm, "DELETE FROM responses")
        pd.testing.assert_frame_equal(crm.leads.list(), first)
        assert crm.calls == 0


def test_one_that_another_version_made_is_ignored(company, connected):
    with connected(company) as crm:
        first = crm.leads.list()
    with connected(company) as crm:
        ((id,),) = run(crm, "SELECT DISTINCT id FROM decoded")
        about, checks = crm.cache.decoded.about(id)
        columns = [crm.cache.decoded.column(id, number, check) for number, check in enumerate(checks, 1)]
        swapped = [columns[1], columns[0], *columns[2:]]
        crm.cache.decoded.save(id, {**about, "made_by": "another version"}, swapped)
        pd.testing.assert_frame_equal(crm.leads.list(), first)
        assert crm.calls == 0


def test_without_its_description_nothing_is_read(company, connected):
    """As a process leaves it that ended while it stored a frame."""
    with connected(company) as crm:
        first = crm.leads.list()
    with connected(company) as crm:
        run(crm, "DELETE FROM decoded WHERE number = 0 OR number > 7")
        pd.testing.assert_frame_equal(crm.leads.list(), first)
    with connected(company) as crm:
        assert decoded(crm) == 1


def test_frames_are_writable_and_independent_of_what_is_stored(company, connected):
    with connected(company) as crm:
        first = crm.leads.list()
        kept = first.copy(deep=True)
        first.loc[:, "lead_city"] = "Elsewhere"  # at once, while the frame is being stored
        first["id"] = 0
        first.pop("status")
    with connected(company) as crm:
        again = crm.leads.list()
        pd.testing.assert_frame_equal(again, kept)
        again.loc[:, "lead_city"] = "Elsewhere"
        again.loc[3, "campaign_id"] = pd.NA
        pd.testing.assert_frame_equal(crm.leads.list(), kept)


def test_a_write_forgets_it(fresh_company, connected):
    with connected(fresh_company) as crm:
        customers = crm.customers.list()
        assert len(crm.leads.list()) >= SMALLEST
        crm._reader._decoded.wait()
        before = decoded(crm)
        crm.leads.update(int(crm.leads.list()["id"].iloc[0]), summary="changed")
        assert decoded(crm) == before - 1
        again = crm.leads.list()
        assert again["summary"].iloc[0] == "changed"
        assert len(customers) == len(crm.customers.list())
    with connected(fresh_company) as crm:
        pd.testing.assert_frame_equal(crm.leads.list(), again)
        assert crm.calls == 0


def test_a_read_that_is_dropped_while_its_frame_is_stored_stays_dropped(company, connected):
    with connected(company) as crm:
        crm.leads.list()
        crm._reader._decoded.wait()
        ((id,),) = run(crm, "SELECT DISTINCT id FROM decoded")
        crm.cache.clear("leads")
        crm.cache.decoded.save(id, {}, [b"late"])
        assert run(crm, "SELECT count(*) FROM decoded") == [(0,)]


def test_clear_and_refresh_and_age_apply_to_it(company, connected):
    with connected(company, max_age="1h") as crm:
        crm.leads.list()
        crm._reader._decoded.wait()
        calls = crm.calls
        crm.leads.list()
        assert crm.calls == calls
        crm.leads.list(refresh=True)
        assert crm.calls > calls
        crm._reader._decoded.wait()
        assert decoded(crm) == 1
        crm.cache.clear()
        assert run(crm, "SELECT count(*) FROM decoded") == [(0,)]


def test_offline_reads_use_it(company, connected):
    with connected(company) as crm:
        first = crm.leads.list()
    with connected(company, offline=True) as crm:
        run(crm, "DELETE FROM responses")
        pd.testing.assert_frame_equal(crm.leads.list(), first)


def test_it_counts_toward_the_limit(company, connected):
    """Pages alone fit; with their decoded frames the oldest read is dropped."""
    with connected(company) as crm:
        crm.leads.list()
        crm.customers.list()
        crm._reader._decoded.wait()
        pages, columns = (
            run(crm, f"SELECT sum(length(value)) FROM {table}")[0][0] for table in ("responses", "decoded")
        )
        assert columns > pages / 10
        assert crm.cache.size > pages + columns
        crm.cache._limit = crm.cache._file.used - 1
        crm.cache.shrink()
        assert run(crm, "SELECT resource FROM generations") == [("customers",)]
        assert decoded(crm) == 1


def test_drift_is_the_same_as_from_the_bodies(fresh_company, connected):
    def change(rows):
        for row in rows[:3]:
            row.update(status="Paused", newThing={"a": [1, None]})

    fresh_company.inject("leads.list", times=None, rows=change)
    with connected(fresh_company) as crm:
        first, drift = crm.leads.list(), crm.drift()
    with connected(fresh_company) as crm:
        run(crm, "DELETE FROM responses")
        pd.testing.assert_frame_equal(crm.leads.list(), first)
        assert first["new_thing"].iloc[0] == {"a": (1, None)}
        pd.testing.assert_frame_equal(crm.drift(), drift)
        assert {"Paused", "newThing"} <= set(drift["detail"])
    with connected(fresh_company, strict=True) as crm, pytest.raises(DriftError, match="status"):
        crm.leads.list()
