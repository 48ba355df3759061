"""The sheet of open pairs: written, edited by a person or a spreadsheet program, and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from stcrm_pandas.cleaning import Duplicates, duplicates
from stcrm_pandas.errors import UsageError

from ..matching.company import Entry, frames_of

PAIRS = [
    Entry("Wanda Quist", "512-555-0101", "wanda7@home.com", "1 Elm St"),
    Entry("Wanda Quist", "(512) 555-0101", "wanda7@home.com", "1 Elm St"),
    Entry("Bram Ablewhite", "512-555-0102", "bram@home.com", "7 Oak St"),
    Entry("Bram Ablewhite", "512-555-0102", "bram@home.com", "7 Oak St"),
    Entry("=Hugo Dittisham", "512-555-0103", "hugo@home.com", "9 Fir St"),
    Entry("=Hugo Dittisham", "512-555-0103", "hugo@home.com", "9 Fir St"),
]


def found_in(tmp_path: Path, entries: list[Entry] = PAIRS) -> Duplicates:
    return duplicates(*frames_of(entries), decisions=tmp_path / "decisions.sqlite")


def edit(path: Path, cells: dict[tuple[int, str], Any]) -> None:
    """Set cells of a workbook, by row of the data and column."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    heads = [cell.value for cell in sheet[1]]
    for (row, name), value in cells.items():
        sheet.cell(row + 2, heads.index(name) + 1).value = value
    book.save(path)


def test_verdicts_are_recorded_once(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    path = dup.review_sheet(tmp_path / "review.xlsx")
    assert path.stat().st_mode & 0o777 == 0o600
    sheet = openpyxl.load_workbook(path).active
    assert [str(rule.formula1) for rule in sheet.data_validations.dataValidation] == ['"same,different,later"']
    assert all(cell.data_type == "s" for row in sheet.iter_rows() for cell in row if cell.value)
    edit(path, {(0, "verdict"): " Same ", (1, "verdict"): "later"})
    first = dup.read_review(path, who="ann")
    assert first["outcome"].tolist() == ["recorded", "recorded", "no verdict"]
    assert dup.read_review(path)["outcome"].tolist() == ["recorded before", "recorded before", "no verdict"]
    assert len(dup.decisions.latest()) == 2
    assert {decision.who for decision in dup.decisions.latest().values()} == {"ann"}
    again = found_in(tmp_path)
    assert len(again.open_pairs()) == 2
    assert again.merge_list()[["survivor_id", "customer_id"]].to_numpy().tolist() == [
        [*first.iloc[0][["id_1", "id_2"]]]
    ]


def test_what_cannot_be_trusted_is_refused_with_a_reason(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    path = dup.review_sheet(tmp_path / "review.xlsx")
    pairs = dup.open_pairs()
    first, other = (int(pairs.loc[1, name]) for name in ("id_1", "id_2"))
    dup.decide(first, other, "different")
    edit(path, {(0, "verdict"): "perhaps", (1, "verdict"): "same", (2, "verdict"): "same", (2, "compared"): "1:00"})
    table = dup.read_review(path)
    assert table["outcome"].tolist() == ["refused"] * 3
    assert table["reason"].tolist() == [
        "unknown verdict; write same, different or later",
        'since then, it was decided to be "different"; dup.decide changes that',
        "a compared value changed since the sheet was written, or it is of other decisions; write the sheet again",
    ]
    assert dup.decision(first, other) == "different"


def test_a_changed_value_makes_the_verdict_void(tmp_path: Path) -> None:
    path = found_in(tmp_path, PAIRS[:2]).review_sheet(tmp_path / "review.xlsx")
    edit(path, {(0, "verdict"): "same"})
    changed = found_in(tmp_path, [PAIRS[0], PAIRS[1]._replace(phones="512-555-0199")])
    table = changed.read_review(path)
    assert table["outcome"].tolist() == ["refused"]
    assert len(changed.decisions.latest()) == 0


@pytest.mark.filterwarnings("ignore:.*may have changed")
def test_cells_that_a_spreadsheet_changed_are_refused(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    path = dup.review_sheet(tmp_path / "review.xlsx")
    edit(path, {(0, "verdict"): "same", (0, "compared"): 1.5, (1, "verdict"): "same", (2, "verdict"): "same"})
    sheet = openpyxl.load_workbook(path).active
    heads = [cell.value for cell in sheet[1]]
    ids = {name: sheet.cell(3, heads.index(name) + 1).value for name in ("id1", "id2")}
    edit(path, {(2, name): value for name, value in ids.items()})  # the same pair in two rows
    table = dup.read_review(path)
    assert table["outcome"].tolist() == ["refused"] * 3
    assert table["reason"].str.contains("changed compared|in several rows").all()
    assert len(dup.decisions.latest()) == 0


def test_a_csv_file_has_no_formula_and_other_files_are_refused(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    text = dup.review_sheet(tmp_path / "review.csv", tier="sure").read_text("utf-8-sig")
    assert '"=Hugo' not in text
    assert "\"'=Hugo" in text
    assert dup.read_review(tmp_path / "review.csv")["outcome"].tolist() == ["no verdict"] * 3
    pd.DataFrame({"id": [1]}).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(UsageError, match="no column 'id1'"):
        dup.read_review(tmp_path / "other.csv")


def test_a_row_without_an_id_is_refused_and_the_others_are_recorded(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    path = dup.review_sheet(tmp_path / "review.xlsx")
    edit(path, {(0, "id1"): None, (0, "verdict"): "same", (1, "verdict"): "same"})
    table = dup.read_review(path)
    assert table["outcome"].tolist() == ["refused", "recorded", "no verdict"]
    assert "id of a customer is missing" in table["reason"][0]
