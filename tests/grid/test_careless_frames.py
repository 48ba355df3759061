"""Frames as people have them in `stcrm.edit`: odd keys, halves of characters. Errors show no value of a row."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import UsageError

from .view import View, _wires

__all__ = ["_wires"]


def test_half_of_a_character_is_shown_and_stays() -> None:
    cells = pd.Series(["\ud800x", "plain", ["\udc00"]], dtype=object)
    frame = pd.DataFrame({"id": [1, 2, 3], "note": cells[:2].reindex(range(3)), "any": cells})
    grid = stcrm.edit(frame, name="halves")
    view = View(grid)
    assert view.column("note") == ["?x", "plain", None]
    assert view.column("any") == ["?x", "plain", r"['\udc00']"]
    assert view.type(grid, "2", "note", "new") == "accepted"
    assert grid.after["note"].tolist()[:2] == ["\ud800x", "new"]


def test_rows_of_one_key_are_named_without_the_key() -> None:
    frame = pd.DataFrame({"email": ["ann@example.com", "bob@example.com", "ann@example.com"], "note": ""})
    with pytest.raises(UsageError, match=r"counted from 1\) .*: 1, 3\.") as raised:
        stcrm.edit(frame, key="email", name="calls")
    assert "ann" not in str(raised.value)


def test_a_grid_needs_a_key() -> None:
    with pytest.raises(UsageError, match="`key`"):
        stcrm.edit(pd.DataFrame({"id": [1]}), key=[], name="calls")


@pytest.mark.parametrize("number", [2**70, float("inf")])
def test_a_number_that_no_message_has_is_answered_with_failed(number: Any) -> None:
    view = View(stcrm.edit(pd.DataFrame({"id": [1], "note": ["a"]}), name="calls"))
    answers = view.send("edit", number=number, edits=[["1", "note", "a", "b"]])
    assert [one["type"] for one in answers] == ["failed"]


@pytest.mark.parametrize(("column", "text"), [("count", "1" * 5_000), ("at", "2026-11-25 09:30 -99:00")])
def test_nonsense_is_rejected_in_words(column: str, text: str) -> None:
    frame = pd.DataFrame({"id": [1], "count": [5], "at": pd.to_datetime(["2026-11-25"]).tz_localize("UTC")})
    grid = stcrm.edit(frame, name="calls")
    view = View(grid)
    (verdict,) = view.edit(("1", column, view.column(column)[0], text))
    assert verdict[2] == "rejected"
    assert verdict[4] in ("the text is not a whole number", "the text is not a time: write it as 2026-11-25 09:30")


def test_a_full_disk_hides_no_edit_of_another_kernel() -> None:
    frame = pd.DataFrame({"id": [1, 2], "note": ["a", "b"]})
    mine, other = stcrm.edit(frame, name="calls"), stcrm.edit(frame, name="calls")
    view = View(mine, "mine")
    assert View(other, "other").edit(("1", "note", "a", "theirs"))[0][2] == "accepted"
    disk = mine._session.log._db
    disk.execute(f"PRAGMA max_page_count = {disk.execute('PRAGMA page_count').fetchone()[0]}")
    edits = [["2", "note", "b", "x" * 50_000]]
    assert [one["type"] for one in view.send("edit", number=1, edits=edits)] == ["failed"]
    found = [one for one in view.send("ping", number=1) if one["type"] == "verdicts"]
    assert [one["verdicts"] for one in found] == [[["1", "note", "accepted", "theirs", None, "a"]]]
    disk.execute("PRAGMA max_page_count = 1000000")
    assert view.send("edit", number=1, edits=edits)[-1]["verdicts"][0][2] == "accepted"
    assert mine.after["note"].tolist() == other.after["note"].tolist() == ["theirs", "x" * 50_000]
