"""A table of cells as a file has it, the mark that says what it is, and the way to a sheet."""

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
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import array
from stcrm_pandas.frame.matching import SHOWN
from stcrm_pandas.sheets.cells import Broken, File, Suspect, cell_reader
from stcrm_pandas.sheets.sheet import Sheet
from stcrm_pandas.sheets.text import JSON_COLUMN, armed

VERSION = 1
_MARK = "stcrm-sheet/"
PROVENANCE = ("resource", "operation", "environment", "tenant", "fetched_at")
"""What a sheet keeps of where its frame comes from."""


@dataclass(frozen=True)
class Grid:
    """The cells of a file.

    Parameters
    ----------
    header : Sequence[str | None]
        The texts of the first row.
    lines : Sequence[Sequence[Any]]
        The other rows, each as long as the header; None is a blank cell.
    numbers : sequence of int
        The row that each line has in a spreadsheet.
    letters_lost : bool, default False
        See `File`.
    """

    header: Sequence[str | None]
    lines: Sequence[Sequence[Any]]
    numbers: Sequence[int]
    letters_lost: bool = False


@dataclass(frozen=True)
class Mark:
    """What the head of the last column says: `stcrm-sheet/1/customers?environment=production&…`."""

    row: str
    about: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, text: str) -> Mark | None:
        """The mark that a text is, or None.

        Raises
        ------
        UsageError
            It is one of another version.
        """
        if not text.startswith(_MARK):
            return None
        version, _, rest = text.removeprefix(_MARK).partition("/")
        if version != str(VERSION):
            raise UsageError(f"The sheet is of version {version[:10]}, and this program reads version {VERSION}.")
        row, _, query = rest.partition("?")
        about = dict(parse_qsl(query))
        return cls(row, about, about.pop("digest", ""))

    @property
    def provenance(self) -> dict[str, Any]:
        """What `attrs["stcrm"]` of the frame says; the tenant is a number there."""
        told = {name: self.about[name] for name in PROVENANCE if name in self.about}
        return {name: int(one) if name == "tenant" and one.isdecimal() else one for name, one in told.items()}

    def __str__(self) -> str:
        about = urlencode({**self.about, "digest": self.digest}, quote_via=quote, safe=":/")
        return f"{_MARK}{VERSION}/{self.row}?{about}"


