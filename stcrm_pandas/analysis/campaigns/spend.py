"""What was spent on campaigns, month by month: read from a file, checked, and set against what came of it."""

from __future__ import annotations

import csv
import datetime as dt
import math
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.errors import UsageError, require

__all__ = ["checked_spend", "read_spend"]

_COLUMNS = ("campaign", "month", "amount")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_AMOUNT = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")
_MOST_TOLD = 5


def read_spend(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read what was spent on campaigns from a table.

    Parameters
    ----------
    path : str or os.PathLike[str]
        A `.csv` or `.xlsx` file (its first sheet) with a row of titles and the columns `campaign` (an id or a name),
        `month` (`2026-03`) and `amount` (in the company's money). Other columns are left alone.

    Returns
    -------
    DataFrame
        A frame of `campaign` (text), `month` (text) and `amount` (Float64), a row for each row of the file.

    Raises
    ------
    UsageError
        The file is of another kind or cannot be read, lacks a column, or a row cannot be understood: the error names
        the rows.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "spend.csv"
    >>> pd.DataFrame({"campaign": ["Radio"], "month": ["2026-03"], "amount": [1200.5]}).to_csv(file, index=False)
    >>> read_spend(file).values.tolist()
    [['Radio', '2026-03', 1200.5]]
    """
    file = Path(path)
    readers = {".csv": _csv, ".xlsx": _xlsx}
    if file.suffix.lower() not in readers:
        raise UsageError(f"spend: {file.name} is no .csv and no .xlsx file")
    try:
        rows = readers[file.suffix.lower()](file)
    except OSError as cause:
        raise UsageError(f"spend: {file.name} cannot be read ({cause.strerror or 'no such file'})") from cause
    except ValueError as cause:
        raise UsageError(f"spend: {file.name} cannot be read as a {file.suffix[1:].upper()} file") from cause
    if not rows:
        raise UsageError(f"spend: {file.name} is empty; its first row must name campaign, month and amount")
    titles = [str(title or "").strip().lower() for title in rows[0]]
    _refuse_lacking(titles)
    places = [titles.index(name) for name in _COLUMNS]
    lines = [
        (number, [row[place] if place < len(row) else None for place in places])
        for number, row in enumerate(rows[1:], start=2)
        if any(cell not in (None, "") for cell in row)
    ]
    return _checked(lines, "row")


def checked_spend(spend: pd.DataFrame) -> pd.DataFrame:
    """Check a frame of what was spent, and bring it into the shape that `read_spend` gives.

    Parameters
    ----------
    spend : DataFrame
        `campaign` (an id or a name), `month` (`2026-03`, or a period or time in it), `amount` (0 or more).

    Raises
    ------
    UsageError
        It is no frame, lacks a column, or a row cannot be understood.

    Examples
    --------
    >>> checked_spend(pd.DataFrame({"campaign": [7], "month": ["2026-03"], "amount": [10]})).values.tolist()
    [['7', '2026-03', 10.0]]
    """
    if not isinstance(spend, pd.DataFrame):
        raise UsageError("spend: a frame of campaign, month and amount is needed; read_spend reads it from a file")
    _refuse_lacking([str(name) for name in spend.columns])
    cells = zip(*(spend[name] for name in _COLUMNS), strict=True)
    return _checked([(number, list(row)) for number, row in enumerate(cells)], "place")


def _refuse_lacking(titles: Sequence[str]) -> None:
    if lacking := [name for name in _COLUMNS if name not in titles]:
        raise UsageError(f"spend: the column {', '.join(lacking)} is missing; there must be campaign, month and amount")


def _checked(lines: Iterable[tuple[int, Sequence[Any]]], word: str) -> pd.DataFrame:
    kept, wrong = [], []
    for number, (campaign, month, amount) in lines:
        told = (_campaign(campaign), _month(month), _amount(amount))
        for name, value, cell, wish in zip(
            _COLUMNS,
            told,
            (campaign, month, amount),
            ("an id or a name", "a month as 2026-03", "0 or more"),
            strict=True,
        ):
            if value is None:
                wrong.append(
                    f"{word} {number}: {name} {'is empty' if _empty(cell) else f'{str(cell)!r} is not {wish}'}"
                )
        kept.append(told)
    if wrong:
        more = f"; and {len(wrong) - _MOST_TOLD} more" if len(wrong) > _MOST_TOLD else ""
        raise UsageError(f"spend: {'; '.join(wrong[:_MOST_TOLD])}{more}")
    frame = pd.DataFrame(kept, columns=list(_COLUMNS), dtype=object)
    return frame.astype({"campaign": "str", "month": "str", "amount": "Float64"})


def _empty(cell: Any) -> bool:
    return cell is None or cell is pd.NaT or cell is pd.NA or str(cell).strip() in ("", "nan")


def _campaign(cell: Any) -> str | None:
    if _empty(cell):
        return None
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _month(cell: Any) -> str | None:
    if isinstance(cell, dt.date | pd.Period) and not _empty(cell):
        return f"{cell.year:04}-{cell.month:02}"
    text = str(cell).strip()
    return text if _MONTH.fullmatch(text) else None


def _amount(cell: Any) -> float | None:
    if _empty(cell) or isinstance(cell, bool):
        return None
    text = str(cell).strip().removeprefix("$").strip()
    if isinstance(cell, str) and not _AMOUNT.fullmatch(text):
        return None
    try:
        amount = float(text.replace(",", ""))
    except ValueError:
        return None
    return amount if math.isfinite(amount) and amount >= 0 else None


def _csv(file: Path) -> list[list[Any]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return [list(row) for row in csv.reader(lines)]


def _xlsx(file: Path) -> list[list[Any]]:
    from zipfile import BadZipFile

    require("xlsx")
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError) as cause:
        raise ValueError("no workbook") from cause
    try:
        return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    finally:
        book.close()
