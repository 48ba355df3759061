"""Two tabs, two kernels, a killed kernel, a full disk: no acknowledged edit is lost, and none is lost silently."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.grid.grid import Grid
from stcrm_pandas.grid.log import LogNotWritten, purge

from .kernel import session_of
from .view import View


def calls() -> pd.DataFrame:
    return pd.DataFrame({"id": [1, 2, 3], "note": ["", "x", None], "done": [False, True, False]})


def grid_of(frame: pd.DataFrame) -> Grid:
    return stcrm.edit(frame, name="calls")


def test_commit_waits_for_the_disk() -> None:
    """A kill cannot show this, but a power failure would."""
    assert grid_of(calls())._session.log._db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_two_tabs_one_wins_and_both_see_it() -> None:
    grid = grid_of(calls())
    one, two = View(grid, "one"), View(grid, "two")
    one.edit(("1", "note", "", "first"))
    assert one.wire is two.wire
    assert two.edit(("1", "note", "", "second"))[0][2:4] == ["conflict", "first"]
    listed = two.wire.sent[-1][0]
    assert listed["type"] == "conflicts"
    assert (listed["conflicts"][0]["mine"], listed["conflicts"][0]["theirs"]) == ("second", "first")
    assert grid.conflicts[["mine", "theirs"]].values.tolist() == [["second", "first"]]
    assert grid.after["note"].iloc[0] == "first"
    two.act("resolve", key="1", column="note", take="mine")
    assert grid.after["note"].iloc[0] == "second"
    assert len(grid.conflicts) == 0
    assert two.edit(("1", "note", "second", "third"))[0][2] == "accepted"


def test_two_kernels_on_one_log_see_each_other() -> None:
    here, there = grid_of(calls()), grid_of(calls())
    one, two = View(here, "one"), View(there, "two")
    one.edit(("1", "note", "", "first"))
    found = two.act("edit", edits=[["1", "note", "", "second"], ["2", "note", "x", "mine"]])
    assert [verdict[2] for verdict in found["verdicts"]] == ["conflict", "accepted"]
    own = [content for content, _ in two.wire.sent if content["type"] == "verdicts"]
    assert [content["client"] for content in own] == ["one", "two"]
    one.send("ping", number=9)
    assert one.column("note") == ["first", "mine", None]
    pd.testing.assert_frame_equal(here.after, there.after)
    assert here.conflicts.equals(there.conflicts)
    there.undo()
    there.undo()
    assert here.after.equals(calls())
    assert len(here.conflicts) == 1
    there.discard()
    assert len(here.conflicts) == 0
    assert len(here.log) == len(there.log) == 5
    assert here.log["key"].isna().all()


def test_conflict_after_a_new_read_is_listed_and_settled() -> None:
    grid = grid_of(calls())
    view = View(grid)
    for key, old in (("1", ""), ("2", "x"), ("3", None)):
        view.edit((key, "note", old, "mine"))
    again = calls()
    again["note"] = pd.Series(["theirs", "x", "mine"], dtype="str")
    grid = grid_of(again)
    view = View(grid, "later")
    assert grid.after["note"].tolist() == ["theirs", "mine", "mine"]
    assert view.frame()["conflicts"] == [
        {"key": "1", "column": "note", "old": "", "mine": "mine", "theirs": "theirs"}
        | {"reason": "the value of the cell changed after it was edited"}
    ]
    view.act("resolve", key="1", column="note", take="theirs")
    assert grid.after["note"].tolist() == ["theirs", "mine", "mine"]
    assert len(grid_of(again).conflicts) == 0
    grid.undo()
    assert len(grid_of(again).conflicts) == 1
    view.act("resolve", key="1", column="note", take="mine")
    assert grid_of(again).after["note"].tolist() == ["mine", "mine", "mine"]


def test_edits_whose_row_or_column_is_gone_are_kept_and_listed() -> None:
    grid = grid_of(calls())
    View(grid).edit(("1", "note", "", "a"), ("2", "done", "true", "false"))
    fewer = grid_of(calls().iloc[1:].drop(columns="done"))
    assert fewer.absent.values.tolist() == [
        [1, "note", "", "a", "the row is not in the frame"],
        [2, "done", "true", "false", "the column is not in the frame"],
    ]
    assert repr(fewer) == "<Grid of calls: 2 rows, 0 changed cells, 2 edits without a cell>"
    back = grid_of(calls())
    assert len(back.absent) == 0
    assert back.after["note"].tolist()[0] == "a"


def test_edit_of_another_dtype_is_kept_and_listed() -> None:
    grid = grid_of(calls())
    View(grid).edit(("1", "note", "", "a"))
    numbers = calls().assign(note=[1, 2, 3])
    assert grid_of(numbers).absent["reason"].tolist() == ["the text is not a whole number"]


def test_edit_of_a_row_that_is_gone_elsewhere_does_not_stop_others(crm: Client) -> None:
    customers = crm.customers.list().head(3)
    crm.customers.edit(customers).close()
    grid = crm.customers.edit(customers)
    View(grid).edit((str(customers["id"].iloc[0]), "name", "x", "Ann"))
    fewer = crm.customers.edit(customers.iloc[1:])
    assert (len(fewer.absent), len(fewer.changes), len(fewer.plan().steps)) == (1, 0, 0)


def test_times_are_compared_as_moments_after_the_time_zone_changed(tmp_path: Path) -> None:
    from ..edits.plan.rows import frame
    from .sessions import LIBERAL, open_session

    bookings = frame("leads", {"id": 1}, {"id": 2})
    here = open_session(tmp_path / "log.sqlite", "leads", bookings, LIBERAL, zone="UTC")
    name = next(name for name, one in here.columns.items() if one.kind == "text" and not one.locked)
    here.edit("tab", 1, "", [(here.key_texts[0], name, here.texts(name)[0].as_py(), "new")])
    there = open_session(tmp_path / "log.sqlite", "leads", bookings, LIBERAL, zone="America/Chicago")
    assert there.after().equals(here.after())


def test_log_that_cannot_be_written_fails_and_nothing_is_lost() -> None:
    grid = grid_of(calls())
    view = View(grid)
    view.edit(("1", "note", "", "kept"))
    grid._session.log._db.execute("PRAGMA query_only = ON")  # as a full disk: reads work, writes do not
    answer = view.act("edit", edits=[["2", "note", "x", "lost"]])
    assert answer["type"] == "failed"
    assert "cannot be written" in answer["reason"]
    assert grid.after["note"].tolist()[:2] == ["kept", "x"]
    with pytest.raises(LogNotWritten):
        grid.undo()
    grid._session.log._db.execute("PRAGMA query_only = OFF")
    again = view.send("edit", number=view.number, edits=[["2", "note", "x", "saved"]])
    assert [content["type"] for content in again] == ["verdicts"]
    assert grid_of(calls()).after["note"].tolist()[:2] == ["kept", "saved"]


def test_full_disk_fails_and_nothing_is_lost() -> None:
    grid = grid_of(calls())
    view = View(grid)
    view.edit(("1", "note", "", "kept"))
    db = grid._session.log._db
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite then answers as on a full disk
    answer = view.act("edit", edits=[["2", "note", "x", "long " * 10_000]])
    assert (answer["type"], "SQLITE_FULL" in answer["reason"]) == ("failed", True)
    assert grid_of(calls()).after["note"].tolist()[:2] == ["kept", "x"]
    db.execute("PRAGMA max_page_count = 1000000")
    assert view.send("edit", number=view.number, edits=[["2", "note", "x", "y"]])[0]["verdicts"][0][2] == "accepted"


def test_log_that_was_purged_accepts_no_more_edits() -> None:
    grid = grid_of(calls())
    view = View(grid)
    view.edit(("1", "note", "", "a"))
    path = grid._session.log.path
    purge(path)
    assert [*path.parent.iterdir()] == []
    answer = view.act("edit", edits=[["2", "note", "x", "b"]])
    assert (answer["type"], "removed" in answer["reason"]) == ("failed", True)
    assert len(grid_of(calls()).log) == 0


def test_file_of_another_program_is_no_log(tmp_path: Path) -> None:
    path = grid_of(calls())._session.log.path
    purge(path)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")
    with pytest.raises(UsageError, match="not the log of a grid"):
        grid_of(calls())


def test_log_of_another_version_is_not_opened(tmp_path: Path) -> None:
    grid = grid_of(calls())
    path = grid._session.log.path
    grid.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 1")
    with pytest.raises(UsageError, match="was written by another version"):
        grid_of(calls())


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to any folder")
def test_folder_that_cannot_be_written_is_an_error_of_settings(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    with pytest.raises(SettingsError, match="STCRM_STATE_DIR"):
        grid_of(calls())


def start(path: Path, client: str, first: int, rows: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.grid.kernel", str(path), client, str(first), str(rows)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root)


def acknowledged(done: subprocess.Popen[str]) -> dict[int, list[str]]:
    """What a killed kernel acknowledged: number to key, verdict and value."""
    text, _ = done.communicate()
    lines = text.splitlines(keepends=True)
    found = [line.rstrip("\n").split("|") for line in lines if line.endswith("\n") and line != "ready\n"]
    return {int(number): rest for number, *rest in found}


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(5))
def test_killed_kernels_lose_no_acknowledged_edit(seed: int, tmp_path: Path) -> None:
    chance, path, rows = random.Random(seed), tmp_path / "log.sqlite", 50
    session_of(path, rows).log.close()
    written: dict[str, dict[int, list[str]]] = {"one": {}, "two": {}}
    for _ in range(2):  # two kernels each time: twenty kills in all
        kernels = {name: start(path, name, max(known, default=0) + 2, rows) for name, known in written.items()}
        for kernel in kernels.values():
            assert kernel.stdout is not None
            kernel.stdout.readline()
        for name, kernel in kernels.items():
            time.sleep(chance.uniform(0.02, 0.4))
            kernel.send_signal(signal.SIGKILL)
            written[name] |= acknowledged(kernel)
    session = session_of(path, rows)
    logged = {(one.client, one.number): one for one in session.log.after(0)}
    assert sum(map(len, written.values())) > 0
    for name, known in written.items():
        for number, (key, verdict, value) in known.items():
            (cell,) = logged[name, number].cells
            assert (cell.key, cell.verdict) == (key, verdict)
            assert verdict == "conflict" or cell.new == value
        # At most the edit that was being acknowledged is in the log beyond these.
        assert len([one for client, one in logged if client == name]) - len(known) <= 2
    expected: dict[str, str | None] = {}
    for event in logged.values():
        for cell in event.cells:
            if cell.verdict == "accepted":
                expected[cell.key] = cell.new
    after = dict(zip(map(str, session.after()["id"]), session.after()["name"], strict=True))
    assert {key: text for key, text in after.items() if text} == expected
