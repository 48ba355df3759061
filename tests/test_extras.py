"""What the dependencies alone can do, and what is said of an extra that is not installed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import stcrm_pandas
from stcrm_pandas.errors import PARTS, MissingExtra, StcrmError

PACKAGE = Path(stcrm_pandas.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
LAYERS = {
    "analysis": "analysis",
    "charts": "analysis",
    "cleaning": "cleaning",
    "grid": "lab",
    "report": "report",
    "sandbox": "sandbox",
}
"""The extra of each folder that has one; all else makes do with the dependencies."""
NO_SUCH = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, *rest):
        return None if name.partition(".")[0] in {names!r} else self.finder.find_spec(name, *rest)

sys.meta_path[:] = map(Without, sys.meta_path)
"""
SAID = """
from stcrm_pandas.errors import MissingExtra

def said(work):
    try:
        work()
    except MissingExtra as error:
        print(f"{error.name}|{error.extra}|{error}")
    else:
        print("no error")
"""
STATEMENTS = """
import importlib
import stcrm_pandas as stcrm
said(lambda: stcrm.analysis)
said(lambda: importlib.import_module("stcrm_pandas.analysis.leads.lead_conversion"))
said(lambda: importlib.import_module("stcrm_pandas.report"))
said(lambda: stcrm.Sandbox)
said(lambda: stcrm.connect(sandbox=True))
said(lambda: stcrm.read_sheet("x.xlsx"))
said(lambda: stcrm.write_sheet(stcrm.schemas.Leads.empty(), "x.xlsx", resource="leads"))
said(lambda: stcrm.to_excel(stcrm.schemas.Leads.empty(), "x.xlsx"))
said(lambda: stcrm.edit(stcrm.schemas.Leads.empty(), name="leads"))
"""
WITH_ANALYSIS = """
import datetime as dt
import stcrm_pandas as stcrm
found = stcrm.analysis.lead_conversion(stcrm.schemas.Leads.empty(), as_of=dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
said(found.figure)
open("x.xlsx", "w").close()
said(lambda: stcrm.analysis.read_spend("x.xlsx"))
"""
WITH_REPORT = """
from stcrm_pandas.report import make_all, make_report
said(lambda: make_report("lead-conversion", "x.html", sandbox=True))
said(lambda: make_all("x", sandbox="x.sqlite"))
"""
COMMANDS = """
import sys
from stcrm_pandas.cli import main
for line in {lines!r}:
    sys.argv = ["stcrm", *line.split()]
    try:
        main()
    except SystemExit as ended:
        print(line, ended.code, flush=True)
"""
READ_AND_EDIT = """
import stcrm_pandas as stcrm
with stcrm.connect(allow_writes=True, progress=False) as crm:
    before = crm.customers.list().head(3)
    plan = crm.customers.plan_changes(before, before.assign(name=["A", "B", "C"]), allow_inactive=True)
    assert plan.apply().ok
    after = crm.customers.get(before["id"].tolist())
    assert after["name"].tolist() == ["A", "B", "C"]
    sheet = stcrm.read_sheet(stcrm.write_sheet(after, "after.csv"))
    assert sheet.frame["name"].tolist() == ["A", "B", "C"]
print("done", *{name.partition(".")[0] for name in sys.modules})
"""


def distribution(requirement: str) -> str:
    return re.split(r"[\[<>=~!; ]", requirement)[0].lower().replace("_", "-")


def installs(extra: str) -> set[str]:
    """The distributions that an extra asks for, by way of other extras, too."""
    found = set()
    for requirement in PROJECT["optional-dependencies"][extra]:
        if distribution(requirement) == PROJECT["name"]:
            for other in requirement.partition("[")[2].rstrip("]").split(","):
                found |= installs(other)
        else:
            found.add(distribution(requirement))
    return found


CORE = {distribution(requirement) for requirement in PROJECT["dependencies"]}
SOURCES = {name: [one.lower().replace("_", "-") for one in found] for name, found in packages_distributions().items()}
EXTRA_MODULES = {name for name, found in SOURCES.items() if set(found) & (installs("all") - CORE)}


