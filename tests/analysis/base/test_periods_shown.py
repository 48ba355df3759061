"""A period with too few rows: the headline says which period it shows instead, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import booking_sources, contact_preferences, lead_conversion, opportunities
from stcrm_pandas.analysis.base.periods import period
from stcrm_pandas.analysis.leads.figures import months

from ..preferences.contact_rows import contacts, customers, no_others

Frames = Callable[..., pd.DataFrame]
ZONE, AS_OF = "America/Chicago", "2026-06-03T12:00Z"
BUSY, QUIET = pd.Timestamp("2025-08-05T15:00Z"), pd.Timestamp("2026-05-26T15:00Z")
TIMES = [BUSY] * 40 + [QUIET] * 12 + [pd.Timestamp("2026-02-10T15:00Z")]
REASONS = pd.DataFrame({"id": [9], "is_lead": [False]})
MOVED = "so this is Aug 4–10, 2025, the latest week with as many. "


@pytest.fixture(scope="module")
def week() -> Any:
    frame = pd.DataFrame({"id": [1]})
    frame.attrs["stcrm"] = {"fetched_at": AS_OF, "time_zone": ZONE}
    return period(frame, weeks=1)


def test_headline_of_leads_names_the_week_that_it_shows(leads: Frames, week: Any) -> None:
    rows = [{"created_on": time, "status": "Converted" if place % 2 else "Open"} for place, time in enumerate(TIMES)]
    headline = lead_conversion(leads(*rows), as_of=AS_OF, time_zone=ZONE, period=week).headline()
    assert headline.text == "50% of leads of Aug 4–10, 2025 are booked within 30 days"
    assert headline.evidence.startswith(f"Fewer than 30 leads of May 25–31, 2026 are 30 days old, {MOVED}")


def test_headline_of_bookings_names_the_week_that_it_shows(bookings: Frames, leads: Frames, week: Any) -> None:
    rows = [
        {"id": place, "created_on": time, "modified_on": time, "source": "Web Form", "status": "Converted"}
        for place, time in enumerate(TIMES)
    ]
    found = booking_sources(bookings(*rows), leads=leads(), as_of=AS_OF, time_zone=ZONE, period=week)
    headline = found.headline()
    assert headline.text == "100% of bookings of Aug 4–10, 2025 become jobs"
    assert headline.evidence.startswith(f"Fewer than 30 bookings of May 25–31, 2026 are 30 days old, {MOVED}")


def test_headline_says_that_no_week_has_enough(leads: Frames, bookings: Frames, jobs: Frames, week: Any) -> None:
    """Twenty a week are never thirty: the week that was chosen stays, and the headline says why it has no number."""
    times = [QUIET - pd.Timedelta(weeks=place // 20) for place in range(200)]
    rows = [{"id": place, "created_on": time, "status": "Converted"} for place, time in enumerate(times)]
    known: dict[str, Any] = {"as_of": AS_OF, "time_zone": ZONE, "period": week}
    why = "0 of 20 {} are 30 days old: fewer than 30, and no earlier week has as many."
    headline = lead_conversion(leads(*rows), call_reasons=REASONS, **known).headline()
    assert (headline.text, headline.evidence) == ("Too few leads of May 25–31, 2026 to measure", why.format("leads"))
    asked = bookings(*({"modified_on": row["created_on"], "source": "Web Form", **row} for row in rows))
    for more in ({"jobs": jobs()}, {}):
        headline = booking_sources(asked, leads=leads(), **more, **known).headline()
        assert headline.text.startswith("Too few bookings")
        assert headline.evidence == why.format("bookings")
    headline = contact_preferences(customers(*({"created_on": str(time)} for time in times)), contacts(), **known)
    assert headline.headline().text == "Too few customers created May 25–31, 2026 to measure"
    assert headline.headline().evidence == "20 customers: fewer than 30, and no earlier week has as many."


def test_headline_of_preferences_names_the_week_that_it_shows(week: Any) -> None:
    whom = customers(*({"created_on": str(time)} for time in TIMES))
    reached = contacts(*({"customer_id": place} for place in range(1, len(TIMES) + 1)))
    headline = contact_preferences(whom, reached, as_of=AS_OF, time_zone=ZONE, period=week).headline()
    assert headline.text == "At most 100% of customers created Aug 4–10, 2025 are not blocked for marketing texts"
    assert headline.evidence.startswith(f"Fewer than 30 customers created May 25–31, 2026 are active, {MOVED}")


def test_month_with_one_lead_has_no_share(leads: Frames) -> None:
    rows = [{"created_on": time, "status": "Converted" if place % 2 else "Open"} for place, time in enumerate(TIMES)]
    found = lead_conversion(leads(*rows), as_of=AS_OF, time_zone=ZONE)
    trend = found.headline().trend
    assert trend is not None
    assert [month.name for month in trend.months if month.share is not None] == ["Aug 2025"]
    assert {month.name: month.text for month in trend.months}["Feb 2026"] == "too few to tell"
    drawn = [x for trace in months(found).data[:-1] for x in trace.x]
    assert drawn != []
    assert all("2025-08" in str(x) for x in drawn if x is not None)


def test_missing_campaigns_are_not_blamed_on_age(leads: Frames, bookings: Frames, jobs: Frames) -> None:
    rows = [{"created_on": BUSY, "status": "Converted" if place % 2 else "Open"} for place in range(60)]
    asked = [
        {"id": place, "created_on": BUSY, "modified_on": BUSY, "source": "Web Form", "status": "Accepted"}
        for place in range(60)
    ]
    known = {"by": "campaign", "as_of": AS_OF, "time_zone": ZONE}
    alone = lead_conversion(leads(*rows), bookings=bookings(), jobs=jobs(), call_reasons=REASONS, **known).summary()
    why = "No campaign can be compared with the others: 60 of 60 inquiries that are old enough have no campaign."
    assert [one for one in alone if one.startswith("No campaign")] == [why]
    assert not [one for one in alone if "too few" in one]
    for found in (
        booking_sources(bookings(*asked), leads=leads(), **known),
        opportunities(leads(*rows), bookings(*asked), jobs(), call_reasons=REASONS, **known),
    ):
        assert any(one.startswith("100% of") and "have no usable campaign" in one for one in found.summary())
        assert not [one for one in found.summary() if "clearly different" in one or "too few" in one]
    units = booking_sources(bookings(*asked), leads=leads(), **known | {"by": "business_unit"}).summary()
    assert (
        "No business unit can be compared with the others: 60 of 60 bookings at least 30 days old have no business "
        "unit." in units
    )


def test_types_of_customers_that_are_missing_are_named() -> None:
    whom = customers(*({"type": None} for _ in range(40)))
    reached = contacts(*({"customer_id": place} for place in range(1, 41)))
    found = contact_preferences(whom, reached, by="customer_type", as_of=AS_OF, time_zone=ZONE, **no_others())
    why = "No customer type can be compared with the others: 40 of 40 customers have no customer type."
    assert why in found.summary()
