"""Measure the grid in JupyterLab, and beside it ipydatagrid and itables where they can do the same.

    python -m bench.grid --rows 50000 --columns 20 --other /path/to/venv/bin/python

It needs Chromium. `--other` is the Python of an environment with jupyterlab, pandas, ipydatagrid and itables; without
it, only the grid is measured. All three show the same frame, one after the other, in the same browser.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.grid.lab import Lab, Notebook, jupyter_lab

FRAME = """
import numpy as np, pandas as pd
rng, rows, columns = np.random.default_rng(1), {rows}, {columns}
kinds = [
    lambda place: [f"Name {{row}} of {{place}}" for row in range(rows)],
    lambda place: rng.integers(0, 100_000, rows),
    lambda place: rng.random(rows).round(4),
    lambda place: rng.random(rows) < 0.5,
]
frame = pd.DataFrame({{f"c{{place}}": kinds[place % 4](place) for place in range(columns)}})
"""
KINDS = ("str", "Int64", "Float64", "boolean")
OURS = """
import stcrm_pandas as stcrm
dtypes = ["str", "Int64", "Float64", "boolean"]
frame = frame.astype({name: dtypes[place % 4] for place, name in enumerate(frame)})
frame.insert(0, "id", pd.array(range(rows), dtype="Int64"))
"""
WATCH = """
(() => {  // counts what comes from Python, and notes when
  window.bytes = 0;
  window.arrived = 0;
  window.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options);
      this.addEventListener("message", ({ data }) => {
        window.bytes += data.byteLength ?? data.size ?? data.length;
        window.arrived = performance.now();
      });
    }
  };
})();
"""
FRAMES = """
async () => {  // milliseconds between frames while the wheel turns
  const times = [];
  const end = performance.now() + 2000;
  let last = performance.now();
  while (last < end) {
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times.slice(2);
}
"""


@dataclass(frozen=True)
class Shown:
    """What it takes to show the frame."""

    paint: float
    """Milliseconds from running the cell to the first rows."""
    complete: float
    """Milliseconds until the last bytes came."""
    size: int
    """Bytes from Python until then."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--edits", type=int, default=40)
    parser.add_argument("--other", default="", help="Python of an environment with ipydatagrid and itables")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("Chromium is needed (Debian: apt-get install chromium).")
    frame = FRAME.format(rows=options.rows, columns=options.columns)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        with tempfile.TemporaryDirectory() as folder, jupyter_lab(Path(folder)) as lab:
            for line in grid(lab, _context(browser), frame, options.edits):
                print(f"grid: {line}", flush=True)
        if options.other:
            with tempfile.TemporaryDirectory() as folder, jupyter_lab(Path(folder), python=options.other) as lab:
                for line in others(lab, browser, frame):
                    print(line, flush=True)
        browser.close()


def grid(lab: Lab, context: BrowserContext, frame: str, edits: int) -> Iterator[str]:
    """Measure our grid: showing, editing, pasting, scrolling."""
    notebook = _opened(lab, context, "grid.ipynb", frame + OURS, "stcrm.edit(frame, name='bench')")
    page = notebook.page
    shown = _show(page, ".stcrm-row .stcrm-cell:nth-child(2):not(:text-is('…'))")
    yield _describe(shown)
    notebook.cell(0, 1).click()
    spent = [_answered(page, lambda place=place: _type(page, f"edit {place}")) for place in range(edits)]
    slowest = statistics.quantiles(spent, n=20)[-1]
    yield f"edit to acknowledgement, on disk: median {statistics.median(spent):.0f} ms, 95% {slowest:.0f} ms"
    block = "".join(f"pasted {row}\tpasted {row}\r\n" for row in range(5_000))
    notebook.go_to(100, 1)
    page.evaluate("text => navigator.clipboard.writeText(text)", block.replace("\tpasted", "\t"))
    pasted = _answered(page, lambda: page.keyboard.press("Control+v"))
    yield f"paste of 10,000 cells to the last acknowledgement: {pasted:,.0f} ms"
    yield _scrolled(page, ".stcrm-canvas")
    notebook.close()


