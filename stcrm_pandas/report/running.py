"""The notebooks of this package: where they are, how one or several are run, and how a notebook reads."""

from __future__ import annotations

import ast
import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.utils import run_sync  # type: ignore[attr-defined]
from traitlets import Dict

from stcrm_pandas import errors
from stcrm_pandas.analysis.base.display import missing
from stcrm_pandas.errors import MirrorError, PermissionDenied, ReportError, UsageError

P = ParamSpec("P")
T = TypeVar("T")

_PACKAGE = Path(str(files("stcrm_pandas")))
_READS = "reads"
"""The tag of the cell of a notebook that reads what other notebooks may need as well."""


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
    assignments = [statement for statement in statements if isinstance(statement, ast.Assign)]
    return [target.id for line in assignments for target in line.targets if isinstance(target, ast.Name)]


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
    return _Runs(environment or {}).run(notebook, parameters)


def run_side_by_side(
    runs: Mapping[str, tuple[Path, Mapping[str, Any]]], environment: Mapping[str, str]
) -> dict[str, Any]:
    """Run notebooks at the same time, each in a kernel of its own.

    Only one at a time runs its cell with the tag `reads`, so that what several read is read once, and then is in their
    common cache.

    Parameters
    ----------
    runs : mapping
        Name to notebook and parameters.
    environment : mapping
        Environment variables for the processes of the notebooks.

    Returns
    -------
    dict
        The notebook with its outputs by name; for one that failed because a scope is missing, its `ReportError`.

    Raises
    ------
    ReportError
        A cell failed for another reason. The other notebooks are stopped.
    """
    shared = _Runs(environment)
    results: dict[str, Any] = {}
    with ThreadPoolExecutor(len(runs)) as pool:
        try:
            names = {pool.submit(shared.run_in_thread, *run): name for name, run in runs.items()}
            for future in as_completed(names):
                try:
                    results[names[future]] = future.result()
                except ReportError as failed:
                    if failed.denied is None:
                        raise
                    results[names[future]] = failed
        except BaseException:
            shared.stop()
            raise
    return {name: results[name] for name in runs}


class _Stopped(BaseException):
    """Another notebook failed, or the user interrupted the run."""


async def _event_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


