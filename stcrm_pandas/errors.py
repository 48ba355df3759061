"""Every error of the package, as a tree.

    StcrmError
    ├── SettingsError             a setting is missing or wrong: the message names it and how to set it
    ├── UsageError                a call that cannot be right: an unknown filter, a value of the wrong kind
    │   └── WritesNotAllowed      a write over a connection that may only read
    ├── NotCachedError            offline, and the answer is not in the cache
    ├── ServiceError              the service, or the way to it, said no
    │   ├── SignInError           the client id, the secret or the app key was refused
    │   ├── RequestError          the request was refused as it is (400)
    │   ├── PermissionDenied      a scope is missing (403)
    │   ├── NotFound              no such tenant, path or row (404)
    │   ├── Conflict              the row does not allow it now (409)
    │   ├── RateLimited           still told to wait, after all repeats (429)
    │   ├── ServerError           the service failed, after all repeats (5xx)
    │   └── ConnectionFailed      no answer: refused, cut, or too slow, after all repeats
    ├── AnswerError               an answer arrived that is not what the contract says
    │   ├── NotAnAnswer           it is no JSON, or JSON of another shape
    │   ├── UnreadableValue       a value that cannot be read as its type
    │   ├── IncompleteRead        the pages do not add up to the whole
    │   └── DriftError            it departs from the contract, and `strict=True`
    ├── MissingRows               `get` of ids that do not exist
    ├── ReportError               a cell of a report's notebook failed: no report was made
    └── MissingExtra              a package of an extra is not installed: the message has the pip command

Messages never hold a secret, nor a customer's data: they name resources, columns, ids and counts.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from stcrm_pandas.printable import printable

__all__ = [
    "AnswerError",
    "Conflict",
    "ConnectionFailed",
    "DriftError",
    "DriftWarning",
    "IncompleteRead",
    "IncompleteReadWarning",
    "MissingExtra",
    "MissingParentsWarning",
    "MissingRows",
    "NotAnAnswer",
    "NotCachedError",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "ReportError",
    "RequestError",
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
    """What every error of this package is."""

    def __init__(self, *args: object) -> None:
        # A message may name what the service or a file calls by an escape sequence.
        super().__init__(*(printable(arg, keep="\n") if isinstance(arg, str) else arg for arg in args))


class SettingsError(StcrmError):
    """A setting is missing or wrong."""


class UsageError(StcrmError, ValueError):
    """A call that cannot be right; nothing was sent."""


class WritesNotAllowed(UsageError):
    """A write over a connection that may only read: `connect(allow_writes=True)` allows it."""


class NotCachedError(StcrmError):
    """Offline, and the answer to this read is not stored."""


class ServiceError(StcrmError):
    """The service, or the way to it, said no.

    `status` is the HTTP status (None where there was no answer), `operation` the operationId, `trace_id` what
    ServiceTitan's support asks for, `fields` its messages by field, `path` what the call named in its path. `in_doubt`
    is True where a call that writes may have been carried out all the same.
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
    """The service refused the client id, the client secret or the app key."""


class RequestError(ServiceError):
    """The service refused the request as it is; `fields` says why."""


class PermissionDenied(ServiceError):
    """The application lacks a scope; `scope` names it."""

    def __init__(self, message: str, *, scope: str | None = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.scope = scope


class NotFound(ServiceError):
    """No such tenant, path or row."""


class Conflict(ServiceError):
    """What the row is now does not allow the request."""


class RateLimited(ServiceError):
    """The service still asked to wait after the last repeat."""


class ServerError(ServiceError):
    """The service failed, and failed again at every repeat."""


class ConnectionFailed(ServiceError):
    """No whole answer came: refused, cut or too slow, at every repeat."""


class AnswerError(StcrmError):
    """An answer arrived, and it is not what the contract says."""


class NotAnAnswer(AnswerError):
    """No JSON, or JSON of another shape."""


class UnreadableValue(AnswerError):
    """A value that cannot be read as its type; `resource`, `column` and `id` say where it stands."""

    def __init__(self, message: str, *, resource: str, column: str, id: object) -> None:
        super().__init__(message)
        self.resource = resource
        self.column = column
        self.id = id


class IncompleteRead(AnswerError):
    """The pages do not add up to the whole; `rows` of `total` were there."""

    def __init__(self, message: str, *, rows: int | None = None, total: int | None = None) -> None:
        super().__init__(message)
        self.rows = rows
        self.total = total


class DriftError(AnswerError):
    """The answer departs from the contract, and the connection is strict."""


class MissingRows(StcrmError, LookupError):
    """Rows that were asked for by id and that do not exist; `ids` has them."""

    def __init__(self, message: str, *, ids: Sequence[object]) -> None:
        super().__init__(message)
        self.ids = list(ids)


class ReportError(StcrmError):
    """A report could not be made; where one of its notebook's cells failed, `cell` is its number, from 1.

    `denied` says which scope the application lacks, where that is why.
    """

    def __init__(self, message: str, *, cell: int | None = None, denied: str | None = None) -> None:
        super().__init__(message)
        self.cell = cell
        self.denied = denied


class MissingExtra(StcrmError, ImportError):
    """A package of an extra is not installed.

    The message has the command that installs it. `name` is the missing package, `extra` the extra.
    """

    def __init__(self, message: str, *, name: str | None = None, extra: str | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.extra = extra


class _Part(NamedTuple):
    """A part of this package that imports more than the dependencies."""

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
    "xlsx": _Part("An XLSX file", "sheets", ("openpyxl",)),
}
"""Which extra installs the packages that a part of this package imports."""


def require(part: str) -> None:
    """Raise where a package that a part of this one needs is not installed.

    Parameters
    ----------
    part : str
        One of `PARTS`.

    Raises
    ------
    MissingExtra
        The message has the command that installs the part's extra.
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
        True where the import system finds it.

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
    """What every warning of this package is."""


class DriftWarning(StcrmWarning):
    """An answer departs from the contract; its rows were kept."""


class IncompleteReadWarning(StcrmWarning):
    """Part of the rows is missing: the service withholds those of a parent, or `allow_incomplete=True` was given."""


class MissingParentsWarning(StcrmWarning):
    """Some of the parents that were asked for do not exist; the rows of the others are there."""


_HERE = str(Path(__file__).parent)


def notify(message: str, category: type[Warning]) -> None:
    """Warn, in the name of the first line outside this package."""
    depth, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        depth, frame = depth + 1, frame.f_back
    warnings.warn(printable(message, keep="\n"), category, stacklevel=depth)
