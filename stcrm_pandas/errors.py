"""All errors and warnings of the package.

    StcrmError
    ├── SettingsError             a setting is missing or invalid; the message explains how to set it
    ├── UsageError                an invalid argument: an unknown filter, a value of the wrong type
    │   └── WritesNotAllowed      a write over a read-only connection
    ├── NotCachedError            offline, and the response is not in the cache
    ├── ServiceError              the API or the connection to it failed
    │   ├── SignInError           the client id, the secret or the app key was rejected
    │   ├── RequestError          the API rejected the request (400)
    │   ├── PermissionDenied      a scope is missing (403)
    │   ├── NotFound              no such tenant, path or row (404)
    │   ├── Conflict              the current state of the row does not allow it (409)
    │   ├── RateLimited           too many requests, even after all retries (429)
    │   ├── ServerError           every retry failed with a server error (5xx)
    │   └── ConnectionFailed      no response: every attempt was refused, interrupted or too slow
    ├── ResponseError             a response that does not match the published API
    │   ├── InvalidResponse       not JSON, or JSON with an unexpected structure
    │   ├── UnreadableValue       a value that cannot be read as its type
    │   ├── IncompleteRead        rows are missing from the pages
    │   └── DriftError            schema drift, with `strict=True`
    ├── MissingRows               `get` of ids that do not exist
    ├── ReportError               a cell of a report's notebook failed: no report was made
    ├── MirrorError               a mirror cannot be read or written, or a sync was refused
    │   ├── MirrorBusy            another process is syncing the mirror
    │   └── NotMirrored           rows that a mirror does not contain
    └── MissingExtra              a package is not installed; the message shows the pip command

Messages never contain a secret or customer data, only resources, columns, ids and counts.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from stcrm_pandas.output.notebook import in_black, is_ours, traceback_to_caller
from stcrm_pandas.output.printable import printable

__all__ = [
    "Conflict",
    "ConnectionFailed",
    "DriftError",
    "DriftWarning",
    "IncompleteRead",
    "IncompleteReadWarning",
    "InvalidResponse",
    "MirrorBusy",
    "MirrorError",
    "MissingExtra",
    "MissingNamesWarning",
    "MissingParentsWarning",
    "MissingRows",
    "NotCachedError",
    "NotFound",
    "NotMirrored",
    "PermissionDenied",
    "RateLimited",
    "ReportError",
    "RequestError",
    "ResponseError",
    "ServerError",
    "ServiceError",
    "SettingsError",
    "SignInError",
    "StcrmError",
    "StcrmWarning",
    "UnreadableValue",
    "UsageError",
    "WritesNotAllowed",
]


class StcrmError(Exception):
    """Base class of all errors of this package."""

    def __init__(self, *args: object) -> None:
        # A message may contain text of the service or a file with escape sequences.
        super().__init__(*(printable(arg, keep="\n") if isinstance(arg, str) else arg for arg in args))

    def _render_traceback_(self) -> list[str]:
        """Return the traceback that IPython shows. It ends at the caller's line: the message explains the rest."""
        return traceback_to_caller(self)


class SettingsError(StcrmError):
    """A setting is missing or invalid."""


class UsageError(StcrmError, ValueError):
    """An argument is invalid; nothing was sent."""


class WritesNotAllowed(UsageError):
    """A write was attempted over a read-only connection. `connect(allow_writes=True)` allows writes."""


class NotCachedError(StcrmError):
    """The connection is offline, and this read is not in the cache."""


