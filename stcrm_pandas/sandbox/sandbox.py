"""The sandbox: a double of the service, with a company in it, on loopback."""

from __future__ import annotations

import atexit
import datetime as dt
import sqlite3
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.sandbox.founding import Plan, establish
from stcrm_pandas.sandbox.service.access import Limit, Tokens
from stcrm_pandas.sandbox.service.faults import KEEP, Fault, Faults, Keep, Rows, from_file
from stcrm_pandas.sandbox.store.clock import SECOND, Clock, ticks_of
from stcrm_pandas.sandbox.store.filling import Company
from stcrm_pandas.sandbox.store.store import Store
from stcrm_pandas.sandbox.store.tables import Key

if TYPE_CHECKING:
    from stcrm_pandas.sandbox.service.app import Arrival, Service
    from stcrm_pandas.sandbox.service.server import Server


_LONGEST_DELAY = 86_400


class Sandbox:
    """A double of the service on loopback, for trying things out and for tests.

    Parameters
    ----------
    leads : int, default 12000
        How large the company is; customers, jobs and the rest grow with it.
    customers : int, optional
        How many customers instead.
    seed, as_of : int, default 1
        The same two make the same rows, byte for byte. `as_of` is where the company's data ends and where the sandbox's
        clock starts (an aware datetime; now).
    latency_ms : float, default 0
        How long each answer takes at least.
    rate_limit : int, default 60
        Calls in any second, beyond which it answers 429; None is no limit.
    state : str or Path, optional
        A file that keeps the company and all changes. One that exists is opened again as it is: `leads`, `customers`,
        `seed`, `as_of`, `by_the_book` and `effects` then play no part.
    faults : str, Path or Sequence[Mapping[str, Any]], optional
        What should go wrong: a file of JSON, or such a list (see `inject`).
    by_the_book : bool, default False
        Without the oddities of the real service.
    effects : bool, default True
        False draws all outcomes alike for every campaign, source and so on.
    scopes : collection of str, optional
        What the application may do; None is everything.
    port : int, default 0
        Where to listen; 0 takes a free one.
    company : Company, optional
        A company of your own, in place of the one that is made.
    gzip : bool, default False
        Pack answers for callers who take them packed.
    feed_delay : float, default 900
        Seconds until a feed shows a change, unless it is asked for recent ones; 0 shows it at once. The rows that the
        company starts with are shown at once in any case.

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
        as_of: dt.datetime | None = None,
        latency_ms: float = 0,
        rate_limit: int | None = 60,
        state: str | Path | None = None,
        faults: str | Path | Sequence[Mapping[str, Any]] | None = None,
        by_the_book: bool = False,
        effects: bool = True,
        scopes: Collection[str] | None = None,
        port: int = 0,
        company: Company | None = None,
        gzip: bool = False,
        feed_delay: float = 900,
        _token_lifetime: float = 900,
        _feed_size: int = 5_000,
    ) -> None:
        if as_of is not None and as_of.tzinfo is None:
            raise UsageError("as_of needs a time zone: datetime(2026, 1, 1, tzinfo=timezone.utc)")
        if not 0 <= feed_delay <= _LONGEST_DELAY:
            raise UsageError(f"feed_delay is {feed_delay}; it must be between 0 and {_LONGEST_DELAY} seconds (a day)")
        self._feed_delay = round(feed_delay * SECOND)
        self._plan = Plan(leads, customers, seed, as_of, by_the_book, effects, company)
        self._state = None if state is None else Path(state).expanduser()
        self._latency = latency_ms / 1000
        self._rate_limit = rate_limit
        self._port = port
        self._gzip = gzip
        self._token_lifetime = _token_lifetime
        self._feed_size = _feed_size
        known = frozenset(operation.scope for operation in OPERATIONS.values())
        self._scopes = known if scopes is None else frozenset(scopes)
        if not self._scopes <= known:
            raise UsageError(f"no operation knows the scopes {', '.join(sorted(self._scopes - known))}")
        self._faults = Faults()
        if isinstance(faults, str | Path):
            ordered = from_file(Path(faults))
        else:
            ordered = [Fault(**fault) for fault in faults or ()]
        for fault in ordered:
            self._faults.add(fault)
        self._notes: dict[str, Any] = {}
        self._service: Service | None = None
        self._server: Server | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    # its life

    @property
    def state(self) -> Path | None:
        """The file that keeps it, if one does."""
        return self._state

    @property
    def started(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def start(self, on_rows: Callable[[int, int], None] | None = None) -> Self:
        """Make the company, or open its state, and listen. A sandbox that runs stays as it is.

        Parameters
        ----------
        on_rows : callable, optional
            Called while the company is made with two numbers: how many more rows exist, and how many there
            will be (0 where that is not known).
        """
        if self._server is not None:
            return self
        from stcrm_pandas.sandbox.service.app import Service, build
        from stcrm_pandas.sandbox.service.server import Server

        store = self._open(on_rows)
        try:
            notes = store.note("sandbox")
            clock = Clock(notes["shift"])
            self._service = Service(
                store=store,
                clock=clock,
                tokens=Tokens(clock, self._token_lifetime),
                limit=Limit(self._rate_limit),
                faults=self._faults,
                tenant=notes["tenant"],
                client_id=notes["client_id"],
                client_secret=notes["client_secret"],
                app_key=notes["app_key"],
                scopes=self._scopes,
                latency=self._latency,
                feed_size=self._feed_size,
                gzip=self._gzip,
                by_the_book=notes["by_the_book"],
            )
            self._notes = notes
            self._server = Server(build(self._service), self._port)
        except BaseException:
            store.close()
            self._drop_folder()
            raise
        atexit.register(self.stop)
        return self

    def stop(self) -> None:
        """End it: connections, thread, and the rows unless a state keeps them. One that does not run stays as it is."""
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
            try:
                if not self._state.exists():
                    self._state.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                    establish(self._state, self._plan, lasting=True, made=on_rows)
            except (OSError, sqlite3.OperationalError) as error:
                why = getattr(error, "strerror", None) or str(error)
                raise SettingsError(f"the sandbox's state {self._state} cannot be made: {why}") from None
            return Store(self._state, self._feed_delay)
        self._folder = tempfile.TemporaryDirectory(prefix="stcrm-sandbox-")
        try:
            path = Path(self._folder.name) / "state.sqlite"
            establish(path, self._plan, lasting=False, made=on_rows)
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
            raise UsageError("the sandbox does not run: start it first")
        return self._service

    # where it is, and who may come in

    @property
    def api_url(self) -> str:
        """What stands before `/crm/v2/tenant/…`."""
        self._running()
        return self._server.address if self._server else ""

    @property
    def auth_url(self) -> str:
        """Where tokens are to be had."""
        return f"{self.api_url}/connect/token"

    @property
    def tenant(self) -> int:
        return self._running().tenant

    @property
    def client_id(self) -> str:
        return self._running().client_id

    @property
    def client_secret(self) -> str:
        return self._running().client_secret

    @property
    def app_key(self) -> str:
        return self._running().app_key

    @property
    def sandbox_id(self) -> str:
        """What stands for its address: that of its state, or one that each start draws anew."""
        self._running()
        return str(self._notes["id"])

    def connection(self) -> dict[str, Any]:
        """All that a client needs to know."""
        names = ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key", "sandbox_id")
        return {name: getattr(self, name) for name in names}

    @property
    def name(self) -> str:
        """What the company is called."""
        self._running()
        return str(self._notes["name"])

    @property
    def time_zone(self) -> str:
        """Where the company works."""
        self._running()
        return str(self._notes["time_zone"])

    @property
    def dismissing_reasons(self) -> dict[int, str]:
        """What the ids of the company's dismissing reasons stand for; empty where it has no names for them."""
        self._running()
        return {int(id): str(name) for id, name in self._notes["truth"].get("dismissing_reasons", {}).items()}

    @property
    def truth(self) -> dict[str, Any]:
        """What was planted in the company, for an analysis to find."""
        self._running()
        return dict(self._notes["truth"])

    def now(self) -> dt.datetime:
        """The sandbox's clock, in UTC."""
        return self._running().clock.now()

    def advance(self, by: dt.timedelta | float) -> dt.datetime:
        """Move the sandbox's clock ahead, and return its new time. Tokens age, feeds show what was too recent.

        Parameters
        ----------
        by : dt.timedelta or float
            How far: a timedelta, or seconds. A `state` keeps the clock as it was moved.

        Raises
        ------
        UsageError
            It would go back.

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
        self._notes["shift"] = service.clock.shift
        service.store.keep_note("sandbox", self._notes)
        return service.clock.now()

    @property
    def requests(self) -> list[Arrival]:
        """What came in, sign-ins too, in order, with the JSON that was sent; `clear()` empties it."""
        return self._running().arrivals

    # behind the client's back

    def put(self, table: str, row: Mapping[str, Any]) -> None:
        """Add a row, or replace the one with its key, under the contract's names; its place in the feeds moves.

        Parameters
        ----------
        table : str
            The table, as the sandbox names it (`leads`, `customers` …).
        row : mapping
            All fields of the row, by the API's names.
        """
        self._running().store.put(table, row, self._ticks())

    def change(self, table: str, key: Key, **fields: Any) -> None:
        """Set fields of a row. `modifiedOn` moves, unless it is among them.

        A row is named by its id; contacts by (customer, location or booking id, id). A part of an object is reached as
        `**{"address.city": "Aurora"}`.

        Parameters
        ----------
        table : str
            The table, as the sandbox names it (`leads`, `customers` …).
        key : int or tuple
            The row's id; of a contact (customer, location or booking id, id).
        **fields : object
            The fields to set and their values, by the API's names.

        Raises
        ------
        UsageError
            There is no such row.
        """
        self._running().store.change(table, key, fields, self._ticks())

    def remove(self, table: str, key: Key) -> None:
        """Delete a row: lists leave it out, feeds of leads, bookings and contacts show it with `active` false.

        Parameters
        ----------
        table : str
            The table, as the sandbox names it (`leads`, `customers` …).
        key : int or tuple
            The row's id; of a contact (customer, location or booking id, id).

        Raises
        ------
        UsageError
            There is no such row.
        """
        self._running().store.remove(table, key, self._ticks())

    def row(self, table: str, key: Key) -> dict[str, Any]:
        """A row as it is kept, hidden fields too.

        Parameters
        ----------
        table : str
            The table, as the sandbox names it (`leads`, `customers` …).
        key : int or tuple
            The row's id; of a contact (customer, location or booking id, id).

        Raises
        ------
        UsageError
            There is no such row.
        """
        return self._running().store.row(table, key)

    def revoke_tokens(self) -> None:
        """End all tokens now: the next call with one of them answers 401."""
        self._running().tokens.revoke()

    def _ticks(self) -> int:
        return ticks_of(self.now())

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
        rows: Rows | Sequence[Mapping[str, Any]] | None = None,
        ignore: Sequence[str] = (),
        cut: int | None = None,
        done: bool | None = None,
        late: float = 0.0,
    ) -> Fault:
        """Make the sandbox produce a fault.

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
            The status of another response. Without a body it has the body of the service: text for 429, an HTML page
            for 5xx, RFC 7807 for others. The request is not carried out, unless `done` is True.
        body : object, optional
            The body of another response: text as it is, anything else as JSON; with status 200 unless a status is
            given.
        headers : mapping, optional
            Additional headers, for any response.
        page : {"repeat", "first", "empty", "short"}, optional
            `repeat` returns the rows of the page before (in a feed: of the request before, with its token), `first`
            those of page 1, `empty` none, `short` the first half of them.
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
            done=True`). False: it is not, although the response looks right (`cut=0, done=False` is a request that
            was lost on its way). None: as the response has it.
        late : float, default 0.0
            Seconds after the response until the request is carried out.

        Returns
        -------
        Fault
            The fault: `hits` counts how often it came true, `cancel()` ends it.

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
        """Order nothing any more to go wrong."""
        self._faults.clear()
