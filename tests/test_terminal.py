"""What the service calls things never drives a terminal: no escape sequence in an error, a warning, or a name."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import pandas as pd
import pytest

from stcrm_pandas import cli, custom_fields
from stcrm_pandas.commands.terminal import say
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.errors import DriftWarning, StcrmError, StcrmWarning, notify
from stcrm_pandas.output.printable import printable

EVIL = [
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[1;1H",
    "\x9b31m",
    "\x1bP q\x1b\\",
    "a\rb\x08",
    "\u202ereversed",
    "\x7f",
    "\x00",
]
"""A window's title, a cleared screen, one-byte CSI, DCS, overwriting, reversed writing, DEL, NUL."""
STATUSES = [400, 401, 403, 404, 409, 418, 429, 500]


def is_clean(text):
    return all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("evil", EVIL)
def test_errors_have_no_control_characters(evil, box, join):
    crm = join(box, retries=0)
    for status in STATUSES:
        body = {"title": evil, "traceId": f"t{evil}", "errors": {f"field{evil}": [f"text{evil}"]}}
        box.inject("leads.list", status=status, body=body, times=None)
        with pytest.raises(StcrmError) as caught:
            crm.leads.list(refresh=True)
        error = caught.value
        box.clear_faults()
        assert is_clean(str(error)), status
        assert is_clean(f"{error.trace_id}{error.fields}{''.join(error.fields)}{''.join(*error.fields.values())}")


@pytest.mark.parametrize("evil", EVIL)
def test_warnings_drift_and_columns_have_no_control_characters(evil, box, join):
    def bend(rows):
        return [{**row, f"new{evil}": evil, "status": f"Paused{evil}"} for row in rows]

    box.inject("leads.list", rows=bend, times=None)
    crm = join(box)
    with pytest.warns(DriftWarning) as warned:
        frame = crm.leads.list()
    assert all(is_clean(str(one.message)) for one in warned)
    assert all(map(is_clean, frame.columns))
    assert set(frame[printable(f"new{evil}".replace("\\", "\\\\"))]) == {evil}  # the value is the customer's own
    assert is_clean("".join(crm.drift().drop(columns=["count"]).astype("str").to_numpy().sum()))


def test_fields_have_separate_columns(box, join):
    names = ["a\x1b", "a\\x1b", "a\\\\x1b", "a"]
    box.inject("leads.list", rows=lambda rows: [{**row, **dict.fromkeys(names, 1)} for row in rows], times=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        frame = join(box).leads.list()
    assert frame.columns.is_unique
    assert len([name for name in frame if name == "a" or name.startswith("a\\")]) == len(names)


def test_own_errors_and_warnings_have_no_control_characters():
    for evil in EVIL:
        assert is_clean(str(StcrmError(f"a file called {evil}")))
        with pytest.warns(StcrmWarning) as warned:
            notify(evil, StcrmWarning)
        assert is_clean(str(warned[0].message))


def test_custom_field_headings_have_no_control_characters():
    fields = tuple(CustomField(n, name, "x") for n, name in enumerate(["Gate\x1b[2J", "Gate\\x1b[2J", "Gate"]))
    wide = custom_fields(pd.DataFrame({"id": [1], "custom_fields": [fields]}), "wide")
    assert len(wide.columns) == 4
    assert all(map(is_clean, wide.columns))


def test_command_line_shows_no_control_characters(box, monkeypatch, tmp_path, capfd):
    monkeypatch.chdir(tmp_path)
    for name, value in box.connection().items():
        if name != "sandbox_id":
            monkeypatch.setenv(f"STCRM_{name.upper()}", str(value))
    monkeypatch.setenv("STCRM_CACHE_DIR", str(tmp_path))
    body = json.dumps({"title": "".join(EVIL), "errors": {"".join(EVIL): ["".join(EVIL)]}})
    box.inject("leads.list", status=400, body=body, times=None)
    monkeypatch.setattr("sys.argv", ["stcrm", "read", "leads", "--out", "leads.csv"])
    with pytest.raises(SystemExit):
        cli.main()
    output = "".join(capfd.readouterr())
    assert "leads.list" in output
    assert is_clean(output)


def test_commands_print_through_one_function():
    """So that a name out of the service or a file never drives the terminal."""
    root = Path(cli.__file__).parent
    for path in (root / "cli.py", *(root / "commands").glob("*.py")):
        assert path.name == "terminal.py" or not re.search(r"typer\.echo|secho", path.read_text()), path.name


def test_command_output_has_no_control_characters(capsys):
    for evil in EVIL:
        say(f"one {evil}\ntwo")
        say(evil, err=True)
    output, complained = capsys.readouterr()
    assert is_clean(output + complained)
    assert output.count("\n") == 2 * len(EVIL)
