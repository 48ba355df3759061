"""Sheets as CSV: written so that a spreadsheet reads them rightly, read however a spreadsheet wrote them."""

from __future__ import annotations

import csv
import io
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sheets.cell_table import CellTable

BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"
_LONGEST = 2**27


def write(file: BinaryIO, names: list[str], columns: list[Any]) -> None:
    """Write text columns: UTF-8 with a byte order mark (or Excel reads it as cp1252), all texts in quotes."""
    file.write(BOM)
    options = pyarrow.csv.WriteOptions(quoting_style="all_valid")
    pyarrow.csv.write_csv(pa.table(columns, names=names), file, options)


def read(content: bytes, known: set[str]) -> CellTable:
    """Return the cells of a CSV file, with encoding and delimiter detected.

    Parameters
    ----------
    known : set of str
        Names of columns, used to detect the delimiter.

    Raises
    ------
    UsageError
        It is no text, or has no rows.
    """
    text, letters_lost = _decoded(content)
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:  # a line that is there for Excel alone
        text = rest
    delimiter = _delimiter(text, known)
    limit = csv.field_size_limit(_LONGEST)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"The file cannot be read as CSV: {error}.") from None
    finally:
        csv.field_size_limit(limit)
    skipped = int(text is rest)
    start = next((place for place, line in enumerate(lines) if any(line)), None)
    if start is None:
        raise UsageError("The file is empty: it needs at least a row of column names.")
    width = max(map(len, lines))
    cells = [[cell or None for cell in line] + [None] * (width - len(line)) for line in lines[start:]]
    numbers = range(start + skipped + 2, len(lines) + skipped + 1)
    return CellTable(cells[0], cells[1:], numbers, letters_lost)


def _decoded(content: bytes) -> tuple[str, bool]:
    """Return the text, and whether letters may be lost, as when Excel saves as plain CSV."""
    if content.startswith(BOM):
        encodings = ["utf-8-sig"]
    elif content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            return content.decode(encoding), "cp1252" in encodings
        except UnicodeDecodeError:
            continue
    raise UsageError(f"The file is not text in {' or '.join(encodings)}. Save it as CSV in UTF-8.")


def _delimiter(text: str, known: set[str]) -> str:
    for line in text.splitlines():
        if line.strip(_DELIMITERS + ' "'):
            return max(
                _DELIMITERS,
                key=lambda mark: sum(word.strip('" ').lower() in known for word in line.split(mark)),
            )
    return ","
