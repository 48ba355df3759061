"""Rows of many tenants in one folder of Parquet files under `tenant=…/`, for other engines."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.arrow import arrow_type, to_arrow
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import StcrmWarning, UsageError, notify

__all__ = ["read_tenants", "write_tenant"]

_MARK = b"stcrm"
_COLUMN = "tenant"


def write_tenant(frame: pd.DataFrame, folder: str | Path) -> Path:
    """Write a tenant's frame to `folder/tenant=<number>/<row type>.parquet`.

    An earlier file of the same tenant and row type is replaced atomically. Lists are stored as Parquet lists, and
    records and custom fields are stored as structs with the API's names. An undocumented column that Parquet cannot
    store is left out with a warning. The tenant is in the folder name, not in the file.

    Parameters
    ----------
    frame : DataFrame
        A frame from a read, whose `attrs` contain the tenant and the resource.
    folder : str or Path
        The folder for all tenants. It is created if it does not exist.

    Returns
    -------
    Path
        The path of the file. Only its owner can read the file and its folder.

    Raises
    ------
    UsageError
        The frame's `attrs` contain no tenant, or the frame contains rows of several tenants.

    Examples
    --------
    >>> import tempfile
    >>> path = write_tenant(crm.leads.list(), tempfile.mkdtemp())
    >>> path.parent.name == f"tenant={sandbox.tenant}", path.name
    (True, 'leads.parquet')
    """
    about = frame.attrs.get("stcrm")
    if not isinstance(about, Mapping) or about.get("tenant") is None:
        raise UsageError(
            "The frame does not name its tenant (attrs['stcrm']). Write a frame as read. After a merge, restore the "
            "attributes with frame.attrs = read.attrs."
        )
    tenant = int(about["tenant"])
    if _COLUMN in frame and not frame[_COLUMN].eq(tenant).all():
        raise UsageError(
            f"The column tenant has tenants other than {tenant}, where the rows were read. Write one frame per tenant."
        )
    operation = OPERATIONS.get(str(about.get("operation")))
    row = None if operation is None else operation.row
    table = _table(frame.drop(columns=_COLUMN, errors="ignore"), row)
    place = Path(folder).expanduser() / f"{_COLUMN}={tenant}"
    for each in (place.parent, place):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = place / f"{str(about['resource']).rpartition('.')[2] if row is None else row.name}.parquet"
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            marked = table.replace_schema_metadata({_MARK: json.dumps(dict(about), default=str)})
            pa.parquet.write_table(marked, file, compression="zstd")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def read_tenants(folder: str | Path) -> pd.DataFrame:
    """Return the contents of a folder of tenants, one row per file.

    Parameters
    ----------
    folder : str or Path
        The folder given to `write_tenant`.

    Returns
    -------
    DataFrame
        One row per file: `tenant` (Int64), `rows_of` ("leads", "jobs" …), `rows` (their number), `fetched_at` (UTC, of
        the oldest page), `complete`, `environment`, `filters` (as text) and `path`, ordered by `rows_of` and `tenant`.
        Use the earliest `fetched_at` as `as_of` in an analysis of all tenants.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> _ = write_tenant(crm.leads.list(), folder)
    >>> read_tenants(folder)[["rows_of", "complete"]].values.tolist()
    [['leads', True]]
    """
    found = [_file_row(path) for path in sorted(Path(folder).expanduser().glob(f"{_COLUMN}=*/*.parquet"))]
    table = pd.DataFrame(found, columns=["tenant", "rows_of", "rows", "fetched_at", "complete", *_TEXTS])
    dtypes = {
        "tenant": "Int64",
        "rows": "Int64",
        "complete": "boolean",
        "rows_of": "str",
        **dict.fromkeys(_TEXTS, "str"),
    }
    fetched = pd.Series(pd.to_datetime(table["fetched_at"], utc=True), dtype="datetime64[us, UTC]")
    return table.astype(dtypes).assign(fetched_at=fetched).sort_values(["rows_of", "tenant"], ignore_index=True)


_TEXTS = ("environment", "filters", "path")


def _file_row(path: Path) -> list[Any]:
    file = pa.parquet.read_metadata(path)
    about = json.loads((file.metadata or {}).get(_MARK, b"{}"))
    filters = ", ".join(f"{name} {value}" for name, value in about.get("filters", {}).items())
    tenant = int(path.parent.name.partition("=")[2])
    known = [about.get("fetched_at"), about.get("complete"), about.get("environment"), filters]
    return [tenant, path.stem, file.num_rows, *known, str(path)]


def _table(frame: pd.DataFrame, row: Row | None) -> pa.Table:
    known = {} if row is None else {column.name: column.field for column in row.columns}
    arrays, lost = {}, []
    for name, cells in frame.items():
        field = known.get(str(name))
        try:
            if field is None:
                arrays[str(name)] = pa.array(cells, from_pandas=True)
            else:
                arrays[str(name)] = (
                    to_arrow(field, list(cells)) if field.many else pa.array(cells, arrow_type(field), from_pandas=True)
                )
        except pa.ArrowException:
            lost.append(str(name))
    if lost:
        notify(f"These columns were left out because Parquet cannot store them: {', '.join(lost)}.", StcrmWarning)
    return pa.table(arrays)
