"""How the process of a notebook ends: quietly after the last cell, and at once on Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

RUN = """
import sys, pathlib
from stcrm_pandas.report import run_notebook
run_notebook(pathlib.Path(sys.argv[1]), {})
"""
SLOW_TO_REST = """
import time
kernel = get_ipython().kernel
usual = kernel.shell_handlers["kernel_info_request"]

async def answer_and_tarry(*args):
    await usual(*args)
    time.sleep(0.5)  # the answer is out, and the kernel is not yet at rest

kernel.shell_handlers["kernel_info_request"] = answer_and_tarry
"""


def started(folder: Path, *cells: str) -> subprocess.Popen[str]:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    nbformat.write(made, folder / "small.ipynb")
    command = [sys.executable, "-c", RUN, str(folder / "small.ipynb")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_run_ends_without_a_kernel_error(tmp_path: Path) -> None:
    run = started(tmp_path, "1 + 1", SLOW_TO_REST)
    out, err = run.communicate(timeout=120)
    assert (run.returncode, out) == (0, "")
    assert "KeyboardInterrupt" not in err
    assert "ERROR" not in err


@pytest.mark.deep
def test_interrupt_reaches_the_running_cell(tmp_path: Path) -> None:
    here = tmp_path / "here"
    cell = f"import pathlib, time\npathlib.Path({str(here)!r}).touch()\ntry:\n    time.sleep(1000)\nfinally:\n"
    run = started(tmp_path, cell + f"    pathlib.Path({str(here)!r}).unlink()")
    while not here.exists():
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=60)
    assert run.returncode != 0
    assert not here.exists(), "the cell was not interrupted, but killed"
