"""Open grids: of rows that the API can change, and of any frame."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.edits import plans
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan.build import WARN_ABOVE, origin_of
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError, require
from stcrm_pandas.frame.matching import SHOWN, with_key
from stcrm_pandas.grid.columns import columns_of_frame, columns_of_target, row_of_frame
from stcrm_pandas.grid.grid import Grid
from stcrm_pandas.grid.judge import Planner
from stcrm_pandas.grid.log import GridLog, folder_of, path_of
from stcrm_pandas.grid.session import Session
from stcrm_pandas.output.printable import company_name
from stcrm_pandas.settings.connection import read_journal_folder


def edit(frame: pd.DataFrame, *, key: str | Sequence[str] = "id", name: str) -> Grid:
    """Open a grid in JupyterLab to edit any DataFrame, such as a call list. Nothing is sent to the API.

    Every edit is in a log on this machine before the grid shows it as saved. The same call brings back all edits, also
    with rows that were read again: an edit is listed as a conflict if the value of its cell changed since. For
    customers and other rows that the API can change, `crm.customers.edit(frame)` also checks the edits and makes a
    plan.

    Parameters
    ----------
    frame : DataFrame
        The rows. The DataFrame itself does not change; `grid.after` is the edited copy.
    key : str or sequence of str, default "id"
        The columns that identify a row. They cannot be edited.
    name : str
        The name under which the edits are logged. Use another name for another DataFrame.

    Returns
    -------
    Grid
        The grid. The last line of a cell shows it.

    Raises
    ------
    UsageError
        A key column is missing, a key appears twice or is missing in a row, the name is empty, or the name of a column
        is not text.
    SettingsError
        The log cannot be written.
    MissingExtra
        anywidget is not installed.

    Examples
    --------
    >>> calls = pd.DataFrame({"id": [1, 2], "note": ["", "call back"], "done": [False, True]})
    >>> grid = stcrm.edit(calls, name="calls of this week")
    >>> grid
    <Grid of calls of this week: 2 rows, 0 changed cells>
    >>> grid.after.equals(calls)
    True
    """
    require("grid")
    names = (key,) if isinstance(key, str) else tuple(key)
    if not name.strip():
        raise UsageError("Give the grid a name: its edits are logged under it.")
    if not names:
        raise UsageError("Give the columns that identify a row as `key`.")
    row = Row("frame", "", (), names)
    keyed = with_key(row, frame, "the frame")
    _check_columns(names, keyed)
    columns = columns_of_frame(names, keyed)
    for column in columns[: len(names)]:
        if column.kind in ("object", "list"):
            raise UsageError(
                f"{column.name} cannot identify rows: its dtype is {column.dtype}. Convert it to text or numbers."
            )
    _check_key(names, keyed)
    folder = folder_of(read_journal_folder())
    log = _open(path_of(folder, ("name", name)), {"name": name})
    session = Session(frame, row_of_frame(names, columns), columns, log, None)
    return Grid(session, name, {"tenant": None})


def edit_rows(port: Port, resource: str, frame: pd.DataFrame, options: Mapping[str, Any]) -> Grid:
    """Open a grid of rows that the API can change; `options` are those of `plan_changes`."""
    require("grid")
    target = TARGETS[resource]
    of_plan = {name: value for name, value in options.items() if name in PlanOptions.__dataclass_fields__}
    plan_options = PlanOptions(**of_plan)
    planner = Planner(
        resource,
        lambda: origin_of(port),
        plan_options,
        options.get("reason"),
        options.get("warn_above", WARN_ABOVE),
    )
    keyed = with_key(target.row, frame, "the frame")
    _check_columns(target.row.key, keyed)
    # Raises for rows of another tenant, and for options that do not fit.
    planner.plan(frame.iloc[:0], frame.iloc[:0], 0)
    zone = port.time_zone or "UTC"
    columns = columns_of_target(target, keyed, zone, plan_options)
    about = {"environment": port.name, "tenant": str(port.tenant), "resource": resource}
    path = path_of(folder_of(port.journal_folder), (*about.values(), *sorted(map(str, keyed.columns))))
    session = Session(frame, target.row, columns, _open(path, about), planner)

    def plan(before: pd.DataFrame, after: pd.DataFrame) -> Plan:
        return plans.changes(port, resource, before, after, **options)

    title = f"{resource.replace('_', ' ')} of {company_name(port.tenant, port.name)}"
    return Grid(session, title, {"tenant": port.tenant}, plan)


def _open(path: Path, about: Mapping[str, str]) -> GridLog:
    return GridLog.open(path, {**about, "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds")})


def _check_key(key: Sequence[str], frame: pd.DataFrame) -> None:
    """Raise if rows have the same key; the error names rows, since a key may be a phone number or an e-mail address."""
    twice = np.flatnonzero(frame.duplicated(list(key), keep=False))
    if len(twice):
        rows = ", ".join(str(position + 1) for position in twice[:SHOWN])
        more = ", …" if len(twice) > SHOWN else ""
        raise UsageError(
            f"{' and '.join(key)} must identify each row, but these rows (counted from 1) share theirs with another: "
            f"{rows}{more}. Drop the duplicates, or give other columns as `key`."
        )


def _check_columns(key: Sequence[str], frame: pd.DataFrame) -> None:
    for name in key:
        if name not in frame.columns:
            raise UsageError(
                f"The frame has no column {name!r}, which identifies its rows. Keep it, or give another `key`."
            )
    for name in frame.columns:
        if not isinstance(name, str):
            raise UsageError(f"The name of a column must be text, and {name!r} is not. Rename the column.")
