"""How actions, tiles, work lists and checks look in a notebook and in a report: HTML in which every text is text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from stcrm_pandas.analysis.display import table

if TYPE_CHECKING:
    from stcrm_pandas.analysis.findings import Action, Check, Tile, WorkList

__all__ = ["actions", "check", "tiles", "work_list"]

NOTHING_CLEAR = "Nothing stands out clearly this week: no group differs enough to act on."


def actions(found: Sequence[Action], *, most: int = 3) -> str:
    """What to do this week, the largest first; where there is nothing, it says so."""
    if not found:
        return f'<p class="stcrm-nothing">{NOTHING_CLEAR}</p>'
    ranked = sorted(found, key=lambda one: one.worth, reverse=True)[:most]
    items = []
    for one in ranked:
        told = " · ".join(escape(part) for part in (one.number, one.size) if part)
        link = f' <a href="#{escape(one.work_list)}">see the list</a>' if one.work_list else ""
        items.append(f"<li><b>{escape(one.do)}</b>{f' <span>{told}</span>' if told else ''}{link}</li>")
    return f'<ol class="stcrm-actions">{"".join(items)}</ol>'


def tiles(found: Sequence[Tile]) -> str:
    """The tiles of a first screen, side by side."""
    shown = []
    for one in found:
        earlier = [("four weeks before", one.before), ("a year earlier", one.year_ago)]
        lines = "".join(f"<div>{escape(when)}: {escape(text or 'not known')}</div>" for when, text in earlier)
        note = f'<div class="stcrm-note">{escape(one.note)}</div>' if one.note else ""
        shown.append(
            f'<section class="stcrm-tile"><h3>{escape(one.title)}</h3><p>{escape(one.now)}</p>'
            f"<div>{escape(one.dates)}</div>{lines}{note}</section>"
        )
    return f'<div class="stcrm-tiles">{"".join(shown)}</div>'


def work_list(found: WorkList) -> str:
    """A work list with its title and what to do."""
    how = " Only ServiceTitan's own screen can change it." if found.by_hand else ""
    title = f'<h3 id="{escape(found.key)}">{escape(found.title)} ({len(found):,})</h3>'
    head = f"{title}<p>{escape(found.what_to_do)}{how}</p>"
    if not len(found):
        return f'<section class="stcrm-work-list">{head}</section>'
    rows = [["" if pd.isna(cell) else str(cell) for cell in row] for row in found.frame.itertuples(index=False)]
    header = {str(name): pd.api.types.is_numeric_dtype(dtype) for name, dtype in found.frame.dtypes.items()}
    return f'<section class="stcrm-work-list">{head}{table(header, rows)}</section>'


def check(found: Check) -> str:
    """The counts with where ServiceTitan shows them, and the steps from raw rows to analysed ones."""
    counts = [[one.what, f"{one.rows:,}", one.screen, one.filter] for one in found.counts]
    steps = [[one.what, f"{one.left_out:,}" if one.left_out else "", f"{one.remain:,}"] for one in found.steps]
    notes = "".join(f"<li><b>{escape(word)}</b> {escape(text)}</li>" for word, text in found.notes.items())
    return (
        table({"Before any exclusion": False, "Rows": True, "Screen in ServiceTitan": False, "Filter": False}, counts)
        + table({"Step": False, "Left out": True, "Remain": True}, steps)
        + (f"<ul>{notes}</ul>" if notes else "")
    )
