"""Text files that only their owner can read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from stcrm_pandas.errors import UsageError


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
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        part.replace(place)
    except (OSError, UnicodeEncodeError) as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = error.strerror if isinstance(error, OSError) else "a text in it has an invalid character"
        raise UsageError(f"The file {str(place)!r} cannot be written: {why}.") from None
