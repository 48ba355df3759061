"""A look at a connection: can it sign in, what may it read, do the clocks agree, where is the cache."""

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from stcrm_pandas import wire
from stcrm_pandas.client import Client
from stcrm_pandas.errors import PermissionDenied, ServiceError, SettingsError, SignInError
from stcrm_pandas.operations import OPERATIONS, Operation

_CLOCKS_APART = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what, how it is, and in words what to do."""

    what: str
    state: Literal["ok", "note", "fault"]
    words: str


def examine(crm: Client) -> Iterator[Check]:
    """Look at a connection, a check at a time; nothing is stored and nothing changed.

    Parameters:
        crm: the connection. Each scope that its helpers need is tried with a call for one row.

    >>> {check.state for check in examine(crm)} <= {"ok", "note"}
    True
    """
    settings = crm.settings
    yield Check("settings", "ok", f"{settings.name} ({settings.api_url}), tenant {settings.tenant}")
    try:
        crm._session.tokens.get()
    except (SignInError, ServiceError, SettingsError) as error:
        yield Check("sign-in", "fault", str(error))
    else:
        yield Check("sign-in", "ok", f"signed in at {settings.token_url}")
        yield from _scopes(crm)
    yield _cache(crm)
    yield _time_zone(crm)


def _scopes(crm: Client) -> Iterator[Check]:
    lists = [op for op in OPERATIONS.values() if op.answer == "page" and not op.path_names]
    first_of: dict[str, Operation] = {}
    for operation in lists:
        first_of.setdefault(operation.scope, operation)
    missing: list[str] = []
    readable = 0
    date: dt.datetime | None = None
    for scope, operation in first_of.items():
        query = [("page", "1"), ("pageSize", "1")]
        call = wire.build(operation, str(crm.settings.api_url), crm.settings.tenant or 0, query=query)
        try:
            response = crm._session.ask(call)
        except PermissionDenied:
            missing.append(scope)
        except ServiceError as error:
            yield Check(f"scope {scope}", "fault", str(error))
            if not isinstance(error, SignInError):
                continue
            return
        else:
            readable += 1
            date = wire.service_date(response.headers) or date
    if missing:
        yield Check(
            "scopes",
            "fault",
            f"{readable} of {len(first_of)} can be read; missing: {', '.join(missing)}. Add them to the application, "
            "and have the tenant accept it.",
        )
    else:
        yield Check("scopes", "ok", f"all {len(first_of)} that the helpers read can be read")
    if date is not None:
        yield _clock(crm, date)


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
