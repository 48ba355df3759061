"""The files of a mirror: append-only commits of one resource, each an immutable Parquet file.

A file is named after its first and last commit, as in `000000004-000000004.parquet`. It contains the rows that the
commits wrote, with the number of each row's commit in `_seq`, and has the commits themselves in its metadata. Files
appear complete or not at all, and are never changed. Compaction writes a file that covers several, ordered by key and
commit; those stay for a day, or for an hour if there are many, so that readers that opened them can finish.

A file names its tenant, its resource and the digest of the file before it. So a file that was damaged, changed, moved
here from another folder, or restored without those around it is an error, and the rows in it are not read.
"""

from __future__ import annotations

import contextlib
import os
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from stcrm_pandas.contract.schemas.arrow import arrow_type
from stcrm_pandas.errors import MirrorError
from stcrm_pandas.files.private import make_private_folder
from stcrm_pandas.mirror.commits import Commit, FileCommits, metadata_of, times_of
from stcrm_pandas.mirror.current import CurrentFiles
from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.sealed import (
    DamagedFile,
    Footer,
    Label,
    NewerFile,
    UnreadableFile,
    check_content,
    decoding,
    discard,
    label_of,
    link,
    open_parquet,
    read_footer,
    sync_folder,
    write_parquet,
)

SEQ = "_seq"
"""The column with the number of the commit that wrote a row."""
_OWN = ("_seen_at", "_valid_from", "_deleted")
KEPT_FOR = 24 * 3600.0
"""Seconds for which files stay that compaction replaced."""
MOST_REPLACED, KEPT_IF_MANY = 200, 3600.0
"""If there are more replaced files than this, they stay for fewer seconds: every read has to list them."""
SMALL, MOST_EMPTY = 1_000, 4
"""The rows of a small file, which is read at once, and the number of files without rows that are not merged."""
LARGER = 8
"""A file stays apart from the newer ones if it is so many times larger than all of them together, and not small."""
_NAME = re.compile(r"(\d{9})-(\d{9})\.parquet")


@dataclass(frozen=True)
class HistoryFile:
    """One file, and the commits in it."""

    path: Path
    first: int
    last: int


