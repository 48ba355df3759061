"""The kernel of a report: always the interpreter that makes it.

A kernel that is registered as `python3` for the user may belong to another environment, without this package.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from traitlets import Dict

__all__ = ["OwnKernelManager", "kernel_manager"]


class _OwnKernelSpecs(KernelSpecManager):
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

    added: Mapping[str, str] = {}
    in_cell = False

    @classmethod
    def cell_begins(cls, **_: Any) -> None:
        """Note that a cell runs, because only then does an interrupt reach it."""
        cls.in_cell = True

    @classmethod
    def cell_ended(cls, **_: Any) -> None:
        """Note that no cell is running."""
        cls.in_cell = False

    async def _async_interrupt_kernel(self) -> None:
        # jupyter_client interrupts each kernel before it ends it. One that waits for work reports that as an error:
        # "KeyboardInterrupt caught in kernel." It needs no interrupt to end.
        if self.in_cell or not self.shutting_down:
            await super()._async_interrupt_kernel()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernel_spec_manager = _OwnKernelSpecs(parent=self, environment=dict(self.added))
        # Rows pass between the two processes: in cipher, where the installed versions can.
        if self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"


def kernel_manager(environment: Mapping[str, str]) -> type[OwnKernelManager]:
    """Return a class of kernel managers whose kernels also have these environment variables."""
    return type("OwnKernelManager", (OwnKernelManager,), {"added": dict(environment)})
