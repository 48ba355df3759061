"""Injected faults: from `Sandbox.inject`, or from a JSON file with a list of objects with the same names.

>>> fault = Fault("leads.list", after=1, times=2, status=503)
>>> faults = Faults()
>>> faults.add(fault)
>>> [faults.next("Leads_GetList") is fault for _ in range(4)], fault.hits
([False, True, True, False], 2)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.service.request import QueryPairs
from stcrm_pandas.sandbox.service.responses import HTML, JSON, ApiResponse, ResponseBody, default_response
from stcrm_pandas.sandbox.store.tables import drop_path, set_path

SIGN_IN = "sign_in"
"""The operation of a fault at sign-in."""
ANY = "*"
"""Every operation except sign-in."""


class Keep:
    """The type of `KEEP`."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = Keep()
"""Leave the value unchanged; None sets null."""

EditRows = Callable[[list[dict[str, Any]]], list[dict[str, Any]] | None]


@dataclass(eq=False)
class Fault:
    """A fault to inject into selected requests.

    Parameters
    ----------
    operation : str
        The requests that the fault affects: an operationId, a method's name (`leads.list`), `sign_in`, or `*` for
        everything except sign-in.
    times : int or None, default 1
        The number of requests that the fault affects. None means all requests of the operation.
    after : int, default 0
        The number of requests of the operation that succeed before the fault starts.
    delay : float, default 0.0
        Seconds to wait before the response.
    revoke : bool, default False
        Whether to revoke all tokens before the response, including the token of this request.
    before : callable, optional
        Called before the response is created. A JSON file cannot contain it.
    status : int, optional
        The HTTP status of the response. Without `body`, the response body is what the service sends: text for 429, an
        HTML page for 5xx, RFC 7807 JSON for others. The request is not carried out unless `done` is True.
    body : object, optional
        The response body. Text is sent as it is, and anything else as JSON. The status is 200 unless one is given.
    headers : mapping, optional
        Additional headers of the response.
    page : {"repeat", "first", "empty", "short"}, optional
        `repeat` returns the previous page again (in a feed, the previous response, with its token). `first` returns
        page 1, `empty` returns no rows, and `short` returns the first half of the rows.
    total : int or None, default KEEP
        `totalCount` in the response. KEEP leaves it unchanged, and None sets it to null.
    has_more : bool, default KEEP
        `hasMore` in the response. KEEP leaves it unchanged.
    continue_from : str or None, default KEEP
        `continueFrom` in the response. `{from}` in it stands for the token that was sent, KEEP leaves it unchanged, and
        None sets it to null.
    rows : callable or sequence of mapping, optional
        Changes to the rows of the response: a callable that takes the list of rows and changes it or returns another
        list, or a list of changes such as `{"at": 0, "set": {"address.city": null}, "drop": ["priority"]}`. A JSON file
        can contain only the latter.
    ignore : sequence of str, default ()
        Query parameters to ignore, and fields of a request body to accept and drop (`address.zip`).
    cut : int, optional
        The number of bytes of the body after which the connection breaks. The request is carried out unless `done` or
        `late` changes that.
    done : bool, optional
        Whether a write is carried out. With True, it is carried out even if the response is an error
        (`status=500, done=True`). With False, it is not carried out even if the response is a success
        (`cut=0, done=False` imitates a request that is lost in transit). By default, it is carried out only if the
        response is a success.
    late : float, default 0.0
        Seconds between the response and the change that the request makes.

    Notes
    -----
    `hits` counts the requests that the fault affected, and `seen` counts all requests of the operation.

    Examples
    --------
    >>> fault = Fault("leads.list", status=503, times=2)
    >>> fault.operation
    'Leads_GetList'
    """

    operation: str
    times: int | None = 1
    after: int = 0
    delay: float = 0.0
    revoke: bool = False
    before: Callable[[], object] | None = None
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] | None = None
    page: Literal["repeat", "first", "empty", "short"] | None = None
    total: int | Keep | None = KEEP
    has_more: bool | Keep = KEEP
    continue_from: str | Keep | None = KEEP
    rows: EditRows | Sequence[Mapping[str, Any]] | None = None
    ignore: Sequence[str] = ()
    cut: int | None = None
    done: bool | None = None
    late: float = 0.0
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        names = {operation.name: operation.id for operation in OPERATIONS.values()}
        self.operation = names.get(self.operation, self.operation)
        if self.operation not in {*OPERATIONS, SIGN_IN, ANY}:
            raise UsageError(f"a fault for {self.operation!r}: no operation has this name")
        if self.page not in {None, "repeat", "first", "empty", "short"}:
            raise UsageError(f"a fault with page={self.page!r}: it can be repeat, first, empty or short")

    def cancel(self) -> None:
        """Remove the fault."""
        self.times = self.hits

    def response(self) -> ApiResponse | None:
        """Return the response that replaces the correct one, or None if the correct one is sent, altered or not."""
        if self.status is None and self.body is None:
            return None
        status = self.status or 200
        if self.body is None:
            if self.operation == SIGN_IN and status == 400:
                return ApiResponse(400, [b'{"error":"invalid_client"}'])
            return default_response(status)
        if isinstance(self.body, bytes):
            body = self.body
        else:
            body = self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()
        return ApiResponse(status, [body], media=HTML if status >= 500 else JSON)

    @property
    def executes(self) -> bool:
        """Whether the request is carried out before the response is sent."""
        if self.late:
            return False
        return self.status is None and self.body is None if self.done is None else self.done

    def without_ignored(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request body without the ignored fields."""
        kept = dict(body)
        for path in self.ignore:
            drop_path(kept, path)
        return kept

    def effective_query(self, query: QueryPairs, last: QueryPairs) -> QueryPairs:
        """Return the query to use instead of the one received; `last` is the query of the previous request."""
        remaining = [(name, value) for name, value in query if name not in self.ignore]
        if self.page not in {"repeat", "first"}:
            return remaining
        if not any(name == "from" for name, _ in [*remaining, *last]):
            number = dict(remaining).get("page", "1")
            number = "1" if self.page == "first" or not number.isdigit() else str(max(1, int(number) - 1))
            return [(name, value) for name, value in remaining if name != "page"] + [("page", number)]
        start = dict(last).get("from", "") if self.page == "repeat" else ""
        return [(name, value) for name, value in remaining if name != "from"] + [("from", start)]

    def alter(self, body: ResponseBody, query: QueryPairs) -> ResponseBody:
        """Return the correct response body with the fault in it."""
        envelope, pieces = None if body.envelope is None else dict(body.envelope), body.pieces
        if self.rows is not None or self.page == "short":
            rows = orjson.loads(b"[" + b",".join(pieces) + b"]")
            if self.page == "short":
                rows = rows[: len(rows) // 2]
            pieces = [json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() for row in self._edited(rows)]
        if envelope is None:
            return ResponseBody(pieces, bare=body.bare)
        if self.page == "empty":
            pieces = ()
        sent = dict(query)
        if "page" in envelope and sent.get("page", "").isdigit():
            envelope["page"] = int(sent["page"])
        if not isinstance(self.total, Keep):
            envelope["totalCount"] = self.total
        if not isinstance(self.has_more, Keep):
            envelope["hasMore"] = self.has_more
        if not isinstance(self.continue_from, Keep):
            token = self.continue_from
            envelope["continueFrom"] = token if token is None else token.replace("{from}", sent.get("from", ""))
        return ResponseBody(pieces, envelope)

    def _edited(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if callable(self.rows):
            edited = self.rows(rows)
            return rows if edited is None else edited
        for edit in self.rows or ():
            if not edit["at"] < len(rows):
                continue
            row = rows[edit["at"]]
            for path, value in edit.get("set", {}).items():
                set_path(row, path, value)
            for path in edit.get("drop", ()):
                drop_path(row, path)
        return rows


class Faults:
    """The injected faults. A request gets the first one that is due."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._all = [*faults]
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._all.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._all.clear()

    def next(self, operation: str) -> Fault | None:
        """Return the fault for a request of the operation, and count it as a hit."""
        with self._lock:
            first: Fault | None = None
            for fault in self._all:
                if fault.operation != operation and (fault.operation != ANY or operation == SIGN_IN):
                    continue
                fault.seen += 1
                due = fault.seen > fault.after and (fault.times is None or fault.hits < fault.times)
                if due and first is None:
                    first = fault
                    fault.hits += 1
            return first


_FILE_FIELDS = {field.name for field in fields(Fault) if field.init and field.name != "before"}
_TYPES: dict[str, type | tuple[type, ...]] = {
    "operation": str,
    "times": (int, type(None)),
    "after": int,
    "delay": (int, float),
    "revoke": bool,
    "status": int,
    "headers": dict,
    "total": (int, type(None)),
    "has_more": bool,
    "continue_from": (str, type(None)),
    "rows": list,
    "ignore": list,
    "cut": int,
    "done": (bool, type(None)),
    "late": (int, float),
}


def faults_from(source: str | Path | Sequence[Mapping[str, Any]] | None) -> list[Fault]:
    """Return the faults in a JSON file or a list, or raise UsageError."""
    return _read_file(Path(source)) if isinstance(source, str | Path) else [Fault(**entry) for entry in source or ()]


def _read_file(path: Path) -> list[Fault]:
    try:
        entries = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"the faults in {path} cannot be read: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"the faults in {path} must be a list of objects")
    faults = []
    for number, entry in enumerate(entries, start=1):
        unknown = entry.keys() - _FILE_FIELDS
        if unknown or "operation" not in entry:
            what = f"does not know {', '.join(sorted(unknown))}" if unknown else "needs an operation"
            raise UsageError(f"fault {number} in {path}: a fault {what}; it has {', '.join(sorted(_FILE_FIELDS))}")
        wrong = [name for name, value in entry.items() if not isinstance(value, _TYPES.get(name, object))]
        if wrong:
            raise UsageError(f"fault {number} in {path}: {wrong[0]} has the wrong type")
        faults.append(Fault(**entry))
    return faults
