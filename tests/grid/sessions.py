"""Sessions of random frames, without a connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.grid.columns import columns_of_target
from stcrm_pandas.grid.judge import Planner
from stcrm_pandas.grid.log import GridLog
from stcrm_pandas.grid.session import Session

from ..edits.plan.rows import ORIGIN

LIBERAL = PlanOptions(
    allow_opt_in=True,
    consent_source="all of them",
    keep_coordinates=True,
    allow_inactive=True,
    allow_deactivate=True,
    allow_move=True,
    application_guid="6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6",
)
STRICT = PlanOptions()


def open_session(
    path: Path, resource: str, frame: pd.DataFrame, options: PlanOptions = STRICT, zone: str = "America/Chicago"
) -> Session:
    target = TARGETS[resource]
    columns = columns_of_target(target, frame, zone, options)
    planner = Planner(resource, lambda: ORIGIN, options)
    return Session(frame, target.row, columns, GridLog.open(path, {}), planner)


def with_cell(frame: pd.DataFrame, position: int, column: str, value: Any) -> pd.DataFrame:
    """The frame with another cell, as a loop over its cells makes it."""
    values: list[Any] = frame[column].tolist()
    values[position] = value
    cells = pd.Series([None] * len(values), dtype=object)
    for place, cell in enumerate(values):
        cells.iat[place] = cell
    return frame.assign(**{column: pd.Series(cells.array, frame.index, dtype=object).astype(frame[column].dtype)})
