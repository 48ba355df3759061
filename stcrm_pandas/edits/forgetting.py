"""Find and delete the journals and plans that concern a person who asks to be forgotten."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from stcrm_pandas.edits.apply.opt_ins import OptIn, opt_ins_in, opt_ins_lock
from stcrm_pandas.edits.diff.columns import target_of
from stcrm_pandas.edits.journals import delete
from stcrm_pandas.edits.plan.model import PlanData, from_json
from stcrm_pandas.edits.plan.plan_file import KIND
from stcrm_pandas.files.sqlite_files import connect_read_only

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
    found = []
    for path in sorted(folder.glob("*.sqlite")):
        try:
            with contextlib.closing(connect_read_only(path)) as db:
                about = dict(db.execute("SELECT name, value FROM about"))
                texts = [text for (text,) in db.execute("SELECT value FROM texts UNION ALL SELECT details FROM rows")]
            plan = from_json(json.loads(about["plan"]))
        except (sqlite3.Error, OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            found.append(Concerned(path, 0))
            continue
        if plan.tenant == tenant:
            concerned = _concerns(plan, owns) or any(map(mentions, [about["plan"], *texts]))
            if concerned:
                found.append(Concerned(path, len(plan.keys), _count_opt_ins(path), opt_ins_lock(plan)))
    return found


def plans_about(folder: Path, tenant: int, owns: Owns, mentions: Mentions) -> list[Concerned]:
    """Return the plan files in a folder, and in those below it, that concern a person."""
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            text = path.read_text(encoding="utf-8")
            content = json.loads(text)
            if not isinstance(content, dict) or content.pop("kind", None) != KIND:
                continue
            content.pop("digest", None)
            plan = from_json(content)
        except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            continue
        if plan.tenant == tenant and (_concerns(plan, owns) or mentions(text)):
            found.append(Concerned(path, len(plan.keys)))
    return found


def delete_journals(folder: Path, journals: Iterable[Concerned]) -> list[Concerned]:
    """Delete journals, unless an apply is running, and return all of them with the opt-ins that they have now.

    An apply may have sent opt-ins since the journals were read: they are counted again while none can be sent.

    Raises
    ------
    UsageError
        An apply is running.
    """
    chosen = list(journals)
    counted = {one.path: frozenset[OptIn]() for one in chosen if one.is_deleted}
    deleted = delete(folder, counted, {one.opt_ins_lock for one in chosen})
    kept = counted.keys() - set(deleted)
    return [replace(one, opt_ins=_count_opt_ins(one.path)) if one.path in kept else one for one in chosen]


def _count_opt_ins(path: Path) -> int | None:
    opt_ins = opt_ins_in(path)
    return None if opt_ins is None else len(opt_ins)


def _concerns(plan: PlanData, owns: Owns) -> bool:
    return any(owns(target_of(step.operation).resource, key) for step in plan.steps for key in step.keys) or any(
        owns(plan.resource, refusal.key) for refusal in plan.refusals
    )
