"""The grid in JupyterLab in a real browser: 50,000 rows, fast hands, slow disks, killed kernels, two tabs."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("anywidget", reason="needs the extra [lab]")
pytest.importorskip("jupyterlab", reason="needs the extra [lab]")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from stcrm_pandas.grid.widget import joined

from .lab import Lab, Notebook, jupyter_lab

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.deep,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)"),
    pytest.mark.skipif("CI" in os.environ, reason="JupyterLab in a browser is tested on developers' machines"),
]

ROWS = 50_000
FIRST = 2**53 + 1
FRAME = f"""
import os
import numpy as np, pandas as pd, stcrm_pandas as stcrm
rows, rng = {ROWS}, np.random.default_rng(3)
data = {{"id": pd.array(np.arange(rows) + {FIRST}, dtype="Int64")}}
for place in range(1, 30):
    name = ["flag", "text", "count", "amount", "when"][place % 5] + f"_{{place}}"
    data[name] = [
        lambda: pd.array(rng.random(rows) < 0.5, dtype="boolean"),
        lambda: pd.Series([f"Name {{row}} of {{place}}" for row in range(rows)], dtype="str"),
        lambda: pd.array(rng.integers(0, 1000, rows), dtype="Int64"),
        lambda: pd.array(rng.random(rows).round(4), dtype="Float64"),
        lambda: pd.date_range("2026-01-01", periods=rows, freq="min", tz="UTC").as_unit("us"),
    ][place % 5]()
frame = pd.DataFrame(data)

def edited(after):
    "Cells that differ, as text."
    found = []
    for name in frame.columns:
        old, new = frame[name], after[name]
        differs = ~((old == new).fillna(False) | (old.isna() & new.isna())).to_numpy(dtype=bool)
        found += [[str(key), name, None if pd.isna(value) else str(value)]
                  for key, value in zip(frame["id"][differs], new[differs])]
    return sorted(found)

def logged(name):
    "What the log alone brings back."
    again = stcrm.edit(frame, name=name)
    try:
        return again.after
    finally:
        again.close()
