"""Charts of a first screen as SVG: a year by month, and sparklines. They need no script and no network.

Colors are CSS variables of the page (`theme.css`), so that one drawing fits light, dark and paper. A chart is drawn
for a width, because letters must not shrink with it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template

from stcrm_pandas.output.printable import plural

Point = tuple[float, float]


@dataclass(frozen=True)
class Month:
    """One month of a `Trend`.

    Parameters
    ----------
    name : str
        Its name with the year: "Nov 2025".
    volume : int
        The number of rows in the month.
    share, interval : tuple[float, float], optional
        The lower and the upper share, from 0 to 1, and the limits of their 95% confidence interval; None if too few
        rows are old enough.
    text : str, default ''
        The share and its interval as text: "33–34% (27–39%)", or "too few to tell".
    note : str, default ''
        Why the share is not final, such as "still counting"; empty if it is final.
    """

    name: str
    volume: int
    share: Point | None = None
    interval: Point | None = None
    text: str = ""
    note: str = ""

    @property
    def final(self) -> bool:
        """Whether the whole month was read and is old enough."""
        return not self.note


@dataclass(frozen=True)
class Trend:
    """A share by month, and the number of rows in each month.

    Parameters
    ----------
    title, of : str
        What the share measures, and of what: "Booked within 30 days", "of leads".
    unit : tuple[str, str]
        What the bars count: ("lead", "leads").
    months : sequence of Month
        The months in order: the last twelve, or fewer.
    together : tuple[float, float], optional
        The lower and the upper share for all final months together.
    """

    title: str
    of: str
    unit: tuple[str, str]
    months: Sequence[Month]
    together: Point | None = None


@dataclass(frozen=True)
class _Area:
    """Where a chart of a width has its parts, in pixels from the left and from the top."""

    kind: str  # its class in the style sheet
    width: int
    height: int
    left: int
    top: int
    zero: int  # of shares
    bars: int  # the largest height of a bar
    base: int  # of bars
    dot: float
    letters: float


_WIDE = _Area("stcrm-wide", width=660, height=334, left=40, top=24, zero=220, bars=44, base=300, dot=5, letters=12)
_NARROW = _Area("stcrm-narrow", width=358, height=198, left=32, top=16, zero=110, bars=28, base=166, dot=4, letters=11)


def theme() -> str:
    """Return the style sheet with the colors of all charts and pages, light, dark and on paper."""
    schemes = {
        scheme: " ".join(f"--{use}: {color};" for use, color in colors(scheme).items()) for scheme in ("light", "dark")
    }
    return Template(_part("theme.css")).substitute(schemes)


def colors(scheme: str) -> dict[str, str]:
    """Return the colors of a scheme, "light" or "dark", by use.

    >>> colors("light")["page"]
    '#ffffff'
    """
    return {use: color[scheme] for use, color in tomllib.loads(_part("theme.toml")).items()}


def _part(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def trend_chart(trend: Trend, *, key: str, narrow: bool = False) -> str:
    """Return the SVG of a trend: a dot with its interval for each month, and a bar for its volume.

    Parameters
    ----------
    trend : Trend
        The trend to draw, with at least one month.
    key : str
        The prefix of all ids in the chart. Each chart of a page needs a different one.
    narrow : bool, default False
        Draw it 358 pixels wide, for a phone, instead of 660.

    Examples
    --------
    >>> month = Month("Nov 2025", 298, (0.33, 0.34), (0.27, 0.39), "33–34% (27–39%)")
    >>> drawn = trend_chart(Trend("Booked within 30 days", "of leads", ("lead", "leads"), [month]), key="leads")
    >>> "<title>Nov 2025: 33–34% (27–39%), 298 leads</title>" in drawn
    True
    """
    area = _NARROW if narrow else _WIDE
    months, step = trend.months, _step(trend)
    top_share = step * -(-_highest(trend) // step)
    wide = (area.width - area.left) / len(months)

    def y(share: float) -> float:
        return round(area.zero - (area.zero - area.top) * share / top_share, 1)

    parts = [f'<title id="{key}-title">{escape(trend.title)}, {escape(trend.of)}, by month</title>']
    parts += [f'<desc id="{key}-text">{escape(_described(trend))}</desc>']
    ticks = [place * step for place in range(round(top_share / step) + 1)]
    for share in ticks:
        parts.append(_line("axis" if share == 0 else "grid", area.left, y(share), area.width, y(share)))
        parts.append(_text("tick end", area.left - 7, y(share) + 4, f"{100 * share:.0f}%"))
    if trend.together is not None:
        upper, lower = y(trend.together[1]), y(trend.together[0])
        size = max(lower - upper, 4)
        parts.append(_box("band", area.left, (upper + lower - size) / 2, area.width - area.left, size))
    most = max(*(month.volume for month in months), 1)
    named = _named(months) if narrow else range(len(months))
    for place, month in enumerate(months):
        x = round(area.left + wide * (place + 0.5), 1)
        tall = round(area.bars * month.volume / most, 1)
        kind = "" if month.final else " open"
        marks = [f"<title>{escape(_tooltip(trend, month))}</title>"]
        marks.append(_box("hit", x - wide / 2, 0, wide, area.base))
        marks.append(_box(f"bar{kind}", x - wide * 0.28, area.base - tall, wide * 0.56, tall))
        if not narrow or (month.volume == most and place > 2):  # not over the word for the bars
            marks.append(_text("tick", x, area.base - tall - 5, f"{month.volume:,}"))
        if month.share is not None and month.interval is not None:
            low, high = month.interval
            marks.append(_line(f"interval{kind}", x, y(low), x, y(min(high, top_share))))
            upper, lower = y(month.share[1]), y(month.share[0])
            marks.append(_line("sure", x, upper, x, lower) if lower - upper > 1 else "")
            marks.append(f'<circle class="dot{kind}" cx="{x}" cy="{round((upper + lower) / 2, 1)}" r="{area.dot}"/>')
            if place in named:
                label = month.text.partition(" (")[0]
                furthest = area.width - 0.3 * area.letters * len(label)  # its right end stays inside
                marks.append(_text("value", min(x, furthest), y(min(high, top_share)) - 6, label))
        parts.append(f"<g>{''.join(marks)}</g>")
        parts += _month_name(months, place, x, area, narrow=narrow)
    parts.append(_line("axis", area.left, area.base, area.width, area.base))
    parts.append(_text("tick start", area.left, area.zero + (15 if narrow else 16), trend.unit[1].capitalize()))
    return (
        f'<svg class="stcrm-svg {area.kind}" viewBox="0 0 {area.width} {area.height}" role="img" '
        f'aria-labelledby="{key}-title {key}-text" font-size="{area.letters}">{"".join(parts)}</svg>'
    )


def sparkline(
    values: Sequence[float | None], *, title: str, bars: bool = False, size: tuple[int, int] = (104, 30)
) -> str:
    """Return a line or bars of a few values, the last one marked; None is a gap.

    Parameters
    ----------
    values : sequence of float
        The values in order of time. None is a gap.
    title : str
        What the line shows, for screen readers and as a tooltip.
    bars : bool, default False
        Draw bars from zero instead of a line.
    size : tuple[int, int], default (104, 30)
        Width and height in pixels.

    Examples
    --------
    >>> drawn = sparkline([3, None, 5], title="New leads", bars=True)
    >>> drawn.count("<rect"), drawn.count("latest")
    (2, 1)
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    width, height = size
    least, most = (0.0, max(known)) if bars else (min(known), max(known))
    span = most - least or 1.0
    wide = width / len(values) if bars else (width - 8) / (len(values) - 1)
    last = max(place for place, value in enumerate(values) if value is not None)
    marks = []
    if bars:
        for place, value in enumerate(values):
            if value is not None:
                tall = max(height * value / span, 1)
                kind = "bar latest" if place == last else "bar"
                marks.append(_box(kind, place * wide + wide * 0.15, height - tall, wide * 0.7, tall))
    else:
        spots = [
            None
            if value is None
            else (round(4 + place * wide, 1), round(height - 4 - (height - 8) * (value - least) / span, 1))
            for place, value in enumerate(values)
        ]
        marks += [f'<polyline class="spark" points="{run}"/>' for run in _runs(spots)]
        x, y = spots[last] or (0, 0)
        marks.append(f'<circle class="dot latest" cx="{x}" cy="{y}" r="3.2"/>')
    return (
        f'<svg class="stcrm-svg stcrm-spark" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img"><title>{escape(title)}</title>{"".join(marks)}</svg>'
    )


