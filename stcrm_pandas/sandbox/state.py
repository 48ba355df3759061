"""The file behind a sandbox: created with a company, or opened again."""

from __future__ import annotations

import datetime as dt
import secrets
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.sandbox.store.filling import Company, OnRows, fill
from stcrm_pandas.sandbox.store.store import Store


@dataclass(frozen=True)
class CompanyOptions:
    """The company to create, unless `company` is one."""

    leads: int
    customers: int | None
    seed: int
    as_of: dt.datetime | None
    by_the_book: bool
    effects: bool
    dirt: bool
    company: Company | None


def moment(value: str | dt.date) -> dt.datetime:
    """Return a date or time with a time zone, by default UTC."""
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise UsageError(f"as_of is {value!r}, which is not a date or time such as 2026-07-01.") from None
    moment = value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def open_state(path: Path, options: CompanyOptions, *, delay: int, on_rows: OnRows | None = None) -> Store:
    """Open a file that the user named, and create it first if it does not exist."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            create_state(path, options, lasting=True, on_rows=on_rows)
    except (OSError, sqlite3.OperationalError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"the sandbox's state {path} cannot be created: {why}") from None
    return Store(path, delay)


def create_state(path: Path, options: CompanyOptions, *, lasting: bool, on_rows: OnRows | None = None) -> None:
    """Create the file with rows, secrets and clock; the id of one that does not last names its company."""
    as_of = (options.as_of or dt.datetime.now(dt.UTC).replace(microsecond=0)).astimezone(dt.UTC)
    company = options.company or _make_company(options, as_of)
    suffix = secrets.token_hex(8 if lasting else 4)
    described = f"{options.seed}-{as_of:%Y%m%dT%H%M%S}-{options.leads}-"
    notes = {
        "id": f"sandbox-{'' if lasting else described}{suffix}",
        "tenant": 900_000_000 + options.seed,
        "client_id": f"cid.{secrets.token_hex(12)}",
        "client_secret": f"cs.{secrets.token_hex(24)}",
        "app_key": f"ak.{secrets.token_hex(16)}",
        "name": company.name,
        "time_zone": company.time_zone,
        "truth": company.truth,
        "by_the_book": options.by_the_book,
        "shift": as_of.timestamp() - time.time(),
    }
    fill(path, company, {"sandbox": notes}, on_rows)


def _make_company(options: CompanyOptions, as_of: dt.datetime) -> Company:
    from stcrm_pandas.sandbox.company import make_company

    return make_company(
        leads=options.leads,
        customers=options.customers,
        seed=options.seed,
        as_of=as_of,
        by_the_book=options.by_the_book,
        effects=options.effects,
        dirt=options.dirt,
    )
