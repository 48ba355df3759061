"""Build requests and interpret responses: errors, retries, and waits. Pure, without I/O.

>>> from stcrm_pandas.contract.operations import OPERATIONS
>>> build_request(OPERATIONS["Leads_Get"], "https://api.servicetitan.io", 7, {"id": 12}).url
'https://api.servicetitan.io/crm/v2/tenant/7/leads/12'
>>> retry_after({}, b'{"message": "Rate limit is exceeded. Try again in 12 seconds."}')
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
from stcrm_pandas.output.printable import printable, without_words

PAGE_SIZE = 5000
"""The largest page that the service returns."""

LONGEST_WAIT = 300.0
"""If the service asks for a longer wait than this, in seconds, the request fails at once."""

_QUOTED = 500
"""Largest number of characters of the service's message in an error."""

_LONGEST_PROBLEM = 1_000_000
"""Bodies larger than this, in bytes, are not parsed as a description of an error."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to be sent."""

    operation: Operation
    url: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.operation.method


def build_request(
    operation: Operation,
    api_url: str,
    tenant: int,
    path: Mapping[str, object] | None = None,
    query: Iterable[tuple[str, str]] = (),
    body: object = None,
) -> Request:
    """Return the request of an operation.

    Parameters
    ----------
    api_url : str
        The address before the operation's path.
    path : mapping, optional
        A value for each name in the path, except the tenant.
    query : Iterable[tuple[str, str]], default ()
        Query parameters, in order. A plus sign is sent as `%2B`, because `+` would arrive as a space.
    body : object, optional
        The body, sent as JSON.
    """
    values = {name: quote(str(value), safe="") for name, value in {**(path or {}), "tenant": tenant}.items()}
    url = f"{api_url}/{operation.path.format(**values)}"
    pairs = list(query)
    if pairs:
        url += "?" + urlencode(pairs, quote_via=quote, safe=",:")
    return Request(operation, url, None if body is None else json_bytes(body))


def json_bytes(body: object) -> bytes:
    """Return a request body as JSON."""
    return json.dumps(body).encode()


def page_query(
    operation: Operation, query: Iterable[tuple[str, str]], page: int, size: int = PAGE_SIZE
) -> list[tuple[str, str]]:
    """Return the query of one page, sorted by id if the operation can; the first page asks for the total."""
    sort = list(operation.sort.query) if operation.sort else []
    total = [("includeTotal", "true")] if page == 1 else []
    return [*query, *sort, ("page", str(page)), ("pageSize", str(size)), *total]


def is_retryable(method: str, status: int | None, *, sent: bool = True) -> bool:
    """Return whether a failed request may be retried.

    Parameters
    ----------
    status : int or None
        The status of the response; None without a complete response.
    sent : bool, default True
        False if no connection was made.

    Notes ----- Reads are retried on 429, on 5xx and on a broken connection. Writes are retried on 429 and if nothing
    was sent: after a broken connection they may have been carried out.
    """
    if status == 429 or (status is None and not sent):
        return True
    return method == "GET" and (status is None or status >= 500)


def retry_after(headers: Mapping[str, str], body: bytes, *, now: dt.datetime | None = None) -> float | None:
    """Return the seconds that the service asks to wait, in `Retry-After` or in the body; None if it does not.

    Parameters
    ----------
    now : dt.datetime, optional
        The time from which a date in `Retry-After` counts.
    """
    waits = [float(match[1]) for match in [re.search(rb"[Tt]ry again in (\d+(?:\.\d+)?) second", body[:2000])] if match]
    header = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", header):
        waits.append(float(header))
    elif now is not None and (until := _date(header)) is not None:
        waits.append(max(0.0, (until - now).total_seconds()))
    return max(waits, default=None)


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after the nth failure: exponential, half of it random.

    Examples
    --------
    >>> [backoff(n, 1.0) for n in (1, 2, 3, 9)]
    [1.0, 2.0, 4.0, 30.0]
    """
    return min(30.0, 2.0 ** min(attempt - 1, 5)) * (0.5 + chance / 2)


def service_date(headers: Mapping[str, str]) -> dt.datetime | None:
    """Return the service's time from the `Date` of a response."""
    return _date(headers.get("Date") or "")


def _date(text: str) -> dt.datetime | None:
    """Return an HTTP date, in UTC even if it does not say so."""
    try:
        date = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=dt.UTC)