class _Runs:
    """Runs of notebooks that share an environment, and of which one at a time reads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._reading = threading.Lock()
        self._stopped = threading.Event()
        self._kernels: list[OwnKernelManager] = []

    def run_in_thread(self, notebook: Path, parameters: Mapping[str, Any]) -> Any:
        """Run one notebook in a thread that ends after it, with the event loop of that thread."""
        with closing(run_sync(_event_loop)()):
            return self.run(notebook, parameters)

    def run(self, notebook: Path, parameters: Mapping[str, Any]) -> Any:
        """Run one notebook, and return it with its outputs."""
        import papermill  # loads slowly
        from nbclient.exceptions import DeadKernelError

        kept = {name: value for name, value in parameters.items() if value is not None}
        known = parameters_of(notebook)
        if unknown := sorted(kept.keys() - set(known)):
            raise UsageError(f"{notebook.name} has no parameter {unknown[0]}. It has: {', '.join(known) or 'none'}.")
        made = {"environment": self._environment, "started": self._kernels}
        kernel: type[OwnKernelManager] = type("OwnKernelManager", (OwnKernelManager,), made)
        reads = False

        def cell_begins(*, cell: Any, **_: Any) -> None:
            nonlocal reads
            if _READS in cell.metadata.get("tags", ()):
                reads = self._reading.acquire()
            if self._stopped.is_set():
                raise _Stopped
            kernel.in_cell = True

        def cell_ended(**_: Any) -> None:
            nonlocal reads
            kernel.in_cell = False
            if reads:
                self._reading.release()
                reads = False

        try:
            return papermill.execute_notebook(
                notebook,
                None,
                parameters=kept,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                kernel_manager_class=kernel,
                on_cell_execute=cell_begins,
                on_cell_executed=cell_ended,
            )
        except papermill.PapermillExecutionError as failed:
            raise _failure(notebook, failed) from None
        except DeadKernelError:
            raise ReportError(f"{notebook.name}: the notebook's Python process ended unexpectedly.") from None
        finally:
            if reads:
                self._reading.release()

    def stop(self) -> None:
        """Interrupt the cells that are running; no further one begins."""
        self._stopped.set()
        for kernel in self._kernels:
            if kernel.in_cell and isinstance(kernel.provisioner, LocalProvisioner) and kernel.provisioner.pid:
                with suppress(ProcessLookupError):
                    os.kill(kernel.provisioner.pid, signal.SIGINT)


class OwnKernelSpecs(KernelSpecManager):
    """The interpreter that is running: one that is registered as `python3` may belong to another environment."""

    environment = Dict()  # of the notebook's process, beyond our own

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        own = get_kernel_dict()  # with the path of this interpreter
        # The working folder may be anybody's: no module in it is imported, neither to start the kernel (-P) nor by the
        # notebook (IPython before 9.7 ignores -P). The launcher would drop the folder from sys.path even if PYTHONPATH
        # names it, and a package in it would not be found.
        program, *rest = [word.replace("ipykernel_launcher", "ipykernel") for word in own["argv"]]
        own["argv"] = [program, "-P", *rest, "--InteractiveShellApp.ignore_cwd=True"]
        # Figures as data: the page brings its own plotly.js.
        ours = {**own.get("env", {}), "PLOTLY_RENDERER": "plotly_mimetype", **self.environment}
        return KernelSpec(**{**own, "env": ours})


class OwnKernelManager(AsyncKernelManager):
    """A manager that starts the interpreter that is running, no matter which kernels are registered."""

    environment: Mapping[str, str] = {}
    started: ClassVar[list[OwnKernelManager]] = []
    in_cell = False
    """Whether a cell runs: only then does an interrupt reach it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.started.append(self)
        self.kernel_spec_manager = OwnKernelSpecs(parent=self, environment=dict(self.environment))
        # Rows pass between the two processes: in cipher, where the installed versions can.
        if self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"

    async def _async_interrupt_kernel(self) -> None:
        # jupyter_client interrupts each kernel before it ends it. One that waits for work reports that as an error:
        # "KeyboardInterrupt caught in kernel." It needs no interrupt to end.
        if self.in_cell or not self.shutting_down:
            await super()._async_interrupt_kernel()


class Reads:
    """Reads of a report, which list what could not be read.

    A read is left out if the application lacks the scope for it, or if the mirror does not have the resource. `missing`
    maps the name of each such read to the missing scope (to an empty text for a mirror). A notebook displays them as a
    note.

    Examples
    --------
    >>> reads = Reads()
    >>> reads.optional("jobs", lambda **filters: "a frame", created_on_or_after=None)
    'a frame'
    >>> reads.missing
    {}
    """

    def __init__(self) -> None:
        self.missing: dict[str, str] = {}

    def optional(self, what: str, read: Callable[P, T], *args: P.args, **filters: P.kwargs) -> T | None:
        """Return the result of a read, or None if its scope is missing or the mirror does not have it.

        Parameters
        ----------
        what : str
            What is read, for the note: "jobs".
        read : callable
            The method that reads it, such as `crm.lookups.jobs.list`.
        *args, **filters
            The arguments of the method.

        Returns
        -------
        object
            What the method returned, or None. Other errors are raised.
        """
        try:
            return read(*args, **filters)
        except PermissionDenied as denied:
            self.missing[what] = denied.scope or "a scope"
        except MirrorError:
            self.missing[what] = ""
        return None

    def _repr_html_(self) -> str:
        return missing(self.missing)


def _failure(notebook: Path, failed: Any) -> ReportError:
    # Only our own messages are known to hold no customer's data.
    message = str(failed.evalue).strip().splitlines()
    known = failed.ename in errors.__all__ or failed.ename in ("ImportError", "ModuleNotFoundError")
    why = f": {message[0]}" if known and message else "; run the notebook in JupyterLab to see more"
    lines = [line for line in str(failed.source).splitlines() if line.strip() and not line.startswith("#")]
    begins = f" ({lines[0].partition('  #')[0].strip()})" if lines else ""
    return ReportError(
        f"{notebook.name}: cell {failed.exec_count}{begins} failed with {failed.ename}{why}",
        cell=failed.exec_count,
        denied=message[0] if failed.ename == errors.PermissionDenied.__name__ and message else None,
    )
