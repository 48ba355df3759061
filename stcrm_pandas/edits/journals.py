"""The journals on this machine: what was applied, when, to how many rows, and the outcome; their deletion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from stcrm_pandas.edits.apply.journal import Journal, digest_of, facts_of, files_of
from stcrm_pandas.edits.apply.locks import hold_all, is_held
from stcrm_pandas.edits.apply.opt_ins import OptIn, UnreadableJournal, opt_ins_in
from stcrm_pandas.edits.apply.outcomes import IN_PROGRESS
from stcrm_pandas.edits.apply.undo import changed_back, is_undone
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import StcrmError

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
    about = {path: facts_of(path) for path in sorted(folder.glob("*.sqlite"), reverse=True)}
    for path, found in about.items():
        facts: Mapping[str, str] = found
        if facts and place is not None and (facts.get("environment"), facts.get("tenant")) != (place[0], str(place[1])):
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
            "untried": states["untried"] + sum(states[one] for one in IN_PROGRESS),
        }
        yield JournalSummary(path, state, facts, counts)


def _state(path: Path, states: Counter[str], digest: str, about: Mapping[Path, Mapping[str, str]]) -> str:
    running = sum(states[one] for one in IN_PROGRESS)
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
            "journal": str(one.path),
            "applied_at": one.about.get("applied_at"),
            "resource": one.about.get("resource"),
            "reason": one.about.get("reason") or None,
            "rows": sum(one.counts.values()) if one.counts else None,
            **one.counts,
            "state": one.state,
        }
        for one in summaries(port.journal_folder, (port.name, port.tenant))
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
