"""Long tables in a notebook: five rows, the others on request, without a script."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from stcrm_pandas.analysis.base.display import table

from .browsing import needs_browser, opened


def html(rows: int, *, total: bool = False) -> str:
    cells = [[f"Campaign {number}", str(number)] for number in range(rows)] + [["All", "0"]] * total
    return table({"Campaign": False, "Leads": True}, cells, total=total)


def test_only_a_long_table_is_folded() -> None:
    assert "<details" not in html(10)
    assert "<details" not in html(10, total=True)
    assert "Show all 1,234 rows" in html(1_234)


@needs_browser
def test_a_notebook_shows_five_rows_and_the_others_on_request(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><body>{html(12, total=True)}</body>")
    page, trouble = opened(browser, file, 1300, "light")
    rows = page.locator("tbody tr:visible")
    assert rows.count() == 6
    assert rows.last.inner_text().split() == ["All", "0"], "the total stays"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # the first stop is the table, which scrolls
    page.keyboard.press("Enter")
    assert rows.count() == 13
    page.get_by_text("Show 5 rows").click()
    assert rows.count() == 6
    assert page.get_by_text("Show all 12 rows").is_visible()
    assert trouble == []
    page.close()


@needs_browser
def test_a_report_folds_its_tables_itself(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><body data-name="report">{html(12)}</body>')
    page, _ = opened(browser, file, 1300, "light")
    assert page.locator("tbody tr:visible").count() == 12
    assert not page.get_by_text("Show all").is_visible()
    page.close()
