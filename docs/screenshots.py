"""Take the screenshots of the README and the guide: a report, a plan of a bulk edit in JupyterLab, and the grid.

Needs Chromium and the development dependencies: `make screenshots`. The data are those of the demo company.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

TARGET = Path(__file__).parent / "_static"
LIMIT = 200_000
"""Bytes of a screenshot, so that the README loads quickly."""
CELLS = (
    "import stcrm_pandas as stcrm\n\ncrm = stcrm.connect(sandbox=True)\ncustomers = crm.customers.list(active=True)",
    'fixed = customers.copy()\nfixed["name"] = fixed["name"].str.replace(r"\\s+", " ", regex=True).str.title()',
    'plan = crm.customers.plan_changes(customers, fixed, reason="tidy names")\nplan',
)
GRID_CELLS = (CELLS[0], "grid = crm.customers.edit(customers)\ngrid")
GRID_EDITS = (
    ("name", 0, "Maria Lopez-Reyes"),
    ("name", 3, "Jordan Whitfield"),
    ("address_street", 2, "12 Elm St"),
    ("address_zip", 2, "76102"),
    ("active", 6, "unknown"),
)
"""Column, row and text. One edit is refused by the plan, one is no value of its column."""
GO_TO_COLUMN = """
(scroll, name) => {
  const heads = [...scroll.querySelectorAll("[role=columnheader]")];
  const place = heads.findIndex((head) => head.querySelector("button").textContent === name);
  scroll.scrollLeft = heads[place].offsetLeft - 400;
  return place;
}
"""
TO_THE_TOP = "grid => grid.scrollIntoView({ block: 'start' })"


def main() -> None:
    """Take all screenshots, and print their files and sizes."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed (Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        report(browser, Path(folder), TARGET / "report.png")
        plan(browser, Path(folder), TARGET / "plan.png")
        grid(browser, Path(folder), TARGET)
        browser.close()


def report(browser: Browser, folder: Path, target: Path) -> None:
    """Make the report of lead conversion, and photograph its first screen."""
    page_file = folder / "lead-conversion.html"
    command = [sys.executable, "-m", "stcrm_pandas", "report", "lead-conversion", "--sandbox", "--out", str(page_file)]
    subprocess.run(command, check=True, cwd=folder, env=_environment(folder), stdout=subprocess.DEVNULL)
    page = browser.new_page(viewport={"width": 1300, "height": 900}, color_scheme="light")
    page.goto(page_file.as_uri())
    page.wait_for_load_state("networkidle")
    _save(page, target)


def plan(browser: Browser, folder: Path, target: Path) -> None:
    """Run a notebook that plans a bulk edit in JupyterLab, and photograph the plan."""
    with _notebook(folder, CELLS) as address:
        page = browser.new_page(viewport={"width": 1300, "height": 720}, color_scheme="light")
        _run_all(page, address)
        page.wait_for_selector(".jp-OutputArea-output table", timeout=300_000)
        page.keyboard.press("Control+b")  # closes the list of files
        page.locator(".jp-OutputArea-output table").first.scroll_into_view_if_needed()
        page.wait_for_timeout(2_000)
        _save(page, target)


def grid(browser: Browser, folder: Path, target: Path) -> None:
    """Open a grid in JupyterLab, edit some cells, and photograph it: light, dark, and as narrow as a phone."""
    with _notebook(folder, GRID_CELLS) as address:
        page = browser.new_page(viewport={"width": 1300, "height": 720}, color_scheme="light")
        _run_all(page, address)
        page.wait_for_selector(".stcrm-row .stcrm-cell[aria-colindex='3']:not(:text-is('…'))", timeout=300_000)
        page.keyboard.press("Control+b")
        for column, row, text in GRID_EDITS:
            place = page.locator(".stcrm-scroll").evaluate(GO_TO_COLUMN, column)
            page.locator(f".stcrm-row[aria-rowindex='{row + 2}'] [aria-colindex='{place + 1}']").click()
            page.keyboard.type(text)
            page.keyboard.press("Enter")
        page.locator(".stcrm-scroll").evaluate("scroll => scroll.scrollLeft = 0")
        page.locator(".stcrm-row[aria-rowindex='8'] [aria-colindex='2']").click()
        page.get_by_role("button", name="Plan", exact=True).click()
        page.locator(".stcrm-panel", has_text="refused").wait_for()
        page.locator(".stcrm-grid").evaluate(TO_THE_TOP)
        page.wait_for_timeout(2_000)
        _keep(page, target / "grid.png")
        page.get_by_role("menuitem", name="Settings", exact=True).click()
        for label in ("Theme", "JupyterLab Dark"):
            page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{label}$")).click()
        page.get_by_role("button", name="Plan", exact=True).click()
        page.locator(".stcrm-row[aria-rowindex='4'] [aria-colindex='5']").click()
        page.locator(".stcrm-grid").evaluate(TO_THE_TOP)
        page.wait_for_timeout(2_000)
        _keep(page, target / "grid-dark.png")
        page.set_viewport_size({"width": 390, "height": 844})
        page.locator(".stcrm-grid").evaluate(TO_THE_TOP)
        page.wait_for_timeout(2_000)
        _save(page, target / "grid-narrow.png")


def _run_all(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=120_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


@contextmanager
def _notebook(folder: Path, cells: Sequence[str]) -> Iterator[str]:
    """Serve a notebook with these cells in JupyterLab, and yield its address."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    environment = _environment(folder)
    nbformat.write(notebook, folder / "tidy_names.ipynb")
    token = secrets.token_hex(16)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    settings = [f"--IdentityProvider.token={token}", "--ServerApp.port_retries=0", "--LabApp.news_url="]
    server = subprocess.Popen(
        [*command, *settings], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}").close()
                break
            except urllib.error.URLError:
                time.sleep(0.5)
        else:
            sys.exit("JupyterLab did not start within a minute.")
        yield f"http://127.0.0.1:{port}/lab/tree/tidy_names.ipynb?token={token}"
    finally:
        server.terminate()
        server.wait()


def _environment(folder: Path) -> dict[str, str]:
    """No settings of a real tenant or of this user's JupyterLab."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("STCRM_", "JUPYTER"))}
    kept["STCRM_STATE_DIR"] = str(folder / "state")
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), kept.get("PYTHONPATH")]))
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        kept[name] = str(folder / name.lower())
        Path(kept[name]).mkdir(exist_ok=True)
    settings = folder / "jupyter_config_dir" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet), encoding="utf-8")
    return kept


def _save(page: Page, target: Path) -> None:
    """Save what the page shows, and close it."""
    _keep(page, target)
    page.close()


def _keep(page: Page, target: Path) -> None:
    """Save what the page shows with few colors."""
    page.screenshot(path=str(target))
    with Image.open(target) as image:
        image.convert("RGB").quantize(128).save(target, optimize=True)
    size = target.stat().st_size
    print(f"{target}: {size:,} bytes")
    if size > LIMIT:
        sys.exit(f"{target.name} has more than {LIMIT:,} bytes: show less, or use fewer colors.")


if __name__ == "__main__":
    main()
