"""Draw the picture of the rooms: which folder imports from which, from the import rules in `pyproject.toml`.

    python docs/rooms.py

A room imports only from rooms below it. Its purpose is the first line of its docstring. Import rules that forbid more
are at the right.
"""

from __future__ import annotations

import ast
import html
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "stcrm_pandas"
PICTURE = Path(__file__).parent / "_static" / "rooms.svg"

WIDTH, MARGIN, NAME, NEVER = 1120, 20, 150, 330
"""Widths in pixels: of the picture, of its margin, and of the first and the last column."""
LINE, GAP, SIZE = 17, 6, 13
"""Pixels: the height of a line of text, the gap between rooms, the size of the letters."""
A_LETTER = 6.6
"""The average width of a letter, in pixels."""


def picture() -> str:
    """Return the picture as SVG."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(rule["layers"] for rule in contracts if rule["type"] == "layers" and "cli" in rule["layers"])
    rooms = [room.strip(" ()") for layer in layers for room in layer.replace(":", "|").split("|")]
    never = {room: list(forbidden(contracts, room)) for room in rooms}
    top, rows = MARGIN + 2 * LINE, []
    for number, room in enumerate(rooms):
        purpose = textwrap.wrap(first_line(room), int((WIDTH - 2 * MARGIN - NAME - NEVER) / A_LETTER))
        more = textwrap.wrap(f"never {', '.join(never[room])}", int((NEVER - 20) / A_LETTER)) if never[room] else []
        height = LINE * max(1, len(purpose), len(more)) + 12
        shade = "#eef4fb" if number % 2 else "#dde9f7"
        rows.append(
            f'<rect x="{MARGIN}" y="{top}" width="{WIDTH - 2 * MARGIN}" height="{height}" rx="5" fill="{shade}"/>'
        )
        rows.append(text(MARGIN + 12, top + 20, [room], ' font-weight="bold"'))
        rows.append(text(MARGIN + NAME, top + 20, purpose))
        rows.append(text(WIDTH - MARGIN - NEVER + 20, top + 20, more, ' fill="#8a3b12"'))
        top += height + GAP
    head = text(MARGIN + 12, MARGIN + LINE, ["A room imports only from the rooms below it."], ' font-weight="bold"')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + MARGIN}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="{SIZE}" fill="#1b2733">',
            "<title>The rooms of stcrm_pandas, and what they may import</title>",
            f'<rect width="{WIDTH}" height="{top + MARGIN}" rx="8" fill="#ffffff"/>',
            head,
            *filter(None, rows),
            "</svg>\n",
        ]
    )


def forbidden(contracts: list[dict[str, object]], room: str) -> Iterator[str]:
    """Yield the rooms that a room may not import although they are below it."""
    for rule in contracts:
        if rule["type"] == "forbidden" and f"stcrm_pandas.{room}" in rule["source_modules"]:  # type: ignore[operator]
            yield from (name.removeprefix("stcrm_pandas.") for name in rule["forbidden_modules"])  # type: ignore[attr-defined]


def first_line(room: str) -> str:
    """Return the first line of the docstring of a folder or a file."""
    path = PACKAGE / room / "__init__.py"
    path = path if path.exists() else PACKAGE / f"{room}.py"
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0].replace("`", "")


def text(x: int, y: int, lines: list[str], style: str = "") -> str:
    """Return lines of text."""
    spans = "".join(
        f'<tspan x="{x}" y="{y + number * LINE}">{html.escape(line)}</tspan>' for number, line in enumerate(lines)
    )
    return f"<text{style}>{spans}</text>" if spans else ""


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
