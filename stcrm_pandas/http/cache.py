"""The cache on disk: one file for each environment, tenant and application, with generations of reads.

requests-cache stores single responses; this file records which of them belong together. All pages of one complete read
are a *generation*, which is used as a whole or not at all. An interrupted read can be continued for 15 minutes. Only
the body, status and dates of a response are stored: no headers, so no secrets.

The columns of a complete read are stored as bytes beside its pages. They are derived from the pages: a trigger deletes
them together with their generation, and damaged ones are ignored.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
import sqlite3
import time
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from requests.structures import CaseInsensitiveDict
from requests_cache.backends.base import BaseCache, BaseStorage
from requests_cache.models.response import CachedResponse

from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.files.sqlite_files import (
    CACHE,
    connect_read_only,
    delete_database,
    orphans_in,
    owned_in,
    side_files,
    state_of,
)
from stcrm_pandas.http.cache_file import CacheFile
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.connection import Settings, duration

_ENDLESS = float("inf")
CONTINUE_WITHIN = dt.timedelta(minutes=15)
"""How long an interrupted read can be continued from its stored pages."""


@dataclass(frozen=True)
class Generation:
    """The stored pages of one read. `parts` has the number of pages of each part once the read is complete."""

    id: str
    parts: tuple[int, ...] | None
    continued: bool = False

    def key(self, part: int, page: object) -> str:
        """Return the key of a page."""
        return f"{self.id}/{part}/{page}"


class Cache:
    """The cache of one connection.

    Parameters
    ----------
    path : Path
        The file; it is created if it does not exist.
    limit : int, default 4096000000
        Maximum size in bytes. The oldest reads are dropped first.
    clock : callable, default time.time
        Returns this machine's time in seconds since 1970.

    Raises
    ------
    SettingsError
        The folder is not writable, or another process holds the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        limit: int = 4_096_000_000,
        clock: Callable[[], float] = time.time,
        patience: float = 30.0,
    ) -> None:
        self.path = path
        self._limit = limit
        self._clock = clock
        self._file = CacheFile(path, clock, patience)
        self.backend = _Backend(self._file, clock)
        self.decoded = DecodedGenerations(self._file)

    # For reads

    def find(self, signature: str, *, max_age: dt.timedelta | None) -> Generation | None:
        """Return the newest complete generation of a read, not older than `max_age` (None for any age)."""
        now = self._clock()
        # A time in the future was stored by a wrong clock, so the age is unknown.
        after, latest = (-1.0, _ENDLESS) if max_age is None else (now - max_age.total_seconds(), now)
        query = "SELECT id, parts FROM generations WHERE signature = ? AND parts IS NOT NULL AND started > ?"
        query += " AND started <= ? ORDER BY started DESC, rowid DESC LIMIT 1"
        for id, parts in self._file.run(query, signature, after, latest):
            return Generation(id, tuple(json.loads(parts)))
        return None

    def begin(self, signature: str, resource: str, *, max_age: dt.timedelta) -> Generation:
        """Return a generation to fill: a recent interrupted one, or a new one."""
        now = self._clock()
        after = now - min(max_age, CONTINUE_WITHIN).total_seconds()
        query = "SELECT id FROM generations WHERE signature = ? AND parts IS NULL AND started > ? AND started <= ?"
        for (id,) in self._file.run(query + " ORDER BY started DESC LIMIT 1", signature, after, now):
            return Generation(id, None)
        generation = Generation(uuid.uuid4().hex, None)
        insert = "INSERT INTO generations VALUES (?, ?, ?, ?, NULL)"
        self._file.run_or_warn(insert, generation.id, signature, resource, self._clock())
        return generation

    def finish(self, generation: Generation, parts: Sequence[int]) -> None:
        """Mark a generation as complete, and drop older ones of the same read.

        A generation that a write or `clear` dropped meanwhile stays dropped.
        """
        run = self._file.run
        self._file.run_or_warn("UPDATE generations SET parts = ? WHERE id = ?", json.dumps(list(parts)), generation.id)
        rows = run("SELECT signature, started FROM generations WHERE id = ?", generation.id)
        if rows:
            signature, started = rows[0]
            older = "SELECT id FROM generations WHERE signature = ? AND id <> ? AND (started <= ? OR started > ?)"
            self.drop([id for (id,) in run(older, signature, generation.id, started, self._clock())])
        else:
            self.drop([generation.id])
        self.shrink()

    def drop(self, ids: Sequence[str]) -> None:
        """Delete generations and their pages."""
        for id in ids:
            self._file.run_or_warn("DELETE FROM generations WHERE id = ?", id)
            self._file.run_or_warn("DELETE FROM responses WHERE key >= ? AND key < ?", f"{id}/", f"{id}0")

    def forget(self, resources: Sequence[str]) -> None:
        """Delete everything stored of some resources, including feeds and interrupted reads.

        Raises
        ------
        SettingsError
            The file cannot be written.
        """
        marks = ", ".join("?" * len(resources))
        stale = self._file.run(f"SELECT id FROM generations WHERE resource IN ({marks})", *resources)
        # Delete the references first: then the pages are not found even if the rest is interrupted.
        self._file.run(f"DELETE FROM generations WHERE resource IN ({marks})", *resources)
        self.drop([id for (id,) in stale])

    def now(self) -> dt.datetime:
        """Return this machine's time."""
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)

    def page(self, key: str) -> CachedResponse | None:
        """Return a stored page."""
        return self.backend.get_response(key)

    def forget_page(self, key: str) -> None:
        """Delete one page."""
        self._file.run_or_warn("DELETE FROM responses WHERE key = ?", key)

    def feed(self, signature: str, resource: str) -> Generation:
        """Return the generation of a feed, whose pages are used one by one.

        After `forget` it is a new one, so that pages stored meanwhile are not found.
        """
        signature = f"feed {signature}"
        query = "SELECT id FROM generations WHERE signature = ? ORDER BY started, rowid LIMIT 1"
        for (id,) in self._file.run(query, signature):
            return Generation(id, None)
        id = uuid.uuid4().hex
        insert = "INSERT INTO generations VALUES (?, ?, ?, ?, NULL)"
        self._file.run_or_warn(insert, id, signature, resource, self._clock())
        return Generation(id, None)

    def shrink(self) -> None:
        """Drop the oldest reads while the file is larger than its limit."""
        if self._file.used > self._limit:
            self._file.run_or_warn("DELETE FROM responses WHERE substr(key, 1, 32) NOT IN (SELECT id FROM generations)")
        oldest_first = self._file.run("SELECT id FROM generations ORDER BY started, rowid")
        for (id,) in oldest_first[:-1]:  # the newest read stays, whatever its size
            if self._file.used <= self._limit:
                return
            self.drop([id])

    # For users

    @property
    def size(self) -> int:
        """The size of the file, in bytes."""
        return self._file.size

    @property
    def entries(self) -> int:
        """The number of stored pages."""
        return len(self.backend.responses)

    @property
    def oldest(self) -> dt.datetime | None:
        """When the oldest stored read began, by this machine's clock, in UTC; None if there is none."""
        (started,) = self._file.run("SELECT min(started) FROM generations")[0]
        return _moment(started)

    def clear(self, resource: str | None = None, *, older_than: dt.timedelta | str | float | None = None) -> int:
        """Delete stored reads. Without arguments, all of them are deleted.

        Parameters
        ----------
        resource : str, optional
            Only reads of this resource, for example `leads` or `lookups.campaigns`.
        older_than : timedelta, str or float, optional
            Only reads that began more than this long ago, such as `"1d"` or a number of seconds.

        Returns
        -------
        int
            The number of pages that were deleted.

        Raises
        ------
        UsageError
            `older_than` is not a duration.
        """
        try:
            latest = float("inf") if older_than is None else self._clock() - duration(older_than).total_seconds()
        except ValueError as error:
            raise UsageError(f"clear(older_than=…): {error}.") from None
        before = self.entries
        query = "SELECT id FROM generations WHERE started < ? AND (? IS NULL OR resource = ?)"
        self.drop([id for (id,) in self._file.run(query, latest, resource, resource)])
        if resource is None and older_than is None:
            self._file.run("DELETE FROM responses")  # pages of interrupted reads
        self._file.vacuum()
        return before - self.entries

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __repr__(self) -> str:
        return f"Cache({str(self.path)!r}, {Stored(self.size, self.entries, self.oldest)})"


