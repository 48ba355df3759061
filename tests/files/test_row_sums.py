"""A flipped bit in the log of a grid or in decisions is an error, or changes nothing; files of before open."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from stcrm_pandas.cleaning import Decisions
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.grid.log import CellEdit, GridLog

ROOT = Path(__file__).resolve().parents[2]
FLIPS = [40, pytest.param(2000, marks=pytest.mark.deep)]


def write_log(path, *, close=True):
    log = GridLog.open(path, {"resource": "customers", "tenant": "7", "made_at": "2026-03-01"})
    for number in range(20):
        with log.writing():
            edit = CellEdit(f"{number}", "name", "Ann", "Ann", f"Ann {number}", "accepted")
            log.add("client", number, "edit", f"group {number}", "2026-03-01", [edit, edit])
    if close:
        log.close()
    return log


def read_log(path):
    log = GridLog.open(path, {})
    try:
        return log.after(0), log.find("client", 7)
    finally:
        log.close()


def write_decisions(path):
    kept = Decisions(path)
    kept.bind("production 7")
    for id in range(2, 30):
        kept.add(1, id, "same" if id % 2 else "different", f"values {id}", who="ann")


def read_decisions(path):
    kept = Decisions(path)
    kept.bind("production 7")
    return kept.latest(), kept.fingerprint("values 3")


KILLED = """
import os, sys
from pathlib import Path
from tests.files.test_row_sums import CellEdit, write_log

log = write_log(Path(sys.argv[1]), close=False)
if sys.argv[2] == "writing":
    log._db.execute("PRAGMA cache_size = 1")  # so that pages are in the file before the commit
    with log.writing():
        edit = CellEdit("1", "name", "Ann", "Ann", "not acknowledged", "accepted")
        log.add("client", 20, "edit", "group 20", "2026-03-01", [edit] * 500)
        os._exit(9)
os._exit(9)
"""


KINDS = {"grid": (write_log, read_log), "decisions": (write_decisions, read_decisions)}


@pytest.mark.parametrize("flips", FLIPS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_raises_or_changes_nothing(tmp_path, kind, flips):
    write, read = KINDS[kind]
    path, chance, messages = tmp_path / "file.sqlite", random.Random(kind), list[str]()
    write(path)
    raw, expected = path.read_bytes(), read(path)
    for _ in range(flips):
        for file in tmp_path.iterdir():
            file.unlink()
        damaged, place = bytearray(raw), chance.randrange(len(raw))
        damaged[place] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            found = read(path)
        except StcrmError as error:
            found = expected
            messages.append(str(error))
        assert found == expected, place
    assert len(messages) > flips / 8
    assert all(str(path) in message for message in messages)


@pytest.mark.parametrize("flips", [40, pytest.param(400, marks=pytest.mark.deep)])
@pytest.mark.parametrize("moment", ["idle", "writing"])
def test_a_flipped_bit_in_any_file_of_a_killed_grid_raises_or_changes_nothing(tmp_path, moment, flips):
    complete, folder = tmp_path / "complete.sqlite", tmp_path / "killed"
    write_log(complete)
    expected, _ = read_log(complete)
    folder.mkdir()
    path, chance, raised = folder / "file.sqlite", random.Random(moment), 0
    assert subprocess.run([sys.executable, "-c", KILLED, path, moment], cwd=ROOT, check=False).returncode == 9
    raws = {file: file.read_bytes() for file in folder.iterdir() if not file.name.endswith("-shm")}
    assert len(raws) == (2 if moment == "writing" else 1)
    for _ in range(flips):
        for file in folder.iterdir():
            file.unlink()
        for file, raw in raws.items():
            file.write_bytes(raw)
        file = chance.choice(list(raws))
        damaged, place = bytearray(raws[file]), chance.randrange(len(raws[file]))
        damaged[place] ^= 1 << chance.randrange(8)
        file.write_bytes(damaged)
        try:
            events, _ = read_log(path)
        except StcrmError:
            raised += 1
        else:
            assert [replace(event, at="") for event in events] == [replace(event, at="") for event in expected], place
    assert raised


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_before_opens_and_gets_checksums(tmp_path, kind):
    write, read = KINDS[kind]
    path = tmp_path / "file.sqlite"
    write(path)
    expected = read(path)
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DROP TABLE sums")
        db.commit()
    assert read(path) == expected
    table = "cells" if kind == "grid" else "decisions"
    with closing(sqlite3.connect(path)) as db, db:
        (rows,) = db.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert db.execute("SELECT count(*) FROM sums WHERE of_table = ?", (table,)).fetchone() == (rows,)
        db.execute(f"DELETE FROM {table}")  # as a person who is forgotten
    assert read(path) != expected
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM sums WHERE of_table = ?", (table,)).fetchone() == (0,)


def test_a_log_of_before_keeps_its_rows_without_a_write_ahead_log(tmp_path):
    path = tmp_path / "file.sqlite"
    write_log(path)
    expected = read_log(path)
    other = sqlite3.connect(path, isolation_level=None)  # a kernel with an earlier version
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("UPDATE about SET value = value")
    assert read_log(path) == expected
    other.close()
    assert read_log(path) == expected
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_quotes_no_text_of_a_row(tmp_path, kind):
    """SQLite quotes a text that is no UTF-8 in its message, and a value may be the word that a lock has in its own."""
    write, read = KINDS[kind]
    path = tmp_path / "file.sqlite"
    write(path)
    table, column = ("cells", "old") if kind == "grid" else ("decisions", "who")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT)", (b"Ann Smith is locked \xff",))
    with pytest.raises(StcrmError, match=r"(is|are) damaged") as caught:
        read(path)
    assert "Smith" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_decisions_that_are_damaged_meanwhile_quote_no_text(tmp_path):
    path = tmp_path / "file.sqlite"
    write_decisions(path)
    kept = Decisions(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE decisions SET who = CAST(? AS TEXT)", (b"Ann Smith \xff",))
    with pytest.raises(StcrmError, match="cannot be read") as caught:
        kept.latest()
    assert "Smith" not in str(caught.value)
    assert caught.value.__cause__ is None
