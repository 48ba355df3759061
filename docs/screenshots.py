"""Take the screenshots that the README shows: a report's first screen, and a plan of a bulk edit in JupyterLab.

Needs Chromium and the development dependencies: `make screenshots`. The data are those of the demo company.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
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


def main() -> None:
    """Take both screenshots, and print their files and sizes."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed (Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        report(browser, Path(folder), TARGET / "report.png")
        plan(browser, Path(folder), TARGET / "plan.png")
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
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    environment = _environment(folder)
    nbformat.write(notebook, folder / "tidy_names.ipynb")
    with _jupyterlab(folder, environment) as address:
        page = browser.new_page(viewport={"width": 1300, "height": 720}, color_scheme="light")
        page.goto(address)
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=120_000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_selector(".jp-OutputArea-output table", timeout=300_000)
        page.keyboard.press("Control+b")  # closes the list of files
        page.locator(".jp-OutputArea-output table").first.scroll_into_view_if_needed()
        page.wait_for_timeout(2_000)
        _save(page, target)


@contextmanager
def _jupyterlab(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Serve the folder, and yield the address of its notebook."""
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
    """Save what the page shows with few colors."""
    page.screenshot(path=str(target))
    page.close()
    with Image.open(target) as image:
        image.convert("RGB").quantize(128).save(target, optimize=True)
    size = target.stat().st_size
    print(f"{target}: {size:,} bytes")
    if size > LIMIT:
        sys.exit(f"{target.name} has more than {LIMIT:,} bytes: show less, or use fewer colors.")


if __name__ == "__main__":
    main()