def digest(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> str:
    """What tells whether another hand was at the cells: the first digits of a SHA-256."""
    found = hashlib.sha256()
    for name, cells in zip(names, columns, strict=True):
        found.update(f"{name}\x1d".encode())
        found.update("\x1f".join("\x1e" if cell is None else cell for cell in cells).encode(errors="replace"))
    return found.hexdigest()[:16]


def sheet_of(row: Row, grid: Grid, mark: Mark | None) -> Sheet:
    """The sheet that a grid is.

    Raises
    ------
    UsageError
        No column of the key, or cells that are no value of their column.
    """
    lines = [number for number, line in enumerate(grid.lines) if any(cell is not None for cell in line)]
    columns = {
        name: [[grid.lines[number][place] for number in lines] for place in places]
        for name, places in _places(row, grid).items()
    }
    missing = [name for name in row.key if name not in columns]
    if missing:
        raise UsageError(
            f"{row.name}: the sheet has no column {missing[0]!r}, which tells its rows apart; names of columns belong "
            "into its first row."
        )
    whole = [name for name, alike in columns.items() if len(alike) == 1]
    untouched = (
        mark is not None
        and len(whole) == len(columns)
        and all(isinstance(cell, str | None) for name in whole for cell in columns[name][0])
        and mark.digest == digest(whole, [columns[name][0] for name in whole])
    )
    reading = _Reading(row, File(untouched, grid.letters_lost), [grid.numbers[number] for number in lines])
    for name, alike in columns.items():
        reading.add(name, alike)
    return reading.sheet(mark.provenance if mark else {})


def _places(row: Row, grid: Grid) -> dict[str, list[int]]:
    """Where the columns of each name stand: more than one place if a name stands twice."""
    known = {name.lower(): name for name in row.dtypes}
    found: dict[str, list[int]] = {}
    for place, text in enumerate(grid.header):
        if text is None or not text.strip():
            if any(line[place] is not None for line in grid.lines):
                found[f"column {place + 1}"] = [place]
            continue
        if not text.startswith(_MARK):
            name = armed(text)
            found.setdefault(known.get(name.strip().lower(), name), []).append(place)
    return found


class _Reading:
    """Cells on their way to a frame: values, suspects, and what cannot be read."""

    def __init__(self, row: Row, file: File, numbers: Sequence[int]) -> None:
        self._row = row
        self._file = file
        self._numbers = numbers
        self._known = {column.name: column for column in row.columns}
        self._values: dict[str, list[Any]] = {}
        self._suspects: dict[str, dict[int, tuple[str, str]]] = {}
        self._unreadable: list[tuple[int, str, str]] = []

    def add(self, name: str, alike: list[list[Any]]) -> None:
        """Read the columns of one name: one, as a rule."""
        cells = alike[0]
        if name not in self._known:
            self._values[name] = cells
            return
        unlike = {place for other in alike[1:] for place, cell in enumerate(other) if cell != cells[place]}
        values, suspects = self._read(self._known[name], cells)
        suspects |= {place: (_shown(cells[place]), "stands twice, with another value") for place in unlike}
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
        """All that was read.

        Raises
        ------
        UsageError
            Cells that cannot be read; the first ten are named.
        """
        if self._unreadable:
            self._unreadable.sort()
            told = "; ".join(f"row {at} {name} {why}" for at, name, why in self._unreadable[:SHOWN])
            more = f"; … ({len(self._unreadable):,} in all)" if len(self._unreadable) > SHOWN else ""
            raise UsageError(f"{self._row.name}: cells of the sheet cannot be read: {told}{more}.")
        lost = {place for name in self._row.key for place in self._suspects[name]}
        kept = np.array([place for place in range(len(self._numbers)) if place not in lost], np.intp)
        frame = pd.DataFrame(self._columns(kept), index=pd.RangeIndex(len(kept)))
        if about:
            frame.attrs["stcrm"] = about
        suspects = [
            (place, name, text, why)
            for name, found in self._suspects.items()
            for place, (text, why) in found.items()
            if name in self._row.key or place not in lost
        ]
        positions = {int(place): position for position, place in enumerate(kept)}
        places = {
            name: np.array([positions[place] for place in sorted(found) if place not in lost], np.intp)
            for name, found in self._suspects.items()
            if name not in self._row.key
        }
        return Sheet(self._row, frame, self._told(suspects), {name: at for name, at in places.items() if len(at)})

    def _columns(self, kept: Any) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for name, values in self._values.items():
            if name in self._known:
                column = self._known[name]
                cells = array(column, [values[place] for place in kept])
                columns[name] = pd.Series(cells, dtype=column.dtype)
            else:
                columns.update([unknown_column(name, [values[place] for place in kept])])
        return columns

    def _told(self, suspects: list[tuple[int, str, str, str]]) -> pd.DataFrame:
        suspects.sort(key=lambda one: one[0])
        keys = [self._values[name] for name in self._row.key]
        told = {
            "row": pd.Series([self._numbers[place] for place, *_ in suspects], dtype="Int64"),
            "key": ["/".join("?" if key[place] is None else str(key[place]) for key in keys) for place, *_ in suspects],
            "column": [name for _, name, _, _ in suspects],
            "text": [text for _, _, text, _ in suspects],
            "why": [why for _, _, _, why in suspects],
        }
        return pd.DataFrame(
            {name: cells if name == "row" else pd.Series(cells, dtype="str") for name, cells in told.items()}
        )


def unknown_column(name: str, cells: list[Any]) -> tuple[str, Any]:
    """A column that the contract does not know, as it was written."""
    if name.startswith(JSON_COLUMN):
        try:
            return name.removeprefix(JSON_COLUMN), pd.Series(
                [None if cell is None else orjson.loads(cell) for cell in cells], dtype=object
            )
        except (orjson.JSONDecodeError, TypeError):
            pass
    texts = [None if cell is None else armed(cell) if isinstance(cell, str) else _shown(cell) for cell in cells]
    return name, pd.Series(texts, dtype="str")


def _shown(cell: Any) -> str:
    if cell is None:
        return ""
    return cell.text if isinstance(cell, Broken) else str(cell)
