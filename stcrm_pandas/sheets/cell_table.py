"""The cells of a file, the mark that identifies it, and their conversion to a sheet."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import numpy as np
import orjson
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Column, Row
from stcrm_pandas.contract.schemas.list_dtype import dtype_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import array
from stcrm_pandas.frame.matching import SHOWN
from stcrm_pandas.sheets.cells import BrokenCell, FileState, Suspect, cell_reader
from stcrm_pandas.sheets.sheet import Sheet
from stcrm_pandas.sheets.text import JSON_COLUMN, from_cell_text

VERSION = 1
_HEADING_PREFIX = "stcrm-sheet/"
PROVENANCE = ("resource", "operation", "environment", "tenant", "fetched_at")
"""The provenance of a frame that a sheet keeps."""


@dataclass(frozen=True)
class CellTable:
    """The cells of a file.

    Parameters
    ----------
    header : Sequence[str | None]
        The texts of the first row.
    lines : Sequence[Sequence[Any]]
        The other rows, each as long as the header; None is a blank cell.
    numbers : sequence of int
        The row number of each line in a spreadsheet.
    letters_lost : bool, default False
        See `FileState`.
    """

    header: Sequence[str | None]
    lines: Sequence[Sequence[Any]]
    numbers: Sequence[int]
    letters_lost: bool = False


@dataclass(frozen=True)
class SheetMark:
    """The heading of the last column: `stcrm-sheet/1/customers?environment=production&…`."""

    row: str
    about: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, text: str) -> SheetMark | None:
        """Return the mark in a text, or None.

        Raises
        ------
        UsageError
            The mark has another version.
        """
        if not text.startswith(_HEADING_PREFIX):
            return None
        version, _, rest = text.removeprefix(_HEADING_PREFIX).partition("/")
        if version != str(VERSION):
            raise UsageError(
                f"The sheet has version {version[:10]}, but this program reads version {VERSION}. Write it again."
            )
        row, _, query = rest.partition("?")
        about = dict(parse_qsl(query))
        return cls(row, about, about.pop("digest", ""))

    @property
    def provenance(self) -> dict[str, Any]:
        """The provenance for `attrs["stcrm"]` of the frame, with the tenant as a number."""
        known = {name: self.about[name] for name in PROVENANCE if name in self.about}
        return {name: int(value) if name == "tenant" and value.isdecimal() else value for name, value in known.items()}

    def __str__(self) -> str:
        about = urlencode({**self.about, "digest": self.digest}, quote_via=quote, safe=":/")
        return f"{_HEADING_PREFIX}{VERSION}/{self.row}?{about}"


def digest(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """Return a short SHA-256 of the cells, which shows whether they were changed."""
    checksum = hashlib.sha256()
    for name, cells in zip(names, columns, strict=True):
        checksum.update(f"{name}\x1d".encode())
        checksum.update("\x1f".join("\x1e" if cell is None else cell for cell in cells).encode(errors="replace"))
    return checksum.hexdigest()[:16]


def to_sheet(row: Row, grid: CellTable, mark: SheetMark | None) -> Sheet:
    """Return the sheet in the cells of a file.

    Raises
    ------
    UsageError
        A key column is missing, or cells do not fit their column.
    """
    lines = [number for number, line in enumerate(grid.lines) if any(cell is not None for cell in line)]
    columns = {
        name: [[grid.lines[number][place] for number in lines] for place in places]
        for name, places in _positions(row, grid).items()
    }
    missing = [name for name in row.key if name not in columns]
    if missing:
        raise UsageError(
            f"{row.name}: the sheet has no column {missing[0]!r}, which identifies its rows. Put the column names into "
            "the first row."
        )
    unique = [name for name, duplicates in columns.items() if len(duplicates) == 1]
    untouched = (
        mark is not None
        and len(unique) == len(columns)
        and all(isinstance(cell, str | None) for name in unique for cell in columns[name][0])
        and mark.digest == digest(unique, [columns[name][0] for name in unique])
    )
    reading = _Reading(row, FileState(untouched, grid.letters_lost), [grid.numbers[number] for number in lines])
    for name, duplicates in columns.items():
        reading.add(name, duplicates)
    return reading.sheet(mark.provenance if mark else {})


def _positions(row: Row, grid: CellTable) -> dict[str, list[int]]:
    """Return the positions of the columns of each name: several for duplicate names."""
    known = {name.lower(): name for name in row.dtypes}
    places: dict[str, list[int]] = {}
    for place, text in enumerate(grid.header):
        if text is None or not text.strip():
            if any(line[place] is not None for line in grid.lines):
                places[f"column {place + 1}"] = [place]
            continue
        if not text.startswith(_HEADING_PREFIX):
            name = from_cell_text(text)
            places.setdefault(known.get(name.strip().lower(), name), []).append(place)
    return places


class _Reading:
    """Collects the cells of a frame: values, suspects, and unreadable cells."""

    def __init__(self, row: Row, file: FileState, numbers: Sequence[int]) -> None:
        self._row = row
        self._file = file
        self._numbers = numbers
        self._known = {column.name: column for column in row.columns}
        self._values: dict[str, list[Any]] = {}
        self._suspects: dict[str, dict[int, tuple[str, str]]] = {}
        self._unreadable: list[tuple[int, str, str]] = []

    def add(self, name: str, duplicates: list[list[Any]]) -> None:
        """Read the columns of one name, usually one."""
        cells = duplicates[0]
        if name not in self._known:
            self._values[name] = cells
            return
        unlike = {place for other in duplicates[1:] for place, cell in enumerate(other) if cell != cells[place]}
        values, suspects = self._read(self._known[name], cells)
        suspects |= {place: (_shown(cells[place]), "appears twice with different values") for place in unlike}
        self._values[name], self._suspects[name] = values, suspects

    def _read(self, column: Column, cells: list[Any]) -> tuple[list[Any], dict[int, tuple[str, str]]]:
        read_one = cell_reader(column, self._file)
        suspects: dict[int, tuple[str, str]] = {}
        values: list[Any] = []
        for place, cell in enumerate(cells):
            value = None
            if cell is not None:
                try:
                    value = read_one(cell)
                except Suspect as suspect:
                    value = suspect.value
                    suspects[place] = (_shown(cell), suspect.why)
                except ValueError as error:
                    self._unreadable.append((self._numbers[place], column.name, str(error)))
            values.append(value)
        return values, suspects

    def sheet(self, about: dict[str, Any]) -> Sheet:
        """Return the sheet.

        Raises
        ------
        UsageError
            Some cells cannot be read; the error names the first ten.
        """
        if self._unreadable:
            self._unreadable.sort()
            cells = "; ".join(f"row {at} {name} {why}" for at, name, why in self._unreadable[:SHOWN])
            more = f"; … ({len(self._unreadable):,} in all)" if len(self._unreadable) > SHOWN else ""
            raise UsageError(
                f"{self._row.name}: cells of the sheet cannot be read: {cells}{more}. Correct them and read the sheet "
                "again."
            )
        lost = {place for name in self._row.key for place in self._suspects[name]}
        kept = np.array([place for place in range(len(self._numbers)) if place not in lost], np.intp)
        frame = pd.DataFrame(self._columns(kept), index=pd.RangeIndex(len(kept)))
        if about:
            frame.attrs["stcrm"] = about
        suspects = [
            (place, name, text, why)
            for name, cells in self._suspects.items()
            for place, (text, why) in cells.items()
            if name in self._row.key or place not in lost
        ]
        positions = {int(place): position for position, place in enumerate(kept)}
        places = {
            name: np.array([positions[place] for place in sorted(cells) if place not in lost], np.intp)
            for name, cells in self._suspects.items()
            if name not in self._row.key
        }
        return Sheet(
            self._row, frame, self._suspects_table(suspects), {name: at for name, at in places.items() if len(at)}
        )

    def _columns(self, kept: Any) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for name, values in self._values.items():
            if name in self._known:
                column = self._known[name]
                cells = array(column, [values[place] for place in kept])
                columns[name] = pd.Series(cells, dtype=dtype_of(column))
            else:
                columns.update([unknown_column(name, [values[place] for place in kept])])
        return columns

    def _suspects_table(self, suspects: list[tuple[int, str, str, str]]) -> pd.DataFrame:
        suspects.sort(key=lambda suspect: suspect[0])
        keys = [self._values[name] for name in self._row.key]
        columns = {
            "row": pd.Series([self._numbers[place] for place, *_ in suspects], dtype="Int64"),
            "key": ["/".join("?" if key[place] is None else str(key[place]) for key in keys) for place, *_ in suspects],
            "column": [name for _, name, _, _ in suspects],
            "text": [text for _, _, text, _ in suspects],
            "why": [why for _, _, _, why in suspects],
        }
        return pd.DataFrame(
            {name: cells if name == "row" else pd.Series(cells, dtype="str") for name, cells in columns.items()}
        )


def unknown_column(name: str, cells: list[Any]) -> tuple[str, Any]:
    """Return an undocumented column as it was written."""
    if name.startswith(JSON_COLUMN):
        try:
            return name.removeprefix(JSON_COLUMN), pd.Series(
                [None if cell is None else orjson.loads(cell) for cell in cells], dtype=object
            )
        except (orjson.JSONDecodeError, TypeError):
            pass
    texts = [
        None if cell is None else from_cell_text(cell) if isinstance(cell, str) else _shown(cell) for cell in cells
    ]
    return name, pd.Series(texts, dtype="str")


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    return cell.text if isinstance(cell, BrokenCell) else str(cell)
