"""Sources of settings, and how much each is trusted: an argument, the environment, a `.env` file, which `init` writes.

A `.env` file is in the working folder or its project, which somebody else may control: it can name a tenant, but it
cannot send a secret from another source to another address, allow writes, or move the journals. For secrets from
another source, it can neither say where links lead nor where the rows that were read are stored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from enum import IntEnum
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream
from pydantic_settings import DotEnvSettingsSource

from stcrm_pandas.errors import SettingsError, StcrmWarning, notify
from stcrm_pandas.files.private import replacing

ENV_FILE = ".env"
PROJECT_ROOT = (".git", ".hg", "pyproject.toml")
"""What marks the root folder of a project."""
NOT_FROM_FILE = ("allow_writes", "state_dir")
"""Settings that a `.env` file cannot set."""
WITH_SECRETS = ("service_url", "cache_dir")
"""Settings that a `.env` file can set only if it could also set an address: the secrets are in the same file."""
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
    """A `.env` file, if it is the user's own; its values are not interpolated."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        values = {name.lower(): value for name, value in _values(file_path).items() if value}
        return {name: value for name, value in values.items() if name not in _REFUSED}


def env_file() -> Path | None:
    """Return the `.env` file of the working folder, or else of its nearest parent up to the root of the project.

    Without a project, only the working folder is searched. The search ends at a parent of another user.
    """
    try:
        working = Path.cwd()
    except FileNotFoundError:  # it was deleted
        return None
    folders = [working, *working.parents]
    marked = [any(os.path.exists(folder / mark) for mark in PROJECT_ROOT) for folder in folders]
    root = marked.index(True) if True in marked else 0
    for folder in folders[: root + 1]:
        if folder != working and not is_own(folder):
            return None
        if os.path.isfile(folder / ENV_FILE):
            return folder / ENV_FILE
    return None


def is_own(path: Path) -> bool:
    """Return whether a file, and a link to it, belong to the user who runs this process."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        return {path.lstat().st_uid, path.stat().st_uid} == {os.geteuid()}
    except OSError:
        return False


def _values(path: Path) -> Mapping[str, str | None]:
    if not is_own(path):
        return {}
    with path.open(encoding="utf-8-sig") as file:  # Windows editors may write a byte order mark
        if hasattr(os, "geteuid") and os.fstat(file.fileno()).st_uid != os.geteuid():
            return {}  # another user has just replaced it
        # Without interpolation: ${NAME} could put any environment variable into what is sent.
        return dotenv_values(stream=file, interpolate=False)


def notify_of_file() -> None:
    """Warn about a `.env` file that is not read, and about settings in it that are ignored."""
    path = env_file()
    if path is None:
        return
    if not is_own(path):
        notify(
            f"The file {path} belongs to another user, so it is not read. If you trust it, "
            "replace it with your own copy.",
            StcrmWarning,
        )
        return
    for name in NOT_FROM_FILE:
        if any(value and key.lower() == f"stcrm_{name}" for key, value in _values(path).items()):
            notify_of_ignored(name, "a .env file may come from somebody else")


def notify_of_ignored(name: str, reason: str) -> None:
    """Warn about a setting in the `.env` file that is ignored."""
    notify(
        f"STCRM_{name.upper()} in {env_file()} is ignored, because {reason}. Set it in the environment, or pass "
        f"{name}=… to connect().",
        StcrmWarning,
    )


def other_lines(path: Path, names: Collection[str]) -> str:
    """Return the text of a `.env` file without some variables; empty if there is no file.

    Raises
    ------
    SettingsError
        The file belongs to another user, is a broken link, or is not UTF-8 text.
    """
    if not os.path.lexists(path):
        return ""
    if not is_own(path):
        raise SettingsError(f"{path} belongs to another user, or is a broken link, so settings are not written to it.")
    try:
        with path.open(encoding="utf-8-sig") as file:
            entries = [entry for entry in parse_stream(file) if (entry.key or "").upper() not in names]
    except UnicodeDecodeError:
        raise SettingsError(f"The file {path} is not UTF-8 text. Save it in that encoding.") from None
    return "".join(entry.original.string for entry in entries)


def write_env_file(path: Path, kept: str, values: Mapping[str, str]) -> None:
    """Write a `.env` file with mode 0600: some text, then variables.

    Parameters
    ----------
    path : Path
        The file, or a link to it.
    kept : str
        The text to keep, from `other_lines`.
    values : mapping
        The values by variable, such as STCRM_TENANT.
    """
    if kept and not kept.endswith("\n"):
        kept += "\n"
    with replacing(path.resolve()) as file:
        file.write((kept + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items())).encode())


def _quoted(value: str) -> str:
    r"""Return a value as a `.env` file writes it.

    >>> print(_quoted("America/Chicago"), _quoted("it's #1"))
    America/Chicago 'it\'s #1'
    """
    if re.fullmatch(r"[\w./:+-]*", value, re.ASCII):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
