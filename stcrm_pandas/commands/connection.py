"""`stcrm init` and `stcrm doctor`: set up a connection, and check its sign-in, scopes, clock, cache and time zone."""

from __future__ import annotations

import datetime as dt
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer

from stcrm_pandas.client import Client
from stcrm_pandas.commands.terminal import Sandbox, State, connect_to, say
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
from stcrm_pandas.http.session import ServiceSession
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.addresses import ENVIRONMENTS
from stcrm_pandas.settings.connection import problem_with
from stcrm_pandas.settings.sources import ENV_FILE, env_file, other_lines, write_env_file

_QUESTIONS = {
    "environment": "Environment: production, integration, or the address of the API",
    "auth_url": "Address for signing in",
    "tenant": "Tenant (its number)",
    "client_id": "Client id",
    "client_secret": "Client secret (not shown)",
    "app_key": "App key (not shown)",
    "time_zone": "Time zone, like America/Chicago (Enter to leave it out)",
}
_DEFAULTS = {"environment": "production", "time_zone": ""}
_SECRETS = ("client_secret", "app_key")
_VARIABLES = frozenset(f"STCRM_{name.upper()}" for name in (*_QUESTIONS, "api_url"))


def init() -> None:
    """Ask for the settings of your tenant, write them to a .env file that only you can read, and run stcrm doctor.

    An existing .env file of the working folder or its project keeps its other lines.
    """
    path = env_file() or Path.cwd() / ENV_FILE
    kept = other_lines(path, _VARIABLES)
    if path.exists():
        typer.confirm(f"{path} exists. Replace the settings of the connection in it?", abort=True)
    answers: dict[str, str] = {}
    for setting in _QUESTIONS:
        if setting == "auth_url" and "api_url" not in answers:
            continue
        name, answer = _ask(setting)
        if answer:
            answers[name] = answer
    write_env_file(path, kept, {f"STCRM_{name.upper()}": answer for name, answer in answers.items()})
    say(f"Written to {path}, which only you can read. Keep it out of version control.")
    for variable in sorted(_VARIABLES.intersection(os.environ)):
        say(f"{variable} is also set in the environment, which is used instead of the file.", err=True)
    doctor()


def _ask(name: str) -> tuple[str, str]:
    """Ask for a setting until the answer is valid; an address instead of an environment is another setting."""
    default = _DEFAULTS.get(name)
    while True:
        answer: str = typer.prompt(
            _QUESTIONS[name], default=default, show_default=bool(default), hide_input=name in _SECRETS
        ).strip()
        if name == "environment" and answer not in ENVIRONMENTS:
            name = "api_url"
        problem = problem_with(name, answer) if answer or default is None else None
        if problem is None:
            return name, answer
        say(f"That is not valid: {problem}.", err=True)
        name = "environment" if name == "api_url" else name


_SIGNS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}


def doctor(sandbox: Sandbox = False, state: State = None) -> None:
    """Check sign-in, scopes, clock, cache and time zone, and suggest fixes. Exit code 1 if there is a problem."""
    with connect_to(sandbox, state) as crm:
        checks = []
        for check in examine(crm):
            checks.append(check)
            say(f"{_SIGNS[check.state]} {check.what}: {check.words}")
    problems = sum(check.state == "problem" for check in checks)
    say("No problems found." if not problems else f"{plural(problems, 'problem')} found.")
    raise typer.Exit(1 if problems else 0)


_CONNECT_WITHIN, _RESPONSE_WITHIN = 5.0, 10.0  # seconds
_ENOUGH = 2  # first requests that fail in the same way
_CLOCKS_APART = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Check:
    """The result of one check, with what to do about it."""

    what: str
    state: Literal["ok", "note", "problem"]
    words: str


def examine(crm: Client) -> Iterator[Check]:
    """Yield the checks of a connection, one at a time. Nothing is stored or changed.

    The checks of the service stop at the first problem that explains the rest: no connection, a refused sign-in, an
    unknown tenant, a failing service. A request is retried at most once, and times out after 10 seconds.

    Parameters
    ----------
    crm : Client
        The connection. Each scope is checked with a request for one row.

    Examples
    --------
    >>> {check.state for check in examine(crm)} <= {"ok", "note"}
    True
    """
    settings = crm.settings
    file = f", from {settings.parent_file}" if settings.parent_file is not None else ""
    yield Check("settings", "ok", f"{settings.name} ({settings.api_url}), tenant {settings.tenant}{file}")
    with _impatient(crm) as session:
        try:
            session.tokens.get()
        except (SignInError, ServiceError, SettingsError) as error:
            yield Check("sign-in", "problem", str(error))
        else:
            yield Check("sign-in", "ok", f"signed in at {settings.token_url}")
            yield from _service(crm, session)
    yield _cache(crm)
    yield _time_zone(crm)