class ServiceError(StcrmError):
    """The API rejected a request or failed, or the connection failed.

    - `status`: the HTTP status, or None if there was no response
    - `operation`: the operationId
    - `trace_id`: the id to give to ServiceTitan's support
    - `fields`: the API's messages by field
    - `path`: the path parameters of the request
    - `in_doubt`: True if a write may have been carried out despite the error
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        operation: str | None = None,
        trace_id: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
        in_doubt: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.operation = operation
        self.trace_id = trace_id
        self.fields: dict[str, list[str]] = {name: list(texts) for name, texts in (fields or {}).items()}
        self.path: dict[str, object] = {}
        self.in_doubt = in_doubt


class SignInError(ServiceError):
    """The service rejected the client id, the client secret or the app key."""


class RequestError(ServiceError):
    """The service rejected the request as invalid. `fields` lists the problems by field."""


class PermissionDenied(ServiceError):
    """The application lacks a scope, which `scope` names."""

    def __init__(self, message: str, *, scope: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.scope = scope


class NotFound(ServiceError):
    """The tenant, path or row does not exist."""


class Conflict(ServiceError):
    """The current state of the row does not allow the request."""


class RateLimited(ServiceError):
    """The service returned 429 (too many requests) even after the last retry."""


class ServerError(ServiceError):
    """Every retry failed with a server error (5xx)."""


class ConnectionFailed(ServiceError):
    """No attempt received a complete response: the connection was refused, interrupted or too slow."""


class ResponseError(StcrmError):
    """A response does not match the published API."""


class InvalidResponse(ResponseError):
    """The response is not JSON, or is JSON with an unexpected structure."""


class UnreadableValue(ResponseError):
    """A value cannot be read as its type. `resource`, `column` and `id` identify it."""

    def __init__(self, message: str, *, resource: str, column: str, id: object) -> None:
        super().__init__(message)
        self.resource = resource
        self.column = column
        self.id = id


class IncompleteRead(ResponseError):
    """Rows are missing: the pages contain only `rows` of `total` rows."""

    def __init__(self, message: str, *, rows: int | None = None, total: int | None = None) -> None:
        super().__init__(message)
        self.rows = rows
        self.total = total


class DriftError(ResponseError):
    """A response contains values that the API does not document (schema drift), and the connection is strict."""


class MissingRows(StcrmError, LookupError):
    """Rows that were requested by id do not exist. `ids` lists them."""

    def __init__(self, message: str, *, ids: Sequence[object]) -> None:
        super().__init__(message)
        self.ids = list(ids)


class ReportError(StcrmError):
    """A report could not be created. If a cell of its notebook failed, `cell` is the number of the cell, from 1.

    If the reason is a missing scope, `denied` names the scope.
    """

    def __init__(self, message: str, *, cell: int | None = None, denied: str | None = None) -> None:
        super().__init__(message)
        self.cell = cell
        self.denied = denied


class MirrorError(StcrmError):
    """A mirror cannot be read or written, or a sync was refused. Data from earlier syncs is not affected."""


class MirrorBusy(MirrorError):
    """Another process or thread is syncing or compacting the mirror."""


class NotMirrored(MirrorError):
    """A mirror does not contain these rows; read them from the service."""


class MissingExtra(StcrmError, ImportError):
    """A package that this feature requires is not installed.

    The message shows the pip command that installs it. `name` is the missing package, and `extra` is the extra
    that includes it.
    """

    def __init__(self, message: str, *, name: str | None = None, extra: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.extra = extra


class _Part(NamedTuple):
    """A part of this package with additional dependencies."""

    title: str
    extra: str
    packages: tuple[str, ...]


_ANALYSIS = ("narwhals", "scipy", "statsmodels")
PARTS: Mapping[str, _Part] = {
    "analysis": _Part("stcrm.analysis", "analysis", _ANALYSIS),
    "figure": _Part("A figure", "analysis", ("plotly",)),
    "report": _Part(
        "A report", "report", (*_ANALYSIS, "plotly", "jinja2", "nbconvert", "nbclient", "papermill", "ipykernel")
    ),
    "sandbox": _Part("The sandbox", "sandbox", ("adbc_driver_sqlite", "starlette", "uvicorn")),
    "mirror_sql": _Part("SQL over a mirror", "mirror", ("duckdb",)),
    "cleaning": _Part("stcrm.cleaning", "cleaning", ("duckdb", "nicknames")),
    "grid": _Part("The grid", "lab", ("anywidget",)),
    "review": _Part("A review", "lab", ("anywidget",)),
    "xlsx": _Part("An XLSX file", "sheets", ("openpyxl",)),
}
"""The extra that each part of this package needs."""


def require(part: str) -> None:
    """Raise MissingExtra if a package that a part of this one needs is not installed.

    Parameters
    ----------
    part : str
        One of `PARTS`.

    Raises
    ------
    MissingExtra
        A package is not installed. The message shows the pip command.
    """
    title, extra, packages = PARTS[part]
    for name in packages:
        if not is_installed(name):
            raise MissingExtra(
                f"{title} needs {name}, which is not installed: pip install 'stcrm-pandas[{extra}]'",
                name=name,
                extra=extra,
            )


def is_installed(name: str) -> bool:
    """Return whether a package can be imported, without importing it.

    Parameters
    ----------
    name : str
        The package, as in `import name`.

    Returns
    -------
    bool
        True if the import system finds it.

    Examples
    --------
    >>> is_installed("pandas"), is_installed("no_such_package")
    (True, False)
    """
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


class StcrmWarning(UserWarning):
    """Base class of all warnings of this package."""


class DriftWarning(StcrmWarning):
    """A response contains values that the API does not document (schema drift). Its rows were kept."""


class IncompleteReadWarning(StcrmWarning):
    """Some rows are missing: `allow_incomplete=True` permits this, or a parent of the rows is inactive.

    A parent is the row that other rows belong to, such as the customer of a note.
    """


class MissingParentsWarning(StcrmWarning):
    """Some of the requested parents, such as the customers whose notes were requested, do not exist.

    The rows of the other parents were read.
    """


class MissingNamesWarning(StcrmWarning):
    """Some names could not be read, for example because a scope is missing. Their columns are empty."""


def notify(message: str, category: type[Warning]) -> None:
    """Issue a warning with the location of the first line outside this package."""
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and is_ours(frame.f_code.co_filename):
        depth, frame = depth + 1, frame.f_back
    with in_black():
        warnings.warn(printable(message, keep="\n"), category, stacklevel=depth)
