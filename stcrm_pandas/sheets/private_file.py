"""Text files that only their owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from stcrm_pandas.errors import UsageError


def write_private(path: str | Path, text: str) -> None:
    """Write a text to a file of mode 0600, replacing an earlier one at once.

    Raises
    ------
    UsageError
        There is no such folder.
    """
    place = Path(path).expanduser()
    if not place.parent.is_dir():
        raise UsageError(f"The folder {str(place.parent)!r} does not exist, so {place.name} was not written.")
    part = place.with_name(f".{place.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(
        os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8", newline=""
    ) as file:
        file.write(text)
    part.replace(place)
