"""JupyterLab on loopback, a page of it in Chromium, and the kernel behind the page."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.blocking import BlockingKernelClient
from playwright.sync_api import BrowserContext, Locator, Page

ROOT = Path(__file__).parents[2]
EARS = """
(() => {  // keeps every message to a widget that this page received: what it was told, not what it made of it
  window.heard = [];
  const text = new TextDecoder();
  window.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options);
      this.addEventListener("message", ({ data }) => {
        if (!(data instanceof ArrayBuffer) || data.byteLength < 16) return;
        const view = new DataView(data);
        const at = (index) => Number(view.getBigUint64(8 * (index + 1), true));
        if (JSON.parse(text.decode(new Uint8Array(data, at(1), at(2) - at(1)))).msg_type !== "comm_msg") return;
        const { content } = JSON.parse(text.decode(new Uint8Array(data, at(4), at(5) - at(4)))).data;
        if (content) window.heard.push(content);
      });
    }
  };
})();
"""


@dataclass
class Lab:
    """A running JupyterLab, and the folder that it serves."""

    folder: Path
    port: int
    token: str

    def address(self, notebook: str) -> str:
        return f"http://127.0.0.1:{self.port}/lab/tree/{notebook}?reset&token={self.token}"

    def write(self, notebook: str, cells: Sequence[str]) -> None:
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(made, self.folder / notebook)

    def kernel_of(self, notebook: str) -> str:
        """Return the id of the kernel that runs a notebook."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/sessions?token={self.token}") as answer:
            sessions = json.load(answer)
        return next(str(session["kernel"]["id"]) for session in sessions if session["path"] == notebook)


@contextlib.contextmanager
def jupyter_lab(folder: Path, python: str = sys.executable) -> Iterator[Lab]:
    """Serve the folder. Settings and state of this user are not touched."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("STCRM_", "JUPYTER"))}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    environment["STCRM_STATE_DIR"] = str(folder / "state")
    environment["STCRM_CACHE_DIR"] = str(folder / "cache")
    environment["HOME"] = str(folder)
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(folder / name.lower())
        Path(environment[name]).mkdir(exist_ok=True)
    settings = folder / "jupyter_config_dir" / "lab" / "user-settings" / "@jupyterlab"
    for plugin, values in {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "docmanager-extension/plugin": {"autosave": False},
        "../@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    }.items():
        file = settings / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    command = [python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    options = [f"--IdentityProvider.token={token}", "--ServerApp.port_retries=0", "--LabApp.news_url="]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen([*command, *options], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}").close()
                break
            except urllib.error.URLError:
                time.sleep(0.25)
        else:
            raise TimeoutError("JupyterLab did not start within a minute.")
        yield Lab(folder, port, token)
    finally:
        server.terminate()
        server.wait()


@dataclass
class Notebook:
    """A notebook that is open in a page, and a second client of its kernel."""

    lab: Lab
    page: Page
    name: str
    trouble: list[str] = field(default_factory=list)
    past: list[dict[str, Any]] = field(default_factory=list)
    fetched: int = 0
    _client: BlockingKernelClient | None = None

    @classmethod
    def opened(cls, lab: Lab, context: BrowserContext, name: str) -> Notebook:
        page = context.new_page()
        page.add_init_script(EARS)
        notebook = cls(lab, page, name)
        page.on("pageerror", lambda error: notebook.trouble.append(str(error)))
        page.goto(lab.address(name))
        notebook.wait_for_kernel()
        page.get_by_role("tab", name="File Browser").click()  # closes it
        return notebook

    def wait_for_kernel(self) -> None:
        self.page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=120_000)

    def run_all(self) -> None:
        self.choose("Run", "Run All Cells")

    @property
    def grid(self) -> Locator:
        return self.page.locator(".stcrm-grid").last

    @property
    def client(self) -> BlockingKernelClient:
        if self._client is None:
            file = self.lab.folder / "jupyter_runtime_dir" / f"kernel-{self.lab.kernel_of(self.name)}.json"
            self._client = BlockingKernelClient(connection_file=str(file))
            self._client.load_connection_file()
            self._client.start_channels()
        return self._client

    def start(self, code: str) -> str:
        """Run code in the kernel, and do not wait."""
        return str(self.client.execute(code, store_history=False))

    def ask(self, expression: str) -> Any:
        """Return what an expression is in the kernel, as JSON."""
        setup = "import json as _json"
        request = self.client.execute(setup, silent=True, user_expressions={"it": f"_json.dumps({expression})"})
        reply = self.client.get_shell_msg(timeout=120)
        while reply["parent_header"]["msg_id"] != request:
            reply = self.client.get_shell_msg(timeout=120)
        answer = reply["content"]["user_expressions"]["it"]
        assert answer["status"] == "ok", answer
        return json.loads(eval(answer["data"]["text/plain"]))

    def heard(self) -> list[dict[str, Any]]:
        """Return the verdicts that this page received, also before it was loaded again."""
        new = self.page.evaluate("start => heard.filter(m => m.type === 'verdicts').slice(start)", self.fetched)
        self.fetched += len(new)
        self.past += new
        return self.past

    def reload(self) -> None:
        self.save()  # the page shows outputs from the file
        self.heard()
        self.fetched = 0
        self.page.reload()
        self.wait_for_kernel()

    def cell(self, row: int, column: int) -> Locator:
        """Return the cell in a row of the view and in a column of the frame."""
        return self.grid.locator(f".stcrm-row[aria-rowindex='{row + 2}'] .stcrm-cell[aria-colindex='{column + 1}']")

    def go_to(self, row: int, column: int) -> None:
        """Scroll to a cell, and click it."""
        move = """(scroll, [row, column]) => {
            const heads = scroll.querySelectorAll("[role=columnheader]");
            scroll.scrollTop = row * 26;
            scroll.scrollLeft = heads[column].offsetLeft - heads[0].offsetWidth;
        }"""
        self.grid.locator(".stcrm-scroll").evaluate(move, [row, column])
        self.cell(row, column).click()

    def paste(self, text: str) -> None:
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.page.keyboard.press("Control+v")

    def run_last(self) -> None:
        self.page.locator(".jp-CodeCell .cm-content").last.click()
        self.page.keyboard.press("Control+Enter")

    def choose(self, *names: str) -> None:
        """Choose an entry of a menu."""
        self.page.get_by_role("menuitem", name=names[0], exact=True).click()
        for name in names[1:]:
            self.page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{name}$")).click()

    def save(self) -> None:
        self.choose("File", "Save Notebook")
        self.page.wait_for_selector(".jp-mod-dirty", state="detached")

    def choose_theme(self, name: str) -> None:
        self.choose("Settings", "Theme", name)
        light = "true" if name.endswith("Light") else "false"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def forget_kernel(self) -> None:
        """Stop talking to a kernel that has died."""
        self.client.stop_channels()
        self._client = None

    def close(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
        self.page.close()
