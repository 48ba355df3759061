"""`connect`, and the client it returns: the methods and the cache of one tenant."""

from __future__ import annotations

import datetime as dt
import html
import inspect
import operator
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http import wire
from stcrm_pandas.http.cache import Cache, cache_path
from stcrm_pandas.http.session import CachedServiceSession
from stcrm_pandas.output.printable import closest, printable
from stcrm_pandas.reads.connection import Connection, Writer
from stcrm_pandas.reads.fetching import Fetcher
from stcrm_pandas.reads.naming import add_names
from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.reads.reading import MaxAge, Options, Reader
from stcrm_pandas.resources.bookings import BookingProviderTags, Bookings
from stcrm_pandas.resources.contacts import ContactMethods, ContactPreferences, Contacts
from stcrm_pandas.resources.customers import Customers
from stcrm_pandas.resources.leads import Leads
from stcrm_pandas.resources.locations import Locations
from stcrm_pandas.resources.lookups import Lookups
from stcrm_pandas.resources.resource import no_attribute
from stcrm_pandas.resources.tags import Tags
from stcrm_pandas.sandboxes import get_or_start_sandbox, start_sandbox, temporary_folder
from stcrm_pandas.settings.connection import Settings, names_a_tenant, read_settings

if TYPE_CHECKING:
    from stcrm_pandas.edits.plans import Plan, Result
    from stcrm_pandas.mirror.mirror import Mirror
    from stcrm_pandas.sandbox import Sandbox

    AnySandbox = bool | str | Path | Sandbox | None

_DEMO = "DEMO COMPANY, not your data"

_PRIVATE = {"clock", "page_size", "sleep", "timer", "chance"}
"""Clock, random numbers and page size, which tests replace."""


