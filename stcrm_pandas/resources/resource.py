"""What all resources share: a connection, how a method's arguments become a request, plans of edits, and the export."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import pandas as pd

from stcrm_pandas.contract.operations import IDS, OPERATIONS, Operation, by_name
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.http.query import path_of
from stcrm_pandas.output.printable import closest
from stcrm_pandas.reads.connection import Writer
from stcrm_pandas.reads.naming import add_names
from stcrm_pandas.reads.reading import Feed, MaxAge, Options, Reader, below

if TYPE_CHECKING:
    from collections.abc import Callable

    from stcrm_pandas.edits.plans import Plan
    from stcrm_pandas.grid.grid import Grid
    from stcrm_pandas.sheets.sheet import Sheet


__all__ = [
    "WARN_ABOVE",
    "Exportable",
    "Feed",
    "Guids",
    "Ids",
    "IdsOrNames",
    "MaxAge",
    "Plannable",
    "Resource",
    "When",
    "WritableResource",
    "checked",
    "no_attribute",
    "operation",
]

Ids = int | Sequence[int] | pd.Series
"""One or more ids. If there are too many for one request, several are sent."""

IdsOrNames = int | str | Sequence[int] | Sequence[str] | Sequence[int | str] | pd.Series
"""One id or name, or many."""

Guids = str | Sequence[str] | pd.Series
"""One or more GUIDs."""

When = str | dt.date | pd.Timestamp
"""A date or a time. The default time zone is the tenant's (`STCRM_TIME_ZONE`)."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Result = TypeVar("_Result", pd.DataFrame, Feed, None)
_OPTIONS = ("max_age", "refresh", "allow_incomplete")


def operation(method: Callable[_P, _Result]) -> Callable[_P, _Result]:
    """Make a method without a body send the request of the operation with its name."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def request(*args: _P.args, **kwargs: _P.kwargs) -> _Result:
        arguments = _bound(method, signature, args, kwargs)
        resource: Resource = arguments.pop("self")
        result: _Result = resource._request(method.__name__, arguments)
        return result

    return request


def checked(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Check the keywords of a method that has a body, as `operation` does for a method without one."""
    signature = inspect.signature(method)

    @functools.wraps(method)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        return method(**_bound(method, signature, args, kwargs))  # type: ignore[call-arg]

    return call


