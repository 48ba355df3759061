"""The package's notebooks, and a run of one with parameters."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from stcrm_pandas import errors
from stcrm_pandas.errors import ReportError, UsageError

__all__ = ["notebook_path", "parameters_of", "run_notebook"]

_PACKAGE = Path(str(files("stcrm_pandas")))


def notebook_path(name: str) -> Path:
    """Where a notebook of ours is: beside the package in a checkout, within it once installed.

    Raises
    ------
    ReportError
        Where there is none of that name.

    Examples
    --------
    >>> notebook_path("lead_conversion").name
    'lead_conversion.ipynb'
    """
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        if (folder / f"{name}.ipynb").is_file():
            return folder / f"{name}.ipynb"
    raise ReportError(f"The notebook {name}.ipynb is missing. Reinstall stcrm-pandas.")


def parameters_of(notebook: Path) -> list[str]:
    """The names that a notebook's cell of parameters sets.

    Examples
    --------
    >>> "since" in parameters_of(notebook_path("lead_conversion"))
    True
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    tagged = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    statements = [statement for source in tagged for statement in ast.parse(source).body]
    assigned = [one for one in statements if isinstance(one, ast.Assign)]
    return [target.id for one in assigned for target in one.targets if isinstance(target, ast.Name)]


def run_notebook(notebook: Path, parameters: Mapping[str, Any], *, environment: Mapping[str, str] | None = None) -> Any:
    """The notebook with the outputs of a run in this interpreter's own kernel.

    Parameters
    ----------
    notebook : Path
        With a cell tagged `parameters`.
    parameters : mapping
        Never a secret (they are written into the notebook); what is None stays as the notebook has it.
    environment : mapping, optional
        Variables of the notebook's process, beyond those of this one.

    Raises
    ------
    UsageError
        The notebook has no such parameter.
    ReportError
        A cell failed; it is named.
    """
    import papermill  # loads slowly
    from nbclient.exceptions import DeadKernelError

    from stcrm_pandas.report.kernel import kernel_manager

    given = {name: value for name, value in parameters.items() if value is not None}
    known = parameters_of(notebook)
    if unknown := sorted(given.keys() - set(known)):
        raise UsageError(f"{notebook.name} has no parameter {unknown[0]}. It has: {', '.join(known) or 'none'}.")
    kernels = kernel_manager(environment or {})
    try:
        return papermill.execute_notebook(
            notebook,
            None,
            parameters=given,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            kernel_manager_class=kernels,
            on_cell_execute=kernels.cell_begins,
            on_cell_executed=kernels.cell_ended,
        )
    except papermill.PapermillExecutionError as failed:
        raise _failure(notebook, failed) from None
    except DeadKernelError:
        raise ReportError(f"{notebook.name}: the notebook's Python process ended unexpectedly.") from None


def _failure(notebook: Path, failed: Any) -> ReportError:
    # Only our own messages are known to hold no customer's data.
    said = str(failed.evalue).strip().splitlines()
    known = failed.ename in errors.__all__ or failed.ename in ("ImportError", "ModuleNotFoundError")
    why = f": {said[0]}" if known and said else "; run the notebook in JupyterLab to see more"
    lines = [line for line in str(failed.source).splitlines() if line.strip() and not line.startswith("#")]
    begins = f" ({lines[0].partition('  #')[0].strip()})" if lines else ""
    return ReportError(
        f"{notebook.name}: cell {failed.exec_count}{begins} failed with {failed.ename}{why}",
        cell=failed.exec_count,
        denied=said[0] if failed.ename == errors.PermissionDenied.__name__ and said else None,
    )
