"""The pages of the documentation, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE = {"_build", "notebooks"}  # folders that a build leaves
PAGES = [
    *(ROOT / file for file in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.relative_to(ROOT / "docs").parts[0] not in MADE),
]
TUTORIALS = [page for page in PAGES if page.parent.name == "tutorials"]
_FENCE = re.compile(r"^```(?P<language>.*)\n(?P<code>(?:.*\n)*?)^```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """What stands between two fences; `line` is where its first line is."""

    language: str
    code: str
    line: int


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    for fence in _FENCE.finditer(text):
        yield Block(fence["language"], fence["code"], text.count("\n", 0, fence.start("code")))


def prose(page: Path) -> str:
    """A page without its blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))
