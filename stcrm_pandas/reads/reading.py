"""Reads: turn a method's arguments into requests, and responses into a validated frame with provenance and drift."""

from __future__ import annotations

import datetime as dt
import html
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.operations import BY_ID, IDS_PER_REQUEST, ORDER_BY, Operation
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import (
    DriftError,
    DriftWarning,
    IncompleteRead,
    IncompleteReadWarning,
    MissingRows,
    NotFound,
    ResponseError,
    UsageError,
    notify,
)
from stcrm_pandas.frame import DecodedPage, Drift
from stcrm_pandas.http.query import (
    argument,
    as_list,
    checked_query,
    parents_of,
    paths,
    split_ids,
    to_queries,
    utc_text,
    whole_number,
)
from stcrm_pandas.output.printable import plural
from stcrm_pandas.reads.decoded import DecodedReads
from stcrm_pandas.reads.fetching import FetchedRead, Fetcher, Part, Read
from stcrm_pandas.reads.pagination import Span, paginate_spans, shortfall
from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.reads.provenance import LeftOut, provenance, provenance_of_read
from stcrm_pandas.settings.connection import Settings, duration

MaxAge = dt.timedelta | str | float | None
PathAndParents = tuple[Mapping[str, object], Mapping[str, object]]
"""The path parameters of a request, and the columns that follow from them."""


@dataclass(frozen=True)
class Options:
    """Options of a read; None takes the setting of the connection.

    `max_age` is the largest age of stored responses, `refresh=True` requests everything again and stores the responses,
    `allow_incomplete=True` returns an incomplete read with a warning instead of an error.
    """

    max_age: MaxAge = None
    refresh: bool = False
    allow_incomplete: bool = False


@dataclass(frozen=True)
class Feed:
    """The result of an export feed.

    `frame` contains the latest version of each row. `continue_from` is the token for the next
    `export(continue_from=…)`, which returns the rows that changed since then.
    """

    frame: pd.DataFrame
    continue_from: str | None

    def __repr__(self) -> str:
        return f"Feed({plural(len(self.frame), 'row')}, continue_from={self.continue_from!r})"

    def _repr_html_(self) -> str:
        token = html.escape(str(self.continue_from))
        rows = plural(len(self.frame), "row")
        return f"<p>Feed: {rows}; continue from <code>{token}</code></p>{self.frame._repr_html_()}"  # type: ignore[operator]


def below(operation: Operation, values: dict[str, Any]) -> list[PathAndParents]:
    """Take the path parameters out of a method's arguments, and return those of each request."""
    arguments = {field.name: values.pop(argument(field, values)) for field in operation.path_fields}
    return [(path, parents_of(operation.row, path)) for path in paths(operation, arguments)]


