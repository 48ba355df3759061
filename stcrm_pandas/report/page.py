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
from stcrm_pandas.analysis.base.first_screen import FIRST_SCREEN
from stcrm_pandas.errors import ReportError

__all__ = ["first_screen_of", "index_page", "page_of", "title_of"]

MOST_BYTES = 8_000_000
"""The largest report that can still be sent by e-mail."""

_FOLDER = Path(str(files("stcrm_pandas"))) / "report"
_PLOTLY = "application/vnd.plotly.v1+json"


def page_of(notebook: Any) -> str:
    """Return the page of a notebook that was run: the outputs without the code.

    Raises
    ------
    ReportError
        The page is too large.
    """
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from plotly.offline import get_plotlyjs

    class Renderer(IPythonRenderer):
        def heading(self, text: str, level: int, **attrs: Any) -> str:
            anchor = f' id="{_slug(text)}"' if level == 2 else ""
            return f"<h{level}{anchor}>{text}</h{level}>\n"

    def markdown(source: str) -> str:
        return str(MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True)).render(source))

    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_name="template",
        extra_template_basedirs=[str(_FOLDER)],
        file_extension=".html",
        filters={"markdown": markdown, "in_script": _in_script, "alt": _alt},
    )
    has_figures = any(
        _PLOTLY in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())
    )
    screen = first_screen_of(notebook)
    title = title_of(notebook)
    page, _ = exporter.from_notebook_node(
        notebook,
        resources={
            "title": f"{title} · {screen['company']}" if screen else title,
            "name": _slug(title),
            "contents": _contents(notebook),
            "style": _part("report.css"),
            "scripts": [_part("tables.js"), *([_part("figures.js")] if has_figures else [])],
            "plotly": get_plotlyjs() if has_figures else "",
            "figure_type": _PLOTLY,
            "first_screen": FIRST_SCREEN,
            "made": _made(),
        },
    )
    return fitting(str(page), title)


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
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "template"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("all.html.j2").render(
        title=title, reports=reports, style=_part("report.css"), made=_made()
    )


def first_screen_of(notebook: Any) -> dict[str, Any]:
    """Return the first screen of a notebook that was run: title, company, period, actions, cautions; or nothing."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if FIRST_SCREEN in output.get("data", {}):
                return dict(output["data"][FIRST_SCREEN])
    return {}


def title_of(notebook: Any) -> str:
    """Return the first heading of a notebook."""
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("# "):
                return str(line[2:].strip())
    return "Report"


def _contents(notebook: Any) -> list[tuple[str, str]]:
    lines = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    headings = [line[3:].strip() for line in lines if line.startswith("## ")]
    return [(_slug(heading), heading) for heading in headings]


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
