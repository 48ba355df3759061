"""Parquet files with checksums and a label, so that damage or a file in the wrong place is an error and never a row.

A page has the checksum that Parquet has for it. The footer has two digests: one of all bytes before it, and one of
itself, with zeros in the place of that one. The label names the tenant and the resource. Other programs read such a
file like any other. Files of earlier versions have neither; what can be checked in them is that they can be decoded.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import sys
import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import NoneType
from typing import BinaryIO, TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from stcrm_pandas.files.private import open_new

ROW_GROUP = 128 * 1024
"""Rows of which a file keeps the smallest and largest id, so that a search for ids leaves out the others."""
_CHECKSUM = b"stcrm_checksum"
_NOTED = re.compile(_CHECKSUM + rb"\x18\x80\x01([0-9a-f]{128})")
"""The digests in a footer, with the bytes that Parquet (Thrift) has between a name and a text of 128 bytes."""
_MAGIC = b"PAR1"
_ENDING = 8
"""The bytes after a footer: its length, and the magic bytes."""
_TAIL = 64 * 1024
_HEX = 64
_BLOCK = 1024 * 1024
_MOST_REMEMBERED = 2_000
_Known = TypeVar("_Known")

_LABEL = b"stcrm_mirror"
FORMAT = 1
"""The version of the files. Those of before have no checksums, and no label."""

FileId: TypeAlias = tuple[int, int]
FileState: TypeAlias = tuple[int, int, int]
_footers: dict[FileId, tuple[FileState, Footer]] = {}
"""The footers that this process has read, since files never change, and the states that the files had."""
_intact: dict[FileId, FileState] = {}
"""The state of the files whose content this process has checked."""


class DamagedFile(Exception):
    """A file is damaged. The message is the reason, such as "its checksum differs"."""


class UnreadableFile(DamagedFile):
    """The system does not let a file be read. The message is the system's."""


class NewerFile(DamagedFile):
    """A newer version of this package wrote the file."""


@dataclass(frozen=True)
class Footer:
    """The footer of a file, which was checked.

    Parameters
    ----------
    parquet : FileMetaData
        What Parquet keeps about the file.
    digest : str
        The digest of the whole file; of the footer alone in a file of an earlier version.
    content : str or None
        The digest of all bytes before the footer. None in a file of an earlier version.
    length : int
        The number of bytes of the footer, with its ending.
    """

    parquet: pq.FileMetaData
    digest: str
    content: str | None
    length: int

    @property
    def about(self) -> dict[bytes, bytes]:
        """What the writer of the file noted about it."""
        return self.parquet.metadata or {}


@dataclass(frozen=True)
class Label:
    """What a file notes about itself.

    Parameters
    ----------
    tenant, resource : str
        Where it belongs.
    after : str, optional
        The digest of the file before it.
    same_as : str, optional
        The digest of the last file whose commits it has, if it was merged from several.
    format : int
        The version of the files.
    """

    tenant: str
    resource: str
    after: str | None = None
    same_as: str | None = None
    format: int = FORMAT

    def stored(self) -> dict[bytes, bytes]:
        """Return it as metadata of a file."""
        return {_LABEL: json.dumps(asdict(self)).encode()}


def write_parquet(table: pa.Table, path: Path, about: Mapping[bytes, bytes] | None = None) -> None:
    """Write a new file with checksums that only its owner can read, down to the disk."""
    placeholder = secrets.token_hex(_HEX).encode()
    with open_new(path) as file:
        plain = table.replace_schema_metadata(None)
        with pq.ParquetWriter(file, plain.schema, compression="zstd", write_page_checksum=True) as writer:
            writer.write_table(plain, row_group_size=ROW_GROUP)
            writer.add_key_value_metadata({**(about or {}), _CHECKSUM: placeholder})
        _seal(file, placeholder)
        file.flush()
        os.fsync(file.fileno())


def read_footer(path: Path, *, again: bool = False) -> Footer:
    """Return the footer of a file, and check it.

    Parameters
    ----------
    again : bool, default False
        Also read that of a file that this process has read and that has the same size and times since.

    Raises
    ------
    DamagedFile
        The file is empty, cut off, no Parquet file, or its footer is damaged.
    FileNotFoundError
        It does not exist.
    """
    with decoding():
        file_id, state = _identity(path.stat())
        if not again and (kept := _footers.get(file_id)) is not None and kept[0] == state:
            return kept[1]
        with path.open("rb") as file:
            file_id, state = _identity(os.fstat(file.fileno()))
            raw = _raw_footer(file)
        noted = _NOTED.search(raw)
        if noted and _digest_of(raw, noted[1]) != noted[1][_HEX:].decode():
            raise DamagedFile("the checksum of its footer differs")
        parquet = pq.read_metadata(pa.BufferReader(_MAGIC + raw))
        if noted is None and _CHECKSUM in (parquet.metadata or {}):
            raise DamagedFile("its checksum cannot be read")
    if noted is None:
        footer = Footer(parquet, hashlib.sha256(raw).hexdigest(), None, len(raw))
    else:
        footer = Footer(parquet, noted[1][_HEX:].decode(), noted[1][:_HEX].decode(), len(raw))
    _remember(_footers, file_id, (state, footer))
    return footer