class Reader:
    """Reads over one connection, for the methods of resources."""

    def __init__(self, fetcher: Fetcher, settings: Settings, progress: Progress) -> None:
        self._fetcher = fetcher
        self._decoded = DecodedReads(fetcher.cache)
        self._settings = settings
        self._progress = progress
        self._drift: dict[Drift, None] = {}  # in order; a read from the cache adds nothing new
        self._drift_reported: set[str] = set()  # resources
        self._lock = threading.Lock()

    @property
    def settings(self) -> Settings:
        """The settings of the connection."""
        return self._settings

    @property
    def drift(self) -> list[Drift]:
        """The schema drift of this connection, oldest first."""
        with self._lock:
            return list(self._drift)

    def close(self) -> None:
        """Store decoded reads that wait, and end the threads."""
        self._decoded.close()

    def say(self, what: str) -> None:
        """Print a line in a terminal or notebook."""
        self._progress.say(what)

    def is_stored(
        self,
        operation: Operation,
        filters: Mapping[str, Any],
        options: Options,
        below: Sequence[PathAndParents] = (({}, {}),),
    ) -> bool:
        """Return whether the cache has this list, no older than the options allow."""
        read = Read(operation, self._parts(operation, filters, below)[1])
        age = None if self._settings.offline else self._max_age(operation, options)
        return self._fetcher.cache.find(read.signature, max_age=age) is not None

    def requests_for(self, operation: Operation) -> int | None:
        """Return how many requests a complete list takes, from a request for one row; None if that is unknown."""
        read = Read(operation, self._parts(operation, {})[1])
        return None if self._settings.offline else self._fetcher.pages(read)

    def total(self, operation: Operation, filters: Mapping[str, Any]) -> int | None:
        """Return how many rows the service counts for a list, from a request for one row; None if it does not count."""
        return self._fetcher.total(Read(operation, self._parts(operation, filters)[1]))

    def list(
        self,
        operation: Operation,
        filters: Mapping[str, Any],
        options: Options,
        *,
        below: Sequence[PathAndParents] = (({}, {}),),
        missing: Sequence[Mapping[str, object]] = (),
    ) -> pd.DataFrame:
        """Return all rows of a list, or of the lists below parents.

        If the service returns 404 or 409 for some of several parents, these are left out and named in a warning and in
        `attrs`, unless the connection is strict.

        Parameters
        ----------
        below : sequence of PathAndParents, default (({}, {}),)
            The path parameters and columns of each parent.
        missing : Sequence[Mapping[str, object]], default ()
            Parents that are known not to exist.

        Raises
        ------
        NotFound
            The only parent or all parents do not exist; on a strict connection, one of them.
        Conflict
            The same for inactive parents.
        UsageError
            The operation has no such filter, or a value has the wrong type.
        IncompleteRead
            The pages do not add up, not even when read again.
        ResponseError
            The response has rows whose ids were not requested.
        """
        filters, parts = self._parts(operation, filters, below)
        several = len(parts) > 1 and all(part.path for part in parts)
        read = Read(operation, parts, skips_parents=several and not self._settings.strict)
        frame = self._read(read, {**_parents(parts), **filters}, options, missing)
        if filters.get("ids") is not None:
            _raise_for_unrequested(operation, frame, {whole_number(id) for id in as_list(filters["ids"], always=True)})
        return frame

    def list_moving(self, operation: Operation, filters: Mapping[str, Any]) -> pd.DataFrame:
        """Return all rows of a list as they are now, also while rows are edited. See `paginate_spans`.

        `attrs["stcrm"]["fetched_at"]` is the service's time at the beginning; None if it gives none.

        Raises
        ------
        IncompleteRead
            The pages do not add up.
        UsageError
            The connection is offline.
        """
        self._raise_if_offline(operation)
        row, dates = Read(operation, ()).row, list[dt.datetime | None]()

        def ask(span: Span, number: int) -> DecodedPage:
            read = Read(operation, self._parts(operation, {**filters, **span.filters()})[1])
            page, date = self._fetcher.page_now(read, number)
            dates.append(date)
            bar.page(page.rows, None, False)
            return page

        with self._progress.bar(operation.name) as bar:
            pages = paginate_spans(ask, row, operation.name)
        assembled = frames.assemble(row, pages, keep="last")
        about = provenance(self._settings, operation, assembled, dates[0])
        assembled.frame.attrs["stcrm"] = about | {"pages": len(dates)}
        self._report(assembled.drift)
        return assembled.frame

    def each(self, operation: Operation, below: Sequence[PathAndParents], options: Options) -> pd.DataFrame:
        """Return rows that the API returns only one by one, in the order requested; requests run in parallel.

        Raises
        ------
        MissingRows
            A row does not exist; the error names the first one.
        """
        parts = [Part(path=path, parents=columns) for path, columns in below]
        try:
            return self._read(Read(operation, parts), _parents(parts), options)
        except NotFound as error:
            path = dict(error.path)
            named = ", ".join(f"{snake(name)} {value}" for name, value in path.items())
            raise MissingRows(f"{operation.name}: no row has {named}.", ids=list(path.values())[-1:]) from None

    def get(
        self,
        by_id: Operation,
        listed: Operation,
        ids: Any,
        options: Options,
        *,
        path: Mapping[str, object] | None = None,
    ) -> pd.DataFrame:
        """Return rows by id, in the order requested.

        Parameters
        ----------
        by_id, listed : Operation
            The operations that return one row, and rows with many ids.
        path : mapping, optional
            The other path parameters.

        Raises
        ------
        MissingRows
            Some rows do not exist; the error names them.
        ResponseError
            The response has rows that were not requested.
        """
        above = path or {}
        single = isinstance(ids, (int, str, bytes)) or not isinstance(ids, Iterable)
        try:
            wanted = list(dict.fromkeys(whole_number(id) for id in ([ids] if single else ids)))
        except ValueError as error:
            raise UsageError(f"{by_id.name}: {error}.") from None
        if single:
            read = Read(by_id, [Part(path={**above, by_id.path_names[-1]: wanted[0]})])
            try:
                frame = self._read(read, {"id": wanted[0]}, options)
            except NotFound:
                raise MissingRows(
                    f"{by_id.name}: no row has id {wanted[0]} (or tenant {self._settings.tenant} does not exist).",
                    ids=wanted,
                ) from None
            _raise_for_unrequested(by_id, frame, set(wanted))
            return frame
        zone = self._settings.time_zone
        queries = (checked_query(listed, {"ids": ids}, time_zone=zone) for ids in split_ids(wanted, IDS_PER_REQUEST))
        read = Read(listed, [Part(above, query) for query in queries])
        frame = self._read(read, {"ids": wanted}, options)
        missing = set(wanted).difference(frame["id"])
        if missing and frame.attrs["stcrm"]["pages_from_cache"] and not self._settings.offline:
            # They may have been created since.
            frame = self._read(read, {"ids": wanted}, replace(options, refresh=True))
            missing = set(wanted).difference(frame["id"])
        _raise_for_unrequested(listed, frame, set(wanted))
        if missing:
            named = [id for id in wanted if id in missing]
            more = f" and {len(named) - 10} more" if len(named) > 10 else ""
            raise MissingRows(f"{by_id.name}: no row has id {', '.join(map(str, named[:10]))}{more}.", ids=named)
        place = {id: at for at, id in enumerate(wanted)}
        attrs = frame.attrs
        frame = frame.iloc[frame["id"].map(place).argsort()].reset_index(drop=True)
        frame.attrs = attrs
        return frame

    def export(
        self, operation: Operation, since: Any, continue_from: str | None, filters: Mapping[str, Any], options: Options
    ) -> Feed:
        """Return everything in a feed since a date or a token."""
        zone = self._settings.time_zone
        if since is not None and continue_from is not None:
            raise UsageError(f"{operation.name}: give either since=… or continue_from=…, not both.")
        if continue_from is not None and not (isinstance(continue_from, str) and continue_from.strip()):
            raise UsageError(f"{operation.name}: continue_from=… takes the token of an earlier feed, or None to start.")
        try:
            start = continue_from or (None if since is None else utc_text(since, zone))
        except ValueError as error:
            raise UsageError(f"{operation.name}(since=…): {error}.") from None
        read = Read(operation, [Part(query=checked_query(operation, filters, time_zone=zone))])
        token: str | None = None

        def fetch(max_age: dt.timedelta) -> FetchedRead:
            nonlocal token
            with self._progress.bar(operation.name) as bar:
                fetched, token = self._fetcher.fetch_feed(read, start, max_age=max_age, bar=bar)
            return fetched

        frame = self._read(read, {"since": since, "continue_from": continue_from, **filters}, options, fetch=fetch)
        return Feed(frame, token)

    def frame_of_response(
        self, operation: Operation, body: bytes, parents: Mapping[str, object], fetched_at: dt.datetime | None
    ) -> pd.DataFrame:
        """Return the row in the response to a write."""
        row = Read(operation, ()).row
        page = frames.decode(row, operation.returns, body, parents=parents)
        assembled = frames.assemble(row, [page])
        frames.validate(row, assembled.frame)
        assembled.frame.attrs["stcrm"] = provenance(self._settings, operation, assembled, fetched_at)
        self._report(assembled.drift)
        return assembled.frame

    def _parts(
        self, operation: Operation, filters: Mapping[str, Any], below: Sequence[PathAndParents] = (({}, {}),)
    ) -> tuple[dict[str, Any], Sequence[Part]]:
        """Return the filters of a list as they are sent, and its parts."""
        filters, queries = to_queries(operation, filters, time_zone=self._settings.time_zone)
        return filters, [Part(path, query, columns) for path, columns in below for query in queries]

    def _read(
        self,
        read: Read,
        filters: Mapping[str, Any],
        options: Options,
        missing: Sequence[Mapping[str, object]] = (),
        *,
        fetch: Callable[[dt.timedelta], FetchedRead] | None = None,
    ) -> pd.DataFrame:
        """Return the frame of a read, from its stored columns if there are any; parents without rows are named.

        Parameters
        ----------
        missing : sequence of mapping, default ()
            Parents that are known not to exist.
        fetch : callable, optional
            Fetches the pages of a feed, which are never stored as columns.
        """
        operation, age = read.operation, self._max_age(read.operation, options)
        if options.refresh:
            self._raise_if_offline(operation)

        def fetch_pages(max_age: dt.timedelta) -> FetchedRead:
            with self._progress.bar(operation.name) as bar:
                return self._fetcher.fetch(read, max_age=max_age, bar=bar)

        generation = self._fetcher.stored(read, max_age=age) if fetch is None else None
        stored = self._decoded.load(read.row, generation) if generation is not None else None
        if stored is not None:
            fetched, assembled, problem = *stored, None
        else:
            fetched, assembled, problem = self._assembled(read, fetch or fetch_pages, age, options)
        left_out = LeftOut.of(read.parts, fetched.counts, missing)
        for message, category in left_out.warnings():
            notify(f"{operation.name}: {message}", category)
        frame = assembled.frame
        about = provenance(self._settings, operation, assembled, fetched.fetched_at)
        frame.attrs["stcrm"] = about | provenance_of_read(fetched, filters, left_out, complete=problem is None)
        self._report(assembled.drift, from_cache=fetched.from_cache == sum(fetched.counts))
        if stored is None and problem is None and fetch is None:
            self._decoded.save(read.row, fetched, assembled)
        return frame

    def _assembled(
        self, read: Read, fetch: Callable[[dt.timedelta], FetchedRead], max_age: dt.timedelta, options: Options
    ) -> tuple[FetchedRead, frames.Assembled, str | None]:
        """Return the validated rows of a read, read again if the pages do not add up, and what still does not."""
        operation, row = read.operation, read.row
        for last in (False, True):
            fetched = fetch(dt.timedelta(0) if last else max_age)
            assembled = frames.assemble(
                row,
                fetched.pages,
                keep="last" if operation.returns == "feed" else "first",
                order=row.key if operation.sort in (BY_ID, ORDER_BY) and row.key == ("id",) else None,
            )
            problem = fetched.problem or shortfall(len(assembled.frame), fetched.total)
            if problem is None or self._settings.offline:
                break
            self._fetcher.cache.drop([fetched.generation.id])
            if last and not options.allow_incomplete:
                raise IncompleteRead(
                    f"{operation.name}: {problem}, and again on the second read. Read again later, or accept an "
                    "incomplete frame with allow_incomplete=True.",
                    rows=len(assembled.frame),
                    total=fetched.total,
                )
        frames.validate(row, assembled.frame)
        if problem is None:
            self._fetcher.finish(operation, fetched)
        else:
            notify(
                f"{operation.name}: {problem}. The frame is incomplete and has {plural(len(assembled.frame), 'row')}.",
                IncompleteReadWarning,
            )
        return fetched, assembled, problem

    def _raise_if_offline(self, operation: Operation) -> None:
        if self._settings.offline:
            raise UsageError(f"{operation.name}: refresh=True needs the service, but this connection is offline.")

    def _max_age(self, operation: Operation, options: Options) -> dt.timedelta:
        if options.refresh:
            return dt.timedelta(0)
        if options.max_age is None:
            return self._settings.max_age
        try:
            return duration(options.max_age)
        except (ValueError, TypeError) as error:
            raise UsageError(f"{operation.name}(max_age=…): {error}.") from None

    def _report(self, drift: Sequence[Drift], *, from_cache: bool = False) -> None:
        """Raise for drift if the connection is strict, else warn: once per resource, and not for cached reads."""
        if not drift:
            return
        with self._lock:
            self._drift.update(dict.fromkeys(drift))
            known = drift[0].resource in self._drift_reported
            if not from_cache:
                self._drift_reported.add(drift[0].resource)
        if self._settings.strict:
            raise DriftError(
                f"{frames.drift_message(drift)}. This is an error because the connection is strict (strict=True)."
            )
        if not known and not from_cache:
            notify(f"{frames.drift_message(drift, most=1)}. The rows were kept; crm.drift() has details.", DriftWarning)


def _parents(parts: Sequence[Part]) -> dict[str, object]:
    """Return the path parameters for `attrs`: one value, or a list."""
    names = dict.fromkeys(name for part in parts for name in part.path)
    values = {name: list(dict.fromkeys(part.path[name] for part in parts)) for name in names}
    return {snake(name): paths[0] if len(paths) == 1 else paths for name, paths in values.items()}


def _raise_for_unrequested(operation: Operation, frame: pd.DataFrame, ids: set[int]) -> None:
    """Raise for rows that were not requested: the service ignored the ids and returned everything."""
    strange = ~frame["id"].isin(ids) & frame["id"].notna()
    if strange.any():
        raise ResponseError(
            f"{operation.name}: the response has {plural(int(strange.sum()), 'row')} not requested: the service "
            "ignored the ids."
        )
