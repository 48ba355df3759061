"""The kernel of a report: always the interpreter that makes it.

A kernel that is registered as `python3` for the user may belong to another environment, without this package.
"""

from __future__ import annotations

from typing import Any

import zmq
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

__all__ = ["OwnKernelManager"]


class _OwnKernelSpecs(KernelSpecManager):
    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        # ipykernel's own words, with the path of this interpreter
        own = get_kernel_dict()
        # Figures as data: the page brings its own plotly.js.
        return KernelSpec(**{**own, "env": {**own.get("env", {}), "PLOTLY_RENDERER": "plotly_mimetype"}})


class OwnKernelManager(AsyncKernelManager):
    """Starts the running interpreter, whatever kernels are registered."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kernel_spec_manager = _OwnKernelSpecs(parent=self)
        # Rows pass between the two processes: in cipher, where the installed versions can.
        if self.has_trait("transport_encryption") and zmq.has("curve"):
            self.transport_encryption = "auto"
