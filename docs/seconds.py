"""Measure the tests of each folder, and write the table of their seconds into CONTRIBUTING.md.

    python docs/seconds.py               every folder
    python docs/seconds.py mirror http   these, and the rows of others stay

CPU seconds of one process with its imports, and of those that it starts: they hardly depend on what else runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
HEAD = "| tests | CPU seconds |\n| --- | ---: |\n"
BESIDE = "files beside the folders"
APART = {"spark", BESIDE}
"""Spark has an environment of its own, and the files beside the folders are named one by one."""


def rooms() -> list[str]:
    """Return the folders that have tests, then the files beside them."""
    folders = sorted({path.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/test_*.py")})
    return [*(folder for folder in folders if folder not in APART), BESIDE]


def measure(room: str) -> float:
    """Return the CPU seconds of a run of a room's quick tests, and of the programs that they start."""
    paths = sorted((ROOT / "tests").glob("test_*.py")) if room == BESIDE else [ROOT / "tests" / room]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not deep", *map(str, paths)]
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }  # as in Makefile
    before = os.times()
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main(names: list[str]) -> None:
    """Measure rooms, and write the table after each."""
    for room in names or rooms():
        seconds = measure(room)
        text = PAGE.read_text(encoding="utf-8")
        start = end = text.index(HEAD) + len(HEAD)
        while text.startswith("|", end):
            end = text.index("\n", end) + 1
        rows = dict(re.findall(r"^\| `?(.+?)`? \| ([\d,]+) \|$", text[start:end], re.MULTILINE))
        rows[room] = f"{seconds:,.0f}"
        lines = [f"| {name if name == BESIDE else f'`{name}`'} | {rows[name]} |\n" for name in rooms() if name in rows]
        PAGE.write_text(text[:start] + "".join(lines) + text[end:], encoding="utf-8")
        print(f"{room}: {seconds:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
