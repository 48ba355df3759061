"""Founding a sandbox: its company, and what tells it from all others."""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from stcrm_pandas.sandbox.store.filling import Company, Made, fill


@dataclass(frozen=True)
class Plan:
    """What company to make; `company` is one that is there already."""

    leads: int
    customers: int | None
    seed: int
    as_of: dt.datetime | None
    by_the_book: bool
    effects: bool
    company: Company | None


def establish(path: Path, plan: Plan, *, lasting: bool, made: Made | None = None) -> None:
    """Make a sandbox's file: rows, secrets, clock. One that does not last has its plan in its id."""
    as_of = (plan.as_of or dt.datetime.now(dt.UTC).replace(microsecond=0)).astimezone(dt.UTC)
    company = plan.company or _made(plan, as_of)
    drawn = secrets.token_hex(8 if lasting else 4)
    notes = {
        "id": f"sandbox-{drawn}" if lasting else f"sandbox-{plan.seed}-{as_of:%Y%m%dT%H%M%S}-{plan.leads}-{drawn}",
        "tenant": 900_000_000 + plan.seed,
        "client_id": f"cid.{secrets.token_hex(12)}",
        "client_secret": f"cs.{secrets.token_hex(24)}",
        "app_key": f"ak.{secrets.token_hex(16)}",
        "name": company.name,
        "time_zone": company.time_zone,
        "truth": company.truth,
        "by_the_book": plan.by_the_book,
        "shift": as_of.timestamp() - time.time(),
    }
    fill(path, company, {"sandbox": notes}, made)


def _made(plan: Plan, as_of: dt.datetime) -> Company:
    from stcrm_pandas.sandbox.company import make_company

    return make_company(
        leads=plan.leads,
        customers=plan.customers,
        seed=plan.seed,
        as_of=as_of,
        by_the_book=plan.by_the_book,
        effects=plan.effects,
    )
