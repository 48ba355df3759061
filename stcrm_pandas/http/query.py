"""Filters as an analyst writes them, turned into the service's query. Pure.

The service ignores a parameter that it does not know, and so would answer a misspelt filter with everything: names,
kinds and words are checked here, before anything is sent.

>>> from stcrm_pandas.contract.operations import OPERATIONS
>>> leads = OPERATIONS["Leads_GetList"]
>>> to_query(leads, {"status": "Open", "created_on_or_after": "2026-01-01"}, time_zone="America/Chicago")
[('status', 'Open'), ('createdOnOrAfter', '2026-01-01T06:00:00Z')]
>>> to_query(leads, {"statsu": "Open"})
Traceback (most recent call last):
stcrm_pandas.errors.UsageError: leads.list has no filter 'statsu'. Did you mean 'status'? ...
"""

from __future__ import annotations

import contextlib
import datetime as dt
import difflib
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

from stcrm_pandas.contract.operations import ACTIVE, ARCHIVED, Operation
from stcrm_pandas.contract.schemas.fields import Field, snake
from stcrm_pandas.errors import StcrmWarning, UsageError, notify

Query = list[tuple[str, str]]

_WHOLE = re.compile("-?[0-9]{1,19}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?)? ?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
"""What pandas reads in one way only: it would take 03/04/2026 for a day in March."""


def to_query(operation: Operation, filters: Mapping[str, Any], *, time_zone: str | None = None) -> Query:
    """The query parameters of a call, checked, in the order of the contract.

    Parameters
    ----------
    operation : Operation
        Whose filters they are.
    filters : mapping
        By their names in snake_case; None is no filter. Where the service hides inactive rows unless it is asked for
        all, all are asked for.
    time_zone : str, optional
        In which a date or time without a zone is meant; UTC where it is None, with a warning.

    Raises
    ------
    UsageError
        A name that the operation does not have, or a value that is not of the filter's kind.
    """
    fields = {snake(field.name): field for field in operation.filters}
    for name in filters:
        if name not in fields:
            raise UsageError(unknown_filter(operation, name, fields))
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


def unknown_filter(operation: Operation, name: str, names: Iterable[str]) -> str:
    """What to say about a filter that an operation does not have."""
    names = list(names)
    near = difflib.get_close_matches(name, names, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{operation.name} has no filter {name!r}.{hint} It has: {', '.join(names)}."


def _text(operation: Operation, name: str, field: Field, value: Any, time_zone: str | None) -> str:
    try:
        if field.many:
            values = [value] if isinstance(value, (str, Real)) else list(value)
            if not values:
                raise ValueError("an empty list: leave the filter out, or name something")
            return ",".join(_scalar(name, field, one, time_zone) for one in values)
        return _scalar(name, field, value, time_zone)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{operation.name}({name}=…): {error}.") from None


def _scalar(name: str, field: Field, value: Any, time_zone: str | None) -> str:
    if field.kind == "integer":
        return str(whole_number(value))
    if field.kind == "boolean":
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError("True or False is wanted")
        return "true" if value else "false"
    if field.kind in ("double", "decimal"):
        if isinstance(value, bool) or not isinstance(value, (Real, Decimal)) or not math.isfinite(value):
            raise ValueError("a number is wanted")
        return str(value)
    if field.kind == "guid":
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(str(value)))
    if field.kind == "time":
        return moment(value, time_zone)
    return _word(field, value)


def _word(field: Field, value: Any) -> str:
    if field is ACTIVE and not isinstance(value, str):
        raise ValueError("True, False or None is wanted")
    if not isinstance(value, str):
        raise ValueError("text is wanted")
    if not value.strip():
        raise ValueError("an empty text is overlooked by the service, which would answer everything")
    if re.search("[\ud800-\udfff]", value):
        raise ValueError("the text holds half a character")
    if field.values and value not in field.values:
        same = [word for word in field.values if word.lower() == value.lower()]
        if not same:
            raise ValueError(f"{value!r} is none of {', '.join(field.values)}")
        return same[0]
    if field.many and "," in value:
        raise ValueError("a value with a comma cannot be sent in a list")
    return value


def whole_number(value: Any) -> int:
    """An id as a whole number; never a rounded one.

    Raises
    ------
    ValueError
        It is no whole number, or too large for the service.
    """
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        raise ValueError("a whole number is wanted, and one is missing: drop the missing ones (dropna) first")
    if isinstance(value, bool):
        raise ValueError("a whole number is wanted")
    if isinstance(value, Real) and not isinstance(value, Integral):
        value = float(value)
        if not (value.is_integer() and abs(value) <= 2**53):  # beyond, a float has lost digits already
            raise ValueError("a whole number is wanted")
    elif not isinstance(value, Integral) and not (isinstance(value, str) and _WHOLE.fullmatch(value.strip())):
        raise ValueError("a whole number is wanted")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError("the number is too large")
    return number


def moment(value: Any, time_zone: str | None) -> str:
    """A date or a time as the service reads it, in UTC.

    Parameters
    ----------
    value : object
        A datetime, a date (its first moment), a pandas Timestamp, or text in ISO 8601.
    time_zone : str or None
        What a value without a zone is meant in; UTC where it is None, with one warning.

    Raises
    ------
    ValueError
        It is no time.

    Examples
    --------
    >>> moment("2026-07-01", "America/Chicago")
    '2026-07-01T05:00:00Z'
    """
    stamp = None
    if isinstance(value, (dt.date, np.datetime64)) or (isinstance(value, str) and _TIME.fullmatch(value.strip())):
        with contextlib.suppress(ValueError, TypeError):
            stamp = pd.Timestamp(value)
    if not isinstance(stamp, pd.Timestamp):
        raise ValueError("a date or a time is wanted, like 2026-01-31 or 2026-01-31T08:00:00")
    try:
        return _in_utc(stamp, time_zone)
    except (OverflowError, ValueError):
        raise ValueError("a moment so early or so late cannot be told in UTC") from None


def _in_utc(stamp: pd.Timestamp, time_zone: str | None) -> str:
    if stamp.tzinfo is None:
        if time_zone is None:
            notify(
                "A date without a time zone is taken as UTC. Set STCRM_TIME_ZONE (or connect(time_zone=…)) to the "
                "tenant's zone, like America/Chicago.",
                StcrmWarning,
            )
        # A wall clock reading that comes twice means the earlier one, one that is skipped the moment after it.
        zone: dt.tzinfo = dt.UTC if time_zone is None else zoneinfo.ZoneInfo(time_zone)
    else:
        zone = stamp.tzinfo
    moment = stamp.to_pydatetime(warn=False).replace(tzinfo=zone, fold=stamp.fold if stamp.tzinfo else 0)
    moment = moment.astimezone(dt.UTC)
    ticks = moment.microsecond * 10 + stamp.nanosecond // 100  # the service counts in tenths of a microsecond
    fraction = f".{ticks:07}".rstrip("0") if ticks else ""
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"


def split_ids(ids: Sequence[Any], size: int) -> list[list[Any]]:
    """Ids in order, without repeats, in lists of at most `size`.

    Examples
    --------
    >>> split_ids([3, 1, 3, 2], 2)
    [[3, 1], [2]]
    """
    unique = list(dict.fromkeys(ids))
    return [unique[start : start + size] for start in range(0, len(unique), size)]
