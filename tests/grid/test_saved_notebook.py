"""A notebook that was run without a person, as by nbconvert: a summary, and nothing else."""

from __future__ import annotations

from pathlib import Path

import nbclient
import nbformat
import pytest

CODE = """
import pandas as pd, stcrm_pandas as stcrm
frame = pd.DataFrame({"id": [1, 2], "name": ["Zebu" + "lon", None]})
grid = stcrm.edit(frame, name="calls")
grid
"""


@pytest.mark.deep
def test_saved_notebook_has_no_customer_data_and_no_javascript(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    nbclient.NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    (output,) = notebook.cells[0].outputs
    assert output.data["text/plain"] == "<Grid of calls: 2 rows, 0 changed cells>"
    assert set(output.data) == {"text/plain", "text/html"}
    saved = nbformat.writes(notebook)
    assert "widgets" not in notebook.metadata
    assert "Zebulon" not in saved
    assert "addEventListener" not in saved
    assert len(saved) < 3000
