"""Reports made once: a sample with everything that a report can show, and those of a small company."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, sync_playwright
from typer.testing import CliRunner, Result

from stcrm_pandas.cli import app
from stcrm_pandas.client import connect
from stcrm_pandas.report import write_report
from stcrm_pandas.sandbox import Sandbox

from .browsing import CHROMIUM
from .sample import EVIL

HERE = Path(__file__).parent

CELLS = [
    "# A sample\n\nWith *words*.",
    "from sample import Sample\n"
    "from stcrm_pandas.analysis import first_screen, work_lists\n"
    "import plotly.graph_objects as go\n"
    "found = Sample()\n"
    "said = ['The stored leads are 3 days old.']\n"
    "first_screen('A sample', found, company='Example <Heating>', period='Jun 1–28, 2026', cautions=said)",
    "## Call lists",
    "work_lists(found, anonymous=anonymous)",
    "## Pictures",
    "figure = go.Figure(go.Bar(x=['</script><b>', 'b'], y=[3, 4], name='one'))\n"
    "figure.update_layout(height=300, meta={'alt': 'Two bars, of 3 & of 4.'})",
    "## Tables",
    "found",
    "found.summary()",
    "## Check these numbers in ServiceTitan",
    "found.check",
    "## Definitions",
    "found.definitions",
]


def sample_notebook(folder: Path) -> Path:
    """The notebook of the sample in a folder, beside what it imports."""
    shutil.copy(HERE / "sample.py", folder)
    made = nbformat.v4.new_notebook()
    made.cells = [nbformat.v4.new_code_cell("anonymous = False", metadata={"tags": ["parameters"]})]
    made.cells.append(nbformat.v4.new_code_cell(f"import sys\nsys.path.insert(0, {str(folder)!r})"))
    kinds = {True: nbformat.v4.new_markdown_cell, False: nbformat.v4.new_code_cell}
    made.cells += [kinds[cell.startswith("#")](cell) for cell in CELLS]
    nbformat.write(made, folder / "sample.ipynb")
    return folder / "sample.ipynb"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the sample."""
    folder = tmp_path_factory.mktemp("sample")
    return write_report(sample_notebook(folder), folder / "sample.html", {})


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a small company with evil names in it, in a folder for its reports; what is read is cached there."""
    folder = tmp_path_factory.mktemp("company")
    state = folder / "company.sqlite"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STCRM_CACHE_DIR", str(folder / "cache"))
        environment.setenv("STCRM_STATE_DIR", str(folder / "state"))
        with Sandbox(leads=1_200, state=state) as sandbox, connect(sandbox=sandbox) as crm:
            campaign = int(crm.lookups.campaigns.list(active=True)["id"].iloc[0])
            for name in EVIL[:2]:
                crm.leads.create(
                    campaign_id=campaign, summary="Leak", follow_up_date="2026-01-05T15:00Z", lead_customer_name=name
                )
    return state


def report_of(state: Path, *options: str) -> Result:
    """What `stcrm report` said about the small company."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STCRM_CACHE_DIR", str(state.parent / "cache"))
        environment.setenv("STCRM_STATE_DIR", str(state.parent / "state"))
        return CliRunner().invoke(app, ["report", *options, "--sandbox", "--state", str(state)])


@pytest.fixture(scope="session")
def made(company: Path) -> tuple[Result, Path]:
    """What `stcrm report all` said, and the folder of the reports."""
    out = company.parent / "reports"
    return report_of(company, "all", "--until", "2030-01-01", "--out", str(out)), out


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "CI=true, and there is no Chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()
