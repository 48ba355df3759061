"""`stcrm forget` for a person who is known by a number, an address or a booking, also where only a text has them."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import warnings

import pytest
from typer.testing import CliRunner

import stcrm_pandas as stcrm
from stcrm_pandas.cli import app
from stcrm_pandas.mirror.mirror import Mirror

from ..traces import traces

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
PHONE, EMAIL, NAME, STREET = "512-867-5309", "quux.zyzzyva@mail.example", "Quux Zyzzyva", "77 Xylograph Way"


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A mirror with leads without a customer, bookings without a job, and rows of others, whose texts have a person."""
    with (
        warnings.catch_warnings(),
        stcrm.Sandbox(leads=120, seed=11, as_of=AS_OF, rate_limit=None, feed_delay=0) as sandbox,
        stcrm.connect(sandbox=sandbox) as crm,
    ):
        warnings.simplefilter("ignore")
        leads, bookings, jobs = crm.leads.list(), crm.bookings.list(), crm.lookups.jobs.list()
        free = leads.loc[leads["customer_id"].isna() & leads["booking_id"].isna(), "id"].astype(int).tolist()
        of_others = leads.loc[leads["customer_id"].notna(), "id"].astype(int).tolist()
        unconverted = bookings.loc[bookings["job_id"].isna(), "id"].astype(int).tolist()
        ids = {
            "by_number": free[0],
            "by_address": free[1],
            "by_name": free[2],
            "other_number": free[3],
            "booking": unconverted[0],
            "booking_by_name": unconverted[1],
            "lead_of_other": of_others[0],
            "job": int(jobs["id"].iloc[0]),
            "job_with_shared": int(jobs["id"].iloc[1]),
        }
        contacts = crm.customers.list_contacts(customer_ids=leads["customer_id"].dropna().unique()[:20])
        shared = contacts.loc[contacts["type"] == "MobilePhone", "value"].iloc[0]
        sandbox.change("jobs", ids["job_with_shared"], summary=f"Tenant's number: {shared}")
        sandbox.change("leads", ids["by_number"], summary=f"{NAME} left her number: (512) 867 – 5309, ask for Q.")
        sandbox.change("leads", ids["by_address"], summary=f"Wrote from <{EMAIL.upper()}>.\nLeak in the attic")
        sandbox.change("leads", ids["by_name"], summary=f"{NAME}, {STREET}: wants a quote")
        sandbox.change("leads", ids["other_number"], summary=f"Call 1{PHONE.replace('-', '')}9, not after 5")
        words = f"{NAME} at {STREET}, call +1 512.867.5309"
        sandbox.change("bookings", ids["booking"], name=NAME, summary=words)
        address = {**sandbox.row("bookings", ids["booking"])["address"], "street": STREET}
        sandbox.change("bookings", ids["booking"], address=address)
        sandbox.change("bookings", ids["booking_by_name"], name=NAME.upper(), address=address, summary="Furnace")
        sandbox.change("leads", ids["lead_of_other"], summary=f"A neighbor ({PHONE}, {EMAIL}) told us about the leak")
        sandbox.change("jobs", ids["job"], summary="Side gate. Neighbor's phone 512/867/5309.")
        sandbox.advance(3600)
        mirror = crm.mirror(tmp_path_factory.mktemp("texts") / "titan")
        mirror.sync()
        yield crm, mirror.folder.parent, ids, shared


@pytest.fixture
def forget(planted, tmp_path):
    """Run the command on a copy of the mirror; return the mirror, the ids, and what runs it."""
    crm, folder, ids, _ = planted
    shutil.copytree(folder, tmp_path / "titan")
    mirror = Mirror(tmp_path / "titan", tenant=crm.settings.tenant, crm=crm)

    def run(*options, typed=""):
        own = ["--state-dir", tmp_path / "state", "--cache-dir", tmp_path / "cache"]
        found = CliRunner().invoke(app, list(map(str, ["forget", tmp_path / "titan", *options, *own])), input=typed)
        assert found.exit_code == 0, found.output
        return found.output

    return mirror, ids, run


def left(mirror, ids):
    """Return which of the planted leads and bookings are in the mirror."""
    there = {*mirror.leads()["id"], *mirror.bookings()["id"]}
    return {name for name, id in ids.items() if id in there}


def text(mirror, resource, id):
    frame = mirror.read(resource)
    return frame.loc[frame["id"] == id, "summary"].item()


