"""The first screen of a report: whose numbers, of when, what to do this week, and four tiles."""

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

__all__ = ["FIRST_SCREEN", "FirstScreen", "first_screen"]

FIRST_SCREEN = "application/vnd.stcrm.first-screen+json"
"""The type under which a notebook keeps what the index of several reports shows of this one."""

MOST_ACTIONS = 3
MOST_TILES = 4


class Found(Protocol):
    """What an analysis found, as far as a first screen shows it."""

    def actions(self) -> Sequence[Action]:
        """What to do this week."""

    def tiles(self) -> Sequence[Tile]:
        """Its numbers of the latest weeks."""


@dataclass(frozen=True, repr=False)
class FirstScreen:
    """What `first_screen` made; a notebook and a report show it.

    `actions` are at most three, the largest first; `tiles` at most four; `missing` names what was not read, and the
    scope that it needs.
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
            parts += ["<h2>The latest four whole weeks</h2>", findings.tiles(self.tiles)]
        return f'<div class="stcrm-first-screen">{"".join(parts)}</div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        listed = [{"do": one.do, "told": one.evidence} for one in self.actions]
        index = {"title": self.title, "company": self.company, "period": self.period, "actions": listed}
        return {
            "text/html": self._repr_html_(),
            "text/plain": repr(self),
            FIRST_SCREEN: {**index, "cautions": list(self.cautions)},
        }


def first_screen(
    title: str,
    *results: Found,
    of: Any = None,
    company: str | None = None,
    period: Period | str | None = None,
    time_zone: str | None = None,
    cautions: Sequence[str] = (),
    missing: Mapping[str, str] | None = None,
) -> FirstScreen:
    """The first screen of a report.

    Parameters
    ----------
    title : str
        Of the report: "Lead conversion".
    *results : object
        What the analyses found; the actions of all of them are ranked by worth and the first three shown, of their
        tiles the first four.
    of : object, optional
        The frame that the report is about, from which company and period are taken where they are not given.
    company : str, optional
        Its name, as the reader says it.
    period : Period or str, optional
        The local days that the report covers.
    time_zone : str, optional
        The company's, where the frame does not note it.
    cautions : sequence of str, default ()
        Sentences for a banner on top (`analysis.cautions`).
    missing : mapping, optional
        What was not read, and the scope that it needs (`Reads.missing`).

    Examples
    --------
    >>> screen = first_screen("Leads", company="Example Heating", period="1 to 28 Jun 2026")
    >>> screen
    <FirstScreen Leads: Example Heating, 1 to 28 Jun 2026; 0 actions>
    >>> "Nothing stands out" in screen._repr_html_()
    True
    """
    ranked = sorted((one for found in results for one in found.actions()), key=lambda one: one.worth, reverse=True)
    tiles = [one for found in results for one in found.tiles()]
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
    if noted.get("tenant") is None:
        return "Company not named"
    place = str(noted.get("environment", ""))
    return "A made-up company (sandbox)" if place.startswith("sandbox-") else f"Tenant {noted['tenant']}, {place}"


def _period(frame: Any, time_zone: str | None) -> str:
    """The local days of creation that the frame was asked for; where it was not, from its first row to its read."""
    local = zone(frame, time_zone)
    fetched = attrs_of(frame).get("fetched_at")
    if fetched is None:
        return "period not noted"
    said, place = ("", local) if local is not None else (" (UTC)", dt.UTC)
    read = moment(fetched, dt.UTC, name="fetched_at")
    first, end = bounds_of_creation(frame, place)
    first = first or _first_row(frame)
    # The day of the read is in as far as it went; an end in the future was not reached.
    last = read.astimezone(place).date() + dt.timedelta(days=1)
    if end is not None:
        last = min(last, (end.astimezone(place) + dt.timedelta(days=1, microseconds=-1)).date())
    begin = None if first is None else first.astimezone(place).date()
    if begin is None or begin >= last:
        until = last - dt.timedelta(days=1)
        return f"up to {until.day} {until:%b %Y}{said}"
    return f"{Period(begin, last, place)}{said}"


def _first_row(frame: Any) -> dt.datetime | None:
    if not isinstance(frame, pd.DataFrame) or "created_on" not in frame:
        return None
    created = frame["created_on"]
    # Dates of the year 1 stand for none.
    first = created[created > pd.Timestamp("1990-01-01", tz="UTC")].min()
    return None if pd.isna(first) else first.to_pydatetime()
