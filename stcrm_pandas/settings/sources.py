"""Where settings come from, and how far each source is trusted: an argument, the environment, a `.env` file.

A `.env` lies in the working folder, which may be anybody's: it can name a tenant, but not send away a secret that came
from elsewhere, allow writes, or hide the journals.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from dotenv import dotenv_values
from pydantic_settings import DotEnvSettingsSource

from stcrm_pandas.errors import StcrmWarning, notify

__all__ = ["ENV_FILE", "NOT_FROM_FILE", "OwnEnvFile", "Source", "notify_of_file"]

ENV_FILE = ".env"
NOT_FROM_FILE = ("allow_writes", "state_dir")
"""Settings that a `.env` file cannot set."""
_REFUSED = frozenset(f"stcrm_{name}" for name in NOT_FROM_FILE)


class Source(IntEnum):
    """A source of settings; a higher one is trusted more."""

    NONE = 0
    FILE = 1
    ENVIRONMENT = 2
    ARGUMENT = 3

    @property
    def words(self) -> str:
        """The source as messages name it."""
        return ("nowhere", "the .env file", "the environment", "connect(…)")[self]


class OwnEnvFile(DotEnvSettingsSource):
    """The `.env` file of the working folder, if it is the user's own; its values are taken as they stand."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        found = {name.lower(): value for name, value in _values(file_path).items() if value}
        return {name: value for name, value in found.items() if name not in _REFUSED}


def is_own(path: Path) -> bool:
    """Return whether a file, and a link that leads to it, belong to the user who runs this process."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        return {path.lstat().st_uid, path.stat().st_uid} == {os.geteuid()}
    except OSError:
        return False


def _values(path: Path) -> Mapping[str, str | None]:
    if not is_own(path):
        return {}
    with path.open(encoding="utf-8-sig") as file:  # editors of Windows begin a file with a mark of three bytes
        if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
            return {}  # another user exchanged it just now
        # Without interpolation: ${NAME} would put any variable of the environment into what is sent.
        return dotenv_values(stream=file, interpolate=False)


def notify_of_file() -> None:
    """Warn of a `.env` file that is not read, and of settings in it that are not taken from there."""
    path = Path(ENV_FILE)
    if not path.is_file():
        return
    if not is_own(path):
        notify(
            f"The file {path.absolute()} belongs to another user, so it is not read. If you trust it, copy it: "
            "the copy is yours.",
            StcrmWarning,
        )
        return
    for name in sorted(name.upper() for name, value in _values(path).items() if value and name.lower() in _REFUSED):
        notify(
            f"{name} in {path.absolute()} is not taken from a .env file, which may be anybody's. Set it in the "
            f"environment, or give {name.removeprefix('STCRM_').lower()}=… to connect().",
            StcrmWarning,
        )
