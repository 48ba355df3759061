"""The sandbox: an imitation of the API with a demo company, on loopback."""

from __future__ import annotations

import atexit
import datetime as dt
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import orjson

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox.service.access import ServiceOptions
from stcrm_pandas.sandbox.service.faults import KEEP, EditRows, Fault, Faults, Keep, faults_from
from stcrm_pandas.sandbox.state import CompanyOptions, create_state, moment, open_state
from stcrm_pandas.sandbox.store.clock import SECOND, to_ticks
from stcrm_pandas.sandbox.store.filling import Company
from stcrm_pandas.sandbox.store.store import Store
from stcrm_pandas.sandbox.store.tables import Key

if TYPE_CHECKING:
    from stcrm_pandas.sandbox.service.app import ReceivedRequest, Service
    from stcrm_pandas.sandbox.service.server import Server


_LONGEST_DELAY = 86_400


class Sandbox:
    """An imitation of the API that runs on this machine, for experiments and tests.

    Parameters
    ----------
    leads : int, default 12000
        The number of leads. The numbers of customers, jobs and other rows are proportional to it.
    customers : int, optional
        The number of customers. By default, 3.5 per lead.
    seed : int, default 1
        The seed of the demo company. The same seed and `as_of` create the same rows, byte for byte.
    as_of : str, date or datetime, optional
        The time at which the company's data ends and the sandbox's clock starts, such as "2026-07-01". A date means
        midnight. The default time zone is UTC. By default, the current time.
    latency_ms : float, default 0
        Minimum response time, in milliseconds.
    rate_limit : int or None, default 60
        Maximum requests in any period of one second. Further requests receive a 429 response. None means no limit.
    state : str or Path, optional
        A file that stores the company and all changes. If it exists, it is opened, and `leads`, `customers`, `seed`,
        `as_of`, `by_the_book`, `effects` and `dirt` are ignored.
    faults : str, Path or sequence of mapping, optional
        The faults to inject: a JSON file, or a list with the same contents (see `inject`).
    by_the_book : bool, default False
        Whether to follow the published API exactly, without the quirks of the real service.
    effects : bool, default True
        False gives all campaigns, sources and so on the same rates, such as the share of leads that are booked.
    dirt : bool, default True
        False leaves out duplicate customers, customers that look like duplicates, and values that are written badly.
    scopes : collection of str, optional
        The scopes of the application. By default, all scopes.
    port : int, default 0
        The port to listen on. 0 selects a free port.
    company : Company, optional
        Your own company instead of the demo company.
    gzip : bool, default False
        Whether to compress responses for clients that accept it.
    feed_delay : float, default 900
        Seconds until a feed shows a change, unless recent changes are requested; 0 shows it immediately. The rows that
        the company starts with are always shown immediately.

    Examples
    --------
    >>> from stcrm_pandas.sandbox import Sandbox
    >>> with Sandbox(leads=100) as sandbox:
    ...     sandbox.api_url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        *,
        leads: int = 12_000,
        customers: int | None = None,
        seed: int = 1,
        as_of: str | dt.date | dt.datetime | None = None,
        latency_ms: float = 0,
        rate_limit: int | None = 60,
        state: str | Path | None = None,
        faults: str | Path | Sequence[Mapping[str, Any]] | None = None,
        by_the_book: bool = False,
        effects: bool = True,
        dirt: bool = True,
        scopes: Collection[str] | None = None,
        port: int = 0,
        company: Company | None = None,
        gzip: bool = False,
        feed_delay: float = 900,
        _token_lifetime: float = 900,
        _feed_size: int = 5_000,
    ) -> None:
        if not 0 <= feed_delay <= _LONGEST_DELAY:
            raise UsageError(f"feed_delay is {feed_delay}; it must be between 0 and {_LONGEST_DELAY} seconds (a day)")
        self._feed_delay = round(feed_delay * SECOND)
        start = None if as_of is None else moment(as_of)
        self._company_options = CompanyOptions(leads, customers, seed, start, by_the_book, effects, dirt, company)
        self._state = None if state is None else Path(state).expanduser()
        self._port = port
        known = frozenset(operation.scope for operation in OPERATIONS.values())
        allowed = known if scopes is None else frozenset(scopes)
        if not allowed <= known:
            raise UsageError(f"no operation has the scopes {', '.join(sorted(allowed - known))}")
        self._service_options = ServiceOptions(
            allowed, rate_limit, latency_ms / 1000, _token_lifetime, _feed_size, gzip
        )
        self._faults = Faults(faults_from(faults))
        self._service: Service | None = None
        self._server: Server | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    # start and stop

    @property
    def state(self) -> Path | None:
        """The file that stores the sandbox, or None."""
        return self._state

    @property
    def started(self) -> bool:
        """Whether the sandbox is running."""
        return self._server is not None

    def start(self, on_rows: Callable[[int, int], None] | None = None) -> Self:
        """Create the company or open the state file, then listen for requests.

        If the sandbox is already running, this does nothing.

        Parameters
        ----------
        on_rows : callable, optional
            Called while the company is created, with two numbers: the rows added since the last call, and the expected
            total (0 if unknown).

        Returns
        -------
        Sandbox
            The sandbox itself.
        """
        if self._server is not None:
            return self
        from stcrm_pandas.sandbox.service.app import Service, build
        from stcrm_pandas.sandbox.service.server import Server

        store = self._open(on_rows)
        try:
            self._service = Service(store, self._service_options, self._faults)
            self._server = Server(build(self._service), self._port)
        except BaseException:
            store.close()
            self._drop_folder()
            raise
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """Stop the sandbox: close connections, and delete the rows unless a state file stores them.

        If the sandbox is not running, this does nothing.
        """
        if self._server is None or self._service is None:
            return
        atexit.unregister(self.stop)
        self._server.stop()
        self._service.store.close()
        self._server = None
        self._drop_folder()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Sandbox {self.sandbox_id} at {self.api_url}>" if self._server else "<Sandbox, not started>"

    def _open(self, on_rows: Callable[[int, int], None] | None) -> Store:
        if self._state is not None:
            return open_state(self._state, self._company_options, delay=self._feed_delay, on_rows=on_rows)
        self._folder = tempfile.TemporaryDirectory(prefix="stcrm-sandbox-")
        try:
            path = Path(self._folder.name) / "state.sqlite"
            create_state(path, self._company_options, lasting=False, on_rows=on_rows)
            return Store(path, self._feed_delay)
        except BaseException:
            self._drop_folder()
            raise

    def _drop_folder(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _running(self) -> Service:
        if self._server is None or self._service is None:
            raise UsageError("the sandbox is not running: start it first")
        return self._service

    # connection

    @property
    def api_url(self) -> str:
        """The base URL, before `/crm/v2/tenant/…`."""
        self._running()
        return self._server.address if self._server else ""

    @property
    def auth_url(self) -> str:
        """The URL from which clients request tokens."""
        return f"{self.api_url}/connect/token"

    @property
    def tenant(self) -> int:
        """The number of the tenant."""
        return int(self._running().notes["tenant"])

    @property
    def client_id(self) -> str:
        """The client id of the application."""
        return str(self._running().notes["client_id"])

    @property
    def client_secret(self) -> str:
        """The client secret of the application."""
        return str(self._running().notes["client_secret"])

    @property
    def app_key(self) -> str:
        """The application key."""
        return str(self._running().notes["app_key"])

    @property
    def sandbox_id(self) -> str:
        """The id of the sandbox: the one in its state file, or a new one at each start."""
        return str(self._running().notes["id"])

    def connection(self) -> dict[str, Any]:
        """Return the URLs, tenant and credentials that a client needs.

        Returns
        -------
        dict
            `api_url`, `auth_url`, `tenant`, `client_id`, `client_secret`, `app_key` and `sandbox_id`.
        """
        names = ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key", "sandbox_id")
        return {name: getattr(self, name) for name in names}

    @property
    def name(self) -> str:
        """The name of the company."""
        return str(self._running().notes["name"])

    @property
    def time_zone(self) -> str:
        """The company's time zone."""
        return str(self._running().notes["time_zone"])

    @property
    def dismissing_reasons(self) -> dict[int, str]:
        """The names of the company's dismissing reasons by id; empty if it has none."""
        return {int(id): str(name) for id, name in self.truth.get("dismissing_reasons", {}).items()}

    @property
    def truth(self) -> dict[str, Any]:
        """What is built into the company's data: effects, duplicate customers and other defects.

        `planted` lists the effects that an analysis should find. `duplicates` lists groups of customers that are the
        same, `traps` groups that only look so, and `defects` the customers, or pairs of customer and contact, whose
        values are written badly. `definitions` describes them all.

        Examples
        --------
        >>> with Sandbox(leads=400) as sandbox:
        ...     truth = sandbox.truth
        >>> len(truth["duplicates"]), len(truth["duplicates"][0]) >= 2, len(truth["traps"]["spouses"])
        (98, True, 42)
        """
        return dict(self._running().notes["truth"])

    def now(self) -> dt.datetime:
        """Return the time of the sandbox's clock.

        Returns
        -------
        datetime
            The time, in UTC.
        """
        return self._running().clock.now()

    def advance(self, by: dt.timedelta | float) -> dt.datetime:
        """Move the sandbox's clock ahead and return the new time, so that tokens expire and feeds show recent changes.

        Parameters
        ----------
        by : timedelta or float
            A timedelta, or seconds. A state file stores the new time.

        Returns
        -------
        datetime
            The new time, in UTC.

        Raises
        ------
        UsageError
            `by` is negative.

        Examples
        --------
        >>> with Sandbox(leads=100) as sandbox:
        ...     before = sandbox.now()
        ...     sandbox.advance(dt.timedelta(minutes=15)) - before >= dt.timedelta(minutes=15)
        True
        """
        seconds = by.total_seconds() if isinstance(by, dt.timedelta) else float(by)
        if not seconds >= 0:
            raise UsageError(f"the sandbox's clock cannot go back: advance({by!r})")
        service = self._running()
        service.clock.shift += seconds
        service.notes["shift"] = service.clock.shift
        service.store.set_note("sandbox", service.notes)
        return service.clock.now()

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The requests received, in order, including sign-ins, each with its JSON body. `clear()` empties the list."""
        return self._running().received

    # rows, changed without the client

    def put(self, table: str, row: Mapping[str, Any]) -> None:
        """Add a row, or replace the row with the same key. Feeds show it as changed.

        Parameters
        ----------
        table : str
            The sandbox's name for the table (`leads`, `customers` …).
        row : mapping
            All fields of the row, keyed by the API's field names.
        """
        self._running().store.put(table, _plain(row), self._ticks())

    def change(self, table: str, key: Key, **fields: Any) -> None:
        """Set fields of a row; `modifiedOn` becomes the current time unless it is given.

        Parameters
        ----------
        table : str
            The sandbox's name for the table (`leads`, `customers` …).
        key : int or tuple
            The row's id, which may be a numpy integer. For a contact, a tuple of the customer, location or booking id
            and the contact's id.
        **fields : object
            New values, keyed by the API's field names. For a part of an object, use `**{"address.city": "Aurora"}`.

        Raises
        ------
        UsageError
            The row does not exist.
        """
        self._running().store.change(table, _plain_key(key), _plain(fields), self._ticks())

    def remove(self, table: str, key: Key) -> None:
        """Delete a row. Lists omit it; feeds of leads, bookings and contacts show it with `active` false.

        Parameters
        ----------
        table : str
            The sandbox's name for the table (`leads`, `customers` …).
        key : int or tuple
            The row's id, which may be a numpy integer. For a contact, a tuple of the customer, location or booking id
            and the contact's id.

        Raises
        ------
        UsageError
            The row does not exist.
        """
        self._running().store.remove(table, _plain_key(key), self._ticks())

    def row(self, table: str, key: Key) -> dict[str, Any]:
        """Return a row as the sandbox stores it, including fields that responses omit.

        Parameters
        ----------
        table : str
            The sandbox's name for the table (`leads`, `customers` …).
        key : int or tuple
            The row's id, which may be a numpy integer. For a contact, a tuple of the customer, location or booking id
            and the contact's id.

        Returns
        -------
        dict
            The row, keyed by the API's field names.

        Raises
        ------
        UsageError
            The row does not exist.
        """
        return self._running().store.row(table, _plain_key(key))

    def revoke_tokens(self) -> None:
        """Revoke all tokens. The next request with one of them receives a 401 response."""
        self._running().access.tokens.revoke()

    def _ticks(self) -> int:
        return to_ticks(self.now())

    # faults

    def inject(
        self,
        operation: str,
        *,
        times: int | None = 1,
        after: int = 0,
        delay: float = 0.0,
        revoke: bool = False,
        before: Callable[[], object] | None = None,
        status: int | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        page: Literal["repeat", "first", "empty", "short"] | None = None,
        total: int | Keep | None = KEEP,
        has_more: bool | Keep = KEEP,
        continue_from: str | Keep | None = KEEP,
        rows: EditRows | Sequence[Mapping[str, Any]] | None = None,
        ignore: Sequence[str] = (),
        cut: int | None = None,
        done: bool | None = None,
        late: float = 0.0,
    ) -> Fault:
        """Inject a fault into the responses of an operation, to test how a client handles it.

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
            The HTTP status of the response. Without `body`, the response body is what the API sends: text for 429, an
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
            `continueFrom` in the response. `{from}` in it stands for the token that was sent, KEEP leaves it unchanged,
            and None sets it to null.
        rows : callable or sequence of mapping, optional
            Changes to the rows of the response: a callable that takes the list of rows and changes it or returns
            another list, or a list of changes such as `{"at": 0, "set": {"address.city": null}, "drop": ["priority"]}`.
            A JSON file can contain only the latter.
        ignore : sequence of str, default ()
            Query parameters to ignore, and fields of a request body to accept and drop (`address.zip`).
        cut : int, optional
            The number of bytes of the body after which the connection breaks. The request is carried out unless `done`
            or `late` changes that.
        done : bool, optional
            Whether a write is carried out. With True, it is carried out even if the response is an error
            (`status=500, done=True`). With False, it is not carried out even if the response is a success
            (`cut=0, done=False` imitates a request that is lost in transit). By default, it is carried out only if the
            response is a success.
        late : float, default 0.0
            Seconds between the response and the change that the request makes.

        Returns
        -------
        Fault
            The fault. Its `hits` counts the requests that it affected, and its `cancel()` removes it.

        Raises
        ------
        UsageError
            There is no such operation.

        Examples
        --------
        >>> sandbox = Sandbox(leads=100)
        >>> sandbox.inject("leads.list", after=2, status=503).hits
        0
        """
        fault = Fault(
            operation,
            times=times,
            after=after,
            delay=delay,
            revoke=revoke,
            before=before,
            status=status,
            body=body,
            headers=headers,
            page=page,
            total=total,
            has_more=has_more,
            continue_from=continue_from,
            rows=rows,
            ignore=ignore,
            cut=cut,
            done=done,
            late=late,
        )
        self._faults.add(fault)
        return fault

    def clear_faults(self) -> None:
        """Remove all faults."""
        self._faults.clear()


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields as JSON has them: numbers of numpy, as DataFrames contain them, become Python's."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(dict(fields), option=orjson.OPT_SERIALIZE_NUMPY))
    return plain


def _plain_key(key: Key) -> Key:
    """Return a key without numbers of numpy, which SQLite would store as bytes."""
    parts = tuple(
        part.item() if isinstance(part, np.generic) else part for part in (key if isinstance(key, tuple) else (key,))
    )
    return parts if isinstance(key, tuple) else parts[0]