"""


def show(name: str) -> str:
    return f"grid = stcrm.edit(frame, name={name!r})\ngrid"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    permissions = ["clipboard-read", "clipboard-write"]
    return browser.new_context(viewport={"width": 1300, "height": 900}, permissions=permissions)


@pytest.fixture(scope="module")
def notebook(lab: Lab, context: BrowserContext) -> Iterator[Notebook]:
    """A grid of 50,000 rows and 30 columns. Each test edits rows of its own."""
    lab.write("rows.ipynb", [FRAME, show("rows")])
    opened = Notebook.opened(lab, context, "rows.ipynb")
    opened.run_all()
    wait_until_loaded(opened)
    yield opened
    assert opened.trouble == []
    opened.close()


def wait_until_loaded(notebook: Notebook) -> None:
    expect(notebook.cell(0, 2)).not_to_have_text("…", timeout=120_000)
    notebook.page.wait_for_function(
        "heard.filter(m => m.type === 'column').length >= 30 || !heard.some(m => m.type === 'frame')", timeout=120_000
    )


def wait_until_saved(notebook: Notebook) -> None:
    expect(notebook.grid.locator(".stcrm-saved")).to_have_text("All changes saved", timeout=60_000)


def acknowledged(notebook: Notebook) -> dict[tuple[str, str], str | None]:
    """Return the changed cells that Python acknowledged to this page."""
    cells: dict[tuple[str, str], str | None] = {}
    for message in notebook.heard():
        for key, column, verdict, value, _reason, original in message["verdicts"]:
            if verdict in ("accepted", "refused"):
                cells[key, column] = value
                if value == original:
                    del cells[key, column]
    return cells


def check_all_agree(notebook: Notebook, name: str) -> dict[tuple[str, str], str | None]:
    """What the page was told equals `.after` equals what the log brings back."""
    wait_until_saved(notebook)
    told = acknowledged(notebook)
    cells, same = notebook.ask(f"[edited(grid.after), logged({name!r}).equals(grid.after)]")
    assert told == {(key, column): value for key, column, value in cells}
    assert same
    return told


def key(row: int) -> str:
    return str(FIRST + row)


BLOCKS = """
async (source) => {
  const grid = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const parts = ["a", '"', "\\t", "\\n", "\\r", "\\r\\n", "'", "=", "<empty>", "", "+", "-", "ä", " ", "\\u200b"];
  let seed = 1;
  const below = (limit) => (seed = (seed * 48271) % 2147483647) % limit;
  const cell = () => (below(5) ? Array.from({ length: below(4) }, () => parts[below(parts.length)]).join("") : null);
  const wrong = [];
  for (let round = 0; round < 20_000; round++) {
    const [down, along] = [1 + below(3), 1 + below(3)];
    const block = Array.from({ length: down }, () => Array.from({ length: along }, cell));
    const copied = grid.writeBlock(block.map((row) => row.map((text) => grid.mark(grid.seen(text)))));
    const pasted = grid.readBlock(copied).map((row) => row.map(grid.wire));
    if (JSON.stringify(block) !== JSON.stringify(pasted)) wrong.push([block, copied, pasted]);
  }
  return wrong.slice(0, 3);
}
"""


EXPORTS = "export { mark, readBlock, seen, wire, writeBlock };"


def test_copied_blocks_come_back_unchanged(browser: Browser) -> None:
    page = browser.new_page()
    assert page.evaluate(BLOCKS, joined() + EXPORTS) == []
    page.close()


def test_typing_and_a_good_edit_after_a_rejected_one_on_a_slow_disk(notebook: Notebook, lab: Lab) -> None:
    keyboard = notebook.page.keyboard
    cells = notebook.page.locator(".jp-Cell").count()
    notebook.cell(0, 1).click()
    keyboard.type("daddy bob's ax")  # a, b, d d and x are shortcuts of JupyterLab
    keyboard.press("Enter")
    keyboard.press("Delete")
    keyboard.press("ArrowDown")
    keyboard.type("<empty>")
    keyboard.press("Tab")
    wait_until_saved(notebook)
    assert notebook.page.locator(".jp-Cell").count() == cells
    with disk_is_slow(lab):
        keyboard.type("many")  # in a column of whole numbers
        keyboard.press("Enter")
        keyboard.press("ArrowUp")
        keyboard.type("7")
        keyboard.press("Enter")
        expect(notebook.grid.locator(".stcrm-saved")).to_have_text("2 changes not saved")
        expect(notebook.grid.get_by_role("alert")).to_contain_text("2 changes not saved", timeout=10_000)
    wait_until_saved(notebook)
    expect(notebook.grid.get_by_role("alert")).to_be_hidden()
    expect(notebook.cell(2, 2)).to_have_class("stcrm-cell stcrm-changed stcrm-number")
    verdicts = [one[2] for message in notebook.heard()[-2:] for one in message["verdicts"]]
    assert verdicts == ["rejected", "accepted"]
    after = check_all_agree(notebook, "rows")
    expected = {(0, "text_1"): "daddy bob's ax", (1, "text_1"): None, (2, "text_1"): "", (2, "count_2"): "7"}
    assert after == {(key(row), column): value for (row, column), value in expected.items()}


class disk_is_slow:
    """Another process holds the lock of each log, so that no commit gets through."""

    def __init__(self, lab: Lab) -> None:
        self.files = [path for path in (lab.folder / "state").rglob("*.sqlite") if "grids" in path.parts]

    def __enter__(self) -> None:
        assert self.files
        self.held = [sqlite3.connect(path, isolation_level=None) for path in self.files]
        for connection in self.held:
            connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, *_: object) -> None:
        for connection in self.held:
            connection.execute("ROLLBACK")
            connection.close()


def test_rejected_text_stays_and_says_why(notebook: Notebook) -> None:
    keyboard = notebook.page.keyboard
    notebook.cell(5, 2).click()
    keyboard.type("a dozen")
    keyboard.press("Enter")
    wait_until_saved(notebook)
    cell = notebook.cell(5, 2)
    expect(cell).to_have_text("a dozen")
    expect(cell).to_have_class("stcrm-cell stcrm-rejected stcrm-number")
    keyboard.press("ArrowUp")
    note = notebook.grid.locator(".stcrm-note").inner_text()
    assert note.startswith(f"count_2 of {key(5)}: a dozen. Not accepted. ")
    assert str(cell.get_attribute("aria-description")) in note  # the same for a mouse and for screen readers
    keyboard.press("Escape")
    expect(cell).not_to_have_text("a dozen")
    check_all_agree(notebook, "rows")


def test_block_from_excel_and_back(notebook: Notebook) -> None:
    texts = [
        "two\nlines",
        'a "quoted" word',
        "tab\there",
        '5" pipe',
        '"',
        "",
        "+1 (555) 010-0199",
        "'tis",
        " spaces ",
        "cr\r\nlf",
    ]
    block = '"two\nlines"\t1\r\na "quoted" word\t2\r\n"tab\there"\t3\r\n5" pipe\t4\r\n""""\t5\r\n<empty>\t6\r\n'
    block += "'+1 (555) 010-0199\t7\r\n'tis\t8\r\n spaces \t\r\n\"cr\r\nlf\"\t10\r\n"
    notebook.go_to(20_000, 16)
    notebook.paste(block)
    after = check_all_agree(notebook, "rows")
    assert [after[key(20_000 + row), "text_16"] for row in range(10)] == texts
    assert after[key(20_008), "count_17"] is None
    notebook.page.keyboard.press("Control+c")
    expect(notebook.grid.locator(".stcrm-message")).to_have_text("20 cells copied.")
    copied = notebook.page.evaluate("navigator.clipboard.readText()")
    notebook.go_to(20_009, 16)
    notebook.page.keyboard.press("F2")
    notebook.page.keyboard.press("Enter")  # nothing was typed, so nothing changes, line ends included
    notebook.go_to(21_000, 21)
    notebook.page.keyboard.press("Control+v")
    after = check_all_agree(notebook, "rows")
    assert [after[key(21_000 + row), "text_21"] for row in range(10)] == texts
    assert copied.count("\r\n") == 11


