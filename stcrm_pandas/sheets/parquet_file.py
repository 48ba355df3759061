"""Sheets as Parquet, which stores types, so that no cell has to be text."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from stcrm_pandas.contract.schemas.arrow import arrow_type, to_arrow
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import dtype_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import UNCERTAIN, read
from stcrm_pandas.frame.matching import SHOWN
from stcrm_pandas.sheets.cell_table import SheetMark, unknown_column
from stcrm_pandas.sheets.sheet import Sheet
from stcrm_pandas.sheets.text import JSON_COLUMN, texts, unknown_texts

_MARK = b"stcrm"
_DTYPES: dict[Any, Any] = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.string(): pd.StringDtype(na_value=np.nan),
    pa.large_string(): pd.StringDtype(na_value=np.nan),
}


def write(file: BinaryIO, row: Row, mark: SheetMark, columns: dict[str, Any]) -> None:
    """Write columns with their dtypes, and the mark in the file's metadata."""
    known = {column.name: column for column in row.columns}
    arrays: dict[str, Any] = {}
    for name, cells in columns.items():
        if name not in known:
            arrays.update([_unknown(name, cells)])
            continue
        field = known[name].field
        arrays[name] = to_arrow(field, cells) if field.many else pa.array(cells, arrow_type(field), from_pandas=True)
    table = pa.table(arrays).replace_schema_metadata({_MARK: str(mark)})
    pa.parquet.write_table(table, file, compression="zstd")


def _unknown(name: str, cells: Any) -> tuple[str, Any]:
    try:
        return name, pa.array(cells, from_pandas=True)
    except pa.ArrowException:
        return JSON_COLUMN + name, unknown_texts(cells)[1]


def mark_of(file: BinaryIO) -> SheetMark | None:
    """Return the mark in the metadata."""
    try:
        metadata = pa.parquet.read_schema(file).metadata or {}
    except (pa.ArrowException, OSError):
        raise UsageError("The file cannot be read as Parquet.") from None
    return SheetMark.of(metadata.get(_MARK, b"").decode(errors="replace"))


def read_sheet(file: BinaryIO, row: Row, mark: SheetMark | None) -> Sheet:
    """Read a sheet, whichever program wrote it.

    Raises
    ------
    UsageError
        Some cells do not fit their column.
    """
    file.seek(0)
    table = pa.parquet.read_table(file)
    known = {column.name: column for column in row.columns}
    columns: dict[str, Any] = {}
    places: dict[str, Any] = {}
    unreadable: list[str] = []
    for name, cells in zip(table.column_names, table.columns, strict=True):
        if name.startswith("__index_level_"):
            continue
        series = _series(cells)
        if name in known:
            reading = read(known[name], series)
            unreadable += [f"row {place + 1} {name} {why}" for place, why in reading.unreadable.items()]
            places[name] = np.array(list(reading.uncertain), np.intp)
            series = pd.Series(reading.cells, dtype=dtype_of(known[name]))
        elif name.startswith(JSON_COLUMN):
            name, series = unknown_column(name, cells.to_pylist())  # noqa: PLW2901
        columns[name] = series
    if unreadable:
        more = f"; … ({len(unreadable):,} in all)" if len(unreadable) > SHOWN else ""
        raise UsageError(f"{row.name}: cells of the sheet cannot be read: {'; '.join(unreadable[:SHOWN])}{more}.")
    for name in row.key:
        if name not in columns or len(places[name]):
            raise UsageError(f"{row.name}: the sheet has no column {name!r} of its type, which identifies its rows.")
    frame = pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows))
    if mark is not None and mark.provenance:
        frame.attrs["stcrm"] = mark.provenance
    keys = ["/".join(map(str, key)) for key in zip(*(frame[name] for name in row.key), strict=True)]
    rows = [
        (int(place) + 1, keys[place], name, text, UNCERTAIN[known[name].field.kind])
        for name, positions in places.items()
        if len(positions)
        for place, text in zip(
            positions, texts(known[name], columns[name].array.take(positions)).to_pylist(), strict=True
        )
    ]
    suspects = pd.DataFrame(rows, columns=["row", "key", "column", "text", "why"])
    suspects = suspects.astype({"row": "Int64", "key": "str", "column": "str", "text": "str", "why": "str"})
    return Sheet(row, frame, suspects, {name: positions for name, positions in places.items() if len(positions)})


def _series(cells: Any) -> Any:
    """Return a column as a series, with integers next to missing values as integers."""
    if pa.types.is_nested(cells.type):
        return pd.Series(cells.to_pylist(), dtype=object)  # to_pandas makes floats of whole numbers in records
    if pa.types.is_dictionary(cells.type):
        cells = cells.cast(cells.type.value_type)
    return pa.table({"": cells}).to_pandas(types_mapper=_DTYPES.get)[""]
