"""A plan as people see it: frames of its changes, requests and refusals, and its preview as plain text. Pure."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.columns import TARGETS, target_of
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal
from stcrm_pandas.output.printable import company_name, plural, printable

MOST_PAIRS, MOST_REQUESTS, MOST_REASONS, MOST_CHARACTERS = 3, 5, 10, 44
"""Largest number of pairs per column, first rows, and reasons to show, and of characters per value."""

_TABLE = "margin:0.8em 0; border-collapse:collapse; font-size:inherit"
_CELL = "text-align:left; vertical-align:top; padding:0.15em 0.8em 0.15em 0"
_NUMBERS = ("cells", "times")


@dataclass(frozen=True)
class Part:
    """A titled table of texts."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def as_text(plan: PlanData) -> str:
    """Return the preview for a terminal."""
    lines = [_headline(plan), *(f"! {warning}" for warning in plan.warnings), *_special_requests(plan)]
    for part in parts(plan):
        widths = [max(map(len, column)) for column in zip(part.head, *part.rows, strict=True)]
        lines += ["", part.title]
        lines += [
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in (part.head, *part.rows)
        ]
    return "\n".join(lines)


def as_html(plan: PlanData) -> str:
    """Return the preview for a notebook."""
    points = "".join(f"<li>{html.escape(line)}</li>" for line in (*plan.warnings, *_special_requests(plan)))
    tables = "".join(_table(part) for part in parts(plan))
    return f"<div><b>{html.escape(_headline(plan))}</b>{f'<ul>{points}</ul>' if points else ''}{tables}</div>"


def _table(part: Part) -> str:
    head = "".join(f"<th style='{_CELL}'>{html.escape(cell)}</th>" for cell in part.head)
    rows = "".join("<tr>" + "".join(map(_cell, part.head, row)) + "</tr>" for row in part.rows)
    title = f"<caption style='text-align:left; font-weight:bold'>{html.escape(part.title)}</caption>"
    return f"<table style='{_TABLE}'>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(head: str, text: str) -> str:
    align = "text-align:right; " if head in _NUMBERS else ""
    return f"<td style='{_CELL}; {align}'>{html.escape(text)}</td>"


def parts(plan: PlanData) -> list[Part]:
    """Return the tables of a preview: changes by column, first rows, refusals, and values without a match."""
    sections = [_by_column(plan), _first_rows(plan), _refused(plan), _unmatched(plan)]
    return [_without_empty_columns(part) for part in sections if part.rows]


def _without_empty_columns(part: Part) -> Part:
    kept = [place for place in range(len(part.head)) if any(row[place] for row in part.rows)]
    rows = [tuple(printable(row[place]) for place in kept) for row in part.rows]
    return replace(part, head=tuple(part.head[place] for place in kept), rows=rows)


def _headline(plan: PlanData) -> str:
    rows = len(set(plan.keys))
    cells = sum(len(step.cells) * len(step.keys) for step in plan.steps)
    of = f" of {plan.total_rows:,}" if plan.total_rows else ""
    sample = "Part of a plan" if plan.sample_of else "Plan"
    refused = f"; {plural(len(plan.refusals), 'change')} refused" if plan.refusals else ""
    return (
        f"{sample} for {plan.resource}, {company_name(plan.tenant, plan.environment)}: {rows:,}{of} rows, "
        f"{plural(len(plan.steps), 'request')}, {plural(cells, 'cell')}{refused}"
    )


def _special_requests(plan: PlanData) -> list[str]:
    """Return one line for each special kind of request."""
    cells = [(cell, len(step.keys)) for step in plan.steps for cell in step.cells]
    totals = (
        (sum(len(step.keys) for step in plan.steps if step.opt_out), "row", "Opt-outs (sent first)"),
        (sum(len(step.keys) for step in plan.steps if step.irreversible), "row", "These cannot be undone"),
        (sum(rows for cell, rows in cells if cell.one_way), "cell", "One way only (an undo leaves these out)"),
        (sum(rows for cell, rows in cells if cell.consent), "cell", "Opt-ins"),
    )
    return [f"{title}: {plural(number, noun)}." for number, noun, title in totals if number]


def _by_column(plan: PlanData) -> Part:
    pairs: dict[str, Counter[tuple[str, str]]] = {}
    for step in plan.steps:
        for cell in step.cells:
            pairs.setdefault(cell.column, Counter())[_from_to(cell)] += len(step.keys)
    rows = [
        (column if place == 0 else "", f"{sum(counts.values()):,}" if place == 0 else "", old, new, f"{number:,}")
        for column, counts in pairs.items()
        for place, ((old, new), number) in enumerate(counts.most_common(MOST_PAIRS))
    ]
    return Part("Changes by column, most frequent first", ("column", "cells", "from", "to", "times"), rows)


def _first_rows(plan: PlanData) -> Part:
    rows = []
    for step in plan.steps[:MOST_REQUESTS]:
        names = target_of(step.operation).row.key
        key = ", ".join(f"{name} {value}" for name, value in zip(names, step.key, strict=True))
        more = f" and {len(step.keys) - 1:,} more" if len(step.keys) > 1 else ""
        changed = "; ".join(f"{cell.column}: {' → '.join(_from_to(cell))}" for cell in step.cells[:MOST_PAIRS])
        dots = f"; and {len(step.cells) - MOST_PAIRS} more" if len(step.cells) > MOST_PAIRS else ""
        rows.append((key + more, step.operation, changed + dots, _filled(step.fill)))
    head = ("row", "operation", "sets", "copied from the row")
    return Part(f"First of {plural(len(plan.steps), 'request')}", head, rows)