def test_sort_and_filter_then_edit_and_fill(notebook: Notebook) -> None:
    keyboard, grid = notebook.page.keyboard, notebook.grid
    before = acknowledged(notebook)
    grid.get_by_label("Filter text_26").fill("name 3333")
    expect(grid.locator(".stcrm-numbers")).to_contain_text("11 of 50,000 rows")
    grid.get_by_role("button", name="text_26").click()
    grid.get_by_role("button", name="text_26 ▲").click()  # now descending
    notebook.cell(0, 26).click()
    keyboard.type("last")
    keyboard.press("Enter")
    keyboard.type("second")
    keyboard.press("Enter")
    keyboard.press("ArrowUp")
    for _ in range(3):
        keyboard.press("Shift+ArrowDown")
    keyboard.press("Control+d")
    after = check_all_agree(notebook, "rows")
    expected = [(33339, "last"), (33338, "second"), (33337, "second"), (33336, "second"), (33335, "second")]
    assert after == before | {(key(row), "text_26"): text for row, text in expected}
    grid.get_by_label("Filter text_26").fill("")
    grid.get_by_role("button", name="text_26 ▼").click()
    expect(grid.locator(".stcrm-numbers")).to_contain_text("50,000 rows ·")
    grid.get_by_role("button", name="Only changed").click()
    rows = len({cell[0] for cell in after})
    expect(grid.locator(".stcrm-numbers")).to_contain_text(f"{rows:,} of 50,000 rows")
    grid.get_by_role("button", name="Only changed").click()
    grid.get_by_role("searchbox", name="Find in all columns").fill("name 44444 of 21")
    keyboard.press("Enter")
    expect(grid.locator(".stcrm-note")).to_contain_text(f"text_21 of {key(44_444)}: Name 44444 of 21")