def run(code: str, hidden: set[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STCRM_CACHE_DIR": str(folder / "cache"), "STCRM_STATE_DIR": str(folder), **variables}
    script = NO_SUCH.format(names=hidden) + code
    command = [sys.executable, "-W", "error", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def sentence(title: str, package: str, extra: str) -> str:
    return f"{title} needs {package}, which is not installed: pip install 'stcrm-pandas[{extra}]'"


ANALYSIS = sentence("stcrm.analysis", "scipy", "analysis")
REPORT = sentence("A report", "scipy", "report")
SANDBOX = sentence("The sandbox", "uvicorn", "sandbox")
GRID = sentence("The grid", "anywidget", "lab")
XLSX = sentence("An XLSX file", "openpyxl", "sheets")


@pytest.mark.parametrize(
    ("hidden", "code", "expected"),
    [
        (
            {"scipy", "uvicorn", "openpyxl", "anywidget"},
            STATEMENTS,
            [ANALYSIS, ANALYSIS, REPORT, SANDBOX, SANDBOX, XLSX, XLSX, XLSX, GRID],
        ),
        ({"plotly", "openpyxl"}, WITH_ANALYSIS, [sentence("A figure", "plotly", "analysis"), XLSX]),
        ({"starlette"}, WITH_REPORT, [sentence("The sandbox", "starlette", "sandbox")] * 2),
        *(
            ({name}, "said(lambda: __import__('stcrm_pandas.report'))", [sentence("A report", name, "report")])
            for name in ("jinja2", "ipykernel")
        ),
    ],
    ids=["nothing", "analysis", "report", "no template", "no kernel"],
)
def test_missing_extra_raises_with_the_pip_command(hidden, code, expected, tmp_path):
    done = run(SAID + code, hidden, tmp_path)
    assert done.stderr == ""
    lines = [line.split("|") for line in done.stdout.splitlines()]
    assert [text for _, _, text in lines] == expected
    assert all(f"needs {name}, " in text and f"[{extra}]" in text for name, extra, text in lines)


def test_command_with_a_missing_extra_exits_2(tmp_path):
    expected = {
        "report lead-conversion --out x.html": REPORT,
        "report all --out x": REPORT,
        "demo": REPORT,
        "sandbox serve": SANDBOX,
        "doctor --sandbox": SANDBOX,
        "edit undo x.sqlite --out x.json --sandbox": SANDBOX,
        "read leads --out leads.xlsx": XLSX,
    }
    done = run(COMMANDS.format(lines=list(expected)), {"scipy", "uvicorn", "openpyxl"}, tmp_path)
    assert done.stdout.splitlines() == [f"{line} 2" for line in expected]
    assert done.stderr.splitlines() == [f"stcrm: {text}" for text in expected.values()]


def test_base_install_reads_edits_and_writes_sheets(fresh_box, tmp_path):
    assert {"scipy", "plotly", "starlette", "openpyxl", "jinja2", "narwhals", "jupyterlab"} <= EXTRA_MODULES
    place = {f"STCRM_{name.upper()}": str(value) for name, value in fresh_box.connection().items()}
    place.pop("STCRM_SANDBOX_ID")
    done = run(READ_AND_EDIT, EXTRA_MODULES, tmp_path, STCRM_TIME_ZONE="America/Chicago", **place)
    assert done.stdout.startswith("done"), done.stderr
    assert not set(done.stdout.split()) & EXTRA_MODULES


def test_commands_work_without_extras(tmp_path):
    lines = ["--help", "report --help", "report lead-conversion --help", "cache info", "journal list"]
    done = run(COMMANDS.format(lines=lines), EXTRA_MODULES, tmp_path)
    assert [line for line in done.stdout.splitlines() if line[-2:] == " 0"] == [f"{line} 0" for line in lines]


def test_missing_extra_is_a_stcrm_error_and_an_import_error():
    error = MissingExtra("text", name="scipy", extra="analysis")
    assert isinstance(error, StcrmError)
    assert isinstance(error, ImportError)
    assert (error.name, error.extra) == ("scipy", "analysis")


def test_extras_install_what_their_parts_need():
    for part in PARTS.values():
        for name in part.packages:
            assert set(SOURCES[name]) <= installs(part.extra), f"{name} is not in [{part.extra}]"
    assert installs("all") == set.union(
        *map(installs, ("analysis", "report", "lab", "sandbox", "mirror", "cleaning", "sheets"))
    )


def test_every_import_is_a_dependency_or_in_the_folders_extra():
    for path in sorted(PACKAGE.rglob("*.py")):
        folder = path.relative_to(PACKAGE).parts[0]
        known = CORE | (installs(LAYERS[folder]) if folder in LAYERS else set())
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            names = {module.partition(".")[0] for module in modules} - {"stcrm_pandas", *sys.stdlib_module_names}
            for name in names - {"anywidget", "openpyxl", "polars"}:  # for widgets, XLSX files, frames of polars
                assert set(SOURCES[name]) & known, f"{path}: {name} is not declared for {folder}"