def _bound(
    method: Callable[..., Any], signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Bind arguments by a signature. A missing keyword is None: the check of the request body reports all at once."""
    for name in kwargs:
        if name not in signature.parameters:
            raise UsageError(_unknown_keyword(_name_of(method, args[0]), name, [*signature.parameters][1:]))
    positional = [
        name for name, parameter in signature.parameters.items() if parameter.kind is not parameter.KEYWORD_ONLY
    ]
    if len(args) > len(positional):
        raise UsageError(_unnamed_argument(_name_of(method, args[0]), args[len(positional)], signature, positional[1:]))
    bound = signature.bind_partial(*args, **kwargs).arguments
    for name, parameter in signature.parameters.items():
        if parameter.default is parameter.empty and name not in bound and parameter.kind is not parameter.KEYWORD_ONLY:
            raise UsageError(f"{_name_of(method, args[0])} needs {name}.")
    defaults = {
        name: None if parameter.default is parameter.empty else parameter.default
        for name, parameter in signature.parameters.items()
    }
    return defaults | bound


def _name_of(method: Callable[..., Any], resource: object) -> str:
    assert isinstance(resource, Resource)
    return f"{resource.name}.{method.__name__}"


def _unknown_keyword(method: str, name: str, names: Sequence[str]) -> str:
    near = closest(name, names)
    hint = f" Did you mean {near!r}?" if near else ""
    what = "filter" if set(_OPTIONS).intersection(names) else "parameter"
    return f"{method} has no {what} {name!r}.{hint}{_parameters_message(names)}"


def _unnamed_argument(method: str, value: object, signature: inspect.Signature, positional: Sequence[str]) -> str:
    """Return the message for an argument that must be given by name, with the filter that has it as a choice."""
    filters = next((operation.filters for operation in OPERATIONS.values() if operation.name == method), ())
    choices = {word.lower(): (snake(field.name), word) for field in filters for word in field.values}
    takes = f"only {' and '.join(positional)} by position" if positional else "its arguments by name"
    hint = ""
    if isinstance(value, str) and value.lower() in choices:
        name, word = choices[value.lower()]
        hint = f" Did you mean {method}({name}={word!r})?"
    return f"{method} takes {takes}.{hint}{_parameters_message([*signature.parameters][1 + len(positional) :])}"


def _parameters_message(names: Sequence[str]) -> str:
    own = [name for name in names if name not in _OPTIONS]
    options = [name for name in names if name in _OPTIONS]
    has = f" It has: {', '.join(own)}." if own else ""
    return has + (f" Options of every read: {', '.join(options)}." if options else "")


def no_attribute(owner: str, of: object, name: str) -> AttributeError:
    """Return the error for an attribute that does not exist, with the one that was probably meant.

    Parameters
    ----------
    owner : str
        The object in code, such as `crm`.
    of : object
        The object itself.
    name : str
        The attribute.
    """
    families = {operation.name.rpartition(".")[0] for operation in OPERATIONS.values()}
    places = {family.rpartition(".")[2]: f"crm.{family}" for family in families}
    places |= {attribute: f"{owner}.{attribute}" for attribute in dir(of) if not attribute.startswith("_")}
    near = closest(name, places)
    return AttributeError(f"{owner} has no {name!r}." + (f" Did you mean {places[near]}?" if near else ""))


class Resource:
    """The methods for one resource over one connection.

    Every read has three options: `max_age` (the maximum age of cached data, such as `"1h"` or `0`), `refresh=True`
    (ignores cached data) and `allow_incomplete=True` (issues a warning instead of an error if rows are missing).
    """

    name: str
    """Its name in the client, as `leads` or `lookups.campaigns`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def _operation(self, method: str) -> Operation:
        return by_name(f"{self.name}.{method}")

    def _request(self, method: str, arguments: dict[str, Any]) -> Any:
        """Read what a method's operation returns, once for each value in its path."""
        operation = self._operation(method)
        options = Options(**{name: arguments.pop(name) for name in _OPTIONS})
        names = arguments.pop("names", False)
        if operation.returns == "feed":
            since, continue_from = arguments.pop("since"), arguments.pop("continue_from")
            return self._reader.export(operation, since, continue_from, arguments, options)
        if operation.returns != "row":
            parents = below(operation, arguments)
            frame = self._reader.list(operation, arguments, options, below=parents)
            return add_names(self._reader, frame, options) if names else frame
        if IDS in self._listed_by(method).filters:
            return self._get(arguments.pop("ids"), options, method, arguments)
        return self._reader.each(operation, below(operation, arguments), options)

    def _get(
        self, ids: Any, options: Options, method: str = "get", path: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """Read rows by id: one row with the method's own operation, several with the list operation."""
        many = self._listed_by(method)
        return self._reader.get(self._operation(method), many, ids, options, path=path_of(many, path or {}))

    def _listed_by(self, method: str) -> Operation:
        """Return the operation that lists the rows a method gets by id: `list` for `get`."""
        return self._operation(method.replace("get", "list"))

    def __repr__(self) -> str:
        methods = [name for name in dir(self) if not name.startswith("_") and callable(getattr(self, name))]
        return f"{self.name}: {', '.join(methods)}"


class WritableResource(Resource):
    """A resource with methods that write.

    In every write, None is not sent, and `CLEAR` is sent as null if the API accepts null. All problems are reported in
    one error before anything is sent. A request that creates something is never sent twice: if its response is lost,
    the error explains how to check whether it was carried out.
    """

    def __init__(self, reader: Reader, writer: Writer, port: Port) -> None:
        super().__init__(reader)
        self._writer = writer
        self._port = port

    def _request(self, method: str, arguments: dict[str, Any]) -> Any:
        operation = self._operation(method)
        return self._writer.write(operation, arguments) if operation.writes else super()._request(method, arguments)


WARN_ABOVE = 0.25
"""A plan that changes more than this share of all rows has a warning."""


class Plannable(WritableResource):
    """A resource with bulk edits."""

    @checked
    def plan_changes(
        self,
        before: pd.DataFrame,
        after: pd.DataFrame | Sheet,
        *,
        reason: str | None = None,
        allow_opt_in: bool = False,
        consent_source: str | None = None,
        check: bool = False,
        warn_above: float = WARN_ABOVE,
    ) -> Plan:
        """Compare two DataFrames of these rows and return the changes as a plan. Nothing is sent.

        Parameters
        ----------
        before : DataFrame
            The rows as they were read.
        after : DataFrame or Sheet
            The edited rows, or a sheet from `read_sheet`. A missing value clears; what is omitted does not change.
        reason : str, optional
            Why the change is made. It is stored in the journal.
        allow_opt_in : bool, default False
            True allows opt-ins. They require `consent_source`, and other records are checked for opt-outs.
        consent_source : str, optional
            Who consented, when and how. It is stored in the journal.
        check : bool, default False
            True runs the checks that require a read immediately, instead of when the plan is applied.
        warn_above : float, default WARN_ABOVE
            The share of the rows, from 0 to 1, above which the plan warns; 25% by default, from 20 rows on.

        Returns
        -------
        Plan
            The plan. `changes`, `requests` and `refused` are DataFrames; `apply()` sends the requests.

        Raises
        ------
        UsageError
            The DataFrames are of another resource, tenant or environment; or a key is missing, appears twice, or is not
            in `before`.

        Examples
        --------
        >>> before = crm.contacts.list()
        >>> plan = crm.contacts.plan_changes(before, before.assign(title=before["title"].str.upper()))
        >>> plan.changes["column"].unique().tolist()
        ['title']
        """
        return self._plan(
            self.name,
            before,
            after,
            reason=reason,
            allow_opt_in=allow_opt_in,
            consent_source=consent_source,
            check=check,
            warn_above=warn_above,
        )

    def _plan(self, resource: str, before: pd.DataFrame, after: pd.DataFrame | Sheet, **options: Any) -> Plan:
        from stcrm_pandas.edits import plans

        return plans.changes(self._port, resource, before, after, **options)

    def edit(self, frame: pd.DataFrame, **options: Any) -> Grid:
        """Open a grid in JupyterLab to edit these rows, with the options of `plan_changes`. Nothing is sent.

        Every edit is checked and is in a log on this machine before the grid shows it as saved. The same call brings
        back all edits, also with rows that were read again: an edit is listed as a conflict if the value of its cell
        changed since.

        Parameters
        ----------
        frame : DataFrame
            The rows as they were read. The DataFrame itself does not change; `grid.after` is the edited copy.

        Returns
        -------
        Grid
            The grid. The last line of a cell shows it; `plan()` returns its changes as a plan.

        Raises
        ------
        UsageError
            The DataFrame is of another resource, tenant or environment; a key is missing or appears twice; or
            `plan_changes` has no such option.
        SettingsError
            The log cannot be written.
        MissingExtra
            anywidget is not installed.

        Examples
        --------
        >>> grid = crm.contacts.edit(crm.contacts.list(), reason="titles")
        >>> len(grid.changes), len(grid.plan().requests)
        (0, 0)
        """
        return self._edit(self.name, frame, options, self.plan_changes)

    def _edit(self, resource: str, frame: pd.DataFrame, options: dict[str, Any], plans: Callable[..., Plan]) -> Grid:
        known = [
            parameter.name
            for parameter in inspect.signature(plans).parameters.values()
            if parameter.kind is parameter.KEYWORD_ONLY
        ]
        for name in options:
            if name not in known:
                near = closest(name, known)
                hint = f" Did you mean {near!r}?" if near else ""
                raise UsageError(f"A grid of {resource} has no option {name!r}.{hint} It has: {', '.join(known)}.")
        from stcrm_pandas.grid.edit import edit_rows

        return edit_rows(self._port, resource, frame, options)


class Exportable(Resource):
    """A resource with an export feed. The examples show leads."""

    @operation
    def export(
        self,
        *,
        since: When | None = None,
        continue_from: str | None = None,
        include_recent_changes: bool | None = None,
        max_age: MaxAge = None,
        refresh: bool = False,
        allow_incomplete: bool = False,
    ) -> Feed:
        """Return the export feed, including deleted and inactive rows, to keep a copy up to date.

        Parameters
        ----------
        since : str, date or Timestamp, optional
            Only rows changed at or after this time. The default time zone is the tenant's.
        continue_from : str, optional
            The token of an earlier feed (`Feed.continue_from`), to return only rows changed since then.
        include_recent_changes : bool, optional
            True includes changes from about the last 15 minutes. Duplicates are dropped.
        max_age : str, float or timedelta, optional
            Maximum age of cached data, such as `"15m"` or seconds. By default, that of the connection.
        refresh : bool, default False
            True ignores cached data and caches the new result.
        allow_incomplete : bool, default False
            True returns incomplete data with a warning instead of raising an error.

        Returns
        -------
        Feed
            A feed. Its `frame` contains the latest version of each row, with the columns of
            `stcrm.schemas.ExportedLeads`, `ExportedBookings`, `ExportedCustomers` or `ExportedLocations`. Times are in
            UTC.

        Notes
        -----
        Operation: ExportLeads_Leads, ExportBookings_Get, ExportCustomers_GetCustomers, ExportLocations_Locations

        Examples
        --------
        >>> feed = crm.leads.export()
        >>> crm.leads.export(continue_from=feed.continue_from)
        Feed(0 rows, continue_from=...)
        """