def connect(
    *,
    environment: str | None = None,
    api_url: str | None = None,
    auth_url: str | None = None,
    tenant: int | str | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    app_key: str | None = None,
    sandbox: AnySandbox = False,
    cache_dir: str | Path | None = None,
    state_dir: str | Path | None = None,
    max_age: str | float | dt.timedelta | None = None,
    offline: bool | None = None,
    allow_writes: bool | None = None,
    time_zone: str | None = None,
    dismissing_reasons: Mapping[int, str] | None = None,
    double_opt_in: bool | None = None,
    service_url: str | None = None,
    rate_limit: int | None = None,
    concurrency: int | None = None,
    timeout: tuple[float, float] | None = None,
    retries: int | None = None,
    strict: bool | None = None,
    progress: bool | None = None,
    **private: Any,
) -> Client:
    """Connect to one tenant. Nothing is sent before the first request.

    A setting that is None is read from the environment (`STCRM_TENANT`, `STCRM_CLIENT_SECRET` …), then from a `.env`
    file in the working folder or its project. The file is used only if the user owns it. If a setting is in neither
    place, its default applies. A `.env` file cannot set `allow_writes` or `state_dir`. It can set an address or
    `cache_dir` only if the secrets come from the same file.

    Parameters
    ----------
    environment : str, optional
        `"production"` or `"integration"`. For another environment, pass `api_url` and `auth_url` instead.
    api_url : str, optional
        The part of the URL before `/crm/v2/tenant/…`.
    auth_url : str, optional
        The URL for signing in, with or without `/connect/token`.
    tenant, client_id, client_secret, app_key : int or str, optional
        The tenant's number, and the credentials of the application.
    sandbox : bool, str, Path, Sandbox or None, default False
        True connects to a sandbox in this process, the same one each time. A path connects to the sandbox in that
        state file, and a `Sandbox` connects to that sandbox. A sandbox needs no other setting. None connects to the
        tenant in the arguments or the environment, or to a sandbox if no tenant is given.
    cache_dir : str or Path, optional
        The folder of the cache. By default, the user's cache folder, or a temporary one for a sandbox without a state
        file.
    state_dir : str or Path, optional
        The folder of the journals of bulk edits. By default, the user's state folder, or a temporary one for a sandbox
        without a state file.
    max_age : str, float or timedelta, optional
        Maximum age of cached data, such as `"15m"` or `"2d"`, or a number of seconds. By default, 1 hour.
    offline : bool, optional
        True reads only from the cache, whatever its age; no secret is needed. By default, False.
    allow_writes : bool, optional
        True allows writes. By default, False, except in a sandbox that this process started.
    time_zone : str, optional
        The tenant's time zone, such as `"America/Chicago"`. It applies to dates and times without a time
        zone.
    dismissing_reasons : mapping, optional
        The names of dismissing reasons by id, such as `{620: "Price too high", 644: "Spam"}`, for reports. The API does
        not provide them. A sandbox has its own.
    double_opt_in : bool, optional
        True if double opt-in is on in ServiceTitan, which the API does not return: reports then count customers for
        marketing by e-mail only if they have the tag `Opted In`. By default, False.
    service_url : str, optional
        The address of the ServiceTitan site that call lists link to. By default, `"https://go.servicetitan.com"`
        in production. Other environments have no links by default.
    rate_limit : int, optional
        Maximum requests per second. By default, 55; the API allows about 60 per application and tenant.
    concurrency : int, optional
        Maximum parallel requests. By default, 8.
    timeout : tuple[float, float], optional
        Maximum seconds to connect and maximum seconds to wait for data. By default, (10, 110).
    retries : int, optional
        Maximum retries of a failed read. By default, 5.
    strict : bool, optional
        True makes schema drift (values that the API does not document) an error. By default, False.
    progress : bool, optional
        True always shows progress, and False never shows it. By default, it is shown in notebooks and terminals.

    Returns
    -------
    Client
        The connection.

    Raises
    ------
    SettingsError
        A setting is missing or invalid. The message names its variable and explains how to set it.
    UsageError
        A keyword is not a setting.

    Examples
    --------
    >>> with connect(sandbox=sandbox) as crm:
    ...     leads = crm.leads.list(status="Open")
    >>> leads["status"].unique().tolist()
    ['Open']
    """
    arguments: dict[str, Any] = {
        "environment": environment,
        "api_url": api_url,
        "auth_url": auth_url,
        "tenant": tenant,
        "client_id": client_id,
        "client_secret": client_secret,
        "app_key": app_key,
        "cache_dir": cache_dir,
        "state_dir": state_dir,
        "max_age": max_age,
        "offline": offline,
        "allow_writes": allow_writes,
        "time_zone": time_zone,
        "dismissing_reasons": dismissing_reasons,
        "double_opt_in": double_opt_in,
        "service_url": service_url,
        "rate_limit": rate_limit,
        "concurrency": concurrency,
        "timeout": timeout,
        "retries": retries,
        "strict": strict,
        "progress": progress,
    }
    if unknown := sorted(private.keys() - _PRIVATE):
        names = [*arguments, "sandbox"]
        near = closest(unknown[0], names)
        hint = f" Did you mean {near!r}?" if near else ""
        raise UsageError(f"connect has no setting {unknown[0]!r}.{hint} It has: {', '.join(names)}.")
    if sandbox is None:
        sandbox = not names_a_tenant(arguments)
    if sandbox is False:
        return Client(read_settings(**arguments), **private)
    from stcrm_pandas.sandbox import Sandbox

    running = sandbox if isinstance(sandbox, Sandbox) else get_or_start_sandbox(sandbox, Progress(progress))
    start_sandbox(running, Progress(progress))
    named = {name: getattr(running, name) for name in ("api_url", "auth_url", "tenant", "client_id")}
    named.update(client_secret=running.client_secret, app_key=running.app_key)
    named["service_url"] = service_url or running.api_url  # so that one in a `.env` file is not considered
    if time_zone is None:
        named["time_zone"] = running.time_zone
    if dismissing_reasons is None:
        named["dismissing_reasons"] = running.dismissing_reasons
    if allow_writes is None:
        named["allow_writes"] = True
    if cache_dir is None and running.state is None:
        named["cache_dir"] = temporary_folder(running)
    if state_dir is None and running.state is None:
        named["state_dir"] = temporary_folder(running)
    settings = read_settings(**{**arguments, **named, "environment": None})
    # the records of a sandbox have no screens, whatever the environment says of those of a tenant
    own = {"environment": running.sandbox_id, "service_url": service_url}
    return Client(settings.model_copy(update=own), sandbox=running, **private)


