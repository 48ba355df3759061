"""Files that are replaced at once: what a killed process leaves is deleted later, and others' files never."""

from __future__ import annotations

import os
import stat
import time

import pytest

from stcrm_pandas.files.private import UNFINISHED, replace_all, replacing, write_private
from stcrm_pandas.files.sqlite_files import delete_database, orphans_in


def test_what_a_killed_process_left_is_deleted_once_it_is_an_hour_old(tmp_path):
    old, new, foreign = (tmp_path / name for name in (f".1{UNFINISHED}", f".2{UNFINISHED}", ".download.part"))
    for path in (old, new, foreign):
        path.write_text("half of a plan")
    for path in (old, foreign):
        os.utime(path, (time.time() - 3700,) * 2)
    write_private(tmp_path / "plan.json", "{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".2.stcrm-part", ".download.part", "plan.json"]
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600


def test_a_file_is_replaced_at_the_end_or_not_at_all(tmp_path):
    path = tmp_path / ("x" * 255)  # the longest name that there is
    write_private(path, "before")
    with pytest.raises(TypeError), replacing(path) as file:
        file.writelines([b"half", None])
    assert [(name.name, name.read_text()) for name in tmp_path.iterdir()] == [(path.name, "before")]


def test_two_writers_of_one_file_do_not_mix(tmp_path):
    path = tmp_path / "plan.json"
    with replacing(path) as first:
        first.write(b"first ")
        write_private(path, "second")
        first.write(b"to its end")
    assert path.read_text() == "first to its end"


def test_no_file_is_replaced_if_one_cannot_be_written(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("before")
    with pytest.raises(OSError, match="missing") as failure:
        replace_all({page: b"after", tmp_path / "missing" / "page.html": b"after"})
    assert failure.value.filename == str(tmp_path / "missing" / "page.html")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("page.html", "before")]


def test_files_beside_databases(tmp_path):
    names = ["a.sqlite", "a.sqlite-wal", "a.sqlite-shm", "b.sqlite-wal", "sub/c.sqlite-journal", "notes-wal"]
    (tmp_path / "sub").mkdir()
    for name in names:
        (tmp_path / name).touch()
    assert orphans_in(tmp_path) == [tmp_path / "b.sqlite-wal", tmp_path / "sub" / "c.sqlite-journal"]
    delete_database(tmp_path / "a.sqlite")
    assert not list(tmp_path.glob("a*"))
