"""HTML pages: a notebook's outputs as one self-contained page, and an index of several."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from stcrm_pandas import __version__
from stcrm_pandas.analysis.overview import FIRST_SCREEN, style
from stcrm_pandas.errors import ReportError

__all__ = ["first_screen_of", "index_page", "page_of", "title_of"]

MOST_ACTIONS = 5
"""The number of actions on the index."""

MOST_BYTES = 8_000_000
"""The largest report that can still be sent by e-mail."""

_FOLDER = Path(str(files("stcrm_pandas"))) / "report"
_PLOTLY = "application/vnd.plotly.v1+json"


def page_of(notebook: Any, *, has_index: bool = False) -> str:
    """Return the page of a notebook that was run: the outputs without the code, a section for each heading of level 2.

    Parameters
    ----------
    notebook : NotebookNode
        With outputs.
    has_index : bool, default False
        Whether `index.html` lists this page.

    Raises
    ------
    ReportError
        The page is too large.
    """
    from plotly.offline import get_plotlyjs

    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    has_figures = any(_PLOTLY in output.get("data", {}) for output in outputs)
    title = title_of(notebook)
    page = (
        _environment()
        .get_template("index.html.j2")
        .render(
            title=title,
            name=_slug(title),
            screen=first_screen_of(notebook),
            has_index=has_index,
            sections=_sections(notebook),
            style=style() + _part("report.css"),
            scripts=[
                _part(name)
                for name in ("tabs.js", "workbook.js", "tables.js", *(["figures.js"] if has_figures else []))
            ],
            plotly=get_plotlyjs() if has_figures else "",
            figure_type=_PLOTLY,
            first_screen=FIRST_SCREEN,
            made=_made(),
        )
    )
    return fitting(page, title)


def _environment() -> Any:
    import jinja2
    from markupsafe import Markup

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "template"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"markdown": _markdown, "in_script": lambda value: Markup(_in_script(value)), "alt": _alt}
    return made


def _markdown(source: str) -> Any:
    from markupsafe import Markup
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return Markup(MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source))


def _sections(notebook: Any) -> list[dict[str, Any]]:
    """Return the sections of a page: an overview, then one for each heading of level 2, without that heading.

    The first screen comes first; the title above it is in the header of the page. A heading "Overview" continues it.
    """
    sections: list[dict[str, Any]] = [{"key": "overview", "title": "Overview", "cells": []}]
    for cell in notebook.cells:
        text = cell.source if cell.cell_type == "markdown" else ""
        heading = re.match(r"## (.+)\n?", text)
        if heading and heading[1].strip() != sections[-1]["title"]:
            sections.append({"key": _slug(heading[1]), "title": heading[1].strip(), "cells": []})
        rest = {**cell, "source": text[heading.end() :]} if heading else cell
        sections[-1]["cells"].append(rest)
    overview = sections[0]["cells"]
    screens = [cell for cell in overview if _screen_in(cell) is not None]
    if screens:
        rest = [cell for cell in overview if _screen_in(cell) is None]
        texts = [
            {**cell, "source": re.sub(r"^# .*\n*", "", cell["source"])} if cell["cell_type"] == "markdown" else cell
            for cell in rest
        ]
        sections[0]["cells"] = [*screens, *texts]
    return sections


def fitting(page: str, title: str) -> str:
    """Return the page if it is not too large."""
    size = len(page.encode())
    if size > MOST_BYTES:
        raise ReportError(
            f"{title}: the report would have {size / 1e6:.1f} MB; the limit is {MOST_BYTES / 1e6:.0f} MB. "
            "Choose a shorter period (--since, --until), or leave out the rows of the call lists (--anonymous)"
        )
    return page


def index_page(title: str, reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page that lists reports.

    `reports` has the first screen (`first_screen_of`) of each file.
    """
    suggested = [
        action
        | {"file": file, "title": screen["title"]}
        | {"do": action["do"].removesuffix("."), "line": action["brief"] or action["number"]}
        for file, screen in reports.items()
        for action in screen.get("actions", ())
    ]
    ranked = sorted(suggested, key=lambda one: float(one["worth"]), reverse=True)
    return str(
        _environment()
        .get_template("all.html.j2")
        .render(
            title=title,
            company=next((screen for screen in reports.values() if "company" in screen), None),
            reports=reports,
            actions=ranked[:MOST_ACTIONS],
            style=style() + _part("report.css"),
            made=_made(),
        )
    )


def first_screen_of(notebook: Any) -> dict[str, Any]:
    """Return the first screen of a notebook that was run, as `FirstScreen` stores it; empty if there is none."""
    return next((screen for cell in notebook.cells if (screen := _screen_in(cell)) is not None), {})


def _screen_in(cell: Any) -> dict[str, Any] | None:
    datas = (output.get("data", {}) for output in cell.get("outputs", ()))
    return next((dict(data[FIRST_SCREEN]) for data in datas if FIRST_SCREEN in data), None)


def title_of(notebook: Any) -> str:
    """Return the first heading of a notebook."""
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("# "):
                return str(line[2:].strip())
    return "Report"


def _slug(text: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", text.lower()))


def _part(name: str) -> str:
    return (_FOLDER / "template" / name).read_text("utf-8")


def _made() -> str:
    now = dt.datetime.now().astimezone()
    time = f"{now:%b} {now.day}, {now.year} at {now.hour % 12 or 12}:{now:%M %p}"
    return f"Created on {time} with stcrm-pandas {__version__}."


def _in_script(value: Any) -> str:
    """Return JSON without the characters that could end a script element."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _alt(figure: Mapping[str, Any]) -> str:
    """Return a sentence that describes a figure."""
    layout = figure.get("layout", {})
    title = layout.get("title") or {}
    return str((layout.get("meta") or {}).get("alt") or (title.get("text") if isinstance(title, dict) else "") or "")
