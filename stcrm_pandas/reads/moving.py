"""Complete lists whose rows move while they are read.

The lists of contacts have no order that an edit leaves alone: an edited row moves to another page, all rows behind it
move up, and one of these is on no page. So the list is read in spans of creation time, each short enough for one page.
A response shows its rows at one moment, and no edit moves a row to another span.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pyarrow.compute as pc

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import IncompleteRead
from stcrm_pandas.frame import DecodedPage
from stcrm_pandas.reads.pagination import paginate, problem_of

_TRIES = 3
"""How often a list is read page by page that cannot be read in spans."""
_MOMENT = dt.timedelta(microseconds=1)


class Span(NamedTuple):
    """A span of creation time: from `start` to before `end`; None is open."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def filters(self) -> dict[str, dt.datetime]:
        """Return the filters of a list for the span."""
        given = {"created_on_or_after": self.start, "created_before": self.end}
        return {name: moment for name, moment in given.items() if moment is not None}

    def halves(self, created: list[dt.datetime]) -> tuple[Span, Span] | None:
        """Return two shorter spans, each with about half of some rows; None if that is impossible.

        Parameters
        ----------
        created : list of datetime
            When the rows of a page were created, without missing values.
        """
        created = sorted(created)
        if not created or (self.start and created[0] < self.start) or (self.end and created[-1] >= self.end):
            return None  # the service ignores the filter
        middle = next((one for one in created[len(created) // 2 :] if one > created[0]), created[-1] + _MOMENT)
        if middle == self.end:
            middle = created[0]
        return None if middle == self.start else (Span(self.start, middle), Span(middle, self.end))


Ask = Callable[[Span, int], DecodedPage]
"""Returns a page of a span by its number, from 1."""


def read_moving(row: Row, ask: Ask, name: str) -> list[DecodedPage]:
    """Return pages that together have all rows that were there during the whole read; a row may be in several.

    Parameters
    ----------
    row : Row
        The kind of row.
    ask : callable
        Requests a page.
    name : str
        The method, for errors.

    Raises
    ------
    IncompleteRead
        The pages do not add up.
    """
    first = ask(Span(), 1)
    if not first.has_more and problem_of([first], partial(frames.mark, row)) is None:
        return [first]
    pages = _in_spans(row, ask, first) if first.has_more else None
    return _page_by_page(row, ask, name) if pages is None else pages


def _in_spans(row: Row, ask: Ask, first: DecodedPage) -> list[DecodedPage] | None:
    """Return a page for each span; None if the list cannot be read like that."""
    waiting = [(Span(), first)]
    pages: list[DecodedPage] = []
    # Twice as many spans as pages are usual. Many more mean that the filter does not do what it should.
    left = 100 + 10 * (first.total or 0) // max(first.rows, 1)
    while waiting:
        span, page = waiting.pop()
        if not page.has_more:
            pages.append(page)
            continue
        halves = span.halves(pc.drop_null(page.table.column("created_on").combine_chunks()).to_pylist())
        if halves is None or left <= 0:
            return None
        left -= 2
        waiting += [(half, ask(half, 1)) for half in reversed(halves)]
    # Rows without a time of creation are in no span. Created and deleted rows change the total.
    total = ask(Span(), 1).total
    least = min((one for one in (first.total, total) if one is not None), default=0)
    return pages if len(_keys(row, pages)) >= least else None


def _page_by_page(row: Row, ask: Ask, name: str) -> list[DecodedPage]:
    """Return the pages of several reads that together have as many rows as the service counts."""
    pages: list[DecodedPage] = []
    mark = partial(frames.mark, row)
    for _ in range(_TRIES):
        part = paginate(partial(ask, Span()), mark)
        problem, total = problem_of(part, mark), part[0].total
        pages += part
        rows = len(_keys(row, pages))
        if rows >= total if total is not None else problem is None:
            return pages
    problem = problem or f"{rows} rows came instead of the announced {total}"
    raise IncompleteRead(f"{name}: {problem}, and so in {_TRIES} reads. Try again later.", rows=rows, total=total)


def _keys(row: Row, pages: list[DecodedPage]) -> set[Any]:
    return {
        key for page in pages for key in zip(*(page.table.column(name).to_pylist() for name in row.key), strict=True)
    }
