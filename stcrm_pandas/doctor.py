"""A look at a connection: can it sign in, what may it read, do the clocks agree, where is the cache."""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stcrm_pandas.client import Client
from stcrm_pandas.contract.operations import OPERATIONS, Operation
from stcrm_pandas.errors import (
    ConnectionFailed,
    NotFound,
    PermissionDenied,
    ServiceError,
    SettingsError,
    SignInError,
)
from stcrm_pandas.http import wire
from stcrm_pandas.http.session import PoliteSession

_CONNECT_WITHIN, _ANSWER_WITHIN = 5.0, 10.0  # seconds
_ENOUGH = 2  # requests that fail alike, and none before them that did not
_CLOCKS_APART = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what, how it is, and in words what to do."""

    what: str
    state: Literal["ok", "note", "fault"]
    words: str


def examine(crm: Client) -> Iterator[Check]:
    """Look at a connection, a check at a time; nothing is stored and nothing changed.

    The first failure that explains all others ends the look at the service: no connection, a refused sign-in, a tenant
    that is not there, a service that fails. A request is repeated once at most, and waited for ten seconds.

    Parameters
    ----------
    crm : Client
        The connection. Each scope is tried with a request for one row.

    Examples
    --------
    >>> {check.state for check in examine(crm)} <= {"ok", "note"}
    True
    """
    settings = crm.settings
    yield Check("settings", "ok", f"{settings.name} ({settings.api_url}), tenant {settings.tenant}")
    with _impatient(crm) as session:
        try:
            session.tokens.get()
        except (SignInError, ServiceError, SettingsError) as error:
            yield Check("sign-in", "fault", str(error))
        else:
            yield Check("sign-in", "ok", f"signed in at {settings.token_url}")
            yield from _service(crm, session)
    yield _cache(crm)
    yield _time_zone(crm)


def _impatient(crm: Client) -> PoliteSession:
    """Return a session of the same settings that gives up soon."""
    connect, answer = crm.settings.timeout
    soon = {
        "timeout": (min(connect, _CONNECT_WITHIN), min(answer, _ANSWER_WITHIN)),
        "retries": min(crm.settings.retries, 1),
    }
    mine = crm._session
    return PoliteSession(
        crm.settings.model_copy(update=soon),
        own_service=mine._own_service,
        sleep=mine._sleep,
        timer=mine._timer,
        chance=mine._chance,
    )


def _service(crm: Client, session: PoliteSession) -> Iterator[Check]:
    """Try each scope; two that fail alike before any succeeds are taken for all."""
    lists = [op for op in OPERATIONS.values() if op.returns == "page" and not op.path_names]
    first_of: dict[str, Operation] = {}
    for operation in lists:
        first_of.setdefault(operation.scope, operation)
    missing: list[str] = []
    failed: list[tuple[str, ServiceError]] = []
    date: dt.datetime | None = None
    for tried, (scope, operation) in enumerate(first_of.items(), start=1):
        query = [("page", "1"), ("pageSize", "1")]
        call = wire.build(operation, str(crm.settings.api_url), crm.settings.tenant or 0, query=query)
        try:
            response = session.ask(call)
        except PermissionDenied:
            missing.append(scope)
        except ServiceError as error:
            failed.append((scope, error))
            alike = [one for _, one in failed if type(one) is type(error)]
            if isinstance(error, SignInError | ConnectionFailed) or tried == len(alike) == _ENOUGH:
                yield _explained(crm, scope, error)
                return
        else:
            date = wire.service_date(response.headers) or date
    for scope, failure in failed:
        yield Check(f"scope {scope}", "fault", str(failure))
    yield _scopes(crm, len(first_of), missing, failed=len(failed))
    if date is not None:
        yield _clock(crm, date)


def _explained(crm: Client, scope: str, error: ServiceError) -> Check:
    """What explains that nothing can be read, and what to do."""
    settings = crm.settings
    if isinstance(error, NotFound):
        return Check(
            "tenant",
            "fault",
            f"tenant {settings.tenant} is not there (404) in {settings.name}. Check STCRM_TENANT, and that "
            "STCRM_ENVIRONMENT is the one that the tenant belongs to.",
        )
    if isinstance(error, ConnectionFailed):
        return Check("service", "fault", f"{settings.api_url} cannot be reached, or does not answer. {error}")
    if isinstance(error, SignInError):
        return Check(f"scope {scope}", "fault", str(error))
    return Check("service", "fault", f"the first {_ENOUGH} requests failed alike. {error}")


def _scopes(crm: Client, scopes: int, missing: list[str], *, failed: int) -> Check:
    readable = scopes - len(missing) - failed
    if len(missing) == scopes:
        return Check(
            "scopes",
            "fault",
            f"none of {scopes} can be read. Is the application connected to tenant {crm.settings.tenant}, has the "
            "tenant accepted it, and does it have scopes at all?",
        )
    if missing:
        return Check(
            "scopes",
            "fault",
            f"{readable} of {scopes} can be read; missing: {', '.join(missing)}. Add them to the application, and have "
            "the tenant accept it.",
        )
    if failed:
        return Check("scopes", "note", f"{readable} of {scopes} can be read; the others are listed above")
    return Check("scopes", "ok", f"all {scopes} can be read")


def _clock(crm: Client, date: dt.datetime) -> Check:
    apart = crm.cache.now() - date
    if crm.sandbox is not None:
        return Check("clock", "ok", f"the sandbox's clock says {date:%Y-%m-%d %H:%M} UTC; it is its own")
    if abs(apart) <= _CLOCKS_APART:
        return Check("clock", "ok", f"agrees with the service's to {abs(apart.total_seconds()):.0f} s")
    way = "ahead of" if apart > dt.timedelta(0) else "behind"
    return Check(
        "clock",
        "note",
        f"this machine's is {abs(apart.total_seconds()) / 60:.0f} minutes {way} the service's. "
        "Frames are dated by the service's; the age of the cache goes by this machine's.",
    )


def _cache(crm: Client) -> Check:
    path = crm.cache.path
    open_to_others = stat.S_IMODE(path.stat().st_mode) & 0o077 or stat.S_IMODE(path.parent.stat().st_mode) & 0o022
    words = f"{path}, {crm.cache.size / 1e6:.1f} MB, {crm.cache.entries} pages"
    if open_to_others:
        return Check(
            "cache", "fault", f"{words}; others can read or change it: chmod 700 {path.parent}; chmod 600 {path}"
        )
    return Check("cache", "ok", words)


def _time_zone(crm: Client) -> Check:
    zone = crm.settings.time_zone
    if zone is None:
        return Check(
            "time zone",
            "note",
            "not set: dates without a zone are taken as UTC, and analyses by month ask for one. Set STCRM_TIME_ZONE, "
            "like America/Chicago.",
        )
    return Check("time zone", "ok", zone)
