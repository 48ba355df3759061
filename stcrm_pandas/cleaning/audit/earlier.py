"""What a mirror adds to an audit: the rows at an earlier time, and whether the mirror has seen the latest changes."""

from __future__ import annotations

import contextlib
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.audit.rows import READS
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.edits.diff.columns import TARGETS
from stcrm_pandas.errors import MirrorError, StcrmError, UsageError
from stcrm_pandas.mirror.rows import Moment
from stcrm_pandas.settings.connection import read_journal_folder

__all__ = ["earlier_time", "one_mirror", "unseen_changes"]

_A_WHILE = pd.Timedelta(days=30)


def one_mirror(mirror: Any) -> Any:
    """Return the mirror of one tenant; `stcrm.mirrors(folder)` with one tenant is one, too."""
    each = getattr(mirror, "each", [mirror])
    if len(each) != 1:
        raise UsageError(
            f"The folder has the mirrors of {len(each)} tenants, and an audit is about one: pass "
            "stcrm.mirrors(folder).each[0], or crm.mirror(folder)."
        )
    if not hasattr(each[0], "status"):
        raise UsageError(f"mirror takes a mirror, such as crm.mirror('titan'), not {type(mirror).__name__}.")
    return each[0]


def earlier_time(mirror: Any, now: pd.Timestamp, since: Moment | None) -> pd.Timestamp | None:
    """Return the time to compare with: by default 30 days ago, or the first that the mirror covers, if that is later.

    None if the mirror covers no earlier time.
    """
    status = mirror.status()
    status = status[status["resource"].isin(list(READS))]
    if status.empty:
        raise MirrorError("The mirror has none of the rows that an audit reads. Sync it: stcrm sync.")
    first, last = status["known_from"].max(), status["complete_to"].min()
    if since is not None:
        return pd.Timestamp(mirror._moment(since))
    chosen = min(max(now - _A_WHILE, first), last)
    return None if chosen < first or chosen >= now else chosen


def unseen_changes(mirror: Any) -> list[str]:
    """Return a caution if bulk edits of this tenant were applied after the time up to which the mirror is complete."""
    status = mirror.status().set_index("resource")["complete_to"]
    crm = getattr(mirror, "_crm", None)
    folder = read_journal_folder() if crm is None else crm.settings.journal_folder
    unseen = []
    for path in sorted(folder.glob("*.sqlite")):
        with contextlib.suppress(StcrmError), contextlib.closing(Journal.open(path)) as journal:
            about = journal.about
        if str(about["tenant"]) != str(mirror.tenant) or about["environment"] != mirror.environment:
            continue
        applied, resource = pd.Timestamp(about["applied_at"]), about["resource"]
        if resource not in TARGETS:  # opt-outs and merges change rows of several kinds
            complete_to = status.min()
        elif resource in status:
            complete_to = status[resource]
        else:
            continue
        if applied > complete_to:
            unseen.append((applied, resource))
    if not unseen:
        return []
    applied, resource = max(unseen)
    changes = f"changes of {resource.replace('_', ' ')}" if resource in TARGETS else "changes"
    return [
        f"The mirror has not seen the {changes} that were applied on {applied:%Y-%m-%d at %H:%M} UTC, so these counts "
        "are from before. Sync the mirror (feeds show a change after about 15 minutes), or audit the service: "
        "stcrm.audit(crm)."
    ]
