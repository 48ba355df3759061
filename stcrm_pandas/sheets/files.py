"""Write frames to CSV, XLSX and Parquet, and read them back without changes."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import StcrmWarning, UsageError, notify, require
from stcrm_pandas.files.private import replacing
from stcrm_pandas.frame.foreign_cells import UNCERTAIN, read
from stcrm_pandas.frame.matching import SHOWN, with_key
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets import csv_file as sheet_csv
from stcrm_pandas.sheets import parquet_file as sheet_parquet
from stcrm_pandas.sheets import xlsx_file as sheet_xlsx
from stcrm_pandas.sheets.cell_table import PROVENANCE, SheetMark, digest, to_sheet
from stcrm_pandas.sheets.sheet import Sheet
from stcrm_pandas.sheets.text import texts, to_cell_text, unknown_texts

KINDS = (".csv", ".xlsx", ".parquet")


def write_sheet(frame: pd.DataFrame, path: str | os.PathLike[str], *, resource: str | Row | None = None) -> Path:
    """Write a frame to a file for a spreadsheet or another program.

    CSV and XLSX files have text cells: ids and ZIP codes keep all digits, times are ISO 8601 text in UTC, lists are
    JSON, a blank cell is a missing value, and `<empty>` is an empty string. Text that a spreadsheet program would run
    as a formula gets a leading `'`. Parquet keeps the dtypes. In CSV and XLSX files, the header of the last column
    identifies the resource and the tenant.

    Parameters
    ----------
    frame : DataFrame
        Rows as read or edited. The key columns are required; other columns may be missing.
    path : str or os.PathLike[str]
        A file name that ends in `.csv`, `.xlsx` or `.parquet`. Only its owner can read the file (mode 0600).
    resource : str or Row, optional
        The resource, for example `"customers"` or `"customers.list_contacts"`; required if the frame does not name it
        (`frame.attrs["stcrm"]`).

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    UsageError
        The file type is unknown, the frame does not name its resource, a value does not match its column's type, or the
        frame exceeds Excel's limits.

    Examples
    --------
    >>> import tempfile
    >>> from stcrm_pandas.contract.schemas import CallReasons
    >>> reasons = CallReasons.empty()
    >>> path = write_sheet(reasons, Path(tempfile.mkdtemp()) / "reasons.csv", resource="lookups.call_reasons")
    >>> read_sheet(path, "lookups.call_reasons")
    <Sheet of call_reasons: 0 rows, 6 columns>
    """
    return write_rows(frame, path, resource)


def write_rows(
    frame: pd.DataFrame,
    path: str | os.PathLike[str],
    resource: str | Row | None,
    choices: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Path:
    """Write rows as `write_sheet`; a workbook offers the choices of a column as a list.

    Raises
    ------
    UsageError
        As `write_sheet`.
    """
    target, kind = checked_path(path)
    row = _row_of_frame(frame, resource)
    frame = with_key(row, frame, "the frame")
    about = {name: str(value) for name, value in _provenance(frame).items() if value is not None}
    columns = _columns(row, frame)
    if kind == ".parquet":
        with replacing(target) as file:
            sheet_parquet.write(file, row, SheetMark(row.name, about, ""), columns)
        return target
    known = {column.name: column for column in row.columns}
    names: list[str] = []
    cells: list[Any] = []
    for name, column in columns.items():
        before, written = ("", texts(known[name], column)) if name in known else unknown_texts(column)
        names.append(before + name)
        cells.append(written)
    mark = SheetMark(row.name, about, digest(names, [column.to_pylist() for column in cells]))
    heads = [*map(to_cell_text, names), str(mark)]
    cells.append(_blank(len(frame)))
    if kind == ".csv":
        with replacing(target) as file:
            sheet_csv.write(file, heads, cells)
    else:
        with replacing(target) as file:
            sheet_xlsx.write(file, row.name, heads, cells, choices)
    return target


def read_sheet(path: str | os.PathLike[str], resource: str | Row | None = None) -> Sheet:
    """Read a file from `write_sheet`, even if it was edited in a spreadsheet program.

    Cells that a spreadsheet program may have changed (a ZIP code without its leading zero, `5.55E+09`, an id rounded to
    15 digits, a time in a local format) are *suspect*: a warning gives their count, `suspects` lists them, and plans
    leave them unchanged. Columns may be moved, removed or added; blank rows are ignored.

    Parameters
    ----------
    path : str or os.PathLike[str]
        A file name that ends in `.csv`, `.xlsx` or `.parquet`.
    resource : str or Row, optional
        The resource, for example `"customers"` or `"customers.list_contacts"`; by default, the resource that the file
        names.

    Returns
    -------
    Sheet
        The sheet. Plans accept it as it is. Its rows are in `frame`; if there are suspect cells, use `over(before)`.

    Raises
    ------
    UsageError
        The file cannot be read, is of another resource, has no key, or contains values that do not match their column's
        type (the error lists the first ten by row and column).
    """
    source, kind = _path(path)
    try:
        content = io.BytesIO(source.read_bytes())
    except OSError as error:
        raise UsageError(f"{str(source)!r} cannot be read: {error.strerror}.") from None
    wanted = None if resource is None else row_of(resource)
    if kind == ".parquet":
        mark = sheet_parquet.mark_of(content)
        row = _row_of_file(wanted, mark)
        sheet = sheet_parquet.read_sheet(content, row, mark)
    else:
        known = {name.lower() for operation in OPERATIONS.values() if operation.row for name in operation.row.dtypes}
        title = "" if wanted is None else wanted.name
        grid = sheet_csv.read(content.getvalue(), known) if kind == ".csv" else sheet_xlsx.read(content, title)
        marks = (SheetMark.of(text) for text in grid.header if text is not None)
        mark = next((mark for mark in marks if mark is not None), None)
        row = _row_of_file(wanted, mark)
        sheet = to_sheet(row, grid, mark)
    if len(sheet.suspects):
        columns = ", ".join(sheet.suspects["column"].unique())
        notify(
            f"{source.name}: a spreadsheet may have changed {plural(len(sheet.suspects), 'cell')} ({columns}). Plans "
            "leave them unchanged; `suspects` lists them.",
            StcrmWarning,
        )
    return sheet


def row_of(resource: str | Row) -> Row:
    """Return the row type for a resource (`customers`), a method (`customers.list_contacts`) or a row type's name.

    Raises
    ------
    UsageError
        There is no such resource.
    """
    if isinstance(resource, Row):
        return resource
    rows = {operation.row.name: operation.row for operation in OPERATIONS.values() if operation.row}
    for method in (resource, f"{resource}.list"):
        try:
            row = by_name(method).row
        except KeyError:
            continue
        if row is not None:
            return row
    if resource in rows:
        return rows[resource]
    raise UsageError(f"There is no resource {resource!r}. The resources are: {', '.join(sorted(rows))}.")


def _row_of_frame(frame: pd.DataFrame, resource: str | Row | None) -> Row:
    if resource is not None:
        return row_of(resource)
    operation = OPERATIONS.get(str(_provenance(frame).get("operation")))
    if operation is None or operation.row is None:
        raise UsageError(
            "The frame does not name its resource (a merge loses `attrs`). Pass it: write_sheet(frame, path, "
            "resource='customers')."
        )
    return operation.row


def _provenance(frame: pd.DataFrame) -> dict[str, Any]:
    about = frame.attrs.get("stcrm")
    return {name: about[name] for name in PROVENANCE if name in about} if isinstance(about, dict) else {}


def _row_of_file(wanted: Row | None, mark: SheetMark | None) -> Row:
    if mark is None:
        if wanted is None:
            raise UsageError("The file does not name its resource. Pass it: read_sheet(path, 'customers').")
        return wanted
    if wanted is not None and wanted.name != mark.row:
        raise UsageError(
            f"The file has rows of {mark.row}, not {wanted.name}. Read it without a resource, or as {mark.row}."
        )
    return row_of(mark.row) if wanted is None else wanted


def _columns(row: Row, frame: pd.DataFrame) -> dict[str, Any]:
    """Return the columns with their documented dtypes."""
    known = {column.name: column for column in row.columns}
    columns: dict[str, Any] = {}
    for name in frame.columns:
        if name not in known:
            columns[str(name)] = frame[name].array
            continue
        reading = read(known[name], frame[name])
        faults = dict.fromkeys(reading.uncertain, UNCERTAIN.get(known[name].field.kind, "")) | reading.unreadable
        if faults:
            cells = "; ".join(f"row {place + 1} {why}" for place, why in sorted(faults.items())[:SHOWN])
            more = f"; … ({len(faults):,} in all)" if len(faults) > SHOWN else ""
            raise UsageError(f"{row.name}: {name} cannot be written: {cells}{more}.")
        columns[name] = reading.cells
    return columns


def _blank(length: int) -> Any:
    import pyarrow as pa

    return pa.nulls(length, pa.string())


def checked_path(path: str | os.PathLike[str]) -> tuple[Path, str]:
    """Return the path of a sheet to write, and its suffix.

    Raises
    ------
    UsageError
        The file type is unknown, or the folder does not exist.
    """
    target, kind = _path(path)
    if not target.parent.is_dir():
        raise UsageError(f"The folder {str(target.parent)!r} does not exist, so {target.name} was not written.")
    return target, kind


def _path(path: str | os.PathLike[str]) -> tuple[Path, str]:
    target = Path(path)
    kind = target.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"The name of a sheet must end in {', '.join(KINDS)}, but this one has {kind or 'no suffix'}.")
    if kind == ".xlsx":
        require("xlsx")
    return target, kind
