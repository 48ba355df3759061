"""The values in a path: for one row, or for each of many parents. Pure.

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
    """Return the parameter of a method for a name in the path: in the plural if it accepts several values."""
    name = snake(field.name)
    return name if name in names else f"{name}s"


def path_of(operation: Operation, given: Mapping[str, Any]) -> Path:
    """Return the values in the path of one request.

    Parameters
    ----------
    given : mapping
        By the API's names.

    Raises
    ------
    UsageError
        A value that cannot be in a path.
    """
    return {field.name: _checked(operation, field, given[field.name]) for field in operation.path_fields}


def paths(operation: Operation, given: Mapping[str, Any]) -> list[Path]:
    """Return the values in the path of each request, in order, without duplicates.

    Parameters
    ----------
    given : mapping
        By the API's names, one value or several each; lists must have the same length.

    Raises
    ------
    UsageError
        A value that cannot be in a path, or lists of different lengths.
    """
    many = {
        name: list(value) for name, value in given.items() if not isinstance(value, str) and isinstance(value, Iterable)
    }
    lengths = {len(values) for values in many.values()}
    if len(lengths) > 1:
        raise UsageError(f"{operation.name}: {' and '.join(map(snake, many))} must have the same length.")
    count = lengths.pop() if lengths else 1
    rows = [{name: many[name][n] if name in many else value for name, value in given.items()} for n in range(count)]
    distinct = {tuple(path.values()): path for path in (path_of(operation, row) for row in rows)}
    return list(distinct.values())


def parents_of(row: Row | None, path: Path) -> dict[str, object]:
    """Return the columns with a row's parents: the first names in the path, in order."""
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
    # `.` and `..` would change the path even if they are escaped.
    if not isinstance(value, str) or value.strip() in ("", ".", ".."):
        raise ValueError("text is required")
    return value