def others(lab: Lab, browser: Browser, frame: str) -> Iterator[str]:
    """Measure what the others can do: show and scroll. Neither acknowledges an edit or pastes a block."""
    shows = {
        "ipydatagrid": (
            "from ipydatagrid import DataGrid",
            "DataGrid(frame, editable=True)",
            ".ipydatagrid canvas, .lm-DataGrid canvas",
        ),
        "itables": (
            "import itables; itables.init_notebook_mode(connected=False)",
            "itables.show(frame, maxBytes=0)",
            "table.dataTable tbody tr td + td",
        ),
    }
    for name, (start, code, painted) in shows.items():
        notebook = _opened(lab, _context(browser), f"{name}.ipynb", f"{frame}\n{start}", code)
        yield f"{name}: {_describe(_show(notebook.page, painted))}"
        yield f"{name}: {_scrolled(notebook.page, painted)}"
        notebook.close()


def _context(browser: Browser) -> BrowserContext:
    return browser.new_context(
        viewport={"width": 1300, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )


def _opened(lab: Lab, context: BrowserContext, name: str, *cells: str) -> Notebook:
    """Open a notebook, and run its first cell."""
    context.add_init_script(WATCH)
    lab.write(name, cells)
    notebook = Notebook.opened(lab, context, name)
    code = notebook.page.locator(".jp-CodeCell .cm-content")
    code.first.click()
    notebook.page.keyboard.press("Control+Enter")
    notebook.page.get_by_text("[1]:").wait_for(timeout=120_000)
    code.last.click()
    return notebook


def _show(page: Page, painted: str) -> Shown:
    """Run the second cell, and wait until it is painted and nothing more comes."""
    page.wait_for_timeout(1_000)
    start, before = page.evaluate("[performance.now(), bytes]")
    page.keyboard.press("Control+Enter")
    page.locator(painted).first.wait_for(timeout=120_000)
    paint = page.evaluate("performance.now()") - start
    while page.evaluate("performance.now() - arrived") < 3_000:
        page.wait_for_timeout(500)
    arrived, size = page.evaluate("[arrived, bytes]")
    return Shown(paint, arrived - start, size - before)


def _answered(page: Page, act: Any) -> float:
    """Return the milliseconds from an action until everything is saved, as the page's clock counts them."""
    wait = """() => {
        const saved = document.querySelector(".stcrm-saved");
        window.spent = window.posted = null;
        const watch = new MutationObserver(() => {
          if (saved.textContent.includes("not saved")) window.posted ??= performance.now();
          else if (saved.textContent === "All changes saved" && window.posted) {
            watch.disconnect();
            window.spent = performance.now() - window.posted;
          }
        });
        watch.observe(saved, { childList: true, characterData: true, subtree: true });
    }"""
    page.evaluate(wait)
    act()
    page.wait_for_function("window.spent !== null", timeout=120_000)
    return float(page.evaluate("window.spent"))


def _type(page: Page, text: str) -> None:
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def _scrolled(page: Page, place: str) -> str:
    """Turn the wheel for two seconds, and describe the times between frames."""
    page.locator(place).first.scroll_into_view_if_needed()
    box = page.locator(place).first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.evaluate(f"window.frames_ = ({FRAMES})()")
    for _ in range(40):
        page.mouse.wheel(0, 900)
        page.wait_for_timeout(40)
    times = page.evaluate("window.frames_")
    slow = sum(time > 50 for time in times)
    return f"scroll: median {statistics.median(times):.0f} ms between frames, {slow} of {len(times)} above 50 ms"


def _describe(shown: Shown) -> str:
    return f"first rows after {shown.paint:,.0f} ms, {shown.size / 1e6:.2f} MB in {shown.complete:,.0f} ms"


if __name__ == "__main__":
    main()
