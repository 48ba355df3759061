"""Convert frames from a CSV file, a query or a notebook.

`admitted` returns each frame with the dtypes that the reductions need, or raises an error that says what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd

from stcrm_pandas.errors import UsageError

_CONDITIONS = ("is_", "do_not_", "preferences_", "phone_settings_do_not_")
"""Prefixes of columns that are true, false or missing, besides `active`."""

TIMES = frozenset({"created_on", "modified_on", "completed_on", "first_seen", "follow_up_date", "last_seen", "start"})
"""Columns that hold times."""

TEXTS = frozenset(
    {
        "address_city",
        "address_state",
        "address_street",
        "address_zip",
        "capture_source",
        "job_status",
        "lead_phone",
        "name",
        "priority",
        "source",
        "status",
        "type",
        "value",
    }
)
"""Text columns that a file may store as numbers: a phone, a ZIP code, or a column without values."""

_YES, _NO = ("true", "t", "yes", "y", "on", "1", "1.0"), ("false", "f", "no", "n", "off", "0", "0.0")
_GUIDS = ("methods", "method_preferences", "newer_contacts")
"""Frames whose ids are text."""

_WHOLE = re.compile(r"-?\d+(\.0+)?")
_YEAR_2 = pd.Timestamp("0002-01-01")
"""The service writes the first day of the year 1 for 'never'."""


def admitted(frames: Mapping[str, Any], *, zone: str | None) -> dict[str, Any]:
    """Return the frames with the dtypes that the analyses need.

    Text booleans become booleans, ids in text or floats become integers, and times without a zone are local times.

    Parameters
    ----------
    frames : mapping
        Frames of pandas, polars or Spark, or relations of DuckDB, by name; None for what was not given.
    zone : str or None
        The company's time zone, in which times without one are meant; None: they are refused.

    Returns
    -------
    dict[str, Any]
        The same mapping; a frame that needs no change is the very object.

    Raises
    ------
    UsageError
        Something is no frame, an id is missing, or a value cannot be read.

    Examples
    --------
    >>> leads = pd.DataFrame({"id": ["7"], "active": ["True"], "created_on": pd.to_datetime(["2026-01-05 12:00"])})
    >>> admitted({"leads": leads, "jobs": None}, zone="America/Chicago")["leads"].astype(str).values.tolist()
    [['7', 'True', '2026-01-05 18:00:00+00:00']]
    """
    return {name: None if frame is None else _admitted(frame, name, zone) for name, frame in frames.items()}


def _admitted(frame: Any, name: str, zone: str | None) -> Any:
    rows = lazy_rows(frame, name)
    if isinstance(frame, pd.DataFrame):
        columns = _pandas_columns(frame, name, zone)
        changed = frame.assign(**columns) if columns else frame
        missing = int(changed["id"].isna().sum()) if "id" in changed else 0
    else:
        again = _other_engine(rows, name, zone)
        changed = frame if again is None else again.to_native()
        missing = 0
        if "id" in rows.collect_schema():
            missing = _count(rows if again is None else again, nw.col("id").is_null())
    if missing:
        raise UsageError(
            f"{name}: {missing:,} {'row has' if missing == 1 else 'rows have'} no id; drop them "
            f"({name}.dropna(subset=['id']) in pandas) or fill in their ids"
        )
    return changed


def lazy_rows(frame: Any, name: str) -> nw.LazyFrame[Any]:
    """Return a frame of any engine as a narwhals frame.

    Raises
    ------
    UsageError
        It is not a frame.
    """
    try:
        rows: nw.LazyFrame[Any] = nw.from_native(frame).lazy()
    except TypeError:
        hint = f": pd.DataFrame({name}) creates one" if isinstance(frame, list | dict) else ""
        raise UsageError(
            f"{name}: a pandas, polars or Spark DataFrame or a DuckDB relation is required, "
            f"not {type(frame).__name__}{hint}"
        ) from None
    return rows


def _pandas_columns(frame: pd.DataFrame, name: str, zone: str | None) -> dict[str, pd.Series]:
    if frame.columns.has_duplicates:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise UsageError(f"{name}: the column {twice} appears twice")
    changed: dict[str, pd.Series] = {}
    for column, cells in frame.items():
        text = str(column)
        if is_condition(text) and not pd.api.types.is_bool_dtype(cells.dtype):
            changed[text] = condition(cells, name, text)
        elif _is_id(text, name) and not pd.api.types.is_integer_dtype(cells.dtype):
            changed[text] = _whole_numbers(cells, name, text)
        elif text in TIMES and pd.api.types.is_datetime64_dtype(cells.dtype):
            changed[text] = _with_zone(cells, name, text, zone)
        elif text in TEXTS and pd.api.types.is_numeric_dtype(cells.dtype):
            changed[text] = _number_in_text(cells, digits=5 if text == "address_zip" else 0)
        elif text == "tag_type_ids" and cells.map(lambda cell: isinstance(cell, str)).any():
            changed[text] = cells.map(_tags_in_text)
    return changed


def is_condition(column: str) -> bool:
    """Return whether a column holds true, false or missing."""
    return column == "active" or column.startswith(_CONDITIONS)


def _is_id(column: str, name: str) -> bool:
    return (column == "id" or column.endswith("_id")) and column != "external_id" and name not in _GUIDS


def condition(cells: pd.Series, name: str, column: str) -> pd.Series:
    """Return a column of conditions as `boolean`, whether it holds booleans, 0 and 1, or words for them.

    >>> condition(pd.Series(["True", "no", None, 1]), "leads", "active").tolist()
    [True, False, <NA>, True]
    """
    if pd.api.types.is_bool_dtype(cells.dtype) and not isinstance(cells.dtype, np.dtype):
        return cells.astype("boolean")
    words = cells.where(cells.notna(), "").astype("str").str.strip().str.casefold()
    yes, no, empty = words.isin(_YES), words.isin(_NO), words.isin(("", "nan", "none", "<na>"))
    strange = ~(yes | no | empty)
    if strange.any():
        raise UsageError(
            f"{name}: {column} must be true, false or missing, not {str(cells[strange].iloc[0])!r} "
            f"({int(strange.sum()):,} rows)"
        )
    return yes.astype("boolean").mask(empty)


def _whole_numbers(cells: pd.Series, name: str, column: str) -> pd.Series:
    if pd.api.types.is_float_dtype(cells.dtype):
        strange = cells.notna() & (cells % 1 != 0)
        if not strange.any():
            return cells.astype("Int64")
    else:
        words = cells.where(cells.notna(), "").astype("str").str.strip()
        empty = words.isin(("", "nan", "None", "<NA>"))
        strange = ~(words.str.fullmatch(_WHOLE) | empty)
        if not strange.any():
            numbers = [pd.NA if none else int(word.partition(".")[0]) for word, none in zip(words, empty, strict=True)]
            return pd.Series(numbers, index=cells.index, dtype="Int64")
    raise UsageError(
        f"{name}: {column} must contain whole numbers, not {str(cells[strange].iloc[0])!r} "
        f"({int(strange.sum()):,} rows)"
    )


def _number_in_text(cells: pd.Series, *, digits: int) -> pd.Series:
    """Return numbers as text, and ZIP codes with their leading zeros."""
    words = [pd.NA if pd.isna(cell) else f"{cell:.0f}".zfill(digits) for cell in cells]
    return pd.Series(words, index=cells.index, dtype="str")


def _with_zone(cells: pd.Series, name: str, column: str, zone: str | None) -> pd.Series:
    """Read times without a zone as local times: a repeated time is the first one, a skipped time is one hour later."""
    if zone is None:
        raise UsageError(_no_zone(name, column))
    real = cells.where(cells >= _YEAR_2)
    first = np.ones(len(cells), dtype=bool)
    moments: pd.Series = real.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward").dt.tz_convert("UTC")
    return moments


def _no_zone(name: str, column: str) -> str:
    return (
        f"{name}: {column} must contain times with a time zone: pass time_zone='America/Chicago' (the company's), "
        f"or convert them to UTC (pd.to_datetime({name}['{column}'], utc=True))"
    )


def _tags_in_text(cell: Any) -> Any:
    return tuple(int(tag) for tag in re.findall(r"\d+", cell)) if isinstance(cell, str) else cell


def _other_engine(rows: nw.LazyFrame[Any], name: str, zone: str | None) -> nw.LazyFrame[Any] | None:
    """Return the frame of another engine with these dtypes; None where nothing changes."""
    expressions: list[nw.Expr] = []
    local: list[str] = []
    for column, kind in rows.collect_schema().items():
        if is_condition(column) and kind == nw.String:
            word = nw.col(column).str.strip_chars().str.to_lowercase()
            strange = ~nw.col(column).is_null() & ~word.is_in([*_YES, *_NO, ""])
            _refuse_strange(rows, strange, f"{name}: {column} must be true, false or missing")
            flag = nw.when(word.is_in(_NO)).then(nw.lit(value=False))
            expressions.append(nw.when(word.is_in(_YES)).then(nw.lit(value=True)).otherwise(flag).alias(column))
        elif is_condition(column) and kind.is_numeric():
            expressions.append((nw.col(column) != 0).alias(column))
        elif _is_id(column, name) and kind == nw.String:
            word = nw.col(column).str.strip_chars()
            strange = ~nw.col(column).is_null() & ~word.str.contains(r"^-?[0-9]+$")
            _refuse_strange(rows, strange, f"{name}: {column} must hold whole numbers")
            expressions.append(word.cast(nw.Int64).alias(column))
        elif column in TIMES and isinstance(kind, nw.Datetime) and not kind.time_zone:
            local.append(column)
    if expressions:
        rows = rows.with_columns(*expressions)
    if local:
        if zone is None or not rows.implementation.is_polars():
            raise UsageError(_no_zone(name, local[0]))
        rows = nw.from_native(_polars_zone(rows.to_native(), local, zone)).lazy()
    return rows if expressions or local else None


def _count(rows: nw.LazyFrame[Any], condition: nw.Expr) -> int:
    return int(rows.select(condition.cast(nw.Int64).sum().alias("count")).collect().item() or 0)


def _refuse_strange(rows: nw.LazyFrame[Any], strange: nw.Expr, words: str) -> None:
    if count := _count(rows, strange):
        raise UsageError(f"{words}; {count:,} {'row has' if count == 1 else 'rows have'} something else")


def _polars_zone(native: Any, columns: Iterable[str], zone: str) -> Any:
    import polars as pl

    def within(wall: Any) -> Any:
        return wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")

    real = {column: pl.when(pl.col(column) >= _YEAR_2.to_pydatetime()).then(pl.col(column)) for column in columns}
    return native.with_columns(
        # a time that the clock skips is an hour later, as on a clock that was set forward
        **{name: pl.coalesce(within(wall), within(wall.dt.offset_by("1h"))) for name, wall in real.items()}
    )


def table_of(frame: Any, name: str, columns: Iterable[str]) -> pd.DataFrame:
    """Return a small frame of names or reasons as pandas; raise if it lacks a column or a value cannot be read.

    >>> table_of([{"id": 1}], "campaigns", ["id"])
    Traceback (most recent call last):
        ...
    stcrm_pandas.errors.UsageError: campaigns: a pandas, polars or Spark DataFrame or a DuckDB relation is required, \
not list: pd.DataFrame(campaigns) creates one
    """
    rows = lazy_rows(frame, name)
    if lacking := sorted(set(columns) - set(rows.collect_schema().names())):
        raise UsageError(f"{name}: the DataFrame has no columns {', '.join(lacking)}")
    table = frame if isinstance(frame, pd.DataFrame) else rows.collect("pyarrow").to_arrow().to_pandas()
    columns = _pandas_columns(table, name, "UTC")
    return table.assign(**columns) if columns else table
