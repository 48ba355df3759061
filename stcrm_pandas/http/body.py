"""What a call sends, checked field by field before it is sent. Pure.

>>> from stcrm_pandas.contract.operations import OPERATIONS
>>> note = OPERATIONS["Leads_CreateNote"]
>>> to_body(note, {"text": "Call back", "pin_to_top": None})
{'text': 'Call back'}
>>> to_body(note, {"text": 7, "pin_to_top": "yes"})
Traceback (most recent call last):
stcrm_pandas.errors.UsageError: leads.create_note: text: text is wanted; pin_to_top: True or False is wanted.
"""

from __future__ import annotations

import difflib
import math
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract import rules
from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.contract.schemas.fields import Field, snake
from stcrm_pandas.contract.sentinel import CLEAR
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.query import moment, whole_number

DIGITS = 15
"""Significant digits of an amount that arrive as they were written."""


def to_body(operation: Operation, values: Mapping[str, Any], *, time_zone: str | None = None) -> dict[str, Any] | None:
    """What an operation sends, under the contract's names; None where it sends nothing.

    Parameters
    ----------
    values : mapping
        By field in snake_case. None is not sent; `CLEAR` is sent as null, where the contract takes one.
    time_zone : str, optional
        In which a time without a zone is meant; UTC where it is None, with a warning.

    Raises
    ------
    UsageError
        Fields that are missing, unknown or not of their kind, or a rule that does not hold: all that is wrong in one
        message, field by field.
    """
    body, faults = checked(operation, values, time_zone=time_zone)
    if faults:
        raise UsageError(f"{operation.name}: {'; '.join(faults)}.")
    return body


def checked(
    operation: Operation, values: Mapping[str, Any], *, time_zone: str | None = None
) -> tuple[dict[str, Any] | None, list[str]]:
    """As `to_body`, but with what is wrong as a list, a text for each."""
    if operation.body is None:
        return None, []
    check = _Check(time_zone)
    body = check.object(operation.body.fields, values, "")
    if not check.faults:
        check.faults += [rule.message for rule in rules.broken(operation.id, body)]
    return body, check.faults


@dataclass
class _Check:
    """One look through all that is to be sent."""

    time_zone: str | None
    faults: list[str] = field(default_factory=list)

    def object(self, fields: tuple[Field, ...], given: Any, where: str) -> dict[str, Any]:
        if not isinstance(given, Mapping):
            self._fault(where, "an object with named parts is wanted")
            return {}
        names = {_name(one): one for one in fields}
        for unknown in [name for name in given if name not in names]:
            near = difflib.get_close_matches(str(unknown), names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(names)}"
            self._fault(where, f"there is no {str(unknown)[:60]!r}, {hint}")
        sent: dict[str, Any] = {}
        for name, one in names.items():
            value, here = given.get(name), f"{where}.{name}" if where else name
            if value is None:
                if one.required:
                    self._fault(here, "is required")
            elif value is CLEAR:
                if one.nullable:
                    sent[one.name] = None
                else:
                    self._fault(here, "cannot be cleared, the contract takes no null here")
            else:
                sent[one.name] = self._value(one, value, here)
        return sent

    def _value(self, one: Field, value: Any, where: str) -> Any:
        if one.many:
            return self._list(one, value, where)
        if one.kind == "object":
            return self.object(one.fields, value, where)
        try:
            return self._scalar(one, value)
        except (ValueError, TypeError) as error:
            self._fault(where, str(error))
            return None

    def _list(self, one: Field, value: Any, where: str) -> list[Any]:
        if one.kind == "object":
            value = _records(one, value)
        if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
            self._fault(where, "a list is wanted")
            return []
        items: list[Any] = []
        for number, item in enumerate(value):
            here = f"{where}[{number}]"
            if one.kind == "object":
                items.append(self.object(one.fields, item, here))
                continue
            try:
                items.append(self._scalar(one, item))
            except (ValueError, TypeError) as error:
                self._fault(here, str(error))
        return items

    def _scalar(self, one: Field, value: Any) -> Any:
        if value is CLEAR or value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
            raise ValueError("a value is missing: leave the field out, or give one")
        match one.kind:
            case "integer":
                return whole_number(value)
            case "boolean":
                if not isinstance(value, (bool, np.bool_)):
                    raise ValueError("True or False is wanted")
                return bool(value)
            case "double" | "decimal":
                return _number(value, exact=one.kind == "decimal")
            case "guid":
                return guid(value)
            case "time":
                return moment(value, self.time_zone)
            case _:
                return _text(one, value)

    def _fault(self, where: str, why: str) -> None:
        self.faults.append(f"{where}: {why}" if where else why)


def value_of(one: Field, value: Any) -> Any:
    """One value as it is sent: a word of a list in the contract's own spelling, a time as text in UTC.

    Raises
    ------
    ValueError
        It is not of the field's kind, or is missing.

    Examples
    --------
    >>> from stcrm_pandas.contract.schemas.fields import enum
    >>> value_of(enum("priority", ("Low", "High")), "low")
    'Low'
    """
    check = _Check("UTC")
    if one.many:
        sent = check._list(one, value, "")
        if check.faults:
            raise ValueError(check.faults[0])
        return sent
    return check._scalar(one, value)


def guid(value: Any) -> str:
    """A GUID as the service writes it.

    Raises
    ------
    ValueError
        It is none.
    """
    if isinstance(value, uuid.UUID):
        return str(value)
    try:
        return str(uuid.UUID(value.strip()))
    except (ValueError, AttributeError):
        raise ValueError("a GUID is wanted, like 6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6") from None


def _name(one: Field) -> str:
    # `external_data.external_data` would be a riddle.
    return "values" if one.name == "externalData" and one.many else snake(one.name)


def _records(one: Field, value: Any) -> Any:
    """A list of records, whatever it was written as.

    Records of two parts may be a mapping from the one to the other; named tuples out of a frame may have more parts
    than are sent (the name of a custom field).
    """
    names = [snake(part.name) for part in one.fields]
    if isinstance(value, Mapping) and len(names) == 2:
        return [dict(zip(names, pair, strict=True)) for pair in value.items()]
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        return value
    return [{name: getattr(item, name, None) for name in names} if hasattr(item, "_asdict") else item for item in value]


def _number(value: Any, *, exact: bool) -> int | float:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)) or not math.isfinite(value):
        raise ValueError("a number is wanted")
    if isinstance(value, Integral):
        return int(value)
    near = float(value)
    if exact and len(Decimal(str(value)).normalize().as_tuple().digits) > DIGITS:
        raise ValueError(f"an amount has at most {DIGITS} digits")
    return near


def _text(one: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("text is wanted")
    if re.search("[\ud800-\udfff]", value):
        raise ValueError("the text holds half a character")
    if not one.values or value in one.values:
        return str(value)
    same = [word for word in one.values if word.lower() == value.lower()]
    if not same:
        raise ValueError(f"{value[:60]!r} is none of {', '.join(one.values)}")
    return same[0]
