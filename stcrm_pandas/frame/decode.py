"""The fast path from a body to columns: Arrow's JSON reader reads a complete response at once.

The reader gets every type and rejects other values. What it would silently change is checked afterwards. Rejected pages
go to `repair`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from stcrm_pandas.contract.operations import Returned
from stcrm_pandas.contract.schemas.arrow import TYPES, FastPathFailed, arrow_type, parse_times
from stcrm_pandas.contract.schemas.fields import Field, Row, snake
from stcrm_pandas.frame.assemble import DecodedPage
from stcrm_pandas.frame.drift import (
    MOST_VALUES,
    PLAIN,
    SHOWN,
    PageDrift,
    Path,
    as_columns,
    column_name,
    new_field,
    to_drifts,
    unknown_fields,
)
from stcrm_pandas.frame.repair import repair

DEEP = 250
"""Largest depth of nesting: Arrow's reader crashes the process at some thousands."""
_POINT = np.uint8(ord("."))
"""Points and digits (and `/`) are the bytes from here to eleven further on."""
ENVELOPES: dict[str, tuple[tuple[str, pa.DataType], ...]] = {
    "page": (("page", pa.int64()), ("pageSize", pa.int64()), ("hasMore", pa.bool_()), ("totalCount", pa.int64())),
    "feed": (("hasMore", pa.bool_()), ("continueFrom", pa.string())),
}


@dataclass(frozen=True)
class _Shape:
    """The types that the reader expects for one kind of row and response."""

    schema: pa.Schema
    rows: pa.StructType
    amounts: re.Pattern[bytes] | None
    words: Mapping[tuple[str, ...], pa.Array]


@lru_cache(maxsize=512)
def _shape(row: Row, returns: Returned) -> _Shape:
    rows = pa.struct([(f.name, arrow_type(f, raw=True)) for f in row.fields])
    if returns in ENVELOPES:
        response: pa.DataType = pa.struct([*ENVELOPES[returns], ("data", pa.list_(rows))])
    else:
        response = pa.list_(rows) if returns == "array" else rows
    amounts = [c.field.name.encode() for c in row.columns if c.field.kind == "decimal"]
    return _Shape(
        pa.schema([("answer", response)]),
        rows,
        # 16 digits or more, with or without a point, behind the name of an amount
        re.compile(rb'"(?:%s)"\s*:\s*-?[0-9](?:\.?[0-9]){15}' % b"|".join(amounts)) if amounts else None,
        {c.path: pa.array(c.field.values, pa.string()) for c in row.columns if c.field.values},
    )


def decode(row: Row, returns: Returned, body: bytes, *, parents: Mapping[str, object] | None = None) -> DecodedPage:
    """Decode the body of one response into typed columns.

    Parameters
    ----------
    row : Row
        The kind of row that the operation returns.
    returns : Returned
        The shape around the rows: `page`, `feed`, `array` or `row`.
    body : bytes
        The body that the service sent: UTF-8 JSON.
    parents : mapping, optional
        The values from the path of the request, by column (`{"customer_id": 7}`), where the row has parents.

    Raises
    ------
    InvalidResponse
        It is no JSON, or JSON of another shape.
    UnreadableValue
        A value that cannot be read as its type; the error names resource, column and id.

    Notes
    -----
    Safe to call from several threads; most of the work is done without the interpreter's lock.
    """
    above = parent_columns(row, parents)
    try:
        return _decode_fast(row, returns, body, above)
    except (pa.ArrowException, orjson.JSONDecodeError, UnicodeDecodeError, RecursionError, FastPathFailed):
        return repair(row, returns, body, above)


def parent_columns(row: Row, parents: Mapping[str, object] | None) -> dict[str, pa.Scalar[Any]]:
    """Return the values of the parents' columns; a missing parent is an error of the caller."""
    parents_given = parents or {}
    missing = [snake(f.name) for f in row.parents if snake(f.name) not in parents_given]
    if missing:
        raise ValueError(f"{row.name} needs {', '.join(missing)} from the path of the request")
    return {snake(f.name): pa.scalar(parents_given[snake(f.name)], TYPES[f.kind]) for f in row.parents}


