"""Write a frame to a table of a database."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from stcrm_pandas.contract.schemas.list_dtype import ListDtype
from stcrm_pandas.errors import UsageError
from stcrm_pandas.sheets.text import any_json, json

__all__ = ["to_sql"]


def to_sql(
    frame: pd.DataFrame,
    name: str,
    connection: Any,
    *,
    schema: str | None = None,
    if_exists: Literal["fail", "replace", "append"] = "fail",
    dtype: Any = None,
    chunksize: int | None = None,
) -> int | None:
    """Write a frame to a table of a database, with lists and records as JSON text.

    It works like `DataFrame.to_sql`, but accepts frames with lists. Databases read the text with their JSON functions,
    such as `json_each` in SQLite. Records have the API's names: `[{"typeId":7,"name":"Gate code","value":"12"}]`. The
    index is not written.

    Parameters
    ----------
    frame : DataFrame
        Any frame: from a read, a merge, an analysis and so on.
    name : str
        The name of the table.
    connection : sqlite3.Connection, ADBC connection, or SQLAlchemy engine or connection
        A connection that `DataFrame.to_sql` accepts. DuckDB needs no such method, because it reads frames directly:
        `connection.register(name, frame)`.
    schema : str, optional
        The schema of the table, for databases that have them.
    if_exists : {"fail", "replace", "append"}, default 'fail'
        What to do if the table exists.
    dtype : dict, optional
        The types of columns in the database, as `DataFrame.to_sql` accepts them.
    chunksize : int, optional
        Number of rows to write at a time. By default, all rows.

    Returns
    -------
    int or None
        The number of rows, if the database returns it.

    Raises
    ------
    UsageError
        The connection is a DuckDB connection.

    Examples
    --------
    >>> import sqlite3
    >>> database = sqlite3.connect(":memory:")
    >>> leads = crm.leads.list()
    >>> to_sql(leads, "leads", database) == len(leads)
    True
    >>> per_tag = "SELECT value, count(*) FROM leads, json_each(tag_type_ids) GROUP BY value"
    >>> len(database.execute(per_tag).fetchall()) == leads["tag_type_ids"].explode().nunique()
    True
    """
    if type(connection).__module__.partition(".")[0] in ("duckdb", "_duckdb"):
        raise UsageError(
            f"DuckDB reads frames directly, lists included: connection.register({name!r}, frame), or "
            f'connection.sql("CREATE TABLE {name} AS FROM frame").'
        )
    table = pd.DataFrame({column: _flat(cells) for column, cells in frame.items()}, index=frame.index)
    return table.to_sql(
        name, connection, schema=schema, if_exists=if_exists, index=False, dtype=dtype, chunksize=chunksize
    )


def _flat(cells: Any) -> Any:
    if isinstance(cells.dtype, ListDtype):
        field = cells.dtype.field
        return pd.Series([None if one is None else json(field, one) for one in cells], cells.index, dtype="str")
    if cells.dtype != object:
        return cells
    nested = (tuple, list, dict, np.ndarray)
    return pd.Series([any_json(one) if isinstance(one, nested) else one for one in cells], cells.index, dtype=object)