class Client:
    """A connection to one tenant's CRM, returned by `connect`. It is thread-safe and a context manager.

    The methods for the CRM are in `leads`, `bookings`, `booking_provider_tags`, `customers`, `locations`, `tags`,
    `contacts`, `contact_methods` and `contact_preferences`. The methods for reference data are in `lookups`. `cache` is
    the cache of reads.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sandbox: Sandbox | None = None,
        clock: Callable[[], float] = time.time,
        page_size: int = wire.PAGE_SIZE,
        **private: Any,
    ) -> None:
        self.settings = settings
        self.sandbox = sandbox
        self.cache = Cache(cache_path(settings), limit=settings.cache_limit_mb * 1_000_000, clock=clock)
        progress = self._progress = Progress(settings.progress)
        self._session = CachedServiceSession(
            settings, self.cache.backend, on_wait=progress.waiting, own_service=sandbox is not None, **private
        )
        self._fetcher = Fetcher(
            self._session,
            self.cache,
            api_url=str(settings.api_url),
            tenant=settings.tenant or 0,
            concurrency=settings.concurrency,
            offline=settings.offline,
            page_size=page_size,
        )
        reader = self._reader = Reader(self._fetcher, settings, progress)
        writer = Writer(self._session, self.cache, settings, reader)
        port = self._port = Connection(settings, self._session, self.cache, progress, reader, writer)
        self.leads = Leads(reader, writer, port)
        self.bookings = Bookings(reader, writer, port)
        self.booking_provider_tags = BookingProviderTags(reader, writer, port)
        self.customers = Customers(reader, writer, port)
        self.locations = Locations(reader, writer, port)
        self.contacts = Contacts(reader, writer, port)
        self.contact_methods = ContactMethods(reader, writer, port)
        self.contact_preferences = ContactPreferences(reader, writer, port)
        self.tags = Tags(reader, writer, port)
        self.lookups = Lookups(reader)

    def named(
        self,
        frame: pd.DataFrame,
        *,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> pd.DataFrame:
        """Add local times, customers' phone numbers and e-mail addresses, and names for ids.

        The frame can come from any method, or be a selection or a merge of such frames. Only the rows with these ids
        are read, or the complete list if that takes fewer requests. A notebook or a terminal shows what is requested.

        Parameters
        ----------
        frame : DataFrame
            Rows with ids: leads, bookings, customers, locations, jobs and so on.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        DataFrame
            The same rows in the same order, with the same index, and additional columns at the end. They depend only on
            the columns of the frame; an id that does not exist gets missing values.

            ======================  ==================================================================================
            column of the frame     added columns
            ======================  ==================================================================================
            `customer_id`           `customer`, `phone` (`+15125550101`), `do_not_call`, `do_not_text`, `email`
            `location_id`           `location`
            `campaign_id`           `campaign`, `campaign_category`
            `business_unit_id`      `business_unit`
            `job_type_id`           `job_type`
            `call_reason_id`        `call_reason`
            `tag_type_ids`          `tags`: tuples of names
            `created_by_id`         `created_by`: the employee or technician with this user id
            any time                the same name with `_local`, in the tenant's time zone; missing before 1900
            `dismissing_reason_id`  `dismissing_reason`, if `connect(dismissing_reasons=…)` has the names
            ======================  ==================================================================================

            In a frame of customers, `id` adds the columns of `customer_id`, except `customer`. In a frame of at most
            500 bookings, `id` adds `phone` and `email`.

        Raises
        ------
        UsageError
            The frame has nothing to add names for, or already has one of these columns.

        Warns
        -----
        MissingNamesWarning
            Some names could not be read, for example because a scope is missing. The other names are added.

        Notes
        -----
        If there are several phone numbers, a number that you may call is preferred, then a valid number, then a mobile
        phone, then a number that you may text. An e-mail address that opted out of marketing is used only if there is
        no other. The lead's own values (`lead_customer_name`, `lead_phone`, `lead_email`) are preferred to those of the
        customer.

        `do_not_call` is True if a contact with the number has both marketing and job reminders turned off, or if the
        customer is marked `do_not_service`; `do_not_text` is True if a contact blocks texts. False does not mean
        permission: another customer with the same number may have opted out, or the person may have opted out outside
        the CRM.

        Examples
        --------
        >>> jobs = crm.named(crm.lookups.jobs.list())
        >>> jobs[["customer", "campaign", "job_type"]].notna().all().all()
        np.True_
        """
        return add_names(self._reader, frame, Options(max_age, refresh, allow_incomplete))

    def plan_opt_out(
        self, phones_or_emails: Iterable[str] | str, names: Iterable[str] = (), *, reason: str | None = None
    ) -> Plan:
        """Plan opt-outs from marketing for phone numbers and e-mail addresses. This reads all contacts and leads.

        Parameters
        ----------
        phones_or_emails : iterable of str or str
            Phone numbers and e-mail addresses in any format. Numbers are compared in E.164 format, and addresses in
            lowercase.
        names : iterable of str, default ()
            The names of the marketing preferences to turn off in the newer contacts API.
            `crm.contact_preferences.list_types()` lists all preferences. Without names, matches in that API are listed
            in `unmatched` and not changed.
        reason : str, optional
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            A plan for the contacts of customers and locations, and for preferences of the newer contacts API. Its
            `unmatched` lists values that match no record, and what you have to do by hand: the API cannot stop text
            messages, change a contact of an inactive or merged customer or location, or opt out a lead. Contacts of
            bookings are not searched.

        Raises
        ------
        UsageError
            The list is empty, or a value is not text.

        Examples
        --------
        >>> plan = crm.plan_opt_out(["(512) 555-0101", "nobody@example.org"], names=["Marketing"])
        >>> "nobody@example.org" in plan.unmatched["what"].tolist()
        True
        """
        from stcrm_pandas.edits import plans

        return plans.opt_outs(self._port, phones_or_emails, names, reason=reason)

    def load_plan(self, path: str | Path) -> Plan:
        """Load a plan from its file.

        Parameters
        ----------
        path : str or Path
            The file that `plan.save(path)` wrote.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            The file is not a plan, was edited, has a different version, or belongs to another tenant or environment.

        Examples
        --------
        >>> from tempfile import mkdtemp
        >>> file = Path(mkdtemp()) / "titles.json"
        >>> before = crm.contacts.list()
        >>> crm.contacts.plan_changes(before, before.assign(title="Owner")).save(file)
        >>> crm.load_plan(file).changes["column"].unique().tolist()
        ['title']
        """
        from stcrm_pandas.edits.plans import load

        return load(path, self._port)

    def journals(self) -> pd.DataFrame:
        """Return the journals of this tenant's bulk edits on this machine, newest first.

        Returns
        -------
        DataFrame
            One row per apply: `journal` (the file, for `crm.undo` and `crm.resume`), `applied_at` (UTC), `resource`,
            `reason`, `rows` and how many of them are in `succeeded`, `already`, `conflicts`, `failed` and `untried` of
            the result, and `state`:

            - `finished`
            - `unfinished`: some rows were not sent
            - `interrupted`: requests were running when the apply ended; resume it
            - `running`
            - `undone` or `partly undone`
            - `cannot be read`: the file is damaged, or of another version

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> result = crm.contacts.plan_changes(before, before.assign(title="Agent"), reason="titles").apply()
        >>> crm.journals()[["resource", "reason", "state"]].iloc[0].tolist()
        ['contacts', 'titles', 'finished']
        """
        from stcrm_pandas.edits.journals import journals

        return journals(self._port)

    def undo(
        self, journal: str | Path | Result, *, rows: pd.DataFrame | None = None, reason: str | None = None
    ) -> Plan:
        """Return a plan that undoes an apply, from its journal. Nothing is sent.

        If a sample of the plan was applied before, its rows had the planned values already, and are undone, too. Rows
        that could not be read back are read now, because they may have been changed. `plan.warnings` names applies of
        the same plan that are not included.

        `plan.refused` lists what cannot be undone, with the reason: a cell that was empty and cannot be cleared, an
        opt-out, or a change that the API cannot make. Rows that were changed since then are conflicts when the plan is
        applied.

        Parameters
        ----------
        journal : str, Path or Result
            The journal file, or the result of the apply. `crm.journals()` lists the files.
        rows : DataFrame, optional
            Undo only these rows, by the columns that identify them: `customer_id` and `id` for contacts of customers,
            because an id of a contact may appear under several customers. For a plan that changes several resources,
            pass rows of `result.succeeded`.
        reason : str, optional
            Why the change is undone. It is stored in the journal of the undo.

        Returns
        -------
        Plan
            The plan. Nothing is sent before `plan.apply()`.

        Raises
        ------
        UsageError
            The file is not a journal, or belongs to another tenant or environment; some of its rows were in progress
            when the apply ended (resume it first); the apply is still running; or it has no such row.

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> result = crm.contacts.plan_changes(before, before.assign(title="Owner")).apply()
        >>> crm.undo(result.path).apply().ok
        True
        """
        from stcrm_pandas.edits.plans import undone

        return undone(journal, self._port, rows=rows, reason=reason)

    def resume(
        self, journal: str | Path | Result, *, limit: int | None = None, stop_after: int | None = None
    ) -> Result:
        """Continue an interrupted apply. Applying its plan again does the same.

        Rows whose request was in progress are read to find out whether it was carried out.

        Parameters
        ----------
        journal : str, Path or Result
            The journal file, or the result of the apply.
        limit : int, optional
            Maximum number of rows to send now, not counting opt-outs. With 0, only opt-outs are sent, and the outcome
            of requests that were in progress is checked.
        stop_after : int, optional
            Number of failures after which only opt-outs are sent.

        Returns
        -------
        Result
            The outcome of each row, including the rows that the interrupted apply finished.

        Raises
        ------
        UsageError
            The file is not a journal, belongs to another tenant or environment, or is not the latest journal of its
            plan.

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> result = crm.contacts.plan_changes(before, before.assign(title="Manager")).apply(limit=1)
        >>> crm.resume(result.path).ok
        True
        """
        from stcrm_pandas.edits.plans import resumed

        return resumed(journal, self._port, limit=limit, stop_after=stop_after)

    def operations(self, *, all: bool = False) -> pd.DataFrame:
        """Return the operations of the API, with the method for each.

        Parameters
        ----------
        all : bool, default False
            True also returns the operations for reference data, which are not among the 88 operations of the CRM API.

        Returns
        -------
        DataFrame
            One row per operation: `operation_id`, `group`, `method` (HTTP), `path`, `scope`, `name`, `returns`,
            `writes`, `summary` and `published`. `name` is the method in Python, such as `leads.list`. `published` is
            False for the two operations that are not in the published API.

        Examples
        --------
        >>> len(crm.operations())
        88
        """
        rows = [op for op in OPERATIONS.values() if all or not op.name.startswith("lookups.")]
        names = ("group", "method", "path", "scope", "name", "returns", "writes")
        table: dict[str, Any] = {"operation_id": [op.id for op in rows]}
        table.update({name: [getattr(op, name) for op in rows] for name in names})
        table["summary"] = [_first_line(operator.attrgetter(op.name)(self)) for op in rows]
        table["published"] = [op.published for op in rows]
        return pd.DataFrame(table)

    def drift(self) -> pd.DataFrame:
        """Return the schema drift in the reads of this connection: values that the API does not document.

        Returns
        -------
        DataFrame
            One row per column and kind of drift in a read: `resource`, `column`, `kind`, `count` (of rows), `ids` (of
            the first few rows, as text) and `detail`, in the order of the reads.

        Examples
        --------
        >>> crm.drift().columns.tolist()
        ['resource', 'column', 'kind', 'count', 'ids', 'detail']
        """
        return frames.drift_frame(self._reader.drift)

    def mirror(self, folder: str | Path) -> Mirror:
        """Return the mirror of this tenant in a folder: a local copy that keeps every version of every row.

        Nothing is read or written before `mirror.sync()`.

        Parameters
        ----------
        folder : str or Path
            The folder of the mirror; several tenants can share it.

        Returns
        -------
        Mirror
            The mirror.

        Examples
        --------
        >>> import tempfile
        >>> crm.mirror(tempfile.mkdtemp())
        Mirror('...tenant=...')
        """
        from stcrm_pandas.mirror.mirror import Mirror

        return Mirror(
            folder,
            tenant=self.settings.tenant or 0,
            crm=self,
            total=self._reader.total,
            time_zone=self.settings.time_zone,
        )

    @property
    def calls(self) -> int:
        """The number of requests sent over this connection, including sign-ins and retries."""
        return self._session.calls

    def close(self) -> None:
        """Close the connection. A sandbox keeps running until `stop()` is called or the process ends."""
        self._fetcher.close()
        self._reader.close()
        self._session.close()  # type: ignore[no-untyped-call]
        self.cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    if not TYPE_CHECKING:  # type checkers would take any name

        def __getattr__(self, name: str) -> Any:
            raise no_attribute("crm", self, name)

    def __repr__(self) -> str:
        demo = f"{_DEMO}; " if self.sandbox is not None else ""
        return f"<stcrm {demo}{'; '.join(text for _, text in self._facts())}>"

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(text)}</td></tr>"
            for name, text in self._facts()
        )
        demo = f"<div style='font-size:2em;font-weight:700'>{_DEMO}</div>" if self.sandbox is not None else ""
        return f"{demo}<table><caption style='text-align:left'>ServiceTitan CRM</caption>{cells}</table>"

    def _facts(self) -> list[tuple[str, str]]:
        settings, oldest = self.settings, self.cache.oldest
        if settings.offline:
            mode = "offline: reads from the cache only"
        else:
            mode = "reads and writes" if settings.allow_writes else "reads only"
        age = "empty" if oldest is None else f"oldest read {_ago(self.cache.now() - oldest)} ago"
        file = settings.parent_file
        return [
            ("connected to", f"{settings.name}, tenant {settings.tenant}"),
            *([("settings", f"from {printable(str(file))}, in a parent folder")] if file is not None else []),
            ("access", mode),
            ("time zone", settings.time_zone or "not set: dates without a time zone are taken as UTC"),
            ("cache", f"{self.cache.size / 1e6:.1f} MB, {age}"),
        ]


def _first_line(method: object) -> str:
    return (inspect.getdoc(method) or "").partition("\n")[0]


def _ago(span: dt.timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
