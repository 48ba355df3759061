"""Notebooks that run at the same time: one reads at a time, one sandbox serves all, a failure stops the rest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from stcrm_pandas.client import connect
from stcrm_pandas.errors import ReportError
from stcrm_pandas.report.running import run_side_by_side
from stcrm_pandas.sandbox import Sandbox
from stcrm_pandas.sandboxes import ServedSandbox

MEET = """
import pathlib, time
here, other = pathlib.Path({here!r}), pathlib.Path({other!r})
here.touch()
while not other.exists():
    time.sleep(0.01)
"""
READ = """
with open({log!r}, "a") as log:
    print("begins", file=log, flush=True)
    time.sleep(0.3)
    print("ends", file=log, flush=True)
"""
SLEEP = """
try:
    time.sleep(1000)
finally:
    here.unlink()
"""
FAIL = "from stcrm_pandas.errors import UsageError\nraise UsageError('the spend file is empty')"


def notebook(path: Path, *cells: str, tag: str = "reads") -> tuple[Path, dict[str, object]]:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(cells[0])]
    made.cells += [nbformat.v4.new_code_cell(cell, metadata={"tags": [tag]}) for cell in cells[1:]]
    nbformat.write(made, path)
    return path, {}


def meet(folder: Path, here: str, other: str) -> str:
    return MEET.format(here=str(folder / here), other=str(folder / other))


def test_notebooks_run_at_the_same_time_but_one_reads_at_a_time(tmp_path: Path) -> None:
    read = READ.format(log=str(tmp_path / "log"))
    runs = {
        "leads": notebook(tmp_path / "leads.ipynb", meet(tmp_path, "a", "b"), read),
        "bookings": notebook(tmp_path / "bookings.ipynb", meet(tmp_path, "b", "a"), read),
    }
    assert list(run_side_by_side(runs, {})) == ["leads", "bookings"]
    assert (tmp_path / "log").read_text().split() == ["begins", "ends"] * 2


def test_one_that_fails_is_named_and_stops_the_rest(tmp_path: Path) -> None:
    runs = {
        "leads": notebook(tmp_path / "leads.ipynb", meet(tmp_path, "a", "b"), SLEEP, tag="waits"),
        "bookings": notebook(
            tmp_path / "bookings.ipynb", meet(tmp_path, "b", "a"), "time.sleep(0.5)", FAIL, tag="waits"
        ),
    }
    with pytest.raises(ReportError, match=r"^bookings\.ipynb: cell 3 .* the spend file is empty$"):
        run_side_by_side(runs, {})
    assert not (tmp_path / "a").exists(), "the cell of the other notebook was not interrupted"


def test_another_process_reads_the_sandbox_that_this_one_serves(tmp_path: Path) -> None:
    state = tmp_path / "box.sqlite"
    code = "import sys, stcrm_pandas as stcrm; print(len(stcrm.connect(sandbox=sys.argv[1]).lookups.campaigns.list()))"
    with Sandbox(leads=100, state=state) as sandbox, connect(sandbox=sandbox, cache_dir=tmp_path / "cache") as crm:
        rows = len(crm.lookups.campaigns.list())
        served = ServedSandbox.of(sandbox).environment
        environment = {**os.environ, **served, "STCRM_CACHE_DIR": str(tmp_path / "cache")}
        before = len(sandbox.requests)
        found = subprocess.run([sys.executable, "-c", code, state], env=environment, capture_output=True, check=True)
        assert int(found.stdout) == rows
        assert len(sandbox.requests) == before, "the rows were in the common cache"
