"""The first screen of a report: company, period, what to do this week, and four tiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import pandas as pd

from stcrm_pandas.analysis.base import display, findings
from stcrm_pandas.analysis.base.findings import Action, Tile
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.analysis.base.provenance import attrs_of, bounds_of_creation, moment, zone
from stcrm_pandas.printable import company_name

__all__ = ["FIRST_SCREEN", "FirstScreen", "first_screen"]

FIRST_SCREEN = "application/vnd.stcrm.first-screen+json"
"""The MIME type under which a notebook stores what an index of reports shows of it."""

MOST_ACTIONS = 3
MOST_TILES = 4


class HasActions(Protocol):
    """A result that provides the actions and tiles of a first screen."""

    def actions(self) -> Sequence[Action]:
        """Return what to do this week."""

    def tiles(self) -> Sequence[Tile]:
        """Return the key figures for the latest weeks."""


@dataclass(frozen=True, repr=False)
class FirstScreen:
    """The first screen of a report: at most three actions, the largest first, and at most four tiles.

    `missing` lists what was not read, with the scope it needs.
    """

    title: str
    company: str
    period: str
    actions: Sequence[Action]
    tiles: Sequence[Tile]
    cautions: Sequence[str]
    missing: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<FirstScreen {self.title}: {self.company}, {self.period}; {len(self.actions)} actions>"

    def _repr_html_(self) -> str:
        where = f'<p class="stcrm-where"><b>{escape(self.company)}</b> · {escape(self.period)}</p>'
        parts = [where, display.Cautions(self.cautions)._repr_html_(), display.missing(self.missing)]
        parts += ["<h2>What to do this week</h2>", findings.actions(self.actions, most=MOST_ACTIONS)]
        if self.tiles:
            parts += ["<h2>Last 4 weeks</h2>", findings.tiles(self.tiles)]
        return f'<div class="stcrm-first-screen">{"".join(parts)}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        listed = [{"do": one.do, "evidence": one.evidence} for one in self.actions]
        index = {"title": self.title, "company": self.company, "period": self.period, "actions": listed}
        return {
            "text/html": self._repr_html_(),
            "text/plain": repr(self),
            FIRST_SCREEN: {**index, "cautions": list(self.cautions)},
        }


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
        Results of analyses. The three actions that are worth most are shown, and the first four tiles.
    of : object, optional
        The frame that the report is about. It provides the company and the period if they are not given.
    company : str, optional
        The company's name.
    period : Period or str, optional
        The days that the report covers, in the company's time zone.
    time_zone : str, optional
        The company's time zone, if the frame does not record it.
    cautions : sequence of str, default ()
        Sentences for a banner on top (`analysis.cautions`).
    missing : mapping, optional
        What was not read, with the scope it needs (`Reads.missing`).

    Examples
    --------
    >>> screen = first_screen("Leads", company="Example Heating", period="Jun 1–28, 2026")
    >>> screen
    <FirstScreen Leads: Example Heating, Jun 1–28, 2026; 0 actions>
    >>> "Nothing stands out" in screen._repr_html_()
    True
    """
    ranked = sorted((one for result in results for one in result.actions()), key=lambda one: one.worth, reverse=True)
    tiles = [one for result in results for one in result.tiles()]
    return FirstScreen(
        title,
        company or _company(of),
        str(period) if period is not None else _period(of, time_zone),
        tuple(ranked[:MOST_ACTIONS]),
        tuple(tiles[:MOST_TILES]),
        tuple(cautions),
        dict(missing or {}),
    )


def _company(frame: Any) -> str:
    noted = attrs_of(frame)
    name = "unnamed company" if noted.get("tenant") is None else company_name(noted["tenant"], noted.get("environment"))
    return name[0].upper() + name[1:]


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
