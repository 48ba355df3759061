"""Reads: turn filters into requests, and responses into a validated frame with provenance and schema drift."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas import frame as frames
from stcrm_pandas.contract import rules
from stcrm_pandas.contract.operations import BY_ID, IDS_PER_REQUEST, ORDER_BY, Operation
from stcrm_pandas.contract.schemas.fields import Row, snake
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
from stcrm_pandas.http.query import Query, argument, parents_of, paths, split_ids, to_query, utc_text, whole_number
from stcrm_pandas.output.printable import plural
from stcrm_pandas.reads.decoded import DecodedReads
from stcrm_pandas.reads.feed import Feed
from stcrm_pandas.reads.fetching import Fetcher
from stcrm_pandas.reads.left_out import LeftOut, parents_left_out
from stcrm_pandas.reads.moving import Span, read_moving
from stcrm_pandas.reads.options import MaxAge, Options
from stcrm_pandas.reads.pagination import FetchedRead, Part, Read, shortfall
from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.settings.connection import Settings, duration

PathAndParents = tuple[Mapping[str, object], Mapping[str, object]]
"""The path parameters of a request, and the columns that follow from them."""
_Decoded = tuple[FetchedRead[DecodedPage], frames.Assembled]


def below(operation: Operation, values: dict[str, Any]) -> list[PathAndParents]:
    """Take the path parameters out of a method's arguments, and return those of each request."""
    given = {field.name: values.pop(argument(field, values)) for field in operation.path_fields}
    return [(path, parents_of(operation.row, path)) for path in paths(operation, given)]


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
    def strict(self) -> bool:
        """Whether schema drift is an error."""
        return self._settings.strict

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
        read = _read_of(operation, self._parts(operation, filters, below)[1])
        age = None if self._settings.offline else self._max_age(operation, options)
        return self._fetcher.cache.find(read.signature, max_age=age) is not None

    def requests_for(self, operation: Operation) -> int | None:
        """Return how many requests a complete list takes, from a request for one row; None if that is unknown."""
        read = _read_of(operation, self._parts(operation, {})[1])
        return None if self._settings.offline else self._fetcher.pages(read)

    def total(self, operation: Operation, filters: Mapping[str, Any]) -> int | None:
        """Return how many rows the service counts for a list, from a request for one row; None if it does not count."""
        return self._fetcher.total(_read_of(operation, self._parts(operation, filters)[1]))

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
        below : sequence of Below, default (({}, {}),)
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
        found = self._read(operation, parts, {**_parents(parts), **filters}, options, missing=missing)
        if filters.get("ids") is not None:
            _raise_for_unrequested(operation, found, {whole_number(id) for id in _as_list(filters["ids"], always=True)})
        return found

    def list_moving(self, operation: Operation, filters: Mapping[str, Any]) -> pd.DataFrame:
        """Return all rows of a list as they are now, also while rows are edited. See `moving`.

        `attrs["stcrm"]["fetched_at"]` is the service's time at the beginning; None if it gives none.

        Raises
        ------
        IncompleteRead
            The pages do not add up.
        UsageError
            The connection is offline.
        """
        self._raise_if_offline(operation)
        row, dates = _row(operation), list[dt.datetime | None]()

        def ask(span: Span, number: int) -> DecodedPage:
            read = _read_of(operation, self._parts(operation, {**filters, **span.filters()})[1])
            page, date = self._fetcher.page_now(read, number)
            dates.append(date)
            bar.page(page.rows, None, False)
            return page

        with self._progress.bar(operation.name) as bar:
            pages = read_moving(row, ask, operation.name)
        assembled = frames.assemble(row, pages, keep="last")
        assembled.frame.attrs["stcrm"] = self._provenance(operation, assembled, dates[0]) | {"pages": len(dates)}
        self._report(assembled.drift)
        return assembled.frame

    def _parts(
        self, operation: Operation, filters: Mapping[str, Any], below: Sequence[PathAndParents] = (({}, {}),)
    ) -> tuple[dict[str, Any], Sequence[Part]]:
        """Return the filters of a list as they are sent, and its parts: ids are sent fifty in a request."""
        filters = {**filters, **{name: value for name, value in operation.required if filters.get(name) is None}}
        lists = {snake(field.name): field for field in operation.filters if field.many}
        filters = {name: _as_list(value) if name in lists else value for name, value in filters.items()}
        long = [name for name in lists if isinstance(filters.get(name), list) and len(filters[name]) > IDS_PER_REQUEST]
        if not long:
            queries: Sequence[Query] = [self._query(operation, filters)]
        elif len(long) == 1 and long[0].endswith("ids") and long[0] not in _ALL_AT_ONCE:
            queries = self._split(operation, filters, long[0], lists[long[0]].name)
        else:
            raise UsageError(f"{operation.name}: give at most {IDS_PER_REQUEST} values for {' and '.join(long)}.")
        return filters, [Part(path, query, columns) for path, columns in below for query in queries]

    def _split(self, operation: Operation, filters: Mapping[str, Any], name: str, parameter: str) -> Sequence[Query]:
        """Return one query for each group of ids; the other filters are the same in all."""
        try:
            chunks = split_ids([whole_number(id) for id in filters[name]], IDS_PER_REQUEST)
        except ValueError as error:
            raise UsageError(f"{operation.name}({name}=…): {error}.") from None
        query = self._query(operation, {**filters, name: chunks[0]})
        return [
            [(key, ",".join(map(str, chunk)) if key == parameter else text) for key, text in query] for chunk in chunks
        ]

    def each(self, operation: Operation, below: Sequence[PathAndParents], options: Options) -> pd.DataFrame:
        """Return rows that the API returns only one by one, in the order requested; requests run in parallel.

        Raises
        ------
        MissingRows
            A row does not exist; the error names the first one found.
        """
        parts = [Part(path=path, parents=columns) for path, columns in below]
        try:
            return self._read(operation, parts, _parents(parts), options)
        except NotFound as error:
            path = dict(error.path)
            named = ", ".join(f"{snake(name)} {value}" for name, value in path.items())
            raise MissingRows(f"{operation.name}: no row has {named}.", ids=list(path.values())[-1:]) from None

    def get(
        self, one: Operation, many: Operation, ids: Any, options: Options, *, path: Mapping[str, object] | None = None
    ) -> pd.DataFrame:
        """Return rows by id, in the order requested.

        Parameters
        ----------
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
            raise UsageError(f"{one.name}: {error}.") from None
        if single:
            try:
                part = Part(path={**above, one.path_names[-1]: wanted[0]})
                found = self._read(one, [part], {"id": wanted[0]}, options)
            except NotFound:
                raise MissingRows(
                    f"{one.name}: no row has id {wanted[0]} (or tenant {self._settings.tenant} does not exist).",
                    ids=wanted,
                ) from None
            _raise_for_unrequested(one, found, set(wanted))
            return found
        parts = [Part(above, self._query(many, {"ids": chunk})) for chunk in split_ids(wanted, IDS_PER_REQUEST)]
        found = self._read(many, parts, {"ids": wanted}, options)
        missing = set(wanted).difference(found["id"])
        if missing and found.attrs["stcrm"]["pages_from_cache"] and not self._settings.offline:
            # They may have been created since.
            found = self._read(many, parts, {"ids": wanted}, replace(options, refresh=True))
            missing = set(wanted).difference(found["id"])
        _raise_for_unrequested(many, found, set(wanted))
        if missing:
            named = [id for id in wanted if id in missing]
            more = f" and {len(named) - 10} more" if len(named) > 10 else ""
            raise MissingRows(f"{one.name}: no row has id {', '.join(map(str, named[:10]))}{more}.", ids=named)
        place = {id: at for at, id in enumerate(wanted)}
        attrs = found.attrs
        found = found.iloc[found["id"].map(place).argsort()].reset_index(drop=True)
        found.attrs = attrs
        return found

    def export(
        self, operation: Operation, since: Any, continue_from: str | None, filters: Mapping[str, Any], options: Options
    ) -> Feed:
        """Return everything in a feed since a date or a token."""
        if since is not None and continue_from is not None:
            raise UsageError(f"{operation.name}: give either since=… or continue_from=…, not both.")
        if continue_from is not None and not (isinstance(continue_from, str) and continue_from.strip()):
            raise UsageError(f"{operation.name}: continue_from=… takes the token of an earlier feed, or None to start.")
        try:
            start = continue_from or (None if since is None else utc_text(since, self._settings.time_zone))
        except ValueError as error:
            raise UsageError(f"{operation.name}(since=…): {error}.") from None
        read = _read_of(operation, [Part(query=self._query(operation, filters))])
        given = {"since": since, "continue_from": continue_from, **filters}
        token: str | None = None

        def fetch(max_age: dt.timedelta) -> FetchedRead[DecodedPage]:
            nonlocal token
            with self._progress.bar(operation.name) as bar:
                fetched, token = self._fetcher.fetch_feed(read, start, max_age=max_age, bar=bar)
            return fetched

        frame = self._frame(operation, fetch, given, options)
        return Feed(frame, token)

    def frame_of_response(
        self, operation: Operation, body: bytes, parents: Mapping[str, object], fetched_at: dt.datetime | None
    ) -> pd.DataFrame:
        """Return the row in the response to a write."""
        row = _row(operation)
        page = frames.decode(row, operation.returns, body, parents=parents)
        assembled = frames.assemble(row, [page])
        frames.validate(row, assembled.frame)
        assembled.frame.attrs["stcrm"] = self._provenance(operation, assembled, fetched_at)
        self._report(assembled.drift)
        return assembled.frame

    def _query(self, operation: Operation, filters: Mapping[str, Any]) -> Query:
        query = to_query(operation, filters, time_zone=self._settings.time_zone)
        if faults := [rule.message for rule in rules.broken(operation.id, dict(query))]:
            raise UsageError(f"{operation.name}: {'; '.join(faults)}.")
        return query

    def _read(
        self,
        operation: Operation,
        parts: Sequence[Part],
        filters: Mapping[str, Any],
        options: Options,
        *,
        missing: Sequence[Mapping[str, object]] | None = None,
    ) -> pd.DataFrame:
        """Read all parts; with `missing`, parents without rows are left out and named together with these."""
        several = missing is not None and len(parts) > 1 and all(part.path for part in parts)
        read = replace(_read_of(operation, parts), skips_parents=several and not self._settings.strict)

        def fetch(max_age: dt.timedelta) -> FetchedRead[DecodedPage]:
            with self._progress.bar(operation.name) as bar:
                return self._fetcher.fetch(read, max_age=max_age, bar=bar)

        def decoded(max_age: dt.timedelta) -> _Decoded | None:
            stored = self._fetcher.stored(read, max_age=max_age)
            return None if stored is None else self._decoded.load(_row(operation), stored)

        def left_out(fetched: FetchedRead[DecodedPage]) -> LeftOut:
            return parents_left_out(parts, fetched.counts, missing or ())

        return self._frame(operation, fetch, filters, options, decoded, left_out)

    def _frame(
        self,
        operation: Operation,
        fetch: Callable[[dt.timedelta], FetchedRead[DecodedPage]],
        filters: Mapping[str, Any],
        options: Options,
        decoded: Callable[[dt.timedelta], _Decoded | None] = lambda _: None,
        left_out: Callable[[FetchedRead[DecodedPage]], LeftOut] = lambda _: LeftOut(),
    ) -> pd.DataFrame:
        row = _row(operation)
        age = self._max_age(operation, options)
        if options.refresh:
            self._raise_if_offline(operation)
        kept = decoded(age)
        fetched, assembled, problem = self._assembled(operation, fetch, age, options) if kept is None else (*kept, None)
        frame = assembled.frame
        parents = left_out(fetched)
        for message, category in parents.warnings():
            notify(f"{operation.name}: {message}", category)
        frame.attrs["stcrm"] = {
            **self._provenance(operation, assembled, fetched.fetched_at),
            "filters": {name: _plain(value) for name, value in filters.items() if value is not None},
            "stored_at": _utc(fetched.stored_at),
            "pages": sum(fetched.counts),
            "pages_from_cache": fetched.from_cache,
            "complete": problem is None and not parents.withheld,
            "missing_parents": parents.missing,
            "withheld_parents": parents.withheld,
        }
        self._report(assembled.drift, from_cache=fetched.from_cache == sum(fetched.counts))
        if kept is None and problem is None and operation.returns != "feed":
            self._decoded.save(row, fetched, assembled)
        return frame

    def _assembled(
        self,
        operation: Operation,
        fetch: Callable[[dt.timedelta], FetchedRead[DecodedPage]],
        max_age: dt.timedelta,
        options: Options,
    ) -> tuple[FetchedRead[DecodedPage], frames.Assembled, str | None]:
        """Return the validated rows of a read, read again if the pages do not add up, and what still does not."""
        row = _row(operation)
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
        return self._settings.max_age if options.max_age is None else _age(operation, options.max_age)

    def _provenance(
        self, operation: Operation, assembled: frames.Assembled, fetched_at: dt.datetime | None
    ) -> dict[str, Any]:
        """Return the provenance for a frame's `attrs`."""
        return {
            "resource": operation.resource,
            "operation": operation.id,
            "environment": self._settings.name,
            "tenant": self._settings.tenant,
            "filters": {},
            "fetched_at": _utc(fetched_at),
            "pages": 1,
            "pages_from_cache": 0,
            "rows": len(assembled.frame),
            "repeats": assembled.repeats,
            "complete": True,
            "drift": sum(drift.count for drift in assembled.drift),
            "drifted": _by_column(assembled.drift),
            "time_zone": self._settings.time_zone,
        }

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