def _decode_fast(row: Row, returns: Returned, body: bytes, above: Mapping[str, pa.Scalar[Any]]) -> DecodedPage:
    shape = _shape(row, returns)
    if _too_deep(body) or (shape.amounts and _long_numbers(body) and shape.amounts.search(body)):
        raise FastPathFailed
    # The wrapping makes each response one object: a bare `null` would end the process, a second document be a row.
    text = b"".join((b'{"answer":', body, b"}"))
    table = pj.read_json(
        pa.BufferReader(text),
        read_options=pj.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=pj.ParseOptions(explicit_schema=shape.schema, unexpected_field_behavior="infer"),
    )
    if table.num_rows != 1 or table.column_names != ["answer"]:
        raise FastPathFailed
    response: Any = table.column(0).chunk(0)
    if response.null_count:
        raise FastPathFailed
    if not body.isascii():
        response.validate(full=True)  # the reader takes bytes that are no UTF-8
    findings: list[PageDrift] = []
    envelope: dict[str, Any] = {}
    if returns in ENVELOPES:
        expected = [name for name, _ in ENVELOPES[returns]]
        envelope = {name: response.field(name)[0].as_py() for name in expected}
        if envelope["hasMore"] is None:
            raise FastPathFailed
        for name in sorted({f.name for f in response.type} - {*expected, "data"}):
            findings.append(PageDrift(name[:60], "response", 1, ()))
        response = response.field("data")
    rows = response if returns == "row" else response.flatten()
    if response.null_count or rows.null_count:
        raise FastPathFailed
    names = [snake(f.name) for f in row.parents]
    arrays: list[Any] = [pa.repeat(above[name], len(rows)) for name in names]
    columns = _Columns(shape, findings)
    for name, array in columns.of(row.fields, rows, (), required=True):
        names.append(name)
        arrays.append(array)
    fields = [pa.field(name, array.type) for name, array in zip(names, arrays, strict=True)]
    if rows.type != shape.rows:
        for extra, array, finding in _unknown_columns(row, returns, rows, shape.rows, body):
            fields.append(extra)
            arrays.append(array)
            findings.append(finding)
    table = pa.Table.from_arrays(arrays, schema=pa.schema(fields))
    return DecodedPage(
        rows=len(rows),
        has_more=envelope.get("hasMore"),
        total=envelope.get("totalCount"),
        continue_from=envelope.get("continueFrom"),
        table=table,
        drift=to_drifts(row, table, findings),
        fallback=False,
    )


class _Columns:
    """Flattens the rows of a page into columns, and collects schema drift."""

    def __init__(self, shape: _Shape, findings: list[PageDrift]) -> None:
        self.words = shape.words
        self.findings = findings

    def of(
        self, fields: Sequence[Field], rows: Any, path: tuple[str, ...], *, required: bool
    ) -> Iterator[tuple[str, Any]]:
        # `flatten` returns nulls for the parts of a missing object; `field` is faster but does not.
        parts = dict(zip([f.name for f in rows.type], rows.flatten(), strict=True)) if rows.null_count else {}
        for field in fields:
            values = parts[field.name] if parts else rows.field(field.name)
            here = (*path, field.name)
            name = "_".join(map(snake, here))
            promised = field.required and not field.nullable
            if promised and values.null_count > rows.null_count:
                self._note("null", name, pc.and_(values.is_null(), rows.is_valid()))
            if field.kind == "object" and not field.many:
                yield from self.of(field.fields, values, here, required=required and promised)
            elif field.many:
                self._check_items(field, name, here, values)
                yield name, values
            else:
                yield name, self._checked(field, name, here, values)

    def _checked(self, field: Field, name: str, here: tuple[str, ...], values: Any) -> Any:
        if field.kind == "time":
            return parse_times(values)
        if field.kind in {"double", "decimal"}:
            # The reader accepts NaN and Infinity, which are not JSON.
            if pc.is_finite(values).true_count + values.null_count != len(values):
                raise FastPathFailed
        elif field.values:
            self._check_words(name, values, self.words[here], None)
        return values

    def _check_words(self, name: str, values: Any, words: pa.Array, parent: Any) -> None:
        known = pc.is_in(values, value_set=words)
        if known.true_count + values.null_count == len(values):
            return
        unknown = pc.and_(pc.invert(known), values.is_valid())
        for number, entry in enumerate(values.filter(unknown).value_counts()):
            mask = pc.fill_null(pc.equal(values, entry["values"]), False)
            detail = entry["values"].as_py()[:60] if number < MOST_VALUES else "…"
            self._note("value", name, mask, detail=detail, parent=parent)

    def _check_items(self, field: Field, name: str, here: tuple[str, ...], lists: Any) -> None:
        items = lists.flatten()
        if items.null_count:
            self._note("null", name, items.is_null(), detail="an item of the list", parent=lists)
        if field.values:
            self._check_words(name, items, self.words[here], lists)
        for part in field.fields:
            values = items.field(part.name)
            if part.kind == "time":
                parse_times(values)  # only to check that they can be read
            if part.required and not part.nullable and values.null_count > items.null_count:
                nulls = pc.and_(values.is_null(), items.is_valid())
                self._note("null", name, nulls, detail=part.name, parent=lists)

    def _note(self, kind: Any, name: str, mask: Any, *, detail: str = "", parent: Any = None) -> None:
        where = np.flatnonzero(mask.to_numpy(zero_copy_only=False))
        if parent is not None:
            where = np.unique(pc.list_parent_indices(parent).to_numpy()[where])
        self.findings.append(PageDrift(name, kind, len(where), where[:SHOWN].tolist(), detail))


