"""Fields that the API does not document: their column names, and their values in parsed rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.frame.drift import SHOWN, Finding
from stcrm_pandas.frame.page import JSON
from stcrm_pandas.output.printable import printable

Path = tuple[str, ...]


def column_name(row: Row, path: Path) -> str:
    """Return the column name of an undocumented field: the same on every page, and never a documented name.

    Examples
    --------
    >>> from stcrm_pandas.contract.schemas.customers import CUSTOMERS
    >>> paths = ("loyaltyTier",), ("address", "county"), ("loyalty_tier",), ("createdON",), ("addressOk",)
    >>> [column_name(CUSTOMERS, path) for path in paths]
    ['loyalty_tier', 'address_county', 'loyalty_tier_', 'createdON', 'addressOk']
    """
    name = "_".join(map(snake, path))
    groups = tuple(snake(f.name) + "_" for f in row.fields if f.kind == "object")
    sent = ".".join(path)
    if not sent.isprintable() or "\\" in sent:  # doubled backslashes: two fields never share a column
        return printable(sent.replace("\\", "\\\\"))
    tidy = all(_camel(snake(part)) == part for part in path)
    if tidy and name not in row.dtypes and not (len(path) == 1 and name.startswith(groups)):
        return name
    return sent + "_" if snake(_camel(sent)) == sent else sent


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def unknown_fields(row: Row, rows: Sequence[Mapping[str, Any]]) -> dict[Path, dict[int, Any]]:
    """Return all undocumented fields of parsed rows: path to position to value (a list for lists of records)."""
    found: dict[Path, dict[int, Any]] = {}
    for position, values in enumerate(rows):
        for path, value in _unknown(row.fields, values, ()):
            found.setdefault(path, {})[position] = value
    return found


def _unknown(fields: tuple[Field, ...], values: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    known = {f.name: f for f in fields}
    for name, value in values.items():
        here = (*path, name)
        if name not in known:
            yield here, value
        elif known[name].kind != "object":
            continue
        elif isinstance(value, Mapping):
            yield from _unknown(known[name].fields, value, here)
        elif isinstance(value, list):
            parts = {f.name for f in known[name].fields}
            records = [one if isinstance(one, Mapping) else {} for one in value]
            for extra in dict.fromkeys(key for one in records for key in one if key not in parts):
                yield (*here, extra), [one.get(extra) for one in records]


def as_columns(
    row: Row, found: Mapping[Path, Mapping[int, Any]], length: int
) -> Iterator[tuple[pa.Field, pa.Array, Finding]]:
    """Yield undocumented fields as columns of JSON text, with a finding for each."""
    for path, values in found.items():
        name = column_name(row, path)
        cells: list[bytes | None] = [None] * length
        for position, value in values.items():
            cells[position] = None if value is None else _json(value)
        column = pa.array(cells, pa.large_binary())
        yield (
            pa.field(name, pa.large_binary(), metadata=JSON),
            column,
            new_field(row, path, len(values), list(values)[:SHOWN]),
        )


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise RecursionError from None  # more than 254 levels: all else is JSON


def new_field(row: Row, path: Path, count: int, where: Sequence[int]) -> Finding:
    """Return the finding for an undocumented field."""
    return Finding(column_name(row, path), "new field", count, where, ".".join(path)[:60])
