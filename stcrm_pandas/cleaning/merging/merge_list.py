"""The merge list: as a sheet, and as a section of a report."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.format import format_time
from stcrm_pandas.contract.schemas.fields import Row, decimal, integer, text, time
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets.files import read_sheet, write_sheet

MERGE_LIST = Row(
    "merge_list",
    "",
    (
        integer("cluster"),
        integer("survivorId"),
        text("survivor?"),
        integer("customerId"),
        text("customer?"),
        text("reason?"),
        integer("survivorJobs?"),
        integer("jobs?"),
        decimal("survivorBalance?"),
        decimal("balance?"),
        text("onlyHere?"),
        text("survivorLink?"),
        text("link?"),
        time("madeAt?"),
    ),
    ("customer_id",),
)
"""The columns of the merge list."""


def write_merge_list(merges: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a merge list as a sheet."""
    return write_sheet(merges, path, resource=MERGE_LIST)


def read_merge_list(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read the sheet of a merge list; survivors may have been swapped.

    Raises
    ------
    UsageError
        The file is no merge list, or an id may have been changed by a spreadsheet.
    """
    sheet = read_sheet(path, MERGE_LIST)
    ids = sheet.suspects[sheet.suspects["column"].isin(["cluster", "survivor_id", "customer_id"])]
    if len(ids):
        first = ids.iloc[0]
        raise UsageError(
            f"{Path(path).name}: a spreadsheet may have changed {plural(len(ids), 'id')}; the first is "
            f"{first['column']} in row {first['row']}: {first['why']}. Correct it, or write the list again."
        )
    return sheet.as_read


def as_work_list(merges: pd.DataFrame) -> WorkList:
    """Return the merge list as a list of a report."""
    frame = pd.DataFrame(
        {
            "Customer id": merges["customer_id"],
            "Name": merges["customer"],
            "Merge into": merges["survivor_id"],
            "Name of that customer": merges["survivor"],
            "Why that one": merges["reason"],
            "Only on this customer": merges["only_here"],
        }
    )
    made = f" This list is from {format_time(merges['made_at'].iloc[0])} UTC." if len(merges) else ""
    what = (
        "Just before you merge, plan what is carried over (tags, custom fields and opt-outs), and apply that plan: an "
        f"earlier one does not have later opt-outs.{made} Then open the customer to keep in ServiceTitan and merge the "
        "other one into it."
    )
    return WorkList("merges", "Duplicate customers to merge", what, frame, by_hand=True)
