"""A bar in a notebook where ipywidgets is not installed: as text."""

from __future__ import annotations

from pathlib import Path

import nbformat

from stcrm_pandas.report import run_notebook

CELL = """
import sys, time
sys.modules["ipywidgets"] = None  # as if it were not installed
from stcrm_pandas.reads.progress import Progress
with Progress(None).bar("leads.list") as bar:
    time.sleep(0.6)
    bar.page(20, 300, False)
"""


def test_progress_is_text_without_ipywidgets(tmp_path: Path) -> None:
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell(CELL)]
    nbformat.write(made, tmp_path / "bar.ipynb")
    done = run_notebook(tmp_path / "bar.ipynb", {})
    shown = "".join(output.get("text", "") for cell in done.cells for output in cell.outputs)
    assert "leads.list" in shown
    assert "/300" in shown
