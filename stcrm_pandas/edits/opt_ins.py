"""Opt-ins that went out already. A plan sends each of them once, so that a no that is said later stands.

Whoever is switched on by a plan and says no afterwards leaves the row as it was when the plan was made: by its values
alone, the same plan would switch it on again. The journals know better.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from stcrm_pandas.edits.columns import target_of
from stcrm_pandas.edits.journal import Entry, Journal
from stcrm_pandas.edits.model import Key, Plan, Step
from stcrm_pandas.errors import UsageError

Sent = Mapping[tuple[str, Key], frozenset[str]]
"""By kind and key of a row, the columns in which it was opted in."""


def sent_since(folder: Path, plan: Plan) -> Sent:
    """The opt-ins of a plan that went out since it was made, or were found to be there: by whatever plan.

    Those whose call was under way when an apply was killed are among them: they may have come true, and been taken
    back.

    Parameters:
        folder: where the journals lie.
        plan: whose rows are looked for.
    """
    wanted = {(_kind(step), key): opt_ins(step) for step in plan.steps for key in step.keys if opt_ins(step)}
    found: dict[tuple[str, Key], frozenset[str]] = defaultdict(frozenset)
    made_at = dt.datetime.fromisoformat(plan.made_at)
    for journal in _journals(folder) if wanted else ():
        if (journal.plan.environment, journal.plan.tenant) != (plan.environment, plan.tenant):
            continue
        for entry in journal.entries():
            step = journal.plan.steps[entry.step]
            place = _kind(step), entry.key
            columns = opt_ins(step) & wanted.get(place, frozenset())
            if columns and (at := _said_yes_at(entry)) and dt.datetime.fromisoformat(at) >= made_at:
                found[place] |= columns
    return dict(found)


def opt_ins(step: Step) -> frozenset[str]:
    """The columns in which a call lets somebody be reached who was not."""
    return frozenset(cell.column for cell in step.cells if cell.consent)


def _said_yes_at(entry: Entry) -> str | None:
    """When a row was opted in, as far as is known; None where it surely was not."""
    if entry.state == "already":
        return entry.ended_at
    return None if entry.refused else entry.sent_at


def _journals(folder: Path) -> Iterator[Journal]:
    for path in sorted(folder.glob("*.sqlite")):
        try:
            journal = Journal.open(path)
        except UsageError:
            continue
        try:
            yield journal
        finally:
            journal.close()


def _kind(step: Step) -> str:
    return target_of(step.operation).resource
