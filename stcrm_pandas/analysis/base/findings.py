"""What a report is made of, besides tables and figures: actions, tiles, work lists, and checks, each with its HTML.

Every analysis makes these from its numbers; a notebook and a report show them in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Protocol

import pandas as pd

from stcrm_pandas.analysis.base.display import table

__all__ = ["Action", "Check", "Count", "Step", "Tile", "WorkList", "WorkLists", "actions", "tiles", "work_lists"]

_RECORDS = ("id", "lead", "booking", "customer", "location", "contact", "job")

NOTHING_CLEAR = "Nothing stands out clearly this week: no group differs enough to act on."

MOST_ROWS = 2_000
"""How many rows of a work list a page holds."""

MOST_CHARACTERS = 1_800_000
"""How much of a page all work lists together may take, so that a report stays within its 8 MB."""


@dataclass(frozen=True)
class Action:
    """Something to do this week.

    Parameters
    ----------
    do : str
        The action in one sentence, with whom or which list: "Call the 48 open leads whose follow-up is overdue.".
    number : str, default ''
        The number behind it with its interval: "31 of 100 (27 to 35)"; empty where it is a plain count.
    size : str, default ''
        What it may bring, in jobs or money, where it can be computed: "about 15 jobs"; else empty.
    worth : float, default 0.0
        The same as a number of jobs, by which actions are ranked; 0 where it cannot be computed.
    work_list : str, optional
        The `key` of the list to work through, if there is one.
    """

    do: str
    number: str = ""
    size: str = ""
    worth: float = 0.0
    work_list: str | None = None

    @property
    def evidence(self) -> str:
        """The number behind it and what it may bring, in one line."""
        return " · ".join(part for part in (self.number, self.size) if part)


@dataclass(frozen=True)
class Tile:
    """One number over the latest four whole weeks that are old enough for it, beside two earlier spans.

    Parameters
    ----------
    title : str
        What is measured: "Leads converted within 30 days".
    now : str
        The number in plain words: "31 of 100 (27 to 35)"; "too few to tell" where it is so.
    dates : str
        The span it covers, in the company's zone: "29 Jun to 26 Jul 2026".
    before : str, default ''
        The same over the four weeks before; empty where nothing is known of them.
    year_ago : str, default ''
        The same over the same weeks a year earlier; empty likewise.
    note : str, default ''
        What a reader must know beside it, in one short sentence; mostly empty.
    """

    title: str
    now: str
    dates: str
    before: str = ""
    year_ago: str = ""
    note: str = ""


@dataclass(frozen=True)
class WorkList:
    """Rows that somebody works through: the only place of a report that may hold personal data.

    Parameters
    ----------
    key : str
        Its name in the page and in a file's name: "overdue-follow-up".
    title : str
        "Open leads whose follow-up is overdue".
    what_to_do : str
        One or two sentences: what to do with each row, and where.
    frame : DataFrame
        The rows, in the order in which to work; columns named as a reader says them ("Overdue since").
    after : DataFrame or None
        Where the contract can change them: the frame to give to the bulk edit as `after`; else None.
    by_hand : bool, default False
        They can be changed only on ServiceTitan's own screen.
    """

    key: str
    title: str
    what_to_do: str
    frame: pd.DataFrame = field(repr=False)
    after: pd.DataFrame | None = field(default=None, repr=False)
    by_hand: bool = False

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        return work_list(self)


@dataclass(frozen=True)
class Count:
    """A count before any exclusion, and where ServiceTitan itself shows the same.

    Parameters: what is counted ("Leads, status Open"); how many; the screen ("Follow Up > Leads"); its filter.
    """

    what: str
    rows: int
    screen: str = ""
    filter: str = ""


@dataclass(frozen=True)
class Step:
    """One step from the raw rows to those analysed: what was left out or joined, and how many rows remain."""

    what: str
    left_out: int
    remain: int


@dataclass(frozen=True)
class Check:
    """What lets a reader check the numbers: counts before exclusions, and the steps from raw rows to analysed ones."""

    counts: Sequence[Count]
    steps: Sequence[Step]
    notes: Mapping[str, str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        return check(self)


def actions(found: Sequence[Action], *, most: int = 3) -> str:
    """What to do this week, the largest first; where there is nothing, it says so."""
    if not found:
        return f'<p class="stcrm-nothing">{NOTHING_CLEAR}</p>'
    ranked = sorted(found, key=lambda one: one.worth, reverse=True)[:most]
    items = []
    for one in ranked:
        number = f" <span>{escape(one.evidence)}</span>" if one.evidence else ""
        link = f' <a href="#{escape(one.work_list)}">See the list</a>' if one.work_list else ""
        items.append(f"<li><b>{escape(one.do)}</b>{number}{link}</li>")
    return f'<ol class="stcrm-actions">{"".join(items)}</ol>'


def tiles(found: Sequence[Tile]) -> str:
    """The tiles of a first screen, side by side."""
    shown = []
    for one in found:
        earlier = [("Four weeks before", one.before), ("A year earlier", one.year_ago)]
        lines = "".join(f"<dt>{when}</dt><dd>{escape(text or 'not known')}</dd>" for when, text in earlier)
        note = f'<p class="stcrm-note">{escape(one.note)}</p>' if one.note else ""
        shown.append(
            f'<section class="stcrm-tile"><h3>{escape(one.title)}</h3><p class="stcrm-now">{_large(one.now)}</p>'
            f'<p class="stcrm-dates">{escape(one.dates)}</p><dl>{lines}</dl>{note}</section>'
        )
    return f'<div class="stcrm-tiles">{"".join(shown)}</div>'


def _large(now: str) -> str:
    """A number with its interval in smaller letters: `31 of 100` before `(27 to 35)`."""
    number, bracket, interval = now.partition(" (")
    return f"{escape(number)} <small>({escape(interval)}</small>" if bracket else escape(now)


def work_list(found: WorkList, *, anonymous: bool = False, most: int = MOST_ROWS) -> str:
    """A work list with its title and what to do.

    Parameters: the list; whether only its title and size are shown; how many rows at most. Where there are more, it
    says how many are shown, and how to come by the others.
    """
    how = " Only ServiceTitan's own screen can change it." if found.by_hand else ""
    title = f'<h3 id="{escape(found.key)}">{escape(found.title)} ({len(found):,})</h3>'
    head = f"{title}<p>{_with_code(found.what_to_do)}{how}</p>"
    if anonymous and len(found):
        head += '<p class="stcrm-part">The rows are left out: this report names nobody.</p>'
    elif len(found):
        part = found.frame.iloc[:most]
        header = {str(name): _is_number(found.frame[name]) for name in found.frame.columns}
        rows = [[_text(cell) for cell in row] for row in part.itertuples(index=False)]
        head += _part(found, len(part)) + table(header, rows, caption=found.title)
    return f'<section class="stcrm-work-list" data-name="{escape(found.key)}">{head}</section>'


def _with_code(words: str) -> str:
    """Words in which what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _text(cell: object) -> str:
    if isinstance(cell, tuple | list):
        return ", ".join(map(str, cell))
    return "" if pd.isna(cell) else str(cell)  # type: ignore[call-overload]


