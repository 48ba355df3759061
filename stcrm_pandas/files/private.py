"""Folders and files that only their owner can read, whatever the umask."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from stcrm_pandas.errors import UsageError


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can read, and each parent that does not exist, whatever the umask."""
    for path in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        path.mkdir(mode=0o700, exist_ok=True)


def open_new(path: Path) -> BinaryIO:
    """Open a new file that only its owner can read, for reading and writing.

    Raises
    ------
    FileExistsError
        There is a file.
    """
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")


def create_private(path: Path) -> None:
    """Create an empty file that only its owner can read, since SQLite would create it readable by others.

    An existing file is not opened: closing it would release SQLite's locks on it in this process.

    Raises
    ------
    FileExistsError
        There is a file.
    """
    open_new(path).close()


def write_private(path: str | Path, text: str) -> None:
    """Write a text to a file of mode 0600, replacing an earlier one at once.

    Raises
    ------
    UsageError
        There is no such folder, the file cannot be written, or the text has half of a character (a lone surrogate).
    """
    place = Path(path).expanduser()
    if not place.parent.is_dir():
        raise UsageError(f"The folder {str(place.parent)!r} does not exist, so {place.name} was not written.")
    part = place.with_name(f".{place.name}.part")
    try:
        content = text.encode()
        part.unlink(missing_ok=True)
        with open_new(part) as file:
            file.write(content)
        part.replace(place)
    except (OSError, UnicodeEncodeError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) else "a text in it has an invalid character"
        raise UsageError(f"The file {str(place)!r} cannot be written: {why}.") from None
