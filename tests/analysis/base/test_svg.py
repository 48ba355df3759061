"""Charts of a first screen: each mark is at its number, and each number can be read without seeing it."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from stcrm_pandas.charts.svg import Month, Trend, sparkline, theme, trend_chart

NAMES = [f"{name} 2025" for name in ("Oct", "Nov", "Dec")] + [f"{name} 2026" for name in ("Jan", "Feb", "Mar")]
MONTHS = [
    Month(name, 100 * (place + 1), (0.1 * place, 0.1 * place), (0, 0.1 * place + 0.05), f"{10 * place}% (…)")
    for place, name in enumerate(NAMES)
]
TREND = Trend("Booked <at once>", "of leads", ("lead", "leads"), MONTHS, (0.2, 0.3))


def drawn(trend: Trend, **how: Any) -> ET.Element:
    return ET.fromstring(trend_chart(trend, key="a", **how))


def numbers(svg: ET.Element, tag: str, kind: str, *names: str) -> list[tuple[float, ...]]:
    return [tuple(float(one.get(name, "nan")) for name in names) for one in svg.iter(tag) if one.get("class") == kind]


@pytest.mark.parametrize("narrow", [False, True])
def test_dots_and_bars_are_proportional(narrow: bool) -> None:
    svg = drawn(TREND, narrow=narrow)
    dots = numbers(svg, "circle", "dot", "cx", "cy")
    assert len({round(b[0] - a[0]) for a, b in itertools.pairwise(dots)}) == 1
    rises = [a[1] - b[1] for a, b in itertools.pairwise(dots)]
    assert rises == pytest.approx([rises[0]] * 5, abs=0.2)
    heights = [height for (height,) in numbers(svg, "rect", "bar", "height")]
    assert heights == pytest.approx([heights[-1] * (place + 1) / 6 for place in range(6)], abs=0.1)
    width, height = (float(part) for part in svg.get("viewBox", "").split()[2:])
    inside = [(float(one.get("x", 0)), float(one.get("y", 0))) for one in svg.iter() if one.tag in ("text", "rect")]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in inside)


def test_numbers_are_in_the_description() -> None:
    svg = drawn(TREND)
    assert svg.get("aria-labelledby") == "a-title a-text"
    assert svg.findtext("title") == "Booked <at once>, of leads, by month"
    assert (svg.findtext("desc") or "").startswith("Oct 2025: 0% (…), 100 leads. Nov 2025: 10% (…), 200 leads.")
    assert [mark.findtext("title") for mark in svg.iter("g")][-1] == "Mar 2026: 50% (…), 600 leads"


def test_incomplete_months_and_months_without_a_share() -> None:
    trend = Trend(
        "A",
        "of b",
        ("b", "bs"),
        [*MONTHS, Month("Apr 2026", 9, (0.9, 1), (0.5, 1), "x", "still counting"), Month("May 2026", 1)],
    )
    svg = drawn(trend)
    assert len(numbers(svg, "circle", "dot open", "cx")) == 1
    assert len(numbers(svg, "circle", "dot", "cx")) == 6
    assert [mark.findtext("title") for mark in svg.iter("g")][-2:] == [
        "Apr 2026: x, 9 bs; still counting",
        "May 2026: 1 b",
    ]


def test_axis_labels_of_years_and_months() -> None:
    texts = [one.text for one in drawn(TREND).iter("text")]
    assert (texts.count("2025"), texts.count("2026")) == (1, 1)
    narrow = [one.text for one in drawn(TREND, narrow=True).iter("text") if one.get("class") == "value"]
    assert narrow == ["0%", "50%"]


def test_single_empty_month() -> None:
    svg = drawn(Trend("A", "of b", ("b", "bs"), [Month("May 2026", 0)]))
    assert "nan" not in ET.tostring(svg, encoding="unicode")


def test_sparklines_mark_the_latest_value() -> None:
    line = ET.fromstring(sparkline([1, 3, None, 2, 2.5], title="Two <parts>"))
    assert line.findtext("title") == "Two <parts>"
    runs = [one.get("points", "").split() for one in line.iter("polyline")]
    assert [len(run) for run in runs] == [2, 2]
    bars = ET.fromstring(sparkline([0, 5, 10], title="x", bars=True))
    assert [height for (height,) in numbers(bars, "rect", "bar", "height")] == [1, 15]
    assert len(numbers(bars, "rect", "bar latest", "height")) == 1
    assert sparkline([None, 5], title="x") == ""


def test_colors_are_defined_for_light_and_dark() -> None:
    css = theme()
    used = set(re.findall(r"var\((--[a-z-]+)\)", css))
    schemes = re.findall(r"\{ (--[^}]+)\}", css)
    assert len(schemes) == 5
    for scheme in schemes:
        assert used <= set(re.findall(r"(--[a-z-]+):", scheme))