def test_open_editor_survives_scroll_sort_and_run(notebook: Notebook) -> None:
    keyboard, grid = notebook.page.keyboard, notebook.grid
    notebook.go_to(25, 1)
    keyboard.press("F2")
    keyboard.type(" not yet done")
    grid.locator(".stcrm-scroll").evaluate("scroll => scroll.scrollTop = 400_000")
    grid.get_by_role("button", name="count_2", exact=True).click()
    editor = grid.get_by_label(f"text_1 of {key(25)}", exact=True)
    expect(editor).to_have_value("Name 25 of 1 not yet done")
    notebook.run_last()
    expect(editor).to_have_value("Name 25 of 1 not yet done")
    expect(grid.locator(".stcrm-saved")).to_contain_text("Editing")
    editor.press("Enter")
    wait_until_saved(notebook)
    assert check_all_agree(notebook, "rows")[key(25), "text_1"] == "Name 25 of 1 not yet done"


def test_reload_brings_back_every_edit(notebook: Notebook) -> None:
    notebook.go_to(3, 1)
    notebook.page.keyboard.type("before the reload")
    notebook.page.keyboard.press("Enter")
    after = check_all_agree(notebook, "rows")
    notebook.reload()
    wait_until_loaded(notebook)
    expect(notebook.cell(3, 1)).to_have_text("before the reload")
    expect(notebook.cell(3, 1)).to_have_class("stcrm-cell stcrm-changed")
    assert notebook.cell(3, 1).get_attribute("title") == "Was Name 3 of 1."
    assert check_all_agree(notebook, "rows") == after
    notebook.go_to(30, 1)
    notebook.page.keyboard.type("after the reload")
    notebook.page.keyboard.press("Enter")
    assert check_all_agree(notebook, "rows") == after | {(key(30), "text_1"): "after the reload"}


def test_two_tabs_one_wins_and_both_see_it(notebook: Notebook, lab: Lab, context: BrowserContext) -> None:
    notebook.save()
    other = Notebook.opened(lab, context, "rows.ipynb")
    wait_until_loaded(other)
    for tab, text in ((notebook, "from the first"), (other, "from the second")):
        row = 40 if tab is notebook else 41
        tab.page.bring_to_front()
        tab.go_to(row, 1)
        tab.page.keyboard.type(text)
        tab.page.keyboard.press("Enter")
        for seen in (notebook, other):
            seen.page.bring_to_front()
            seen.go_to(row, 1)
            expect(seen.cell(row, 1)).to_have_text(text)
    with disk_is_slow(lab):  # neither tab knows of the other's edit
        for tab, text in ((notebook, "one"), (other, "two")):
            tab.page.bring_to_front()
            tab.go_to(42, 1)
            tab.page.keyboard.type(text)
            tab.page.keyboard.press("Enter")
            expect(tab.grid.locator(".stcrm-saved")).to_have_text("1 change not saved")
    for tab in (notebook, other):
        wait_until_saved(tab)
    winner, loser = (notebook, other) if notebook.cell(42, 1).inner_text() == "one" else (other, notebook)
    text = winner.cell(42, 1).inner_text()
    expect(winner.cell(42, 1)).to_have_class("stcrm-cell stcrm-changed")
    expect(loser.cell(42, 1)).to_have_class("stcrm-cell stcrm-rejected")
    expect(loser.cell(42, 1)).to_have_text("two" if loser is other else "one")
    assert f"The cell still holds {text}." in str(loser.cell(42, 1).get_attribute("title"))
    assert check_all_agree(notebook, "rows")[key(42), "text_1"] == text
    assert other.trouble == []
    other.close()
    notebook.page.bring_to_front()


