"""The result of a recipe: the rows before and after, what was changed and what was skipped, with the reason."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stcrm_pandas.output.printable import plural, printable

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
        found = kinds.agg(cells=("old", "size"), old=("old", "first"), new=("new", "first"))
        return found.sort_values("cells", ascending=False, kind="stable", ignore_index=True)

    @property
    def reasons(self) -> pd.DataFrame:
        """How many cells were skipped for each reason, most frequent first: `recipe`, `reason`, `cells`."""
        kinds = self.skipped.groupby(["recipe", "reason"], sort=False, as_index=False)
        found = kinds.agg(cells=("value", "size"))
        return found.sort_values("cells", ascending=False, kind="stable", ignore_index=True)

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
        changed, skipped = _rows(self.changes), _rows(self.skipped)
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
        found = (("changed", self.changes["what"]), ("skipped", self.skipped["reason"]))
        return [(title, _counted(texts)) for title, texts in found if len(texts)]


def _rows(cells: pd.DataFrame) -> int:
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