def _impatient(crm: Client) -> ServiceSession:
    """Return a session with the same settings, but short timeouts."""
    connect, respond = crm.settings.timeout
    impatient = {
        "timeout": (min(connect, _CONNECT_WITHIN), min(respond, _RESPONSE_WITHIN)),
        "retries": min(crm.settings.retries, 1),
    }
    session = crm._session
    return ServiceSession(
        crm.settings.model_copy(update=impatient),
        own_service=session._own_service,
        sleep=session._sleep,
        timer=session._timer,
        chance=session._chance,
    )


def _service(crm: Client, session: ServiceSession) -> Iterator[Check]:
    """Check each scope; stop if the first two fail in the same way."""
    lists = [op for op in OPERATIONS.values() if op.returns == "page" and not op.path_names]
    first_of: dict[str, Operation] = {}
    for operation in lists:
        first_of.setdefault(operation.scope, operation)
    missing: list[str] = []
    failed: list[tuple[str, ServiceError]] = []
    date: dt.datetime | None = None
    for tried, (scope, operation) in enumerate(first_of.items(), start=1):
        query = [("page", "1"), ("pageSize", "1")]
        call = wire.build_request(operation, str(crm.settings.api_url), crm.settings.tenant or 0, query=query)
        try:
            response = session.ask(call)
        except PermissionDenied:
            missing.append(scope)
        except ServiceError as error:
            failed.append((scope, error))
            alike = [other for _, other in failed if type(other) is type(error)]
            if isinstance(error, SignInError | ConnectionFailed) or tried == len(alike) == _ENOUGH:
                yield _explained(crm, scope, error)
                return
        else:
            date = wire.service_date(response.headers) or date
    for scope, failure in failed:
        yield Check(f"scope {scope}", "problem", str(failure))
    yield _scopes(crm, len(first_of), missing, failed=len(failed))
    if date is not None:
        yield _clock(crm, date)


def _explained(crm: Client, scope: str, error: ServiceError) -> Check:
    """Explain why nothing can be read, and what to do."""
    settings = crm.settings
    if isinstance(error, NotFound):
        return Check(
            "tenant",
            "problem",
            f"tenant {settings.tenant} was not found (404) in {settings.name}. Check STCRM_TENANT, and "
            "whether STCRM_ENVIRONMENT is the environment of this tenant.",
        )
    if isinstance(error, ConnectionFailed):
        return Check("service", "problem", f"{settings.api_url} cannot be reached, or does not respond. {error}")
    if isinstance(error, SignInError):
        return Check(f"scope {scope}", "problem", str(error))
    return Check("service", "problem", f"the first {_ENOUGH} requests failed in the same way. {error}")


def _scopes(crm: Client, scopes: int, missing: list[str], *, failed: int) -> Check:
    readable = scopes - len(missing) - failed
    if len(missing) == scopes:
        return Check(
            "scopes",
            "problem",
            f"none of {scopes} can be read. Is the application connected to tenant {crm.settings.tenant}, did the "
            "tenant accept it, and does it have any scopes?",
        )
    if missing:
        return Check(
            "scopes",
            "problem",
            f"{readable} of {scopes} can be read; missing: {', '.join(missing)}. Add them to the application, and have "
            "the tenant accept it.",
        )
    if failed:
        return Check("scopes", "note", f"{readable} of {scopes} can be read; the others are listed above")
    return Check("scopes", "ok", f"all {scopes} can be read")


def _clock(crm: Client, date: dt.datetime) -> Check:
    apart = crm.cache.now() - date
    if crm.sandbox is not None:
        return Check("clock", "ok", f"the sandbox has a clock of its own: {date:%Y-%m-%d %H:%M} UTC")
    if abs(apart) <= _CLOCKS_APART:
        return Check("clock", "ok", f"agrees with the service's to {abs(apart.total_seconds()):.0f} s")
    way = "ahead of" if apart > dt.timedelta(0) else "behind"
    return Check(
        "clock",
        "note",
        f"this machine's is {abs(apart.total_seconds()) / 60:.0f} minutes {way} the service's. "
        "DataFrames use the service's time; the age of the cache uses this machine's.",
    )


def _cache(crm: Client) -> Check:
    path = crm.cache.path
    accessible = stat.S_IMODE(path.stat().st_mode) & 0o077 or stat.S_IMODE(path.parent.stat().st_mode) & 0o022
    words = f"{path}, {crm.cache.size / 1e6:.1f} MB, {crm.cache.entries} pages"
    if accessible:
        return Check(
            "cache", "problem", f"{words}; others can read or change it: chmod 700 {path.parent}; chmod 600 {path}"
        )
    return Check("cache", "ok", words)


def _time_zone(crm: Client) -> Check:
    zone = crm.settings.time_zone
    if zone is None:
        return Check(
            "time zone",
            "note",
            "not set: dates without a time zone are read as UTC, and analyses by month need one. Set STCRM_TIME_ZONE, "
            "for example to America/Chicago.",
        )
    return Check("time zone", "ok", zone)
