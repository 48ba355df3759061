"""Figures show the table's numbers, and names as text."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.express
import plotly.io
import pytest

from stcrm_pandas.analysis import LeadConversion, lead_conversion
from stcrm_pandas.errors import UsageError

Frames = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def found(leads: Frames, jobs: Frames, bookings: Frames) -> LeadConversion:
    def group(campaign: int | None, won: int, of: int, day: str) -> list[dict[str, Any]]:
        when = {"created_on": f"{day}T12:00Z", "campaign_id": campaign}
        return [{"status": "Converted" if place < won else "Open", **when} for place in range(of)]

    rows = [
        *group(1, 60, 100, "2026-01-05"),
        *group(2, 20, 100, "2026-02-05"),
        *group(3, 5, 6, "2026-02-05"),
        *group(None, 9, 40, "2026-01-05"),
        *group(4, 0, 50, "2026-04-01"),
    ]
    names = {1: "<b>Radio</b> & <a href='https://example.com'>more</a>", 2: "Mail " * 20}
    linked = {"jobs": jobs(), "bookings": bookings(), "names": names}
    return lead_conversion(leads(*rows), by="campaign", as_of="2026-04-15T00:00Z", time_zone="UTC", **linked)


def drawn(figure: Any) -> dict[str, list[float]]:
    """The thick line of each group, by its name on the axis."""
    names = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    lines: dict[str, list[float]] = {}
    for trace in figure.data:
        if trace.mode == "lines+markers":
            for place in range(0, len(trace.x), 3):
                lines[names[trace.y[place]]] = [trace.x[place], trace.x[place + 1]]
    return lines


def test_rates_match_the_table(found: LeadConversion) -> None:
    lines = drawn(found.figure("rates"))
    assert len(lines) == 4  # the group without a lead that is old enough is not drawn
    assert lines["3"] == pytest.approx([100 * 5 / 6] * 2)
    assert lines["(none)"] == pytest.approx([22.5, 22.5])
    assert [trace.name for trace in found.figure("rates").data if trace.showlegend is not False] == [
        "higher than the others",
        "lower than the others",
        "not clearly different",
        "too few to tell",
    ]


def test_figure_of_many_groups_is_limited(leads: Frames, jobs: Frames, bookings: Frames) -> None:
    rows = []
    for campaign in range(1, 31):
        won, of = (38, 40) if campaign == 30 else (campaign % 3 + 10, 40 + campaign)
        when = {"created_on": "2026-01-05T12:00Z", "campaign_id": campaign}
        rows += [{"status": "Converted" if place < won else "Open", **when} for place in range(of)]
    linked = {"jobs": jobs(), "bookings": bookings()}
    found = lead_conversion(leads(*rows), by="campaign", as_of="2026-04-15T00:00Z", time_zone="UTC", **linked)
    figure = found.figure("rates")
    assert set(figure.layout.yaxis.ticktext) == {str(number) for number in [*range(16, 30), 30]}
    assert figure.layout.meta["note"] == (
        "15 of 30: those that clearly differ, then the largest. "
        "Sorted by the lower end of the 95% confidence interval; small groups come last."
    )


def test_names_are_text(found: LeadConversion) -> None:
    figure = found.figure("rates")
    written = figure.to_json()
    assert "<b>Radio" not in written.replace("\\u003c", "<")
    assert any(label.startswith("&lt;b&gt;Radio") for label in figure.layout.yaxis.ticktext)
    assert "Mail Mail Mail Mail Mail Mail Mai…" in figure.layout.yaxis.ticktext


def test_months(found: LeadConversion) -> None:
    figure = found.figure("months")
    (bars,) = (trace for trace in figure.data if trace.type == "bar")
    assert list(bars.x) == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
    assert list(bars.y) == [140, 106, 0, 50]
    # the last moment of February is 30 days old, the one of March is not
    assert list(bars.marker.pattern.shape) == ["", "", "/", "/"]


def test_figures_of_empty_results(leads: Frames) -> None:
    for by in ("campaign", "month", None):
        nothing = lead_conversion(leads(), by=by, as_of="2026-04-15T00:00Z", time_zone="UTC")
        assert nothing.figure("rates").data == ()
        assert nothing.figure("months").layout.yaxis.range == (0, 100)


def test_unknown_figures_raise(found: LeadConversion, leads: Frames) -> None:
    with pytest.raises(UsageError, match="choose from 'cohorts', 'curve', 'months', 'rates', 'reasons'"):
        found.figure("pie")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="months need a time zone"):
        lead_conversion(leads(), as_of="2026-04-15T00:00Z").figure("months")


def test_figures_have_the_template_unless_the_user_chose_one(
    found: LeadConversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = found.figure("rates").layout
    assert look.template.layout.paper_bgcolor == "rgba(0,0,0,0)"  # fits a dark notebook
    assert look.font.family is None  # all of the look is in the template, so another template replaces it
    assert look.xaxis.gridcolor is None
    assert look.template.layout.font.family.startswith("-apple-system")
    dark = found.figure("rates").update_layout(template="stcrm_dark").layout.template.layout
    assert dark.paper_bgcolor == "#0f151c"
    monkeypatch.setattr(plotly.io.templates, "default", "ggplot2")
    chosen = found.figure("rates").layout.template
    assert chosen.layout.colorway == plotly.io.templates["ggplot2"].layout.colorway
    own = plotly.express.bar(x=["a", "b"], y=[1, 2], color=["a", "b"], template="stcrm")
    assert [bar.marker.color for bar in own.data] == ["#3b82c4", "#d9772b"]


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_colors_can_be_read_on_white_and_on_black(found: LeadConversion) -> None:
    found.figure("rates")
    light, dark = (plotly.io.templates[name].layout for name in ("stcrm", "stcrm_dark"))
    for page in ("#ffffff", "#111111"):
        assert min(contrast(color, page) for color in light.colorway) >= 3
        assert contrast(light.font.color, page) >= 4.1
    assert contrast(dark.font.color, dark.paper_bgcolor) >= 4.5