class _Bodies(BaseStorage[str, CachedResponse]):
    """The stored responses by key."""

    def __init__(self, file: CacheFile, clock: Callable[[], float]) -> None:
        super().__init__(serializer=None)
        self._file = file
        self._clock = clock

    def __getitem__(self, key: str) -> CachedResponse:
        rows = self._file.run("SELECT value FROM responses WHERE key = ?", key)
        response = _load(rows[0][0] or b"") if rows else None
        if response is None:
            raise KeyError(key)
        return response

    def __setitem__(self, key: str, response: CachedResponse) -> None:
        packed = _dump(response, self._clock())
        self._file.run_or_warn("INSERT OR REPLACE INTO responses (key, value) VALUES (?, ?)", key, packed)

    def __delitem__(self, key: str) -> None:
        self._file.run_or_warn("DELETE FROM responses WHERE key = ?", key)

    def __iter__(self) -> Iterator[str]:
        return iter([key for (key,) in self._file.run("SELECT key FROM responses")])

    def __len__(self) -> int:
        return int(self._file.run("SELECT count(*) FROM responses")[0][0])


class _Backend(BaseCache):
    """The storage backend of requests-cache."""

    def __init__(self, file: CacheFile, clock: Callable[[], float]) -> None:
        super().__init__()
        self.responses = _Bodies(file, clock)