def test_paste_of_10_000_cells_is_one_step_of_undo(notebook: Notebook) -> None:
    before = acknowledged(notebook)
    notebook.go_to(1_000, 6)
    notebook.paste("".join(f"pasted {row}\t{row}\r\n" for row in range(5_000)))
    after = check_all_agree(notebook, "rows")
    block = {(key(1_000 + row), "text_6"): f"pasted {row}" for row in range(5_000)}
    block |= {(key(1_000 + row), "count_7"): str(row) for row in range(5_000)}
    assert {cell: value for cell, value in after.items() if cell in block and cell[1] == "text_6"} == {
        cell: value for cell, value in block.items() if cell[1] == "text_6"
    }
    same = set(block) - set(after)  # numbers that stood there already
    assert len(same) < 50
    notebook.page.keyboard.press("Control+z")
    assert check_all_agree(notebook, "rows") == before
    notebook.page.keyboard.press("Control+y")
    wait_until_saved(notebook)
    assert acknowledged(notebook) == after


def test_paste_of_6_mb_goes_in_batches_and_back_in_one_step(notebook: Notebook) -> None:
    before = acknowledged(notebook)
    heard = len(notebook.heard())
    notebook.go_to(10_000, 11)
    notebook.paste("".join(f"{row} {'ä' * 350}\r\n" for row in range(8_800)))
    wait_until_saved(notebook)
    after = acknowledged(notebook)
    assert after == before | {(key(10_000 + row), "text_11"): f"{row} {'ä' * 350}" for row in range(8_800)}
    messages = notebook.heard()[heard:]
    assert len(messages) >= 6
    assert len({message["group"] for message in messages}) == 1
    notebook.page.keyboard.press("Control+z")
    wait_until_saved(notebook)
    assert check_all_agree(notebook, "rows") == before


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_nobody_is_shut_out(notebook: Notebook, theme: str) -> None:
    notebook.choose_theme(theme)
    keyboard, grid = notebook.page.keyboard, notebook.grid
    notebook.go_to(0, 2)
    keyboard.type("none")
    keyboard.press("Enter")
    wait_until_saved(notebook)
    assert serious(notebook) == []
    keyboard.press("F2")
    assert serious(notebook) == []
    keyboard.press("Escape")
    grid.get_by_role("button", name="Keys").click()
    assert serious(notebook) == []
    grid.get_by_role("button", name="Keys").click()
    background = grid.evaluate("grid => getComputedStyle(grid).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (theme == "JupyterLab Light")


def serious(notebook: Notebook) -> list[Any]:
    """What axe-core finds in the grid that shuts somebody out."""
    found = Axe().run(notebook.page, context={"include": [[".stcrm-grid"]]}).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in ("serious", "critical")]


def test_saved_notebook_has_neither_rows_nor_javascript(notebook: Notebook, lab: Lab) -> None:
    notebook.save()
    saved = (lab.folder / "rows.ipynb").read_text(encoding="utf-8")
    assert "widget-view+json" in saved
    assert "application/vnd.jupyter.widget-state+json" in saved  # the setting was on
    for text in ("Name 1", "reload", key(5), "class Grid", "stcrm-cell", "addEventListener"):
        assert text not in saved, text
    assert len(saved) < 8_000


CUSTOMERS = """
import stcrm_pandas as stcrm
from stcrm_pandas.sandbox import Sandbox

crm = stcrm.connect(sandbox=Sandbox(leads=300, seed=7, rate_limit=None))
customers = crm.customers.list(active=True)
address = ["zip", "latitude", "longitude", "street", "unit", "city", "state", "country"]
customers = customers[["id", "name", *[f"address_{part}" for part in address]]]
"""


