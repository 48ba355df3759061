"""A report is made by the installed modules, whatever lies in the folder in which it is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import stcrm_pandas
from stcrm_pandas.report import run_notebook

MODULES = ["pandas", "ipykernel_launcher", "ipykernel", "IPython", "stcrm_pandas", "papermill", "json", "plotly"]
CONFIGURATIONS = ["ipython_config", "jupyter_config", "ipython_kernel_config", "sitecustomize", "usercustomize"]


@pytest.fixture
def foreign_folder(tmp_path, monkeypatch):
    """A folder whose modules note that they were run."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    for name in [*MODULES, *CONFIGURATIONS]:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write('{name} ')\n")
    monkeypatch.chdir(folder)
    yield folder
    ran = tmp_path / "ran"
    assert not ran.exists(), f"{ran.read_text()}was run"


@pytest.mark.usefixtures("foreign_folder")
def test_notebook_imports_nothing_from_the_working_folder(tmp_path):
    made = nbformat.v4.new_notebook()
    source = "import pandas, plotly, papermill, stcrm_pandas, json\n[stcrm_pandas.__file__, pandas.__file__]"
    made.cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(made, tmp_path / "imports.ipynb")
    done = run_notebook(tmp_path / "imports.ipynb", {})
    (output,) = done.cells[-1].outputs
    assert stcrm_pandas.__file__ in output["data"]["text/plain"]


def test_pythonpath_may_contain_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("answer = 42\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell("import mine\nmine.answer")]
    nbformat.write(made, tmp_path / "imports.ipynb")
    (output,) = run_notebook(tmp_path / "imports.ipynb", {}).cells[-1].outputs
    assert output["data"]["text/plain"] == "42"


@pytest.mark.deep
@pytest.mark.usefixtures("foreign_folder")
def test_command_imports_nothing_from_the_working_folder(tmp_path):
    with stcrm_pandas.Sandbox(leads=300, state=tmp_path / "box.sqlite"):
        pass
    command = Path(sys.executable).with_name("stcrm")
    arguments = [
        "report",
        "booking-sources",
        "--sandbox",
        str(tmp_path / "box.sqlite"),
        "--out",
        str(tmp_path / "r.html"),
    ]
    ran = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "r.html").stat().st_size > 100_000
