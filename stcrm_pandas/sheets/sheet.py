"""A sheet that was read back, with its suspect cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import dtype_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import read
from stcrm_pandas.frame.matching import match
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets.text import texts


@dataclass(frozen=True, repr=False)
class Sheet:
    """The contents of a sheet file.

    Parameters
    ----------
    row : Row
        The row type.
    as_read : DataFrame
        All cells with the documented dtypes; suspect cells without a likely value are missing. If there are suspect
        cells, use `over` for a plan, not this frame.
    suspects : DataFrame
        One row per cell that a spreadsheet program may have changed: `row` (the header is row 1), `key`, `column`,
        `text` (the text of the cell) and `why`.
    places : mapping
        For each column with suspect cells, their positions in `as_read`.
    """

    row: Row
    as_read: pd.DataFrame
    suspects: pd.DataFrame
    places: Mapping[str, npt.NDArray[np.intp]] = field(default_factory=dict)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame, if there are no suspect cells.

        Raises
        ------
        UsageError
            There are suspect cells. Missing values in their place would clear values in the CRM.
        """
        if len(self.suspects):
            raise UsageError(
                f"{self.row.name}: the sheet has {plural(len(self.suspects), 'suspect cell')} (see `suspects`). Use "
                "`over(before)`, which leaves them unchanged, or correct them in `as_read`."
            )
        return self.as_read

    def over(self, before: pd.DataFrame) -> pd.DataFrame:
        """Return the rows, with the values of `before` in all suspect cells, so that they count as unchanged.

        Parameters
        ----------
        before : DataFrame
            The frame that was written, or the same rows as read later.

        Returns
        -------
        DataFrame
            The rows in the order of the sheet.

        Raises
        ------
        UsageError
            A key is missing, appears twice, or is not in `before`.
        """
        after = self.as_read.copy()
        in_before = self._in_before(before)
        columns = {column.name: column for column in self.row.columns}
        for name, places in self.places.items():
            if name not in before.columns:
                after = after.drop(columns=name)
                continue
            cells = after[name].to_numpy(dtype=object).copy()
            cells[places] = before[name].to_numpy(dtype=object)[in_before[places]]
            cells = read(columns[name], pd.Series(cells, dtype=object)).cells
            after[name] = pd.Series(cells, after.index, dtype=dtype_of(columns[name]))
        return after

    def suspects_over(self, before: pd.DataFrame) -> pd.DataFrame:
        """Return the suspect cells that differ from what `write_sheet` would write for `before`.

        Parameters
        ----------
        before : DataFrame
            The frame that was written, or the same rows as read later.

        Returns
        -------
        DataFrame
            The rows of `suspects` that differ.
        """
        in_before = self._in_before(before)
        columns = {column.name: column for column in self.row.columns}
        same: set[tuple[str, int]] = set()
        for name, places in self.places.items():
            if name in before.columns:
                then = read(columns[name], before[name].iloc[in_before[places]]).cells
                written = texts(columns[name], then).to_pylist()
                suspects = self.suspects[self.suspects["column"] == name]
                pairs = zip(suspects.index, suspects["text"], written, strict=True)
                same |= {(name, index) for index, text, was in pairs if text == was}
        return self.suspects.drop(index=[index for _, index in same])

    def _in_before(self, before: pd.DataFrame) -> npt.NDArray[np.intp]:
        """Return the position in `before` of each row of the sheet."""
        old, new = match(self.row, before, self.as_read)
        old = np.arange(len(before)) if old is None else old
        new = np.arange(len(self.as_read)) if new is None else new
        places = np.empty(len(self.as_read), np.intp)
        places[new] = old
        return places

    def __len__(self) -> int:
        return len(self.as_read)

    def __repr__(self) -> str:
        suspects = f", {plural(len(self.suspects), 'suspect cell')}" if len(self.suspects) else ""
        return f"<Sheet of {self.row.name}: {len(self):,} rows, {len(self.as_read.columns)} columns{suspects}>"
