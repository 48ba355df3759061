"""Turn a method's arguments into the path and the query of requests. Pure.

The service ignores unknown parameters, so a misspelled filter would return everything: names, types and values are
checked here before anything is sent.

>>> from stcrm_pandas.contract.operations import OPERATIONS
>>> leads = OPERATIONS["Leads_GetList"]
>>> to_query(leads, {"status": "Open", "created_on_or_after": "2026-01-01"}, time_zone="America/Chicago")
[('status', 'Open'), ('createdOnOrAfter', '2026-01-01T06:00:00Z')]
>>> to_query(leads, {"statsu": "Open"})
Traceback (most recent call last):
stcrm_pandas.errors.UsageError: leads.list has no filter 'statsu'. Did you mean 'status'? ...
>>> from stcrm_pandas.contract.operations import by_name
>>> paths(by_name("leads.list_notes"), {"id": [7, 8]})
[{'id': 7}, {'id': 8}]
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import re
import uuid
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_list_like

from stcrm_pandas.contract import rules
from stcrm_pandas.contract.operations import ACTIVE, ARCHIVED, IDS_PER_REQUEST, Operation
from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.errors import StcrmWarning, UsageError, notify
from stcrm_pandas.output.printable import closest

Query = list[tuple[str, str]]

_WHOLE = re.compile("-?[0-9]{1,19}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
"""Times that pandas reads in only one way: it would read 03/04/2026 as a day in March."""
_ALL_AT_ONCE = ("tag_type_ids", "estimate_ids", "equipment_ids")
"""Filters that would mean something else if their ids were split into several requests."""


def to_query(operation: Operation, filters: Mapping[str, Any], *, time_zone: str | None = None) -> Query:
    """Return the checked query parameters of a request, in the order of the API.

    Parameters
    ----------
    operation : Operation
        The operation that has the filters.
    filters : mapping
        By their names in snake_case; None is no filter. If the service hides inactive rows by default, all rows are
        requested.
    time_zone : str, optional
        The time zone of dates and times without one; None means UTC, with a warning.

    Raises
    ------
    UsageError
        The operation has no such filter, or a value has the wrong type.
    """
    fields = {snake(field.name): field for field in operation.filters}
    for name in filters:
        if name not in fields:
            raise UsageError(unknown_filter_message(operation, name, fields))
    query: Query = []
    for name, field in fields.items():
        value = filters.get(name)
        if field is ACTIVE and (value is None or isinstance(value, (bool, np.bool_))):
            value = "Any" if value is None else str(bool(value))
        if field is ARCHIVED and isinstance(value, (bool, np.bool_)):
            value = str(bool(value)).lower()
        if value is not None:
            query.append((field.name, _text(operation, name, field, value, time_zone)))
    return query


def checked_query(operation: Operation, filters: Mapping[str, Any], *, time_zone: str | None = None) -> Query:
    """Return the query parameters of a read, checked by the rules between filters, too; see `to_query`.

    Raises
    ------
    UsageError
        As `to_query`; or a rule is broken.
    """
    query = to_query(operation, filters, time_zone=time_zone)
    if faults := [rule.message for rule in rules.broken(operation.id, dict(query))]:
        raise UsageError(f"{operation.name}: {'; '.join(faults)}.")
    return query


def to_queries(
    operation: Operation, filters: Mapping[str, Any], *, time_zone: str | None = None
) -> tuple[dict[str, Any], list[Query]]:
    """Return the filters of a list as they are sent, and the query of each request: ids are sent fifty in a request.

    Raises
    ------
    UsageError
        As `checked_query`; or a list of values is too long and cannot be split.
    """
    filters = {**filters, **{name: value for name, value in operation.required if filters.get(name) is None}}
    lists = {snake(field.name): field for field in operation.filters if field.many}
    filters = {name: as_list(value) if name in lists else value for name, value in filters.items()}
    long = [name for name in lists if isinstance(filters.get(name), list) and len(filters[name]) > IDS_PER_REQUEST]
    if not long:
        return filters, [checked_query(operation, filters, time_zone=time_zone)]
    name = long[0]
    if len(long) > 1 or not name.endswith("ids") or name in _ALL_AT_ONCE:
        raise UsageError(f"{operation.name}: give at most {IDS_PER_REQUEST} values for {' and '.join(long)}.")
    try:
        chunks = split_ids([whole_number(id) for id in filters[name]], IDS_PER_REQUEST)
    except ValueError as error:
        raise UsageError(f"{operation.name}({name}=…): {error}.") from None
    query = checked_query(operation, {**filters, name: chunks[0]}, time_zone=time_zone)
    texts = [",".join(map(str, chunk)) for chunk in chunks]
    parameter = lists[name].name
    return filters, [[(key, text if key == parameter else value) for key, value in query] for text in texts]


def as_list(value: Any, *, always: bool = False) -> Any:
    """Return many values as a list; a single value as it is, or as a list with `always`."""
    if value is None or isinstance(value, str) or not isinstance(value, Iterable):
        return [value] if always else value
    return list(value)


def unknown_filter_message(operation: Operation, name: str, names: Iterable[str]) -> str:
    """Return the message for a filter that an operation does not have."""
    names = list(names)
    near = closest(name, names)
    hint = f" Did you mean {near!r}?" if near else ""
    return f"{operation.name} has no filter {name!r}.{hint} It has: {', '.join(names)}."


def _text(operation: Operation, name: str, field: Field, value: Any, time_zone: str | None) -> str:
    try:
        if field.many:
            values = [value] if isinstance(value, (str, Real)) else list(value)
            if not values:
                raise ValueError("the list is empty: leave the filter out, or give a value")
            return ",".join(_scalar(name, field, item, time_zone) for item in values)
        if is_list_like(value):
            raise ValueError(_one_value_only(operation, name, field))
        return _scalar(name, field, value, time_zone)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{operation.name}({name}=…): {error}.") from None


def _one_value_only(operation: Operation, name: str, field: Field) -> str:
    if operation.returns != "page" or field.kind in ("boolean", "time"):
        return "takes one value only"
    before = "…, " if operation.path_names else ""
    each = f"crm.{operation.name}({before}{name}=value) for value in values"
    return f"takes one value only. For several: pd.concat([{each}], ignore_index=True)"


def _scalar(name: str, field: Field, value: Any, time_zone: str | None) -> str:
    if field.kind == "integer":
        return str(whole_number(value))
    if field.kind == "boolean":
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError("must be True or False")
        return "true" if value else "false"
    if field.kind in ("double", "decimal"):
        if isinstance(value, bool) or not isinstance(value, (Real, Decimal)) or not math.isfinite(value):
            raise ValueError("must be a number")
        return str(value)
    if field.kind == "guid":
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(str(value)))
    if field.kind == "time":
        return utc_text(value, time_zone)
    return _word(field, value)


def _word(field: Field, value: Any) -> str:
    if field is ACTIVE and not isinstance(value, str):
        raise ValueError("must be True, False or None")
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.strip():
        raise ValueError("is empty text: the service would ignore it and return all rows")
    if re.search("[\ud800-\udfff]", value):
        raise ValueError("has an invalid character (a lone surrogate)")
    if field.values and value not in field.values:
        same = [word for word in field.values if word.lower() == value.lower()]
        if not same:
            raise ValueError(f"{value!r} is not one of {', '.join(field.values)}")
        return same[0]
    if field.many and "," in value:
        raise ValueError("values in a list cannot contain a comma")
    return value


def whole_number(value: Any) -> int:
    """Return an id as an integer, never a rounded one.

    Raises
    ------
    ValueError
        The value is not a whole number, or is too large for the service.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        raise ValueError("must be a whole number, but a value is missing: drop missing values first (dropna)")
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    if isinstance(value, Real) and not isinstance(value, Integral):
        value = float(value)
        if not (value.is_integer() and abs(value) <= 2**53):  # larger floats have lost digits
            raise ValueError("must be a whole number")
    elif not isinstance(value, Integral) and not (isinstance(value, str) and _WHOLE.fullmatch(value.strip())):
        raise ValueError("must be a whole number")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("is too large a number")
    return number


