"""Frames in files for other hands: `write_sheet` and `read_sheet` are a pair, and the pair changes nothing."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import StcrmWarning, UsageError, notify, require
from stcrm_pandas.frame.foreign_cells import DOUBT, read
from stcrm_pandas.frame.matching import SHOWN, with_key
from stcrm_pandas.printable import plural
from stcrm_pandas.sheets import csv_file as sheet_csv
from stcrm_pandas.sheets import parquet_file as sheet_parquet
from stcrm_pandas.sheets import xlsx_file as sheet_xlsx
from stcrm_pandas.sheets.grid import PROVENANCE, Mark, digest, sheet_of
from stcrm_pandas.sheets.sheet import Sheet
from stcrm_pandas.sheets.text import disarmed, texts, unknown_texts

__all__ = ["Sheet", "read_sheet", "row_of", "write_sheet"]

KINDS = (".csv", ".xlsx", ".parquet")


def write_sheet(frame: pd.DataFrame, path: str | os.PathLike[str], *, resource: str | Row | None = None) -> Path:
    """Write a frame as a file for a spreadsheet, or for another program.

    CSV and XLSX hold text cells: ids and zips lose no digit, times are ISO text in UTC, lists are JSON, a blank cell
    is a missing value and `<empty>` the empty text. Text that a spreadsheet would run as a formula has `'` before it.
    Parquet holds the types themselves. The head of the last column says what the file is, and whose.

    Parameters
    ----------
    frame : DataFrame
        Rows as a read gives them, repaired or not; some of the columns are enough, but the key must be there.
    path : str or os.PathLike[str]
        Ends in `.csv`, `.xlsx` or `.parquet`. The file is 0600: it holds customers' data.
    resource : str or Row, optional
        The kind of row, as `"customers"` or `"customers.list_contacts"`; needed where the frame does not say
        (`frame.attrs["stcrm"]`).

    Returns
    -------
    Path
        The path.

    Raises
    ------
    UsageError
        Another ending, a frame that does not say what it is, a cell that is no value of its column, or more than Excel
        can hold.

    Examples
    --------
    >>> from stcrm_pandas.contract.schemas import CallReasons
    >>> reasons = CallReasons.empty()
    >>> path = write_sheet(reasons, Path(tempfile.mkdtemp()) / "reasons.csv", resource="lookups.call_reasons")
    >>> read_sheet(path, "lookups.call_reasons")
    <Sheet of call_reasons: 0 rows, 6 columns>
    """
    target, kind = place_of(path)
    row = _row_of_frame(frame, resource)
    frame = with_key(row, frame, "the frame")
    about = {name: str(value) for name, value in _provenance(frame).items() if value is not None}
    columns = _columns(row, frame)
    if kind == ".parquet":
        _write(target, lambda file: sheet_parquet.write(file, row, Mark(row.name, about, ""), columns))
        return target
    known = {column.name: column for column in row.columns}
    names: list[str] = []
    cells: list[Any] = []
    for name, column in columns.items():
        before, written = ("", texts(known[name], column)) if name in known else unknown_texts(column)
        names.append(before + name)
        cells.append(written)
    mark = Mark(row.name, about, digest(names, [column.to_pylist() for column in cells]))
    heads = [*map(disarmed, names), str(mark)]
    cells.append(_blank(len(frame)))
    if kind == ".csv":
        _write(target, lambda file: sheet_csv.write(file, heads, cells))
    else:
        _write(target, lambda file: sheet_xlsx.write(file, row.name, heads, cells))
    return target


def read_sheet(path: str | os.PathLike[str], resource: str | Row | None = None) -> Sheet:
    """Read a file that `write_sheet` wrote, also after it went through other hands.

    What a spreadsheet may have bent (a zip without its zero, `5.55E+09`, an id rounded beyond 15 digits, a time in a
    local form) is *suspect*: one warning says how many cells, `suspects` lists them, and `diff` and plans leave them as
    they were. Columns may have moved, gone or come; blank rows are nothing.

    Parameters
    ----------
    path : str or os.PathLike[str]
        Ends in `.csv`, `.xlsx` or `.parquet`.
    resource : str or Row, optional
        The kind of row, as `"customers"` or `"customers.list_contacts"`; by default what the file says.

    Returns
    -------
    Sheet
        The sheet: its `frame`, or, where there are suspects, `over(before)`.

    Raises
    ------
    UsageError
        Not such a file, a file of another kind of row, no key, or cells that are no value of their column (the first
        ten are named, by row and column).
    """
    source, kind = _path(path)
    try:
        content = io.BytesIO(source.read_bytes())
    except OSError as error:
        raise UsageError(f"{str(source)!r} cannot be read: {error.strerror}.") from None
    given = None if resource is None else row_of(resource)
    if kind == ".parquet":
        mark = sheet_parquet.mark_of(content)
        row = _agreed(given, mark)
        sheet = sheet_parquet.read_sheet(content, row, mark)
    else:
        known = {name.lower() for one in OPERATIONS.values() if one.row for name in one.row.dtypes}
        title = "" if given is None else given.name
        grid = sheet_csv.read(content.getvalue(), known) if kind == ".csv" else sheet_xlsx.read(content, title)
        marks = (Mark.of(text) for text in grid.header if text is not None)
        mark = next((one for one in marks if one is not None), None)
        row = _agreed(given, mark)
        sheet = sheet_of(row, grid, mark)
    if len(sheet.suspects):
        columns = ", ".join(sheet.suspects["column"].unique())
        notify(
            f"{source.name}: {plural(len(sheet.suspects), 'cell')} may have been altered by a spreadsheet and will not "
            f"be changed ({columns}); `suspects` lists them.",
            StcrmWarning,
        )
    return sheet


def row_of(resource: str | Row) -> Row:
    """Return the kind of row for a resource (`customers`), a method (`customers.list_contacts`) or a row's own name.

    Raises
    ------
    UsageError
        There are no rows of this name.
    """
    if isinstance(resource, Row):
        return resource
    rows = {one.row.name: one.row for one in OPERATIONS.values() if one.row}
    for method in (resource, f"{resource}.list"):
        try:
            row = by_name(method).row
        except KeyError:
            continue
        if row is not None:
            return row
    if resource in rows:
        return rows[resource]
    raise UsageError(f"Unknown rows {resource!r}. Choose from {', '.join(sorted(rows))}.")


def _row_of_frame(frame: pd.DataFrame, resource: str | Row | None) -> Row:
    if resource is not None:
        return row_of(resource)
    operation = OPERATIONS.get(str(_provenance(frame).get("operation")))
    if operation is None or operation.row is None:
        raise UsageError(
            "The frame does not say what its rows are (its `attrs` went astray in a merge?): name it, as in "
            "write_sheet(frame, path, resource='customers')."
        )
    return operation.row


def _provenance(frame: pd.DataFrame) -> dict[str, Any]:
    about = frame.attrs.get("stcrm")
    return {name: about[name] for name in PROVENANCE if name in about} if isinstance(about, dict) else {}


def _agreed(given: Row | None, mark: Mark | None) -> Row:
    if mark is None:
        if given is None:
            raise UsageError("The file does not say what its rows are: name it, as in read_sheet(path, 'customers').")
        return given
    if given is not None and given.name != mark.row:
        raise UsageError(f"The file holds {mark.row}, not {given.name}.")
    return row_of(mark.row) if given is None else given


def _columns(row: Row, frame: pd.DataFrame) -> dict[str, Any]:
    """The columns in the dtypes that they should have."""
    known = {column.name: column for column in row.columns}
    columns: dict[str, Any] = {}
    for name in frame.columns:
        if name not in known:
            columns[str(name)] = frame[name].array
            continue
        reading = read(known[name], frame[name])
        faults = dict.fromkeys(reading.doubtful, DOUBT.get(known[name].field.kind, "")) | reading.unreadable
        if faults:
            told = "; ".join(f"row {place + 1} {why}" for place, why in sorted(faults.items())[:SHOWN])
            more = f"; … ({len(faults):,} in all)" if len(faults) > SHOWN else ""
            raise UsageError(f"{row.name}: {name} cannot be written: {told}{more}.")
        columns[name] = reading.cells
    return columns


def _blank(length: int) -> Any:
    import pyarrow as pa

    return pa.nulls(length, pa.string())


def place_of(path: str | os.PathLike[str]) -> tuple[Path, str]:
    """Where a sheet is to be written, and its ending.

    Raises
    ------
    UsageError
        Another ending, or no such folder.
    """
    target, kind = _path(path)
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {str(target.parent)!r} to write {target.name} to.")
    return target, kind


def _path(path: str | os.PathLike[str]) -> tuple[Path, str]:
    found = Path(path)
    kind = found.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"A sheet ends in {', '.join(KINDS)}, not in {kind or 'nothing'}.")
    if kind == ".xlsx":
        require("xlsx")
    return found, kind


def _write(target: Path, work: Any) -> None:
    """A file that is there whole or not at all, for its owner alone."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".sheet-")  # 0600
    try:
        with os.fdopen(handle, "w+b") as file:
            work(file)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
