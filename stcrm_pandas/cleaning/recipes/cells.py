"""Apply a function of one value to the columns of a frame, and collect what it changed and skipped. Pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stcrm_pandas.cleaning.recipes.fix import Fix
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing


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


class Work(NamedTuple):
    """A column to check: the function, the other columns that it needs, and the rows to check (all by default)."""

    column: str
    decide: Callable[..., Verdict]
    beside: tuple[str, ...] = ()
    rows: Any = None


def apply_to(recipe: Recipe, frame: pd.DataFrame, works: Iterable[Work], options: Mapping[str, Any]) -> Fix:
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
        looked = np.array([not is_missing(one) and one != "" for one in cells], dtype=bool)
        if work.rows is not None:
            looked &= np.asarray(work.rows, dtype=bool)
        checked |= looked
        beside = [frame[name].astype(object).to_numpy() if name in frame else None for name in work.beside]
        known: dict[tuple[Any, ...], Verdict] = {}
        places: list[int] = []
        verdicts: list[Changed | Skipped] = []
        for place in np.flatnonzero(looked).tolist():
            values = (cells[place], *(None if column is None else _plain(column[place]) for column in beside))
            if values not in known:
                known[values] = _TOO_LONG if _is_too_long(values[0]) else work.decide(*values)
            verdict = known[values]
            if verdict is not None:
                places.append(place)
                verdicts.append(verdict)
        new = {p: one for p, one in zip(places, verdicts, strict=True) if isinstance(one, Changed)}
        left = {p: one for p, one in zip(places, verdicts, strict=True) if isinstance(one, Skipped)}
        after[work.column] = with_cells(frame[work.column], {p: one.new for p, one in new.items()})
        changed.append(
            _listed(frame, keys, work.column, new, {"old": [cells[p] for p in new]}, ("new", "what"), recipe.name)
        )
        skipped.append(
            _listed(
                frame,
                keys,
                work.column,
                left,
                {"value": [cells[p] for p in left]},
                ("reason", "suggestion"),
                recipe.name,
            )
        )
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
        one for one in TARGETS.values() if one.call.resource == operation.resource and one.row.key == operation.row.key
    )
    return next((one.resource for one in same), operation.row.name)


def needed(frame: Any, recipe: str, columns: Sequence[str], read: str) -> None:
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
        added = [one for one in dict.fromkeys(cells.values()) if one not in known]
        dtype = pd.CategoricalDtype([*dtype.categories, *added], dtype.ordered)
    return pd.Series(values.tolist(), index=column.index, name=column.name, dtype=dtype)


def pattern(text: str) -> str:
    """Return a text with each digit as 0, so that it names no number; the first digit of a country code stays.

    >>> pattern("cell: (512) 555-0101"), pattern("+15125550101")
    ('cell: (000) 000-0000', '+10000000000')
    """
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
    frame: pd.DataFrame,
    keys: Sequence[str],
    column: str,
    found: Mapping[int, tuple[Any, ...]],
    first: Mapping[str, list[Any]],
    names: tuple[str, str],
    recipe: str,
) -> pd.DataFrame:
    """Return one row per changed or skipped cell."""
    rows = frame[list(keys)].iloc[list(found)].reset_index(drop=True)
    rows.attrs = {}
    rows["column"] = pd.Series([column] * len(found), dtype="str")
    for name, values in {
        **first,
        **{name: [one[at] for one in found.values()] for at, name in enumerate(names)},
    }.items():
        rows[name] = pd.Series(values, dtype=object if name in ("old", "new", "value") else "str")
    rows["recipe"] = pd.Series([recipe] * len(found), dtype="str")
    return rows