def _is_number(column: pd.Series) -> bool:
    # A number that names a record is read from the left, and never added up.
    counts = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    return counts and str(column.name).lower().split()[-1:] not in [[word] for word in _RECORDS]


def _part(found: WorkList, shown: int) -> str:
    if shown == len(found):
        return ""
    return (
        f'<p class="stcrm-part">The first {shown:,} of {len(found):,} rows. Work through these, then make the report '
        f"anew: the next ones follow. In a notebook <code>work_lists[&quot;{escape(found.key)}&quot;].frame</code> has "
        "all of them.</p>"
    )


def check(found: Check) -> str:
    """The counts with where ServiceTitan shows them, and the steps from raw rows to analysed ones."""
    counts = [[one.what, f"{one.rows:,}", one.screen, one.filter] for one in found.counts]
    steps = [[one.what, f"{one.left_out:,}" if one.left_out else "", f"{one.remain:,}"] for one in found.steps]
    notes = "".join(f"<li><b>{escape(word)}</b> {escape(text)}</li>" for word, text in found.notes.items())
    header = {"Before any exclusion": False, "Rows": True, "Screen in ServiceTitan": False, "Filter": False}
    return (
        table(header, counts, caption="Counts before any exclusion, and where ServiceTitan shows the same")
        + table(
            {"Step": False, "Left out": True, "Remain": True},
            steps,
            caption="From the rows that were read to those that were analysed",
        )
        + (f"<ul>{notes}</ul>" if notes else "")
    )


class HasWorkLists(Protocol):
    """What an analysis found, as far as it has work lists."""

    @property
    def work_lists(self) -> Mapping[str, WorkList]:
        """Its lists by key."""


@dataclass(frozen=True, repr=False)
class WorkLists:
    """What `work_lists` made; a notebook and a report show it."""

    lists: Sequence[WorkList]
    anonymous: bool

    def __repr__(self) -> str:
        return f"<WorkLists {', '.join(f'{one.key}: {len(one):,}' for one in self.lists)}>"

    def _repr_html_(self) -> str:
        most = MOST_ROWS
        while True:
            page = "".join(work_list(one, anonymous=self.anonymous, most=most) for one in self.lists)
            if len(page) <= MOST_CHARACTERS or most <= 1:
                return page or "<p>There is nothing to work through.</p>"
            most = max(1, min(most - 1, most * MOST_CHARACTERS // len(page)))  # each list says what part it shows


def work_lists(*results: HasWorkLists, anonymous: bool = False) -> WorkLists:
    """The work lists of one or more results, to be shown one below the other.

    Parameters
    ----------
    *results : object
        What the analyses found.
    anonymous : bool, default False
        Show the titles and sizes alone.

    Returns
    -------
    WorkLists
        An object whose `lists` has them; a page holds at most 2,000 rows of each.

    Examples
    --------
    >>> work_lists()
    <WorkLists >
    """
    return WorkLists([one for found in results for one in found.work_lists.values()], anonymous)
