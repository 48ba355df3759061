"""A plan as frames: changes, requests, and refusals. Pure."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.diff.columns import TARGETS, target_of
from stcrm_pandas.edits.plan.model import Key, PlanData


def changes_of(plan: PlanData) -> pd.DataFrame:
    """Return a row for each changed cell: `resource`, the columns of the key, old and new value, and flags."""
    found = [(step.operation, key, cell, step) for step in plan.steps for cell in step.cells for key in step.keys]
    table = _keys(plan, [(target_of(operation).resource, key) for operation, key, _, _ in found])
    table["column"] = _text([cell.column for _, _, cell, _ in found])
    table["old"] = _objects([cell.old for _, _, cell, _ in found])
    table["new"] = _objects([cell.new for _, _, cell, _ in found])
    table["one_way"] = _flags([cell.one_way for _, _, cell, _ in found])
    table["consent"] = _flags([cell.consent for _, _, cell, _ in found])
    table["opt_out"] = _flags([step.opt_out for *_, step in found])
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
        whole = columns[name].field.kind == "integer" and not any(isinstance(value, str) for value in values)
        table[name] = pd.Series(values, dtype="Int64" if whole else "str")
    return table


def _text(values: list[str]) -> Any:
    return pd.Series(values, dtype="str")


def _objects(values: list[Any]) -> Any:
    return pd.Series(values, dtype=object)


def _flags(values: list[bool]) -> Any:
    return pd.Series(values, dtype="boolean")
