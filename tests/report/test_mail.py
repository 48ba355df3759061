"""What is made to be sent by e-mail: one file, without a person in it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
from typer.testing import Result

from stcrm_pandas.client import connect
from stcrm_pandas.errors import DriftWarning, UsageError
from stcrm_pandas.report import REPORTS, make_all, make_report
from stcrm_pandas.sandbox import Sandbox

from .conftest import report_of
from .pages import Tags, fetches_nothing
from .people import People


@pytest.fixture(scope="module")
def people(company: Path) -> People:
    with Sandbox(state=company) as sandbox, connect(sandbox=sandbox) as crm, warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        return People(crm)


@pytest.fixture(scope="module")
def mailed(company: Path) -> tuple[Result, Path]:
    """What the command said, and the file that it wrote."""
    out = company.parent / "mailed.html"
    return report_of(company, "all", "--out", str(out)), out


@pytest.mark.deep
def test_one_file_has_all_reports_and_no_person(mailed: tuple[Result, Path], people: People) -> None:
    result, out = mailed
    assert result.exit_code == 0, result.output
    page = out.read_text("utf-8")
    assert fetches_nothing(page)
    assert len(page.encode()) < 8_000_000
    assert sum(len(text) > 1_000_000 for text in Tags(page).texts["script"]) == 1  # plotly.js, once
    ids = {attributes.get("id") for _, attributes in Tags(page).tags}
    assert {*REPORTS, "lead-conversion-overdue-follow-up", "booking-sources-still-new"} <= ids
    assert len(people.ids) > 1_500
    assert len(people.phones) > 300
    assert len(people.emails) > 100
    assert people.found_in(page) == set()
    assert re.search(r"contact_id: \d+, contact_method_id: \d+", page)  # no ids of the contacts read
    assert page.count("Call lists are left out of this file") == 3
    assert re.search(r"Overdue follow-ups \(\d+\)", page)


@pytest.mark.deep
def test_a_folder_has_the_lists_and_the_people_in_them(made: tuple[Result, Path], people: People) -> None:
    for name in REPORTS:
        page = (made[1] / f"{name}.html").read_text("utf-8")
        assert len(people.found_in(page)) > 20, name
        assert "Call lists are left out" not in page


@pytest.mark.deep
@pytest.mark.parametrize(("options", "some"), [((), False), (("--with-lists",), True)])
def test_one_report_has_lists_only_if_asked_for(
    company: Path, people: People, options: tuple[str, ...], some: bool
) -> None:
    out = company.parent / "one.html"
    result = report_of(company, "booking-sources", "--out", str(out), *options)
    assert result.exit_code == 0, result.output
    assert (len(people.found_in(out.read_text("utf-8"))) > 5) == some


def test_contradicting_options_are_refused(tmp_path: Path) -> None:
    for make in (
        lambda: make_report("lead-conversion", tmp_path / "a.html", anonymous=True, with_lists=True, sandbox=True),
        lambda: make_all(tmp_path / "reports", anonymous=True, with_lists=True, sandbox=True),
    ):
        with pytest.raises(UsageError, match="choose one"):
            make()
    assert list(tmp_path.iterdir()) == []
