"""Judge edits: is a text a value of its column, and would the plan refuse it? Pure.

Only changed rows are planned. Checks that need requests are made by `grid.plan()` or when the plan is applied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from stcrm_pandas.edits.columns import TARGETS, Target
from stcrm_pandas.edits.plan.build import WARN_ABOVE, Origin, plan_changes, warn_if_many
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal
from stcrm_pandas.edits.plan.steps import PlanOptions

SUSPECT = "correct the cell; if the value is right, set it in pandas: plan_changes(frame, grid.after)"
"""What to do about a suspect value."""


@dataclass(frozen=True)
class Planner:
    """Plans the changed rows of a grid.

    Parameters
    ----------
    resource : str
        The resource: a key of `TARGETS`.
    origin : callable
        Returns environment, tenant and the time now.
    options : PlanOptions
        Permissions for changes that are refused otherwise.
    reason : str, optional
        Why the changes are made.
    warn_above : float
        The share of changed rows above which a plan has a warning.
    """

    resource: str
    origin: Callable[[], Origin]
    options: PlanOptions
    reason: str | None = None
    warn_above: float = WARN_ABOVE

    @property
    def target(self) -> Target:
        """The kind of row."""
        return TARGETS[self.resource]

    def plan(self, before: pd.DataFrame, after: pd.DataFrame, total: int) -> PlanData:
        """Return the plan of some changed rows of a frame with `total` rows."""
        plan = plan_changes(
            self.resource,
            before,
            after,
            origin=self.origin(),
            options=self.options,
            reason=self.reason,
            warn_above=float("inf"),
        )
        return warn_if_many(replace(plan, total_rows=total), total, self.warn_above)


def with_suspects(plan: PlanData, suspects: Iterable[tuple[Key, str, str]]) -> PlanData:
    """Return a plan with a refusal for each suspect value: its key, column and why it is suspect."""
    refusals = tuple(Refusal(key, column, why, SUSPECT) for key, column, why in suspects)
    return replace(plan, refusals=(*plan.refusals, *refusals)) if refusals else plan


def refused_cells(plan: PlanData, changed: Mapping[Key, Iterable[str]]) -> dict[tuple[Key, str], str]:
    """Return the changed cells that a plan refuses, with the reasons.

    Parameters
    ----------
    changed : mapping
        Key to the changed columns of each row. A refusal of a row, or of a part of a cell, is one of its cells.
    """
    reasons: dict[tuple[Key, str], str] = {}
    for refusal in plan.refusals:
        column = refusal.column.partition(".")[0]
        keys = [refusal.key] if refusal.key else list(changed)
        for key in keys:
            columns: Iterable[Any] = changed.get(key, ())
            for name in [column] if column else columns:
                if name in columns:
                    text = f"{refusal.reason}: {refusal.instead}" if refusal.instead else refusal.reason
                    reasons.setdefault((key, name), text)
    return reasons
