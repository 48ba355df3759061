"""Current rows of a mirror: computed from the history, stored for the next read, and computed again if missing."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.errors import MirrorError, UsageError
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.commits import Commit
from stcrm_pandas.mirror.resources import Mirrored
from stcrm_pandas.mirror.sealed import DamagedFile, discard
from stcrm_pandas.mirror.store import SEQ, Store

_AT_ONCE, _MANY = 6, 50_000
"""The number of columns that are in memory at a time, of a history with more than so many versions."""


Known = tuple[int, pa.Table]
"""The number of a commit, and the current rows as of it."""


def refresh_current(store: Store, row: Row, known: Known | None = None) -> None:
    """Store the current rows as of the last commit: by a link if they are those of an earlier file.

    Parameters
    ----------
    known : tuple, optional
        Those of an earlier commit, if they were read already.
    """
    last = store.last()
    if last is None or store.load_current() is not None:
        return
    digest = store.digest()
    same = _same_rows(store, row)
    if same is None or not store.current.link(same, last.number, digest):
        current_table(store, row, known)


def _same_rows(store: Store, row: Row) -> Path | None:
    """Return a file that has exactly the current rows; None if there is none."""
    newest = store.newest_current()
    if newest is not None:
        numbers = store.read([SEQ], after=newest[0])
        changed = numbers is None or bool((numbers.column(SEQ).to_numpy() > newest[0]).any())
        return None if changed else newest[1]
    files = store.files()
    keys = store.read(row.key) if len(files) == 1 else None
    if keys is None:
        return None
    positions = versions.last_positions(row, keys)
    return files[0].path if np.array_equal(positions, np.arange(keys.num_rows)) else None


def current_table(store: Store, row: Row, known: Known | None = None) -> pa.Table | None:
    """Return the last version of every row, including deleted ones, ordered by key; None if there is no commit."""
    last, digest = store.last(), store.digest()
    if last is None:
        return None
    number, before = known or _newest(store)
    if before is not None and number == last.number:
        return before
    table = _derived(store, row, number, before)
    with contextlib.suppress(OSError):  # a folder that may only be read: derive it each time
        store.current.save(table, last.number, digest)
    return table


def _derived(store: Store, row: Row, number: int = 0, before: pa.Table | None = None) -> pa.Table:
    """Return the last version of every row from the history, or from the rows as of a commit and what is newer."""
    history = store.read(after=number)
    if before is not None and history is not None:
        newer = history.filter(pa.array(history.column(SEQ).to_numpy() > number))
        history = pa.concat_tables([before, newer], promote_options="default")
    assert history is not None
    return versions.take(history, versions.last_positions(row, history))


def _newest(store: Store) -> tuple[int, pa.Table | None]:
    """Return the newest stored table and its commit; 0 and None without one, or if it is damaged."""
    if (newest := store.newest_current()) is not None:
        with contextlib.suppress(OSError, DamagedFile):
            return newest[0], store.current.read(newest[1])
    return 0, None


def current_file(store: Store, row: Row) -> Path | None:
    """Return the file with the last version of every row, checked; None if there is no commit.

    Raises
    ------
    MirrorError
        The file does not exist and cannot be written.
    """
    for _ in range(4):  # another process may sync, merge files, or sweep at the same time
        if store.last() is None:
            return None
        path = store.load_current()
        with contextlib.suppress(FileNotFoundError):
            if path is not None and store.current.is_intact(path):
                return path
        current_table(store, row)
    raise MirrorError(f"{store.current.folder} cannot be written to. Queries need the derived files in it.")


def current_problems(store: Store, row: Row) -> list[str]:
    """Return what is wrong with the stored current rows, which are derived again if they differ from the history."""
    problems, path, last = [], store.load_current(), store.last()
    if last is None:
        return []
    stale = sorted(store.current.after(last.number, but=path))
    if stale:
        problems.append(
            f"{', '.join(one.name for one in stale)} in {store.current.folder} is derived from another history (it is "
            "not used, and the next sync deletes it)"
        )
    if path is not None:
        with contextlib.suppress(FileNotFoundError):
            try:
                wrong = "" if store.current.read(path).equals(_derived(store, row)) else "it differs from the history"
            except DamagedFile as error:
                wrong = str(error)
            if wrong:
                discard(path)
                refresh_current(store, row)
                problems.append(f"{path} could not be used: {wrong} (it was derived again)")
    return problems


def current_rows(row: Row, table: pa.Table | None, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the rows of a current table, or those with the keys of `like`, with `versions.VERSION_COLUMNS`."""
    if table is None:
        table = versions.to_table(row, _empty(row))
    elif like is not None:
        table = versions.take(table, versions.positions(row, table, like))
    return versions.to_frame(row, table, own=list(versions.VERSION_COLUMNS))


