"""The commits of a mirror, and how a file stores them: in full those that reads need, of the others only the times.

A mirror that is synced every hour has 8,760 commits after a year. So the metadata of a file has, as JSON, its first
commit, its last complete read and its last commit, and the times of all commits in a compressed table.
"""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from types import NoneType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.mirror.sealed import reading_notes

Parents = dict[Any, tuple[pd.Timestamp, pd.Timestamp]]
"""When the rows of each parent were first and last read, by id."""
Moments = npt.NDArray[np.datetime64]
Times = tuple[npt.NDArray[np.int64], Moments, Moments]
"""The numbers of commits, when the service answered, and up to when all changes are there (UTC, in microseconds)."""
_COMMITS, _TIMES = b"stcrm_commits", b"stcrm_times"


@dataclass(frozen=True)
class Commit:
    """The details of one commit.

    Parameters
    ----------
    number : int
        The number of the commit, from 1.
    seen_at : str
        When the service answered, by its clock (ISO 8601, UTC).
    complete_to : str
        All changes up to this time are in the mirror.
    token : str or None
        The token that continues the feed.
    full : bool
        Whether the resource was read completely, so that deletions were found.
    rows : int
        The number of versions that it wrote.
    environment : str
        The environment that was read.
    settings : dict
        Settings of the connection that readers of the mirror need: time zone, names of dismissing reasons, links.
    parents : list
        For rows that are read on demand: the parents that were read, as lists of first read, last read and their ids.
    missing : list
        For a complete list of rows that cannot be asked for by id: the keys of those that it lacked for the first time.
        For rows that are read on demand: those that the last read of their parent lacked for the first time.

    Notes
    -----
    Only the first, the last complete and the last commit of a file are sure to have their token, environment, settings,
    parents and missing.
    """

    number: int
    seen_at: str
    complete_to: str
    token: str | None
    full: bool
    rows: int
    environment: str
    settings: dict[str, Any] = field(default_factory=dict)
    parents: list[Any] = field(default_factory=list)
    missing: list[Any] = field(default_factory=list)


def metadata_of(commits: Sequence[Commit]) -> dict[bytes, bytes]:
    """Return the metadata of a file with these commits, which follow each other."""
    full = [commit for commit in commits if commit.full]
    chosen = {commit.number: commit for commit in (commits[0], *full[-1:], commits[-1])}
    without = (replace(commit, parents=[]) for number, commit in sorted(chosen.items()) if number < commits[-1].number)
    stored = {_COMMITS: json.dumps([asdict(commit) for commit in (*without, commits[-1])]).encode()}
    if len(commits) > len(chosen):
        stored[_TIMES] = _packed(commits)
    return stored


class FileCommits:
    """The commits of one file, from its metadata; the file may be from an earlier version, which stored all in full.

    Raises
    ------
    DamagedFile
        The metadata cannot be read, here or when the commits in between are asked for.
    """

    @reading_notes("commits")
    def __init__(self, metadata: Mapping[bytes, bytes] | None) -> None:
        stored = metadata or {}
        self._chosen = [_checked(Commit(**noted)) for noted in json.loads(stored[_COMMITS])]
        self._table = stored.get(_TIMES)
        self.first, self.last = self._chosen[0], self._chosen[-1]

    @property
    def last_full(self) -> Commit | None:
        """The last commit of a complete read."""
        return next((commit for commit in reversed(self._chosen) if commit.full), None)

    @property
    @reading_notes("commits")
    def all(self) -> list[Commit]:
        """All commits, oldest first."""
        if self._table is None:
            return self._chosen
        known = {commit.number: commit for commit in self._chosen}
        like, columns = replace(self.last, token=None, parents=[], missing=[]), self._columns
        numbers, *moments = self.times
        texts = [[time.isoformat() for time in pd.DatetimeIndex(cells, tz="UTC")] for cells in moments]
        return [
            known.get(number)
            or replace(like, number=number, seen_at=seen_at, complete_to=complete_to, full=full, rows=rows)
            for number, seen_at, complete_to, full, rows in zip(
                numbers.tolist(), *texts, map(bool, columns["full"]), columns["rows"], strict=True
            )
        ]

    @property
    @reading_notes("commits")
    def times(self) -> Times:
        """The numbers, `seen_at` and `complete_to` of all commits in UTC."""
        numbers = np.arange(self.first.number, self.last.number + 1)
        if self._table is None:
            seen_at, complete_to = (_moments(self._chosen, name) for name in _MOMENTS)
        else:
            sums = (np.cumsum(np.array(self._columns[name], np.int64)) for name in _MOMENTS)
            seen_at, complete_to = (cells.astype("M8[us]") for cells in sums)
        if not len(numbers) == len(seen_at) == len(complete_to):
            raise ValueError
        return numbers, seen_at, complete_to

    @cached_property
    def _columns(self) -> dict[str, list[int]]:
        assert self._table is not None
        columns: dict[str, list[int]] = json.loads(zlib.decompress(base64.b64decode(self._table)))
        return columns


