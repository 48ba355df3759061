"""What a plan shows of itself, in a terminal and in a notebook. All data is shown as text, whatever it holds. Pure."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stcrm_pandas.edits.columns import target_of
from stcrm_pandas.edits.model import Plan

PAIRS, FIRST, REFUSED, WIDTH = 3, 5, 10, 44
"""How many pairs of a column, first rows and reasons are shown, and how much of a value."""


@dataclass(frozen=True)
class Part:
    """A titled table of texts."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def as_text(plan: Plan) -> str:
    """The plan for a terminal."""
    lines = [_headline(plan), *(f"! {warning}" for warning in plan.warnings), *_marks(plan)]
    for part in parts(plan):
        widths = [max(map(len, column)) for column in zip(part.head, *part.rows, strict=True)]
        lines += ["", part.title]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (part.head, *part.rows)
        ]
    return "\n".join(lines)


def as_html(plan: Plan) -> str:
    """The plan for a notebook."""
    told = "".join(f"<li>{html.escape(line)}</li>" for line in (*plan.warnings, *_marks(plan)))
    tables = "".join(_table(part) for part in parts(plan))
    return f"<div><b>{html.escape(_headline(plan))}</b>{f'<ul>{told}</ul>' if told else ''}{tables}</div>"


def _table(part: Part) -> str:
    head = "".join(f"<th style='text-align:left'>{html.escape(cell)}</th>" for cell in part.head)
    rows = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(cell)}</td>" for cell in row) + "</tr>"
        for row in part.rows
    )
    title = f"<caption style='text-align:left; font-weight:bold'>{html.escape(part.title)}</caption>"
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def parts(plan: Plan) -> list[Part]:
    """What a preview shows: per column the commonest changes, the first rows, what is refused or unmatched."""
    found = [_by_column(plan), _first_rows(plan), _refused(plan), _unmatched(plan)]
    return [part for part in found if part.rows]


def _headline(plan: Plan) -> str:
    rows = len(set(plan.keys))
    cells = sum(len(step.cells) * len(step.keys) for step in plan.steps)
    of = f" of {plan.total_rows:,}" if plan.total_rows else ""
    sample = "Part of a plan" if plan.sample_of else "Plan"
    refused = f"; {_count(len(plan.refusals), 'change')} refused" if plan.refusals else ""
    return (
        f"{sample} for {plan.resource} of tenant {plan.tenant} in {plan.environment}: {rows:,}{of} rows, "
        f"{_count(len(plan.steps), 'call')}, {_count(cells, 'cell')}{refused}"
    )


def _marks(plan: Plan) -> list[str]:
    """What is special about some of the calls."""
    cells = [(cell, len(step.keys)) for step in plan.steps for cell in step.cells]
    counted = (
        (sum(len(step.keys) for step in plan.steps if step.opt_out), "row", "Opt-outs, sent first"),
        (sum(len(step.keys) for step in plan.steps if step.irreversible), "row", "These cannot be undone"),
        (sum(rows for cell, rows in cells if cell.one_way), "cell", "One way only, left out by undo"),
        (sum(rows for cell, rows in cells if cell.consent), "cell", "Wider reach"),
    )
    return [f"{says}: {_count(number, thing)}." for number, thing, says in counted if number]


def _by_column(plan: Plan) -> Part:
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    for step in plan.steps:
        for cell in step.cells:
            pairs.setdefault(cell.column, Counter())[_show(cell.old), _show(cell.new)] += len(step.keys)
    rows = [
        (column if place == 0 else "", f"{sum(counts.values()):,}" if place == 0 else "", old, new, f"{number:,}")
        for column, counts in pairs.items()
        for place, ((old, new), number) in enumerate(counts.most_common(PAIRS))
    ]
    return Part("Changes by column, the commonest first", ("column", "cells", "from", "to", "times"), rows)


def _first_rows(plan: Plan) -> Part:
    rows = []
    for step in plan.steps[:FIRST]:
        names = target_of(step.operation).row.key
        key = ", ".join(f"{name} {value}" for name, value in zip(names, step.key, strict=True))
        more = f" and {len(step.keys) - 1:,} more" if len(step.keys) > 1 else ""
        changed = "; ".join(f"{cell.column}: {_show(cell.old)} → {_show(cell.new)}" for cell in step.cells[:PAIRS])
        dots = f"; and {len(step.cells) - PAIRS} more" if len(step.cells) > PAIRS else ""
        filled = ", ".join(_names(step.fill))
        rows.append((key + more, step.operation, changed + dots, filled))
    return Part("First calls", ("row", "operation", "sets", "fills in"), rows)


def _names(fill: dict[str, Any], above: str = "") -> Iterable[str]:
    for name, value in fill.items():
        if isinstance(value, dict):
            yield from _names(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def _refused(plan: Plan) -> Part:
    counts = Counter((one.column, one.reason) for one in plan.refusals)
    first = {(one.column, one.reason): one for one in reversed(plan.refusals)}
    rows = []
    for (column, reason), number in counts.most_common(REFUSED):
        one = first[column, reason]
        rows.append((column or "the row", f"{number:,}", reason, one.instead, "/".join(map(str, one.key))))
    return Part("Refused", ("column", "times", "because", "instead", "first"), rows)


def _unmatched(plan: Plan) -> Part:
    rows = [tuple(_show(one.get(name)) for name in ("what", "why", "instead")) for one in plan.listed[:REFUSED]]
    title = f"Not in the plan: {len(plan.listed):,}, all of them in plan.unmatched"
    return Part(title, ("what", "why", "instead"), rows)


def _show(value: Any) -> str:
    """A value as one short line: what would end a line or turn the writing round is spelt out."""
    if value is None:
        return "(missing)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text == "":
        return '""'
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
