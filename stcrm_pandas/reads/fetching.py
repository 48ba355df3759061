"""Fetching of reads: pages in parallel where the service can sort them, from the cache where they are stored.

The pages of a single part are fetched in parallel. Several parts are fetched in parallel, each sequentially.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import Any, TypeVar

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.errors import Conflict, InvalidResponse, NotCachedError, NotFound, ResponseError, ServiceError
from stcrm_pandas.http import wire
from stcrm_pandas.http.cache import Cache, Generation
from stcrm_pandas.http.query import Query
from stcrm_pandas.http.session import CachedServiceSession
from stcrm_pandas.http.waiting import first_done
from stcrm_pandas.reads.pagination import FetchedPage, FetchedRead, P, Part, Read, collect, paginate, problem_of
from stcrm_pandas.reads.progress import Bar

_DECODERS = os.cpu_count() or 1
_NOTHING_NEW = 20
"""How many pages in a row a feed may give without anything new in them; some may be empty, and rows may repeat."""

T = TypeVar("T")


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

    def fetch(self, read: Read[P], *, max_age: dt.timedelta, bar: Bar) -> FetchedRead[P]:
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
        if len(read.parts) != 1:
            jobs = [partial(self._unless_skipped, read, generation, part, bar) for part in range(len(read.parts))]
            parts: list[list[FetchedPage[P]] | ServiceError] = list(self._in_parallel(jobs, self._width))
            refused = [part for part in parts if isinstance(part, ServiceError)]
            if parts and len(refused) == len(parts):
                raise refused[0]
        elif read.operation.returns != "page" or read.operation.sort is None:
            parts = [self._sequentially(read, generation, 0, bar)]
        else:
            parts = [self._pages_in_parallel(read, generation, bar)]
        pages = [[one.page for one in part] for part in parts if not isinstance(part, ServiceError)]
        problems = [problem for part in pages if (problem := problem_of(part, read.mark))]
        return collect(generation, parts, problems[0] if problems else None)

    def stored(self, read: Read[P], *, max_age: dt.timedelta) -> Generation | None:
        """Return the stored generation that a read may be taken from; offline, whatever its age."""
        stored = self.cache.find(read.signature, max_age=None if self._offline else max_age)
        return stored if stored is not None and (read.skips_parents or min(stored.parts or (0,)) >= 0) else None

    def finish(self, operation: Operation, fetched: FetchedRead[P]) -> None:
        """Mark a read as complete: from now on it may be taken from the cache. A feed is never complete."""
        if operation.returns == "feed":
            self.cache.shrink()
        elif fetched.generation.parts is None:
            self.cache.finish(fetched.generation, fetched.counts)

    def pages(self, read: Read[P]) -> int | None:
        """Return the number of pages of a list, from a request for one row."""
        total = self.total(read)
        return None if total is None else max(1, -(-total // self._size))

    def total(self, read: Read[P]) -> int | None:
        """Return the number of rows of a list; it requests a single row, because the service counts them all."""
        return self.page_now(read, 1, size=1)[0].total

    def page_now(self, read: Read[P], number: int, *, size: int | None = None) -> tuple[P, dt.datetime | None]:
        """Return a page of a list as it is now, without the cache, and the service's date of it."""
        query = wire.page_query(read.operation, read.parts[0].query, number, size or self._size)
        with self._requests:
            response = self._session.ask(wire.build_request(read.operation, self._api_url, self._tenant, query=query))
        return read.decode(response.content, {}), wire.service_date(response.headers)

    def fetch_feed(
        self, read: Read[P], start: str | None, *, max_age: dt.timedelta, bar: Bar
    ) -> tuple[FetchedRead[P], str | None]:
        """Fetch a feed from a token or a date (None: from its start) to its end; return it with the next token.

        Stored pages are used where another page follows them; the last page is always requested, unless offline.

        Raises
        ------
        NotCachedError
            Offline, and a page is not stored.
        """
        generation = self.cache.feed(read.signature, read.operation.resource)
        got: list[FetchedPage[P]] = []
        marks: set[Hashable] = set()
        token, seen = start, {start}
        nothing_new = 0
        while True:
            one = self._feed_page(read, generation, token, max_age)
            follows = one.page.continue_from
            got.append(one)
            bar.page(one.page.rows, None, one.from_cache)
            if not one.page.has_more:
                return collect(generation, [got]), follows or token
            mark = read.mark(one.page)
            nothing_new = nothing_new + 1 if one.page.rows == 0 or mark in marks else 0
            marks.add(mark)
            problem = None
            if not follows or follows in seen:
                problem = "the feed reports more pages, but gives " + ("a repeated token" if follows else "no token")
            elif nothing_new == _NOTHING_NEW:
                problem = f"the feed reports more pages, but {nothing_new} pages in a row had nothing new"
            if problem:
                return collect(generation, [got], problem), token
            token = follows
            seen.add(token)

    def close(self) -> None:
        """End all threads, including those that wait."""
        self._session.interrupt()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # One page

    def _page(
        self, read: Read[P], generation: Generation, part: int, number: int, *, stored: bool = False
    ) -> FetchedPage[P]:
        query = read.parts[part].query
        if read.operation.returns == "page":
            query = wire.page_query(read.operation, query, number, self._size)
        return self._get(read, read.parts[part], query, generation.key(part, number), only_if_cached=stored)

    def _feed_page(
        self, read: Read[P], generation: Generation, token: str | None, max_age: dt.timedelta
    ) -> FetchedPage[P]:
        part = read.parts[0]
        query = [*part.query, *([("from", token)] if token else [])]
        key = generation.key(0, _token_key(token))
        if self._offline:
            return self._get(read, part, query, key, only_if_cached=True)
        stored = self.cache.page(key)
        if stored is not None and dt.timedelta(0) <= (self.cache.now() - stored.created_at) < max_age:
            with contextlib.suppress(ResponseError):
                got = self._decoded(read, part, stored, key)
                if got.page.has_more:
                    return got
        # A stored page stays for offline reads until the new one replaces it.
        return self._get(read, part, query, key, force_refresh=True)

    def _get(
        self, read: Read[P], part: Part, query: Query, key: str, *, only_if_cached: bool = False, **options: bool
    ) -> FetchedPage[P]:
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

    def _decoded(self, read: Read[P], part: Part, response: Any, key: str) -> FetchedPage[P]:
        try:
            page = read.decode(response.content, part.parents)
        except ResponseError:
            self.cache.forget_page(key)  # the next attempt requests it again
            raise
        from_cache = bool(getattr(response, "from_cache", False))
        stored = response.created_at if from_cache else self.cache.now()
        return FetchedPage(page, wire.service_date(response.headers), from_cache, stored)

    # All pages

    def _from_cache(self, read: Read[P], generation: Generation, bar: Bar) -> FetchedRead[P]:
        counts = generation.parts or ()
        places = [(part, number) for part, count in enumerate(counts) for number in range(1, count + 1)]

        def job(part: int, number: int) -> FetchedPage[P]:
            got = self._page(read, generation, part, number, stored=True)
            bar.page(got.page.rows, None, True)
            return got

        got = iter(list(self._in_parallel([partial(job, *place) for place in places], _DECODERS)))
        return replace(collect(generation, [[next(got) for _ in range(count)] for count in counts]), counts=counts)

    def _unless_skipped(
        self, read: Read[P], generation: Generation, part: int, bar: Bar
    ) -> list[FetchedPage[P]] | ServiceError:
        """Return the pages of one part, or the error for which it is skipped."""
        try:
            return self._sequentially(read, generation, part, bar)
        except (NotFound, Conflict) as error:
            if not read.skips_parents:
                raise
            return error

    def _sequentially(self, read: Read[P], generation: Generation, part: int, bar: Bar) -> list[FetchedPage[P]]:
        got: list[FetchedPage[P]] = []
        self._continue(read, generation, part, got, bar)
        return got

    def _continue(self, read: Read[P], generation: Generation, part: int, got: list[FetchedPage[P]], bar: Bar) -> None:
        def ask(number: int) -> P:
            one = self._page(read, generation, part, number)
            got.append(one)
            bar.page(one.page.rows, got[0].page.total if len(read.parts) == 1 else None, one.from_cache)
            return one.page

        paginate(ask, read.mark, before=[one.page for one in got])

    def _pages_in_parallel(self, read: Read[P], generation: Generation, bar: Bar) -> list[FetchedPage[P]]:
        first = self._page(read, generation, 0, 1)
        total = first.page.total
        bar.page(first.page.rows, total, first.from_cache)
        got = [first]
        if first.page.has_more and total is not None:
            last = -(-total // self._size)
            ended, marks = False, {read.mark(first.page)}

            def job(number: int) -> FetchedPage[P]:
                nonlocal ended
                one = self._page(read, generation, 0, number)
                mark = read.mark(one.page)
                # A total can be wrong: after a page without new rows no more are requested.
                ended = ended or not one.page.has_more or one.page.rows == 0 or mark in marks
                marks.add(mark)
                bar.page(one.page.rows, total, one.from_cache)
                return one

            numbers = takewhile(lambda _: not ended, range(2, last + 1))
            got += self._in_parallel((partial(job, number) for number in numbers), self._width)
            while len(got) > 1 and got[-1].page.rows == 0 and not got[-2].page.has_more:
                got.pop()  # pages requested beyond the end
        if got[-1].page.has_more:
            self._continue(read, generation, 0, got, bar)
        return got

    def _in_parallel(self, jobs: Iterable[Callable[[], T]], width: int) -> Iterator[T]:
        """Run jobs in threads, at most `width` at once, and yield their results in order."""
        remaining = iter(jobs)
        results: dict[int, T] = {}
        running: dict[Future[T], int] = {}
        started = yielded = 0
        try:
            while True:
                while len(running) < width and (job := next(remaining, None)) is not None:
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


def _token_key(token: str | None) -> str:
    return hashlib.sha256((token or "").encode()).hexdigest()