def _from_to(cell: Cell) -> tuple[str, str]:
    if cell.column.startswith("tag_type_ids."):
        return ("without the tag", "with the tag") if cell.new else ("with the tag", "without the tag")
    return _show(cell.old), _show(cell.new)


def _filled(fill: Mapping[str, Any]) -> str:
    """Return the names of copied fields: `isArchived; address: street, city`."""
    return "; ".join(f"{name}: {', '.join(part)}" if isinstance(part, dict) else name for name, part in fill.items())


def _refused(plan: PlanData) -> Part:
    by_reason: dict[str, list[Refusal]] = {}
    for refusal in plan.refusals:
        by_reason.setdefault(refusal.reason, []).append(refusal)
    rows = []
    for reason, some in sorted(by_reason.items(), key=lambda pair: -len(pair[1]))[:MOST_REASONS]:
        columns = list(dict.fromkeys(refusal.column or "the row" for refusal in some))
        more = f" and {len(columns) - MOST_PAIRS} more" if len(columns) > MOST_PAIRS else ""
        first = some[0]
        names = f"{', '.join(columns[:MOST_PAIRS])}{more}"
        rows.append((names, f"{len(some):,}", reason, first.instead, "/".join(map(str, first.key))))
    title = f"Refused: {plural(len(plan.refusals), 'change')} (all in plan.refused)"
    return Part(title, ("column", "times", "because", "instead", "first row"), rows)


def _unmatched(plan: PlanData) -> Part:
    by_reason: dict[tuple[str, str], list[str]] = {}
    for entry in plan.listed:
        by_reason.setdefault((str(entry.get("why")), str(entry.get("instead"))), []).append(_show(entry.get("what")))
    rows = [(what[0], f"{len(what):,}", why, instead) for (why, instead), what in by_reason.items()]
    title = f"Not in the plan: {plural(len(plan.listed), 'value')} (all in plan.unmatched)"
    return Part(title, ("first", "times", "because", "instead"), sorted(rows, key=_by_times)[:MOST_REASONS])


def _by_times(row: tuple[str, ...]) -> int:
    return -int(row[1].replace(",", ""))


def _show(value: Any) -> str:
    """Return a value as one short line."""
    if value is None:
        return "(missing)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text == "":
        return '""'
    text = printable(text)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def changes_of(plan: PlanData) -> pd.DataFrame:
    """Return a row for each changed cell: `resource`, the columns of the key, old and new value, and flags."""
    changes = [(step.operation, key, cell, step) for step in plan.steps for cell in step.cells for key in step.keys]
    table = _keys(plan, [(target_of(operation).resource, key) for operation, key, _, _ in changes])
    table["column"] = _text([cell.column for _, _, cell, _ in changes])
    table["old"] = _objects([cell.old for _, _, cell, _ in changes])
    table["new"] = _objects([cell.new for _, _, cell, _ in changes])
    table["one_way"] = _flags([cell.one_way for _, _, cell, _ in changes])
    table["consent"] = _flags([cell.consent for _, _, cell, _ in changes])
    table["opt_out"] = _flags([step.opt_out for *_, step in changes])
    return table


def requests_of(plan: PlanData) -> pd.DataFrame:
    """Return a row for each request, in the order in which they are sent."""
    rows = []
    for step in plan.steps:
        operation = OPERATIONS[step.operation]
        path = operation.path.partition("{tenant}/")[2].format(**step.path)
        body = [json.dumps(part, ensure_ascii=False) for part in (step.set, step.fill)]
        rows.append((step.operation, operation.method, path, *body, len(step.keys), len(step.cells) * len(step.keys)))
    table = pd.DataFrame(rows, columns=["operation", "method", "path", "set", "fill", "rows", "cells"])
    texts = dict.fromkeys(("operation", "method", "path", "set", "fill"), "str")
    return table.astype({**texts, "rows": "Int64", "cells": "Int64"})


def refused_of(plan: PlanData) -> pd.DataFrame:
    """Return a row for each refusal; the key is missing for a refused column."""
    table = _keys(plan, [(plan.resource, refusal.key) for refusal in plan.refusals])
    for name in ("column", "reason", "instead"):
        table[name] = _text([getattr(refusal, name) for refusal in plan.refusals])
    return table


def key_names(plan: PlanData) -> tuple[str, ...]:
    """Return the key columns of a plan's frames: `("key",)` if the plan changes several resources."""
    kinds = {target_of(step.operation).row.key for step in plan.steps}
    if plan.resource in TARGETS:
        kinds.add(TARGETS[plan.resource].row.key)
    elif plan.resource == "tags":
        kinds.add(TARGETS["customers"].row.key)
    return kinds.pop() if len(kinds) == 1 else ("key",)


def _keys(plan: PlanData, rows: list[tuple[str, Key]]) -> pd.DataFrame:
    names = key_names(plan)
    table = pd.DataFrame({"resource": _text([resource for resource, _ in rows])})
    if names == ("key",):
        table["key"] = _text(["/".join(map(str, key)) for _, key in rows])
        return table
    columns = next(target.columns for target in TARGETS.values() if target.row.key == names)
    for place, name in enumerate(names):
        values = [key[place] if key else None for _, key in rows]
        integers = columns[name].field.kind == "integer" and not any(isinstance(value, str) for value in values)
        table[name] = pd.Series(values, dtype="Int64" if integers else "str")
    return table


def _text(values: list[str]) -> Any:
    return pd.Series(values, dtype="str")


def _objects(values: list[Any]) -> Any:
    return pd.Series(values, dtype=object)


def _flags(values: list[bool]) -> Any:
    return pd.Series(values, dtype="boolean")