def test_numbers_and_addresses_in_texts_are_in_no_byte(forget):
    mirror, ids, run = forget
    assert {word for _, word in traces(mirror.folder, PHONE, EMAIL, EMAIL.upper())} == {PHONE, EMAIL, EMAIL.upper()}
    before = {name: len(mirror.read(name)) for name in ("leads", "bookings", "jobs")}
    shown = run("--phone", PHONE, "--email", EMAIL, "--dry-run")
    assert {name: len(mirror.read(name)) for name in before} == before
    assert "to erase: " in shown
    assert "2 rows of leads" in shown
    assert "1 row of bookings" in shown
    found = sorted([ids["by_number"], ids["by_address"]])
    assert f"in a text only: leads {found[0]}, {found[1]}." in shown
    assert f"in a text only: bookings {ids['booking']}." in shown
    assert f"summary of leads {ids['lead_of_other']}." in shown
    assert f"summary of jobs {ids['job']}." in shown
    assert "not for names" in shown
    done = run("--phone", PHONE, "--email", EMAIL, typed="n\ny\n")
    assert f"summary of jobs {ids['job']}." in done
    forms = ("867-5309", "867 – 5309", "867.5309", "867/5309", EMAIL, EMAIL.upper())
    assert traces(mirror.folder, *forms) == []
    assert left(mirror, ids) == {"by_name", "other_number", "booking_by_name", "lead_of_other"}
    assert text(mirror, "leads", ids["lead_of_other"]) == "A neighbor ([erased], [erased]) told us about the leak"
    assert text(mirror, "jobs", ids["job"]) == "Side gate. Neighbor's phone [erased]."
    assert len(mirror.jobs()) == before["jobs"]
    again = run("--phone", PHONE, "--email", EMAIL, "--yes")
    assert "erased: " not in again


@pytest.mark.parametrize(("answer", "kept"), [("y", set()), ("n", {"by_name", "booking_by_name"})])
def test_rows_with_the_same_name_and_address_are_asked_about(forget, answer, kept):
    """They may be in columns of their own or in the summary, and belong to a person who is no customer."""
    mirror, ids, run = forget
    shown = run("--phone", PHONE, "--email", EMAIL, typed=f"{answer}\ny\n")
    assert "2 rows with the same name and address" in shown
    for name in ("by_name", "booking_by_name"):
        assert str(ids[name]) in shown.partition("Erase these, too?")[0]
    assert left(mirror, ids) == {"other_number", "lead_of_other", *kept}
    assert ("add --lead or --booking" in shown) is bool(kept)
    assert bool(traces(mirror.folder, NAME, STREET)) is bool(kept)


def test_a_person_known_by_a_booking_only(forget):
    """Its name and address find the others; they are named, and erased only with the options for them."""
    mirror, ids, run = forget
    shown = run("--booking", ids["booking"], "--yes")
    for name in ("by_name", "booking_by_name"):
        assert str(ids[name]) in shown
    assert left(mirror, ids) == ids.keys() - {"booking", "job", "job_with_shared"}
    run("--booking", ids["booking_by_name"], "--lead", ids["by_name"], "--yes")
    assert not {"by_name", "booking_by_name"} & left(mirror, ids)


@pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.StcrmWarning")
def test_no_sync_brings_the_texts_back(forget):
    mirror, ids, run = forget
    run("--phone", PHONE, "--email", EMAIL, "--yes")
    mirror.sync(full=True, allow_deletions=True)
    assert traces(mirror.folder, PHONE, "512/867/5309", EMAIL) == []
    assert text(mirror, "jobs", ids["job"]) == "Side gate. Neighbor's phone [erased]."
    kept = json.loads((mirror.folder / "forgotten.json").read_text())
    assert kept.keys() == {"key", "hashes", "pending", "digest"}


def test_a_number_that_somebody_else_has_stays_in_texts_of_others(forget, planted):
    """A text with it is named, and neither erased nor changed."""
    mirror, ids, run = forget
    number = planted[-1]
    before = text(mirror, "jobs", ids["job_with_shared"])
    assert number in before
    shown = run("--phone", number, "--yes")
    assert "Also with this number or address: customers" in shown
    assert "a number or an address that somebody else has as well, in summary of jobs" in shown
    assert str(ids["job_with_shared"]) in shown.partition("somebody else has as well, in summary of jobs")[2]
    assert text(mirror, "jobs", ids["job_with_shared"]) == before
    assert number in set(mirror.read("customer_contacts")["value"])
