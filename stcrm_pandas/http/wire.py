"""The protocol in functions of values, without I/O: requests, errors, waits.

A request is built from a row of the operations table; what comes back is judged here: is it a fault, is it worth
repeating, how long does the service ask to wait.

>>> from stcrm_pandas.contract.operations import OPERATIONS
>>> build(OPERATIONS["Leads_Get"], "https://api.servicetitan.io", 7, {"id": 12}).url
'https://api.servicetitan.io/crm/v2/tenant/7/leads/12'
>>> asked_wait({}, b'{"message": "Rate limit is exceeded. Try again in 12 seconds."}')
12.0
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import (
    Conflict,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestError,
    ServerError,
    ServiceError,
    SignInError,
)
from stcrm_pandas.printable import printable, without_words

PAGE_SIZE = 5000
"""The largest page that the service gives."""

LONGEST_WAIT = 300.0
"""A service that asks for a longer wait than this, in seconds, is given up at once."""

_QUOTED = 500
"""How many characters of the service's own words an error repeats."""

_LONGEST_PROBLEM = 1_000_000
"""A body larger than this, in bytes, does not describe an error."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, ready to be sent."""

    operation: Operation
    url: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.operation.method


def build(
    operation: Operation,
    api_url: str,
    tenant: int,
    path: Mapping[str, object] | None = None,
    query: Iterable[tuple[str, str]] = (),
    body: object = None,
) -> Request:
    """A call of an operation.

    Parameters
    ----------
    api_url : str
        What stands before the operation's path.
    path : mapping, optional
        A value for each name in the path, but for the tenant.
    query : Iterable[tuple[str, str]], default ()
        Parameters, in order; a plus sign is sent as `%2B`, since a bare one would arrive as a blank.
    body : object, optional
        What is sent as JSON, if anything.
    """
    values = {name: quote(str(value), safe="") for name, value in {**(path or {}), "tenant": tenant}.items()}
    url = f"{api_url}/{operation.path.format(**values)}"
    pairs = list(query)
    if pairs:
        url += "?" + urlencode(pairs, quote_via=quote, safe=",:")
    return Request(operation, url, None if body is None else packed(body))


def packed(body: object) -> bytes:
    """Return a request body as JSON."""
    return json.dumps(body).encode()


def page_query(
    operation: Operation, query: Iterable[tuple[str, str]], page: int, size: int = PAGE_SIZE
) -> list[tuple[str, str]]:
    """The query of one page: the first asks for the total; sorted by id where that can be asked for."""
    sort = list(operation.sort.query) if operation.sort else []
    total = [("includeTotal", "true")] if page == 1 else []
    return [*query, *sort, ("page", str(page)), ("pageSize", str(size)), *total]


def worth_repeating(method: str, status: int | None, *, sent: bool = True) -> bool:
    """Whether a call that ended so may be sent again as it is.

    Parameters
    ----------
    status : int or None
        The answer's; None where no whole answer came.
    sent : bool, default True
        False where no connection was made at all.

    Notes
    -----
    A read may be repeated on 429, on 5xx and on a broken connection. A write is repeated on 429 and when nothing was
    sent: after a broken connection it may have happened.
    """
    if status == 429 or (status is None and not sent):
        return True
    return method == "GET" and (status is None or status >= 500)


def asked_wait(headers: Mapping[str, str], body: bytes, *, now: dt.datetime | None = None) -> float | None:
    """How many seconds the service asks to wait: by `Retry-After`, or in the words of the body. None: it does not say.

    Parameters
    ----------
    now : dt.datetime, optional
        Against which a `Retry-After` that is a date is held.
    """
    waits = [float(found[1]) for found in [re.search(rb"[Tt]ry again in (\d+(?:\.\d+)?) second", body[:2000])] if found]
    header = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", header):
        waits.append(float(header))
    elif now is not None and (until := _date(header)) is not None:
        waits.append(max(0.0, (until - now).total_seconds()))
    return max(waits, default=None)


def backoff(attempt: int, chance: float) -> float:
    """Seconds to wait after the nth failure where the service does not say: half of it fixed, half by chance.

    Examples
    --------
    >>> [backoff(n, 1.0) for n in (1, 2, 3, 9)]
    [1.0, 2.0, 4.0, 30.0]
    """
    return min(30.0, 2.0 ** min(attempt - 1, 5)) * (0.5 + chance / 2)


def service_date(headers: Mapping[str, str]) -> dt.datetime | None:
    """The service's own time, from the answer's `Date`."""
    return _date(headers.get("Date") or "")


def _date(text: str) -> dt.datetime | None:
    """A date of HTTP, which is in UTC also where it does not say so."""
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=dt.UTC)


