"""Measure the size of the package: lines of code, files, and how many files one read, one edit and one number pass.

    python docs/size.py [--names one found ...]

The output is a Markdown table. A walk counts the distinct files of the package in which a function is called, apart
from the sandbox and `errors.py`; bodies of modules and classes are left out. Each walk has a process of its own and an
empty cache.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import io
import subprocess
import sys
import tempfile
import threading
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "stcrm_pandas"
SMALL, LARGE = 60, 350
"""A file is small below so many lines of code, and large above so many."""

NAMES = ("one", "found", "given", "whole", "asked", "instead_of", "told", "said")
"""Identifiers that say little: how often each appears."""

Record = Callable[[Callable[[], Any]], Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--names", nargs="*", default=NAMES, help="identifiers to count")
    parser.add_argument(
        "--walk", choices=sorted(WALKS), help="print the files of one walk, in the order of their first call"
    )
    options = parser.parse_args()
    if options.walk:
        print("\n".join(walk(options.walk)))
        return
    print("| measure | value |\n| --- | --- |")
    for measure, value in rows(options.names):
        print(f"| {measure} | {value} |")


def rows(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each measure with its value."""
    texts = {path: path.read_text("utf-8") for path in tracked()}
    lines = {path: code_lines(text) for path, text in texts.items()}
    modules = {path: count for path, count in lines.items() if count and path.name != "__init__.py"}
    small = sum(count < SMALL for count in modules.values())
    yield "lines of code", f"{sum(lines.values()):,}"
    yield "files", f"{len(lines):,}"
    yield f"files below {SMALL} lines", f"{small:,} of {len(modules):,} ({small / len(modules):.0%})"
    large = [f"`{path.relative_to(PACKAGE)}` ({count})" for path, count in lines.items() if count > LARGE]
    yield f"files above {LARGE} lines", ", ".join(large) or "none"
    yield "most files in a folder", str(max(Counter(path.parent for path in lines).values()))
    for name in WALKS:
        command = [sys.executable, __file__, "--walk", name]
        files = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        yield f"files that {WALKS[name][0]} passes", str(len(files))
    tokens = Counter(token for text in texts.values() for token in name_tokens(text))
    yield "identifiers", ", ".join(f"`{name}` {tokens[name]:,}" for name in names)


def tracked() -> list[Path]:
    """Return the Python files of the package that Git tracks."""
    command = ["git", "ls-files", "-z", "stcrm_pandas/*.py"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).exists()]


def code_lines(text: str) -> int:
    r"""Return the number of lines without docstrings, blank lines and lines that are only a comment.

    >>> code_lines('def f():\n    "Return 1."\n\n    # always\n    return 1\n')
    2
    """
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            docstring = node.body[0]
            left_out.update(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in left_out
        for number, line in enumerate(text.splitlines(), 1)
    )


def name_tokens(text: str) -> list[str]:
    """Return the identifiers of a module, each as often as it appears.

    >>> name_tokens("a = b(a)")
    ['a', 'b', 'a']
    """
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.NAME]


def walk(name: str) -> list[str]:
    """Run one walk in this process, and return the files it passes in the order of their first call."""
    files: dict[str, None] = {}
    folder = f"{PACKAGE}/"

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_flags & inspect.CO_OPTIMIZED and code.co_filename.startswith(folder):
            file = code.co_filename.removeprefix(folder)
            if not file.startswith("sandbox/") and file != "errors.py":
                files[file] = None

    def record(call: Callable[[], Any]) -> Any:
        threading.setprofile_all_threads(profile) if hasattr(threading, "setprofile_all_threads") else None
        threading.setprofile(profile)
        sys.setprofile(profile)
        try:
            return call()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]

    WALKS[name][1](record)
    return list(files)


def connected(**options: Any) -> Any:
    """Return a connection to a small sandbox, with an empty cache."""
    import stcrm_pandas as stcrm

    folder = tempfile.mkdtemp(prefix="size-")
    return stcrm.connect(sandbox=stcrm.Sandbox(leads=300), cache_dir=folder, **options)


def a_read(record: Record) -> None:
    crm = connected()
    record(crm.leads.list)


def an_edit(record: Record) -> None:
    crm = connected()
    before = crm.customers.list().head(5)
    after = before.copy()
    after.loc[after.index[0], "name"] = "Another Name"

    def edit() -> None:
        result = crm.customers.plan_changes(before, after).apply()
        result.undo().apply()

    record(edit)


def a_number(record: Record) -> None:
    import stcrm_pandas as stcrm

    crm = connected()
    leads, jobs, campaigns = crm.leads.list(), crm.lookups.jobs.list(), crm.lookups.campaigns.list()
    record(lambda: stcrm.analysis.lead_conversion(leads, jobs=jobs, names=campaigns, by="campaign").table)


WALKS: dict[str, tuple[str, Callable[[Record], None]]] = {
    "read": ("one row of leads", a_read),
    "edit": ("one edited cell, applied and undone,", an_edit),
    "number": ("one number of an analysis", a_number),
}


if __name__ == "__main__":
    main()
