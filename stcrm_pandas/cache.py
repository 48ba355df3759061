"""The cache on disk: one file for each environment, tenant and application, and in it generations of reads.

requests-cache keeps the answers; this file says which of them belong together. All pages of one read are a
*generation*. A generation is used whole, when its walk came to its end, or not at all; an interrupted one may be
continued for a quarter of an hour. Only a body, its status and its dates are stored: no header, so no secret.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import sqlite3
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from requests.structures import CaseInsensitiveDict
from requests_cache.backends.sqlite import SQLiteCache
from requests_cache.models.response import CachedResponse
from requests_cache.serializers import SerializerPipeline, Stage

from stcrm_pandas.errors import SettingsError, StcrmWarning
from stcrm_pandas.settings import Settings, duration

CONTINUE_WITHIN = dt.timedelta(minutes=15)
"""How long an interrupted read may be continued from its stored pages."""

_FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS generations (
    id TEXT PRIMARY KEY, signature TEXT NOT NULL, resource TEXT NOT NULL, started REAL NOT NULL, parts TEXT
);
CREATE INDEX IF NOT EXISTS generations_by_signature ON generations (signature, started);
"""


@dataclass(frozen=True)
class Generation:
    """The stored pages of one read. `parts` has the number of pages of each part once the read is whole."""

    id: str
    parts: tuple[int, ...] | None
    continued: bool = False

    def key(self, part: int, page: object) -> str:
        """Where a page lies."""
        return f"{self.id}/{part}/{page}"