def live(table: pa.Table) -> pa.Table:
    """Return the rows that are not deleted."""
    gone = table.column(versions.DELETED).to_numpy().astype(bool)
    return table if not gone.any() else table.filter(pa.array(~gone))


def history_of(store: Store, row: Row, ids: Sequence[int | str] | None = None) -> pa.Table:
    """Return all versions, or those of some ids, in the order of their commits."""
    table = store.read(among=None if ids is None else versions.id_filter(row, ids))
    if table is None:
        table = versions.to_table(row, _empty(row)).append_column(SEQ, pa.nulls(0, pa.int64()))
    return table


def check_moment(mirrored: Mirrored, ends: tuple[Commit, Commit], at: pd.Timestamp, by: str) -> None:
    """Raise if a mirror does not cover a moment.

    Raises
    ------
    UsageError
        `by` is unknown.
    MirrorError
        The moment is before the first sync, or after the time up to which the mirror is complete.
    """
    if by not in ("valid", "seen"):
        raise UsageError(f'by= takes "valid" or "seen", not {by!r}.')
    first, last = ends
    check_start(mirrored, first, at)
    latest = pd.Timestamp(last.seen_at if by == "seen" else last.complete_to)
    if at > latest:
        raise MirrorError(
            f"{mirrored.name}: the mirror is complete up to {latest:%Y-%m-%d %H:%M:%S} UTC. Sync it for a later moment"
            + (", which feeds show after about 15 minutes." if mirrored.feed else ".")
        )


def check_start(mirrored: Mirrored, first: Commit, at: pd.Timestamp) -> None:
    """Raise if a moment is before the first commit.

    Raises
    ------
    MirrorError
        The moment is before the first sync.
    """
    start = pd.Timestamp(first.seen_at)
    if at < start:
        raise MirrorError(
            f"{mirrored.name}: the mirror has no data before {start:%Y-%m-%d %H:%M:%S} UTC, when these rows were first "
            "synced."
        )


def without_first_reads(changes: pd.DataFrame, parent: str, parents: pd.DataFrame) -> pd.DataFrame:
    """Return changes without the rows that were there when their parent was first read: these are not new."""
    first = changes[parent].map(parents.set_index(parent)["known_from"])
    there = changes["column"].eq("(created)") & changes["seen_at"].le(first + pd.Timedelta(seconds=1))
    return changes[~there]


def dated(row: Row, table: pa.Table) -> pd.DataFrame:
    """Return versions as a frame, ordered by key, with their times and whether they are deletions."""
    own = [versions.VALID_FROM, versions.SEEN_AT, versions.DELETED, versions.UNDOCUMENTED]
    frame = versions.with_undocumented(versions.to_frame(row, table, own=own))
    named = frame.rename(columns={name: name[1:] for name in own})
    return named.sort_values(list(row.key), kind="stable", ignore_index=True)


def frame_as_of(store: Store, row: Row, at: pd.Timestamp, by: str) -> pd.DataFrame:
    """Return the rows at a moment, ordered by key, with undocumented fields as JSON text."""
    with store.opened() as history:
        keys = history.read([*row.key, versions.VALID_FROM, versions.SEEN_AT, versions.DELETED])
        places = versions.last_positions(row, keys, versions.known_at(keys, at, by))
        places = places[~keys.column(versions.DELETED).to_numpy().astype(bool)[places]]
        many = keys.num_rows > _MANY
        del keys
        names = [name for name in (*row.dtypes, versions.UNDOCUMENTED) if name in history.names]
        step = _AT_ONCE if many else len(names)
        parts = (
            versions.take(history.read(names[start : start + step]), places) for start in range(0, len(names), step)
        )
        return versions.parts_to_frame(row, parts, own=[versions.UNDOCUMENTED])


def _empty(row: Row) -> pd.DataFrame:
    frame = pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in dtypes_of(row).items()})
    own = {versions.SEEN_AT: "datetime64[us, UTC]", versions.VALID_FROM: "datetime64[us, UTC]"}
    for name in versions.VERSION_COLUMNS:
        frame[name] = pd.Series([], dtype=own.get(name, "bool" if name == versions.DELETED else "str"))
    return frame