def test_plan_beside_and_conflicts_after_the_rows_were_read_anew(lab: Lab, context: BrowserContext) -> None:
    lab.write("customers.ipynb", [CUSTOMERS, "grid = crm.customers.edit(customers)\ngrid"])
    notebook = Notebook.opened(lab, context, "customers.ipynb")
    notebook.run_all()
    keyboard, grid = notebook.page.keyboard, notebook.grid
    expect(notebook.cell(0, 4)).not_to_have_text("…", timeout=120_000)
    grid.get_by_role("button", name="Plan", exact=True).click()
    panel = grid.get_by_role("complementary")
    expect(panel).to_contain_text("0 requests · 0 cells · 0 refused")
    notebook.cell(0, 2).click()
    for typed in ("64999", "38.5", "-90.25"):
        keyboard.type(typed)
        keyboard.press("Tab")
        if typed == "64999":
            expect(notebook.cell(0, 2)).to_have_class("stcrm-cell stcrm-refused")
            assert "the plan refuses it. The address changes" in str(notebook.cell(0, 2).get_attribute("title"))
            expect(panel).to_contain_text("0 requests · 0 cells · 1 refused")
            assert serious(notebook) == []
    notebook.go_to(0, 2)
    expect(notebook.cell(0, 2)).to_have_class("stcrm-cell stcrm-changed stcrm-active")  # the coordinates resolved it
    expect(panel).to_contain_text("1 request · 3 cells · 0 refused")
    assert notebook.ask("[len(grid.plan().requests), len(grid.plan().refused)]") == [1, 0]
    grid.get_by_role("button", name="Show the plan below").click()
    expect(notebook.page.locator(".jp-OutputArea-output").last).to_contain_text("address_zip")

    notebook.go_to(5, 1)
    keyboard.type("Mine")
    keyboard.press("Enter")
    wait_until_saved(notebook)
    notebook.start("customers = customers.copy(); customers.loc[customers.index[5:7], 'name'] = 'Theirs'")
    notebook.run_last()
    expect(panel).to_contain_text("1 conflict")
    expect(notebook.cell(5, 1)).to_have_text("Theirs")
    panel.get_by_role("button", name="Keep mine: name of ").click()
    expect(notebook.cell(5, 1)).to_have_text("Mine")
    expect(panel).not_to_contain_text("conflict")
    notebook.page.set_viewport_size({"width": 390, "height": 844})
    for part in (".stcrm-grid", ".stcrm-tools", ".stcrm-bar", ".stcrm-panel"):
        assert grid.page.locator(part).evaluate("part => part.scrollWidth <= part.clientWidth"), part
    assert serious(notebook) == []
    notebook.page.set_viewport_size({"width": 1300, "height": 900})
    assert notebook.trouble == []
    notebook.close()


def test_killed_kernel_loses_no_acknowledged_edit(lab: Lab, context: BrowserContext) -> None:
    lab.write("killed.ipynb", [FRAME, show("killed")])
    notebook = Notebook.opened(lab, context, "killed.ipynb")
    notebook.run_all()
    wait_until_loaded(notebook)
    notebook.go_to(0, 1)
    pid = notebook.ask("os.getpid()")
    pasted = {(key(row), "text_1"): f"{row} {'x' * 400}" for row in range(9_000)}  # four messages
    notebook.paste("".join(f"{text}\r\n" for text in pasted.values()))
    notebook.page.wait_for_function("heard.some(m => m.type === 'verdicts')")
    os.kill(pid, 9)
    notebook.page.get_by_role("button", name="Ok").click(timeout=60_000)  # "the kernel appears to have died"
    expect(notebook.grid.get_by_role("alert")).to_contain_text("not saved", timeout=20_000)
    told = acknowledged(notebook)
    assert 0 < len(told) <= len(pasted)
    unsaved = notebook.grid.locator(".stcrm-saved").inner_text()
    assert unsaved == f"{len(pasted) - len(told):,} changes not saved"
    notebook.forget_kernel()
    notebook.wait_for_kernel()
    notebook.start(FRAME)
    logged = {(key, column): value for key, column, value in notebook.ask("edited(logged('killed'))")}
    assert told.items() <= logged.items() <= pasted.items()
    notebook.run_all()
    wait_until_saved(notebook)  # the new view sent the rest again
    assert {(key, column): value for key, column, value in notebook.ask("edited(grid.after)")} == pasted
    expect(notebook.cell(8_999 - 8_990, 1)).to_have_text(pasted[key(9), "text_1"][:300])
    notebook.close()
