"""Sheets as workbooks of Excel: every cell is text, so that nothing is rounded, dated or run."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, BinaryIO

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sheets.cell_table import CellTable
from stcrm_pandas.sheets.cells import BrokenCell

ROWS = 1_048_576
LENGTH = 32_767
"""What Excel allows: rows of a sheet, characters of a cell."""

# XML cannot hold these; Excel writes them as _xHHHH_, and an underscore that looks like the start of one as _x005F_.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def write(
    file: BinaryIO,
    title: str,
    names: list[str],
    columns: list[Any],
    choices: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Write text columns; `choices` are offered as a list in the cells of a column.

    Raises
    ------
    UsageError
        More rows, or a longer text, than Excel can hold.
    """
    from openpyxl import Workbook

    lists = [column.to_pylist() for column in columns]
    check(names, lists)
    book = Workbook(write_only=True)
    sheet = add_sheet(book, title, names, len(lists[0]))
    cells = [text_cell(sheet) for _ in names]  # a line is written before the next one is made
    for line in zip(*lists, strict=True):
        sheet.append([None if text is None else with_text(cell, text) for cell, text in zip(cells, line, strict=True)])
    for name, values in choices.items():
        _offer(sheet, names.index(name) + 1, len(lists[0]), values)
    book.save(file)


def _offer(sheet: Any, column: int, rows: int, values: Sequence[str]) -> None:
    """Offer values as a list in the cells of a column; Excel refuses other ones."""
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    letter = get_column_letter(column)
    listed = DataValidation(type="list", formula1=f'"{",".join(values)}"', allow_blank=True)
    listed.error = f"Choose {', '.join(values[:-1])} or {values[-1]}."
    listed.showErrorMessage = True
    listed.add(f"{letter}2:{letter}{max(rows, 1) + 1}")
    sheet.data_validations.append(listed)


def add_sheet(book: Any, title: str, names: list[str], rows: int, widths: Sequence[float] = ()) -> Any:
    """Add a sheet that is written line by line, with its first line: the names, bold, which stays in sight.

    Parameters
    ----------
    book : openpyxl.Workbook
        A workbook that only writes.
    title : str
        The title of the sheet.
    names : list of str
        The names of the columns.
    rows : int
        Number of rows below the names.
    widths : sequence of float, default ()
        Widths of the columns in characters.
    """
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    # Excel writes the size of a sheet, too. A reader of a sheet without its size reads it twice.
    size = f"A1:{get_column_letter(len(names))}{rows + 1}"
    sheet.calculate_dimension = lambda: size
    heads = [text_cell(sheet, name) for name in names]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    return sheet


def text_cell(sheet: Any, text: str = "") -> Any:
    """Return a cell with a text that Excel takes for nothing else."""
    from openpyxl.cell import WriteOnlyCell

    made = WriteOnlyCell(sheet, value="")
    made.number_format = "@"
    return with_text(made, text)


def with_text(cell: Any, text: str) -> Any:
    """Return the cell, with another text."""
    cell.value = _escaped(text)
    cell.data_type = "s"  # else `#N/A` would be an error, and `=` a formula
    return cell


def check(names: list[str], lists: Sequence[Sequence[Any]]) -> None:
    """Raise if there are more rows, or a longer text, than Excel can hold.

    Raises
    ------
    UsageError
        Names the limit, and the column and row of the text.
    """
    if lists and len(lists[0]) >= ROWS:
        raise UsageError(
            f"Excel is limited to {ROWS - 1:,} rows, but the frame has {len(lists[0]):,}. Write CSV or Parquet."
        )
    for name, cells in zip(names, lists, strict=True):
        for place, text in enumerate(cells):
            if isinstance(text, str) and len(text) * 7 > LENGTH and len(_escaped(text)) > LENGTH:
                raise UsageError(
                    f"Excel is limited to {LENGTH:,} characters in a cell, but {name} in row {place + 1} has more. "
                    "Write CSV or Parquet."
                )


def _escaped(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def read(file: BinaryIO, title: str) -> CellTable:
    """Return the cells of the sheet with this title, or of the active sheet.

    Raises
    ------
    UsageError
        It is no workbook, or has no rows.
    """
    try:
        values = list(_cells(file, title, results=True))
        formulas = _formulas(file, title)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UsageError(f"The file cannot be read as an Excel workbook: {type(error).__name__}.") from None
    for line, place in formulas:
        if values[line][place] is None:  # a formula that was never computed: it is not blank
            values[line][place] = BrokenCell("", "is a formula without a saved result")
    start = next((place for place, line in enumerate(values) if any(cell is not None for cell in line)), None)
    if start is None:
        raise UsageError("The sheet is empty: it needs at least a row of column names.")
    width = max(map(len, values))
    header = [None if cell is None else str(cell) for cell in values[start]]
    lines = [line + [None] * (width - len(line)) for line in values[start + 1 :]]
    return CellTable(header + [None] * (width - len(header)), lines, range(start + 2, len(values) + 1))


def _cells(file: BinaryIO, title: str, *, results: bool) -> Iterator[list[Any]]:
    for line in _lines(file, title, results=results):
        yield [_value(cell) for cell in line]


def _lines(file: BinaryIO, title: str, *, results: bool) -> Iterator[Any]:
    from openpyxl import load_workbook

    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what a workbook has besides its cells is none of our business
        book = load_workbook(file, read_only=True, data_only=results)
        sheet = (
            book[title[:31]] if title[:31] in book.sheetnames else book.worksheets[book.worksheets.index(book.active)]
        )
        sheet.reset_dimensions()
        yield from sheet.iter_rows()


def _value(cell: Any) -> Any:
    if cell.data_type == "e":
        return BrokenCell(str(cell.value), "is an error value of the spreadsheet")
    if isinstance(cell.value, str):
        return _unescaped(cell.value) or None
    return cell.value


def _formulas(file: BinaryIO, title: str) -> list[tuple[int, int]]:
    """Return the positions of formulas; the file is read again only if it has any."""
    file.seek(0)
    with zipfile.ZipFile(file) as parts:
        names = [name for name in parts.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        if not any(re.search(rb"<f[ />]", parts.read(name)) for name in names):
            return []
    return [
        (number, place)
        for number, line in enumerate(_lines(file, title, results=False))
        for place, cell in enumerate(line)
        if cell.data_type == "f"
    ]
