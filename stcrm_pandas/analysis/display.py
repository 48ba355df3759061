"""How results look in a notebook and in a report: HTML in which every name is text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.analysis.sentences import GROUP_WORDS, per_hundred

if TYPE_CHECKING:
    from stcrm_pandas.analysis.lead_conversion import LeadConversion

__all__ = ["Definitions", "Sentences", "conversion_table", "table"]


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
    header: Mapping[str, bool], rows: list[list[str]], *, dim: list[bool] | None = None, caption: str | None = None
) -> str:
    """An HTML table.

    Parameters: column titles, each with whether its cells are numbers; the cells as text; which rows are dimmed.
    """
    style = ["", ' style="text-align:right"']
    heads = "".join(f'<th scope="col"{style[number]}>{escape(title)}</th>' for title, number in header.items())
    numbers = list(header.values())
    body = []
    for place, row in enumerate(rows):
        cells = [f'<th scope="row" style="text-align:left;font-weight:normal">{escape(row[0])}</th>']
        cells += [f"<td{style[number]}>{escape(cell)}</td>" for cell, number in zip(row[1:], numbers[1:], strict=True)]
        faint = ' class="stcrm-faint" style="opacity:.6"' if dim and dim[place] else ""
        body.append(f"<tr{faint}>{''.join(cells)}</tr>")
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'<div class="stcrm-table" tabindex="0" style="overflow-x:auto"><table>{said}<thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def frame_table(frame: pd.DataFrame) -> str:
    """A small frame as an HTML table, without its index."""
    numbers = {str(name): pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns}
    rows = [
        [f"{value:,}" if number else str(value) for value, number in zip(row, numbers.values(), strict=True)]
        for row in frame.itertuples(index=False)
    ]
    return table(numbers, rows)


def conversion_table(found: LeadConversion) -> str:
    """The table of `LeadConversion`, all leads together in the last row."""
    days = found.window_days
    header = {
        GROUP_WORDS[found.by][0].capitalize(): False,
        "Leads": True,
        f"{days} days old": True,
        f"Converted within {days} days": True,
        "Of 100 (95 % interval)": True,
        "Open": True,
        "Dismissed": True,
        "Converted so far": True,
        "dated exactly": True,
        "": False,
    }
    verdicts = dict(zip(found.comparisons["name"], found.comparisons["verdict"], strict=True))
    shown = found.table if found.by is None else pd.concat([found.table, found.overall], ignore_index=True)
    rows, dim = [], []
    for row in _rows(shown):
        lower, upper = int(row.within_lower), int(row.within_upper)
        rows.append(
            [
                str(row.name),
                f"{row.leads:,}",
                f"{row.mature:,}",
                f"{lower:,}" if lower == upper else f"{lower:,} to {upper:,}",
                per_hundred(row) if row.mature else "",
                f"{row.open:,}",
                f"{row.dismissed:,}",
                f"{row.converted:,}",
                f"{row.exact:,}",
                _note(row, verdicts.get(row.name, "")),
            ]
        )
        dim.append(not row.enough)
    return table(header, rows, dim=dim)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    yield from frame.itertuples(index=False)


def _note(row: Any, verdict: str) -> str:
    whole = getattr(row, "whole", True)
    if not pd.isna(whole) and not whole:
        return "not old enough, or read in part"
    if not row.enough:
        return "too few to tell"
    return {"higher": "higher than the others", "lower": "lower than the others"}.get(verdict, "")
