"""Walks: all pages of one read, side by side where the service can sort, out of the cache where they are stored.

A read has one part or several (ids come in calls of fifty, sub-resources one call for each parent). The pages of a
single part are fetched side by side; several parts are, each of them page by page.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from typing import Any, Generic, Protocol, TypeVar

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.errors import AnswerError, Conflict, NotAnAnswer, NotCachedError, NotFound, ServiceError
from stcrm_pandas.http import wire
from stcrm_pandas.http.cache import Cache, Generation
from stcrm_pandas.http.query import Query
from stcrm_pandas.http.session import CachedPoliteSession
from stcrm_pandas.http.waiting import first_done

_DECODERS = os.cpu_count() or 1
_BEYOND = 20
"""How many pages beyond twice the announced rows a list may have: some growth while it is read is no error."""
_NOTHING_NEW = 20
"""How many pages in a row a feed may give without anything new in them; some may be empty, and rows may repeat."""


class Page(Protocol):
    """What a walk needs to know of a decoded page."""

    @property
    def rows(self) -> int:
        """How many rows it has."""

    @property
    def has_more(self) -> bool | None:
        """Whether the service says that another follows."""

    @property
    def total(self) -> int | None:
        """How many rows there are in all, where it was asked for."""

    @property
    def continue_from(self) -> str | None:
        """A feed's token for what follows."""


P = TypeVar("P", bound=Page)
T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """One stretch of a read: what stands in its path and its query, and which columns follow from there."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Query = field(default_factory=list)
    parents: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Read(Generic[P]):
    """A read: an operation, its parts, how a body becomes a page, and what tells one page from another.

    `skips_parents`: one part of several may be refused with 404 or 409 without losing the others.
    """

    operation: Operation
    parts: Sequence[Part]
    decode: Callable[[bytes, Mapping[str, object]], P]
    mark: Callable[[P], Hashable]
    skips_parents: bool = False

    @property
    def signature(self) -> str:
        """What two reads have in common that ask for the same."""
        return repr((self.operation.id, [(sorted(part.path.items()), part.query) for part in self.parts]))


@dataclass(frozen=True)
class Got(Generic[P]):
    """A page, when the service gave it, whether it came from the cache, and since when it is here by our clock."""

    page: P
    date: dt.datetime | None
    from_cache: bool
    stored: dt.datetime


@dataclass(frozen=True)
class Walk(Generic[P]):
    """A read that was walked: its pages in order, and what is known of it as a whole.

    `dates` has the service's date of each page, `counts` the number of pages of each part (of one that was skipped the
    status, negative), `total` how many rows the service counted as the walk began (None where it did not say);
    `fetched_at` is the service's date of the oldest page, `stored_at` the machine's, `problem` what does not add up, if
    anything. The list of pages is the holder's to empty.
    """

    generation: Generation
    pages: list[P]
    dates: tuple[dt.datetime | None, ...]
    counts: tuple[int, ...]
    total: int | None
    fetched_at: dt.datetime | None
    stored_at: dt.datetime | None
    from_cache: int
    problem: str | None


def paginate(ask: Callable[[int], P], mark: Callable[[P], Hashable], *, before: Sequence[P] = ()) -> list[P]:
    """Ask for one page after another until the service says that no more follow. The only loop over numbered pages.

    It also ends at a page that would never end: an empty one, one that repeats another, or one far beyond the
    announced total. `problem_of` then says what is wrong.

    Parameters
    ----------
    ask : callable
        Gets a page by its number, from 1.
    mark : callable
        What tells one page from another.
    before : sequence of P, default ()
        The pages that are there already.
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
    """Return what does not add up in the pages of one list; None where all is well."""
    seen: dict[Hashable, int] = {}
    for number, page in enumerate(pages, 1):
        if page.rows == 0:
            if page.has_more:
                return f"page {number} is empty, and the service says that more follows"
            continue
        if (before := seen.setdefault(mark(page), number)) != number:
            return f"page {number} repeats page {before}"
    rows, total = sum(page.rows for page in pages), pages[0].total if pages else None
    if short_of := shortfall(rows, total):
        return short_of
    if pages and pages[-1].has_more:
        return f"{rows} rows came where {total} were announced, and the service says that more follow"
    short = [number for number, page in enumerate(pages, 1) if page.has_more and page.rows < pages[0].rows]
    if total is None and short:
        return f"page {short[0]} is shorter than page 1, though more follow"
    return None


