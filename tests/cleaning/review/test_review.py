"""The review without a browser: what it answers to the messages of a view."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="needs the extra [lab]")
from stcrm_pandas.cleaning import Duplicates, Review, duplicates

from ...grid.view import Wire, _wires
from ..matching.company import Entry, frames_of

__all__ = ["_wires"]

ENTRIES = [
    Entry("Wanda Quist", "512-555-0101", "wanda7@home.com", "1 Elm St"),
    Entry("wanda quist", "(512) 555-0101", "wanda@work.com", "1 Elm St."),
    Entry("Bram Ablewhite", "512-555-0102", "bram@home.com", "7 Oak St"),
    Entry("Bram Ablewhite", "512-555-0102", "bram@home.com", "7 Oak St"),
]


def found_in(tmp_path: Path, entries: list[Entry] = ENTRIES) -> Duplicates:
    return duplicates(*frames_of(entries), decisions=tmp_path / "decisions.sqlite")


class View:
    """One tab of a browser."""

    def __init__(self, review: Review, client: str = "tab") -> None:
        self.client, self.number = client, 0
        self.wire: Any = review.widget.comm
        assert isinstance(self.wire, Wire)

    def send(self, type: str, **content: Any) -> dict[str, Any]:
        self.number += 1
        message = {"type": type, "client": self.client, "number": self.number, **content}
        self.wire.receive({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})
        answer: dict[str, Any] = self.wire.sent[-1][0]
        return answer

    def decide(self, at: int, verdict: str) -> dict[str, Any]:
        pair = self.send("show", at=at)["pair"]
        return self.send("decide", ids=pair["ids"], compared=pair["compared"], verdict=verdict)


def test_a_decision_is_on_disk_when_it_is_acknowledged_and_is_not_asked_again(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    review = dup.review(who="ann")
    view = View(review)
    opened = view.send("open")
    assert (opened["type"], opened["total"], opened["at"]) == ("review", 2, 0)
    answer = view.decide(0, "same")
    assert (answer["type"], answer["number"], answer["counts"]) == ("verdicts", view.number, {"decided": 1, "later": 0})
    with sqlite3.connect(tmp_path / "decisions.sqlite") as db:
        assert db.execute("SELECT verdict, who FROM decisions").fetchall() == [("same", "ann")]
    view.decide(1, "later")
    assert view.send("show", at=0)["verdict"] == "same"
    assert view.send("show", at=2)["pair"] is None
    again = View(found_in(tmp_path).review()).send("open")
    assert again["total"] == 1
    assert again["session"] == opened["session"]  # a page sends to it what the first one did not acknowledge


def test_a_repeated_message_is_recorded_once_and_a_mind_can_be_changed(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    view = View(dup.review())
    view.decide(0, "same")
    view.decide(0, "same")
    with sqlite3.connect(tmp_path / "decisions.sqlite") as db:
        assert db.execute("SELECT count(*) FROM decisions").fetchone() == (1,)
    view.decide(0, "different")
    assert [decision.verdict for decision in dup.decisions.latest().values()] == ["different"]


def test_what_agrees_is_marked(tmp_path: Path) -> None:
    view = View(found_in(tmp_path, ENTRIES[:2]).review())
    assert view.send("show", at=0)["pair"]["lines"][:5] == [
        ["Name", [("Wanda Quist", True)], [("wanda quist", True)]],
        ["Type", [("Residential", True)], [("Residential", True)]],
        ["Phone", [("512-555-0101", True)], [("(512) 555-0101", True)]],
        ["E-mail", [("wanda7@home.com", False)], [("wanda@work.com", False)]],
        ["Address", [("1 Elm St, Austin, TX, 78701", True)], [("1 Elm St., Austin, TX, 78701", True)]],
    ]


def test_what_cannot_be_recorded_is_not_acknowledged(tmp_path: Path) -> None:
    dup = found_in(tmp_path)
    view = View(dup.review())
    pair = view.send("show", at=0)["pair"]
    assert view.send("decide", ids=pair["ids"], compared=pair["compared"], verdict="perhaps")["type"] == "failed"
    assert "changed since" in view.send("decide", ids=pair["ids"], compared="1:00", verdict="same")["reason"]
    assert view.send("decide", ids="x", compared="", verdict="same")["reason"] == "the message cannot be understood"
    assert view.send("decide", ids=[1, 99], compared="", verdict="same")["type"] == "failed"
    (tmp_path / "decisions.sqlite").write_bytes(b"damaged" * 1000)
    answer = view.send("decide", ids=pair["ids"], compared=pair["compared"], verdict="same")
    assert answer["type"] == "failed"
    assert "cannot be read or written" in answer["reason"]


def test_the_summary_and_the_state_of_the_widget_have_no_values(tmp_path: Path) -> None:
    review = found_in(tmp_path).review()
    text = f"{review!r} {review._repr_html_()} {review.widget.get_state()}"
    assert repr(review).startswith("<Review: 2 pairs to review (")
    for value in ("Wanda", "Quist", "5550101", "Elm"):
        assert value not in text
