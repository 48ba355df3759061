"""A nightly run: the scripts of the guide, and what is left when a run fails."""

from __future__ import annotations

import email
import email.policy
import os
import re
import resource
import socket
import stat
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from stcrm_pandas.errors import ReportError
from stcrm_pandas.report.making import write_files
from stcrm_pandas.sandbox import Sandbox

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "nightly.md"


def block(begins: str) -> str:
    """The block of the guide that begins so."""
    blocks = re.findall(r"^```\w+\n(.*?)^```$", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = [one for one in blocks if one.startswith(begins)]
    return str(found)


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    """A folder with both files, the script and a sendmail that keeps what it is given."""
    (tmp_path / "summary.html").write_text("<p>29–30% of leads</p>", "utf-8")
    (tmp_path / "report.html").write_text("<h1>Everything – and more</h1>" + "x" * 5_000, "utf-8")
    (tmp_path / "send_report.py").write_text(block('"""Mail summary.html'), "utf-8")
    program(tmp_path / "bin" / "sendmail", 'printf "%s " "$@" > arguments; cat > mail')
    return tmp_path


def program(path: Path, does: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n", "utf-8")
    path.chmod(0o755)


def run(folder: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    places = {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **places, **more}, capture_output=True, text=True, check=False
    )


def test_script_of_the_guide_mails_the_summary_with_the_report(outbox: Path) -> None:
    ran = run(outbox, sys.executable, "send_report.py", "owner@example.com", "office@example.com")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert (outbox / "arguments").read_text() == "-t -oi "
    raw = (outbox / "mail").read_bytes()
    assert max(map(len, raw.splitlines())) < 998  # the longest line that mail servers take
    message: Any = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["To"] == "owner@example.com, office@example.com"
    assert message["Subject"]
    assert "29–30% of leads" in message.get_body(("html",)).get_content()
    assert "attached report" in message.get_body(("plain",)).get_content()
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "report.html"
    assert attached.get_content_type() == "text/html"
    assert attached.get_payload(decode=True) == (outbox / "report.html").read_bytes()


@pytest.mark.parametrize(("exit_code", "mailed"), [(0, True), (1, False)])
def test_nightly_script_mails_only_what_was_made(outbox: Path, exit_code: int, mailed: bool) -> None:
    (outbox / "nightly.sh").write_text(block("#!/bin/sh"), "utf-8")
    program(outbox / ".venv" / "bin" / "stcrm", f'echo "$@" > made; exit {exit_code}')
    program(outbox / ".venv" / "bin" / "python", f'exec {sys.executable} "$@"')
    ran = run(outbox, "sh", "nightly.sh")
    assert (ran.returncode == 0) == mailed
    assert (outbox / "made").read_text() == "report all --out report.html --summary summary.html\n"
    assert (outbox / "mail").exists() == mailed


def test_a_refused_mail_is_an_error(outbox: Path) -> None:
    program(outbox / "bin" / "sendmail", "exit 75")
    assert run(outbox, sys.executable, "send_report.py", "owner@example.com").returncode != 0


def test_units_of_the_guide_can_be_parsed() -> None:
    service, timer = ConfigParser(strict=True), ConfigParser(strict=True)
    text = GUIDE.read_text("utf-8")
    units = re.findall(r"^```text\n(\[Unit\].*?)^```$", text, re.MULTILINE | re.DOTALL)
    service.read_string(units[0])
    timer.read_string(units[1])
    assert service["Service"]["ExecStart"] == "/srv/reports/nightly.sh"
    assert timer["Timer"]["OnCalendar"].endswith("America/Chicago")
    (schedule,) = re.findall(r"^(\S+ \S+ \S+ \S+ \S+)  /srv/reports/nightly.sh >/dev/null$", text, re.MULTILINE)
    assert schedule == "15 5 * * *"


@pytest.fixture
def last_week(tmp_path: Path) -> Path:
    """A folder with the report of last week."""
    (tmp_path / "report.html").write_text("last week's", "utf-8")
    return tmp_path


def stcrm(folder: Path, *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A run of the command in a folder, with these settings and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STCRM_")}
    own = {f"STCRM_{name.upper()}": value for name, value in settings.items()}
    own |= {"STCRM_CACHE_DIR": str(folder / "cache"), "STCRM_STATE_DIR": str(folder / "state")}
    command = [sys.executable, "-P", "-m", "stcrm_pandas", "report", *options]
    return subprocess.run(command, cwd=folder, env={**kept, **own}, capture_output=True, text=True, check=False)


def is_left_as_it_was(folder: Path) -> bool:
    files = [file.name for file in folder.iterdir() if file.is_file()]
    return files == ["report.html"] and (folder / "report.html").read_text("utf-8") == "last week's"


def test_wrong_settings_are_one_line_and_exit_code_2(last_week: Path) -> None:
    ran = stcrm(last_week, "all", "--out", "report.html", "--summary", "summary.html")
    assert ran.returncode == 2
    assert re.fullmatch(r"stcrm: Not set: STCRM_.*\n", ran.stderr)
    assert is_left_as_it_was(last_week)


@pytest.fixture
def nobody_listens() -> dict[str, str]:
    """The settings of a tenant whose server is down."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    secrets = {"client_id": "id", "client_secret": "a-secret-of-the-test", "app_key": "a-key-of-the-test"}
    return {"api_url": url, "auth_url": url, "tenant": "1", "time_zone": "America/Chicago", **secrets}


@pytest.mark.deep
def test_server_that_is_down_is_one_line_and_exit_code_1(last_week: Path, nobody_listens: dict[str, str]) -> None:
    ran = stcrm(last_week, "lead-conversion", "--out", "report.html", "--summary", "summary.html", **nobody_listens)
    assert ran.returncode == 1
    begin = r"stcrm: lead_conversion\.ipynb: cell \d+ \([^#]*\) failed with ConnectionFailed: "
    assert re.fullmatch(begin + r".*\n", ran.stderr), ran.stderr
    assert is_left_as_it_was(last_week)


@pytest.mark.deep
def test_missing_scope_is_one_line_and_exit_code_1(last_week: Path) -> None:
    with Sandbox(leads=300, scopes=["tn.crm.leads:r"]) as poor:
        names = ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key")
        settings = {name: str(getattr(poor, name)) for name in names}
        ran = stcrm(last_week, "booking-sources", "--out", "report.html", **settings, time_zone="America/Chicago")
    assert ran.returncode == 1
    assert re.fullmatch(r"stcrm: booking_sources\.ipynb: .*tn\.crm\.bookings:r.*\n", ran.stderr), ran.stderr
    assert is_left_as_it_was(last_week)


def test_full_disk_leaves_the_old_files(last_week: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    summary = last_week / "summary.html"
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))  # a write beyond it fails, as on a full disk
    try:
        with pytest.raises(ReportError, match=r"report\.html could not be written: .* is unchanged\."):
            write_files({summary: "small", last_week / "report.html": "x" * 2_000_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert is_left_as_it_was(last_week)


def test_folder_that_takes_no_file_is_an_error() -> None:
    with pytest.raises(ReportError, match=r"^/proc/report\.html could not be written: [^.]*\.$"):
        write_files({Path("/proc/report.html"): "x"})


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    write_files({tmp_path / "new" / "report.html": "é"})
    (file,) = (tmp_path / "new").iterdir()
    assert file.read_bytes() == "é".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
