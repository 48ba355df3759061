"""Fetch the pages of a read: each from the cache or from the service, in the loop of `pagination` that fits.

A read has one part or several: ids are sent fifty in a request, and rows below parents with a request for each parent.
The pages of a single part are fetched in parallel if the service can sort them. Several parts are fetched in parallel,
each sequentially.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import (
    Conflict,
    InvalidResponse,
    NotCachedError,
    NotFound,
    ResponseError,
    ServiceError,
    UsageError,
)
from stcrm_pandas.frame import DecodedPage
from stcrm_pandas.http import wire
from stcrm_pandas.http.cache import Cache, Generation
from stcrm_pandas.http.query import Query
from stcrm_pandas.http.session import CachedServiceSession, first_done
from stcrm_pandas.reads.pagination import paginate, paginate_feed, paginate_in_parallel, paginate_stored, problem_of
from stcrm_pandas.reads.progress import Bar

_DECODERS = os.cpu_count() or 1

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """One part of a read: the values in its path and its query, and the columns that come from the path."""

    path: Mapping[str, object] = field(default_factory=dict)
    query: Query = field(default_factory=list)
    parents: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Read:
    """An operation and its parts.

    With `skips_parents`, the service may refuse one of several parts with 404 or 409 without losing the others.
    """

    operation: Operation
    parts: Sequence[Part]
    skips_parents: bool = False

    @property
    def row(self) -> Row:
        """The kind of row.

        Raises
        ------
        UsageError
            The operation returns no rows.
        """
        if self.operation.row is None:
            raise UsageError(f"{self.operation.name} returns no rows.")
        return self.operation.row

    @property
    def signature(self) -> str:
        """A text that is equal for reads of the same rows."""
        return repr((self.operation.id, [(sorted(part.path.items()), part.query) for part in self.parts]))

    def decode(self, body: bytes, parents: Mapping[str, object]) -> DecodedPage:
        """Decode the body of a response."""
        if self.operation.returns != "scalar":
            return frames.decode(self.row, self.operation.returns, body, parents=parents)
        # A bare value, or an empty body: make it the only field of a row.
        body = b'{"%s":%s}' % (self.row.fields[0].name.encode(), body.strip() or b"null")
        return frames.decode(self.row, "row", body, parents=parents)


@dataclass(frozen=True)
class FetchedPage(DecodedPage):
    """A page, the service's date of it, whether it came from the cache, and when it was stored by our clock."""

    date: dt.datetime | None
    from_cache: bool
    stored: dt.datetime


@dataclass(frozen=True)
class FetchedRead:
    """The pages of a read in order, and where they come from.

    `counts` has the number of pages of each part (for a skipped part its HTTP
    status, negative), `total` the service's number of rows at the first page (None where it gave none); `fetched_at` is
    the service's date of the oldest page, `stored_at` this machine's, `problem` what does not add up, if anything. The
    list of pages may be emptied.
    """

    generation: Generation
    pages: list[DecodedPage]
    counts: tuple[int, ...]
    total: int | None
    fetched_at: dt.datetime | None
    stored_at: dt.datetime | None
    from_cache: int
    problem: str | None

    @classmethod
    def of(
        cls,
        generation: Generation,
        parts: Sequence[Sequence[FetchedPage] | ServiceError],
        problem: str | None = None,
    ) -> FetchedRead:
        """Put the pages of all parts together; a part that was skipped is the error that refused it."""
        read = [part for part in parts if not isinstance(part, ServiceError)]
        pages = [page for part in read for page in part]
        totals = [part[0].total for part in read if part]
        return cls(
            generation,
            [*pages],
            tuple(-(part.status or 0) if isinstance(part, ServiceError) else len(part) for part in parts),
            None if None in totals else sum(total for total in totals if total is not None),
            min((page.date for page in pages if page.date), default=None),
            min((page.stored for page in pages), default=None),
            sum(page.from_cache for page in pages),
            problem,
        )