def _unknown_columns(
    row: Row, returns: Returned, rows: Any, expected: pa.StructType, body: bytes
) -> Iterator[tuple[pa.Field[Any], Any, PageDrift]]:
    """Yield the columns of undocumented fields."""
    plain: list[tuple[Path, Any]] = []
    for path, values in _unexpected(rows, expected, ()):
        if not _plain(values):
            # The reader may guess another type (a date for a text), so take the values from the body.
            if "double" in str(values.type):
                raise FastPathFailed  # possibly a number that a double cannot hold
            response = orjson.loads(body)
            sent = [response] if returns == "row" else response if returns == "array" else response["data"]
            yield from as_columns(row, unknown_fields(row, sent), len(sent))
            return
        plain.append((path, values))
    for path, values in plain:
        filled = values.is_valid().to_numpy(zero_copy_only=False)
        where = np.flatnonzero(filled)
        finding = new_field(row, path, len(where), where[:SHOWN].tolist())
        yield pa.field(column_name(row, path), values.type, metadata=PLAIN), values, finding


def _unexpected(values: Any, expected: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    parts = values.flatten() if values.null_count else [values.field(i) for i in range(values.type.num_fields)]
    known = {field.name: field.type for field in expected}
    for field, part in zip(values.type, parts, strict=True):
        here = (*path, field.name)
        if field.name not in known:
            yield here, part
        elif field.type != known[field.name]:
            if pa.types.is_struct(field.type):
                yield from _unexpected(part, known[field.name], here)
            else:
                yield here, part  # a list of records with another part


def _plain(values: Any) -> bool:
    kind = values.type
    if pa.types.is_floating(kind):
        # Integers beyond 2^53 may have been rounded; this includes infinity.
        largest = pc.max(pc.abs(values)).as_py()
        return pc.is_nan(values).true_count == 0 and (largest is None or largest < 2**53)
    return bool(pa.types.is_int64(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind))


def _too_deep(body: bytes, stride: int = 4096) -> bool:
    """Return whether values may be nested deeper than `DEEP`.

    Such nesting needs a stretch without closing braces. Rows close every few hundred bytes, so one check per stride
    costs almost nothing. Levels are counted only if a stride has no closing brace.
    """
    find = body.find
    if all(find(b"}", start, start + stride) >= 0 for start in range(0, len(body), stride)):
        return False
    octets = np.frombuffer(body, np.uint8)
    folded = octets & 0xDF  # maps `{` to `[`, and `}` to `]`
    steps = (folded == 0x5B).astype(np.int8) - (folded == 0x5D).astype(np.int8)
    return bool(np.cumsum(steps, dtype=np.int32).max(initial=0) > DEEP)


def _long_numbers(body: bytes) -> bool:
    """Return whether a body may have a number of 16 digits.

    A run of 16 digits and points covers four positions in steps of four, so few bytes have to be checked. Times match
    there too, but not in between, where they have a colon.
    """
    octets = np.frombuffer(body, np.uint8)
    sample = np.frombuffer(body, np.uint32, count=len(body) // 4).astype(np.uint8)
    digit = (sample - _POINT) <= 11
    pairs = digit[1:] & digit[:-1]
    starts = np.flatnonzero(pairs[2:] & pairs[:-2]) * 4
    between = octets[starts[:, None] + np.arange(13)]
    return bool(((between - _POINT) <= 11).all(axis=1).any())