def shortfall(rows: int, total: int | None) -> str | None:
    """Return what is wrong where fewer rows came than the service counted; None where none are missing."""
    if total is not None and rows < total:
        return f"{rows} rows came where {total} were announced"
    return None


def _beyond(pages: Sequence[P], rows: int) -> bool:
    total = pages[0].total
    return total is not None and rows > 2 * total + _BEYOND * pages[0].rows


def _walk_of(
    generation: Generation, parts: Sequence[Sequence[Got[P]] | ServiceError], problem: str | None = None
) -> Walk[P]:
    there = [part for part in parts if not isinstance(part, ServiceError)]
    every = [one for part in there for one in part]
    totals = [part[0].page.total for part in there if part]
    return Walk(
        generation,
        [one.page for one in every],
        tuple(one.date for one in every),
        tuple(-(part.status or 0) if isinstance(part, ServiceError) else len(part) for part in parts),
        None if None in totals else sum(total for total in totals if total is not None),
        min((one.date for one in every if one.date), default=None),
        min((one.stored for one in every), default=None),
        sum(one.from_cache for one in every),
        problem,
    )


class Watch(Protocol):
    """Who is told how a walk gets on."""

    def page(self, rows: int, total: int | None, from_cache: bool) -> None:
        """A page is there; `total` is how many rows are expected in all, where that is known."""