class Fetcher:
    """Fetches the pages of reads over one connection, or takes them from its cache."""

    def __init__(
        self,
        session: CachedServiceSession,
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
        # More threads than requests, unless reads are sequential: while some threads decode response bodies, the others
        # keep all requests in flight.
        self._requests = threading.BoundedSemaphore(concurrency)
        self._width = concurrency + _DECODERS if concurrency > 1 else 1
        self._size = page_size
        self._pool = ThreadPoolExecutor(self._width, thread_name_prefix="stcrm")

    def fetch(self, read: Read, *, max_age: dt.timedelta, bar: Bar) -> FetchedRead:
        """Fetch all pages of a read, or take all from one stored generation that is no older than `max_age`.

        Raises
        ------
        NotCachedError
            Offline, and the read is not stored.
        ServiceError
            The service refused, or failed on every retry. The pages that were fetched are kept for a while.
        """
        stored = self.stored(read, max_age=max_age)
        if stored is not None:
            try:
                return self._from_cache(read, stored, bar)
            except NotCachedError:
                self.cache.drop([stored.id])  # a page of it was lost
        if self._offline:
            raise NotCachedError(
                f"{read.operation.name}: the connection is offline, and this read is not in the cache "
                f"{self.cache.path.name}. Connect without offline=True, and read it once with the same filters."
            )
        generation = self.cache.begin(read.signature, read.operation.resource, max_age=max_age)
        if len(read.parts) == 1:
            parts: list[list[FetchedPage] | ServiceError] = [self._part(read, generation, 0, bar)]
        else:
            jobs = [partial(self._unless_skipped, read, generation, part, bar) for part in range(len(read.parts))]
            parts = list(self._in_parallel(jobs))
            refused = [part for part in parts if isinstance(part, ServiceError)]
            if parts and len(refused) == len(parts):
                raise refused[0]
        problems = (problem_of(part, read.row) for part in parts if not isinstance(part, ServiceError))
        return FetchedRead.of(generation, parts, next(filter(None, problems), None))

    def stored(self, read: Read, *, max_age: dt.timedelta) -> Generation | None:
        """Return the stored generation that a read may be taken from; offline, whatever its age."""
        stored = self.cache.find(read.signature, max_age=None if self._offline else max_age)
        return stored if stored is not None and (read.skips_parents or min(stored.parts or (0,)) >= 0) else None

    def finish(self, operation: Operation, fetched: FetchedRead) -> None:
        """Mark a read as complete: from now on it may be taken from the cache. A feed is never complete."""
        if operation.returns == "feed":
            self.cache.shrink()
        elif fetched.generation.parts is None:
            self.cache.finish(fetched.generation, fetched.counts)

    def pages(self, read: Read) -> int | None:
        """Return the number of pages of a list, from a request for one row."""
        total = self.total(read)
        return None if total is None else max(1, -(-total // self._size))

    def total(self, read: Read) -> int | None:
        """Return the number of rows of a list; it requests a single row, because the service counts them all."""
        return self.page_now(read, 1, size=1)[0].total

    def page_now(self, read: Read, number: int, *, size: int | None = None) -> tuple[DecodedPage, dt.datetime | None]:
        """Return a page of a list as it is now, without the cache, and the service's date of it."""
        query = wire.page_query(read.operation, read.parts[0].query, number, size or self._size)
        with self._requests:
            response = self._session.ask(wire.build_request(read.operation, self._api_url, self._tenant, query=query))
        return read.decode(response.content, {}), wire.service_date(response.headers)

    def fetch_feed(
        self, read: Read, start: str | None, *, max_age: dt.timedelta, bar: Bar
    ) -> tuple[FetchedRead, str | None]:
        """Fetch a feed from a token or a date (None: from its start) to its end; return it with the next token.

        Stored pages are used where another page follows them; the last page is always requested, unless offline.

        Raises
        ------
        NotCachedError
            Offline, and a page is not stored.
        """
        generation = self.cache.feed(read.signature, read.operation.resource)

        def ask(token: str | None) -> FetchedPage:
            page = self._feed_page(read, generation, token, max_age)
            bar.page(page.rows, None, page.from_cache)
            return page

        pages, token, problem = paginate_feed(ask, read.row, start)
        return FetchedRead.of(generation, [pages], problem), token

    def close(self) -> None:
        """End all threads, including those that wait."""
        self._session.interrupt()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # All pages

    def _from_cache(self, read: Read, generation: Generation, bar: Bar) -> FetchedRead:
        counts = generation.parts or ()

        def ask(part: int, number: int) -> FetchedPage:
            page = self._page(read, generation, part, number, stored=True)
            bar.page(page.rows, None, True)
            return page

        pages = paginate_stored(ask, counts, run=partial(self._in_parallel, width=_DECODERS))
        return replace(FetchedRead.of(generation, pages), counts=counts)

    def _part(self, read: Read, generation: Generation, part: int, bar: Bar) -> list[FetchedPage]:
        """Fetch the pages of one part. The total of the first page is shown if there are no other parts."""
        total: int | None = None

        def ask(number: int) -> FetchedPage:
            nonlocal total
            page = self._page(read, generation, part, number)
            if number == 1 and len(read.parts) == 1:
                total = page.total
            bar.page(page.rows, total, page.from_cache)
            return page

        if len(read.parts) == 1 and read.operation.returns == "page" and read.operation.sort is not None:
            return paginate_in_parallel(ask, read.row, size=self._size, run=self._in_parallel)
        return paginate(ask, read.row)

    def _unless_skipped(
        self, read: Read, generation: Generation, part: int, bar: Bar
    ) -> list[FetchedPage] | ServiceError:
        """Return the pages of one part, or the error for which it is skipped."""
        try:
            return self._part(read, generation, part, bar)
        except (NotFound, Conflict) as error:
            if not read.skips_parents:
                raise
            return error

    def _in_parallel(self, jobs: Iterable[Callable[[], T]], width: int | None = None) -> Iterator[T]:
        """Run jobs in threads, at most `width` at once, and yield their results in order."""
        remaining = iter(jobs)
        results: dict[int, T] = {}
        running: dict[Future[T], int] = {}
        started = yielded = 0
        try:
            while True:
                while len(running) < (width or self._width) and (job := next(remaining, None)) is not None:
                    running[self._pool.submit(job)] = started
                    started += 1
                if not running:
                    return
                for future in first_done(running):
                    results[running.pop(future)] = future.result()
                while yielded in results:
                    yield results.pop(yielded)
                    yielded += 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                self._session.interrupted.set()
            for future in running:
                future.cancel()
            if isinstance(error, KeyboardInterrupt):
                wait(running, timeout=0.5)  # keep pages that are about to arrive
                self._session.interrupt()
                wait(running, timeout=1)
                self._session.interrupted.clear()
            raise

    # One page

    def _page(self, read: Read, generation: Generation, part: int, number: int, *, stored: bool = False) -> FetchedPage:
        query = read.parts[part].query
        if read.operation.returns == "page":
            query = wire.page_query(read.operation, query, number, self._size)
        return self._get(read, read.parts[part], query, generation.key(part, number), only_if_cached=stored)

    def _feed_page(self, read: Read, generation: Generation, token: str | None, max_age: dt.timedelta) -> FetchedPage:
        part = read.parts[0]
        query = [*part.query, *([("from", token)] if token else [])]
        key = generation.key(0, hashlib.sha256((token or "").encode()).hexdigest())
        if self._offline:
            return self._get(read, part, query, key, only_if_cached=True)
        stored = self.cache.page(key)
        if stored is not None and dt.timedelta(0) <= (self.cache.now() - stored.created_at) < max_age:
            with contextlib.suppress(ResponseError):
                page = self._decoded(read, part, stored, key)
                if page.has_more:
                    return page
        # A stored page stays for offline reads until the new one replaces it.
        return self._get(read, part, query, key, force_refresh=True)

    def _get(
        self, read: Read, part: Part, query: Query, key: str, *, only_if_cached: bool = False, **options: bool
    ) -> FetchedPage:
        request = wire.build_request(read.operation, self._api_url, self._tenant, part.path, query)
        for last in (False, True):
            try:
                with self._requests:
                    response = self._session.ask(request, page_key=key, only_if_cached=only_if_cached, **options)
            except (NotFound, Conflict) as error:
                raise wire.with_path(error, part.path) from None
            if response.status_code == 504 and only_if_cached:
                raise NotCachedError(
                    f"{read.operation.name}: the connection is offline, and a page of this read is not in the cache."
                )
            try:
                return self._decoded(read, part, response, key)
            except InvalidResponse:
                if last:
                    raise
        raise AssertionError("unreachable")

    def _decoded(self, read: Read, part: Part, response: Any, key: str) -> FetchedPage:
        try:
            page = read.decode(response.content, part.parents)
        except ResponseError:
            self.cache.forget_page(key)  # the next attempt requests it again
            raise
        from_cache = bool(getattr(response, "from_cache", False))
        stored = response.created_at if from_cache else self.cache.now()
        date = wire.service_date(response.headers)
        return FetchedPage(**vars(page), date=date, from_cache=from_cache, stored=stored)
