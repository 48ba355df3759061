"""A view without a browser: it sends what `grid.js` sends, and decodes what it receives."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import comm
import numpy as np
import pytest

from stcrm_pandas.grid.grid import Grid


class Wire:
    """The connection between a kernel and a browser, with all messages to the browser."""

    def __init__(self, **opened: Any) -> None:
        self.comm_id = "wire"
        self.opened = opened
        self.sent: list[tuple[dict[str, Any], list[Any]]] = []
        self.receive: Any = None

    def on_msg(self, receive: Any) -> None:
        self.receive = receive

    def send(self, data: Any, metadata: Any = None, buffers: Any = None) -> None:
        if data["method"] == "custom":
            self.sent.append((data["content"], list(buffers or [])))

    def close(self) -> None:
        pass


class View:
    """One tab of a browser."""

    def __init__(self, grid: Grid, client: str = "tab") -> None:
        self.client, self.number = client, 0
        self.wire: Any = grid.widget.comm

    def send(self, type: str, **content: Any) -> list[dict[str, Any]]:
        """Send a message, and return the answers."""
        before = len(self.wire.sent)
        message = {"type": type, "client": self.client, **content}
        self.wire.receive({"content": {"data": {"method": "custom", "content": message}}, "buffers": []})
        return [content for content, _ in self.wire.sent[before:]]

    def act(self, type: str, **content: Any) -> dict[str, Any]:
        """Send a numbered message, and return its own answer."""
        self.number += 1
        answers = self.send(type, number=self.number, **content)
        own = (self.client, self.number)
        return next(answer for answer in answers if (answer.get("client"), answer.get("number")) == own)

    def edit(self, *edits: tuple[str, str, str | None, str | None], group: str = "") -> list[list[Any]]:
        """Send edits, and return the verdicts."""
        answer = self.act("edit", group=group, edits=[list(edit) for edit in edits])
        verdicts: list[list[Any]] = answer["verdicts"]
        return verdicts

    def type(self, grid: Grid, key: str, column: str, new: str | None) -> str:
        """Type into a cell as it is shown, and return the verdict."""
        return str(self.edit((key, column, self.column(column)[grid._session.key_texts.index(key)], new))[0][2])

    def frame(self) -> dict[str, Any]:
        return self.send("open")[-1]

    def column(self, name: str) -> list[str | None]:
        """Ask for a column, and decode it."""
        self.send("columns", names=[name])
        return decoded(*self.wire.sent[-1])


def decoded(about: dict[str, Any], buffers: list[Any]) -> list[str | None]:
    """Decode a column as the browser does."""
    validity, *rest = buffers
    rows = about["rows"]
    valid = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[:rows].astype(bool)
    codes = np.arange(rows)
    if about["encoding"] == "dictionary":
        codes = np.frombuffer(rest.pop(0), np.int32)
    offsets, letters = np.frombuffer(rest[0], np.int32), bytes(rest[1])
    texts = [letters[start:end].decode() for start, end in pairwise(offsets)]
    return [texts[code] if there else None for code, there in zip(codes, valid, strict=True)]


@pytest.fixture(autouse=True)
def _wires(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Connections to a browser, as a kernel provides them; logs in a folder of the test's own."""
    monkeypatch.setattr(comm, "create_comm", Wire)
    monkeypatch.setenv("STCRM_STATE_DIR", str(tmp_path / "state"))
