"""Write settings to a `.env` file that only the user can read."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path

from dotenv.parser import parse_stream

from stcrm_pandas.errors import SettingsError
from stcrm_pandas.settings.sources import is_own

__all__ = ["other_lines", "write_env_file"]


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
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".env.")  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(kept + "".join(f"{name}={_quoted(value)}\n" for name, value in values.items()))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _quoted(value: str) -> str:
    r"""Return a value as a `.env` file writes it.

    >>> print(_quoted("America/Chicago"), _quoted("it's #1"))
    America/Chicago 'it\'s #1'
    """
    if re.fullmatch(r"[\w./:+-]*", value, re.ASCII):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