def check_content(path: Path, footer: Footer, *, again: bool = False) -> None:
    """Check all bytes of a file before its footer.

    Parameters
    ----------
    again : bool, default False
        Also check a file that this process has checked and that has the same size and times since.

    Raises
    ------
    DamagedFile
        They differ from those that were written.
    FileNotFoundError
        The file does not exist.
    """
    if footer.content is None:
        return
    with decoding(), path.open("rb") as file:
        file_id, state = _identity(os.fstat(file.fileno()))
        if not again and _intact.get(file_id) == state:
            return
        if _content_digest(file, state[0] - footer.length) != footer.content:
            raise DamagedFile("its checksum differs")
    _remember(_intact, file_id, state)


def open_parquet(path: Path, footer: Footer | None = None) -> pq.ParquetFile:
    """Open a file whose footer and content were checked; its pages are checked again when they are read.

    Raises
    ------
    DamagedFile
        It is damaged.
    FileNotFoundError
        It does not exist.
    """
    checked = footer or read_footer(path)
    check_content(path, checked)
    with decoding():
        return pq.ParquetFile(path, metadata=checked.parquet, page_checksum_verification=True)


@contextlib.contextmanager
def decoding() -> Iterator[None]:
    """Raise an error that a damaged file causes as `DamagedFile`; a missing file stays a FileNotFoundError."""
    try:
        yield
    except (DamagedFile, FileNotFoundError, MemoryError):
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, OSError) and error.errno:  # errors of a decoder have no number
            raise UnreadableFile(os.strerror(error.errno)) from None
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DamagedFile(f"it cannot be decoded ({reason[:200]})") from None


@contextlib.contextmanager
def reading_notes(what: str) -> Iterator[None]:
    """Raise an error that foreign or damaged notes of a file about itself cause as `DamagedFile`.

    Parameters
    ----------
    what : str
        What is read, such as "commits".
    """
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, zlib.error):
        raise DamagedFile(f"its {what} cannot be read") from None


def label_of(footer: Footer, here: Label, columns: Collection[str]) -> Label:
    """Return the label of a file that belongs to the same tenant and resource as another label.

    A file of an earlier version has none. It must have some columns.

    Raises
    ------
    DamagedFile
        The file belongs to another tenant or resource, or is not a file of a mirror.
    NewerFile
        A newer version wrote it.
    """
    stored = footer.about.get(_LABEL)
    if stored is None:
        if footer.content is not None or not set(columns) <= set(footer.parquet.schema.to_arrow_schema().names):
            raise DamagedFile("it is not a file of this resource of a mirror")
        return replace(here, after=None, same_as=None, format=0)
    with reading_notes("label"):
        noted = json.loads(stored)
        if noted.get("format", 0) > FORMAT:
            raise NewerFile("a newer version wrote it")
        label = Label(**noted)
        if not all(isinstance(digest, (str, NoneType)) for digest in (label.after, label.same_as)):
            raise TypeError
    if (label.tenant, label.resource) != (here.tenant, here.resource):
        raise DamagedFile(f"it has {label.resource} of tenant {label.tenant}")
    return label


def link(part: Path, target: Path) -> None:
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


def discard(path: Path) -> None:
    """Delete a file that is no longer needed. On Windows, one that a reader has open stays until the next sweep."""
    with contextlib.suppress(PermissionError):
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _identity(status: os.stat_result) -> tuple[FileId, FileState]:
    return (status.st_dev, status.st_ino), (status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _remember(known: dict[FileId, _Known], file_id: FileId, about: _Known) -> None:
    if len(known) >= _MOST_REMEMBERED:
        known.clear()
    known[file_id] = about


def _raw_footer(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    if not size:
        raise DamagedFile("it is empty")
    if size < len(_MAGIC) + _ENDING or not tail.endswith(_MAGIC):
        raise DamagedFile("it is cut off, or it is not a Parquet file")
    length = int.from_bytes(tail[-_ENDING:-4], "little") + _ENDING
    if length > size - len(_MAGIC):
        raise DamagedFile("it is cut off, or its footer is damaged")
    if length > len(tail):
        file.seek(size - length)
        tail = file.read()
    return tail[-length:]


def _seal(file: BinaryIO, placeholder: bytes) -> None:
    """Put the digests of a file that was just written in the place that was kept for them."""
    raw = _raw_footer(file)
    start = file.seek(0, os.SEEK_END) - len(raw)
    noted = _content_digest(file, start).encode() + b"0" * _HEX
    raw = raw.replace(placeholder, noted)
    file.seek(start)
    file.write(raw.replace(noted, noted[:_HEX] + _digest_of(raw, noted).encode()))


def _content_digest(file: BinaryIO, end: int) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while end > 0 and (block := file.read(min(_BLOCK, end))):
        digest.update(block)
        end -= len(block)
    return digest.hexdigest()


def _digest_of(raw: bytes, noted: bytes) -> str:
    """Return the digest of a footer without its own digest."""
    return hashlib.sha256(raw.replace(noted, noted[:_HEX] + b"0" * _HEX)).hexdigest()
