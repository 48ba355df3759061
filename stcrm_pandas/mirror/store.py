"""The files of a mirror: append-only commits of one resource, each an immutable Parquet file.

A file is named after its first and last commit, as in `000000004-000000004.parquet`. It contains the rows that the
commits wrote, with the number of each row's commit in `_seq`, and has the commits themselves in its metadata. Files
appear complete or not at all, and are never changed. Compaction writes a file that covers several, ordered by key and
commit; those stay for a day, so that readers that opened them can finish.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import filelock
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stcrm_pandas.errors import MirrorBusy, MirrorError
from stcrm_pandas.http.own_files import make_private_folder
from stcrm_pandas.mirror.commits import Commit, FileCommits, metadata_of

SEQ = "_seq"
"""The column with the number of the commit that wrote a row."""
KEPT_FOR = 24 * 3600.0
"""Seconds for which files stay that compaction replaced."""
MOST_FILES = 12
"""The number of files above which a sync merges the newest ones."""
ROW_GROUP = 128 * 1024
"""Rows of which a file keeps the smallest and largest id, so that a search for ids leaves out the others."""
_NAME = re.compile(r"(\d{9})-(\d{9})\.parquet")


@dataclass(frozen=True)
class HistoryFile:
    """One file, and the commits in it."""

    path: Path
    first: int
    last: int


class OpenHistory:
    """Open files of one resource, in the order of their commits."""

    def __init__(self, files: Sequence[pq.ParquetFile]) -> None:
        self.files = files
        self._schemas = [file.schema_arrow for file in files]
        self.names = {name for schema in self._schemas for name in schema.names}

    def read(self, columns: Sequence[str] | None = None, *, among: tuple[str, pa.Array] | None = None) -> pa.Table:
        """Return versions; see `Store.read`."""
        parts = (_read(file, schema, columns, among) for file, schema in zip(self.files, self._schemas, strict=True))
        return pa.concat_tables(parts, promote_options="default")


class Store:
    """The commits of one resource of one tenant.

    Parameters
    ----------
    folder : Path
        The folder of the tenant, such as `titan/tenant=7`.
    resource : str
        The resource, such as `leads`.
    """

    def __init__(self, folder: Path, resource: str) -> None:
        self.folder = folder
        self.history = folder / "history" / resource
        self.current = folder / "current" / resource

    def files(self) -> list[HistoryFile]:
        """Return the files that have all commits once, in their order.

        Raises
        ------
        MirrorError
            A commit is missing.
        """
        found = []
        for path in self.history.glob("*.parquet"):
            if match := _NAME.fullmatch(path.name):
                found.append(HistoryFile(path, int(match[1]), int(match[2])))
        chosen: list[HistoryFile] = []
        for file in sorted(found, key=lambda file: (file.first, -file.last)):
            after = chosen[-1].last if chosen else 0
            if file.last <= after:
                continue  # covered by a compacted one
            if file.first != after + 1:
                raise MirrorError(
                    f"{self.history}: the file before {file.path.name} is missing. Restore it from a backup, or delete "
                    "the folder of this resource and sync again."
                )
            chosen.append(file)
        return chosen

    def commits(self) -> list[Commit]:
        """Return all commits, oldest first. Reads that need only the first and the last use `ends`."""
        return [commit for file in self.files() for commit in commits_of(file).all]

    def times(self) -> pd.DataFrame:
        """Return the `seen_at` and `complete_to` of all commits in UTC, by their numbers."""
        return pd.concat([commits_of(file).times for file in self.files()])

    def ends(self) -> tuple[Commit, Commit] | None:
        """Return the first and the last commit; None if there is none."""
        files = self.files()
        return (commits_of(files[0]).first, commits_of(files[-1]).last) if files else None

    def versions(self) -> int:
        """Return the number of versions."""
        return sum(pq.read_metadata(file.path).num_rows for file in self.files())

    def last_full(self) -> Commit | None:
        """Return the last commit of a complete read, searched for from the newest file back."""
        found = (commits_of(file).last_full for file in reversed(self.files()))
        return next((commit for commit in found if commit is not None), None)

    def last(self) -> Commit | None:
        """Return the last commit."""
        files = self.files()
        return commits_of(files[-1]).last if files else None

    def read(
        self, columns: Sequence[str] | None = None, *, after: int = 0, among: tuple[str, pa.Array] | None = None
    ) -> pa.Table | None:
        """Return all versions, those of each row in the order of their commits; None if there is no commit.

        Columns that older files lack are null there.

        Parameters
        ----------
        after : int, default 0
            Leave out files without a later commit than this.
        among : tuple, optional
            A column and its values: only these rows.
        """
        with self.opened(after) as history:
            return history.read(columns, among=among) if history.files else None

    @contextlib.contextmanager
    def opened(self, after: int = 0) -> Iterator[OpenHistory]:
        """Open all files at one moment, so that several reads return columns of the same rows.

        Parameters
        ----------
        after : int, default 0
            Leave out files without a later commit than this.
        """
        with contextlib.ExitStack() as stack:
            for attempt in range(3):
                try:
                    paths = [file.path for file in self.files() if file.last > after]
                    files = [stack.enter_context(pq.ParquetFile(path)) for path in paths]
                    break
                except FileNotFoundError:  # compacted more than a day ago, between the list of files and the read
                    if attempt == 2:
                        raise
            yield OpenHistory(files)

    def append(self, table: pa.Table, commit: Commit) -> HistoryFile:
        """Publish one commit. The lock of the tenant must be held."""
        numbered = table.append_column(SEQ, pa.repeat(pa.scalar(commit.number, pa.int64()), table.num_rows))
        return self._publish(numbered, [commit], self._path(commit.number, commit.number))

    def compact(self, key: Sequence[str], files: Sequence[HistoryFile] | None = None) -> HistoryFile | None:
        """Merge all files, or some that follow each other; None if there is nothing to merge.

        The lock of the tenant must be held.

        Parameters
        ----------
        key : sequence of str
            The columns by which versions are ordered before their commit, so that those of a row are in one place.
        """
        merged = self.files() if files is None else files
        if len(merged) < 2:
            return None
        commits = [commit for file in merged for commit in commits_of(file).all]
        with contextlib.ExitStack() as stack:
            table = OpenHistory([stack.enter_context(pq.ParquetFile(file.path)) for file in merged]).read()
        table = table.take(pc.sort_indices(table, [(name, "ascending") for name in (*key, SEQ)]))
        return self._publish(table, commits, self._path(merged[0].first, merged[-1].last))

    def compact_newest(self, key: Sequence[str]) -> HistoryFile | None:
        """Merge the newest files if there are too many; large ones before them stay as they are.

        An earlier file is merged, too, if it has no more rows than all that follow. So the work of a merge is in
        proportion to what was written since. The lock of the tenant must be held.
        """
        files = self.files()
        if len(files) <= MOST_FILES:
            return None
        rows = [pq.read_metadata(file.path).num_rows for file in files]
        start = len(files) - MOST_FILES // 2
        while start and rows[start - 1] <= sum(rows[start:]):
            start -= 1
        return self.compact(key, files[start:])

    def replace(self, table: pa.Table, commits: Sequence[Commit] | None = None) -> None:
        """Replace all versions, and delete every older file at once, as erasing people requires.

        The lock of the tenant must be held. The numbers of the commits stay; the oldest may be left out.
        """
        files = self.files()
        old = list(self.history.glob("*.parquet"))
        part = self._write(table, commits or self.commits())
        target = self._path(files[0].first, files[-1].last)
        self.drop_current()  # before: a process that ends in between must not leave rows there that were erased
        os.replace(part, target)
        for path in old:
            if path != target:
                path.unlink(missing_ok=True)
        _sync_folder(self.history)
        self.drop_current()  # and after: a reader may have stored them again

    def create(self, table: pa.Table, commits: Sequence[Commit]) -> None:
        """Publish the first file of a copy, with all commits. The lock of the tenant must be held."""
        self._publish(table, commits, self._path(1, commits[-1].number))

    def sweep(self, now: float) -> None:
        """Delete parts of interrupted writes, and files that were replaced a day ago. The lock must be held."""
        for part in (*self.history.glob("*.part"), *self.current.glob("*.part")):
            _discard(part)
        files = self.files()
        needed = {file.path for file in files}
        for path in self.history.glob("*.parquet"):
            if path in needed or not _NAME.fullmatch(path.name):
                continue
            covering = next(file for file in files if file.last >= int(path.name[10:19]))
            if now - covering.path.stat().st_mtime >= KEPT_FOR:
                _discard(path)
        epoch = self.epoch()
        for path in self.current.glob("*.parquet"):
            if not path.stem.endswith(f"-{epoch}"):
                _discard(path)

    def drop_current(self) -> None:
        """Delete the derived files."""
        for path in self.current.glob("*"):
            path.unlink(missing_ok=True)

    def epoch(self) -> str:
        """Return what is different after files were merged or rows erased. Derived rows of another are not used."""
        files = self.files()
        if not files:
            return ""
        first = files[0].path.stat()
        return f"{first.st_mtime_ns:x}{first.st_ino:x}"

    def save_current(self, table: pa.Table, number: int, epoch: str) -> Path:
        """Store the current rows as of a commit of an epoch, and delete those of earlier commits but the last."""
        make_private_folder(self.current)
        path = self.current / f"{number:09}-{epoch}.parquet"
        part = self.current / f"{uuid.uuid4().hex}.part"
        write_parquet(table, part)
        os.replace(part, path)
        self._keep_two()
        return path

    def link_current(self, path: Path, number: int, epoch: str) -> bool:
        """Store a file that has the current rows as of a commit; False if links are not possible."""
        make_private_folder(self.current)
        target = self.current / f"{number:09}-{epoch}.parquet"
        try:
            os.link(path, target)
        except OSError:
            return False
        self._keep_two()
        return True

    def _keep_two(self) -> None:
        for old in sorted(self.current.glob("*.parquet"))[:-2]:
            _discard(old)

    def load_current(self, number: int) -> Path | None:
        """Return the file with the current rows as of a commit, if it is stored."""
        path = self.current / f"{number:09}-{self.epoch()}.parquet"
        return path if path.exists() else None

    def newest_current(self, number: int) -> tuple[int, Path] | None:
        """Return the newest stored file with current rows that is not after a commit, and its commit."""
        stored = [(int(path.stem[:9]), path) for path in self.current.glob(f"*-{self.epoch()}.parquet")]
        return max((one for one in stored if one[0] <= number), default=None)

    def _path(self, first: int, last: int) -> Path:
        return self.history / f"{first:09}-{last:09}.parquet"

    def _write(self, table: pa.Table, commits: Sequence[Commit]) -> Path:
        make_private_folder(self.history)
        part = self.history / f"{uuid.uuid4().hex}.part"
        try:
            write_parquet(table.replace_schema_metadata(metadata_of(commits)), part)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return part

    def _publish(self, table: pa.Table, commits: Sequence[Commit], target: Path) -> HistoryFile:
        part = self._write(table, commits)
        try:
            _link(part, target)
        except FileExistsError:
            raise MirrorError(
                f"{target} was written by another process at the same time. Nothing was lost; sync again."
            ) from None
        finally:
            part.unlink(missing_ok=True)
        _sync_folder(self.history)
        return HistoryFile(target, commits[0].number, commits[-1].number)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a tenant's folder.

    Raises
    ------
    MirrorBusy
        Another process or thread holds it.
    """
    make_private_folder(folder)
    lock = filelock.FileLock(folder / ".lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        raise MirrorBusy(
            f"{folder} is being synced or compacted by another process. Wait until it has ended."
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def disk(folder: Path) -> Iterator[None]:
    """Raise a clear error if the disk fails.

    Raises
    ------
    MirrorError
        The folder cannot be written to.
    """
    try:
        yield
    except OSError as error:
        raise MirrorError(
            f"The mirror cannot be written to {folder} ({error.strerror}). Data from earlier syncs is not affected; "
            "free some disk space or make the folder writable, and sync again."
        ) from None


def _read(
    file: pq.ParquetFile, schema: pa.Schema, columns: Sequence[str] | None, among: tuple[str, pa.Array] | None
) -> pa.Table:
    there = None if columns is None else [name for name in columns if name in schema.names]
    if among is None:
        return file.read(columns=there).replace_schema_metadata(None)
    name, values = among
    parts = [schema.empty_table().select(there or schema.names)]
    for group in _groups_with(file, name, values):
        found = pc.is_in(file.read_row_group(group, columns=[name]).column(0), value_set=values)
        if pc.any(found).as_py():
            parts.append(file.read_row_group(group, columns=there).filter(found))
    return pa.concat_tables(parts).replace_schema_metadata(None)


def _groups_with(file: pq.ParquetFile, name: str, values: pa.Array) -> Iterator[int]:
    """Yield the row groups in which a column may have one of some values, by its smallest and largest one."""
    wanted = values.to_pylist()
    place = file.schema.names.index(name)
    for group in range(file.num_row_groups):
        limits = file.metadata.row_group(group).column(place).statistics
        if not (limits and limits.has_min_max) or any(limits.min <= value <= limits.max for value in wanted):
            yield group


def commits_of(file: HistoryFile) -> FileCommits:
    """Return the commits of a file."""
    return FileCommits(pq.read_metadata(file.path).metadata)


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a new file that only its owner can read, down to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        pq.write_table(table, file, compression="zstd", row_group_size=ROW_GROUP)
        file.flush()
        os.fsync(file.fileno())


def _link(part: Path, target: Path) -> None:
    """Give a finished file its name, unless the name is taken."""
    if sys.platform == "win32":
        part.rename(target)  # fails if the target exists
        return
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:  # no hard links here: the lock keeps others away
        if target.exists():
            raise FileExistsError(target) from None
        part.rename(target)


def _discard(path: Path) -> None:
    """Delete a file that is no longer needed. On Windows, one that a reader has open stays until the next sweep."""
    with contextlib.suppress(PermissionError):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