def service_error(
    operation: Operation,
    status: int,
    body: bytes,
    *,
    tenant: int,
    wait: float | None = None,
    secrets: Iterable[str] = (),
) -> ServiceError:
    """Return the error for a response other than 2xx.

    Parameters
    ----------
    body : bytes
        The response body.
    wait : float, optional
        The seconds that the service asks to wait.
    secrets : iterable of str, default ()
        Texts that the error must not repeat.

    Notes
    -----
    The message contains the operation, the status and the service's message by field. HTML pages are not quoted.
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
    quoted = f" The service says: {' '.join(filter(None, [title, words]))}" if title or words else ""
    name = f"{operation.name} ({operation.id})"
    if status == 400:
        return RequestError(f"{name}: the request was refused (400).{quoted}", **details)
    if status == 401:
        return SignInError(
            f"{name}: not signed in (401), even with a new token. Check STCRM_APP_KEY, and that this application is "
            f"allowed to access tenant {tenant}.{quoted}",
            **details,
        )
    if status == 403:
        return PermissionDenied(
            f"{name}: no permission (403). This needs the scope {operation.scope}: add it to the application, have the "
            f"tenant accept it, and check that the application is connected to tenant {tenant}.{quoted}",
            scope=operation.scope,
            **details,
        )
    if status == 404:
        return NotFound(
            f"{name}: not found (404). Check that tenant {tenant} exists, and the row that was requested.{quoted}",
            **details,
        )
    if status == 409:
        return Conflict(f"{name}: the current state of the row does not allow this (409).{quoted}", **details)
    if status == 429:
        if wait is not None and wait > LONGEST_WAIT:
            return RateLimited(
                f"{name}: too many requests (429). The service asks to wait {wait:,.0f} seconds, which is too long to "
                "wait here. Try again later.",
                **details,
            )
        return RateLimited(
            f"{name}: too many requests (429), even after all retries. Wait a few minutes, or set a lower "
            "STCRM_RATE_LIMIT if other programs use this application, too.",
            **details,
        )
    if status >= 500 and operation.writes:
        return ServerError(
            f"{name}: the service failed ({status}).{doubt_message(operation)}{quoted}", in_doubt=True, **details
        )
    if status >= 500:
        return ServerError(
            f"{name}: the service failed ({status}), and again at each retry. Try again later.{quoted}", **details
        )
    return ServiceError(f"{name}: unexpected response ({status}).{quoted}", **details)


def with_path(error: ServiceError, path: Mapping[str, object]) -> ServiceError:
    """Add the path parameters to an error, and return it."""
    if path:
        error.path = dict(path)
        named = ", ".join(f"{snake(name)} {value}" for name, value in path.items())
        error.args = (f"{error} The request was for {named}.",)
    return error


def doubt_message(operation: Operation) -> str:
    """Return a warning that a write may have been carried out; empty for a read."""
    if not operation.writes:
        return ""
    return (
        " The change may have been made anyway, so it was not sent again. Check with "
        f"crm.{operation.shown_by}(…) before you repeat it."
    )


def sign_in_error(status: int, body: bytes, secrets: Iterable[str] = ()) -> ServiceError:
    """Return the error for a failed sign-in, without secrets."""
    reason = str(_problem(body, secrets).get("error") or "")
    reason = reason if re.fullmatch("[a-z_]{1,60}", reason) else ""  # OAuth's own words, and nothing else
    if status >= 500 or status == 429:
        return ServerError(
            f"The sign-in service failed ({status}), and again at each retry. Try again later.", status=status
        )
    if status not in (400, 401, 403):
        return SignInError(f"Unexpected response to the sign-in ({status}). Check STCRM_AUTH_URL.", status=status)
    hint = "the client id or the client secret is wrong" if reason in ("", "invalid_client") else f"it says {reason!r}"
    return SignInError(
        f"The sign-in was refused ({status}): {hint}. Check STCRM_CLIENT_ID and STCRM_CLIENT_SECRET, and that both "
        "belong to the environment of this connection.",
        status=status,
    )


def _problem(body: bytes, secrets: Iterable[str]) -> dict[str, Any]:
    """Return the JSON of an error's body, safe to show; empty for HTML pages and empty bodies."""
    if len(body) > _LONGEST_PROBLEM:
        return {}
    try:
        problem = json.loads(body)
        # Remove secrets after decoding, because JSON can escape each character in several ways.
        return _shown(problem, tuple(secrets)) if isinstance(problem, dict) else {}
    except (ValueError, RecursionError):
        return {}


def _shown(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, dict):
        return {_shown(str(name), secrets): _shown(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_shown(item, secrets) for item in value]
    return printable(without_words(" ".join(value.split()), secrets)) if isinstance(value, str) else value


def _fields(errors: Any) -> dict[str, list[str]]:
    if not isinstance(errors, dict):
        return {}
    return {
        str(name): [str(text) for text in texts] if isinstance(texts, list) else [str(texts)]
        for name, texts in errors.items()
    }