def _runs(spots: Iterable[tuple[float, float] | None]) -> list[str]:
    """Return the points of each unbroken part of a line."""
    runs: list[list[str]] = [[]]
    for spot in spots:
        if spot is None:
            runs.append([])
        else:
            runs[-1].append(f"{spot[0]},{spot[1]}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _highest(trend: Trend) -> float:
    """Return the share that must fit below the top, with room for its label."""
    ends = [month.interval[1] for month in trend.months if month.interval is not None and month.final]
    shares = [month.share[1] for month in trend.months if month.share is not None]
    return min(max([*ends, *shares, 0.04]), 1.0)


def _step(trend: Trend) -> float:
    """Return the distance of grid lines, so that there are at most five."""
    return next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.25) if _highest(trend) <= 4 * step + 1e-9)


def _named(months: Sequence[Month]) -> set[int]:
    """Return the months whose share is written on a narrow chart: the lowest, the highest and the last."""
    known = [(month.share, place) for place, month in enumerate(months) if month.share is not None and month.final]
    last = max((place for place, month in enumerate(months) if month.share is not None), default=0)
    chosen = {min(known)[1], max(known)[1]} if known else set()
    # labels of neighbors would overlap
    return {last} | {place for place in chosen if abs(place - last) > 1}


def _month_name(months: Sequence[Month], place: int, x: float, area: _Area, *, narrow: bool) -> list[str]:
    name, _, year = months[place].name.partition(" ")
    following = months[place + 1].name[:3] if narrow and place + 1 < len(months) else ""  # years would overlap
    texts = [_text("tick", x, area.base + 16, name[0] if narrow else name)]
    if name == "Jan" or (place == 0 and following != "Jan"):
        texts.append(_text("tick", x, area.base + 30, year))
    return texts


def _tooltip(trend: Trend, month: Month) -> str:
    share = f"{month.text}, " if month.text else ""
    note = f"; {month.note}" if month.note else ""
    return f"{month.name}: {share}{plural(month.volume, *trend.unit)}{note}"


def _described(trend: Trend) -> str:
    return ". ".join(_tooltip(trend, month) for month in trend.months) + "."


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _box(kind: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{escape(text)}</text>'
