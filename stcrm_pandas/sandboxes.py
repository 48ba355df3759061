"""The sandboxes that this process runs, one per state file, and the one that its parent runs for it."""

from __future__ import annotations

import atexit
import dataclasses
import json
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, cast

from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.settings.connection import read_served_sandbox

if TYPE_CHECKING:
    from stcrm_pandas.sandbox import Sandbox

SERVED_SANDBOX = "STCRM_SERVED_SANDBOX"
"""The environment variable with the sandbox that the parent of this process runs for it, as JSON."""


@dataclass(frozen=True)
class ServedSandbox:
    """The sandbox of a state file that another process runs: what `connect` needs to know of it."""

    state: str
    api_url: str
    auth_url: str
    tenant: int
    client_id: str
    client_secret: str
    app_key: str
    sandbox_id: str
    time_zone: str
    dismissing_reasons: Mapping[int, str]
    started: ClassVar[bool] = True

    @classmethod
    def of(cls, sandbox: Sandbox) -> Self:
        """Return what another process needs to know of a sandbox that runs."""
        return cls(
            state=_name_of(sandbox.state or True),
            time_zone=sandbox.time_zone,
            dismissing_reasons=sandbox.dismissing_reasons,
            **sandbox.connection(),
        )

    @classmethod
    def from_environment(cls) -> Self | None:
        """Return the sandbox that the parent of this process runs, or None."""
        text = read_served_sandbox()
        if not text:
            return None
        about = json.loads(text)
        return cls(
            **about | {"dismissing_reasons": {int(id): name for id, name in about["dismissing_reasons"].items()}}
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment variable for a process that is to connect to it."""
        return {SERVED_SANDBOX: json.dumps(dataclasses.asdict(self))}


_lock = threading.Lock()
_sandboxes: dict[str, Sandbox] = {}
_folders: dict[str, tempfile.TemporaryDirectory[str]] = {}


def get_or_start_sandbox(state: bool | str | Path, progress: Progress) -> Sandbox:
    """Return the sandbox of this process or of a state file. It is started once and stops when the process ends."""
    from stcrm_pandas.sandbox import Sandbox

    name = _name_of(state)
    served = ServedSandbox.from_environment()
    if served is not None and served.state == name:
        return cast("Sandbox", served)
    with _lock:
        if name not in _sandboxes:
            sandbox = Sandbox(state=name or None)
            start_sandbox(sandbox, progress)
            _sandboxes[name] = sandbox
            atexit.register(sandbox.stop)
        return _sandboxes[name]


def _name_of(state: bool | str | Path) -> str:
    return "" if state is True else str(Path(str(state)).resolve())


def start_sandbox(sandbox: Sandbox, progress: Progress) -> None:
    """Start a sandbox with a progress bar, because creating a demo company takes a while."""
    if sandbox.started:
        return
    with progress.bar("demo company") as bar:
        sandbox.start(bar.made)


def temporary_folder(sandbox: Sandbox) -> Path:
    """Return a temporary folder for a sandbox without a state file; it is removed when the process ends."""
    with _lock:
        if sandbox.sandbox_id not in _folders:
            _folders[sandbox.sandbox_id] = tempfile.TemporaryDirectory(prefix="stcrm-")
        return Path(_folders[sandbox.sandbox_id].name)
