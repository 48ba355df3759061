"""Path parameters: for one row, or for each of many parents. Pure.

>>> from stcrm_pandas.contract.operations import by_name
>>> paths(by_name("leads.list_notes"), {"id": [7, 8]})
[{'id': 7}, {'id': 8}]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.body import guid
from stcrm_pandas.http.query import whole_number

Path = dict[str, object]


def argument(field: Field, names: Iterable[str]) -> str:
    """Return a method's argument for a path parameter: in the plural if it takes many values."""
    name = snake(field.name)
    return name if name in names else f"{name}s"


def path_of(operation: Operation, given: Mapping[str, Any]) -> Path:
    """Return the path parameters of one request.

    Parameters
    ----------
    given : mapping
        By the API's names.

    Raises
    ------
    UsageError
        A value is not valid in a path.
    """
    return {field.name: _checked(operation, field, given[field.name]) for field in operation.path_fields}


def paths(operation: Operation, given: Mapping[str, Any]) -> list[Path]:
    """Return the path parameters of each request, in order, without duplicates.

    Parameters
    ----------
    given : mapping
        By the API's names, each one value or a list; lists are combined item by item.

    Raises
    ------
    UsageError
        A value is not valid in a path, or lists have different lengths.
    """
    many = {
        name: list(value) for name, value in given.items() if not isinstance(value, str) and isinstance(value, Iterable)
    }
    lengths = {len(values) for values in many.values()}
    if len(lengths) > 1:
        raise UsageError(f"{operation.name}: {' and '.join(map(snake, many))} must have the same length.")
    count = lengths.pop() if lengths else 1
    rows = [{name: many[name][n] if name in many else value for name, value in given.items()} for n in range(count)]
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
        return guid(value) if field.kind == "guid" else _word(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{operation.name}({snake(field.name)}=…): {error}.") from None


def _word(value: Any) -> str:
    # `.` and `..` would lead to another path, even if escaped.
    if not isinstance(value, str) or value.strip() in ("", ".", ".."):
        raise ValueError("must be text, and not empty")
    return value
