"""What the results of all analyses have in common: the numbers, and what is made from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import ClassVar, NamedTuple, TypeVar

import pandas as pd

from stcrm_pandas.analysis.base.definitions import Definitions
from stcrm_pandas.analysis.base.display import Sentences, Shown, Table
from stcrm_pandas.analysis.base.findings import Action, Check, WorkList
from stcrm_pandas.analysis.base.headline import Tile
from stcrm_pandas.analysis.base.periods import Period

__all__ = ["Analysis", "Parts", "Result"]

_Shown = TypeVar("_Shown", Shown, Table)


@dataclass(frozen=True, repr=False, kw_only=True)
class Result:
    """The numbers that all analyses have in common. Each analysis adds more.

    `period` has the days that the numbers are about, None for everything that was read. `asked` is the period that was
    passed: if too few of its rows can be measured, `period` is the latest one before it that can.
    """

    table: pd.DataFrame
    overall: pd.DataFrame
    left_out: Mapping[str, int]
    by: tuple[str, ...]
    as_of: dt.datetime
    time_zone: str | None
    min_group: int
    complete: bool
    cautions: tuple[str, ...] = ()
    period: Period | None = None
    asked: Period | None = None


class Parts(NamedTuple):
    """The modules with `main_table`; `actions`, `check`, `tiles`; `work_lists`; `definitions`, `summary`."""

    display: ModuleType
    findings: ModuleType
    lists: ModuleType
    sentences: ModuleType


class Analysis(Result):
    """A result with sentences, tiles, actions, lists, checks and figures: the base class of all public results.

    A subclass sets `_parts`: the modules that compute them from its numbers.
    """

    _parts: ClassVar[Parts]

    @property
    def definitions(self) -> Definitions:
        """The definition of each number, by its name."""
        definitions: Definitions = self._parts.sentences.definitions(self)
        return definitions

    def summary(self) -> Sentences:
        """Return the results in sentences."""
        return Sentences([*self.cautions, *self._parts.sentences.summary(self)])

    def tiles(self) -> list[Tile]:
        """Return four key figures for the last 4 complete weeks that are old enough; none without a time zone."""
        return [*self._parts.findings.tiles(self)]

    def actions(self) -> list[Action]:
        """Return what to do this week; empty if nothing is clear."""
        return [*self._parts.findings.actions(self, self.work_lists)]

    @cached_property
    def work_lists(self) -> dict[str, WorkList]:
        """Call lists and cleanup lists by key: the only personal data of a result. They are created on first use."""
        return {one.key: one for one in self._parts.lists.work_lists(self)}

    @property
    def check(self) -> Check:
        """Counts to compare with ServiceTitan's screens, and the steps from the rows read to those analyzed."""
        check: Check = self._parts.findings.check(self)
        return check

    def __repr__(self) -> str:
        by = " and ".join(self.by) or "nothing"
        return f"<{type(self).__name__} by {by}: {len(self.table)} rows, as of {self.as_of:%Y-%m-%d}>"

    def _repr_html_(self) -> str:
        main: Shown = self._parts.display.main_table(self)
        return self._defined(main)._repr_html_()

    def _defined(self, table: _Shown) -> _Shown:
        """Return a table whose titles lead to the definitions of what they name."""
        return replace(table, terms=self.definitions.terms)
