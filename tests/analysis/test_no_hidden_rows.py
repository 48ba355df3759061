"""What is cut short says how much more there is: shown and left out add up to all."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import pandas as pd

from stcrm_pandas.analysis import booking_sources, lead_conversion

Frames = Callable[..., pd.DataFrame]
AS_OF, ZONE = "2026-06-01T12:00Z", "America/Chicago"


def counted_in(text: str) -> int:
    found = re.search(r"\d[\d,]*", text)
    assert found
    return int(found[0].replace(",", ""))


def test_gaps_of_sources_add_up(bookings: Frames) -> None:
    row: dict[str, Any] = {"status": "New", "booking_provider_id": 4}
    made = bookings(
        *({**row, "id": n, "source": f"S{n % 12}", "created_on": f"2026-04-{n % 27 + 1:02}T12:00Z"} for n in range(99))
    )
    found = booking_sources(made, as_of=AS_OF, time_zone=ZONE)
    day = pd.Timestamp("2026-04-06")
    gaps = [(f"S{n}", day, day + pd.Timedelta(days=5), False, 12.0, 6.0, 20.0) for n in range(7)]
    columns = ["source", "since", "until", "ongoing", "expected", "expected_low", "expected_high"]
    several = dataclasses.replace(found, silences=pd.DataFrame(gaps, columns=columns))
    sentences = several.summary()
    named = [one for one in sentences if "sent no bookings from" in one]
    (rest,) = [one for one in sentences if "clearly sent nothing" in one]
    assert len(named) + counted_in(rest) == len(gaps)
    assert not any("clearly sent nothing" in one for one in found.summary())

    figure = found.figure("weeks")
    shown = sum(sum(bar.y) for bar in figure.data if bar.type == "bar")
    assert counted_in(figure.layout.meta["alt"]) == shown < len(made)


def test_reasons_for_dismissal_add_up(leads: Frames) -> None:
    dismissed = {"status": "Dismissed", "created_on": "2026-02-02T12:00Z"}
    made = leads(*({**dismissed, "dismissing_reason_id": n % 15 + 1} for n in range(60)))
    found = lead_conversion(made, as_of=AS_OF, time_zone=ZONE)
    figure = found.figure("reasons")
    shown = len(figure.data[0].y)
    assert figure.layout.meta["note"].startswith(f"The {shown} most frequent of 15.")


def test_at_least_is_never_more_than_is_known(bookings: Frames) -> None:
    """Of 719 bookings 356 have a job: 49.5% is no 'at least 50%'."""
    row = {"source": "Web Form", "booking_provider_id": 4, "created_on": "2026-02-02T12:00Z"}
    booked = [{**row, "id": n, "status": "Converted", "job_id": 5000 + n} for n in range(356)]
    lost = [{**row, "id": n, "status": "Dismissed"} for n in range(356, 719)]
    headline = booking_sources(bookings(*booked, *lost), as_of=AS_OF, time_zone=ZONE).headline()
    assert headline.text == "At least 49% of bookings become jobs"
    assert headline.evidence == (
        "719 bookings, of which 356 became jobs directly. How many did through a lead is unknown: leads were not read."
    )
