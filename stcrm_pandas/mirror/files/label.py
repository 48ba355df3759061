"""What a file of a mirror notes about itself, so that a file in the wrong place is an error."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from types import NoneType

from stcrm_pandas.mirror.files.sealed import DamagedFile, Footer, reading_notes

_LABEL = b"stcrm_mirror"
FORMAT = 1
"""The version of the files. Those of before have no checksums, and no label."""


class NewerFile(DamagedFile):
    """A newer version of this package wrote the file."""


@dataclass(frozen=True)
class Label:
    """What a file notes about itself.

    Parameters
    ----------
    tenant, resource : str
        Where it belongs.
    after : str, optional
        The digest of the file before it.
    same_as : str, optional
        The digest of the last file whose commits it has, if it was merged from several.
    format : int
        The version of the files.
    """

    tenant: str
    resource: str
    after: str | None = None
    same_as: str | None = None
    format: int = FORMAT

    def stored(self) -> dict[bytes, bytes]:
        """Return it as metadata of a file."""
        return {_LABEL: json.dumps(asdict(self)).encode()}


def label_of(footer: Footer, here: Label, columns: Collection[str]) -> Label:
    """Return the label of a file that belongs to the same tenant and resource as another label.

    A file of an earlier version has none. It must have some columns.

    Raises
    ------
    DamagedFile
        The file belongs to another tenant or resource, or is not a file of a mirror.
    NewerFile
        A newer version wrote it.
    """
    stored = footer.about.get(_LABEL)
    if stored is None:
        if footer.content is not None or not set(columns) <= set(footer.parquet.schema.to_arrow_schema().names):
            raise DamagedFile("it is not a file of this resource of a mirror")
        return replace(here, after=None, same_as=None, format=0)
    with reading_notes("label"):
        noted = json.loads(stored)
        if noted.get("format", 0) > FORMAT:
            raise NewerFile("a newer version wrote it")
        label = Label(**noted)
        if not all(isinstance(digest, (str, NoneType)) for digest in (label.after, label.same_as)):
            raise TypeError
    if (label.tenant, label.resource) != (here.tenant, here.resource):
        raise DamagedFile(f"it has {label.resource} of tenant {label.tenant}")
    return label
