"""What all recipes share: verdicts on values, the frame that they are applied to, and the `Fix` that results. Pure."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.output.printable import plural, printable


class Changed(NamedTuple):
    """A new value, and what kind of change it is: a text without values of the row."""

    new: Any
    what: str


class Skipped(NamedTuple):
    """Why a value is not changed, and what it may be."""

    reason: str
    suggestion: str | None = None


Verdict = Changed | Skipped | None
"""What a recipe decides about a value; None if the value is right."""

LONGEST = 2_000
"""Number of characters from which on a text is no name, address or contact, and would take long to check."""
_TOO_LONG = Skipped(f"a text of more than {LONGEST:,} characters")


@dataclass(frozen=True)
class Recipe:
    """The fixed facts of a recipe."""

    name: str
    version: int
    sentence: str
    noun: tuple[str, str]
    verb: str
    earlier: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """Earlier versions that it can still be: number to the arguments, unless others are given."""


class ColumnCheck(NamedTuple):
    """A column to check: the function, the other columns that it needs, and the rows to check (all by default)."""

    column: str
    decide: Callable[..., Verdict]
    beside: tuple[str, ...] = ()
    rows: Any = None


def apply_to(recipe: Recipe, frame: pd.DataFrame, works: Iterable[ColumnCheck], options: Mapping[str, Any]) -> Fix:
    """Return the result of applying a function to each value of some columns.

    Equal values are decided once. Rows are identified by position, so the index may have any labels. Texts that are too
    long for any recipe are skipped.
    """
    keys = key_of(frame, recipe.name)
    after = frame.copy()
    changed: list[pd.DataFrame] = []
    skipped: list[pd.DataFrame] = []
    checked = np.zeros(len(frame), dtype=bool)
    for work in works:
        cells = _plain_cells(frame[work.column])
        looked = np.array([not is_missing(cell) and cell != "" for cell in cells], dtype=bool)
        if work.rows is not None:
            looked &= np.asarray(work.rows, dtype=bool)
        checked |= looked
        beside = [frame[name].astype(object).to_numpy() if name in frame else None for name in work.beside]
        known: dict[tuple[Any, ...], Verdict] = {}
        verdicts: dict[int, Changed | Skipped] = {}
        for place in np.flatnonzero(looked).tolist():
            values = (cells[place], *(None if column is None else _plain(column[place]) for column in beside))
            try:
                verdict = known[values]
            except KeyError:
                verdict = known[values] = _TOO_LONG if _is_too_long(values[0]) else work.decide(*values)
            if verdict is not None:
                verdicts[place] = verdict
        new = {place: verdict for place, verdict in verdicts.items() if isinstance(verdict, Changed)}
        left = {place: verdict for place, verdict in verdicts.items() if isinstance(verdict, Skipped)}
        after[work.column] = with_cells(frame[work.column], {place: verdict.new for place, verdict in new.items()})
        listed = partial(_listed, frame[keys], work.column, cells, recipe.name)
        changed.append(listed(new, ("old", "new", "what")))
        skipped.append(listed(left, ("value", "reason", "suggestion")))
    after.attrs = copy.deepcopy(frame.attrs)
    return Fix(
        recipe.name,
        recipe.version,
        recipe.sentence,
        dict(options),
        frame,
        after,
        pd.concat(changed, ignore_index=True),
        pd.concat(skipped, ignore_index=True),
        int(checked.sum()),
        recipe.noun,
        recipe.verb,
    )


def key_of(frame: pd.DataFrame, recipe: str) -> list[str]:
    """Return the columns that identify the rows of a frame.

    Raises
    ------
    UsageError
        The frame has no such column.
    """
    target = TARGETS.get(resource_of(frame))
    key = list(target.row.key) if target else ["id"]
    if target is None and "value" in frame:
        key = [name for name in ("customer_id", "location_id", "booking_id") if name in frame][:1] + key
    missing = [name for name in key if name not in frame.columns]
    if missing:
        raise UsageError(
            f"{recipe}: the DataFrame has no column {missing[0]!r}, which identifies its rows. If it is in the index, "
            "call reset_index() first."
        )
    return key


def resource_of(frame: pd.DataFrame) -> str:
    """Return which rows a frame has, such as `customer_contacts`; empty if pandas dropped where it comes from."""
    about = frame.attrs.get("stcrm")
    if not isinstance(about, dict):
        return ""
    operation = OPERATIONS.get(str(about.get("operation")))
    if operation is None or operation.row is None:
        return str(about.get("resource", ""))
    same = (
        target
        for target in TARGETS.values()
        if target.call.resource == operation.resource and target.row.key == operation.row.key
    )
    return next((target.resource for target in same), operation.row.name)


def require_columns(frame: Any, recipe: str, columns: Sequence[str], read: str) -> None:
    """Raise unless a frame has the columns that a recipe checks.

    Raises
    ------
    UsageError
        It is not a DataFrame, or a column is missing or appears twice.
    """
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"{recipe} takes a DataFrame, such as {read}, not {type(frame).__name__}.")
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise UsageError(f"{recipe}: the DataFrame has the column {twice!r} twice. Drop or rename one of them.")
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise UsageError(f"{recipe} needs the column {missing[0]!r}, which this DataFrame does not have. Pass {read}.")


def with_cells(column: pd.Series[Any], cells: Mapping[int, Any]) -> pd.Series[Any]:
    """Return a column with other values at some positions, with the same index and dtype.

    A categorical dtype gets the new values as categories; without them, pandas would make the cells missing.
    """
    if not cells:
        return column.copy()
    values = column.astype(object).to_numpy(copy=True)
    for place, value in cells.items():
        values[place] = value
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        known = set(dtype.categories)
        added = [value for value in dict.fromkeys(cells.values()) if value not in known]
        dtype = pd.CategoricalDtype([*dtype.categories, *added], dtype.ordered)
    return pd.Series(values.tolist(), index=column.index, name=column.name, dtype=dtype)


_DIGITS_AS_0 = str.maketrans("123456789", "0" * 9)


def with_digits_masked(text: str) -> str:
    """Return a text with each digit as 0, so that it names no number; the first digit of a country code stays.

    >>> with_digits_masked("cell: (512) 555-0101"), with_digits_masked("+15125550101")
    ('cell: (000) 000-0000', '+10000000000')
    """
    if text.isascii() and "+" not in text:
        return text.translate(_DIGITS_AS_0)
    return re.sub(r"(?<!\+)\d", "0", text)


def _plain_cells(column: pd.Series[Any]) -> Any:
    """Return cells as objects; lists, as files and merges have them in place of tuples, are tuples."""
    cells = column.astype(object).to_numpy(copy=True)
    for place, cell in enumerate(cells):
        if isinstance(cell, list | np.ndarray | set | frozenset):
            cells[place] = tuple(cell)
    return cells


def _is_too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > LONGEST


def _plain(value: Any) -> Any:
    return None if is_missing(value) else value


def _listed(
    keys: pd.DataFrame,
    column: str,
    cells: Any,
    recipe: str,
    verdicts: Mapping[int, tuple[Any, ...]],
    names: tuple[str, ...],
) -> pd.DataFrame:
    """Return one row per changed or skipped cell."""
    rows = keys.iloc[list(verdicts)].reset_index(drop=True)
    rows.attrs = {}
    rows["column"] = pd.Series([column] * len(verdicts), dtype="str")
    lines = [(cells[place], *verdict) for place, verdict in verdicts.items()]
    for at, name in enumerate(names):
        dtype = object if name in ("old", "new", "value") else "str"
        rows[name] = pd.Series([line[at] for line in lines], dtype=dtype)
    rows["recipe"] = pd.Series([recipe] * len(verdicts), dtype="str")
    return rows


SHOWN = 5
"""Number of kinds of changes, and of reasons, in the repr."""

_TABLE = "margin:0.8em 0; border-collapse:collapse; font-size:inherit"
_CELL = "text-align:left; vertical-align:top; padding:0.15em 0.8em 0.15em 0"


@dataclass(frozen=True, repr=False)
class Fix:
    """What a recipe changes in a DataFrame. Nothing is sent.

    The repr counts kinds of changes and shows no value of a row, so a saved notebook contains none. `examples` shows
    some.

    Parameters
    ----------
    recipe : str
        The name of the recipe, such as `"phones"`.
    version : int
        The version of the recipe. It increases when the recipe starts to return something else for the same rows.
    sentence : str
        What the recipe does, in one sentence.
    options : mapping
        The arguments of the recipe, without the DataFrame.
    before : DataFrame
        The rows as they were given.
    after : DataFrame
        The same rows with the changes, in the same order, with the same columns, dtypes and `attrs`.
    changes : DataFrame
        One row per changed cell: the columns that identify the row, `column`, `old`, `new`, `what` (the kind of change)
        and `recipe`.
    skipped : DataFrame
        One row per cell that the recipe does not change because the right value is not certain: the columns that
        identify the row, `column`, `value`, `reason`, `suggestion` (what the value may be; missing if unknown) and
        `recipe`.
    checked : int
        Number of rows with a value that the recipe checked.
    noun : tuple of str
        What these rows are called: one, and many.
    verb : str
        What happened to the changed rows, such as `"reformatted"`.
    parts : tuple of Fix, default ()
        The result of each recipe, if several were composed.

    Examples
    --------
    >>> contacts = pd.DataFrame({"id": [1, 2], "type": "Phone", "value": ["512-555-0101", "555-0102"]})
    >>> fix = stcrm.cleaning.phones(contacts)
    >>> fix
    1 of 2 phones reformatted, 1 skipped
      changed:
        1  000-000-0000 → +10000000000
      skipped:
        1  7 digits: the area code is missing
    >>> fix.after["value"].tolist()
    ['+15125550101', '555-0102']
    """

    recipe: str
    version: int
    sentence: str
    options: Mapping[str, Any]
    before: pd.DataFrame
    after: pd.DataFrame
    changes: pd.DataFrame
    skipped: pd.DataFrame
    checked: int
    noun: tuple[str, str]
    verb: str
    parts: tuple[Fix, ...] = field(default=())

    @property
    def examples(self) -> pd.DataFrame:
        """The kinds of changes, most frequent first: `recipe`, `what`, `cells`, and `old` and `new` of the first cell.

        These are values of rows.
        """
        kinds = self.changes.groupby(["recipe", "what"], sort=False, as_index=False)
        table = kinds.agg(cells=("old", "size"), old=("old", "first"), new=("new", "first"))
        return table.sort_values("cells", ascending=False, kind="stable", ignore_index=True)

    @property
    def reasons(self) -> pd.DataFrame:
        """How many cells were skipped for each reason, most frequent first: `recipe`, `reason`, `cells`."""
        kinds = self.skipped.groupby(["recipe", "reason"], sort=False, as_index=False)
        table = kinds.agg(cells=("value", "size"))
        return table.sort_values("cells", ascending=False, kind="stable", ignore_index=True)

    def summary(self) -> str:
        """Return the counts as one sentence per recipe.

        Returns
        -------
        str
            For example `"1,204 of 79,072 phones reformatted, 310 skipped"`; a line per recipe.

        Examples
        --------
        >>> stcrm.cleaning.names(crm.customers.list()).summary()
        '... of ... names corrected, ... skipped'
        """
        if self.parts:
            return "\n".join(part.summary() for part in self.parts)
        changed, skipped = _count_rows(self.changes), _count_rows(self.skipped)
        return f"{changed:,} of {plural(self.checked, *self.noun)} {self.verb}, {skipped:,} skipped"

    def __repr__(self) -> str:
        if self.parts:
            return "\n".join(map(repr, self.parts))
        lines = [self.summary()]
        for title, rows in self._tables():
            width = max(len(count) for count, _ in rows)
            lines += [f"  {title}:", *(f"    {count.rjust(width)}  {text}" for count, text in rows)]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        if self.parts:
            return "".join(part._repr_html_() for part in self.parts)
        tables = "".join(_table(title, rows) for title, rows in self._tables())
        return f"<div><b>{html.escape(self.summary())}</b><br>{html.escape(self.sentence)}{tables}</div>"

    def _tables(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the tables of the repr that have rows: a title, and counts with a text."""
        texts_of = (("changed", self.changes["what"]), ("skipped", self.skipped["reason"]))
        return [(title, _counted(texts)) for title, texts in texts_of if len(texts)]


def _count_rows(cells: pd.DataFrame) -> int:
    """Return in how many rows there are cells: the columns before `column` identify a row."""
    return len(cells[keys_in(cells)].drop_duplicates())


def keys_in(cells: pd.DataFrame) -> list[str]:
    """Return the columns of `changes` or `skipped` that identify the row."""
    names = list(cells.columns)
    return names[: names.index("column")]


def _counted(texts: pd.Series[Any]) -> list[tuple[str, str]]:
    counts = texts.value_counts(sort=True)
    rows = [(f"{count:,}", printable(str(text))) for text, count in counts.head(SHOWN).items()]
    rest = int(counts.iloc[SHOWN:].sum())
    return rows + ([(f"{rest:,}", "others")] if rest else [])


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    body = "".join(
        f"<tr><td style='{_CELL}; text-align:right'>{html.escape(count)}</td>"
        f"<td style='{_CELL}'>{html.escape(text)}</td></tr>"
        for count, text in rows
    )
    head = f"<caption style='text-align:left; font-weight:bold'>{html.escape(title.capitalize())}</caption>"
    return f"<table style='{_TABLE}'>{head}<tbody>{body}</tbody></table>"