class OpenHistory:
    """Open files of one resource, in the order of their commits."""

    def __init__(self, store: Store, files: Mapping[Path, pq.ParquetFile]) -> None:
        self._store, self.files = store, files
        self._schemas = {path: file.schema_arrow for path, file in files.items()}
        self._small: dict[Path, pa.Table] = {}
        self.names = {name for schema in self._schemas.values() for name in schema.names}

    def read(self, columns: Sequence[str] | None = None, *, among: tuple[str, pa.Array] | None = None) -> pa.Table:
        """Return versions; see `Store.read`."""
        tables = []
        for path, file in self.files.items():
            with self._store.blaming(path), decoding():
                if file.metadata.num_rows <= SMALL:
                    tables.append(_part(self._small_table(path, file), columns, among))
                else:
                    tables.append(_typed(_read(file, self._schemas[path], columns, among), self._store.types))
        return pa.concat_tables(tables, promote_options="default")

    def _small_table(self, path: Path, file: pq.ParquetFile) -> pa.Table:
        """Return all of a small file, which is read once: a read of some columns takes as long."""
        if path not in self._small:
            self._small[path] = _typed(file.read().replace_schema_metadata(None), self._store.types).combine_chunks()
        return self._small[path]


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
        row = EVERY[resource].row
        self.types = {column.name: arrow_type(column.field) for column in row.columns}
        self._label = Label(folder.name.removeprefix("tenant="), resource)
        self._columns = (*row.key, SEQ, *_OWN)
        self.current = CurrentFiles(folder / "current" / resource, self._label, self._columns)

    def files(self) -> list[HistoryFile]:
        """Return the files that have all commits once, in their order.

        Raises
        ------
        MirrorError
            A commit is missing.
        """
        chosen: list[HistoryFile] = []
        after = 0
        for first, last in self._spans():
            if last <= after:
                continue  # covered by a compacted one
            path = self._path(first, last)
            if first != after + 1:
                raise MirrorError(
                    f"{self.history}: the file before {path.name} is missing. Restore it from a backup, or delete "
                    "the folder of this resource and sync again."
                )
            chosen.append(HistoryFile(path, first, last))
            after = last
        return chosen

    def _spans(self) -> list[tuple[int, int]]:
        """Return the first and the last commit of every file: a merged one before those that it replaced."""
        names: list[str] = []
        try:
            names = os.listdir(self.history)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            pass
        except OSError as error:
            raise MirrorError(f"{self.history} cannot be read ({error.strerror}). Try again when it can be.") from None
        spans = [(int(match[1]), int(match[2])) for match in map(_NAME.fullmatch, names) if match]
        return sorted(spans, key=lambda span: (span[0], -span[1]))

    def exists(self) -> bool:
        """Return whether there is a file, damaged or not."""
        return any(_NAME.fullmatch(path.name) for path in self.history.glob("*.parquet"))

    def commits(self) -> list[Commit]:
        """Return all commits, oldest first. Reads that need only the first and the last use `ends`."""
        return self._all_commits(self.files())

    def times(self) -> pd.DataFrame:
        """Return the `seen_at` and `complete_to` of all commits in UTC, by their numbers."""
        parts = []
        for file in self.files():
            with self.blaming(file.path):
                parts.append(self._commits(file).times)
        return times_of(parts)

    def ends(self) -> tuple[Commit, Commit] | None:
        """Return the first and the last commit; None if there is none."""
        files = self.files()
        return (self._commits(files[0]).first, self._commits(files[-1]).last) if files else None

    def versions(self) -> int:
        """Return the number of versions."""
        return sum(self._footer(file)[0].parquet.num_rows for file in self.files())

    def last_full(self) -> Commit | None:
        """Return the last commit of a complete read, searched for from the newest file back."""
        commits = (self._commits(file).last_full for file in reversed(self.files()))
        return next((commit for commit in commits if commit is not None), None)

    def last(self) -> Commit | None:
        """Return the last commit."""
        files = self.files()
        return self._commits(files[-1]).last if files else None

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
                    files = self._open([file for file in self.files() if file.last > after], stack)
                    break
                except FileNotFoundError:  # compacted more than a day ago, between the list of files and the read
                    if attempt == 2:
                        raise
            yield OpenHistory(self, files)

    def check(self) -> int:
        """Check all bytes of all files, and return how many of them have no checksums.

        Raises
        ------
        MirrorError
            A file is damaged, was changed, or does not belong where it is.
        """
        files = self.files()
        for file in files:
            with self.blaming(file.path):
                read_footer(file.path, again=True)
        footers = self._footers(files)
        for file, footer in zip(files, footers, strict=True):
            self._commits(file)
            with self.blaming(file.path):
                check_content(file.path, footer, again=True)
        return sum(footer.content is None for footer in footers)

    def append(self, table: pa.Table, commit: Commit) -> HistoryFile:
        """Publish one commit. The lock of the tenant must be held."""
        numbered = table.append_column(SEQ, pa.repeat(pa.scalar(commit.number, pa.int64()), table.num_rows))
        label = replace(self._label, after=self._last_digest(self.files()))
        return self._publish(numbered, [commit], self._path(commit.number, commit.number), label)

    def compact(self, key: Sequence[str], files: Sequence[HistoryFile] | None = None) -> HistoryFile | None:
        """Merge all files, or some that follow each other; None if there is nothing to merge.

        A single file of an earlier version is written again, with checksums. The lock of the tenant must be held.

        Parameters
        ----------
        key : sequence of str
            The columns by which versions are ordered before their commit, so that those of a row are in one place.
        """
        every = self.files()
        merged = every if files is None else files
        if not merged or (len(merged) == 1 and self._footer(merged[0])[0].content is not None):
            return None
        commits = self._all_commits(merged)
        with contextlib.ExitStack() as stack:
            table = OpenHistory(self, self._open(merged, stack)).read()
        table = table.take(pc.sort_indices(table, [(name, "ascending") for name in (*key, SEQ)]))
        before = self._last_digest([file for file in every if file.last < merged[0].first])
        label = replace(self._label, after=before, same_as=self._commit_digest(merged[-1]))
        target = self._path(merged[0].first, merged[-1].last)
        if len(merged) > 1:
            return self._publish(table, commits, target, label)
        os.replace(self._write(table, commits, label), target)
        sync_folder(self.history)
        return merged[0]

    def add_checksums(self, key: Sequence[str]) -> None:
        """Merge all files if the first or the last is of an earlier version. The lock of the tenant must be held."""
        files = self.files()
        if any(self._footer(file)[0].content is None for file in {*files[:1], *files[-1:]}):
            self.compact(key)

    def compact_newest(self, key: Sequence[str]) -> HistoryFile | None:
        """Merge the newest files; larger ones before them stay as they are.

        So a read opens few files, and the work of a merge is in proportion to what was written since. Files without
        rows, which a sync without changes writes and a read does not open, wait until there are some. The lock of the
        tenant must be held.
        """
        files = self.files()
        rows = [self._footer(file)[0].parquet.num_rows for file in files]
        start = max(0, len(files) - 1)
        while start and rows[start - 1] <= max(SMALL, LARGER * sum(rows[start:])):
            start -= 1
        newest = rows[start:]
        if sum(map(bool, newest)) < 2 and newest.count(0) <= MOST_EMPTY:
            return None
        return self.compact(key, files[start:])

    def replace(self, table: pa.Table, commits: Sequence[Commit] | None = None) -> None:
        """Replace all versions, and delete every older file at once, as erasing people requires.

        The lock of the tenant must be held. The numbers of the commits stay; the oldest may be left out.
        """
        files = self.files()
        old = list(self.history.glob("*.parquet"))
        part = self._write(table, commits or self.commits(), self._label)
        target = self._path(files[0].first, files[-1].last)
        self.current.drop()  # before: a process that ends in between must not leave rows there that were erased
        os.replace(part, target)
        for path in old:
            if path != target:
                path.unlink(missing_ok=True)
        sync_folder(self.history)
        self.drop_leftovers()  # a reader may have stored the current rows again

    def create(self, table: pa.Table, commits: Sequence[Commit]) -> None:
        """Publish the first file of a copy, with all commits. The lock of the tenant must be held."""
        self._publish(table, commits, self._path(1, commits[-1].number), self._label)

    def sweep(self, now: float) -> None:
        """Delete parts of interrupted writes, and files that were replaced long ago. The lock must be held."""
        for part in self.history.glob("*.part"):
            discard(part)
        files = self.files()  # if one is missing, nothing is deleted
        replaced: list[tuple[Path, float]] = []  # since when: the first merged file with its commits was written
        around: list[tuple[int, int]] = []  # files that have the commits of the next one, or those before it
        for span in self._spans():
            while around and around[-1][1] < span[1]:
                around.pop()
            if around:
                replaced.append((self._path(*span), self._path(*around[-1]).stat().st_mtime))
            around.append(span)
        kept_for = KEPT_FOR if len(replaced) <= MOST_REPLACED else KEPT_IF_MANY
        for path, since in replaced:
            if now - since >= kept_for:
                discard(path)
        self.current.sweep(self._stored_current(files).values())

    def drop_leftovers(self) -> None:
        """Delete all files that are not needed at once: derived ones, replaced ones, parts of interrupted writes."""
        needed = {file.path for file in self.files()}
        for path in self.history.glob("*"):
            if path not in needed and (path.suffix == ".part" or _NAME.fullmatch(path.name)):
                path.unlink(missing_ok=True)
        self.current.drop()

    def digest(self) -> str:
        """Return the digest of the last commit, which names the rows that are derived from it; empty without one.

        It depends on all commits before it, and does not change when files are merged.
        """
        files = self.files()
        return self._commit_digest(files[-1]) if files else ""

    def load_current(self) -> Path | None:
        """Return the file with the current rows as of the last commit, if it is stored."""
        files = self.files()
        return self._stored_current(files).get(files[-1].last) if files else None

    def newest_current(self) -> tuple[int, Path] | None:
        """Return the newest stored file with current rows as of a commit of this history, and the commit's number."""
        return max(self._stored_current(self.files()).items(), default=None)

    def _stored_current(self, files: Sequence[HistoryFile]) -> dict[int, Path]:
        """Return the derived files of commits of this history, by the numbers of the commits."""
        numbers = self.current.numbers()
        paths = {
            file.last: self.current.path(file.last, self._commit_digest(file)) for file in files if file.last in numbers
        }
        return {number: path for number, path in paths.items() if path.exists()}

    @contextlib.contextmanager
    def blaming(self, path: Path) -> Iterator[None]:
        """Raise an error about damage as one that names the file and what to do.

        Raises
        ------
        MirrorError
            The file is damaged, or a newer version wrote it.
        """
        try:
            yield
        except NewerFile:
            raise MirrorError(
                f"A newer version of stcrm-pandas wrote {path}. Update it: pip install --upgrade stcrm-pandas."
            ) from None
        except UnreadableFile as error:
            raise MirrorError(f"{path} cannot be read ({error}). Make it readable for you, and try again.") from None
        except FileNotFoundError:
            if not path.is_symlink():
                raise  # another process merged it since
            raise MirrorError(f"{path} links to a file that is not there. Restore that file, and try again.") from None
        except DamagedFile as error:
            raise MirrorError(
                f"{path} cannot be used: {error}. Its rows were not read; other resources are not affected. Restore "
                f"the folder {self.history} from a backup, or delete it and sync again, which reads all rows from the "
                "service (earlier versions are then lost)."
            ) from None

    def _footer(self, file: HistoryFile) -> tuple[Footer, Label]:
        """Return the footer and the label of a file that belongs here."""
        with self.blaming(file.path):
            footer = read_footer(file.path)
            return footer, label_of(footer, self._label, self._columns)

    def _footers(self, files: Sequence[HistoryFile]) -> list[Footer]:
        """Return the footers of files that follow each other."""
        footers: list[Footer] = []
        for file in files:
            footer, label = self._footer(file)
            if footers and label.after is not None and label.after != footers[-1].digest:
                with self.blaming(file.path):
                    raise DamagedFile("the file before it was changed or replaced since")
            footers.append(footer)
        return footers

    def _last_digest(self, files: Sequence[HistoryFile]) -> str | None:
        """Return the digest of the last of some files."""
        return self._footer(files[-1])[0].digest if files else None

    def _commit_digest(self, file: HistoryFile) -> str:
        """Return the digest of the last commit of a file: that of the file that was first written with it."""
        footer, label = self._footer(file)
        return label.same_as or footer.digest

    def _open(self, files: Sequence[HistoryFile], stack: contextlib.ExitStack) -> dict[Path, pq.ParquetFile]:
        """Open files that follow each other, but those without rows; always the last, which has all columns."""
        opened = {}
        for file, footer in zip(files, self._footers(files), strict=True):
            if not footer.parquet.num_rows and file != files[-1]:  # most syncs of a mirror that is synced every hour
                continue
            with self.blaming(file.path):
                opened[file.path] = stack.enter_context(open_parquet(file.path, footer))
        return opened

    def _commits(self, file: HistoryFile) -> FileCommits:
        """Return the commits of a file; the oldest may have been left out."""
        with self.blaming(file.path):
            commits = FileCommits(self._footer(file)[0].about)
            if commits.last.number != file.last or not file.first <= commits.first.number <= file.last:
                raise DamagedFile("its commits differ from those in its name")
            return commits

    def _all_commits(self, files: Sequence[HistoryFile]) -> list[Commit]:
        commits: list[Commit] = []
        for file in files:
            with self.blaming(file.path):
                commits += self._commits(file).all
        return commits

    def _path(self, first: int, last: int) -> Path:
        return self.history / f"{first:09}-{last:09}.parquet"

    def _write(self, table: pa.Table, commits: Sequence[Commit], label: Label) -> Path:
        make_private_folder(self.history)
        part = self.history / f"{uuid.uuid4().hex}.part"
        try:
            write_parquet(table, part, {**metadata_of(commits), **label.stored()})
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return part

    def _publish(self, table: pa.Table, commits: Sequence[Commit], target: Path, label: Label) -> HistoryFile:
        part = self._write(table, commits, label)
        try:
            link(part, target)
        except FileExistsError:
            raise MirrorError(
                f"{target} was written by another process at the same time. Nothing was lost; sync again."
            ) from None
        finally:
            part.unlink(missing_ok=True)
        sync_folder(self.history)
        return HistoryFile(target, commits[0].number, commits[-1].number)


