"""Opt-ins that went out already. Each is sent once, so that an opt-out that comes later stands.

Somebody who is opted in by a plan and opts out afterwards leaves the row as it was when it was read: by its values
alone the same change would opt them in again. The journals know better. Times are compared by the service's clock,
since this machine's may be wrong.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stcrm_pandas.edits.apply.journal import Entry
from stcrm_pandas.edits.apply.unreadable import Unreadable, belongs, is_acknowledged, read_whole
from stcrm_pandas.edits.diff.columns import target_of
from stcrm_pandas.edits.plan.last_read import GIVES_UP_AFTER
from stcrm_pandas.edits.plan.model import BEFORE_READ_AT, Key, PlanData, Refusal, Step

Sent = Mapping[tuple[str, Key], frozenset[str]]
"""By kind and key of a row, the columns in which it was opted in."""

SLACK = dt.timedelta(seconds=GIVES_UP_AFTER)
"""The service may work on a request for so long: what was read within that time of an opt-in may not show it yet."""
SLACK_OF_MACHINE = dt.timedelta(days=1)
"""Where a journal has times of this machine's clock only: how far that may have been off."""


@dataclass(frozen=True)
class Earlier:
    """Opt-ins of a plan's rows that went out, and the journals that cannot say so."""

    sent: Sent = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()


def sent_since(folder: Path, plan: PlanData) -> Earlier:
    """Return the opt-ins of a plan's rows that went out since `before` was read, by whatever plan.

    Those that were found to be there are among them, and those whose request was under way when an apply was killed:
    they may have come true, and been taken back. Where it is not known when `before` was read, all of them count.

    Parameters
    ----------
    folder : Path
        Where the journals lie.
    plan : PlanData
        Whose rows are looked for.
    """
    wanted = {(_kind(step), key): opt_ins(step) for step in plan.steps for key in step.keys if opt_ins(step)}
    if not wanted:
        return Earlier()
    found: dict[tuple[str, Key], frozenset[str]] = defaultdict(frozenset)
    unreadable = []
    read_at = _moment(plan.options.get(BEFORE_READ_AT))
    for path in sorted(folder.glob("*.sqlite")):
        try:
            other, entries = read_whole(path)
        except Unreadable as error:
            if belongs(path, plan) and not is_acknowledged(path):
                unreadable.append(error)
            continue
        if (other.environment, other.tenant) != (plan.environment, plan.tenant):
            continue
        for place, columns in _opted_in(other, entries, read_at):
            if both := columns & wanted.get(place, frozenset()):
                found[place] |= both
    return Earlier(dict(found), tuple(unreadable))


def opt_ins(step: Step) -> frozenset[str]:
    """Return the columns in which a request opts somebody in."""
    return frozenset(cell.column for cell in step.cells if cell.consent)


def refused_unread(plan: PlanData, unreadable: Iterable[Unreadable]) -> Iterator[Refusal]:
    """Refuse all opt-ins of a plan while a journal cannot say which were sent already."""
    for error in unreadable:
        for step in plan.steps:
            for cell in step.cells:
                if cell.consent:
                    yield Refusal(step.key, cell.column, error.reason, error.instead)
        return


def _opted_in(
    plan: PlanData, entries: Iterable[Entry], read_at: dt.datetime | None
) -> Iterator[tuple[tuple[str, Key], frozenset[str]]]:
    for entry in entries:
        step = plan.steps[entry.step]
        columns = opt_ins(step)
        if columns and (latest := _at_latest(entry)) is not None and (read_at is None or latest >= read_at):
            yield (_kind(step), entry.key), columns


def _at_latest(entry: Entry) -> dt.datetime | None:
    """Return until when a row may have been opted in, as far as is known; None where it surely was not."""
    at = entry.ended_at if entry.state == "already" else None if entry.refused else entry.sent_at
    if at is None:
        return None
    service_time = _moment(entry.service_time)
    if service_time is not None:
        return service_time + SLACK
    machine_time = _moment(at)
    return None if machine_time is None else machine_time + SLACK_OF_MACHINE


def _moment(text: object) -> dt.datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _kind(step: Step) -> str:
    return target_of(step.operation).resource
