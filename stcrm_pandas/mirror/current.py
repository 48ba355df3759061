"""The derived files of a resource: the current rows as of a commit, which can be derived again at any time."""

from __future__ import annotations

import os
import uuid
from collections.abc import Collection, Iterable
from pathlib import Path

import pyarrow as pa

from stcrm_pandas.files.private import make_private_folder
from stcrm_pandas.mirror.sealed import (
    DamagedFile,
    Footer,
    Label,
    check_content,
    decoding,
    discard,
    label_of,
    open_parquet,
    read_footer,
    write_parquet,
)


class CurrentFiles:
    """The derived files of one resource, each named after a commit: its number and its digest.

    So files that were derived from another history are never used.

    Parameters
    ----------
    folder : Path
        Their folder.
    label : Label
        What they note about themselves.
    columns : collection of str
        The columns that each of them has.
    """

    def __init__(self, folder: Path, label: Label, columns: Collection[str]) -> None:
        self.folder, self._label, self._columns = folder, label, columns

    def path(self, number: int, digest: str) -> Path:
        """Return the path of the file with the rows as of a commit."""
        return self.folder / f"{number:09}-{digest[:32]}.parquet"

    def numbers(self) -> set[int]:
        """Return the numbers of the commits that files are named after."""
        return {int(path.name[:9]) for path in self.folder.glob("*.parquet") if path.name[:9].isdigit()}

    def after(self, number: int, but: Path | None = None) -> list[Path]:
        """Return the files as of a commit and later ones, but one."""
        return [path for path in self.folder.glob("*.parquet") if path.name >= f"{number:09}-" and path != but]

    def save(self, table: pa.Table, number: int, digest: str) -> Path:
        """Store the rows as of a commit, and delete those of earlier commits but the last."""
        make_private_folder(self.folder)
        part = self.folder / f"{uuid.uuid4().hex}.part"
        try:
            write_parquet(table, part, self._label.stored())
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        os.replace(part, self.path(number, digest))
        self._keep_two(number)
        return self.path(number, digest)

    def link(self, path: Path, number: int, digest: str) -> bool:
        """Store a file that has the rows as of a commit; False if links are not possible."""
        make_private_folder(self.folder)
        try:
            os.link(path, self.path(number, digest))
        except OSError:
            return False
        self._keep_two(number)
        return True

    def read(self, path: Path) -> pa.Table:
        """Return the rows of a file.

        Raises
        ------
        DamagedFile
            It is damaged, or has other rows.
        """
        footer = self._check(path)
        with decoding(), open_parquet(path, footer) as file:
            return file.read().replace_schema_metadata(None)

    def is_intact(self, path: Path) -> bool:
        """Return whether all bytes of a file are those that were written."""
        try:
            check_content(path, self._check(path))
        except DamagedFile:
            return False
        return True

    def sweep(self, kept: Collection[Path]) -> None:
        """Delete parts of interrupted writes, and all files but some."""
        for path in self._all():
            if path not in kept:
                discard(path)

    def drop(self) -> None:
        """Delete all files."""
        for path in self._all():
            path.unlink(missing_ok=True)

    def _all(self) -> Iterable[Path]:
        return (*self.folder.glob("*.parquet"), *self.folder.glob("*.part"))

    def _check(self, path: Path) -> Footer:
        footer = read_footer(path)
        label_of(footer, self._label, self._columns)
        return footer

    def _keep_two(self, number: int) -> None:
        """Delete the files of commits up to one, but the last two. Others are left to `sweep`."""
        upto = f"{number:09}-~"
        for old in sorted(path for path in self.folder.glob("*.parquet") if path.name < upto)[:-2]:
            discard(old)
