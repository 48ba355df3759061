"""Decoded generations: the columns of a complete read as bytes, stored in the cache's file beside its pages.

They are derived from the pages. A trigger deletes them together with their generation, and damaged ones are ignored.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from stcrm_pandas.http.cache_file import CacheFile


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
        found = json.loads(head)
        return found["about"], found["checks"]

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
