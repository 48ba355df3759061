"""The notebooks of this package, and how to run one with parameters."""

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
    """Return the path of a notebook of this package.

    Parameters
    ----------
    name : str
        The name of the notebook, without `.ipynb`: "lead_conversion".

    Returns
    -------
    Path
        The path, in the installed package or in the repository.

    Raises
    ------
    ReportError
        There is no notebook of that name.

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
    """Return the names of the parameters of a notebook, from its cells tagged `parameters`.

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
    """Run a notebook in a kernel of this Python interpreter, and return it with its outputs.

    Parameters
    ----------
    notebook : Path
        The notebook to run. It needs a cell tagged `parameters`.
    parameters : mapping
        The values of its parameters by name; None keeps the notebook's own value. They are stored in the notebook, so
        never pass a secret.
    environment : mapping, optional
        Environment variables for the notebook's process, in addition to those of this process.

    Returns
    -------
    NotebookNode
        The notebook with the outputs of the run.

    Raises
    ------
    UsageError
        The notebook has no such parameter.
    ReportError
        A cell failed; the message names it.
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
