"""All rows of a long list in a small space: the page shows some of them, and saves all."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Packed", "packed_lists"]

MOST_PACKED = 500_000
"""The largest size of all packed lists of a page, in characters."""

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Packed:
    """The first rows of a list, below its header, as an element that shows nothing."""

    rows: int
    html: str


def packed(rows: Rows) -> Packed:
    """Return a header and rows, compressed; the page of a report unpacks them to save them as a file.

    >>> packed([["Name"], ["Ann"], ["Bob"]]).rows
    2
    """
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    coded = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    count = len(rows) - 1
    return Packed(count, f'<script type="application/gzip" class="stcrm-packed" data-rows="{count}">{coded}</script>')


def packed_lists(lists: Mapping[str, Rows], most: int = MOST_PACKED) -> dict[str, Packed]:
    """Return each list packed; of the longest ones only the first rows, if all of them would be too large.

    >>> long = [["Id"], *([str(number)] for number in range(50_000))]
    >>> made = packed_lists({"a": long, "b": long[:9]}, most=50_000)
    >>> made["a"].rows < 50_000, made["b"].rows
    (True, 8)
    """
    longest = max(map(len, lists.values()), default=0)
    while True:
        made = {key: packed(rows[:longest]) for key, rows in lists.items()}
        size = sum(len(one.html) for one in made.values())
        if size <= most or longest <= 2:
            return made
        longest = max(2, min(longest - 1, longest * most // size))
