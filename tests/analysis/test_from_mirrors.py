"""Analyses of mirrors: of one tenant, and of two tenants in which the same ids mean different things."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stcrm_pandas as stcrm
from stcrm_pandas import analysis
from stcrm_pandas.errors import UsageError

START = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
ONE, OTHER = 900_000_007, 900_000_008

pytestmark = pytest.mark.deep

Analysis = Callable[..., Any]

ANALYSES: dict[str, tuple[Analysis, str]] = {
    "leads": (partial(analysis.lead_conversion, min_group=5), "leads"),
    "bookings": (partial(analysis.booking_sources, min_group=5), "bookings"),
    "opportunities": (partial(analysis.opportunities, min_group=5), "opportunities"),
    "preferences": (partial(analysis.contact_preferences, min_group=5), "customers"),
}
"""The analyses with a dimension, and the column of their tables with the number of rows."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mirrors of two tenants, in which the same ids have different names, currencies and meanings."""
    folder: Path = tmp_path_factory.mktemp("network")
    for seed in (7, 8):
        with (
            warnings.catch_warnings(),
            stcrm.Sandbox(leads=150, customers=200, seed=seed, as_of=START, rate_limit=None) as box,
            stcrm.connect(sandbox=box) as crm,
        ):
            warnings.simplefilter("ignore")
            if seed == 8:
                make_another_company(box, crm)
            mirror = crm.mirror(folder)
            mirror.sync()
            box.advance(HOUR)
            for id in mirror.leads().query("status == 'Open'")["id"].head(3):
                box.change("leads", int(id), status="Dismissed")
            box.advance(HOUR)
            mirror.sync()
    return folder


def make_another_company(box: stcrm.Sandbox, crm: stcrm.Client) -> None:
    campaigns = crm.lookups.campaigns.list()
    for id, category in zip(campaigns["id"], campaigns["category_id"], strict=True):
        box.change(
            "campaigns", int(id), name=f"North {id}", **{"category.id": int(category) + 1, "category.name": "North"}
        )
    box.change("call_reasons", 810, isLead=False)
    for id in crm.lookups.business_units.list()["id"]:
        box.change("business_units", int(id), currency="CAD")
    for id in crm.lookups.tag_types.list()["id"]:
        box.change("tag_types", int(id), name=f"North {id}")


@pytest.fixture(scope="module")
def network(folder: Path) -> Any:
    return stcrm.mirrors(folder)


@pytest.fixture(scope="module")
def one(folder: Path) -> Any:
    return stcrm.mirrors(folder / f"tenant={ONE}")


def test_a_mirror_gives_all_inputs_of_lead_conversion(one: Any) -> None:
    crm = one.client()
    campaigns, units = crm.lookups.campaigns.list(), crm.lookups.business_units.list()
    expected = analysis.lead_conversion(
        crm.leads.list(),
        jobs=crm.lookups.jobs.list(),
        bookings=crm.bookings.list(),
        call_reasons=crm.lookups.call_reasons.list(),
        status_log=crm.status_log("leads"),
        by="campaign",
        names={"campaign": campaigns, "business_unit": units, "customer": crm.customers.list()},
        contacts=[crm.customers.list_contacts(), crm.locations.list_contacts()],
        dismissing_reasons=crm.settings.dismissing_reasons,
    )
    found = analysis.lead_conversion(mirror=one, by="campaign")
    check_same(found, expected)
    assert (found.time_zone, found.cautions) == ("America/Chicago", ())
    assert "Radio Evenings (inactive)" in found.table["name"].tolist()
    for key, listed in expected.work_lists.items():
        assert_frame_equal(found.work_lists[key].frame, listed.frame)


def check_same(found: Any, expected: Any) -> None:
    assert_frame_equal(found.table, expected.table)
    assert_frame_equal(found.overall, expected.overall)
    assert (found.as_of, found.left_out, found.cautions) == (expected.as_of, expected.left_out, expected.cautions)


def test_a_mirror_gives_all_inputs_of_bookings_campaigns_and_preferences(one: Any) -> None:
    crm = one.client()
    leads, bookings, jobs = crm.leads.list(), crm.bookings.list(), crm.lookups.jobs.list()
    names = {"campaign": crm.lookups.campaigns.list(), "business_unit": crm.lookups.business_units.list()}
    others = {"leads": leads, "jobs": jobs, "customers": crm.customers.list(), "status_log": crm.status_log("bookings")}
    found, expected = analysis.booking_sources(mirror=one), analysis.booking_sources(bookings, names=names, **others)
    check_same(found, expected)
    assert_frame_equal(found.speed, expected.speed)
    reasons = crm.lookups.call_reasons.list()
    frames = {"campaigns": names["campaign"], "call_reasons": reasons, "names": names}
    check_same(analysis.opportunities(mirror=one), analysis.opportunities(leads, bookings, jobs, **frames))
    expected = analysis.contact_preferences(
        crm.customers.list(),
        crm.customers.list_contacts(),
        locations=crm.locations.list(),
        location_contacts=crm.locations.list_contacts(),
        methods=crm.contact_methods.search(),
        newer_contacts=crm.contacts.list(),
        by="tag",
        names=crm.lookups.tag_types.list(),
    )
    check_same(analysis.contact_preferences(mirror=one, by="tag"), expected)
    pairs = analysis.same_person(mirror=one).candidates
    assert_frame_equal(pairs, analysis.same_person(bookings).candidates)


