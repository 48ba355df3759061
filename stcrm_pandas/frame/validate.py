"""The final check of a frame by the pandera model of its rows."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.errors import ResponseError


def validate(row: Row, frame: pd.DataFrame) -> None:
    """Check a frame by its model: all columns, their dtypes, and unique keys. Nothing is changed.

    Raises
    ------
    ResponseError
        The frame does not match; the message names columns, checks and counts, never values.
    """
    # Before pandera itself: two threads that load it from two places wait for each other.
    from stcrm_pandas.contract.schemas.models import model_of

    # isort: split
    from pandera.errors import SchemaErrors

    try:
        model_of(row).to_schema().validate(frame, lazy=True, inplace=True)
    except SchemaErrors as errors:
        failed = Counter(
            (str(case["failure_case"] if missing else case["column"]), "is missing" if missing else str(case["check"]))
            for case in errors.failure_cases.to_dict("records")
            for missing in [case["check"] == "column_in_dataframe"]
        )
        problems = "; ".join(f"{column}: {check} ({count:,})" for (column, check), count in failed.items())
        raise ResponseError(
            f"The frame of {row.name} does not match its model: {problems}. Please report this as a bug."
        ) from None