def _dump(response: CachedResponse, created: float) -> bytes:
    body = response.content
    packed = bytes(_codec().compress(body, asbytes=True))
    head = {
        "status": response.status_code,
        "date": response.headers.get("Date"),
        "created": created,
        "size": len(body),
        "check": zlib.crc32(packed),
    }
    return json.dumps(head).encode() + b"\n" + packed


def _load(value: bytes) -> CachedResponse | None:
    """Return a stored response; None if its checksum is wrong."""
    head_text, _, packed = bytes(value).partition(b"\n")
    try:
        head = json.loads(head_text)
        if zlib.crc32(packed) != head["check"]:
            return None
        return CachedResponse(
            status_code=head["status"],
            content=_codec().decompress(packed, head["size"], asbytes=True),
            headers=CaseInsensitiveDict({"Date": head["date"]} if head["date"] else {}),
            created_at=dt.datetime.fromtimestamp(head["created"], dt.UTC),
            url="",
        )
    except (ValueError, KeyError, TypeError, OSError, OverflowError):
        return None


def _codec() -> pa.Codec:
    return pa.Codec("zstd", compression_level=1)


def cache_path(settings: Settings) -> Path:
    """Return the path of a connection's cache: one file for each environment, tenant and application."""
    who = json.dumps([settings.name, settings.tenant, settings.client_id])
    place = re.sub(r"[^A-Za-z0-9]+", "-", settings.name.partition("://")[2] or settings.name).strip("-")[:40]
    name = f"{place}-{settings.tenant}-{hashlib.sha256(who.encode()).hexdigest()[:10]}.sqlite"
    return settings.cache_folder / name


@dataclass(frozen=True)
class Stored:
    """The contents of a cache: bytes on disk, pages, and the start of its oldest read."""

    size: int
    pages: int
    oldest: dt.datetime | None

    def __str__(self) -> str:
        age = "empty" if self.oldest is None else f"oldest read {self.oldest:%Y-%m-%d %H:%M} UTC"
        return f"{self.size / 1e6:.1f} MB, {plural(self.pages, 'page')}, {age}"


def stored_in(path: Path) -> Stored:
    """Return the contents of a cache file without changing it.

    Raises
    ------
    SettingsError
        The file cannot be read.
    """
    try:
        with contextlib.closing(connect_read_only(path)) as db:
            ((pages,),) = db.execute("SELECT count(*) FROM responses")
            ((started,),) = db.execute("SELECT min(started) FROM generations")
        size = sum(file.stat().st_size for file in [path, *side_files(path)] if file.exists())
    except (sqlite3.DatabaseError, OSError) as error:
        raise SettingsError(
            f"The cache {path} cannot be read ({error}). Delete it, or set STCRM_CACHE_DIR to another folder."
        ) from None
    return Stored(size, pages, _moment(started))


def caches_in(folder: Path) -> list[Path]:
    """Return the cache files in a folder, without other files and links."""
    return owned_in(folder, CACHE)


