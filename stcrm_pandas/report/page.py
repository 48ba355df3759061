"""A notebook with its outputs as one HTML page that fetches nothing, and the page that lists several."""

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
"""How large a report may be: what mail servers let through, with room."""

_FOLDER = Path(str(files("stcrm_pandas"))) / "report"
_PLOTLY = "application/vnd.plotly.v1+json"


def page_of(notebook: Any) -> str:
    """The page of a notebook that was run: the outputs without the code.

    Raises
    ------
    ReportError
        Where it would be larger than a report may be.
    """
    from nbconvert.exporters.templateexporter import TemplateExporter
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from plotly.offline import get_plotlyjs

    class Renderer(IPythonRenderer):
        def heading(self, text: str, level: int, **attrs: Any) -> str:
            place = f' id="{_slug(text)}"' if level == 2 else ""
            return f"<h{level}{place}>{text}</h{level}>\n"

    def markdown(source: str) -> str:
        return str(MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True)).render(source))

    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_name="template",
        extra_template_basedirs=[str(_FOLDER)],
        file_extension=".html",
        filters={"markdown": markdown, "in_script": _in_script, "alt": _alt},
    )
    drawn = any(_PLOTLY in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ()))
    screen = first_screen_of(notebook)
    title = title_of(notebook)
    page, _ = exporter.from_notebook_node(
        notebook,
        resources={
            "title": f"{title} · {screen['company']}" if screen else title,
            "name": _slug(title),
            "contents": _contents(notebook),
            "style": _part("report.css"),
            "scripts": [_part("tables.js"), *([_part("figures.js")] if drawn else [])],
            "plotly": get_plotlyjs() if drawn else "",
            "figure_type": _PLOTLY,
            "first_screen": FIRST_SCREEN,
            "made": _made(),
        },
    )
    return fitting(str(page), title)


def fitting(page: str, title: str) -> str:
    """The page, if it is no larger than a report may be."""
    size = len(page.encode())
    if size > MOST_BYTES:
        raise ReportError(
            f"{title}: the report would have {size / 1e6:.1f} MB, and {MOST_BYTES / 1e6:.0f} MB are the most; "
            "choose a shorter period (--since, --until), or leave out the rows of the call lists (--anonymous)"
        )
    return page


def index_page(title: str, reports: Mapping[str, Mapping[str, Any]]) -> str:
    """The page that lists reports.

    Parameters: its title; for the name of each file what its first screen says (`first_screen_of`).
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "template"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("all.html.j2").render(
        title=title, reports=reports, style=_part("report.css"), made=_made()
    )


def first_screen_of(notebook: Any) -> dict[str, Any]:
    """What the first screen of a notebook that was run says: title, company, period, actions, cautions; else empty."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if FIRST_SCREEN in output.get("data", {}):
                return dict(output["data"][FIRST_SCREEN])
    return {}


def title_of(notebook: Any) -> str:
    """The first heading of a notebook."""
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
    return f"Made on {now.day} {now:%B %Y at %H:%M} with stcrm-pandas {__version__}."


def _in_script(value: Any) -> str:
    """JSON that no HTML parser takes for the end of its script."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _alt(figure: Mapping[str, Any]) -> str:
    """What a picture shows, in a sentence."""
    layout = figure.get("layout", {})
    title = layout.get("title") or {}
    return str((layout.get("meta") or {}).get("alt") or (title.get("text") if isinstance(title, dict) else "") or "")