def guid(value: Any) -> str:
    """Return a GUID in the service's format.

    Raises
    ------
    ValueError
        The value is not a GUID.
    """
    if isinstance(value, uuid.UUID):
        return str(value)
    try:
        return str(uuid.UUID(value.strip()))
    except (ValueError, AttributeError):
        raise ValueError("must be a GUID, such as 6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6") from None


def utc_text(value: Any, time_zone: str | None) -> str:
    """Return a date or time as ISO 8601 text in UTC.

    Parameters
    ----------
    value : object
        A datetime, a date (midnight), a pandas Timestamp, or ISO 8601 text.
    time_zone : str or None
        The time zone of values without one; None means UTC, with one warning.

    Raises
    ------
    ValueError
        The value is not a date or time.

    Examples
    --------
    >>> utc_text("2026-07-01", "America/Chicago")
    '2026-07-01T05:00:00Z'
    """
    stamp = None
    if isinstance(value, (dt.date, np.datetime64)) or (isinstance(value, str) and _TIME.fullmatch(value.strip())):
        with contextlib.suppress(ValueError, TypeError):
            stamp = pd.Timestamp(value)
    if not isinstance(stamp, pd.Timestamp):
        raise ValueError("must be a date or time, such as 2026-01-31 or 2026-01-31T08:00:00")
    try:
        return _in_utc(stamp, time_zone)
    except (OverflowError, ValueError):
        raise ValueError("is too early or too late a time for UTC") from None