_ALL_AT_ONCE = (
    "tag_type_ids",
    "estimate_ids",
    "equipment_ids",
)  # split into several requests, these would mean something else


def _read_of(operation: Operation, parts: Sequence[Part]) -> Read[DecodedPage]:
    row = _row(operation)
    return Read(
        operation,
        parts,
        decode=lambda body, parents: _decoded(row, operation, body, parents),
        mark=lambda page: frames.mark(row, page),
    )


def _decoded(row: Row, operation: Operation, body: bytes, parents: Mapping[str, object]) -> DecodedPage:
    if operation.returns != "scalar":
        return frames.decode(row, operation.returns, body, parents=parents)
    # A bare value, or an empty body: make it the only field of a row.
    one = b'{"%s":%s}' % (row.fields[0].name.encode(), body.strip() or b"null")
    return frames.decode(row, "row", one, parents=parents)


def _parents(parts: Sequence[Part]) -> dict[str, object]:
    """Return the path parameters for `attrs`: one value, or a list."""
    names = dict.fromkeys(name for part in parts for name in part.path)
    values = {name: list(dict.fromkeys(part.path[name] for part in parts)) for name in names}
    return {snake(name): found[0] if len(found) == 1 else found for name, found in values.items()}


def _utc(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z") if moment else None


def _by_column(drifts: Iterable[Drift]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for drift in drifts:
        counts[drift.column] = counts.get(drift.column, 0) + drift.count
    return counts


def _row(operation: Operation) -> Row:
    if operation.row is None:
        raise UsageError(f"{operation.name} returns no rows.")
    return operation.row


def _age(operation: Operation, max_age: MaxAge) -> dt.timedelta:
    try:
        return duration(max_age)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise UsageError(f"{operation.name}(max_age=…): {error}.") from None


def _as_list(value: Any, *, always: bool = False) -> Any:
    """Return many values as a list; a single value as it is, or as a list with `always`."""
    if value is None or isinstance(value, str) or not isinstance(value, Iterable):
        return [value] if always else value
    return list(value)


def _raise_for_unrequested(operation: Operation, found: pd.DataFrame, wanted: set[int]) -> None:
    """Raise for rows that were not requested: the service ignored the ids and returned everything."""
    strange = ~found["id"].isin(wanted) & found["id"].notna()
    if strange.any():
        raise ResponseError(
            f"{operation.name}: the response has {plural(int(strange.sum()), 'row')} not requested: the service "
            "ignored the ids."
        )


def _plain(value: Any) -> Any:
    """Return a filter's value as JSON, so that a frame can be saved with its `attrs`."""
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, Iterable):
        values = [_plain(one) for one in value]
        return values if len(values) <= IDS_PER_REQUEST else [*values[:3], f"… {len(values)} in all"]
    return str(value)
