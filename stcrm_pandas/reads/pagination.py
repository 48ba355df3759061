"""Pagination: one page after another until the service reports that no more follow, and the check that none is missing.

A read has one part or several: ids are sent fifty in a request, and rows below parents with a request for each parent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.errors import ServiceError
from stcrm_pandas.http.cache import Generation
from stcrm_pandas.http.query import Query

_BEYOND = 20
"""How many pages more than twice the announced rows a list may have: it may grow while it is read."""


class Page(Protocol):
    """What pagination needs of a decoded page."""

    @property
    def rows(self) -> int:
        """Its number of rows."""

    @property
    def has_more(self) -> bool | None:
        """The service's `hasMore`."""

    @property
    def total(self) -> int | None:
        """The service's number of all rows; None where it was not requested."""

    @property
    def continue_from(self) -> str | None:
        """A feed's token for the next page."""


P = TypeVar("P", bound=Page)


@dataclass(frozen=True)
class Part:
    """One part of a read: the values in its path and its query, and the columns that come from the path."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Query = field(default_factory=list)
    parents: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Read(Generic[P]):
    """An operation and its parts, how a response body is decoded, and `mark`, equal for pages with the same rows.

    With `skips_parents`, the service may refuse one of several parts with 404 or 409 without losing the others.
    """

    operation: Operation
    parts: Sequence[Part]
    decode: Callable[[bytes, Mapping[str, object]], P]
    mark: Callable[[P], Hashable]
    skips_parents: bool = False

    @property
    def signature(self) -> str:
        """A text that is equal for reads of the same rows."""
        return repr((self.operation.id, [(sorted(part.path.items()), part.query) for part in self.parts]))


@dataclass(frozen=True)
class FetchedPage(Generic[P]):
    """A page, the service's date of it, whether it came from the cache, and when it was stored by our clock."""

    page: P
    date: dt.datetime | None
    from_cache: bool
    stored: dt.datetime


@dataclass(frozen=True)
class FetchedRead(Generic[P]):
    """The pages of a read in order, and where they come from.

    `counts` has the number of pages of each part (for a skipped part its HTTP
    status, negative), `total` the service's number of rows at the first page (None where it gave none); `fetched_at` is
    the service's date of the oldest page, `stored_at` this machine's, `problem` what does not add up, if anything. The
    list of pages may be emptied.
    """

    generation: Generation
    pages: list[P]
    counts: tuple[int, ...]
    total: int | None
    fetched_at: dt.datetime | None
    stored_at: dt.datetime | None
    from_cache: int
    problem: str | None


def paginate(ask: Callable[[int], P], mark: Callable[[P], Hashable], *, before: Sequence[P] = ()) -> list[P]:
    """Request one page after another until the service reports that no more follow. The only loop over numbered pages.

    A list could go on forever, so the loop also ends at a page that is empty, repeats another, or is far beyond the
    announced total. `problem_of` then describes the problem.

    Parameters
    ----------
    ask : callable
        Requests a page by its number, from 1.
    mark : callable
        Returns what is equal for pages with the same rows.
    before : sequence of P, default ()
        The pages that were fetched before.
    """
    pages = list(before)
    marks = {mark(page) for page in pages}
    rows = sum(page.rows for page in pages)
    while not pages or pages[-1].has_more:
        page = ask(len(pages) + 1)
        pages.append(page)
        rows += page.rows
        this = mark(page)
        if page.has_more and (page.rows == 0 or this in marks or _beyond(pages, rows)):
            break
        marks.add(this)
    return pages


def problem_of(pages: Sequence[P], mark: Callable[[P], Hashable]) -> str | None:
    """Describe what does not add up in the pages of one list; None if nothing."""
    seen: dict[Hashable, int] = {}
    for number, page in enumerate(pages, 1):
        if page.rows == 0:
            if page.has_more:
                return f"page {number} is empty, but the service reports more pages"
            continue
        if (before := seen.setdefault(mark(page), number)) != number:
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


def _beyond(pages: Sequence[P], rows: int) -> bool:
    total = pages[0].total
    return total is not None and rows > 2 * total + _BEYOND * pages[0].rows


def collect(
    generation: Generation, parts: Sequence[Sequence[FetchedPage[P]] | ServiceError], problem: str | None = None
) -> FetchedRead[P]:
    """Put the pages of all parts together; a part that was skipped is the error that refused it."""
    there = [part for part in parts if not isinstance(part, ServiceError)]
    every = [one for part in there for one in part]
    totals = [part[0].page.total for part in there if part]
    return FetchedRead(
        generation,
        [one.page for one in every],
        tuple(-(part.status or 0) if isinstance(part, ServiceError) else len(part) for part in parts),
        None if None in totals else sum(total for total in totals if total is not None),
        min((one.date for one in every if one.date), default=None),
        min((one.stored for one in every), default=None),
        sum(one.from_cache for one in every),
        problem,
    )