class Walker:
    """Walks reads over one connection.

    Parameters
    ----------
    session : CachedPoliteSession
        Sends and stores.
    cache : Cache
        Says what is stored.
    api_url, tenant : str
        Where to.
    concurrency : int
        How many calls go side by side.
    offline : bool
        Send nothing.
    page_size : int, default wire.PAGE_SIZE
        Rows a page, given smaller by tests.
    """

    def __init__(
        self,
        session: CachedPoliteSession,
        cache: Cache,
        *,
        api_url: str,
        tenant: int,
        concurrency: int,
        offline: bool,
        page_size: int = wire.PAGE_SIZE,
    ) -> None:
        self.cache = cache
        self._session = session
        self._api_url, self._tenant = api_url, tenant
        self._offline = offline
        # More threads than calls, unless one thing is to be done after the other: while some turn bodies into pages,
        # the others keep all calls under way.
        self._calls = threading.BoundedSemaphore(concurrency)
        self._width = concurrency + _DECODERS if concurrency > 1 else 1
        self._size = page_size
        self._pool = ThreadPoolExecutor(self._width, thread_name_prefix="stcrm")

    def walk(self, read: Read[P], *, max_age: dt.timedelta, watch: Watch) -> Walk[P]:
        """Walk a read to its end: wholly from one stored generation, or by fetching.

        Parameters
        ----------
        max_age : dt.timedelta
            How old a stored walk may be.

        Raises
        ------
        NotCachedError
            Offline, and the read is not stored.
        ServiceError
            The service refused, or failed at every repeat. What was fetched is kept for a while.
        """
        stored = self.cache.find(read.signature, max_age=None if self._offline else max_age)
        if stored is not None and (read.skips_parents or min(stored.parts or (0,)) >= 0):
            try:
                return self._from_cache(read, stored, watch)
            except NotCachedError:
                self.cache.drop([stored.id])  # a page of it was lost
        if self._offline:
            raise NotCachedError(
                f"{read.operation.helper}: offline, and this read is not in the cache {self.cache.path.name}. Read it "
                "once with the same filters over connect() without offline=True."
            )
        generation = self.cache.begin(read.signature, read.operation.resource, max_age=max_age)
        if len(read.parts) != 1:
            jobs = [partial(self._unless_skipped, read, generation, part, watch) for part in range(len(read.parts))]
            parts: list[list[Got[P]] | ServiceError] = list(self._side_by_side(jobs, self._width))
            refused = [part for part in parts if isinstance(part, ServiceError)]
            if parts and len(refused) == len(parts):
                raise refused[0]
        elif read.operation.answer != "page" or read.operation.sort is None:
            parts = [self._one_by_one(read, generation, 0, watch)]
        else:
            parts = [self._pages_side_by_side(read, generation, watch)]
        pages = [[one.page for one in part] for part in parts if not isinstance(part, ServiceError)]
        problems = [problem for part in pages if (problem := problem_of(part, read.mark))]
        return _walk_of(generation, parts, problems[0] if problems else None)

    def finish(self, operation: Operation, walk: Walk[P]) -> None:
        """Say that a walk proved whole: from now on it may be read from the cache. A feed has no end to be whole at."""
        if operation.answer == "feed":
            self.cache.shrink()
        elif walk.generation.parts is None:
            self.cache.finish(walk.generation, walk.counts)

    def follow(
        self, read: Read[P], start: str | None, *, max_age: dt.timedelta, watch: Watch
    ) -> tuple[Walk[P], str | None]:
        """Follow a feed to its end.

        Stored pages are used while the service said that more follows; the last page never is, unless offline.

        Parameters
        ----------
        start : str or None
            A token, or a date in the service's form; None is the beginning.
        max_age : dt.timedelta
            How old stored pages may be.

        Returns
        -------
        tuple[Walk[P], str | None]
            The walk, and the token from which the feed goes on later.

        Raises
        ------
        NotCachedError
            Offline, and a page is not stored.
        """
        generation = self.cache.feed(read.signature, read.operation.resource)
        got: list[Got[P]] = []
        marks: set[Hashable] = set()
        token, seen = start, {start}
        nothing_new = 0
        while True:
            one = self._feed_page(read, generation, token, max_age)
            follows = one.page.continue_from
            got.append(one)
            watch.page(one.page.rows, None, one.from_cache)
            if not one.page.has_more:
                return _walk_of(generation, [got]), follows or token
            mark = read.mark(one.page)
            nothing_new = nothing_new + 1 if one.page.rows == 0 or mark in marks else 0
            marks.add(mark)
            problem = None
            if not follows or follows in seen:
                problem = "the feed says that more follows, but gives " + ("a token again" if follows else "no token")
            elif nothing_new == _NOTHING_NEW:
                problem = f"the feed says that more follows, but {nothing_new} pages in a row had nothing new in them"
            if problem:
                return _walk_of(generation, [got], problem), token
            token = follows
            seen.add(token)

    def close(self) -> None:
        """Let the threads go, those that wait too."""
        self._session.interrupt()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # One page

    def _page(self, read: Read[P], generation: Generation, part: int, number: int, *, stored: bool = False) -> Got[P]:
        where = read.parts[part]
        query = where.query
        if read.operation.answer == "page":
            query = wire.page_query(read.operation, query, number, self._size)
        return self._get(read, where, query, generation.key(part, number), only_if_cached=stored)

    def _feed_page(self, read: Read[P], generation: Generation, token: str | None, max_age: dt.timedelta) -> Got[P]:
        where = read.parts[0]
        query = [*where.query, *([("from", token)] if token else [])]
        key = generation.key(0, _token_key(token))
        if self._offline:
            return self._get(read, where, query, key, only_if_cached=True)
        stored = self.cache.page(key)
        if stored is not None and dt.timedelta(0) <= (self.cache.now() - stored.created_at) < max_age:
            with contextlib.suppress(AnswerError):
                got = self._decoded(read, where, stored, key)
                if got.page.has_more:
                    return got
        # The stored page, if there is one, stays for offline reads until another takes its place.
        return self._get(read, where, query, key, force_refresh=True)

    def _get(
        self, read: Read[P], where: Part, query: Query, key: str, *, only_if_cached: bool = False, **how: bool
    ) -> Got[P]:
        call = wire.build(read.operation, self._api_url, self._tenant, where.path, query)
        for last in (False, True):
            try:
                with self._calls:
                    response = self._session.ask(call, page_key=key, only_if_cached=only_if_cached, **how)
            except (NotFound, Conflict) as error:
                raise wire.located(error, where.path) from None
            if response.status_code == 504 and only_if_cached:
                raise NotCachedError(f"{read.operation.helper}: offline, and a page of this read is not in the cache.")
            try:
                return self._decoded(read, where, response, key)
            except NotAnAnswer:
                if last:
                    raise
        raise AssertionError("returned or raised")

    def _decoded(self, read: Read[P], where: Part, response: Any, key: str) -> Got[P]:
        try:
            page = read.decode(response.content, where.parents)
        except AnswerError:
            self.cache.forget_page(key)  # so that it is asked for anew
            raise
        from_cache = bool(getattr(response, "from_cache", False))
        stored = response.created_at if from_cache else self.cache.now()
        return Got(page, wire.service_date(response.headers), from_cache, stored)

    # Walks

    def _from_cache(self, read: Read[P], generation: Generation, watch: Watch) -> Walk[P]:
        counts = generation.parts or ()
        places = [(part, number) for part, count in enumerate(counts) for number in range(1, count + 1)]

        def job(part: int, number: int) -> Got[P]:
            got = self._page(read, generation, part, number, stored=True)
            watch.page(got.page.rows, None, True)
            return got

        got = iter(list(self._side_by_side([partial(job, *place) for place in places], _DECODERS)))
        return replace(_walk_of(generation, [[next(got) for _ in range(count)] for count in counts]), counts=counts)

    def _unless_skipped(
        self, read: Read[P], generation: Generation, part: int, watch: Watch
    ) -> list[Got[P]] | ServiceError:
        """The pages of one part, or why it is left out."""
        try:
            return self._one_by_one(read, generation, part, watch)
        except (NotFound, Conflict) as error:
            if not read.skips_parents:
                raise
            return error

    def _one_by_one(self, read: Read[P], generation: Generation, part: int, watch: Watch) -> list[Got[P]]:
        got: list[Got[P]] = []
        self._go_on(read, generation, part, got, watch)
        return got

    def _go_on(self, read: Read[P], generation: Generation, part: int, got: list[Got[P]], watch: Watch) -> None:
        def ask(number: int) -> P:
            one = self._page(read, generation, part, number)
            got.append(one)
            watch.page(one.page.rows, got[0].page.total if len(read.parts) == 1 else None, one.from_cache)
            return one.page

        paginate(ask, read.mark, before=[one.page for one in got])

    def _pages_side_by_side(self, read: Read[P], generation: Generation, watch: Watch) -> list[Got[P]]:
        first = self._page(read, generation, 0, 1)
        total = first.page.total
        watch.page(first.page.rows, total, first.from_cache)
        got = [first]
        if first.page.has_more and total is not None:
            last = -(-total // self._size)
            ended, marks = False, {read.mark(first.page)}

            def job(number: int) -> Got[P]:
                nonlocal ended
                one = self._page(read, generation, 0, number)
                mark = read.mark(one.page)
                # A total can be wrong: where nothing new comes, no more is asked for.
                ended = ended or not one.page.has_more or one.page.rows == 0 or mark in marks
                marks.add(mark)
                watch.page(one.page.rows, total, one.from_cache)
                return one

            numbers = takewhile(lambda _: not ended, range(2, last + 1))
            got += self._side_by_side((partial(job, number) for number in numbers), self._width)
            while len(got) > 1 and got[-1].page.rows == 0 and not got[-2].page.has_more:
                got.pop()  # pages asked for beyond the end
        if got[-1].page.has_more:
            self._go_on(read, generation, 0, got, watch)
        return got

    def _side_by_side(self, jobs: Iterable[Callable[[], T]], width: int) -> Iterator[T]:
        """Run jobs in threads, at most `width` at once, and hand out their results in order."""
        waiting = iter(jobs)
        results: dict[int, T] = {}
        running: dict[Future[T], int] = {}
        started = handed_out = 0
        try:
            while True:
                while len(running) < width and (job := next(waiting, None)) is not None:
                    running[self._pool.submit(job)] = started
                    started += 1
                if not running:
                    return
                for future in first_done(running):
                    results[running.pop(future)] = future.result()
                while handed_out in results:
                    yield results.pop(handed_out)
                    handed_out += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                self._session.interrupted.set()
            for future in running:
                future.cancel()
            if isinstance(error, KeyboardInterrupt):
                wait(running, timeout=0.5)  # pages that are nearly there are kept
                self._session.interrupt()
                wait(running, timeout=1)
                self._session.interrupted.clear()
            raise


def _token_key(token: str | None) -> str:
    return hashlib.sha256((token or "").encode()).hexdigest()
