"""Schema drift as data: undocumented fields as columns, drifts merged over a read and described in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.output.printable import plural, printable

Kind = Literal[
    "null", "value", "new field", "text number", "number text", "whole number", "digits", "time", "text", "response"
]
"""
| kind | what was read |
| --- | --- |
| null | nothing in a required field |
| value | a value that the enum does not list |
| new field | a field that the API does not document: an additional column |
| text number | a number or boolean in quotes: read as its value |
| number text | a number or boolean instead of text: kept as text |
| whole number | a whole number written as `5.0` or `5e3`: read as that number |
| digits | an amount of more than 15 significant digits: the nearest number |
| time | a time that does not end in `Z`: converted by its offset, or read as UTC without one |
| text | a lone surrogate: replaced by U+FFFD |
| response | an undocumented value in the envelope of the page |
"""

_DESCRIPTIONS: dict[Kind, str] = {
    "null": "is null",
    "value": "has undocumented values",
    "new field": "is new",
    "text number": "has numbers in quotes",
    "number text": "has numbers where text belongs",
    "whole number": "has whole numbers with a point or an exponent",
    "digits": "has more than 15 digits",
    "time": "has times that do not end in Z",
    "text": "has invalid characters",
    "response": "in the response is not documented",
}
SHOWN = 5
"""Number of ids that a drift keeps."""
MOST_VALUES = 20
"""Number of different values reported by name per column; the rest counts as `OTHERS`."""
OTHERS = "…"

PLAIN = {b"unknown": b"plain"}
"""Marks a column of an undocumented field with plain values."""
JSON = {b"unknown": b"json"}
"""Marks a column of an undocumented field with values as JSON text."""


@dataclass(frozen=True)
class Drift:
    """One kind of schema drift in a read; the rows are kept.

    Parameters
    ----------
    resource, column : str
        The resource, and the column of the frame (or the name of a group such as `address`).
    count : int
        Number of rows.
    ids : tuple of str, default ()
        The first few keys, as text; the parts of a key of several columns are joined by `/`.
    detail : str, default ''
        The unknown enum value or the name of the new field; never a customer's data.
    """

    resource: str
    column: str
    kind: Kind
    count: int
    ids: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PageDrift:
    """A drift of one page with the positions of the first rows in `where`."""

    column: str
    kind: Kind
    count: int
    where: Sequence[int]
    detail: str = ""


def key_text(row: Row, table: pa.Table, position: int) -> str:
    """Return the key of one row as text; a row without a key is named by its position."""
    parts = [table.column(name)[position].as_py() for name in row.key if name in table.column_names]
    if not parts or parts[-1] is None:
        return f"row {position + 1} of its page"
    return "/".join("?" if part is None else str(part) for part in parts)


def to_drifts(row: Row, table: pa.Table, findings: Iterable[PageDrift]) -> tuple[Drift, ...]:
    """Return the findings of a page with keys instead of positions."""
    return tuple(
        Drift(
            row.name,
            f.column,
            f.kind,
            f.count,
            tuple(printable(key_text(row, table, p)) for p in f.where[:SHOWN]),
            printable(f.detail),
        )
        for f in findings
    )


def merge(drifts: Iterable[Drift]) -> tuple[Drift, ...]:
    """Merge the drifts of many pages: add the counts, and keep the first ids.

    Examples
    --------
    >>> merge([Drift("leads", "status", "value", n, (str(n),), "Paused") for n in (1, 2)])
    (Drift(resource='leads', column='status', kind='value', count=3, ids=('1', '2'), detail='Paused'),)
    """
    merged: dict[tuple[str, str, Kind, str], Drift] = {}
    words: dict[tuple[str, str, Kind], int] = {}
    for drift in drifts:
        place, detail = (drift.resource, drift.column, drift.kind), drift.detail
        if (*place, detail) not in merged:
            words[place] = words.get(place, 0) + 1
            if words[place] > MOST_VALUES:
                detail = OTHERS
        known = merged.get((*place, detail))
        merged[(*place, detail)] = (
            replace(drift, detail=detail)
            if known is None
            else replace(known, count=known.count + drift.count, ids=(known.ids + drift.ids)[:SHOWN])
        )
    return tuple(merged.values())


def drift_frame(drifts: Iterable[Drift]) -> pd.DataFrame:
    """Return drifts as a table: `resource`, `column`, `kind`, `count`, `ids`, `detail`.

    Examples
    --------
    >>> drift_frame([Drift("leads", "status", "value", 1, ("7",), "Paused")])
      resource  column   kind  count   ids  detail
    0    leads  status  value      1  (7,)  Paused
    """
    rows = list(drifts)
    texts = {
        name: pd.Series([getattr(d, name) for d in rows], dtype="str")
        for name in ("resource", "column", "kind", "detail")
    }
    count = pd.Series([d.count for d in rows], dtype="int64")
    ids = pd.Series([d.ids for d in rows], dtype="object")
    columns = {**texts, "count": count, "ids": ids}
    return pd.DataFrame({name: columns[name] for name in ("resource", "column", "kind", "count", "ids", "detail")})


def drift_message(drifts: Iterable[Drift], *, most: int | None = None) -> str:
    """Return one sentence for an error or a warning, about at most so many columns of a resource."""
    by_resource: dict[str, dict[tuple[str, Kind], list[Drift]]] = {}
    for drift in drifts:
        by_resource.setdefault(drift.resource, {}).setdefault((drift.column, drift.kind), []).append(drift)
    return "; ".join(
        f"{resource} does not match the API description: "
        + "; ".join(_describe(*place, group) for place, group in list(places.items())[:most])
        + (f"; and {len(places) - most} more" if most and len(places) > most else "")
        for resource, places in by_resource.items()
    )


def _describe(column: str, kind: Kind, drifts: Sequence[Drift]) -> str:
    count = sum(d.count for d in drifts)
    words = [d.detail for d in drifts if d.detail]
    ids = [i for d in drifts for i in d.ids][:3]
    text = f"{column} {_DESCRIPTIONS[kind]}"
    if kind == "response":
        return text
    if words and kind == "null":
        text = f"{column} lacks a part ({', '.join(words[:3])})"
    elif words and kind == "value":
        text += f" ({', '.join(words[:3])}{', …' if len(words) > 3 else ''})"
    text += f" in {plural(count, 'row')}"
    return f"{text} ({', '.join(ids)}{', …' if count > len(ids) else ''})" if ids else text


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
    fields: dict[Path, dict[int, Any]] = {}
    for position, values in enumerate(rows):
        for path, value in _unknown(row.fields, values, ()):
            fields.setdefault(path, {})[position] = value
    return fields


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
            records = [record if isinstance(record, Mapping) else {} for record in value]
            for extra in dict.fromkeys(key for record in records for key in record if key not in parts):
                yield (*here, extra), [record.get(extra) for record in records]


def as_columns(
    row: Row, fields: Mapping[Path, Mapping[int, Any]], length: int
) -> Iterator[tuple[pa.Field, pa.Array, PageDrift]]:
    """Yield undocumented fields as columns of JSON text, with a finding for each."""
    for path, values in fields.items():
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


def new_field(row: Row, path: Path, count: int, where: Sequence[int]) -> PageDrift:
    """Return the finding for an undocumented field."""
    return PageDrift(column_name(row, path), "new field", count, where, ".".join(path)[:60])