def clear_all(folder: Path, tenant: int | None = None, *, dry_run: bool = False) -> list[tuple[Path, int]]:
    """Delete all reads in the caches of a tenant, and damaged caches; return the pages deleted from each.

    Parameters
    ----------
    folder : Path
        The folder of the caches.
    tenant : int, optional
        Only the caches of this tenant. By default, of all tenants.
    """
    cleared = []
    for path in caches_in(folder):
        if tenant is None or f"-{tenant}-" in path.name:
            pages = 0
            with contextlib.suppress(SettingsError):  # damaged: moved away when it is opened, and deleted below
                pages = stored_in(path).pages
            cleared.append((path, pages))
            if not dry_run:
                with contextlib.closing(Cache(path)) as cache:
                    cache.clear()
    for path in (*damaged_in(folder)[0], *filter(_is_cache_name, orphans_in(folder))):
        if tenant is None or f"-{tenant}-" in path.name:
            cleared.append((path, 0))
            if not dry_run:
                delete_database(path)
    return cleared


def damaged_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return damaged caches, and files of unknown kind that are named as damaged ones that were moved away."""
    moved = sorted(folder.glob("*.damaged-*.sqlite"))
    unreadable = [path for path in sorted(folder.glob("*.sqlite")) if state_of(path, CACHE) == "unreadable"]
    ours = [path for path in moved if state_of(path, CACHE) in ("ours", "unstamped")]
    ours += [path for path in unreadable if _is_cache_name(path)]
    return ours, [path for path in moved if path not in ours]


def _is_cache_name(path: Path) -> bool:
    """Return whether a file has the name of a cache or of a file beside one: see `cache_path`."""
    return re.fullmatch(r"[A-Za-z0-9-]{1,40}-\d+-[0-9a-f]{10}(\.damaged-\d+)?\.sqlite(-\w+)?", path.name) is not None


def _moment(started: float | None) -> dt.datetime | None:
    return None if started is None else dt.datetime.fromtimestamp(started, dt.UTC)


class DecodedGenerations:
    """The decoded generations in the file of one cache."""

    def __init__(self, file: CacheFile) -> None:
        self._file = file

    def save(self, id: str, about: Mapping[str, Any], columns: Iterable[bytes]) -> None:
        """Store the columns of a complete generation, and what describes them.

        The description comes last: without it, nothing is read. Nothing is stored if the generation was dropped.
        """
        checks = []
        for number, column in enumerate(columns, 1):
            self._insert(id, number, column)
            checks.append(zlib.crc32(column))
        head = json.dumps({"about": about, "checks": checks}).encode()
        self._insert(id, 0, b"%08x%s" % (zlib.crc32(head), head))

    def about(self, id: str) -> tuple[dict[str, Any], list[int]] | None:
        """Return the description of a decoded generation and the checksums of its columns; None if there is none.

        Raises
        ------
        ValueError
            It is damaged.
        """
        rows = self._file.run("SELECT value FROM decoded WHERE id = ? AND number = 0", id)
        if not rows:
            return None
        check, head = rows[0][0][:8], rows[0][0][8:]
        if zlib.crc32(head) != int(check, 16):
            raise ValueError("the description is damaged")
        description = json.loads(head)
        return description["about"], description["checks"]

    def column(self, id: str, number: int, check: int) -> bytes:
        """Return one stored column.

        Raises
        ------
        ValueError
            It is missing or damaged.
        """
        rows = self._file.run("SELECT value FROM decoded WHERE id = ? AND number = ?", id, number)
        if not rows or zlib.crc32(rows[0][0]) != check:
            raise ValueError(f"column {number} is damaged")
        return bytes(rows[0][0])

    def drop(self, id: str) -> None:
        """Delete a decoded generation; its pages stay."""
        self._file.run_or_warn("DELETE FROM decoded WHERE id = ?", id)

    def _insert(self, id: str, number: int, value: bytes) -> None:
        complete = "SELECT 1 FROM generations WHERE id = ? AND parts IS NOT NULL"
        self._file.run_or_warn(
            f"INSERT OR REPLACE INTO decoded SELECT ?, ?, ? WHERE EXISTS ({complete})", id, number, value, id
        )
