"""Reports: one file that fetches nothing, whole or not at all."""

import datetime as dt
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import MirrorError, PermissionDenied, ReportError, SettingsError, UsageError
from stcrm_pandas.report import REPORTS, Reads, make_all, make_report, notebook_path, write_report
from stcrm_pandas.report.making import _taken
from stcrm_pandas.report.page import fitting
from stcrm_pandas.report.running import parameters_of
from stcrm_pandas.sandbox import Sandbox

from .conftest import sample_notebook
from .pages import Tags, fetches_nothing


def notebook(folder: Path, *cells: str | Any) -> Path:
    made = nbformat.v4.new_notebook()
    parameters = nbformat.v4.new_code_cell("word = 'unset'", metadata={"tags": ["parameters"]})
    made.cells = [parameters, *(nbformat.v4.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells)]
    path = folder / "small.ipynb"
    nbformat.write(made, path)
    return path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of a small notebook with one output of each kind, while a foreign kernel has the usual name."""
    folder = tmp_path_factory.mktemp("small")
    kernels = folder / "jupyter" / "kernels" / "python3"
    kernels.mkdir(parents=True)
    (kernels / "kernel.json").write_text(
        json.dumps({"argv": ["/no/such/python", "{connection_file}"], "display_name": "other", "language": "python"})
    )
    path = notebook(
        folder,
        nbformat.v4.new_markdown_cell("# A small report\n\nWith *words*."),
        "import sys\nprint('printed <b>&</b>', word, sys.executable)\nprint('to stderr', file=sys.stderr)",
        "import plotly.graph_objects as go\ngo.Figure(go.Scatter(x=[1, 2], y=[3, 4], name='</script><b>'))",
        "'<i>plain</i>'",
        "from IPython.display import HTML\nHTML('<table><tr><td>cell</td></tr></table>')",
        "from tqdm.notebook import tqdm\nfor _ in tqdm(range(3)): pass",
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        out = write_report(path, folder / "small.html", {"word": "given"})
    assert sorted(file.name for file in folder.iterdir()) == ["jupyter", "small.html", "small.ipynb"]
    return out.read_text("utf-8")


def test_page_has_outputs_and_no_code(small: str) -> None:
    import sys

    assert "<title>A small report</title>" in small
    assert "<em>words</em>" in small
    assert f"printed &lt;b&gt;&amp;&lt;/b&gt; given {sys.executable}" in small
    assert "&lt;i&gt;plain&lt;/i&gt;" in small
    assert "<td>cell</td>" in small
    for hidden in ("import sys", "to stderr", "go.Figure", "0/3"):
        assert hidden not in small


def test_page_loads_nothing_from_the_network(small: str) -> None:
    assert fetches_nothing(small)
    assert len(small.encode()) < 8_000_000
    scripts = Tags(small).texts["script"]
    assert sum(len(text) > 1_000_000 for text in scripts) == 1  # plotly.js, once
    (figure,) = (text for text in scripts if text.startswith("{"))
    assert json.loads(figure)["data"][0]["name"] == "</script><b>"
    assert not fetches_nothing('<script src="https://example.com/a.js"></script>')
    assert not fetches_nothing("<style>@import 'a.css'</style>")


def test_failing_cell_keeps_the_old_report(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("the one of last week")
    path = notebook(tmp_path, "number = 1", "# a comment\nraise ValueError('Jane Doe, 555-0100')")
    with pytest.raises(ReportError) as caught:
        write_report(path, out, {"word": "given"})
    assert str(caught.value) == (
        "small.ipynb: cell 4 (raise ValueError('Jane Doe, 555-0100')) failed with ValueError; "
        "run the notebook in JupyterLab to see more"
    )
    assert caught.value.cell == 4
    assert out.read_text() == "the one of last week"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["report.html", "small.ipynb"]


def test_unwritable_path_raises_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        make_report("lead-conversion", tmp_path / "missing" / "report.html", sandbox=True)
    with pytest.raises(UsageError, match="is a folder"):
        make_report("lead-conversion", tmp_path, sandbox=True)
    with pytest.raises(UsageError, match="contact-preferences does not use it"):
        make_report("contact-preferences", tmp_path / "report.html", sandbox=True, spend="spend.csv")


def test_reads_without_permission_are_omitted() -> None:
    def forbidden(**_: Any) -> int:
        raise PermissionDenied("no", scope="tn.jpm.<jobs>:r")

    def broken() -> int:
        raise UsageError("wrong")

    reads = Reads()
    assert reads.optional("leads", lambda: 1) == 1
    assert reads._repr_html_() == ""
    assert reads.optional("jobs & more", forbidden, created_on_or_after=None) is None
    assert reads.missing == {"jobs & more": "tn.jpm.<jobs>:r"}
    assert (
        "No jobs &amp; more: the application lacks the scope <code>tn.jpm.&lt;jobs&gt;:r</code>" in reads._repr_html_()
    )
    with pytest.raises(UsageError):
        reads.optional("names", broken)


@pytest.mark.parametrize("name", ["start_here", "clean_up", "audit", *REPORTS.values()])
def test_notebooks_are_thin_and_stored_without_outputs(name: str) -> None:
    stored = nbformat.read(notebook_path(name), as_version=4)
    nbformat.validate(stored)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    tags = [cell.metadata["tags"] for cell in code if cell.metadata.get("tags")]
    assert tags == [["parameters"], *([["reads"]] if name in REPORTS.values() else [])]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum(len(cell.source.splitlines()) for cell in code) < 125
    assert "sandbox" in parameters_of(notebook_path(name))


def test_missing_notebook() -> None:
    with pytest.raises(ReportError, match="is missing"):
        notebook_path("no_such_notebook")


@pytest.mark.parametrize(
    ("by", "message"), [("no_such", "no_such cannot be used"), (["campaign", "month", "hour"], "one or two names")]
)
def test_unknown_dimension_raises_before_a_read(tmp_path: Path, by: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_all(tmp_path / "reports", sandbox=True, by=by)
    assert not (tmp_path / "reports").exists()


def test_each_report_gets_only_its_parameters() -> None:
    given = {"by": "source", "spend": "spend.csv", "since": "2026-01-01"}
    taken = {name: _taken(name, notebook_path(notebook), given) for name, notebook in REPORTS.items()}
    assert [one["by"] for one in taken.values()] == [None, None, "source"]
    assert ["spend" in one for one in taken.values()] == [True, False, False]
    assert {one["since"] for one in taken.values()} == {"2026-01-01"}


def test_failed_report_changes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "index.html").write_text("the one of last week")
    monkeypatch.chdir(tmp_path)
    for name in ("STCRM_ENVIRONMENT", "STCRM_TENANT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SettingsError, match="Not set: STCRM_"):
        make_all(folder)
    assert [file.name for file in folder.iterdir()] == ["index.html"]
    assert (folder / "index.html").read_text() == "the one of last week"


def test_too_large_page_raises() -> None:
    with pytest.raises(ReportError, match=r"8\.1 MB.*--anonymous"):
        fitting("x" * 8_100_000, "Leads")
    assert fitting("x", "Leads") == "x"


def test_a_report_without_names(tmp_path: Path) -> None:
    page = write_report(sample_notebook(tmp_path), tmp_path / "a.html", {"anonymous": True}).read_text("utf-8")
    assert "Customer 0" not in page
    assert "People who wait (60)" in page
    assert "this report contains no personal data" in page


@pytest.fixture
def poor_tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A tenant in the environment whose application may read leads and nothing else, without a time zone."""
    monkeypatch.chdir(tmp_path)
    with Sandbox(leads=300, scopes=["tn.crm.leads:r"]) as sandbox:
        for name in ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key"):
            monkeypatch.setenv(f"STCRM_{name.upper()}", str(getattr(sandbox, name)))
        monkeypatch.setenv("STCRM_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.delenv("STCRM_TIME_ZONE", raising=False)
        yield sandbox


@pytest.mark.deep
def test_missing_scopes_are_listed_in_the_report(poor_tenant: Sandbox, tmp_path: Path) -> None:
    page = make_report("lead-conversion", tmp_path / "leads.html").read_text("utf-8")
    for message in (
        "No jobs: the application lacks the scope",
        "No names of campaigns: the application lacks the scope",
        "Jobs were not read, so no conversion is dated exactly",
        "Months need a time zone: set STCRM_TIME_ZONE.",
        "not read",
    ):
        assert message in page
    assert poor_tenant.client_secret not in page
    assert poor_tenant.app_key not in page


@pytest.mark.deep
def test_all_omits_reports_without_a_scope(poor_tenant: Sandbox, tmp_path: Path) -> None:
    index = make_all(tmp_path / "reports", time_zone="America/Chicago")
    assert sorted(file.name for file in index.parent.iterdir()) == ["index.html", "lead-conversion.html"]
    page = index.read_text("utf-8")
    for scope in ("tn.crm.customers:r", "tn.crm.bookings:r"):
        assert scope in page
    assert page.count("This report could not be made") == 2
    assert 'href="lead-conversion.html"' in page
    assert 'href="contact-preferences.html"' not in page
    assert poor_tenant.client_secret not in page


@pytest.mark.deep
def test_all_reports_from_a_mirror_without_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Sandbox(leads=1500, seed=7, as_of=dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC), rate_limit=None) as sandbox,
        warnings.catch_warnings(),
        stcrm.connect(sandbox=sandbox) as crm,
    ):
        warnings.simplefilter("ignore")
        crm.mirror(tmp_path / "titan").sync()
        moment = sandbox.advance(3600)
        sandbox.advance(1200)
        crm.mirror(tmp_path / "titan").sync()
    monkeypatch.setenv("STCRM_API_URL", "http://127.0.0.1:9")  # nothing answers there
    index = make_all(tmp_path / "reports", mirror=tmp_path / "titan")
    pages = {path.stem: path.read_text("utf-8") for path in index.parent.glob("*.html")}
    assert set(pages) == {"index", *REPORTS}
    assert "No phone numbers of bookings: they are not in the mirror." in pages["booking-sources"]
    earlier = make_report(
        "lead-conversion", tmp_path / "then.html", mirror=tmp_path / "titan", as_of=f"{moment:%FT%TZ}"
    )
    assert "Jun 1, 2026, 8:00 AM CDT" in earlier.read_text("utf-8")


def test_contradictions_about_a_mirror_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    out = tmp_path / "leads.html"
    with pytest.raises(UsageError, match="choose one"):
        make_report("lead-conversion", out, mirror=tmp_path, sandbox=True)
    with pytest.raises(UsageError, match="as_of needs a mirror"):
        make_report("lead-conversion", out, as_of="2026-01-01", sandbox=True)
    with pytest.raises(MirrorError, match="has no mirror"):
        make_report("lead-conversion", out, mirror=tmp_path / "nothing")
