"""Pairs as a sheet for people without Python, and their verdicts from it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from stcrm_pandas.cleaning.decisions import VERDICTS, Decidable
from stcrm_pandas.cleaning.review import SideBySide
from stcrm_pandas.contract.schemas.fields import Row, integer, text
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.sheets.files import read_sheet, write_rows

_SHOWN = {"Name": "name", "Phone": "phone", "E-mail": "email", "Address": "address", "Jobs": "jobs"}
REVIEW = Row(
    "duplicates_review",
    "",
    (
        text("verdict?"),
        *(text(f"{name}{number}?") for name in ("name", "phone", "email", "address", "jobs") for number in (1, 2)),
        text("reason?"),
        text("tier?"),
        text("kind?"),
        integer("id1"),
        integer("id2"),
        text("compared?"),
    ),
    ("id1", "id2"),
)
"""The columns of the sheet; `compared` is the fingerprint of the compared values."""
_DECIDING = ("id1", "id2", "verdict", "compared")


class Outcome(NamedTuple):
    """What became of one row of a sheet."""

    id_1: Any
    id_2: Any
    verdict: str | None
    outcome: str
    reason: str | None


def write_review(dup: Decidable, pairs: pd.DataFrame, values: SideBySide, path: str | os.PathLike[str]) -> Path:
    """Write pairs as a sheet with a blank column for verdicts."""
    rows = []
    for pair in pairs.to_dict("records"):
        first, second = int(pair["id_1"]), int(pair["id_2"])
        row: dict[str, Any] = {"id1": first, "id2": second, "compared": dup.fingerprint(first, second)}
        row |= {name: pair[name] for name in ("tier", "kind", "reason")}
        for number, shown in ((1, values.values(first)), (2, values.values(second))):
            row |= {f"{name}{number}": shown.get(label) or None for label, name in _SHOWN.items()}
        rows.append(row)
    names = [column.name for column in REVIEW.columns]
    frame = pd.DataFrame(rows, columns=names).astype(REVIEW.dtypes)
    return write_rows(frame, path, REVIEW, {"verdict": VERDICTS})


def read_review(dup: Decidable, path: str | os.PathLike[str], who: str) -> pd.DataFrame:
    """Record the verdicts of a sheet, and return what became of each row."""
    sheet = read_sheet(path, REVIEW)
    frame = sheet.as_read.reindex(columns=[column.name for column in REVIEW.columns])
    suspect = {
        int(place): f"a spreadsheet may have changed {name}; correct the cell, or write the sheet again"
        for name in _DECIDING
        for place in sheet.places.get(name, ())
    }
    twice = frame.duplicated(["id1", "id2"], keep=False).tolist()
    outcomes = []
    for place, (first, second, verdict, compared) in enumerate(frame[[*_DECIDING]].itertuples(index=False)):
        typed = None if is_missing(verdict) or not str(verdict).strip() else str(verdict).strip()
        if place in suspect or twice[place]:
            why = suspect.get(place, "the pair is in several rows; keep one of them")
            outcome, reason = "refused", why
        elif typed is None:
            outcome, reason = "no verdict", ""
        elif is_missing(first) or is_missing(second):
            outcome, reason = "refused", "the id of a customer is missing; write the sheet again"
        else:
            outcome, reason = _record(dup, int(first), int(second), typed.casefold(), compared, who)
        outcomes.append(Outcome(first, second, typed, outcome, reason or None))
    table = pd.DataFrame(outcomes, columns=Outcome._fields)
    texts = dict.fromkeys(("verdict", "outcome", "reason"), "str")
    return table.astype({"id_1": "Int64", "id_2": "Int64", **texts})


def _record(dup: Decidable, first: int, second: int, verdict: str, compared: Any, who: str) -> tuple[str, str]:
    """Record one verdict; return the outcome and, if it was refused, why."""
    known = next((each for each in VERDICTS if each == verdict), None)
    if known is None:
        return "refused", f"unknown verdict; write {', '.join(VERDICTS[:-1])} or {VERDICTS[-1]}"
    try:
        now = dup.fingerprint(first, second)
    except UsageError as error:
        return "refused", str(error)
    if compared != now:
        return "refused", (
            "a compared value changed since the sheet was written, or it is of other decisions; write the sheet again"
        )
    before = dup.decision(first, second)
    if before == known:
        return "recorded before", ""
    if before in ("same", "different"):
        return "refused", f'since then, it was decided to be "{before}"; dup.decide changes that'
    dup.decide(first, second, known, who=who)
    return "recorded", ""
