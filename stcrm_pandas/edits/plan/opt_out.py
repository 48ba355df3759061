"""From a list of numbers and addresses to a plan that stops marketing to them, wherever they stand. Pure.

Numbers are compared in E.164, addresses in small letters, wherever they stand in a text. What is found and cannot be
changed by any operation, and what is not found, is listed: nothing that was asked for vanishes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.edits.diff.columns import TARGETS
from stcrm_pandas.edits.plan.build import Place, rows_of, told
from stcrm_pandas.edits.plan.consent import FLAGS, says_no
from stcrm_pandas.edits.plan.merges import merged_into
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import Options, plan_row
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import beside, spellings
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.frame.matching import SHOWN

MARKETING = FLAGS[1]
PHONES = {"Phone", "MobilePhone"}
_SCREEN = "ServiceTitan's own screen"
_BY_HAND = f"{_SCREEN} (do not text)"
_BOOKINGS = (
    "Contacts of bookings were not searched: the service gives them for one booking at a time, and they have no "
    "preferences. crm.bookings.list_contacts(ids) reads those of some bookings."
)
_REGISTER = "a register of text opt-outs may exist outside the CRM"
_TEXTS = (
    "Texts: the CRM API can neither stop them nor show every opt-out. A register of text opt-outs may exist outside "
    "the CRM (in ServiceTitan's phone module); this plan neither reads it nor adds to it."
)
_NO_LEADS = "Leads were not searched: this connection may not read them."


@dataclass(frozen=True)
class Contacts:
    """What was read.

    Parameters
    ----------
    customers, locations : DataFrame
        Their contacts.
    methods : DataFrame
        Contact methods of the newer store.
    preferences : DataFrame
        Of those methods that were found.
    owners : mapping
        By resource, the customers and locations whose contacts were found, the inactive ones, too.
    leads : DataFrame, optional
        All leads; None where they may not be read.
    """

    customers: pd.DataFrame
    locations: pd.DataFrame
    methods: pd.DataFrame
    preferences: pd.DataFrame
    owners: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    leads: pd.DataFrame | None = None


def wanted(phones_or_emails: Any) -> dict[str, list[str]]:
    """What is asked for: each number and address to the texts that hold it. A text without any stands under itself.

    Raises
    ------
    UsageError
        It is no list of texts, or an empty one.

    Examples
    --------
    >>> wanted(["(512) 555-0101", "512.555.0101 (Ann)", "Ann <Ann@Example.com>"])
    {'+15125550101': ['(512) 555-0101', '512.555.0101 (Ann)'], 'ann@example.com': ['Ann <Ann@Example.com>']}
    """
    many = [phones_or_emails] if isinstance(phones_or_emails, str) else phones_or_emails
    if not isinstance(many, Iterable) or isinstance(many, (bytes, Mapping, pd.DataFrame)):
        raise UsageError("plan_opt_out: give a list of phone numbers and e-mail addresses.")
    found: dict[str, list[str]] = {}
    for one in many:
        if is_missing(one) or (isinstance(one, str) and not one.strip()):
            continue
        text = str(one) if isinstance(one, (str, int)) and not isinstance(one, bool) else None
        if text is None:
            raise UsageError(
                "plan_opt_out: a number is given as text: as another kind of number it may have lost digits."
            )
        for value in spellings(text) or (text,):
            texts = found.setdefault(value, [])
            texts += [] if text in texts else [text]
    if not found:
        raise UsageError("plan_opt_out: the list is empty.")
    return found


def matching(frame: pd.DataFrame, values: Iterable[str]) -> pd.DataFrame:
    """The rows whose `value` holds one of the numbers and addresses."""
    among = set(values)
    # A mask of its own dtype: an empty list would select columns, and none of them.
    return frame[np.array([not among.isdisjoint(spellings(value)) for value in frame["value"]], dtype=bool)]


def _held(given: Mapping[str, Any], value: Any) -> list[str]:
    """Which of the numbers and addresses that are asked for a value holds."""
    return [one for one in spellings(value) if one in given]


def owners_of(given: Iterable[str], found: Contacts) -> dict[str, list[int]]:
    """By resource, the ids of the customers and locations that have contacts of these spellings."""
    among = list(given)
    return {
        "customers": matching(found.customers, among)["customer_id"].unique().tolist(),
        "locations": matching(found.locations, among)["location_id"].unique().tolist(),
    }


def plan_opt_out(
    given: Mapping[str, Sequence[str]],
    found: Contacts,
    names: Sequence[str] = (),
    *,
    place: Place,
    reason: str | None = None,
) -> PlanData:
    """The plan that switches marketing off for every record of some numbers and addresses.

    Parameters
    ----------
    given : mapping
        What `wanted` made of the list.
    found : Contacts
        What was read.
    names : sequence of str, default ()
        The preferences of the newer store that mean marketing.
    place : Place
        Where the plan may be applied.
    """
    steps: list[Step] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    listed: list[dict[str, Any]] = []
    seen: set[str] = set()
    texts: set[str] = set()
    planned_for: set[str] = set()
    for owner, frame in (("customer", found.customers), ("location", found.locations)):
        target = TARGETS[f"{owner}_contacts"]
        closed = _closed(owner, found.owners.get(f"{owner}s"))
        for key, row in rows_of(target, matching(frame, given), None):
            values = _held(given, row["value"])
            seen.update(values)
            if row.get("type") in PHONES and not _is_true(row.get("phone_settings_do_not_text")):
                texts.update(values)
            if not is_missing(row.get(MARKETING)) and not row[MARKETING]:
                continue
            if key[0] in closed:
                listed += [one for value in values for one in _listed(given[value], *closed[key[0]])]
                continue
            planned = plan_row(target, key, [(MARKETING, row.get(MARKETING), False)], row, Options())
            refusals += planned.refusals
            steps += [planned.step] if planned.step else []
            notes += planned.notes
            planned_for.update(values)
    listed += _newer(given, found, names, seen, steps, planned_for)
    listed += _of_leads(given, found.leads, seen)
    for value, asked in given.items():
        if value in texts:
            listed += _listed(asked, f"texts are stopped by no operation: {_REGISTER}", _BY_HAND)
    for value, asked in given.items():
        if value not in seen:
            neither = not spellings(value)
            why = (
                "it is neither a phone number nor an e-mail address" if neither else "nothing that was searched has it"
            )
            for text in asked:
                several = f"{value}: " if len(spellings(text)) > 1 else ""
                listed += _listed([text], several + why, "look at how it is written" if neither else "")
    for text in dict.fromkeys(text for asked in given.values() for text in asked):
        if rest := beside(text):
            listed += _listed([text], f"a part of it cannot be read: {rest}", "look at how it is written")
    left = {one["what"] for one in listed}
    done = [value for value in given if value in seen - planned_for and left.isdisjoint(given[value])]
    already = f"{len(done):,} of the {len(given):,} numbers and addresses {'is' if len(done) == 1 else 'are'} opted out"
    warnings = [f"{already} already, wherever they were found."] if done else []
    warnings += [_NO_LEADS] if found.leads is None else []
    warnings += [_TEXTS] if any(value.startswith("+") for value in given) else []
    return PlanData(
        "opt_out",
        place.environment,
        place.tenant,
        place.made_at,
        tuple(steps),
        tuple(refusals),
        total_rows=len(found.customers) + len(found.locations) + len(found.methods),
        warnings=(*told(notes), *warnings, _BOOKINGS),
        reason=reason,
        listed=tuple(listed),
        options={"names": list(names)} if names else {},
        checked=True,
    )


def _closed(owner: str, owners: pd.DataFrame | None) -> dict[Any, tuple[str, str]]:
    """The customers or locations of which the service changes no contact: id to why, and what to do instead."""
    if owners is None:
        return {}
    found: dict[Any, tuple[str, str]] = {}
    for (id,), row in rows_of(TARGETS[f"{owner}s"], owners, None):
        if into := merged_into(row):
            merged = f"{owner} {id} was merged into {into}: the service changes no contact of it"
            found[id] = merged, f"change it on {_SCREEN}"
        elif not _is_true(row.get("active")):
            inactive = f"{owner} {id} is inactive: the service changes no contact of it"
            found[id] = inactive, f"activate {owner} {id}, or change it on {_SCREEN}"
    return found


def _of_leads(
    given: Mapping[str, Sequence[str]], leads: pd.DataFrame | None, seen: set[str]
) -> Iterator[dict[str, Any]]:
    """The leads that carry a number or an address themselves, one line for each of these."""
    if leads is None:
        return
    carry: dict[str, dict[int, None]] = defaultdict(dict)
    for column in ("lead_phone", "lead_email"):
        for id, text in zip(leads["id"], leads[column], strict=True):
            for value in _held(given, text):
                carry[value][int(id)] = None
    for value, ids in carry.items():
        seen.add(value)
        some = ", ".join(map(str, list(ids)[:SHOWN])) + (", …" if len(ids) > SHOWN else "")
        leads_have = f"lead {some} has it" if len(ids) == 1 else f"{len(ids):,} leads have it ({some})"
        yield from _listed(
            given[value],
            f"{leads_have}, and a lead has no preferences",
            f"{_SCREEN}; crm.leads.plan_dismiss(…) closes what is open",
        )


def _newer(
    given: Mapping[str, Sequence[str]],
    found: Contacts,
    names: Sequence[str],
    seen: set[str],
    steps: list[Step],
    planned_for: set[str],
) -> Iterator[dict[str, Any]]:
    """Add the calls for the newer store; tell what of it cannot be decided."""
    target = TARGETS["contact_preferences"]
    by_method: dict[Key, list[tuple[Key, dict[str, Any]]]] = defaultdict(list)
    for key, row in rows_of(target, found.preferences, None):
        by_method[key[:2]].append((key, row))
    lower = {name.casefold() for name in names}
    for method, line in rows_of(TARGETS["contact_methods"], matching(found.methods, given), None):
        values = _held(given, line["value"])
        seen.update(values)
        asked = [text for value in values for text in given[value]]
        where = f"contact method {method[1]} of the newer store"
        if not names:
            yield from _listed(
                asked,
                f"{where}: which of its preferences are marketing is not known",
                "names=['…']; crm.contact_preferences.list_types() has them",
            )
            continue
        meant = [(key, row) for key, row in by_method[method] if str(key[2]).casefold() in lower]
        if not meant:
            yield from _listed(asked, f"{where}: it has no preference of these names", "look at its preferences")
        for key, row in meant:
            if not says_no(row.get("value")):
                planned = plan_row(target, key, [("value", row.get("value"), "false")], row, Options())
                steps += [planned.step] if planned.step else []
                planned_for.update(values)


def _is_true(value: Any) -> bool:
    return not is_missing(value) and bool(value)


def _listed(texts: Iterable[str], why: str, instead: str) -> list[dict[str, Any]]:
    return [{"what": text, "why": why, "instead": instead} for text in texts]
