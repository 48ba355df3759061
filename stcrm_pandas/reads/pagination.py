"""Pagination: every loop over the pages of a list or a feed, and the check that no row is missing. Pure.

| loop | for |
| --- | --- |
| `paginate` | one page after another, until the service reports that no more follow |
| `paginate_in_parallel` | sorted lists: the first page has the total, the others are requested at the same time |
| `paginate_stored` | pages from the cache, whose number is known |
| `paginate_feed` | export feeds: each page has the token of the next one |
| `paginate_spans` | lists whose rows move while they are read: one page for each span of creation time |

Each loop takes a function that requests one page. A list could go on forever, so each loop also ends at a page without
new rows; `problem_of` then describes what does not add up.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple, TypeVar

import pyarrow.compute as pc

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import IncompleteRead
from stcrm_pandas.frame import DecodedPage, mark

P = TypeVar("P", bound=DecodedPage)
Run = Callable[[Iterable[Callable[[], P]]], Iterator[P]]
"""Runs jobs at the same time, and yields their results in order."""

_BEYOND = 20
"""How many pages more than twice the announced rows a list may have: it may grow while it is read."""
_NOTHING_NEW = 20
"""How many pages in a row a feed may give without anything new in them; some may be empty, and rows may repeat."""
_TRIES = 3
"""How often a list is read page by page that cannot be read in spans."""
_MOMENT = dt.timedelta(microseconds=1)


def paginate(ask: Callable[[int], P], row: Row, *, before: Sequence[P] = ()) -> list[P]:
    """Request one page after another until the service reports that no more follow.

    Parameters
    ----------
    ask : callable
        Requests a page by its number, from 1.
    row : Row
        The kind of row.
    before : sequence of DecodedPage, default ()
        The pages that were requested before.
    """
    pages = list(before)
    marks = {mark(row, page) for page in pages}
    while not pages or pages[-1].has_more:
        page = ask(len(pages) + 1)
        pages.append(page)
        this = mark(row, page)
        if page.has_more and (page.rows == 0 or this in marks or _is_endless(pages)):
            break
        marks.add(this)
    return pages


def paginate_in_parallel(ask: Callable[[int], P], row: Row, *, size: int, run: Run[P]) -> list[P]:
    """Request the first page with the total, then the others at the same time, then those beyond the total.

    Parameters
    ----------
    ask : callable
        Requests a page by its number, from 1; several threads call it.
    row : Row
        The kind of row.
    size : int
        The number of rows of a page.
    run : callable
        Runs the requests.
    """
    pages = [ask(1)]
    total = pages[0].total
    if pages[0].has_more and total is not None:
        ended, marks = False, {mark(row, pages[0])}

        def job(number: int) -> P:
            nonlocal ended
            page = ask(number)
            this = mark(row, page)
            # A total can be wrong: after a page without new rows no more are requested.
            ended = ended or not page.has_more or page.rows == 0 or this in marks
            marks.add(this)
            return page

        numbers = takewhile(lambda _: not ended, range(2, -(-total // size) + 1))
        pages += run(partial(job, number) for number in numbers)
        while len(pages) > 1 and pages[-1].rows == 0 and not pages[-2].has_more:
            pages.pop()  # pages requested beyond the end
    return paginate(ask, row, before=pages)


def paginate_stored(ask: Callable[[int, int], P], counts: Sequence[int], *, run: Run[P]) -> list[list[P]]:
    """Load the pages of each part, whose numbers are known.

    Parameters
    ----------
    ask : callable
        Loads a page by the position of its part, and its number in it.
    counts : sequence of int
        The number of pages of each part; that of a part without pages may be negative.
    run : callable
        Loads at the same time.
    """
    places = [(part, number) for part, count in enumerate(counts) for number in range(1, count + 1)]
    pages = iter(list(run(partial(ask, *place) for place in places)))
    return [[next(pages) for _ in range(count)] for count in counts]


def paginate_feed(
    ask: Callable[[str | None], P], row: Row, start: str | None
) -> tuple[list[P], str | None, str | None]:
    """Request the pages of a feed to its end; return them with the token to continue from, and what is wrong.

    Parameters
    ----------
    ask : callable
        Requests a page by its token.
    row : Row
        The kind of row.
    start : str or None
        A token, a date, or None for the start of the feed.
    """
    pages: list[P] = []
    marks: set[Hashable] = set()
    token, tokens, nothing_new = start, {start}, 0
    while True:
        page = ask(token)
        pages.append(page)
        following = page.continue_from
        if not page.has_more:
            return pages, following or token, None
        this = mark(row, page)
        nothing_new = nothing_new + 1 if page.rows == 0 or this in marks else 0
        marks.add(this)
        if not following or following in tokens:
            gives = "a repeated token" if following else "no token"
            return pages, token, f"the feed reports more pages, but gives {gives}"
        if nothing_new == _NOTHING_NEW:
            return pages, token, f"the feed reports more pages, but {nothing_new} pages in a row had nothing new"
        token = following
        tokens.add(token)


class Span(NamedTuple):
    """A span of creation time: from `start` to before `end`; None is open."""

    start: dt.datetime | None = None
    end: dt.datetime | None = None

    def filters(self) -> dict[str, dt.datetime]:
        """Return the filters of a list for the span."""
        filters = {"created_on_or_after": self.start, "created_before": self.end}
        return {name: moment for name, moment in filters.items() if moment is not None}

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
        later = (moment for moment in created[len(created) // 2 :] if moment > created[0])
        middle = next(later, created[-1] + _MOMENT)
        if middle == self.end:
            middle = created[0]
        return None if middle == self.start else (Span(self.start, middle), Span(middle, self.end))


AskSpan = Callable[[Span, int], DecodedPage]
"""Requests a page of a span by its number, from 1."""


def paginate_spans(ask: AskSpan, row: Row, name: str) -> list[DecodedPage]:
    """Return pages that together have all rows that were there during the whole read; a row may be in several.

    The lists of contacts have no order that an edit leaves alone: an edited row moves to another page, all rows behind
    it move up, and one of these is on no page. So the list is read in spans of creation time, each short enough for one
    page. A response shows its rows at one moment, and no edit moves a row to another span.

    Parameters
    ----------
    ask : callable
        Requests a page.
    row : Row
        The kind of row.
    name : str
        The method, for errors.

    Raises
    ------
    IncompleteRead
        The pages do not add up.
    """
    first = ask(Span(), 1)
    if not first.has_more and problem_of([first], row) is None:
        return [first]
    pages = _in_spans(ask, row, first) if first.has_more else None
    return _page_by_page(ask, row, name) if pages is None else pages


def _in_spans(ask: AskSpan, row: Row, first: DecodedPage) -> list[DecodedPage] | None:
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
    totals = (first.total, ask(Span(), 1).total)
    least = min((total for total in totals if total is not None), default=0)
    return pages if len(_keys(row, pages)) >= least else None


def _page_by_page(ask: AskSpan, row: Row, name: str) -> list[DecodedPage]:
    """Return the pages of several reads that together have as many rows as the service counts."""
    pages: list[DecodedPage] = []
    for _ in range(_TRIES):
        part = paginate(partial(ask, Span()), row)
        problem, total = problem_of(part, row), part[0].total
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


def problem_of(pages: Sequence[DecodedPage], row: Row) -> str | None:
    """Describe what does not add up in the pages of one list; None if nothing."""
    numbers: dict[Hashable, int] = {}
    for number, page in enumerate(pages, 1):
        if page.rows == 0:
            if page.has_more:
                return f"page {number} is empty, but the service reports more pages"
            continue
        if (before := numbers.setdefault(mark(row, page), number)) != number:
            return f"page {number} repeats page {before}"
    rows, total = sum(page.rows for page in pages), pages[0].total if pages else None
    if short_of := shortfall(rows, total):
        return short_of
    if pages and pages[-1].has_more:
        return f"{rows} rows came instead of the announced {total}, and the service reports more pages"
    short = [number for number, page in enumerate(pages, 1) if page.has_more and page.rows < pages[0].rows]
    if total is None and short:
        return f"page {short[0]} is shorter than page 1, but the service reports more pages"
    return None


def shortfall(rows: int, total: int | None) -> str | None:
    """Describe how many rows are missing from the service's total; None if none are."""
    if total is not None and rows < total:
        return f"{rows} rows came instead of the announced {total}"
    return None


def _is_endless(pages: Sequence[DecodedPage]) -> bool:
    """Return whether pages have far more rows than announced."""
    first = pages[0]
    return first.total is not None and sum(page.rows for page in pages) > 2 * first.total + _BEYOND * first.rows
