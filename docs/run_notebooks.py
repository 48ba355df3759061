"""Run the notebooks on the demo company, and save them with output that a browser shows offline."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import plotly.io
from nbclient import NotebookClient
from plotly.offline import get_plotlyjs

FIGURE = "application/vnd.plotly.v1+json"
WIDGET = "application/vnd.jupyter.widget-view+json"
SHOWN = {"text/html", "text/plain", "image/png", "image/svg+xml"}


def run_notebooks(source: Path, target: Path, *, run: bool) -> None:
    """Copy the notebooks of one folder to another.

    Parameters
    ----------
    source, target : Path
        The folders.
    run : bool
        Whether to run them. If False, they have no output, and the build is fast.
    """
    static = target / "_static"
    static.mkdir(parents=True, exist_ok=True)
    (static / "plotly.min.js").write_text(get_plotlyjs(), encoding="utf-8")
    for file in sorted(source.glob("*.ipynb")):
        notebook = nbformat.read(file, as_version=4)
        if run:
            execute(notebook)
        nbformat.write(notebook, target / file.name)


def execute(notebook: Any) -> None:
    """Run one notebook without the settings of a real tenant, and convert its output to HTML."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("STCRM_")}
    own["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), own.get("PYTHONPATH")]))
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}})
        client.execute(env=own)
    script = '<script src="../_static/plotly.min.js"></script>'
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cell["outputs"] = [output for output in cell["outputs"] if not is_progress(output)]
        for output in cell["outputs"]:
            data = output.get("data", {})
            if figure := data.get(FIGURE):
                layout = {name: value for name, value in figure["layout"].items() if name != "width"} | {
                    "autosize": True
                }
                drawn = {"data": figure["data"], "layout": layout}
                data["text/html"] = script + plotly.io.to_html(
                    drawn, config={"responsive": True}, full_html=False, include_plotlyjs=False
                )
                script = ""  # once a page
            for kind in [kind for kind in data if kind not in SHOWN]:
                del data[kind]
        cell["outputs"] = [output for output in cell["outputs"] if output.get("data") or output.get("text")]


def is_progress(output: Any) -> bool:
    """Return whether an output is a progress bar or a warning."""
    return output.get("name") == "stderr" or WIDGET in output.get("data", {})
