"""Amounts have the currency of the business units; several currencies are never added up."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import BookingSources, Opportunities, booking_sources, opportunities

Frames = Callable[..., pd.DataFrame]
UNITS = pd.DataFrame({"id": [1, 2, 3], "name": ["Austin", "Dallas", "Toronto"], "currency": ["USD", "USD", "CAD"]})
JAN = "2026-01-05T15:00Z"
KNOWN = {"as_of": "2026-06-01T00:00Z", "time_zone": "America/Chicago"}


@pytest.fixture
def of_jobs(leads: Frames, bookings: Frames, jobs: Frames) -> Callable[..., Opportunities]:
    def make(*rows: dict[str, Any], **more: Any) -> Opportunities:
        usual = {"created_on": JAN, "job_status": "Completed", "campaign_id": 7}
        made = jobs(*(usual | {"id": 10 + n, "lead_call_id": n} | row for n, row in enumerate(rows)))
        return opportunities(leads(), bookings(), made, names={"campaign": {7: "Radio"}}, **KNOWN | more)

    return make


def test_one_currency_is_shown(of_jobs: Callable[..., Opportunities]) -> None:
    rows = ({"business_unit_id": 1, "total": 1240.0}, {"business_unit_id": 2, "total": 60.0})
    spend = pd.DataFrame({"campaign": [7], "month": ["2026-01"], "amount": [500.0]})
    found = of_jobs(*rows, business_units=UNITS, spend=spend, min_group=1)
    assert (found.currency, found.cautions, found.money) == ("USD", (), None)
    assert "$1,300" in found._repr_html_()
    assert "$500 was spent" in " ".join(found.summary())
    assert found.costs is not None
    assert found.costs.currency == "USD"
    assert "$250 per booked job" in str(found.figure("cost").to_plotly_json())
    plain = of_jobs(*rows)
    assert (plain.currency, plain.currencies) == (None, ())
    assert "1,300" in plain._repr_html_()
    assert "$" not in plain._repr_html_()


def test_opportunities_in_several_currencies_are_summed_within_each(of_jobs: Callable[..., Opportunities]) -> None:
    rows = (
        {"business_unit_id": 1, "total": 1000.0},
        {"business_unit_id": 3, "total": 300.0, "campaign_id": 8},
        {"business_unit_id": 3, "total": 30.0, "job_generated_lead_source_job_id": 10, "lead_call_id": None},
        {"business_unit_id": 2, "total": 4.0, "lead_call_id": None},
    )
    spend = pd.DataFrame({"campaign": [7], "month": ["2026-01"], "amount": [500.0]})
    found = of_jobs(*rows, business_units=UNITS, spend=spend, min_group=1)
    assert found.currencies == ("CAD", "USD")
    assert found.cautions == (
        "Amounts are in several currencies (CAD, USD): they are added up within each, and none is converted.",
    )
    assert found.summary()[0] == found.cautions[0]
    assert found.money is not None
    amounts = found.money.set_index(["name", "currency"])
    assert amounts["revenue"].to_dict() == {
        ("Radio", "CAD"): 0.0, ("8", "CAD"): 300.0, ("All opportunities", "CAD"): 300.0,
        ("Jobs without call or booking", "CAD"): 0.0, ("Radio", "USD"): 1000.0, ("8", "USD"): 0.0,
        ("All opportunities", "USD"): 1000.0, ("Jobs without call or booking", "USD"): 4.0,
    }  # fmt: skip
    assert amounts.loc[("Radio", "CAD"), "follow_on_revenue"] == 30.0
    for frame in (found.table, found.overall, found.untraced):
        assert frame[["revenue", "follow_on_revenue", "median"]].isna().all(axis=None)
    assert found.table["paid"].sum() == 2
    assert "CA$300 + $1,000" in found._repr_html_()
    assert "CA$330 + $1,000" in found._repr_html_()
    assert found.costs is not None
    assert found.costs.overall["revenue_per_unit"].isna().all()
    assert found.weeks is not None
    assert "revenue" not in found.weeks
    assert found.weeks[["revenue CAD", "revenue USD"]].sum().tolist() == [300.0, 1000.0]
    assert len(found.tiles()) == 4


def of_bookings(bookings: Frames, jobs: Frames, **more: Any) -> BookingSources:
    frame = bookings(
        *(
            {"id": n, "source": "Web", "status": "Converted", "job_id": 10 + n, "created_on": JAN, "modified_on": JAN}
            for n in range(4)
        )
    )
    done = {"created_on": JAN, "job_status": "Completed"}
    made = jobs(
        *({**done, "id": 10 + n, "business_unit_id": 1 + n, "total": 100.0 * (n + 1)} for n in range(3)),
        {**done, "id": 13, "total": 5.0},
        {**done, "id": 20, "business_unit_id": 1, "total": 7.0, "job_generated_lead_source_job_id": 10},
        {**done, "id": 21, "business_unit_id": 3, "total": 9.0, "job_generated_lead_source_job_id": 10},
    )
    return booking_sources(frame, jobs=made, **KNOWN | more)


def test_bookings_in_several_currencies_are_summed_within_each(bookings: Frames, jobs: Frames) -> None:
    found = of_bookings(bookings, jobs, business_units=UNITS)
    assert found.currencies == ("(unknown)", "CAD", "USD")
    assert found.summary()[0].startswith("Amounts are in several currencies ((unknown), CAD, USD)")
    assert found.revenue[["name", "currency", "jobs", "median"]].values.tolist() == [
        ["Web", "(unknown)", 1, 5.0], ["Web", "CAD", 1, 300.0], ["Web", "USD", 2, 150.0],
    ]  # fmt: skip
    assert found.amounts.set_index("job")["follow"].to_dict() == {10: 7.0, 11: 0.0, 12: 0.0, 13: 0.0}
    page = found.shown("revenue")._repr_html_()
    assert "Web (USD)" in page
    assert "$150" in page
    assert "CA$300" in page


def test_bookings_without_business_units_have_no_currency(bookings: Frames, jobs: Frames) -> None:
    found = of_bookings(bookings, jobs)
    assert (found.currencies, found.cautions) == ((), ())
    assert found.revenue["currency"].isna().all()
    assert "$" not in found.shown("revenue")._repr_html_()
    in_names = of_bookings(bookings, jobs, by="business_unit", names=UNITS.assign(currency="USD"))
    assert in_names.currencies == ("(unknown)", "USD")
