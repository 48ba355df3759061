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
    """How a helper calls a name in the path, out of the names that it has: in the plural where it takes many."""
    name = snake(field.name)
    return name if name in names else f"{name}s"


def path_of(operation: Operation, given: Mapping[str, Any]) -> Path:
    """The values in the path of one call.

    Parameters
    ----------
    given : mapping
        By the contract's names.

    Raises
    ------
    UsageError
        A value that cannot stand there.
    """
    return {field.name: _checked(operation, field, given[field.name]) for field in operation.path_fields}


def paths(operation: Operation, given: Mapping[str, Any]) -> list[Path]:
    """The values in the path of each call, in order, without repeats.

    Parameters
    ----------
    given : mapping
        By the contract's names, each one value or many; several with many go side by side.

    Raises
    ------
    UsageError
        A value that cannot stand there, or lists of different lengths.
    """
    many = {
        name: list(value) for name, value in given.items() if not isinstance(value, str) and isinstance(value, Iterable)
    }
    lengths = {len(values) for values in many.values()}
    if len(lengths) > 1:
        raise UsageError(f"{operation.name}: {' and '.join(map(snake, many))} have to be of one length.")
    count = lengths.pop() if lengths else 1
    rows = [{name: many[name][n] if name in many else value for name, value in given.items()} for n in range(count)]
    calls = {tuple(path.values()): path for path in (path_of(operation, row) for row in rows)}
    return list(calls.values())


def parents_of(row: Row | None, path: Path) -> dict[str, object]:
    """The columns that come of a path: a row's parents are the first of its names, in order."""
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
    # `.` and `..` would lead to another path, whatever is done to them.
    if not isinstance(value, str) or value.strip() in ("", ".", ".."):
        raise ValueError("a word is wanted")
    return value
