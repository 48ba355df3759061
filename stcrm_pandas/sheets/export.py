"""Write a frame as a workbook for people, with local times and ids as text, or to a table of a database."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.errors import UsageError
from stcrm_pandas.files.private import replacing
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.sheets.files import checked_path
from stcrm_pandas.sheets.text import any_json, json
from stcrm_pandas.sheets.xlsx_file import add_sheet, check, text_cell, with_text

_FIRST = pd.Timestamp("1900-03-01")
"""Excel counts days from 1900 and takes that year for a leap year."""
_TIME = "yyyy-mm-dd hh:mm"
_WIDEST = 60
_SHOWN = 200
"""Rows that decide the width of a column."""
_ABOUT = ("resource", "tenant", "environment", "fetched_at", "filters", "complete")


def to_excel(
    frame: pd.DataFrame, path: str | os.PathLike[str], *, time_zone: str | None = None, title: str = "Data"
) -> Path:
    """Write a frame to an Excel workbook for people to read, sort and filter.

    Times are local, numbers are numbers, and ids are text, so that Excel shows all digits. The header row is
    frozen and has filters, and columns are as wide as their content. A second sheet, "About", lists what was read and
    when, and the time zone. Text is never run as a formula. The workbook is for reading: to edit rows in Excel and send
    the changes, use `write_sheet`.

    Parameters
    ----------
    frame : DataFrame
        Any frame: from a read, a merge, an analysis and so on.
    path : str or os.PathLike[str]
        A name that ends in `.xlsx`. Only its owner can read the file (mode 0600).
    time_zone : str, optional
        The time zone of times, such as `"America/Chicago"`. By default, the tenant's time zone, or UTC if it
        is unknown.
    title : str, default 'Data'
        The name of the sheet.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    UsageError
        The name does not end in `.xlsx`, the time zone does not exist, or the frame exceeds the limits of Excel.
    MissingExtra
        openpyxl is not installed: `pip install 'stcrm-pandas[sheets]'`.

    Examples
    --------
    >>> import tempfile
    >>> leads = crm.leads.list(status="Open")
    >>> to_excel(leads, Path(tempfile.mkdtemp()) / "open leads.xlsx").name
    'open leads.xlsx'
    """
    target, kind = checked_path(path)
    if kind != ".xlsx":
        raise UsageError(f"to_excel writes .xlsx, not {kind}. write_sheet writes CSV and Parquet.")
    about = frame.attrs.get("stcrm") if isinstance(frame.attrs.get("stcrm"), dict) else {}
    name = time_zone or (about or {}).get("time_zone") or "UTC"
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise UsageError(f"There is no time zone {name!r}. Write it like 'America/Chicago'.") from None
    table = frame if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None else frame.reset_index()
    names = [
        " ".join(filter(None, map(str, column))) if isinstance(column, tuple) else str(column)
        for column in table.columns
    ]
    columns = [_values(column, table.iloc[:, place], zone) for place, column in enumerate(table.columns)]
    check(names, columns)
    facts = [(fact.replace("_", " "), _fact((about or {}).get(fact))) for fact in _ABOUT if (about or {}).get(fact)]
    with replacing(target) as file:
        _write(file, title, names, columns, [*facts, ("time zone", name)])
    return target


def _write(file: Any, title: str, names: list[str], columns: list[list[Any]], facts: list[tuple[str, str]]) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    rows = len(columns[0]) if columns else 0
    widths = [_width(name, values) for name, values in zip(names, columns, strict=True)]
    sheet = add_sheet(book, title, names, rows, widths)
    if names:
        sheet.auto_filter.ref = sheet.calculate_dimension()
    # A line is written before the next one is made, so each column needs one cell of text and one of time.
    texts, times = ([text_cell(sheet) for _ in names], [WriteOnlyCell(sheet) for _ in names])
    for time in times:
        time.number_format = _TIME

    def cell(place: int, value: Any) -> Any:
        if isinstance(value, str):
            return with_text(texts[place], value)
        if isinstance(value, pd.Timestamp):
            times[place].value = value.to_pydatetime()
            return times[place]
        return value

    for line in zip(*columns, strict=True):
        sheet.append([cell(place, value) for place, value in enumerate(line)])
    sheet = add_sheet(book, "About", ["what", "value"], len(facts), [16, 40])
    for what, value in facts:
        sheet.append([text_cell(sheet, what), text_cell(sheet, value)])
    book.save(file)


def _values(name: Hashable, cells: Any, zone: ZoneInfo) -> list[Any]:
    """Return a column as values of Excel: text, numbers, booleans, local times, None if missing."""
    dtype = cells.dtype
    if pd.api.types.is_datetime64_any_dtype(dtype):
        local = cells.dt.tz_convert(zone).dt.tz_localize(None) if isinstance(dtype, pd.DatetimeTZDtype) else cells
        pairs = zip(local, cells, strict=True)
        return [None if at is pd.NaT else at if at >= _FIRST else str(moment) for at, moment in pairs]
    if pd.api.types.is_integer_dtype(dtype) and (str(name) == "id" or str(name).endswith("_id")):
        return [None if is_missing(cell) else str(cell) for cell in cells]
    one_value: Callable[[Any], Any] = _value
    if isinstance(dtype, ListDtype):
        field = dtype.field
        one_value = lambda cell: ", ".join(_item(field, item) for item in cell)  # noqa: E731
    return [None if is_missing(cell) else one_value(cell) for cell in cells.astype(object)]


def _item(field: Field, value: Any) -> str:
    """Return one value of a list: a record without its id, such as `Gate code: 12`."""
    if field.kind != "object" or value is None:
        return "" if value is None else str(value)
    if any(part.many or part.kind == "object" for part in field.fields):
        return json(field, (value,))[1:-1]
    parts = [
        str(item) for part, item in zip(field.fields, value, strict=True) if item is not None and part.kind == "text"
    ]
    return ": ".join(parts)


def _value(value: Any) -> Any:
    if isinstance(value, str | bool | int | float):
        return str(value) if isinstance(value, float) and np.isinf(value) else value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | list | dict):
        return any_json(value)
    return str(value)


def _fact(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {item}" for name, item in value.items())
    return str(value)


def _width(name: str, values: list[Any]) -> float:
    longest = max((len(_shown(value)) for value in values[:_SHOWN] if value is not None), default=0)
    return min(_WIDEST, max(len(name) + 4, longest + 2))  # room for the arrow of the filter


def _shown(value: Any) -> str:
    return _TIME if isinstance(value, pd.Timestamp) else str(value)


def to_sql(
    frame: pd.DataFrame,
    name: str,
    connection: Any,
    *,
    schema: str | None = None,
    if_exists: Literal["fail", "replace", "append"] = "fail",
    dtype: Any = None,
    chunksize: int | None = None,
) -> int | None:
    """Write a frame to a table of a database, with lists and records as JSON text.

    It works like `DataFrame.to_sql`, but accepts frames with lists. Databases read the text with their JSON functions,
    such as `json_each` in SQLite. Records have the API's names: `[{"typeId":7,"name":"Gate code","value":"12"}]`. The
    index is not written.

    Parameters
    ----------
    frame : DataFrame
        Any frame: from a read, a merge, an analysis and so on.
    name : str
        The name of the table.
    connection : sqlite3.Connection, ADBC connection, or SQLAlchemy engine or connection
        A connection that `DataFrame.to_sql` accepts. DuckDB needs no such method, because it reads frames directly:
        `connection.register(name, frame)`.
    schema : str, optional
        The schema of the table, for databases that have them.
    if_exists : {"fail", "replace", "append"}, default 'fail'
        What to do if the table exists.
    dtype : dict, optional
        The types of columns in the database, as `DataFrame.to_sql` accepts them.
    chunksize : int, optional
        Number of rows to write at a time. By default, all rows.

    Returns
    -------
    int or None
        The number of rows, if the database returns it.

    Raises
    ------
    UsageError
        The connection is a DuckDB connection.

    Examples
    --------
    >>> import sqlite3
    >>> database = sqlite3.connect(":memory:")
    >>> leads = crm.leads.list()
    >>> to_sql(leads, "leads", database) == len(leads)
    True
    >>> per_tag = "SELECT value, count(*) FROM leads, json_each(tag_type_ids) GROUP BY value"
    >>> len(database.execute(per_tag).fetchall()) == leads["tag_type_ids"].explode().nunique()
    True
    """
    if type(connection).__module__.partition(".")[0] in ("duckdb", "_duckdb"):
        raise UsageError(
            f"DuckDB reads frames directly, lists included: connection.register({name!r}, frame), or "
            f'connection.sql("CREATE TABLE {name} AS FROM frame").'
        )
    table = pd.DataFrame({column: _flat(cells) for column, cells in frame.items()}, index=frame.index)
    return table.to_sql(
        name, connection, schema=schema, if_exists=if_exists, index=False, dtype=dtype, chunksize=chunksize
    )


def _flat(cells: Any) -> Any:
    if isinstance(cells.dtype, ListDtype):
        field = cells.dtype.field
        return pd.Series([None if cell is None else json(field, cell) for cell in cells], cells.index, dtype="str")
    if cells.dtype != object:
        return cells
    nested = (tuple, list, dict, np.ndarray)
    return pd.Series(
        [any_json(cell) if isinstance(cell, nested) else cell for cell in cells], cells.index, dtype=object
    )
