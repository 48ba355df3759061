"""Campaign spend by month, read from a file and validated."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from stcrm_pandas.errors import UsageError, require

__all__ = ["checked_spend", "read_spend"]

_NAMES = "campaign, month and amount"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_AMOUNT = re.compile(r"\d+(\.\d+)?|\d{1,3}(,\d{3})+(\.\d+)?")
_MOST = 5  # rows that an error names


def read_spend(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read campaign spend from a file.

    Parameters
    ----------
    path : str or os.PathLike[str]
        A `.csv` or `.xlsx` file (its first sheet) with a header row and the columns `campaign` (an id or a name),
        `month` (`2026-03`) and `amount` (in the company's currency). Other columns are ignored.

    Returns
    -------
    DataFrame
        `campaign` (text), `month` (text) and `amount` (Float64), one row per row of the file.

    Raises
    ------
    UsageError
        The file has an unsupported format, cannot be read, or lacks a column; or some rows are invalid. The error lists
        them.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "spend.csv"
    >>> pd.DataFrame({"campaign": ["Radio"], "month": ["2026-03"], "amount": [1200.5]}).to_csv(file, index=False)
    >>> read_spend(file).values.tolist()
    [['Radio', '2026-03', 1200.5]]
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise UsageError(f"spend: {file.name} is neither a .csv nor an .xlsx file")
    try:
        if kind == ".csv":
            table = pd.read_csv(file, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig")
        else:
            require("xlsx")
            table = pd.read_excel(file, dtype=object)
    except OSError as cause:
        raise UsageError(f"spend: {file.name} cannot be read ({cause.strerror or 'no such file'})") from cause
    except pd.errors.EmptyDataError as cause:
        raise UsageError(f"spend: {file.name} is empty; its first row must have {_NAMES}") from cause
    except (ValueError, KeyError, BadZipFile) as cause:
        raise UsageError(f"spend: {file.name} cannot be read as a {kind[1:].upper()} file") from cause
    table.columns = [str(title).strip().lower() for title in table.columns]
    table.index += 2  # as rows are numbered in the file
    return _checked(table[~table.map(_empty).all(axis=1)])


def checked_spend(spend: pd.DataFrame) -> pd.DataFrame:
    """Validate a frame of spend and return it in the format of `read_spend`.

    Parameters
    ----------
    spend : DataFrame
        `campaign` (an id or a name), `month` (`2026-03`, or a period or time in it), `amount` (0 or more).

    Raises
    ------
    UsageError
        It is not a DataFrame, lacks a column, or has an invalid row.

    Examples
    --------
    >>> checked_spend(pd.DataFrame({"campaign": [7], "month": ["2026-03"], "amount": [10]})).values.tolist()
    [['7', '2026-03', 10.0]]
    """
    if not isinstance(spend, pd.DataFrame):
        raise UsageError(f"spend: a DataFrame with {_NAMES} is required; read_spend reads it from a file")
    return _checked(spend)


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    if missing := [column for column in _COLUMNS if column not in table]:
        raise UsageError(f"spend: the column {', '.join(missing)} is missing; required are {_NAMES}")
    values: dict[str, list[Any]] = {}
    wrong: list[tuple[int, str]] = []
    for column, (read, wish) in _COLUMNS.items():
        values[column] = [read(cell) for cell in table[column]]
        for place, (row, cell) in enumerate(table[column].items()):
            if values[column][place] is None:
                why = "is empty" if _empty(cell) else f"{str(cell)!r} is not {wish}"
                wrong.append((place, f"row {row}: {column} {why}"))
    if wrong:
        more = f"; and {len(wrong) - _MOST} more" if len(wrong) > _MOST else ""
        raise UsageError(f"spend: {'; '.join(text for _, text in sorted(wrong)[:_MOST])}{more}")
    return pd.DataFrame(values).astype({"campaign": "str", "month": "str", "amount": "Float64"})


def _empty(cell: Any) -> bool:
    return bool(pd.isna(cell)) or not str(cell).strip()


def _campaign(cell: Any) -> str | None:
    if _empty(cell):
        return None
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


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


_COLUMNS = {
    "campaign": (_campaign, "an id or a name"),
    "month": (_month, "a month as 2026-03"),
    "amount": (_amount, "0 or more"),
}
