"""Every analysis gives from Spark what it gives from pandas."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import narwhals.stable.v2 as nw
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import stcrm_pandas as stcrm
from stcrm_pandas import analysis
from stcrm_pandas.analysis.leads.inquiries import phone_number
from stcrm_pandas.frame.contact_values import NO_LOCAL_NUMBERS, NO_NUMBERS, is_placeholder

AsSpark = Callable[[pd.DataFrame], Any]
AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
HOW: dict[str, Any] = {"as_of": AS_OF, "time_zone": "America/Chicago", "min_group": 5}


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with (
        warnings.catch_warnings(),
        stcrm.Sandbox(leads=150, customers=200, seed=7, as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box) as crm,
    ):
        warnings.simplefilter("ignore")
        mirror = crm.mirror(tmp_path_factory.mktemp("titan"))
        mirror.sync()
        yield mirror


@pytest.fixture
def read(mirror: Any) -> Callable[[str], pd.DataFrame]:
    def read(name: str) -> pd.DataFrame:
        frame: pd.DataFrame = mirror.read(name)
        frame.attrs = {}  # Spark frames have none
        return frame

    return read


def check(found: Any, expected: Any, tables: tuple[str, ...]) -> None:
    assert found.left_out == expected.left_out
    for name in ("table", "overall", *tables):
        assert_frame_equal(getattr(found, name), getattr(expected, name), check_exact=False)


@pytest.mark.parametrize("by", ["source", ("business_unit", "month")])
def test_booking_sources(read: Any, as_spark: AsSpark, by: Any) -> None:
    frames = {name: read(name) for name in ("bookings", "leads", "jobs", "customers")}
    log = pd.DataFrame({"id": frames["bookings"]["id"], "status": "New", "first_seen": AS_OF, "last_seen": AS_OF})
    names = {"business_unit": read("business_units")}

    def found(convert: Any) -> Any:
        given = {name: convert(frame) for name, frame in {**frames, "status_log": log}.items()}
        return analysis.booking_sources(given.pop("bookings"), **given, by=by, names=names, **HOW)

    check(found(as_spark), found(lambda frame: frame), ("speed", "leakage", "first_time", "spellings", "silences"))


@pytest.mark.parametrize("by", ["campaign", ("business_unit", "month")])
def test_opportunities(read: Any, as_spark: AsSpark, by: Any) -> None:
    frames = [read(name) for name in ("leads", "bookings", "jobs")]
    small = {"campaigns": read("campaigns"), "call_reasons": read("call_reasons")}

    def found(convert: Any) -> Any:
        return analysis.opportunities(*map(convert, frames), **small, by=by, **HOW)

    check(found(as_spark), found(lambda frame: frame), ("weeks", "untraced", "differing"))


@pytest.mark.parametrize("by", ["customer_type", ("tag", "age")])
def test_contact_preferences(read: Any, as_spark: AsSpark, by: Any) -> None:
    names = {"contacts": "customer_contacts", "methods": "contact_methods", "newer_contacts": "contacts"}
    names |= {name: name for name in ("customers", "locations", "location_contacts")}
    frames = {name: read(resource) for name, resource in names.items()}

    def found(convert: Any) -> Any:
        given = {name: convert(frame) for name, frame in frames.items()}
        return analysis.contact_preferences(**given, by=by, **HOW)

    check(found(as_spark), found(lambda frame: frame), ("locations", "newer", "combinations", "kinds"))


def test_same_person(read: Any, as_spark: AsSpark) -> None:
    bookings = read("bookings")
    found, expected = analysis.same_person(as_spark(bookings), days=60), analysis.same_person(bookings, days=60)
    assert_frame_equal(found.candidates, expected.candidates)
    assert_frame_equal(found.credit, expected.credit)


def test_placeholders(as_spark: AsSpark) -> None:
    """Spark reads a phone as Python does: as a number, or as a placeholder, which belongs to nobody."""
    digits = [*NO_NUMBERS, *(f"1{number}" for number in NO_NUMBERS), *(f"512{number}" for number in NO_LOCAL_NUMBERS)]
    digits = [number for number in digits if len(number) >= 10]
    digits += ["5125550143", "15125550143", "442079460018", "4412345678901"]
    rows = pd.DataFrame({"id": range(len(digits)), "phone": [f"+{number[:-4]}-{number[-4:]}" for number in digits]})
    expected = [None if is_placeholder(number) else int(number[-10:]) for number in digits]
    numbers = nw.from_native(as_spark(rows)).select("id", number=phone_number("phone")).collect("pyarrow")
    assert numbers.sort("id")["number"].to_list() == expected
    assert None in expected
    assert sum(number is not None for number in expected) >= 4


def test_tenants(read: Any, as_spark: AsSpark) -> None:
    """The same ids in two tenants are two things, also on Spark, where call reasons are those of the tenant."""

    def twice(name: str) -> pd.DataFrame:
        return pd.concat([read(name).assign(tenant=tenant) for tenant in (5, 6)], ignore_index=True)

    reasons = twice("call_reasons")
    reasons["is_lead"] = reasons["is_lead"] & (reasons["tenant"] == 5)
    frames = [as_spark(twice(name)) for name in ("leads", "bookings", "jobs")]
    by_tenant = analysis.opportunities(*frames, call_reasons=reasons, by="tenant", **HOW).table.set_index("id")
    leads = analysis.lead_conversion(frames[0], call_reasons=reasons, by="tenant", **HOW).table.set_index("id")
    for tenant in (5, 6):
        mine = reasons[reasons["tenant"] == tenant].drop(columns="tenant")
        alone = analysis.opportunities(*map(read, ("leads", "bookings", "jobs")), call_reasons=mine, **HOW).overall
        assert by_tenant.loc[tenant, ["opportunities", "booked_lower"]].tolist() == (
            alone[["opportunities", "booked_lower"]].iloc[0].tolist()
        )
        alone = analysis.lead_conversion(read("leads"), call_reasons=mine, **HOW).overall
        assert leads.loc[tenant, ["leads", "converted"]].tolist() == alone[["leads", "converted"]].iloc[0].tolist()
