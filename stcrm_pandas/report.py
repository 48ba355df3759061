"""Reports: a notebook, run with parameters, as one HTML file that opens without a network.

The heavy parts (papermill, nbconvert, plotly) are loaded when a report is made.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from stcrm_pandas import errors
from stcrm_pandas.errors import PermissionDenied, ReportError, UsageError

__all__ = ["Reads", "lead_conversion_report", "notebook_path", "run_notebook", "write_report"]

P = ParamSpec("P")
T = TypeVar("T")

_PACKAGE = Path(str(files("stcrm_pandas")))
_PLOTLY = "application/vnd.plotly.v1+json"


class Reads:
    """The reads of a report: one that a missing scope forbids is left out, and said.

    In a notebook the object shows what is missing, or nothing.

    >>> reads = Reads()
    >>> reads.optional("jobs", lambda **filters: "a frame", created_on_or_after=None)
    'a frame'
    >>> reads.missing
    {}
    """

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}

    def optional(self, what: str, read: Callable[P, T], *args: P.args, **filters: P.kwargs) -> T | None:
        """What the read gives, or None where the application may not read it; every other error is raised."""
        try:
            return read(*args, **filters)
        except PermissionDenied as denied:
            self.missing[what] = denied.scope or "a scope"
            return None

    def _repr_html_(self) -> str:
        if not self.missing:
            return ""
        items = "".join(
            f"<li>No {escape(what)}: the application lacks the scope <code>{escape(scope)}</code>.</li>"
            for what, scope in self.missing.items()
        )
        return f'<div class="stcrm-missing"><p>Part of the data could not be read.</p><ul>{items}</ul></div>'


def lead_conversion_report(
    out: str | Path,
    *,
    sandbox: bool | str | Path = False,
    since: str | None = None,
    until: str | None = None,
    time_zone: str | None = None,
) -> Path:
    """Make the report on lead conversion.

    Parameters: `out`, the HTML file to write, in a folder that exists; `sandbox`, True for the made-up company or the
    path of a sandbox's state file, else the connection that the environment names; `since` and `until`, the first
    day of leads to take in and the first to leave out; `time_zone`, the company's, where it is not set in the
    environment.
    Returns: the path of the file.
    Raises: UsageError where the folder is missing; ReportError where a cell of the notebook failed: then there is
    no new file, and one that was there before is as it was.

        lead_conversion_report("leads.html", since="2026-01-01", time_zone="America/Chicago")
    """
    place = Path(sandbox).resolve() if isinstance(sandbox, str | Path) else sandbox
    parameters = {
        "sandbox": str(place) if isinstance(place, Path) else place,
        "since": since,
        "until": until,
        "time_zone": time_zone,
        "progress": False,
    }
    return write_report(notebook_path("lead_conversion"), out, parameters)


def notebook_path(name: str) -> Path:
    """Where a notebook of ours is: beside the package in a checkout, within it once installed.

    Raises: ReportError where there is none of that name.

    >>> notebook_path("lead_conversion").name
    'lead_conversion.ipynb'
    """
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        if (folder / f"{name}.ipynb").is_file():
            return folder / f"{name}.ipynb"
    raise ReportError(f"the notebook {name}.ipynb is not installed: install stcrm-pandas again")


def write_report(notebook: Path, out: str | Path, parameters: Mapping[str, Any]) -> Path:
    """Run a notebook with parameters and leave it as one HTML file, whole or not at all.

    Parameters: the notebook, with a cell tagged `parameters`; the file; the parameters, never a secret (they are
    written into the notebook).
    """
    path = Path(out).absolute()
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write the report into")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the file to write")
    page = _page(run_notebook(notebook, parameters))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as part:
            part.write(page)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def run_notebook(notebook: Path, parameters: Mapping[str, Any]) -> Any:
    """The notebook with the outputs of a run in this interpreter's own kernel.

    Raises: ReportError naming the cell that failed.
    """
    import papermill  # loads slowly
    from nbclient.exceptions import DeadKernelError

    from stcrm_pandas.report_kernel import OwnKernelManager

    try:
        return papermill.execute_notebook(
            notebook,
            None,
            parameters=dict(parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            kernel_manager_class=OwnKernelManager,
        )
    except papermill.PapermillExecutionError as failed:
        raise _failure(notebook, failed) from None
    except DeadKernelError:
        raise ReportError(f"{notebook.name}: the Python of the notebook ended in the middle of it") from None


def _failure(notebook: Path, failed: Any) -> ReportError:
    # Only our own messages are known to hold no customer's data.
    said = str(failed.evalue).strip().splitlines()
    known = failed.ename in errors.__all__ or failed.ename in ("ImportError", "ModuleNotFoundError")
    why = f": {said[0]}" if known and said else "; run the notebook in JupyterLab to see more"
    lines = [line for line in str(failed.source).splitlines() if line.strip() and not line.startswith("#")]
    begins = f" ({lines[0].strip()})" if lines else ""
    return ReportError(
        f"{notebook.name}: cell {failed.exec_count}{begins} failed with {failed.ename}{why}", cell=failed.exec_count
    )


def _page(notebook: Any) -> str:
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from plotly.offline import get_plotlyjs

    def markdown(source: str) -> str:
        return str(MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source))

    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_name="report_template",
        extra_template_basedirs=[str(_PACKAGE)],
        file_extension=".html",
        filters={"markdown": markdown, "in_script": _in_script},
    )
    assets = {name: (_PACKAGE / "report_template" / name).read_text("utf-8") for name in ("report.css", "report.js")}
    drawn = any(_PLOTLY in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))
    page, _ = exporter.from_notebook_node(
        notebook,
        resources={
            "title": _title(notebook),
            "style": assets["report.css"],
            "script": assets["report.js"],
            "plotly": get_plotlyjs() if drawn else "",
            "figure_type": _PLOTLY,
        },
    )
    return str(page)


def _in_script(value: Any) -> str:
    """JSON that no HTML parser takes for the end of its script."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _title(notebook: Any) -> str:
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("# "):
                return str(line[2:].strip())
    return "Report"
