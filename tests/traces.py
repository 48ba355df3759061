"""Which words are in the files of a folder, also where they are compressed."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa


def traces(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Return which words are in which files: in their bytes, in decompressed Parquet, and in cells of SQLite files."""
    return [
        (path.name, word)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for content in [content_of(path)]
        for word in words
        if word in content
    ]


def content_of(path: Path) -> str:
    """Return the bytes of a file and all that is compressed in them, as text."""
    raw = path.read_bytes()
    content = raw.decode("latin-1")
    if raw.startswith(b"PAR1"):
        content += repr(duckdb.sql(f"select * from '{path}'").fetchall())
    elif raw.startswith(b"SQLite format 3\0"):
        content += "".join(cell.decode("utf-8", "replace") for cell in cells_of(path))
    return content


def cells_of(path: Path) -> Iterator[bytes]:
    """Yield the decompressed cells of an SQLite file with its WAL file, from a copy: reading writes beside it."""
    with tempfile.TemporaryDirectory() as folder:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, folder)
        with contextlib.closing(sqlite3.connect(Path(folder) / path.name)) as db:
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in db.execute(f'SELECT * FROM "{table}"'):
                    yield from (decompressed(cell) for cell in row if isinstance(cell, bytes))


def decompressed(cell: bytes) -> bytes:
    """Return what a cell holds: a page of a cache, columns of decoded rows, or itself."""
    head, _, packed = cell.partition(b"\n")
    with contextlib.suppress(ValueError, KeyError, TypeError, OSError):
        return bytes(pa.Codec("zstd").decompress(packed, json.loads(head)["size"], asbytes=True))
    with contextlib.suppress(pa.ArrowException, OSError):
        stream, tables = pa.BufferReader(cell), []
        while stream.tell() < stream.size():
            tables.append(repr(pa.ipc.open_stream(stream).read_all().to_pylist()))
        return "".join(tables).encode()
    return cell
