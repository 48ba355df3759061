"""How results look in a notebook and in a report: HTML in which every name is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.analysis.sentences import GROUP_WORDS, per_hundred

if TYPE_CHECKING:
    from stcrm_pandas.analysis.lead_conversion import LeadConversion

__all__ = ["Definitions", "Line", "Sentences", "Table", "conversion_table", "table"]

_FAINT = ' class="stcrm-faint" style="opacity:.6"'


class Sentences(list[str]):
    """Plain sentences; a notebook shows them as a list."""

    def _repr_html_(self) -> str:
        return '<ul class="stcrm-sentences">' + "".join(f"<li>{escape(said)}</li>" for said in self) + "</ul>"


class Definitions(dict[str, str]):
    """Words and what they mean; a notebook shows them as a list."""

    def _repr_html_(self) -> str:
        items = "".join(f"<dt><b>{escape(word)}</b></dt><dd>{escape(text)}</dd>" for word, text in self.items())
        return f'<dl class="stcrm-definitions">{items}</dl>'


def table(
    header: Mapping[str, bool], rows: list[list[str]], *, dim: list[bool] | None = None, total: bool = False
) -> str:
    """An HTML table.

    Parameters: column titles, each with whether its cells are numbers; the cells as text; which rows are dimmed;
    whether the last row sums up the others.
    """
    style = [' style="text-align:left"', ' style="text-align:right;white-space:nowrap"']
    heads = "".join(
        f'<th scope="col" style="text-align:{"right" if number else "left"}">{escape(title)}</th>'
        for title, number in header.items()
    )
    numbers = list(header.values())
    body = []
    for place, row in enumerate(rows):
        cells = [f'<th scope="row" style="text-align:left;font-weight:normal">{escape(row[0])}</th>']
        cells += [f"<td{style[number]}>{escape(cell)}</td>" for cell, number in zip(row[1:], numbers[1:], strict=True)]
        last = total and place == len(rows) - 1
        look = ' class="stcrm-total" style="font-weight:600"' if last else _FAINT if dim and dim[place] else ""
        body.append(f"<tr{look}>{''.join(cells)}</tr>")
    return (
        f'<div class="stcrm-table" tabindex="0" style="overflow-x:auto"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


class Line(str):
    """A line of facts; a notebook shows it as a paragraph."""

    def _repr_html_(self) -> str:
        return f'<p class="stcrm-origin">{escape(self)}</p>'


@dataclass(frozen=True)
class Table:
    """A small frame of texts that a notebook shows without its index."""

    frame: pd.DataFrame

    def _repr_html_(self) -> str:
        rows = [[str(cell) for cell in row] for row in _rows(self.frame)]
        return table(dict.fromkeys(map(str, self.frame.columns), False), rows)


def conversion_table(found: LeadConversion) -> str:
    """The table of `LeadConversion`, all leads together in the last row."""
    days = found.window_days
    header = {
        GROUP_WORDS[found.by][0].capitalize(): False,
        f"Of 100 within {days} days (95 % interval)": True,
        "": False,
        f"Converted of those {days} days old": True,
        "Leads": True,
        "Open": True,
        "Dismissed": True,
        "Converted so far": True,
        "dated exactly": True,
    }
    verdicts = dict(zip(found.comparisons["name"], found.comparisons["verdict"], strict=True))
    shown = found.table if found.by is None else pd.concat([found.table, found.overall], ignore_index=True)
    rows, dim = [], []
    for row in _rows(shown):
        lower, upper = int(row.within_lower), int(row.within_upper)
        rows.append(
            [
                str(row.name),
                per_hundred(row) if row.mature else "",
                _note(row, verdicts.get(row.name, "")),
                f"{lower:,} of {row.mature:,}" if lower == upper else f"{lower:,} to {upper:,} of {row.mature:,}",
                f"{row.leads:,}",
                f"{row.open:,}",
                f"{row.dismissed:,}",
                f"{row.converted:,}",
                f"{row.exact:,}",
            ]
        )
        dim.append(not row.enough)
    return table(header, rows, dim=dim, total=found.by is not None)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples(index=False)


def _note(row: Any, verdict: str) -> str:
    whole = getattr(row, "whole", True)
    if not pd.isna(whole) and not whole:
        return "young, or read in part"
    if not row.enough:
        return "too few"
    return {"higher": "▲\u00a0higher", "lower": "▼\u00a0lower"}.get(verdict, "")
