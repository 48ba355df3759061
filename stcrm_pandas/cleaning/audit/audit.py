"""`stcrm.audit`: run every check, count what it costs the numbers, and compare with an earlier time."""

from __future__ import annotations

import contextlib
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.audit.checks import EFFECTS
from stcrm_pandas.cleaning.audit.finding import Checked, Faults, Finding
from stcrm_pandas.cleaning.audit.findings import FINDINGS
from stcrm_pandas.cleaning.audit.result import Audit
from stcrm_pandas.cleaning.audit.rows import READS, Rows
from stcrm_pandas.edits.apply.journal import Journal
from stcrm_pandas.edits.columns import TARGETS
from stcrm_pandas.errors import MirrorError, MissingExtra, StcrmError, UsageError
from stcrm_pandas.mirror.client import Moment
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.connection import read_journal_folder

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


def audit(
    crm: Any = None,
    *,
    mirror: Any = None,
    as_of: Moment | None = None,
    since: Moment | None = None,
    anonymous: bool = False,
    refresh: bool = False,
) -> Audit:
    """Find what is wrong in a company's data, what it costs the numbers, and what repairs it.

    The rows come from the service if `crm` is passed, else from the mirror. With a mirror, each count is compared with
    that of an earlier time. Nothing is changed.

    Parameters
    ----------
    crm : Client, optional
        The connection: `stcrm.connect()`. After an apply, audit the service: a mirror that was synced before does not
        have the changes.
    mirror : Mirror or Mirrors, optional
        A mirror of the same tenant: `crm.mirror(folder)`, or `stcrm.mirrors(folder)`. Optional with a `crm`.
    as_of : str, date or Timestamp, optional
        The time for which the mirror is audited, without a `crm`. The default time zone is the tenant's. By default,
        the last sync.
    since : str, date or Timestamp, optional
        The time to compare with, which the mirror has to cover, such as that of the last audit. The default time zone
        is the tenant's. By default, 30 days ago, or the first sync if that is later.
    anonymous : bool, default False
        True leaves out the ids of examples and everything else that leads to a person.
    refresh : bool, default False
        True does not use the cache. Changes that this package wrote are always seen.

    Returns
    -------
    Audit
        The result; `table` has one row per finding, worst first.

    Raises
    ------
    UsageError
        Neither a connection nor a mirror was passed, or the options contradict each other.
    PermissionDenied
        The application lacks the scopes for all findings. If it lacks some, the other findings are made.
    MirrorError
        The mirror does not cover `as_of` or `since`.

    Examples
    --------
    >>> result = stcrm.audit(crm)
    >>> result.table.columns[:6].tolist()
    ['finding', 'of', 'problem', 'rows', 'checked', 'share']
    >>> result.summary().splitlines()[0]
    '... of ... checks found something:'
    """
    if crm is None and mirror is None:
        raise UsageError("audit needs the rows: stcrm.audit(crm), or stcrm.audit(mirror=mirror).")
    if mirror is None and since is not None:
        raise UsageError("since needs a mirror: stcrm.audit(crm, mirror=crm.mirror('titan'), since=...).")
    if as_of is not None and crm is not None:
        raise UsageError("as_of is for a mirror: the service only has the rows of today.")
    mirrored = None if mirror is None else one_mirror(mirror)
    if mirrored is not None and crm is not None:
        there, here = ((each.tenant, each.environment) for each in (mirrored, crm.settings))
        if there != here:
            raise UsageError(
                f"The mirror is of tenant {there[0]} ({there[1]}), and the connection of {here[0]} ({here[1]})."
            )
    if crm is not None:
        rows = Rows(crm, refresh=refresh)
    else:
        assert mirrored is not None
        rows = Rows(mirrored.client(as_of=as_of))
    cautions = unseen_changes(mirrored) if mirrored is not None and crm is None and as_of is None else []
    faults, notes = _made(rows)
    before: dict[str, Faults] = {}
    earlier = None
    if mirrored is not None:
        earlier = earlier_time(mirrored, rows.now, since)
        if earlier is not None:
            before = _made(Rows(mirrored.client(as_of=earlier)), effects=False)[0]
        else:
            notes.append("The mirror covers no earlier time, so there is nothing to compare with yet.")
    day = "" if earlier is None else str(earlier.tz_convert(rows.settings.time_zone or "UTC").date())
    checked = [
        Checked(finding, faults[finding.key], before.get(finding.key), day, anonymous)
        for finding in FINDINGS
        if finding.key in faults
    ]
    return Audit(checked, rows, cautions=(*cautions, *notes), since=earlier, anonymous=anonymous)


def _made(rows: Rows, *, effects: bool = True) -> tuple[dict[str, Faults], list[str]]:
    """Return what each check found, by key, and sentences about the checks that could not be made."""
    faults: dict[str, Faults] = {}
    lacking: dict[str, int] = {}
    for finding in FINDINGS:
        reason = _lacking(finding, rows)
        if reason is None:
            try:
                faults[finding.key] = _with_effect(finding, rows, effects=effects)
            except MissingExtra as error:
                reason = str(error)
        if reason is not None:
            lacking[reason] = lacking.get(reason, 0) + 1
    return faults, [f"{plural(count, 'check')} left out. {reason}" for reason, count in lacking.items()]


def _lacking(finding: Finding, rows: Rows) -> str | None:
    """Return why a check cannot be made; None if it can."""
    unread = [name.replace("_", " ") for name in finding.needs if name not in rows.frames]
    if unread:
        scope = rows.missing[unread[0]]
        why = f"the application lacks the scope {scope}" if scope else "they are not in the mirror"
        return f"No {unread[0]}: {why}."
    if finding.personal and rows.anonymous.intersection(finding.needs):
        return "This copy has no names, numbers and addresses."
    return None


def _with_effect(finding: Finding, rows: Rows, *, effects: bool) -> Faults:
    """Return what a check found, with the effect on the numbers of reports."""
    faults = finding.check(rows)
    if not effects or faults.rows.empty or finding.key not in EFFECTS:
        return faults
    try:
        effect = EFFECTS[finding.key](rows)
    except (MissingExtra, UsageError):  # without the extra, or with too few rows for an analysis
        return faults
    return (
        faults
        if effect is None or not effect.cost
        else Faults(faults.rows, faults.of, (*faults.effects, effect), faults.created)
    )