@pytest.mark.parametrize("name", ANALYSES)
def test_tenants_are_the_union_of_each_tenant(network: Any, name: str) -> None:
    analyze, size = ANALYSES[name]
    found = analyze(mirror=network, by="tenant")
    assert set(found.table["id"]) == {ONE, OTHER}
    for mirror in network.each:
        alone = analyze(mirror=mirror, by=None).overall
        rows = found.table[found.table["id"] == mirror.tenant].reset_index(drop=True)
        without = {"id", "name"} | ({"revenue", "follow_on_revenue", "median"} if name == "opportunities" else set())
        columns = [column for column in alone.columns if column not in without]
        assert_frame_equal(rows[columns], alone[columns])
    assert int(found.table[size].sum()) == int(found.overall[size].sum())


PAIRS = [
    ("leads", "campaign"),
    ("leads", "category"),
    ("leads", "call_reason"),
    ("leads", "business_unit"),
    ("leads", "creator"),
    ("leads", "tag"),
    ("leads", "weekday"),
    ("bookings", "source"),
    ("bookings", "campaign"),
    ("bookings", "provider"),
    ("opportunities", "campaign"),
    ("opportunities", "category"),
    ("preferences", "tag"),
    ("preferences", "customer_type"),
]


@pytest.mark.parametrize(("name", "dimension"), PAIRS)
def test_groups_of_tenants_are_those_of_each_tenant(network: Any, name: str, dimension: str) -> None:
    analyze, size = ANALYSES[name]
    found = analyze(mirror=network, by=("tenant", dimension)).table
    key = ["name", *(["purpose", "channel"] if name == "preferences" else [])]
    for mirror in network.each:
        alone = analyze(mirror=mirror, by=dimension).table
        begin = f"{mirror.tenant} · "
        rows = found[found["name"].str.startswith(begin)]
        rows = rows.assign(name=rows["name"].str.removeprefix(begin))
        assert_frame_equal(rows.set_index(key)[[size]].sort_index(), alone.set_index(key)[[size]].sort_index())
        renamed = mirror.tenant == OTHER and dimension in ("campaign", "category", "tag")
        assert rows["name"].str.startswith("North").any() == renamed


@pytest.mark.parametrize(
    ("name", "dimension"),
    [("leads", "campaign"), ("bookings", "provider"), ("opportunities", "category"), ("preferences", "tag")],
)
def test_ids_of_several_tenants_are_never_mixed(network: Any, name: str, dimension: str) -> None:
    with pytest.raises(
        UsageError, match=rf"the same id can occur in several tenants: use by=\('tenant', '{dimension}'"
    ):
        ANALYSES[name][0](mirror=network, by=dimension)


def test_people_are_compared_within_one_tenant(network: Any) -> None:
    with pytest.raises(UsageError, match="within one tenant"):
        analysis.same_person(mirror=network)


def test_the_amounts_of_tenants_are_in_their_currencies(network: Any) -> None:
    found = analysis.opportunities(mirror=network, by="tenant")
    assert found.currencies == ("CAD", "USD")
    money = found.money[found.money["id"].notna() & (found.money["revenue"] > 0)]
    assert sorted(zip(money["id"], money["currency"], strict=True)) == [(ONE, "USD"), (OTHER, "CAD")]
    for mirror, currency in zip(network.each, ("USD", "CAD"), strict=True):
        alone = analysis.opportunities(mirror=mirror, by=None).overall
        assert money.set_index("currency")["revenue"][currency] == pytest.approx(float(alone["revenue"].iloc[0]))
    amounts = analysis.booking_sources(mirror=network, by="tenant").amounts
    assert amounts.groupby("name")["currency"].unique().map(list).to_dict() == {str(ONE): ["USD"], str(OTHER): ["CAD"]}


def test_call_lists_of_tenants_have_the_contacts_of_the_tenant(network: Any) -> None:
    names = {"customer": network.customers()}
    contacts = [network.read("customer_contacts"), network.read("location_contacts")]
    found = analysis.lead_conversion(mirror=network, by="tenant", names=names, contacts=contacts)
    single = {mirror.tenant: analysis.lead_conversion(mirror=mirror).work_lists for mirror in network.each}
    columns = ["Tenant", "Lead id", "Name", "Phone", "E-mail", "Campaign"]
    for key, listed in found.work_lists.items():
        alone = pd.concat([lists[key].frame.assign(Tenant=tenant) for tenant, lists in single.items()])
        rows = [
            frame[columns].sort_values(columns[:2], ignore_index=True).astype(str) for frame in (listed.frame, alone)
        ]
        assert_frame_equal(*rows)
    assert len(found.work_lists["overdue-follow-up"].frame)
