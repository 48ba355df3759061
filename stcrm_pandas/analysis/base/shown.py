"""How actions, tiles, work lists and checks look in a notebook and in a report: HTML in which every text is text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from stcrm_pandas.analysis.base.display import table

if TYPE_CHECKING:
    from stcrm_pandas.analysis.base.findings import Action, Check, Tile, WorkList

__all__ = ["WorkLists", "actions", "cautions", "check", "missing", "tiles", "told", "work_list", "work_lists"]

_RECORDS = ("id", "lead", "booking", "customer", "location", "contact", "job")

NOTHING_CLEAR = "Nothing stands out clearly this week: no group differs enough to act on."

MOST_ROWS = 2_000
"""How many rows of a work list a page holds."""

MOST_CHARACTERS = 1_800_000
"""How much of a page all work lists together may take, so that a report stays within its 8 MB."""


def actions(found: Sequence[Action], *, most: int = 3) -> str:
    """What to do this week, the largest first; where there is nothing, it says so."""
    if not found:
        return f'<p class="stcrm-nothing">{NOTHING_CLEAR}</p>'
    ranked = sorted(found, key=lambda one: one.worth, reverse=True)[:most]
    items = []
    for one in ranked:
        number = f" <span>{escape(told(one))}</span>" if told(one) else ""
        link = f' <a href="#{escape(one.work_list)}">See the list</a>' if one.work_list else ""
        items.append(f"<li><b>{escape(one.do)}</b>{number}{link}</li>")
    return f'<ol class="stcrm-actions">{"".join(items)}</ol>'


def told(action: Action) -> str:
    """The number behind an action and what it may bring, in one line."""
    return " · ".join(part for part in (action.number, action.size) if part)


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


def cautions(said: Sequence[str]) -> str:
    """A banner of what to know before the first number; nothing where there is nothing."""
    if not said:
        return ""
    items = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f'<div class="stcrm-caution" role="note"><p>Before you read the numbers</p><ul>{items}</ul></div>'


def missing(scopes: Mapping[str, str]) -> str:
    """What a missing scope kept from being read; nothing where all was read."""
    if not scopes:
        return ""
    items = "".join(
        f"<li>No {escape(what)}: the application lacks the scope <code>{escape(scope)}</code>.</li>"
        for what, scope in scopes.items()
    )
    return f'<div class="stcrm-missing" role="note"><p>Part of the data could not be read.</p><ul>{items}</ul></div>'


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
    results
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
