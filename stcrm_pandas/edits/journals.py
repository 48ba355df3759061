"""The journals on this machine: what was applied, when, to how many rows, and the outcome; and their deletion.

Journals and plans that concern a person who asks to be forgotten are found and deleted here, too.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from stcrm_pandas.edits.apply.journal import Journal, digest_of, facts_of, files_of
from stcrm_pandas.edits.apply.locks import hold_all, is_held
from stcrm_pandas.edits.apply.opt_ins import OptIn, UnreadableJournal, opt_ins_in, opt_ins_lock
from stcrm_pandas.edits.apply.outcomes import IN_PROGRESS
from stcrm_pandas.edits.apply.undo import changed_back, is_undone
from stcrm_pandas.edits.columns import target_of
from stcrm_pandas.edits.plan.model import PlanData, from_json
from stcrm_pandas.edits.plan.plan_file import KIND
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.files.sqlite_files import connect_read_only
from stcrm_pandas.settings.addresses import environment_of

COLUMNS = {
    "journal": "str",
    "applied_at": "datetime64[us, UTC]",
    "resource": "str",
    "reason": "str",
    "rows": "Int64",
    "succeeded": "Int64",
    "already": "Int64",
    "conflicts": "Int64",
    "failed": "Int64",
    "untried": "Int64",
    "state": "str",
}
"""The columns of `crm.journals()`."""


@dataclass(frozen=True)
class JournalSummary:
    """A journal in a list.

    Parameters
    ----------
    path : Path
        The file.
    state : str
        `finished`, `unfinished` (some rows were not sent), `interrupted` (requests were running when the apply ended),
        `running`, `undone`, `partly undone` or `cannot be read`.
    about : mapping
        The facts beside its plan.
    counts : mapping
        The number of rows by outcome.
    problem : str, default ''
        Why it cannot be read.
    """

    path: Path
    state: str
    about: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


def summaries(folder: Path, place: tuple[str, int] | None = None) -> Iterator[JournalSummary]:
    """Yield the journals in a folder, newest first.

    Parameters
    ----------
    place : tuple of str and int, optional
        Only those of this environment and tenant, and those that cannot be read.
    """
    here = None if place is None else (environment_of(place[0]), str(place[1]))
    about = {path: facts_of(path) for path in sorted(folder.glob("*.sqlite"), reverse=True)}
    for path, noted in about.items():
        facts: Mapping[str, str] = noted
        if facts and here is not None and (environment_of(facts.get("environment", "")), facts.get("tenant")) != here:
            continue
        try:
            with closing(Journal.open(path)) as journal:
                states, digest, facts = Counter(journal.counts()), journal.plan.digest, journal.about
            state = _state(path, states, digest, about)
        except (StcrmError, UnreadableJournal) as error:
            yield JournalSummary(path, "cannot be read", facts, problem=str(error))
            continue
        counts = {name: states[name] for name in ("succeeded", "already", "failed")}
        counts |= {
            "conflicts": states["conflict"],
            "untried": states["untried"] + sum(states[running] for running in IN_PROGRESS),
        }
        yield JournalSummary(path, state, facts, counts)


def _state(path: Path, states: Counter[str], digest: str, about: Mapping[Path, Mapping[str, str]]) -> str:
    running = sum(states[state] for state in IN_PROGRESS)
    if (running or states["untried"]) and is_held(path.parent, digest):
        return "running"
    if running:
        return "interrupted"
    if back := changed_back(path, about):
        return "undone" if is_undone(path, back) else "partly undone"
    return "unfinished" if states["untried"] else "finished"


def journals(port: Port) -> pd.DataFrame:
    """Return the journals of a connection's tenant as a frame. See `Client.journals`."""
    rows = [
        {
            "journal": str(summary.path),
            "applied_at": summary.about.get("applied_at"),
            "resource": summary.about.get("resource"),
            "reason": summary.about.get("reason") or None,
            "rows": sum(summary.counts.values()) if summary.counts else None,
            **summary.counts,
            "state": summary.state,
        }
        for summary in summaries(port.journal_folder, (port.name, port.tenant))
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    frame["applied_at"] = pd.to_datetime(frame["applied_at"], utc=True, format="ISO8601", errors="coerce")
    return frame.astype(COLUMNS)


def delete(folder: Path, counted: Mapping[Path, frozenset[OptIn] | None], locks: Iterable[str] = ()) -> list[Path]:
    """Delete journals that still show the same opt-ins, and return them; no apply can run meanwhile.

    Parameters
    ----------
    counted : mapping
        Each journal with the opt-ins that somebody agreed to delete with it, as `opt_ins_in` returned them. If an apply
        has sent other ones since, the journal is kept.
    locks : iterable of str, default ()
        The names of further locks to hold.

    Raises
    ------
    UsageError
        An apply is running.
    """
    with hold_all(folder, filter(None, {*map(digest_of, counted), *locks})):
        unchanged = [path for path, opt_ins in counted.items() if opt_ins_in(path) == opt_ins]
        for path in unchanged:
            for file in files_of(path):
                file.unlink(missing_ok=True)
    return unchanged


Owns = Callable[[str, Iterable[object]], bool]
"""Whether a row is the person's, from its resource and its key."""
Mentions = Callable[[str], bool]
"""Whether a text has a number or an address of the person."""


@dataclass(frozen=True)
class Concerned:
    """A journal or a plan that concerns a person.

    Parameters
    ----------
    path : Path
        The file.
    rows : int
        The number of rows that it changes; 0 if it cannot be read.
    opt_ins : int or None
        The number of opt-ins that it shows as sent: such a journal is kept as a record of consent. None if part of it
        cannot be read: it may have some, so it is kept as well.
    opt_ins_lock : str
        The name of the lock without which nobody of its tenant is opted in.
    """

    path: Path
    rows: int
    opt_ins: int | None = 0
    opt_ins_lock: str = ""

    @property
    def is_deleted(self) -> bool:
        """Whether it is deleted with the person: it can be read, and is no record of consent."""
        return self.rows > 0 and self.opt_ins == 0


def journals_about(folder: Path, tenant: int, owns: Owns, mentions: Mentions) -> list[Concerned]:
    """Return the journals that concern a person, and those that cannot be read, oldest first.

    Parameters
    ----------
    tenant : int
        Only journals of this tenant; ids of another tenant mean something else.
    """
    results = []
    for path in sorted(folder.glob("*.sqlite")):
        try:
            with closing(connect_read_only(path)) as db:
                about = dict(db.execute("SELECT name, value FROM about"))
                texts = [text for (text,) in db.execute("SELECT value FROM texts UNION ALL SELECT details FROM rows")]
            plan = from_json(json.loads(about["plan"]))
        except (sqlite3.Error, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            results.append(Concerned(path, 0))
            continue
        if plan.tenant == tenant:
            concerned = _concerns(plan, owns) or any(map(mentions, [about["plan"], *texts]))
            if concerned:
                results.append(Concerned(path, len(plan.keys), _count_opt_ins(path), opt_ins_lock(plan)))
    return results


def plans_about(folder: Path, tenant: int, owns: Owns, mentions: Mentions) -> list[Concerned]:
    """Return the plan files in a folder, and in those below it, that concern a person."""
    results = []
    for path in sorted(filter(Path.is_file, folder.rglob("*"))):  # a plan can be saved under any name
        try:
            with path.open(encoding="utf-8") as file:
                text = (first := file.read(1)) + (file.read() if first == "{" else "")
            content = json.loads(text)
            if not isinstance(content, dict) or content.pop("kind", None) != KIND:
                continue
            content.pop("digest", None)
            plan = from_json(content)
        except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            continue
        if plan.tenant == tenant and (_concerns(plan, owns) or mentions(text)):
            results.append(Concerned(path, len(plan.keys)))
    return results


def delete_journals(folder: Path, journals: Iterable[Concerned]) -> list[Concerned]:
    """Delete journals, unless an apply is running, and return all of them with the opt-ins that they have now.

    An apply may have sent opt-ins since the journals were read: they are counted again while none can be sent.

    Raises
    ------
    UsageError
        An apply is running.
    """
    chosen = list(journals)
    counted = {journal.path: frozenset[OptIn]() for journal in chosen if journal.is_deleted}
    deleted = delete(folder, counted, {journal.opt_ins_lock for journal in chosen})
    kept = counted.keys() - set(deleted)
    return [
        replace(journal, opt_ins=_count_opt_ins(journal.path)) if journal.path in kept else journal
        for journal in chosen
    ]


def _count_opt_ins(path: Path) -> int | None:
    opt_ins = opt_ins_in(path)
    return None if opt_ins is None else len(opt_ins)


def _concerns(plan: PlanData, owns: Owns) -> bool:
    return any(owns(target_of(step.operation).resource, key) for step in plan.steps for key in step.keys) or any(
        owns(plan.resource, refusal.key) for refusal in plan.refusals
    )
