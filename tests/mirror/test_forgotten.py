"""A person who asks to be forgotten: erased for good, also after kills, with merged records, and not brought back."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
import random
import shutil
import time
import warnings
from pathlib import Path

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.privacy.forgetting import ErasureRegister, finish, stores_of
from stcrm_pandas.mirror.privacy.people import find

from ..traces import traces

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
PHONE, EMAIL, NAME = "512-867-5309", "quux.zyzzyva@mail.example", "Quux Zyzzyva"


def plant(sandbox, crm):
    """Give values that nobody shares to a customer, one merged into it, and an unconverted booking; return the ids."""
    customers = crm.customers.list(active=None)
    locations = crm.locations.list(active=None)
    leads = crm.leads.list()
    owner = int(locations.loc[locations["customer_id"].isin(leads["customer_id"].dropna()), "customer_id"].iloc[0])
    others = customers[~customers["id"].isin([owner]) & customers["merged_to_id"].isna()]
    merged = int(others["id"].iloc[0])
    for customer in (owner, merged):
        sandbox.change("customers", customer, name=NAME, active=True)
        crm.customers.create_contact(customer, type="MobilePhone", value=PHONE)
        crm.customers.create_contact(customer, type="Email", value=EMAIL)
    sandbox.change("customers", merged, name=f"1 {NAME}", active=False, mergedToId=owner)
    lead = int(leads.loc[leads["customer_id"] == owner, "id"].iloc[0])
    sandbox.change("leads", lead, summary=f"{NAME} called from {PHONE}")
    bookings = crm.bookings.list()
    contacts = crm.bookings.list_contacts(bookings["id"].head(40))
    free = bookings[bookings["job_id"].isna() & bookings["id"].isin(contacts["booking_id"])]
    booking = int(free["id"].iloc[0])
    sandbox.change("bookings", booking, name=NAME)
    row = contacts[contacts["booking_id"] == booking].iloc[0]
    crm.bookings.update_contact(int(row["booking_provider_id"]), booking, int(row["id"]), type="Phone", value=PHONE)
    return owner, merged, booking


@pytest.fixture(scope="module")
def synced(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forgotten") / "titan"
    with (
        warnings.catch_warnings(),
        stcrm.Sandbox(leads=150, seed=11, as_of=AS_OF, rate_limit=None) as sandbox,
        stcrm.connect(sandbox=sandbox) as crm,
    ):
        warnings.simplefilter("ignore")
        mirror = crm.mirror(folder)
        mirror.sync(only=["customers", "leads"])
        owner, merged, booking = plant(sandbox, crm)
        sandbox.advance(3600)
        mirror.sync()
        mirror.sync(only="booking_contacts", parents=[booking])
        yield crm, folder, owner, merged, booking


@pytest.fixture
def copied(synced, tmp_path):
    crm, folder, *ids = synced
    shutil.copytree(folder, tmp_path / "titan")
    return (Mirror(tmp_path / "titan", tenant=crm.settings.tenant, crm=crm), *ids)


def test_nothing_of_a_forgotten_person_and_the_records_merged_with_them_is_left(copied):
    mirror, owner, _, booking = copied
    assert {word for _, word in traces(mirror.folder, PHONE, EMAIL, NAME)} == {PHONE, EMAIL, NAME}
    (mirror.folder / "imported").mkdir()
    for part in ("history/customers/abandoned.part", "imported/status_log.part"):
        (mirror.folder / part).write_text(NAME)
    would = mirror.forget(owner, dry_run=True)
    assert traces(mirror.folder, EMAIL)
    found = mirror.forget(owner)
    pd.testing.assert_frame_equal(found, would)
    assert found.set_index("resource").loc["customers", "rows"] == 2
    assert {"customer_contacts", "leads", "bookings", "booking_contacts"} <= set(found["resource"])
    assert traces(mirror.folder, PHONE, EMAIL, NAME) == []
    assert booking not in mirror.bookings()["id"].tolist()


def test_the_survivor_is_found_from_the_merged_record(copied):
    mirror, owner, merged, _ = copied
    mirror.forget(merged)
    assert traces(mirror.folder, PHONE, EMAIL, NAME) == []
    assert not {owner, merged} & set(mirror.customers()["id"])


def test_values_that_the_user_gives_are_never_dropped(copied):
    """Also those that look as if they belonged to nobody; the person's own rows are not searched for by these."""
    mirror, owner, *_ = copied
    asked = {"jane.doe@mail.com", "none@none.com", "+15555555555"}
    assert find({}, [], contacts=["Jane.Doe@mail.com", "none@none.com", "(555) 555-5555"]).values == asked
    contacts = mirror.read("customer_contacts")
    dummies = contacts[contacts["value"].isin(["555-555-5555", "999-999-9999", "na@na.com", "test@test.com"])]
    assert not dummies.empty
    for value, rows in dummies.groupby("value"):
        assert set(rows["customer_id"]) <= find(stores_of(mirror.folder), [], contacts=[value]).also
    one = int(dummies["customer_id"].iloc[0])
    assert not find(stores_of(mirror.folder), [one]).values & {*dummies["value"], "+15555555555", "+19999999999"}
    assert EMAIL in find(stores_of(mirror.folder), [owner]).values


@pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.StcrmWarning")
def test_no_sync_brings_a_forgotten_person_back(copied):
    mirror, owner, merged, booking = copied
    others = len(mirror.customers())
    mirror.forget(owner)
    mirror.sync(full=True, allow_deletions=True)
    mirror.sync(only="booking_contacts", parents=[booking])
    assert traces(mirror.folder, PHONE, EMAIL, NAME) == []
    assert len(mirror.customers()) == others - 2
    kept = (mirror.folder / "forgotten.json").read_text()
    assert not [id for id in (owner, merged, booking) if str(id) in kept]


@pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.StcrmWarning")
@pytest.mark.parametrize("full", [False, pytest.param(True, marks=pytest.mark.deep)])
def test_records_that_are_merged_later_with_a_forgotten_person_are_erased(tmp_path, full):
    """Also one that is merged into such a record at the same time, and one that the mirror knew as merged into it."""
    with (
        stcrm.Sandbox(leads=100, seed=3, as_of=AS_OF, rate_limit=None) as sandbox,
        stcrm.connect(sandbox=sandbox) as crm,
    ):
        customers = crm.customers.list(active=None)
        chain = customers.loc[customers["merged_to_id"].isna(), "id"].head(4).astype(int).tolist()
        owner, later, further, known = chain
        for customer in (later, further, known):
            sandbox.change("customers", customer, name=f"{NAME} {customer}", active=True)
            crm.customers.create_contact(customer, type="Email", value=f"{customer}.{EMAIL}")
        sandbox.change("customers", known, active=False, mergedToId=further)
        sandbox.advance(3600)
        mirror = crm.mirror(tmp_path)
        mirror.sync()
        mirror.forget(owner)
        others = set(mirror.customers()["id"]) - set(chain)
        assert {word for _, word in traces(mirror.folder, EMAIL, NAME)} == {EMAIL, NAME}
        sandbox.change("customers", later, active=False, mergedToId=owner)
        sandbox.change("customers", further, active=False, mergedToId=later)
        sandbox.advance(3600)
        mirror.sync(full=full, allow_deletions=True)
        assert traces(mirror.folder, EMAIL, NAME) == []
        for customer in chain:
            sandbox.change("customers", customer, name=f"{NAME} again")
        sandbox.advance(3600)
        mirror.sync(full=True, allow_deletions=True)
        assert traces(mirror.folder, EMAIL, NAME) == []
        assert set(mirror.customers()["id"]) == others
        for name, column in (
            ("leads", "customer_id"),
            ("locations", "customer_id"),
            ("customer_contacts", "customer_id"),
        ):
            assert not mirror.read(name)[column].isin(chain).any()


def test_a_house_that_is_sold_is_the_new_customers(copied):
    mirror, owner, merged, _ = copied
    mirror.forget(owner)
    forgotten = ErasureRegister(mirror.folder)
    location = int(mirror.locations()["id"].iloc[0])
    of_others = pd.DataFrame({"id": [location, location], "customer_id": [owner, 7]})
    forgotten._hashes.add(forgotten._hash("locations", location))
    assert forgotten.of_forgotten("locations", of_others).tolist() == [True, False]
    below = pd.DataFrame({"id": [1], "location_id": [location]})
    assert forgotten.of_forgotten("location_contacts", below).tolist() == [False]
    assert not mirror.customers()["id"].isin([owner, merged]).any()


def forget_until_killed(folder, tenant, customer):
    Mirror(folder, tenant=tenant).forget(customer)
    os._exit(0)


@pytest.mark.parametrize("kills", [3, pytest.param(40, marks=pytest.mark.deep)])
def test_kills_at_random_moments_leave_nothing(synced, tmp_path, kills):
    """A kill is repeated until a run ends; half of the time a sync goes on instead of another `forget`."""
    crm, folder, owner, *_ = synced
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload([__name__])
    chance, interrupted = random.Random(), 0
    started = time.monotonic()
    process = processes.Process(target=forget_until_killed, args=(tmp_path / "none", 1, 1))
    process.start()
    process.join()
    for kill in range(kills):
        place = tmp_path / f"{kill}"
        shutil.copytree(folder, place)
        process = processes.Process(target=forget_until_killed, args=(place, crm.settings.tenant, owner))
        process.start()
        own = Path(place / f"tenant={crm.settings.tenant}")
        if chance.random() < 0.7:  # mostly while it erases
            while process.is_alive() and not (own / "forgotten.json").exists():
                time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.4))
        process.kill()
        process.join()
        interrupted += ErasureRegister(own).pending is not None
        if ErasureRegister(own).pending is not None and chance.random() < 0.5:
            finish(stores_of(own), ErasureRegister(own))
        else:
            Mirror(place, tenant=crm.settings.tenant).forget(owner)
        assert traces(place, PHONE, EMAIL, NAME) == [], kill
        assert ErasureRegister(own).pending is None
        shutil.rmtree(place)
    assert interrupted or kills < 10, f"none was interrupted in {time.monotonic() - started:.0f} s"