def fault(
    operation: Operation,
    status: int,
    body: bytes,
    *,
    tenant: int,
    wait: float | None = None,
    secrets: Iterable[str] = (),
) -> ServiceError:
    """The error that an answer other than 2xx stands for.

    Parameters
    ----------
    body : bytes
        What the service said.
    wait : float, optional
        How many seconds the service asks to wait.
    secrets : iterable of str, default ()
        What the error must not repeat, should the service do so.

    Notes
    -----
    The message has the operation, the status and, for 400, 404 and 409, the service's own words by field. An HTML page
    is not quoted.
    """
    problem = _problem(body, secrets)
    title = str(problem.get("title") or "").strip()[:_QUOTED]
    fields = _fields(problem.get("errors"))
    details: dict[str, Any] = {
        "status": status,
        "operation": operation.id,
        "trace_id": str(problem["traceId"])[:100] if problem.get("traceId") else None,
        "fields": fields,
    }
    words = "; ".join(f"{name}: {' '.join(texts)}" if name else " ".join(texts) for name, texts in fields.items())
    words = words[:_QUOTED]
    said = f" The service says: {' '.join(filter(None, [title, words]))}" if title or words else ""
    name = f"{operation.name} ({operation.id})"
    if status == 400:
        return RequestError(f"{name}: the request was refused (400).{said}", **details)
    if status == 401:
        return SignInError(
            f"{name}: not signed in (401), also with a new token. Check STCRM_APP_KEY, and that this application is "
            f"allowed on tenant {tenant}.{said}",
            **details,
        )
    if status == 403:
        return PermissionDenied(
            f"{name}: not allowed (403). It needs the scope {operation.scope}: add it to the application and have the "
            f"tenant accept it, and check that the application is connected to tenant {tenant}.{said}",
            scope=operation.scope,
            **details,
        )
    if status == 404:
        return NotFound(
            f"{name}: not found (404). Does tenant {tenant} exist, and what the call names?{said}", **details
        )
    if status == 409:
        return Conflict(f"{name}: what is there now does not allow this (409).{said}", **details)
    if status == 429:
        if wait is not None and wait > LONGEST_WAIT:
            return RateLimited(
                f"{name}: too many calls (429); the service asks to wait {wait:,.0f} seconds, which is too long to "
                "wait here. Read again later.",
                **details,
            )
        return RateLimited(
            f"{name}: too many calls (429), and still after all repeats. Wait a few minutes, or set a lower "
            "STCRM_RATE_LIMIT where other programs share this application.",
            **details,
        )
    if status >= 500 and operation.writes:
        return ServerError(f"{name}: the service failed ({status}).{doubt(operation)}{said}", in_doubt=True, **details)
    if status >= 500:
        return ServerError(
            f"{name}: the service failed ({status}), and again at each repeat. Try later.{said}", **details
        )
    return ServiceError(f"{name}: an answer that was not expected ({status}).{said}", **details)


def located(error: ServiceError, path: Mapping[str, object]) -> ServiceError:
    """The same error, with what the call named in its path."""
    if path:
        error.path = dict(path)
        named = ", ".join(f"{snake(name)} {value}" for name, value in path.items())
        error.args = (f"{error} It was asked for {named}.",)
    return error


def doubt(operation: Operation) -> str:
    """What to say where a call that writes may or may not have been carried out; empty for a read."""
    if not operation.writes:
        return ""
    return (
        " It may have been carried out all the same, so it was not sent again: look with "
        f"crm.{operation.shown_by}(…) before you do."
    )


def sign_in_fault(status: int, body: bytes, secrets: Iterable[str] = ()) -> ServiceError:
    """The error that a refused sign-in stands for; it repeats no secret."""
    reason = str(_problem(body, secrets).get("error") or "")
    reason = reason if re.fullmatch("[a-z_]{1,60}", reason) else ""  # OAuth's own words, and nothing else
    if status >= 500 or status == 429:
        return ServerError(
            f"The sign-in service failed ({status}), and again at each repeat. Try later.", status=status
        )
    if status not in (400, 401, 403):
        return SignInError(
            f"The sign-in did not answer as one does ({status}). Is STCRM_AUTH_URL right?", status=status
        )
    hint = "the client id or the client secret is wrong" if reason in ("", "invalid_client") else f"it says {reason!r}"
    return SignInError(
        f"The sign-in was refused ({status}): {hint}. Check STCRM_CLIENT_ID and STCRM_CLIENT_SECRET, and that both "
        "belong to the environment that is asked.",
        status=status,
    )


def _problem(body: bytes, secrets: Iterable[str]) -> dict[str, Any]:
    """What a body of JSON says, fit to be shown; empty for the HTML page of a gateway, or nothing."""
    if len(body) > _LONGEST_PROBLEM:
        return {}
    try:
        problem = json.loads(body)
        # After decoding: JSON can write each character of a secret in several ways.
        return _shown(problem, tuple(secrets)) if isinstance(problem, dict) else {}
    except (ValueError, RecursionError):
        return {}


def _shown(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {_shown(str(name), secrets): _shown(one, secrets) for name, one in value.items()}
    if isinstance(value, list):
        return [_shown(one, secrets) for one in value]
    return printable(without_words(" ".join(value.split()), secrets)) if isinstance(value, str) else value


def _fields(errors: Any) -> dict[str, list[str]]:
    if not isinstance(errors, dict):
        return {}
    return {
        str(name): [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]
        for name, texts in errors.items()
    }