_MOMENTS = ("seen_at", "complete_to")


def times_of(parts: Sequence[Times]) -> pd.DataFrame:
    """Return the `seen_at` and `complete_to` of commits in UTC, by their numbers, from those of each file."""
    numbers, *moments = (np.concatenate(cells) for cells in zip(*parts, strict=True))
    cells = {name: pd.DatetimeIndex(cells, tz="UTC") for name, cells in zip(_MOMENTS, moments, strict=True)}
    return pd.DataFrame(cells, index=numbers)


def _packed(commits: Sequence[Commit]) -> bytes:
    """Return the times of commits, as differences that compress well, whether each was complete, and its rows."""
    columns: dict[str, list[int]] = {
        "full": [int(commit.full) for commit in commits],
        "rows": [commit.rows for commit in commits],
    }
    for name in _MOMENTS:
        columns[name] = np.diff(_moments(commits, name).astype(np.int64), prepend=0).tolist()
    return base64.b64encode(zlib.compress(json.dumps(columns).encode()))


def _checked(commit: Commit) -> Commit:
    """Return a commit as a file has it if its parts are of the kinds that they are written with.

    Raises
    ------
    TypeError, ValueError
        They are not.
    """
    kinds: tuple[Any, ...] = (int, str, str, (str, NoneType), bool, int, str, dict, list, list)
    if not all(map(isinstance, vars(commit).values(), kinds)):
        raise TypeError
    spans = [(first, last) for first, last, ids in commit.parents if isinstance(ids, list)]
    for moment in (commit.seen_at, commit.complete_to, *itertools.chain(*spans)):
        parsed = dt.datetime.fromisoformat(moment)
        if parsed.tzinfo is None or pd.Timestamp(moment) != parsed:  # readers use both, which read different texts
            raise ValueError
    return commit


def _moments(commits: Sequence[Commit], name: str) -> Moments:
    times = (dt.datetime.fromisoformat(getattr(commit, name)) for commit in commits)
    return np.array([time.astimezone(dt.UTC).replace(tzinfo=None) for time in times], "M8[us]")


def parents_of(commit: Commit | None) -> Parents:
    """Return the parents that were read on demand by the end of a commit."""
    packed = [] if commit is None else commit.parents
    return {id: (pd.Timestamp(first), pd.Timestamp(last)) for first, last, ids in packed for id in ids}


def without_rows(commit: Commit, parents: set[Any], keys: set[tuple[Any, ...]]) -> Commit:
    """Return a commit without some parents, and without the keys of some rows."""
    kept = {id: times for id, times in parents_of(commit).items() if id not in parents}
    missing = [key for key in commit.missing if tuple(key) not in keys]
    return replace(commit, parents=packed_parents(kept), missing=missing)


def packed_parents(parents: Parents) -> list[Any]:
    """Return parents as a commit has them."""
    by_times: dict[tuple[pd.Timestamp, pd.Timestamp], list[Any]] = {}
    for id, times in parents.items():
        by_times.setdefault(times, []).append(id)
    return [[first.isoformat(), last.isoformat(), ids] for (first, last), ids in by_times.items()]