def _in_utc(stamp: pd.Timestamp, time_zone: str | None) -> str:
    if stamp.tzinfo is None:
        if time_zone is None:
            notify(
                "A date without a time zone was read as UTC. Set STCRM_TIME_ZONE (or connect(time_zone=…)) to the "
                "tenant's time zone, for example America/Chicago.",
                StcrmWarning,
            )
        # An ambiguous local time means the earlier one; a skipped local time means the time after it.
        zone: dt.tzinfo = dt.UTC if time_zone is None else zoneinfo.ZoneInfo(time_zone)
    else:
        zone = stamp.tzinfo
    local = stamp.to_pydatetime(warn=False).replace(tzinfo=zone, fold=stamp.fold if stamp.tzinfo else 0)
    utc = local.astimezone(dt.UTC)
    if stamp.tzinfo is None and utc < (later := local.replace(fold=1).astimezone(dt.UTC)):
        notify(
            f"{stamp:%Y-%m-%d %H:%M} occurs twice in {time_zone}, because clocks are set back: it was read as the "
            f"first one, {utc:%H:%M} UTC. For the second one, give {later:%Y-%m-%dT%H:%MZ}.",
            StcrmWarning,
        )
    ticks = utc.microsecond * 10 + stamp.nanosecond // 100  # the service counts in tenths of a microsecond
    fraction = f".{ticks:07}".rstrip("0") if ticks else ""
    return f"{utc.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"


def split_ids(ids: Sequence[Any], size: int) -> list[list[Any]]:
    """Return ids in order, without duplicates, in lists of at most `size`.

    Examples
    --------
    >>> split_ids([3, 1, 3, 2], 2)
    [[3, 1], [2]]
    """
    unique = list(dict.fromkeys(ids))
    return [unique[start : start + size] for start in range(0, len(unique), size)]


Path = dict[str, object]


def argument(field: Field, names: Iterable[str]) -> str:
    """Return a method's argument for a path parameter: in the plural if it takes many values."""
    name = snake(field.name)
    return name if name in names else f"{name}s"


def path_of(operation: Operation, values: Mapping[str, Any]) -> Path:
    """Return the path parameters of one request.

    Parameters
    ----------
    values : mapping
        By the API's names.

    Raises
    ------
    UsageError
        A value is not valid in a path.
    """
    return {field.name: _checked(operation, field, values[field.name]) for field in operation.path_fields}


def paths(operation: Operation, values: Mapping[str, Any]) -> list[Path]:
    """Return the path parameters of each request, in order, without duplicates.

    Parameters
    ----------
    values : mapping
        By the API's names, each one value or a list; lists are combined item by item.

    Raises
    ------
    UsageError
        A value is not valid in a path, or lists have different lengths.
    """
    many = {
        name: list(value)
        for name, value in values.items()
        if not isinstance(value, str) and isinstance(value, Iterable)
    }
    lengths = {len(values) for values in many.values()}
    if len(lengths) > 1:
        raise UsageError(f"{operation.name}: {' and '.join(map(snake, many))} must have the same length.")
    count = lengths.pop() if lengths else 1
    rows = [{name: many[name][n] if name in many else value for name, value in values.items()} for n in range(count)]
    calls = {tuple(path.values()): path for path in (path_of(operation, row) for row in rows)}
    return list(calls.values())


def parents_of(row: Row | None, path: Path) -> dict[str, object]:
    """Return the columns for the path parameters: a row's parents are the first of them, in order."""
    parents = row.parents if row else ()
    return {snake(parent.name): value for parent, value in zip(parents, path.values(), strict=False)}


def _checked(operation: Operation, field: Field, value: Any) -> object:
    try:
        if field.kind == "integer":
            return whole_number(value)
        return guid(value) if field.kind == "guid" else _path_word(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{operation.name}({snake(field.name)}=…): {error}.") from None


def _path_word(value: Any) -> str:
    # `.` and `..` would lead to another path, even if escaped.
    if not isinstance(value, str) or value.strip() in ("", ".", ".."):
        raise ValueError("must be text, and not empty")
    return value