def _read(
    file: pq.ParquetFile, schema: pa.Schema, columns: Sequence[str] | None, among: tuple[str, pa.Array] | None
) -> pa.Table:
    there = None if columns is None else [name for name in columns if name in schema.names]
    if among is None:
        return file.read(columns=there).replace_schema_metadata(None)
    name, values = among
    parts = [schema.empty_table().select(there or schema.names)]
    for group in _groups_with(file, name, values):
        hit = pc.is_in(file.read_row_group(group, columns=[name]).column(0), value_set=values)
        if pc.any(hit).as_py():
            parts.append(file.read_row_group(group, columns=there).filter(hit))
    return pa.concat_tables(parts).replace_schema_metadata(None)


def _part(table: pa.Table, columns: Sequence[str] | None, among: tuple[str, pa.Array] | None) -> pa.Table:
    """Return those of some columns that a table has, and the rows with some values."""
    if among is not None:
        table = table.filter(pc.is_in(table.column(among[0]), value_set=among[1]))
    return table if columns is None else table.select([name for name in columns if name in table.column_names])


def _groups_with(file: pq.ParquetFile, name: str, values: pa.Array) -> Iterator[int]:
    """Yield the row groups in which a column may have one of some values, by its smallest and largest one."""
    wanted = values.to_pylist()
    place = file.schema.names.index(name)
    for group in range(file.num_row_groups):
        limits = file.metadata.row_group(group).column(place).statistics
        if not (limits and limits.has_min_max) or any(limits.min <= value <= limits.max for value in wanted):
            yield group


def _typed(table: pa.Table, types: Mapping[str, pa.DataType]) -> pa.Table:
    """Return a table with the types of the API, which a file of an earlier version may not have."""
    for place, here in enumerate(table.schema):
        wanted = types.get(here.name, here.type)
        if here.type != wanted:
            table = table.set_column(place, pa.field(here.name, wanted), table.column(place).cast(wanted))
    return table
