"""Functions that reductions need on every engine: pandas, polars, DuckDB, Spark.

Engines differ most in times. So `prepare_rows` turns each time into microseconds since 1970, and adds its local wall
time as a column; everything after that is narwhals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import pandas as pd

from stcrm_pandas.analysis.base.conversion import lazy_rows
from stcrm_pandas.analysis.base.periods import Period
from stcrm_pandas.errors import UsageError

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
TENANT = "tenant"
"""The column with the tenant, in frames of several tenants."""

_MICROSECOND = dt.timedelta(microseconds=1)
# The service writes the first day of the year 1 for 'never'.
_NEVER = dt.datetime(2, 1, 1, tzinfo=dt.UTC)

Rows = nw.LazyFrame[Any]
Moments = TypeVar("Moments", pd.Series, nw.Expr)


MISSING = nw.when(nw.col("id").is_null()).then(nw.col("id"))
"""Missing in every row; a plain None has no dtype on pandas."""


def created_within(created: Moments, period: Period) -> Moments:
    """Return which times, in microseconds since 1970, lie in a period; missing for missing ones."""
    return (created >= micros(period.starts)) & (created < micros(period.ends))


def micros(value: dt.datetime | dt.timedelta) -> int:
    """Return a moment as microseconds since 1970, or a span in microseconds.

    Examples
    --------
    >>> micros(dt.datetime(1970, 1, 2, tzinfo=dt.UTC)), micros(dt.timedelta(seconds=1))
    (86400000000, 1000000)
    """
    return (value - EPOCH if isinstance(value, dt.datetime) else value) // _MICROSECOND


def prepare_rows(
    frame: Any,
    name: str,
    columns: Iterable[str],
    *,
    times: Iterable[str] = (),
    optional: Iterable[str] = (),
    filled: Iterable[str] = (),
    local: Iterable[str] = (),
    time_zone: str | None = None,
) -> Rows:
    """Return a frame of any engine, checked, with the needed columns and with times that all engines support.

    Parameters
    ----------
    frame : object
        Pandas, polars (eager or lazy), a DuckDB relation, or a Spark frame.
    name : str
        What it is called in an error.
    columns : iterable of str
        Those that it must have.
    times : iterable of str, default ()
        Those that it must have and that hold times with a zone.
    optional : iterable of str, default ()
        Those that are taken where they are there.
    filled : iterable of str, default ()
        Those that a frame may lack: `active` is true then, and ids are missing.
    local : iterable of str, default ()
        The times among those whose local wall time is wanted, too.
    time_zone : str, optional
        The zone of that wall time.

    Returns
    -------
    Rows
        A lazy frame of narwhals: `tenant` where the frame has it, `columns` and `optional` as they are, `times` as
        microseconds since 1970 (the year 1, which stands for 'never', is missing), and `<time>_local`, a time without a
        zone.

    Raises
    ------
    UsageError
        It is no frame, lacks a column, or a time has no zone.

    Examples
    --------
    >>> moments = pd.to_datetime(["2026-03-08T08:30Z", "0001-01-01T00:00Z"], format="ISO8601")
    >>> frame = pd.DataFrame({"id": [1, 2], "created_on": moments})
    >>> times = {"times": ["created_on"], "local": ["created_on"], "time_zone": "America/Chicago"}
    >>> rows = prepare_rows(frame, "leads", ["id"], **times)
    >>> collected(rows, {"created_on": "Int64"}).iloc[0].astype(str).tolist()
    ['1', '1772958600000000', '2026-03-08 03:30:00']
    """
    rows = lazy_rows(frame, name)
    schema = rows.collect_schema()
    plain, times = [*columns], [*times]
    if missing := [column for column in (*times, *plain) if column not in schema]:
        raise UsageError(f"{name}: the DataFrame has no columns {', '.join(missing)}")
    for column in times:
        kind = schema[column]
        if not (isinstance(kind, nw.Datetime) and kind.time_zone):
            raise UsageError(
                f"{name}: {column} must contain times with a time zone, not {kind}; "
                f"pd.to_datetime({name}['{column}'], utc=True) converts UTC times"
            )
    if time_zone is not None:
        ZoneInfo(time_zone)  # a name that is no zone must not come into SQL
    filled = [*filled]
    plain += [column for column in (TENANT, *optional, *filled) if column in schema and column not in plain]
    narrow = _numbered(rows, plain, times, [*local] if time_zone else [], time_zone or "UTC")
    lacking = [column for column in filled if column not in schema]
    stand_ins = {column: nw.lit(value=True) if column == "active" else MISSING for column in lacking}
    return narrow.with_columns(**stand_ins) if lacking else narrow


def _numbered(rows: Rows, plain: Sequence[str], times: Sequence[str], local: Sequence[str], zone: str) -> Rows:
    kept: list[Any] = [nw.col(TENANT).cast(nw.Int64) if column == TENANT else nw.col(column) for column in plain]
    if _is_duckdb(rows) or _is_spark(rows):
        # narwhals does not support these on either engine, and both use the time zone of their session
        number, wall = _DUCKDB if _is_duckdb(rows) else _SPARK
        quote = '"' if _is_duckdb(rows) else "`"

        def quoted(column: str) -> str:
            return quote + column.replace(quote, quote * 2) + quote

        added = [f"{number.format(quoted(column))} as {quoted(_number(column))}" for column in times]
        added += [f"{wall.format(quoted(column), zone=zone)} as {quoted(_wall(column))}" for column in local]
        native = rows.to_native()
        expressions = ["*", *added]
        native = native.project(", ".join(expressions)) if _is_duckdb(rows) else native.selectExpr(*expressions)
        rows = nw.from_native(native).lazy()
        known = {column: nw.col(_number(column)) >= micros(_NEVER) for column in times}
        kept += [nw.when(known[column]).then(nw.col(_number(column))).alias(column) for column in times]
        kept += [nw.when(known[column]).then(nw.col(_wall(column))).alias(_wall(column)) for column in local]
        return rows.select(*kept)
    real = {column: nw.when(nw.col(column) >= nw.lit(_NEVER)).then(nw.col(column)) for column in {*times, *local}}
    kept += [real[column].dt.timestamp("us").alias(column) for column in times]
    kept += [
        real[column].dt.convert_time_zone(zone).dt.replace_time_zone(None).alias(_wall(column)) for column in local
    ]
    return rows.select(*kept)


_DUCKDB = ("epoch_us({})", "timezone('{zone}', {})")
_SPARK = (
    "unix_micros({})",
    # a wall time from its number: a cast would use the time zone of the session
    "timestamp_ntz'1970-01-01' + make_dt_interval(0, 0, 0, "
    "cast(unix_micros(from_utc_timestamp({}, '{zone}')) as decimal(18, 0)) / 1000000)",
)


def _number(column: str) -> str:
    return f"{column}_micros"


def _wall(column: str) -> str:
    return f"{column}_local"


def _is_duckdb(rows: Rows) -> bool:
    return rows.implementation.is_duckdb()


def _is_spark(rows: Rows) -> bool:
    return rows.implementation.is_pyspark() or rows.implementation.is_pyspark_connect()


def refuse_mixtures(**frames: Any) -> None:
    """Raise if frames cannot be joined: they are on different engines, or only some have the column `tenant`.

    Parameters
    ----------
    frames
        Frames as `prepare_rows` takes them, by their name; those that are None are left alone.

    Raises
    ------
    UsageError
        With the names of those that do not fit.

    Examples
    --------
    >>> refuse_mixtures(leads=pd.DataFrame({"tenant": [1], "id": [1]}), jobs=pd.DataFrame({"id": [1]}))
    Traceback (most recent call last):
        ...
    stcrm_pandas.errors.UsageError: leads has a column tenant, jobs has none: ids are joined within a tenant only
    """
    rows = {name: lazy_rows(frame, name) for name, frame in frames.items() if frame is not None}
    engines = {str(row.implementation).rpartition(".")[2].lower(): name for name, row in rows.items()}
    if len(engines) > 1:
        kinds = ", ".join(f"{name} is one of {engine}" for engine, name in engines.items())
        raise UsageError(f"all DataFrames must be from the same library, but {kinds}")
    having = [name for name, row in rows.items() if TENANT in row.collect_schema()]
    lacking = [name for name in rows if name not in having]
    if having and lacking:
        raise UsageError(f"{having[0]} has a column tenant, {lacking[0]} has none: ids are joined within a tenant only")


def keys(rows: Rows, *names: str) -> list[str]:
    """Return key columns: `names`, after the tenant where the frame has one.

    Examples
    --------
    >>> keys(nw.from_native(pd.DataFrame({"tenant": [1], "id": [1]})).lazy(), "id")
    ['tenant', 'id']
    """
    return [TENANT, *names] if TENANT in rows.collect_schema() else [*names]


_NUMBERED = ("campaign", "category", "business_unit", "job_type", "call_reason", "creator", "tag", "provider")
"""Dimensions whose groups are told apart by an id."""


def refuse_mixed_tenants(rows: Rows, by: Sequence[str]) -> None:
    """Raise if groups are told apart by an id that may occur in several tenants, or by a tenant that is not known."""
    has_tenant = TENANT in rows.collect_schema()
    if TENANT in by and not has_tenant:
        raise UsageError("by='tenant': the DataFrames have no column tenant; stcrm.mirrors(folder) reads it")
    numbered = [name for name in by if name in _NUMBERED]
    if numbered and has_tenant and TENANT not in by:
        tenants = rows.select(nw.col(TENANT)).unique().select(nw.len()).collect().item()
        if int(tenants) > 1:
            raise UsageError(f"the same id can occur in several tenants: use by=('tenant', {numbered[0]!r})")


def is_among(rows: Rows, column: str, ids: Mapping[int | None, Sequence[int]]) -> nw.Expr:
    """Return whether an id is among those of its tenant, or among those under None, which are for all tenants."""
    if any(tenant is not None for tenant in ids) and TENANT not in rows.collect_schema():
        raise UsageError(f"the ids for {column} are by tenant, but the DataFrame has no column tenant")
    chosen: nw.Expr = nw.lit(value=False)
    for tenant, those in ids.items():
        among = true(nw.col(column).is_in([*those]))
        chosen = chosen | (among if tenant is None else among & true(nw.col(TENANT) == tenant))
    return chosen


def refuse_repeats(rows: Rows, name: str, key: str = "id") -> None:
    """Raise if a key appears twice (within a tenant)."""
    by = keys(rows, key)
    total, different = rows.select(nw.len()).collect().item(), rows.select(*by).unique().select(nw.len())
    if repeats := int(total) - int(different.collect().item()):
        raise UsageError(f"{name}: {repeats} rows repeat an id; keep the latest row of each (drop_duplicates on {key})")


def materialize(rows: Rows) -> Rows:
    """Return the rows computed once, on engines that would compute them again for each table.

    DuckDB and Spark keep the result in memory, so select the required columns first. DuckDB nests each step in the next
    query, so a long reduction is too slow without this.
    """
    if rows.implementation.is_pandas():
        return rows
    if _is_spark(rows):
        # a checkpoint, not a cache: a cache keeps the entire plan, which Spark processes again at each step
        kept: Rows = nw.from_native(rows.to_native().localCheckpoint()).lazy()
        return kept
    if not _is_duckdb(rows):
        return rows.collect().lazy()
    done = rows.collect("pyarrow").to_arrow()  # noqa: F841  (the query below reads it by its name)
    # through the relation, so that it stays on the caller's connection
    again: Rows = nw.from_native(rows.to_native().query("these", "select * from done")).lazy()
    return again


def true(condition: nw.Expr) -> nw.Expr:
    """Return the condition, with missing as false."""
    return condition.fill_null(value=False)


def local_month(column: str) -> nw.Expr:
    """Return the month of a time of `prepare_rows` as 12 x year + month - 1."""
    wall = nw.col(_wall(column)).dt
    return wall.year() * 12 + wall.month() - 1


def local_day(column: str) -> nw.Expr:
    """Return the local date of a time of `prepare_rows` as its ordinal."""
    wall = nw.col(_wall(column)).dt
    before = wall.year() - 1  # whole years since the year 1
    return before * 365 + before // 4 - before // 100 + before // 400 + wall.ordinal_day()


def local_weekday(column: str) -> nw.Expr:
    """Return the local weekday of a time of `prepare_rows`, from 1 for Monday to 7 for Sunday."""
    weekday = nw.col(_wall(column)).dt.weekday()
    # narwhals returns 0 for Sunday on Spark
    return nw.when(weekday == 0).then(nw.lit(7)).otherwise(weekday)


def local_hour(column: str) -> nw.Expr:
    """Return the local hour of a time of `prepare_rows`, from 0 to 23."""
    return nw.col(_wall(column)).dt.hour()


def month_name(number: int) -> str:
    """Return the name of a month number.

    Examples
    --------
    >>> month_name(2026 * 12 + 2)
    '2026-03'
    """
    return f"{number // 12:04}-{number % 12 + 1:02}"


def month_number(name: str) -> int:
    """Return the number of a month such as '2026-03'."""
    return int(name[:4]) * 12 + int(name[5:]) - 1


def collected(rows: Rows, dtypes: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return a small table as pandas, with the same dtypes from every engine.

    Parameters
    ----------
    rows : Rows
        What is left after the reduction.
    dtypes : mapping, optional
        Of columns where the engine's own may differ (pandas counts a missing number as a float).

    Returns
    -------
    DataFrame
        Whole numbers as `Int64`, conditions as `boolean`, other numbers as `Float64`, text as `str`. The order of rows
        is the engine's: sort where it matters.
    """
    if rows.implementation.is_pandas():
        table = rows.collect().to_pandas()
    else:
        table = _of_arrow(rows.collect("pyarrow").to_arrow())
    declared = dtypes or {}
    kinds = {name: declared.get(str(name)) or _common(kind) for name, kind in table.dtypes.items()}
    return table.astype(kinds).reset_index(drop=True)


def _of_arrow(table: Any) -> pd.DataFrame:
    """Return nullable dtypes, since a missing number must not turn large ids into floats."""
    import pyarrow as pa

    def common(kind: Any) -> Any:
        # a sum of integers has 128 bits in DuckDB
        if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0):
            return pa.int64()
        return pa.float64() if pa.types.is_floating(kind) or pa.types.is_decimal(kind) else kind

    schema = pa.schema([(column.name, common(column.type)) for column in table.schema])
    nullable = {pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype(), pa.bool_(): pd.BooleanDtype()}
    frame: pd.DataFrame = table.cast(schema).to_pandas(types_mapper=nullable.get)
    return frame


def _common(dtype: Any) -> Any:
    if isinstance(dtype, pd.StringDtype):
        return "str"
    return {"b": "boolean", "i": "Int64", "u": "Int64", "f": "Float64"}.get(dtype.kind, dtype)
