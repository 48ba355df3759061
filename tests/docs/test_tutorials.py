"""Every tutorial runs as written, in at most eight lines, and its output is the one on the page."""

from __future__ import annotations

import ast
import datetime as dt
import doctest
import os
import re
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas import sandboxes
from stcrm_pandas.errors import StcrmWarning

from .pages import ROOT, TUTORIALS, blocks

PAGES = [page for page in TUTORIALS if any(block.language == "python" for block in blocks(page))]
SAME = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder, beside a demo company that no other page has changed."""
    monkeypatch.chdir(tmp_path)
    as_of = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    with stcrm.Sandbox(leads=1000, seed=7, as_of=as_of, rate_limit=None) as company, warnings.catch_warnings():
        warnings.simplefilter("ignore", StcrmWarning)  # of values that the API does not document, and opt-outs by hand
        monkeypatch.setitem(sandboxes._sandboxes, "", company)
        yield tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tutorials_show_their_output(page: Path, folder: Path) -> None:
    names: dict[str, Any] = {}
    shown = None
    for block in blocks(page):
        if block.language == "python":
            BETWEEN.get(page.stem, lambda folder, names: None)(folder, names)
            shown = run(block.code, names)
        elif shown is None:
            (folder / f"{page.stem}.csv").write_text(block.code)
        else:
            assert doctest.OutputChecker().check_output(block.code, f"{shown}\n", SAME), f"{page.stem}:\n{shown}"
            shown = None
    assert shown is None, f"{page.stem} has no output"
    names["crm"].close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tutorials_are_short(page: Path) -> None:
    lines = [line for block in blocks(page) if block.language == "python" for line in block.code.splitlines()]
    assert len([line for line in lines if line]) <= 8


@pytest.mark.deep
def test_nightly_report_is_created(folder: Path) -> None:
    page = next(page for page in TUTORIALS if page.stem == "nightly_report")
    command, output, crontab = blocks(page)
    company = sandboxes._sandboxes[""].connection()
    settings = {f"STCRM_{name.upper()}": str(value) for name, value in company.items() if name != "sandbox_id"}
    done = subprocess.run(
        [sys.executable, "-m", "stcrm_pandas", *shlex.split(command.code)[1:]],
        env={**os.environ, **settings, "STCRM_TIME_ZONE": "America/Chicago"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert doctest.OutputChecker().check_output(output.code, done.stdout, SAME), done.stdout
    assert (folder / "report.html").stat().st_size > 100_000
    assert command.code in crontab.code


def test_index_lists_every_tutorial() -> None:
    index = (ROOT / "docs" / "tutorials" / "index.md").read_text()
    others = {page.stem for page in TUTORIALS} - {"index"}
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == others
    assert len(others) == 12
    assert "Twelve common tasks" in index


def run(code: str, names: dict[str, Any]) -> str | None:
    """Run the code, and return the text of its last expression; None if it ends with a statement."""
    *lines, last = ast.parse(code).body
    if not isinstance(last, ast.Expr):
        exec(code, names)
        return None
    exec(compile(ast.Module(lines, []), "page", "exec"), names)
    with pd.option_context("display.width", 120, "display.max_columns", None):
        return repr(eval(compile(ast.Expression(last.value), "page", "eval"), names))


def edit_in_excel(folder: Path, names: dict[str, Any]) -> None:
    """Do what the reader does in Excel."""
    if (path := folder / "customers.xlsx").exists():
        workbook = openpyxl.load_workbook(path)
        workbook.worksheets[0]["B2"] = "Ann Lee"
        workbook.save(path)


def edit_in_a_grid(folder: Path, names: dict[str, Any]) -> None:
    """Do what the reader does in the grid."""
    if "grid" in names:
        session = names["grid"]._session
        session.edit("tab", 1, "", [(session.key_texts[0], "name", session.texts("name")[0].as_py(), "Ann Lee")])


BETWEEN: dict[str, Callable[[Path, dict[str, Any]], None]] = {
    "edit_in_excel": edit_in_excel,
    "edit_in_a_grid": edit_in_a_grid,
}
"""What happens before each block of a page."""