class Cache:
    """The cache of one connection.

    Parameters:
        path: its file, made where it is not there.
        limit: how many bytes it may hold; the oldest reads go first.
        clock: the machine's time in seconds since 1970, by which ages go.

    Raises:
        SettingsError: the folder cannot be written to.
    """

    def __init__(self, path: Path, *, limit: int = 4_096_000_000, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._limit = limit
        self._clock = clock
        self._lock = threading.RLock()
        self.backend = self._open()

    # What reads ask

    def find(self, signature: str, *, max_age: dt.timedelta | None) -> Generation | None:
        """The newest whole generation of a read that is no older than `max_age`; None: of any age."""
        oldest = 0.0 if max_age is None else self._clock() - max_age.total_seconds()
        query = "SELECT id, parts FROM generations WHERE signature = ? AND parts IS NOT NULL AND started >= ?"
        for id, parts in self._run(query + " ORDER BY started DESC LIMIT 1", signature, oldest):
            return Generation(id, tuple(json.loads(parts)))
        return None

    def begin(self, signature: str, resource: str, *, max_age: dt.timedelta) -> Generation:
        """A generation to fill: an interrupted one that is young enough to be continued, or a new one."""
        oldest = self._clock() - min(max_age, CONTINUE_WITHIN).total_seconds()
        query = "SELECT id FROM generations WHERE signature = ? AND parts IS NULL AND started > ?"
        for (id,) in self._run(query + " ORDER BY started DESC LIMIT 1", signature, oldest):
            return Generation(id, None, continued=True)
        generation = Generation(uuid.uuid4().hex, None)
        self._run(
            "INSERT INTO generations VALUES (?, ?, ?, ?, NULL)", generation.id, signature, resource, self._clock()
        )
        return generation

    def finish(self, generation: Generation, parts: Sequence[int]) -> None:
        """Mark a generation as whole, and drop the older ones of the same read.

        One that was dropped meanwhile, by a write or by `clear`, stays dropped.
        """
        self._run("UPDATE generations SET parts = ? WHERE id = ?", json.dumps(list(parts)), generation.id)
        same = "SELECT signature, started FROM generations WHERE id = ?"
        rows = self._run(same, generation.id)
        if rows:
            older = "SELECT id FROM generations WHERE signature = ? AND id <> ? AND started <= ?"
            self.drop([id for (id,) in self._run(older, rows[0][0], generation.id, rows[0][1])])
        else:
            self.drop([generation.id])
        self._shrink()

    def drop(self, ids: Sequence[str]) -> None:
        """Forget generations and their pages."""
        for id in ids:
            self._run("DELETE FROM generations WHERE id = ?", id)
            self._run("DELETE FROM responses WHERE key >= ? AND key < ?", f"{id}/", f"{id}0")

    def now(self) -> dt.datetime:
        """The machine's time, by which ages go."""
        return dt.datetime.fromtimestamp(self._clock(), dt.UTC)

    def forget_page(self, key: str) -> None:
        """Forget one page."""
        self._run("DELETE FROM responses WHERE key = ?", key)

    def feed(self, signature: str, resource: str) -> Generation:
        """The generation of a feed, which has no end: its pages are used one by one."""
        id = "f" + hashlib.sha256(signature.encode()).hexdigest()[:31]
        self._run("INSERT OR IGNORE INTO generations VALUES (?, ?, ?, ?, NULL)", id, "", resource, self._clock())
        return Generation(id, None)

    # What people ask

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self._files() if path.exists())

    @property
    def entries(self) -> int:
        """Stored pages."""
        return int(self._run("SELECT count(*) FROM responses")[0][0])

    @property
    def oldest(self) -> dt.datetime | None:
        """When the oldest stored read began, by the machine's clock in UTC."""
        (started,) = self._run("SELECT min(started) FROM generations")[0]
        return dt.datetime.fromtimestamp(started, dt.UTC) if started is not None else None

    def clear(self, resource: str | None = None, *, older_than: dt.timedelta | str | float | None = None) -> int:
        """Forget stored reads; without arguments all of them.

        Parameters:
            resource: only reads of this resource, as `leads` or `lookups.campaigns`.
            older_than: only reads that began longer ago than this, as `"1d"`.

        Returns:
            How many pages were forgotten.
        """
        before = self.entries
        latest = self._clock() - duration(older_than).total_seconds() if older_than is not None else float("inf")
        query = "SELECT id FROM generations WHERE started < ? AND (? IS NULL OR resource = ?)"
        self.drop([id for (id,) in self._run(query, latest, resource, resource)])
        if resource is None and older_than is None:
            self._run("DELETE FROM responses")  # pages of reads that were broken off
        self._run("VACUUM")
        self._run("PRAGMA wal_checkpoint(TRUNCATE)")
        return before - self.entries

    def close(self) -> None:
        """Close the file."""
        self.backend.close()  # type: ignore[no-untyped-call]
        with self._lock:
            self._connection.close()

    def __repr__(self) -> str:
        age = "empty" if self.oldest is None else f"oldest read {self.oldest:%Y-%m-%d %H:%M} UTC"
        return f"Cache({str(self.path)!r}, {self.size / 1e6:.1f} MB, {self.entries} pages, {age})"

    # The file

    def _open(self) -> _Pages:
        folder = self.path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._touch()
        except OSError as error:
            raise SettingsError(
                f"The cache cannot be written to {folder} ({error.strerror}). "
                "Set STCRM_CACHE_DIR to a folder of your own."
            ) from None
        try:
            self._connect()
        except sqlite3.DatabaseError:
            self._set_aside()
            self._connect()
        return _Pages(self.path, self._recover)

    def _touch(self) -> None:
        # Before SQLite does, which would make it readable for others; its side files take the mode from here.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        self.path.chmod(0o600)

    def _connect(self) -> None:
        self._connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _FORMAT):
                raise sqlite3.DatabaseError("written by another version")
            self._connection.executescript(f"PRAGMA user_version = {_FORMAT};" + _SCHEMA)
        except BaseException:
            self._connection.close()
            raise

    def _set_aside(self) -> None:
        aside = self.path.with_name(f"{self.path.stem}.damaged-{int(self._clock())}{self.path.suffix}")
        self.path.rename(aside)
        for path in self._files():
            path.unlink(missing_ok=True)
        self._touch()
        warnings.warn(
            f"The cache {self.path.name} was damaged, or written by another version. It was set aside as {aside.name} "
            "and a new one was begun: nothing is lost but time.",
            StcrmWarning,
            stacklevel=2,
        )

    def _recover(self) -> None:
        """Begin anew after damage that showed itself in the middle of work."""
        with self._lock:
            self._connection.close()
            self.backend.close()  # type: ignore[no-untyped-call]
            self._set_aside()
            self._connect()
            self.backend.responses.init_db()  # type: ignore[no-untyped-call]
            self.backend.redirects.init_db()  # type: ignore[no-untyped-call]

    def _shrink(self) -> None:
        """Drop the oldest reads while the file holds more than it may."""
        while self._used() > self._limit:
            rows = self._run("SELECT id FROM generations ORDER BY started LIMIT 2")
            if len(rows) < 2:  # the newest read stays, however large
                return
            self.drop([rows[0][0]])

    def _used(self) -> int:
        ((pages,), (free,), (bytes_a_page,)) = (
            self._run(f"PRAGMA {name}")[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * bytes_a_page)

    def _files(self) -> list[Path]:
        return [self.path, *(self.path.with_name(self.path.name + end) for end in ("-wal", "-shm"))]

    def _run(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._recover()
                return self._connection.execute(sql, values).fetchall()


class _Pages(SQLiteCache):
    """requests-cache's store of answers, which begins anew instead of failing when its file is damaged."""

    def __init__(self, path: Path, recover: Callable[[], None]) -> None:
        pipeline = SerializerPipeline([Stage(dumps=_dump, loads=_load)], name="body", is_binary=True)
        super().__init__(path, serializer=pipeline, wal=True, busy_timeout=30_000)
        self._recover = recover

    def get_response(self, key: str, default: Any = None) -> CachedResponse | None:
        try:
            return super().get_response(key, default)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._recover()
            return None

    def save_response(self, response: Any, cache_key: str | None = None, expires: dt.datetime | None = None) -> None:
        try:
            super().save_response(response, cache_key, expires)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            self._recover()


def _dump(response: CachedResponse) -> bytes:
    body = response.content
    head = {
        "status": response.status_code,
        "date": response.headers.get("Date"),
        "created": response.created_at.timestamp(),
        "size": len(body),
    }
    return json.dumps(head).encode() + b"\n" + bytes(_codec().compress(body, asbytes=True))


def _load(value: bytes) -> CachedResponse:
    head_text, _, body = bytes(value).partition(b"\n")
    head = json.loads(head_text)
    return CachedResponse(
        status_code=head["status"],
        content=_codec().decompress(body, head["size"], asbytes=True),
        headers=CaseInsensitiveDict({"Date": head["date"]} if head["date"] else {}),
        created_at=dt.datetime.fromtimestamp(head["created"], dt.UTC),
        url="",
    )


def _codec() -> pa.Codec:
    return pa.Codec("zstd", compression_level=1)


def cache_path(settings: Settings) -> Path:
    """Where a connection's cache lies: another file for each environment, tenant and application."""
    who = f"{settings.name}|{settings.tenant}|{settings.client_id}"
    place = re.sub(r"[^A-Za-z0-9]+", "-", settings.name.partition("://")[2] or settings.name).strip("-")[:40]
    name = f"{place}-{settings.tenant}-{hashlib.sha256(who.encode()).hexdigest()[:10]}.sqlite"
    return settings.cache_folder / name


def caches_in(folder: Path) -> list[Path]:
    """The cache files that lie in a folder."""
    return sorted(path for path in folder.glob("*.sqlite") if ".damaged-" not in path.name)
