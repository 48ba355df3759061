"""Plan opt-outs from marketing for a list of phone numbers and e-mail addresses, in all records. Pure.

Numbers are compared in E.164, addresses in lower case, also within longer texts. Values that were not found, or that no
operation can change, are listed in the plan, so that none is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.edits.plan.build import Origin, notes_as_warnings, rows_of
from stcrm_pandas.edits.plan.consent import FLAGS, is_opt_out
from stcrm_pandas.edits.plan.model import Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.steps import PlanOptions, plan_row
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts, unrecognized_rest
from stcrm_pandas.frame.customers import merged_into
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.frame.matching import SHOWN

MARKETING = FLAGS[1]
PHONES = {"Phone", "MobilePhone"}
_BY_HAND = "set Do Not Text in ServiceTitan"
_BOOKINGS = (
    "Contacts of bookings were not searched: the API returns them for one booking at a time, and they have no "
    "preferences. crm.bookings.list_contacts(ids) reads the contacts of some bookings."
)
_REGISTER = "ServiceTitan's phone module may have its own register of text opt-outs"
_TEXTS = (
    "Text messages: the CRM API cannot stop them and does not show every opt-out. ServiceTitan's phone module may have "
    "its own register of text opt-outs, which this plan neither reads nor changes."
)
_NO_LEADS = "Leads were not searched: this connection has no permission to read them."


@dataclass(frozen=True)
class ContactRows:
    """The rows in which numbers and addresses are searched.

    Parameters
    ----------
    customers, locations : DataFrame
        Contacts of customers and of locations.
    methods : DataFrame
        Contact methods (`crm.contact_methods`).
    preferences : DataFrame
        Preferences of the contact methods that were found.
    owners : mapping
        Resource to the customers and locations whose contacts were found, including inactive ones.
    leads : DataFrame, optional
        All leads; None without permission to read them.
    """

    customers: pd.DataFrame
    locations: pd.DataFrame
    methods: pd.DataFrame
    preferences: pd.DataFrame
    owners: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    leads: pd.DataFrame | None = None


def requested_values(phones_or_emails: Any) -> dict[str, list[str]]:
    """Return each number and address with the texts that contain it. A text without any is its own key.

    Raises
    ------
    UsageError
        The argument is not a list of texts, or is empty.

    Examples
    --------
    >>> requested_values(["(512) 555-0101", "512.555.0101 (Ann)", "Ann <Ann@Example.com>"])
    {'+15125550101': ['(512) 555-0101', '512.555.0101 (Ann)'], 'ann@example.com': ['Ann <Ann@Example.com>']}
    """
    many = [phones_or_emails] if isinstance(phones_or_emails, str) else phones_or_emails
    if not isinstance(many, Iterable) or isinstance(many, (bytes, Mapping, pd.DataFrame)):
        raise UsageError("plan_opt_out takes a list of phone numbers and e-mail addresses.")
    texts_of: dict[str, list[str]] = {}
    for entry in many:
        if is_missing(entry) or (isinstance(entry, str) and not entry.strip()):
            continue
        text = str(entry) if isinstance(entry, (str, int)) and not isinstance(entry, bool) else None
        if text is None:
            raise UsageError("plan_opt_out takes phone numbers as text: a float may have lost digits.")
        for value in find_contacts(text) or (text,):
            texts = texts_of.setdefault(value, [])
            texts += [] if text in texts else [text]
    if not texts_of:
        raise UsageError("plan_opt_out: the list is empty. Give at least one phone number or e-mail address.")
    return texts_of


def rows_with_value(frame: pd.DataFrame, values: Iterable[str]) -> pd.DataFrame:
    """Return the rows whose `value` contains one of the numbers and addresses."""
    among = set(values)
    # A boolean array, because an empty list would select no columns instead of no rows.
    return frame[np.array([not among.isdisjoint(find_contacts(value)) for value in frame["value"]], dtype=bool)]


def _requested_in(wanted: Mapping[str, Any], value: Any) -> list[str]:
    """Return the requested numbers and addresses in a value."""
    return [contact for contact in find_contacts(value) if contact in wanted]


def owners_of(wanted: Iterable[str], contacts: ContactRows) -> dict[str, list[int]]:
    """Return, by resource, the ids of customers and locations with contacts of these numbers and addresses."""
    among = list(wanted)
    return {
        "customers": rows_with_value(contacts.customers, among)["customer_id"].unique().tolist(),
        "locations": rows_with_value(contacts.locations, among)["location_id"].unique().tolist(),
    }


def plan_opt_out(
    wanted: Mapping[str, Sequence[str]],
    contacts: ContactRows,
    names: Sequence[str] = (),
    *,
    origin: Origin,
    reason: str | None = None,
) -> PlanData:
    """Return the plan that opts all records of some numbers and addresses out of marketing.

    Parameters
    ----------
    wanted : mapping
        The result of `requested_values`.
    contacts : ContactRows
        The rows to search.
    names : sequence of str, default ()
        The contact preferences that mean marketing.
    origin : Origin
        Environment, tenant and time of the plan.
    """
    steps: list[Step] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    listed: list[dict[str, Any]] = []
    seen: set[str] = set()
    textable: set[str] = set()
    planned_for: set[str] = set()
    for owner, frame in (("customer", contacts.customers), ("location", contacts.locations)):
        target = TARGETS[f"{owner}_contacts"]
        closed = _unchangeable_owners(owner, contacts.owners.get(f"{owner}s"))
        for key, row in rows_of(target, rows_with_value(frame, wanted), None):
            values = _requested_in(wanted, row["value"])
            seen.update(values)
            if row.get("type") in PHONES and not _is_true(row.get("phone_settings_do_not_text")):
                textable.update(values)
            if not is_missing(row.get(MARKETING)) and not row[MARKETING]:
                continue
            if key[0] in closed:
                listed += [entry for value in values for entry in _unmatched(wanted[value], *closed[key[0]])]
                continue
            planned = plan_row(target, key, [(MARKETING, row.get(MARKETING), False)], row, PlanOptions())
            refusals += planned.refusals
            steps += [planned.step] if planned.step else []
            notes += planned.notes
            planned_for.update(values)
    listed += _plan_preferences(wanted, contacts, names, seen, steps, planned_for)
    listed += _on_leads(wanted, contacts.leads, seen)
    for value, texts in wanted.items():
        if value in textable:
            listed += _unmatched(texts, f"no operation stops text messages: {_REGISTER}", _BY_HAND)
    for value, texts in wanted.items():
        if value not in seen:
            neither = not find_contacts(value)
            why = "this is neither a phone number nor an e-mail address" if neither else "no searched record has it"
            for text in texts:
                several = f"{value}: " if len(find_contacts(text)) > 1 else ""
                listed += _unmatched([text], several + why, "check the spelling" if neither else "")
    for text in dict.fromkeys(text for texts in wanted.values() for text in texts):
        if rest := unrecognized_rest(text):
            listed += _unmatched([text], f"part of the text cannot be read: {rest}", "check the spelling")
    left = {entry["what"] for entry in listed}
    done = [value for value in wanted if value in seen - planned_for and left.isdisjoint(wanted[value])]
    already = f"{len(done):,} of the {len(wanted):,} numbers and addresses {'is' if len(done) == 1 else 'are'} already"
    warnings = [f"{already} opted out in all records found."] if done else []
    warnings += [_NO_LEADS] if contacts.leads is None else []
    warnings += [_TEXTS] if any(value.startswith("+") for value in wanted) else []
    return PlanData(
        "opt_out",
        origin.environment,
        origin.tenant,
        origin.made_at,
        tuple(steps),
        tuple(refusals),
        total_rows=len(contacts.customers) + len(contacts.locations) + len(contacts.methods),
        warnings=(*notes_as_warnings(notes), *warnings, _BOOKINGS),
        reason=reason,
        listed=tuple(listed),
        options={"names": list(names)} if names else {},
        checked=True,
    )


def _unchangeable_owners(owner: str, owners: pd.DataFrame | None) -> dict[Any, tuple[str, str]]:
    """Return customers or locations whose contacts cannot be changed: id to the reason and what to do instead."""
    if owners is None:
        return {}
    reasons: dict[Any, tuple[str, str]] = {}
    for (id,), row in rows_of(TARGETS[f"{owner}s"], owners, None):
        if into := merged_into(row):
            merged = f"{owner} {id} was merged into {into}, so its contacts cannot be changed"
            reasons[id] = merged, "change it in ServiceTitan"
        elif not _is_true(row.get("active")):
            inactive = f"{owner} {id} is inactive, so its contacts cannot be changed"
            reasons[id] = inactive, f"activate {owner} {id}, or change it in ServiceTitan"
    return reasons


def _on_leads(
    wanted: Mapping[str, Sequence[str]], leads: pd.DataFrame | None, seen: set[str]
) -> Iterator[dict[str, Any]]:
    """Yield one entry for each number or address that leads have."""
    if leads is None:
        return
    carry: dict[str, dict[int, None]] = defaultdict(dict)
    for column in ("lead_phone", "lead_email"):
        for id, text in zip(leads["id"], leads[column], strict=True):
            for value in _requested_in(wanted, text):
                carry[value][int(id)] = None
    for value, ids in carry.items():
        seen.add(value)
        some = ", ".join(map(str, list(ids)[:SHOWN])) + (", …" if len(ids) > SHOWN else "")
        leads_have = f"lead {some} has it" if len(ids) == 1 else f"{len(ids):,} leads have it ({some})"
        yield from _unmatched(
            wanted[value],
            f"{leads_have}, and leads have no preferences",
            "change it in ServiceTitan; crm.leads.plan_dismiss(…) dismisses open leads",
        )


def _plan_preferences(
    wanted: Mapping[str, Sequence[str]],
    contacts: ContactRows,
    names: Sequence[str],
    seen: set[str],
    steps: list[Step],
    planned_for: set[str],
) -> Iterator[dict[str, Any]]:
    """Add the requests for contact preferences; yield what cannot be decided."""
    target = TARGETS["contact_preferences"]
    by_method: dict[Key, list[tuple[Key, dict[str, Any]]]] = defaultdict(list)
    for key, row in rows_of(target, contacts.preferences, None):
        by_method[key[:2]].append((key, row))
    lower = {name.casefold() for name in names}
    for method, line in rows_of(TARGETS["contact_methods"], rows_with_value(contacts.methods, wanted), None):
        values = _requested_in(wanted, line["value"])
        seen.update(values)
        texts = [text for value in values for text in wanted[value]]
        where = f"contact method {method[1]}"
        if not names:
            yield from _unmatched(
                texts,
                f"{where}: it is unknown which of its preferences mean marketing",
                "name them with names=['…']; crm.contact_preferences.list_types() lists them",
            )
            continue
        meant = [(key, row) for key, row in by_method[method] if str(key[2]).casefold() in lower]
        if not meant:
            yield from _unmatched(texts, f"{where} has no preference with these names", "check its preferences")
        for key, row in meant:
            if not is_opt_out(row.get("value")):
                planned = plan_row(target, key, [("value", row.get("value"), "false")], row, PlanOptions())
                steps += [planned.step] if planned.step else []
                planned_for.update(values)


def _is_true(value: Any) -> bool:
    return not is_missing(value) and bool(value)


def _unmatched(texts: Iterable[str], why: str, instead: str) -> list[dict[str, Any]]:
    return [{"what": text, "why": why, "instead": instead} for text in texts]
