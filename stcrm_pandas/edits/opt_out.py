"""From a list of numbers and addresses to a plan that stops marketing to them, wherever they stand. Pure.

Numbers are compared in E.164, addresses in small letters. What is found and cannot be changed by any operation, and
what is not found, is listed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from stcrm_pandas.edits.cells import is_missing
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.consent import FLAGS, says_no
from stcrm_pandas.edits.model import Key, Plan, Refusal, Step
from stcrm_pandas.edits.plan import Place, rows_of, told
from stcrm_pandas.edits.reach import spelling
from stcrm_pandas.edits.steps import Options, plan_row
from stcrm_pandas.errors import UsageError

MARKETING = FLAGS[1]
PHONES = {"Phone", "MobilePhone"}
_BY_HAND = "ServiceTitan's own screen (do not text)"


@dataclass(frozen=True)
class Contacts:
    """What was read: contacts of customers and of locations, methods of the newer store, preferences of those found."""

    customers: pd.DataFrame
    locations: pd.DataFrame
    methods: pd.DataFrame
    preferences: pd.DataFrame


def wanted(phones_or_emails: Any) -> dict[str, str]:
    """What is asked for: each spelling to the text that it was given as. Texts that are neither stand under themselves.

    Raises:
        UsageError: it is no list of texts, or an empty one.

    >>> wanted(["(512) 555-0101", "512.555.0101", "Ann@Example.com"])
    {'+15125550101': '(512) 555-0101', 'ann@example.com': 'Ann@Example.com'}
    """
    many = [phones_or_emails] if isinstance(phones_or_emails, str) else phones_or_emails
    if not isinstance(many, Iterable) or isinstance(many, (bytes, Mapping, pd.DataFrame)):
        raise UsageError("plan_opt_out: give a list of phone numbers and e-mail addresses.")
    found: dict[str, str] = {}
    for one in many:
        if is_missing(one) or (isinstance(one, str) and not one.strip()):
            continue
        text = str(one) if isinstance(one, (str, int)) and not isinstance(one, bool) else None
        if text is None:
            raise UsageError(
                "plan_opt_out: a number is given as text: as another kind of number it may have lost digits."
            )
        found.setdefault(spelling(text) or text, text)
    if not found:
        raise UsageError("plan_opt_out: the list is empty.")
    return found


def matching(methods: pd.DataFrame, spellings: Iterable[str]) -> pd.DataFrame:
    """The rows whose value is one of the spellings."""
    among = set(spellings)
    return methods[[spelling(value) in among for value in methods["value"]]]


def plan_opt_out(
    given: Mapping[str, str],
    found: Contacts,
    names: Sequence[str] = (),
    *,
    place: Place,
    reason: str | None = None,
) -> Plan:
    """The plan that switches marketing off for every record of some numbers and addresses.

    Parameters:
        given: what `wanted` made of the list.
        found: what was read.
        names: the preferences of the newer store that mean marketing.
        place: where the plan may be applied.
    """
    steps: list[Step] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    seen: set[str] = set()
    texts: set[str] = set()
    for resource, frame in (("customer_contacts", found.customers), ("location_contacts", found.locations)):
        target = TARGETS[resource]
        for key, row in rows_of(target, matching(frame, given), None):
            value = spelling(row["value"]) or ""
            seen.add(value)
            if row.get("type") in PHONES and not _is_true(row.get("phone_settings_do_not_text")):
                texts.add(value)
            if is_missing(row.get(MARKETING)) or row[MARKETING]:
                planned = plan_row(target, key, [(MARKETING, row.get(MARKETING), False)], row, Options())
                refusals += planned.refusals
                steps += [planned.step] if planned.step else []
                notes += planned.notes
    listed = list(_newer(given, found, names, seen, steps))
    listed += [
        _listed(given[value], "texts are stopped by no operation", _BY_HAND) for value in given if value in texts
    ]
    for value, text in given.items():
        if value not in seen:
            neither = spelling(text) is None
            why = "it is neither a phone number nor an e-mail address" if neither else "no record has it"
            listed.append(_listed(text, why, "look at how it is written" if neither else ""))
    return Plan(
        "opt_out",
        place.environment,
        place.tenant,
        place.made_at,
        tuple(steps),
        tuple(refusals),
        total_rows=len(found.customers) + len(found.locations) + len(found.methods),
        warnings=tuple(told(notes)),
        reason=reason,
        listed=tuple(listed),
        options={"names": list(names)} if names else {},
        checked=True,
    )


def _newer(
    given: Mapping[str, str], found: Contacts, names: Sequence[str], seen: set[str], steps: list[Step]
) -> Iterator[dict[str, Any]]:
    """Add the calls for the newer store; tell what of it cannot be decided."""
    target = TARGETS["contact_preferences"]
    by_method: dict[Key, list[tuple[Key, dict[str, Any]]]] = defaultdict(list)
    for key, row in rows_of(target, found.preferences, None):
        by_method[key[:2]].append((key, row))
    lower = {name.casefold() for name in names}
    for method, line in rows_of(TARGETS["contact_methods"], matching(found.methods, given), None):
        value = spelling(line["value"]) or ""
        seen.add(value)
        where = f"contact method {method[1]} of the newer store"
        if not names:
            yield _listed(
                given[value],
                f"{where}: which of its preferences are marketing is not known",
                "names=['…']; crm.contact_preferences.list_types() has them",
            )
            continue
        meant = [(key, row) for key, row in by_method[method] if str(key[2]).casefold() in lower]
        if not meant:
            yield _listed(given[value], f"{where}: it has no preference of these names", "look at its preferences")
        for key, row in meant:
            if not says_no(row.get("value")):
                planned = plan_row(target, key, [("value", row.get("value"), "false")], row, Options())
                steps += [planned.step] if planned.step else []


def _is_true(value: Any) -> bool:
    return not is_missing(value) and bool(value)


def _listed(what: str, why: str, instead: str) -> dict[str, Any]:
    return {"what": what, "why": why, "instead": instead}
