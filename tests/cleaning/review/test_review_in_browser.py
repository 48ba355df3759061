"""The review in JupyterLab in a real browser: keys, a locked disk, a page that is loaded again, both themes."""

from __future__ import annotations

import os
import shutil
import sqlite3
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="needs the extra [lab]")
pytest.importorskip("jupyterlab", reason="needs the extra [lab]")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from ...grid.lab import Notebook, jupyter_lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)"),
    pytest.mark.skipif("CI" in os.environ, reason="JupyterLab in a browser is tested on developers' machines"),
]

FIND = """
import pandas as pd, stcrm_pandas as stcrm
names = ["Wanda Quist", "Bram Ablewhite", "Cleo Hawksworth", "Dario Dittisham"]
rows = [(2 * place + one, name, place) for place, name in enumerate(names) for one in (1, 2)]
address = {"address_unit": None, "address_city": "Austin", "address_state": "TX", "address_zip": "78701"}
customers = pd.DataFrame([{"id": id, "name": name, "address_street": f"{place + 1} Elm St"} | address
                          for id, name, place in rows])
contacts = pd.DataFrame([{"customer_id": id, "type": "MobilePhone", "value": f"512-555-01{place:02d}"}
                         for id, _, place in rows]
                        + [{"customer_id": id, "type": "Email", "value": f"{id}@home.com"} for id, _, _ in rows])
locations = pd.DataFrame({"id": [], "customer_id": []}).reindex(
    columns=["id", "customer_id", "address_street", *address])
dup = stcrm.cleaning.duplicates(customers, contacts, locations, decisions="decisions.sqlite")
"""


def test_review(tmp_path: Any) -> None:
    with jupyter_lab(tmp_path) as lab, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1100, "height": 800})
        lab.write("review.ipynb", [FIND, "review = dup.review(who='ann')\nreview"])
        notebook = Notebook.opened(lab, context, "review.ipynb")
        try:
            notebook.run_all()
            decide(notebook)
            look(notebook)
            wait_for_a_disk(notebook, tmp_path)
            notebook.save()
            saved = (lab.folder / "review.ipynb").read_text(encoding="utf-8")
            for text in ("5550100", "1@home.com", "class Channel", "agrees"):
                assert text not in saved, text
            assert notebook.trouble == []
        finally:
            notebook.close()
            browser.close()


def decide(notebook: Notebook) -> None:
    """Decide with keys that are shortcuts of JupyterLab in another place."""
    review, keyboard = notebook.grid, notebook.page.keyboard
    title = review.locator(".stcrm-title")
    expect(title).to_have_text("Pair 1 of 4", timeout=120_000)
    expect(review.locator("mark").first).to_be_visible()
    cells = notebook.page.locator(".jp-Cell").count()
    review.focus()
    for key, shown in (("s", "Pair 2 of 4"), ("d", "Pair 3 of 4"), ("l", "Pair 4 of 4"), ("b", "Pair 3 of 4")):
        keyboard.press(key)
        expect(title).to_have_text(shown)
        expect(review.get_by_role("table")).to_be_visible()
    expect(review.get_by_role("button", name="Later (L)")).to_have_attribute("aria-pressed", "true")
    expect(review.locator(".stcrm-saved")).to_have_text("All decisions saved")
    expect(review.locator(".stcrm-numbers")).to_have_text("2 of 4 pairs decided · 1 for later")
    assert notebook.page.locator(".jp-Cell").count() == cells
    verdicts = notebook.ask("[(one.verdict, one.who) for one in dup.decisions.latest().values()]")
    assert verdicts == [["same", "ann"], ["different", "ann"], ["later", "ann"]]


def look(notebook: Notebook) -> None:
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.choose_theme(theme)
        violations = Axe().run(notebook.page, context={"include": [[".stcrm-review"]]}).response["violations"]
        assert [(violation["id"], violation["nodes"][0]["html"][:200]) for violation in violations] == []
        if folder := os.environ.get("REVIEW_PICTURES"):
            notebook.grid.screenshot(path=f"{folder}/review {theme}.png")


def wait_for_a_disk(notebook: Notebook, folder: Any) -> None:
    """While another process holds the file, a decision is not shown as saved; then it is, without being made again."""
    review, keyboard = notebook.grid, notebook.page.keyboard
    held = sqlite3.connect(folder / "decisions.sqlite", isolation_level=None)
    held.execute("BEGIN IMMEDIATE")
    review.focus()
    keyboard.press("s")
    expect(review.locator(".stcrm-saved")).to_have_text("1 decision not saved")
    expect(review.get_by_role("alert")).to_contain_text("1 decision not saved", timeout=10_000)
    held.execute("ROLLBACK")
    held.close()
    expect(review.locator(".stcrm-saved")).to_have_text("All decisions saved", timeout=60_000)
    expect(review.get_by_role("alert")).to_be_hidden()
    assert notebook.ask("len(dup.decisions.latest())") == 3
