"""What a sandbox keeps and creates anew, and how it starts and stops."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from stcrm_pandas.errors import SettingsError, UsageError
from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "as_of", ["2026-05-01", "2026-05-01T00:00", dt.date(2026, 5, 1), AS_OF, AS_OF.replace(tzinfo=None)]
)
def test_the_clock_starts_at_a_date_or_time(fresh: Any, as_of: Any) -> None:
    sandbox, _ = fresh(as_of=as_of)
    now = sandbox.now()
    assert (now.year, now.month, now.day, now.hour) == (2026, 5, 1, 0)


def test_text_that_is_no_date_is_refused() -> None:
    with pytest.raises(UsageError, match="as_of is 'soon', which is not a date or time such as 2026-07-01"):
        Sandbox(as_of="soon")


def test_a_state_keeps_changes(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.sqlite"
    first, caller = fresh(state=file)
    first.change("leads", 5001, summary="kept")
    token = caller.read_feed("export/leads")[1]
    connection, rows, truth = first.connection(), caller.rows("leads"), first.truth
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    first.stop()
    assert [path.name for path in file.parent.iterdir()] == [file.name]

    second, caller = fresh(state=file, company=None, leads=10**9, seed=7)
    assert {**second.connection(), "api_url": "", "auth_url": ""} == {**connection, "api_url": "", "auth_url": ""}
    assert second.truth == truth
    assert (second.name, second.time_zone) == ("Tiny", "America/Chicago")
    assert caller.rows("leads") == rows
    assert caller.get("leads/5001")[1]["summary"] == "kept"
    assert caller.read_feed("export/leads", token)[0] == []
    assert dt.timedelta(0) < second.now() - dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC) < dt.timedelta(minutes=1)
    second.change("leads", 5002, summary="later")
    assert [row["id"] for row in caller.read_feed("export/leads", token)[0]] == [5002]


def test_a_state_keeps_recent_changes(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    first, caller = fresh(state=file, feed_delay=900)
    rows, token = caller.read_feed("export/leads")
    first.change("leads", 5001, summary="later")
    first.advance(600)
    first.stop()
    second, caller = fresh(state=file, feed_delay=900)
    assert second.now() - dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC) >= dt.timedelta(minutes=10), "moved once, kept"
    assert caller.read_feed("export/leads") == (rows, token)
    second.advance(300)
    assert [row["summary"] for row in caller.read_feed("export/leads", token)[0]] == ["later"]


def test_a_state_whose_rows_are_ahead_of_its_clock(fresh: Any, tmp_path: Path) -> None:
    file, early = tmp_path / "state.sqlite", dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    first, caller = fresh(state=file, feed_delay=900, as_of=early)
    _, token = caller.read_feed("export/customers")
    first.remove("customers", 9)
    first.stop()
    second, caller = fresh(state=file, feed_delay=900)
    second.change("customers", 7, name="New")
    assert caller.read_feed("export/customers", token) == ([], token)
    second.advance(900)
    caller.sign_in()
    assert [row["id"] for row in caller.read_feed("export/customers", token)[0]] == [7]


def test_a_state_cannot_be_opened_twice(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    fresh(state=file)
    with pytest.raises(SettingsError, match="used by another"):
        fresh(state=file)


def test_files_that_are_not_a_state(fresh: Any, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("something else, and long enough to be looked at" * 20)
    with pytest.raises(SettingsError, match="not a sandbox's state"):
        fresh(state=text)
    assert text.read_text().startswith("something else")
    other = tmp_path / "other.sqlite"
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE notes (name TEXT, value TEXT)")
    db.close()
    with pytest.raises(SettingsError, match="another version"):
        fresh(state=other)


def test_a_company_that_fails_leaves_no_state(fresh: Any, tmp_path: Path) -> None:
    class Broken:
        name, time_zone, truth = "Broken", "America/Chicago", {}

        def tables(self) -> Any:
            yield "leads", [{"no": "id"}]

    with pytest.raises(KeyError):
        fresh(state=tmp_path / "state.sqlite", company=Broken())
    assert list(tmp_path.iterdir()) == []


def test_without_a_state_nothing_is_kept(fresh: Any, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    sandbox, _ = fresh()
    (folder,) = tmp_path.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
    sandbox.stop()
    assert list(tmp_path.iterdir()) == []


def test_each_start_is_a_new_sandbox(fresh: Any) -> None:
    first, second = fresh()[0], fresh()[0]
    assert first.sandbox_id != second.sandbox_id
    assert first.sandbox_id.startswith("sandbox-1-20260701T120000-12000-")
    assert first.client_secret != second.client_secret
    assert list(first.connection()) == [
        "api_url",
        "auth_url",
        "tenant",
        "client_id",
        "client_secret",
        "app_key",
        "sandbox_id",
    ]
    before = first.sandbox_id
    first.stop()
    assert first.start().sandbox_id != before


def test_start_and_stop() -> None:
    sandbox = Sandbox(leads=120, as_of=AS_OF)
    assert repr(sandbox) == "<Sandbox, not started>"
    for read in (lambda: sandbox.api_url, lambda: sandbox.truth, sandbox.now, lambda: sandbox.requests):
        with pytest.raises(UsageError, match="start it first"):
            read()
    sandbox.stop()
    assert sandbox.start() is sandbox
    address = sandbox.api_url
    assert sandbox.start().api_url == address
    assert sandbox.client_secret not in repr(sandbox)
    assert [thread.name for thread in threading.enumerate()].count("stcrm-sandbox") >= 1
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(UsageError):
        sandbox.connection()
    gc.collect()


def test_a_port_in_use(fresh: Any) -> None:
    sandbox, _ = fresh()
    port = int(sandbox.api_url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=str(port)):
        fresh(port=port)
    sandbox.stop()
    assert fresh(port=port)[0].api_url.endswith(f":{port}")


def digest(**options: Any) -> str:
    digest = hashlib.sha256()
    with Sandbox(leads=120, as_of=AS_OF, **options) as sandbox:
        store = sandbox._running().store
        for name in sorted(store._names):
            for row in store._all(f'SELECT * FROM "{name}" ORDER BY n'):
                digest.update(repr(row).encode())
    return digest.hexdigest()


def test_the_same_seed_and_date_give_the_same_bytes() -> None:
    assert digest() == digest()
    assert len({digest(), digest(seed=2), digest(by_the_book=True)}) == 3


def test_the_import_does_not_load_the_server() -> None:
    code = (
        "import sys; from stcrm_pandas.sandbox import Sandbox; Sandbox();"
        "print([m for m in ('starlette', 'uvicorn', 'requests', 'pandera') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_sandbox_shares_no_code_with_the_client() -> None:
    code = (
        "import sys; from stcrm_pandas.sandbox import Sandbox\n"
        "with Sandbox(leads=100): print(sorted(m for m in sys.modules if m.startswith('stcrm_pandas.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {name.split(".")[1] for name in eval(done.stdout)}
    assert ours == {"contract", "errors", "output", "sandbox"}  # errors uses output
