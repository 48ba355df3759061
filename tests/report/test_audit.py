"""The report on an audit, made by the command and opened in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from stcrm_pandas.errors import UsageError
from stcrm_pandas.report import make_report

from .browsing import first_screen_is_enough, fits_and_is_drawn, needs_browser, opened, prints_within_the_paper
from .conftest import report_of
from .pages import fetches_nothing


def test_choices_of_analyses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="month: the report audit does not use it"):
        make_report("audit", tmp_path / "audit.html", sandbox=True, month="2026-10")


@needs_browser
@pytest.mark.deep
def test_report_of_an_audit(browser: Browser, company: Path, tmp_path: Path) -> None:
    out = tmp_path / "audit.html"
    made = report_of(company, "audit", "--out", str(out))
    assert made.exit_code == 0, made.output
    text = out.read_text("utf-8")
    assert fetches_nothing(text)
    assert "crm." not in text
    for width, height, chart in ((1300, 900, 300), (390, 844, 180)):
        page, trouble = opened(browser, out, width, "light", height=height)
        first_screen_is_enough(page, chart=chart)
        fits_and_is_drawn(page, width, "light")
        page.locator(".stcrm-actions a").first.click()
        opened_finding = page.locator("details[open]")
        assert opened_finding.count() == 1
        assert "Examples, by id of" in opened_finding.inner_text()
        assert trouble == []
        page.close()
    prints_within_the_paper(browser, out)
    without = tmp_path / "anonymous.html"
    assert report_of(company, "audit", "--anonymous", "--out", str(without)).exit_code == 0
    assert "Examples, by id of" not in without.read_text("utf-8")
