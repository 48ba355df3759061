"""The first screen of a report: a headline, a year by month, what to do this week, and four tiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from importlib import resources
from typing import Any, Protocol, runtime_checkable

import pandas as pd

from stcrm_pandas.analysis.base.display import Definitions, Terms, marked, missing, unbroken
from stcrm_pandas.analysis.base.findings import Action
from stcrm_pandas.analysis.base.headline import Contrast, Headline, Tile, tiles
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.analysis.base.provenance import attrs_of, bounds_of_creation, moment, zone
from stcrm_pandas.analysis.base.result import Result
from stcrm_pandas.charts.svg import sparkline, theme, trend_chart
from stcrm_pandas.output.printable import company_name, is_demo, plural

FIRST_SCREEN = "application/vnd.stcrm.first-screen+json"
"""The MIME type under which a notebook stores what the pages of a report show of it."""

MOST_ACTIONS = 3
MOST_TILES = 4
NOTHING_CLEAR = "Nothing stands out this week: no group differs enough to act on."


class HasActions(Protocol):
    """A result that provides the actions and tiles of a first screen."""

    def actions(self) -> Sequence[Action]:
        """Return what to do this week."""

    def tiles(self) -> Sequence[Tile]:
        """Return the key figures for the latest weeks."""


@runtime_checkable
class HasHeadline(Protocol):
    """A result that also provides the headline of a first screen."""

    def headline(self) -> Headline:
        """Return the main result."""


@runtime_checkable
class HasDefinitions(Protocol):
    """A result with definitions of the terms that a first screen mentions."""

    @property
    def definitions(self) -> Definitions:
        """Return the definition of each number, by its name."""


@dataclass(frozen=True, repr=False)
class FirstScreen:
    """The first screen of a report: a headline, up to three actions, the largest first, and up to four tiles.

    `others` are the actions that are worth less than those. `missing` lists what was not read, with the scope that is
    missing; `read` is the time of the read, as text.
    """

    title: str
    company: str
    period: str
    read: str
    demo: bool
    headline: Headline
    actions: Sequence[Action]
    tiles: Sequence[Tile]
    cautions: Sequence[str]
    missing: Mapping[str, str]
    terms: Terms = field(default_factory=dict)
    others: Sequence[Action] = ()

    def __repr__(self) -> str:
        return f"<FirstScreen {self.title}: {self.company}, {self.period}; {len(self.actions)} actions>"

    def _repr_html_(self) -> str:
        read = f" · {escape(self.read)}" if self.read else ""
        where = f'<p class="stcrm-where"><b>{escape(self.company)}</b> · {escape(self.period)}{read}</p>'
        return f'<style>{style()}</style><div class="stcrm-first-screen">{where}{self._html()}</div>'

    def _html(self) -> str:
        headline, title = self.headline, marked(self.headline.text, self.terms)
        others = {word: term for word, term in self.terms.items() if f'"#{term.anchor}"' not in title}
        change = f"<b>{unbroken(headline.change)}.</b> " if headline.change else ""
        parts = [
            f'<div class="stcrm-top"><h1 class="stcrm-headline">{title}</h1>'
            f'<p class="stcrm-evidence">{change}{marked(headline.evidence, others)}</p></div>',
            _cautions(self.cautions, self.missing),
            _chart(headline, self.terms),
            f'<section class="stcrm-do"><h2>Do this week <small>largest first</small></h2>{actions(self.actions)}'
            "</section>",
            "" if headline.contrast is None else _contrast(headline.contrast, self.terms),
            tiles(self.tiles, self.terms, headline.latest) if self.tiles else "",
        ]
        chart = "" if parts[2] else " stcrm-no-chart"
        return f'<div class="stcrm-screen{chart}">{"".join(parts)}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        facts = ("title", "company", "period", "read", "demo")
        trend = self.headline.trend
        shares = [] if trend is None else [month.share for month in trend.months]
        values = [None if share is None else sum(share) / 2 for share in shares]
        spark = "" if trend is None else sparkline(values, title=f"{trend.title}, by month", size=(240, 56))
        index = {name: getattr(self, name) for name in facts} | {
            "headline": self.headline.text,
            "change": self.headline.change,
            "measure": "" if trend is None else trend.title,
            "spark": spark,
            "actions": [asdict(action) for action in self.actions],
            "others": [asdict(action) for action in self.others],
            "cautions": list(self.cautions),
            "missing": dict(self.missing),
            "evidence": self.headline.evidence,
            "trend": None if trend is None else asdict(trend),
            "latest": self.headline.latest,
            "contrast": None if self.headline.contrast is None else asdict(self.headline.contrast),
            "tiles": [asdict(tile) | {"spark": ""} for tile in self.tiles],
            "html": f'<div class="stcrm-first-screen">{self._html()}</div>',
        }
        return {"text/html": self._repr_html_(), "text/plain": repr(self), FIRST_SCREEN: index}


def first_screen(
    title: str,
    *results: HasActions,
    of: Any = None,
    company: str | None = None,
    period: Period | str | None = None,
    time_zone: str | None = None,
    cautions: Sequence[str] = (),
    missing: Mapping[str, str] | None = None,
) -> FirstScreen:
    """Return the first screen of a report.

    Parameters
    ----------
    title : str
        The title of the report: "Lead conversion".
    *results : object
        The results of all analyses that the report shows. The headline and its chart come from the first one. The
        screen shows the three most valuable actions and the first four tiles from all results.
    of : object, optional
        The frame that the report is about. It provides the company and the period if they are not given.
    company : str, optional
        The company's name.
    period : Period or str, optional
        The days that the report covers, in the company's time zone. By default, the period of the first result, or
        the days for which the frame was read.
    time_zone : str, optional
        The company's time zone, if the frame does not record it.
    cautions : sequence of str, default ()
        Sentences to read before the numbers (`analysis.cautions`).
    missing : mapping, optional
        What was not read, and the scope that is missing for it (`Reads.missing`).

    Returns
    -------
    FirstScreen
        The first screen, which a notebook displays.

    Examples
    --------
    >>> screen = first_screen("Leads", company="Example Heating", period="Jun 1–28, 2026")
    >>> screen
    <FirstScreen Leads: Example Heating, Jun 1–28, 2026; 0 actions>
    >>> "Nothing stands out" in screen._repr_html_()
    True
    """
    ranked = sorted((action for result in results for action in result.actions()), key=rank)
    # several results have the same call lists
    ranked = list({action.do: action for action in reversed(ranked)}.values())[::-1]
    shown = [tile for result in results for tile in result.tiles()]
    period = period or next((result.period for result in results if isinstance(result, Result)), None)
    demo = is_demo(attrs_of(of).get("environment"))
    return FirstScreen(
        title=title,
        company=company or ("Demo company" if demo else _company(of)),
        period=_title(period) if period is not None else _period(of, time_zone),
        read=_read(of, time_zone),
        demo=demo,
        headline=next((result.headline() for result in results if isinstance(result, HasHeadline)), Headline(title)),
        actions=tuple(ranked[:MOST_ACTIONS]),
        others=tuple(ranked[MOST_ACTIONS:]),
        tiles=tuple(shown[:MOST_TILES]),
        cautions=tuple(cautions),
        missing=dict(missing or {}),
        # the first result that uses a word defines it
        terms={
            word: term
            for result in reversed(results)
            if isinstance(result, HasDefinitions)
            for word, term in result.definitions.terms.items()
        },
    )


def rank(action: Action) -> tuple[float, float]:
    """Return what actions are sorted by: the largest amount first, then the most jobs; duties without either last."""
    return -action.amount, -action.worth


def _title(period: Period | str) -> str:
    return period.title if isinstance(period, Period) else period


def style() -> str:
    """Return the style sheet of first screens, with the colors of all charts."""
    return theme() + resources.files(__package__).joinpath("overview.css").read_text("utf-8")


def actions(suggested: Sequence[Action]) -> str:
    """Return the HTML of what to do this week."""
    if not suggested:
        return f'<p class="stcrm-nothing">{NOTHING_CLEAR}</p>'
    items = []
    for action in suggested:
        do, line = escape(action.do.removesuffix(".")), unbroken(action.brief or action.evidence)
        link = f'<a href="#{escape(action.work_list)}">{do}</a>' if action.work_list else f"<b>{do}</b>"
        items.append(f'<li title="{escape(action.evidence)}">{link} <span>{line}</span></li>')
    return f'<ol class="stcrm-actions">{"".join(items)}</ol>'


def _chart(headline: Headline, terms: Terms) -> str:
    trend = headline.trend
    if trend is None or not trend.months:
        return ""
    drawn = trend_chart(trend, key="wide") + trend_chart(trend, key="narrow", narrow=True)
    legend = [
        '<li class="share"><i class="key-dot"></i>share</li>',
        '<li><i class="key-interval"></i>95% confidence interval</li>',
    ]
    if trend.together is not None:
        legend.append(f'<li class="together"><i class="key-band"></i>{escape(headline.together)}</li>')
    dotted = [month for month in trend.months if month.note and month.share is not None]
    for note in dict.fromkeys(month.note for month in dotted):
        named = ", ".join(month.name.partition(" ")[0] for month in dotted if month.note == note)
        legend.append(f'<li><i class="key-open"></i>{escape(named)}: {escape(note)}</li>')
    return (
        f'<figure class="stcrm-trend"><figcaption><b>{marked(trend.title, terms)}</b>, {escape(trend.of)}</figcaption>'
        f'{drawn}<ul class="stcrm-legend">{"".join(legend)}</ul></figure>'
    )


def _contrast(contrast: Contrast, terms: Terms) -> str:
    sides = "".join(
        f"<div><dt>{marked(name, terms)}</dt>"
        f"<dd><b>{escape(share)}</b> <small>others {escape(others)}</small></dd></div>"
        for name, share, others in contrast.sides
    )
    return (
        f'<aside class="stcrm-contrast"><h3>{escape(contrast.title)}</h3><dl>{sides}</dl>'
        f"<p>{escape(contrast.note)}</p></aside>"
    )


def _cautions(cautions: Sequence[str], scopes: Mapping[str, str]) -> str:
    """Return what to know before reading the numbers, one line until it is opened."""
    if not cautions and not scopes:
        return ""
    items = "".join(f"<li>{escape(caution)}</li>" for caution in cautions)
    count = len(cautions) + len(scopes)
    return (
        f'<details class="stcrm-caution"><summary>Read with care: {plural(count, "note")} on this data</summary>'
        f"<ul>{items}</ul>{missing(scopes)}</details>"
    )


def _company(frame: Any) -> str:
    noted = attrs_of(frame)
    name = "unnamed company" if noted.get("tenant") is None else company_name(noted["tenant"], noted.get("environment"))
    return name[0].upper() + name[1:]


def _read(frame: Any, time_zone: str | None) -> str:
    """Return when the frame was read: 'Data read Nov 25, 2026, 4:35 AM CST'."""
    fetched = attrs_of(frame).get("fetched_at")
    if fetched is None:
        return ""
    read = moment(fetched, dt.UTC, name="fetched_at").astimezone(zone(frame, time_zone) or dt.UTC)
    return f"Data read {read:%b} {read.day}, {read.year}, {read.hour % 12 or 12}:{read:%M %p %Z}"


def _period(frame: Any, time_zone: str | None) -> str:
    """Return the local days of creation that were requested, else those from the first row to the read."""
    local = zone(frame, time_zone)
    fetched = attrs_of(frame).get("fetched_at")
    if fetched is None:
        return "period unknown"
    zone_note, place = ("", local) if local is not None else (" (UTC)", dt.UTC)
    read = moment(fetched, dt.UTC, name="fetched_at")
    first, end = bounds_of_creation(frame, place)
    first = first or _first_row(frame)
    # The day of the read counts; an end in the future was not reached.
    last = read.astimezone(place).date() + dt.timedelta(days=1)
    if end is not None:
        last = min(last, (end.astimezone(place) + dt.timedelta(days=1, microseconds=-1)).date())
    begin = None if first is None else first.astimezone(place).date()
    if begin is None or begin >= last:
        until = last - dt.timedelta(days=1)
        return f"until {until:%b} {until.day}, {until.year}{zone_note}"
    return f"{Period(begin, last, place)}{zone_note}"


def _first_row(frame: Any) -> dt.datetime | None:
    if not isinstance(frame, pd.DataFrame) or "created_on" not in frame:
        return None
    created = frame["created_on"]
    # Dates of the year 1 stand for none.
    first = created[created > pd.Timestamp("1990-01-01", tz="UTC")].min()
    return None if pd.isna(first) else first.to_pydatetime()
