"""Request bodies, checked field by field before they are sent. Pure.

>>> from stcrm_pandas.contract.operations import OPERATIONS
>>> note = OPERATIONS["Leads_CreateNote"]
>>> to_body(note, {"text": "Call back", "pin_to_top": None})
{'text': 'Call back'}
>>> to_body(note, {"text": 7, "pin_to_top": "yes"})
Traceback (most recent call last):
stcrm_pandas.errors.UsageError: leads.create_note: text: must be text; pin_to_top: must be True or False.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract import rules
from stcrm_pandas.contract.arguments import CLEAR
from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.contract.schemas.fields import Field, snake
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.query import guid, utc_text, whole_number
from stcrm_pandas.output.printable import closest

DIGITS = 15
"""Significant digits of an amount that are transmitted exactly."""


def to_body(operation: Operation, values: Mapping[str, Any], *, time_zone: str | None = None) -> dict[str, Any] | None:
    """Return the body of a request, by the API's names; None if the operation has no body.

    Parameters
    ----------
    values : mapping
        By field in snake_case. None is not sent; `CLEAR` is sent as null if the API accepts it.
    time_zone : str, optional
        The time zone of times without one; None means UTC, with a warning.

    Raises
    ------
    UsageError
        Fields are missing, unknown or of the wrong type, or a rule is broken. The message lists all problems by field.
    """
    body, problems = check_body(operation, values, time_zone=time_zone)
    if problems:
        raise UsageError(f"{operation.name}: {'; '.join(problems)}.")
    return body


def check_body(
    operation: Operation, values: Mapping[str, Any], *, time_zone: str | None = None
) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the body and a list of its problems; see `to_body`."""
    if operation.body is None:
        return None, []
    check = _BodyBuilder(time_zone)
    body = check.object(operation.body.fields, values, "")
    if not check.problems:
        check.problems += [rule.message for rule in rules.broken(operation.id, body)]
    return body, check.problems


@dataclasses.dataclass
class _BodyBuilder:
    """Builds one body and collects its problems."""

    time_zone: str | None
    problems: list[str] = dataclasses.field(default_factory=list)

    def object(self, fields: tuple[Field, ...], values: Any, where: str) -> dict[str, Any]:
        if not isinstance(values, Mapping):
            self._add_problem(where, "must be an object with named parts")
            return {}
        names = {_name(field): field for field in fields}
        for unknown in [name for name in values if name not in names]:
            near = closest(str(unknown), names)
            hint = f"did you mean {near!r}?" if near else f"the fields are {', '.join(names)}"
            self._add_problem(where, f"there is no field {str(unknown)[:60]!r}: {hint}")
        sent: dict[str, Any] = {}
        for name, field in names.items():
            value, here = values.get(name), f"{where}.{name}" if where else name
            if value is None:
                if field.required:
                    self._add_problem(here, "is required")
            elif value is CLEAR:
                if field.nullable:
                    sent[field.name] = None
                else:
                    self._add_problem(here, "cannot be cleared: the API does not accept null")
            else:
                sent[field.name] = self._value(field, value, here)
        return sent

    def _value(self, field: Field, value: Any, where: str) -> Any:
        if field.many:
            return self._list(field, value, where)
        if field.kind == "object":
            return self.object(field.fields, value, where)
        try:
            return self._scalar(field, value)
        except (ValueError, TypeError) as error:
            self._add_problem(where, str(error))
            return None

    def _list(self, field: Field, value: Any, where: str) -> list[Any]:
        if field.kind == "object":
            value = _records(field, value)
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            self._add_problem(where, "must be a list")
            return []
        items: list[Any] = []
        for number, item in enumerate(value):
            here = f"{where}[{number}]"
            if field.kind == "object":
                items.append(self.object(field.fields, item, here))
                continue
            try:
                items.append(self._scalar(field, item))
            except (ValueError, TypeError) as error:
                self._add_problem(here, str(error))
        return items

    def _scalar(self, field: Field, value: Any) -> Any:
        if value is CLEAR or value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
            raise ValueError("is missing: leave the field out, or give a value")
        match field.kind:
            case "integer":
                return whole_number(value)
            case "boolean":
                if not isinstance(value, (bool, np.bool_)):
                    raise ValueError("must be True or False")
                return bool(value)
            case "double" | "decimal":
                return _number(value, exact=field.kind == "decimal")
            case "guid":
                return guid(value)
            case "time":
                return utc_text(value, self.time_zone)
            case _:
                return _text(field, value)

    def _add_problem(self, where: str, why: str) -> None:
        self.problems.append(f"{where}: {why}" if where else why)


def body_value(field: Field, value: Any) -> Any:
    """Return one value as it is sent: an enum value in the API's spelling, a time as text in UTC.

    Raises
    ------
    ValueError
        The value has the wrong type or is missing.

    Examples
    --------
    >>> from stcrm_pandas.contract.schemas.fields import enum
    >>> body_value(enum("priority", ("Low", "High")), "low")
    'Low'
    """
    check = _BodyBuilder("UTC")
    if field.many:
        sent = check._list(field, value, "")
        if check.problems:
            raise ValueError(check.problems[0])
        return sent
    return check._scalar(field, value)


def _name(field: Field) -> str:
    # `external_data.external_data` would be confusing.
    return "values" if field.name == "externalData" and field.many else snake(field.name)


def _records(field: Field, value: Any) -> Any:
    """Return a list of records as dictionaries.

    Records of two parts may be given as a mapping. Named tuples from a frame may have parts that are not sent (the name
    of a custom field).
    """
    names = [snake(part.name) for part in field.fields]
    if isinstance(value, Mapping) and len(names) == 2:
        return [dict(zip(names, pair, strict=True)) for pair in value.items()]
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        return value
    return [{name: getattr(item, name, None) for name in names} if hasattr(item, "_asdict") else item for item in value]


def _number(value: Any, *, exact: bool) -> int | float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)) or not math.isfinite(value):
        raise ValueError("must be a number")
    if isinstance(value, Integral):
        return int(value)
    near = float(value)
    if exact and len(Decimal(str(value)).normalize().as_tuple().digits) > DIGITS:
        raise ValueError(f"has more than {DIGITS} digits, which an amount cannot have")
    return near


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if re.search("[\ud800-\udfff]", value):
        raise ValueError("has an invalid character (a lone surrogate)")
    if not field.values or value in field.values:
        return str(value)
    same = [word for word in field.values if word.lower() == value.lower()]
    if not same:
        raise ValueError(f"{value[:60]!r} is not one of {', '.join(field.values)}")
    return same[0]
