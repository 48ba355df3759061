"""SQL over the current rows of a mirror, by DuckDB."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.contract.schemas.fields import ZERO_FOR_NULL
from stcrm_pandas.errors import UsageError, require
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.resources import mirrored_as

MEMORY = "2GB"
"""What DuckDB may take; beyond it uses files in a private folder."""
_READING = frozenset({"SELECT", "MULTI"})
"""DuckDB's kinds of statements that a query may have: reads and pivots."""


@contextlib.contextmanager
def private_duckdb(part: str = "mirror_sql") -> Iterator[Any]:
    """Yield a connection of DuckDB that writes only to a private folder, and neither installs nor loads extensions.

    Parameters
    ----------
    part : str, default 'mirror_sql'
        The part of this package that needs it (`errors.PARTS`).
    """
    require(part)
    duckdb = import_module("duckdb")
    with tempfile.TemporaryDirectory(prefix="stcrm-") as folder:  # created with mode 0700
        settings = {
            "temp_directory": folder,
            "memory_limit": MEMORY,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
        }
        with contextlib.closing(duckdb.connect(":memory:", config=settings)) as db:
            db.execute("SET enable_progress_bar = false")  # in a notebook, duckdb would show one of its own
            yield db


def named_in(query: str, resources: Iterable[str]) -> list[str]:
    """Return the resources whose names occur in a query; only these need a view."""
    return [name for name in resources if re.search(rf"\b{name}\b", query, re.IGNORECASE)]


def _file(path: Path) -> str:
    return f"read_parquet({_quoted(path)}, hive_partitioning = false)"


def _tenant(path: Path) -> str:
    """Return the tenant of a file of current rows, from the name of its folder."""
    return f"{int(path.parents[2].name.partition('=')[2])}::BIGINT"


def run(query: str, files: Mapping[str, list[Path]], *, synced: Iterable[str] = ()) -> pd.DataFrame:
    """Run a query on views of Parquet files, and return its result.

    Parameters
    ----------
    files : mapping
        The files of the current rows by resource; rows of several tenants have a column `tenant`.
    synced : iterable of str
        All resources that the mirror has, for an error. By default, those of `files`.
    """
    with private_duckdb() as db:
        for name, paths in files.items():
            # Not by Hive partitioning: a folder further up, such as "id=5", would overwrite a column.
            each = (f"SELECT *, {_tenant(path)} AS tenant FROM {_file(path)}" for path in paths)
            rows = " UNION ALL BY NAME ".join(each)
            own = ", ".join(f'"{column}"' for column in (*versions.VERSION_COLUMNS, "_seq"))
            zeros = [column.name for column in mirrored_as(name).row.columns if column.field.name in ZERO_FOR_NULL]
            nulls = ", ".join(f'nullif("{column}", 0) AS "{column}"' for column in zeros)
            replaced = f"REPLACE ({nulls})" if nulls else ""
            db.execute(
                f'CREATE VIEW "{name}" AS SELECT * EXCLUDE ({own}) {replaced} FROM ({rows}) '
                f'WHERE NOT "{versions.DELETED}"'
            )
        duckdb = import_module("duckdb")
        db.execute("SET TimeZone = 'UTC'")
        _allow_only(db, [path.absolute() for paths in files.values() for path in paths])
        try:
            if not {statement.type.name for statement in db.extract_statements(query)} <= _READING:
                raise UsageError("A query of a mirror only reads: it starts with SELECT, FROM, WITH or a similar word.")
            relation = db.sql(query)
            if relation is None:
                raise UsageError("The query is empty. Write one, such as: select * from leads")
            result: pd.DataFrame = relation.df()
        except duckdb.Error as error:
            text = _without_values(error)
            raise UsageError(f"The query failed: {text} The mirror has: {', '.join(synced or files)}.") from None
        return result


_OF_QUERY = ("Binder", "Catalog", "Not implemented", "Parser", "Permission", "Syntax")
"""DuckDB's kinds of errors that quote the query; the others may quote the value of a row."""


def _without_values(error: Exception) -> str:
    """Return DuckDB's message, without what it may quote from rows: a customer's name, say."""
    message = str(error).splitlines()[0]
    kind = message.partition(" Error:")[0]
    if kind in _OF_QUERY or "configuration has been locked" in message:
        return message
    column = re.search(r"['\"\])\w] when casting from source column (\w+)$", message)
    of = f" of the column {column[1]}" if column else ""
    return f"{kind if kind.replace(' ', '').isalpha() else 'Other'} Error: a value{of} does not fit the query."


def _allow_only(db: Any, paths: Iterable[Path]) -> None:
    """Let a connection open only some files: no others, no variables of the caller, and no way to allow them again."""
    listed = ", ".join(_quoted(path) for path in paths)
    for setting in (
        f"allowed_paths = [{listed}]",
        "python_enable_replacements = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        db.execute(f"SET {setting}")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
