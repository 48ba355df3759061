"""Faults to order: what goes wrong, at which operation, from which call on and how often.

A fault is a value, so it comes from a call (`Sandbox.inject`) or from a file of JSON: a list of objects with the same
names.

>>> fault = Fault("leads.list", after=1, times=2, status=503)
>>> faults = Faults()
>>> faults.add(fault)
>>> [faults.next("Leads_GetList") is fault for _ in range(4)], fault.hits
([False, True, True, False], 2)
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.service.parameters import Pairs
from stcrm_pandas.sandbox.service.responses import HTML, JSON, Answer, Found, plain
from stcrm_pandas.sandbox.store.tables import drop_path, set_path

SIGN_IN = "sign_in"
"""Stands for the operation where a fault is about sign-in."""
ANY = "*"
"""Stands for every operation but sign-in."""


class Keep:
    """What `KEEP` is."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP: Final = Keep()
"""Leave it as it is; None is null."""

Rows = Callable[[list[dict[str, Any]]], list[dict[str, Any]] | None]


@dataclass(eq=False)
class Fault:
    """A fault that the sandbox produces for chosen requests.

    Parameters
    ----------
    operation : str
        The requests it applies to: an operationId, a method's name (`leads.list`), `sign_in`, or `*` for all but
        sign-in.
    times : int or None, default 1
        How often it happens; None for every time.
    after : int, default 0
        How many requests of the operation succeed before it.
    delay : float, default 0.0
        Seconds to wait before the response.
    revoke : bool, default False
        All tokens end before the response, the token of this request included.
    before : callable, optional
        Called before the response is made (in process only).
    status : int, optional
        The status of another response. Without a body it has the body of the service: text for 429, an HTML page for
        5xx, RFC 7807 for others. The request is not carried out, unless `done` is True.
    body : object, optional
        The body of another response: text as it is, anything else as JSON; with status 200 unless a status is given.
    headers : mapping, optional
        Additional headers, for any response.
    page : {"repeat", "first", "empty", "short"}, optional
        `repeat` returns the rows of the page before (in a feed: of the request before, with its token), `first` those
        of page 1, `empty` none, `short` the first half of them.
    total : int or None, default KEEP
        The total in the response.
    has_more : bool, default KEEP
        `hasMore` in the response.
    continue_from : str or None, default KEEP
        The token in the response; `{from}` in it stands for the token that was sent.
    rows : callable or sequence of mapping, optional
        Changes rows of the response: a callable that takes the list and changes it or returns another (in process
        only), or a list of `{"at": 0, "set": {"address.city": null}, "drop": ["priority"]}`.
    ignore : sequence of str, default ()
        Parameters that the service ignores, and fields of a body that it accepts and drops (`address.zip`).
    cut : int, optional
        The connection breaks after so many bytes of the body. The request has been carried out, unless `done` or
        `late` change that.
    done : bool, optional
        Whether a request that writes is carried out. True: it is, although the response is an error (`status=500,
        done=True`). False: it is not, although the response looks right (`cut=0, done=False` is a request that was lost
        on its way). None: as the response has it.
    late : float, default 0.0
        Seconds after the response until the request is carried out.

    Notes
    -----
    `hits` counts how often the fault happened, `seen` the requests that it applied to.

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
    rows: Rows | Sequence[Mapping[str, Any]] | None = None
    ignore: Sequence[str] = ()
    cut: int | None = None
    done: bool | None = None
    late: float = 0.0
    seen: int = field(default=0, init=False)
    hits: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        names = {operation.helper: operation.id for operation in OPERATIONS.values()}
        self.operation = names.get(self.operation, self.operation)
        if self.operation not in {*OPERATIONS, SIGN_IN, ANY}:
            raise UsageError(f"a fault for {self.operation!r}: no operation has this name")
        if self.page not in {None, "repeat", "first", "empty", "short"}:
            raise UsageError(f"a fault with page={self.page!r}: it can be repeat, first, empty or short")

    def cancel(self) -> None:
        """End it now."""
        self.times = self.hits

    def answer(self) -> Answer | None:
        """The answer in place of the right one; None where the right one is given, bent or not."""
        if self.status is None and self.body is None:
            return None
        status = self.status or 200
        if self.body is None:
            usual = plain(status)
            if self.operation == SIGN_IN and status == 400:
                usual = Answer(400, [b'{"error":"invalid_client"}'])
            return usual
        if isinstance(self.body, bytes):
            body = self.body
        else:
            body = self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()
        return Answer(status, [body], media=HTML if status >= 500 else JSON)

    @property
    def does(self) -> bool:
        """Whether the operation is done before the answer goes out."""
        if self.late:
            return False
        return self.status is None and self.body is None if self.done is None else self.done

    def overlook(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body without the fields to ignore."""
        kept = dict(body)
        for path in self.ignore:
            drop_path(kept, path)
        return kept

    def redirect(self, query: Pairs, last: Pairs) -> Pairs:
        """The query that is answered in place of the one that came; `last` is the one of the call before."""
        asked = [(name, value) for name, value in query if name not in self.ignore]
        if self.page not in {"repeat", "first"}:
            return asked
        if not any(name == "from" for name, _ in [*asked, *last]):
            number = dict(asked).get("page", "1")
            number = "1" if self.page == "first" or not number.isdigit() else str(max(1, int(number) - 1))
            return [(name, value) for name, value in asked if name != "page"] + [("page", number)]
        start = dict(last).get("from", "") if self.page == "repeat" else ""
        return [(name, value) for name, value in asked if name != "from"] + [("from", start)]

    def bend(self, found: Found, query: Pairs) -> Found:
        """The right answer with what is wrong in it."""
        head, pieces = None if found.head is None else dict(found.head), found.pieces
        if self.rows is not None or self.page == "short":
            rows = orjson.loads(b"[" + b",".join(pieces) + b"]")
            if self.page == "short":
                rows = rows[: len(rows) // 2]
            pieces = [
                json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() for row in self._changed(rows)
            ]
        if head is None:
            return Found(pieces, bare=found.bare)
        if self.page == "empty":
            pieces = ()
        asked = dict(query)
        if "page" in head and asked.get("page", "").isdigit():
            head["page"] = int(asked["page"])
        if not isinstance(self.total, Keep):
            head["totalCount"] = self.total
        if not isinstance(self.has_more, Keep):
            head["hasMore"] = self.has_more
        if not isinstance(self.continue_from, Keep):
            token = self.continue_from
            head["continueFrom"] = token if token is None else token.replace("{from}", asked.get("from", ""))
        return Found(pieces, head)

    def _changed(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if callable(self.rows):
            given = self.rows(rows)
            return rows if given is None else given
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
    """The faults that were ordered, in their order. A call meets the first that is due."""

    def __init__(self) -> None:
        self._all: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._all.append(fault)

    def clear(self) -> None:
        """Order none any more."""
        with self._lock:
            self._all.clear()

    def next(self, operation: str) -> Fault | None:
        """The fault that a call of the operation meets; it counts as hit."""
        with self._lock:
            met: Fault | None = None
            for fault in self._all:
                if fault.operation != operation and (fault.operation != ANY or operation == SIGN_IN):
                    continue
                fault.seen += 1
                due = fault.seen > fault.after and (fault.times is None or fault.hits < fault.times)
                if due and met is None:
                    met = fault
                    fault.hits += 1
            return met


_FROM_FILE = {one.name for one in fields(Fault) if one.init and one.name != "before"}
_KINDS: dict[str, type | tuple[type, ...]] = {
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


def from_file(path: Path) -> list[Fault]:
    """Faults from a file of JSON.

    Raises
    ------
    UsageError
        It is no list of faults; the message says which entry is wrong.
    """
    try:
        entries = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"the faults in {path} cannot be read: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"the faults in {path} must be a list of objects")
    faults = []
    for number, entry in enumerate(entries, start=1):
        unknown = entry.keys() - _FROM_FILE
        if unknown or "operation" not in entry:
            what = f"does not know {', '.join(sorted(unknown))}" if unknown else "needs an operation"
            raise UsageError(f"fault {number} in {path}: a fault {what}; it has {', '.join(sorted(_FROM_FILE))}")
        wrong = [name for name, value in entry.items() if not isinstance(value, _KINDS.get(name, object))]
        if wrong:
            raise UsageError(f"fault {number} in {path}: {wrong[0]} is of the wrong kind")
        faults.append(Fault(**entry))
    return faults
