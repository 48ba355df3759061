"""HTML pages: the outputs of one or more notebooks as a self-contained page, and an index of several pages."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from stcrm_pandas import __version__
from stcrm_pandas.analysis.overview import FIRST_SCREEN, style
from stcrm_pandas.errors import ReportError
from stcrm_pandas.output.printable import plural

MOST_ACTIONS = 5
"""The number of actions on the index."""

MOST_BYTES = 8_000_000
"""The largest report that can still be sent by e-mail."""

_FOLDER = Path(str(files("stcrm_pandas"))) / "report"
_PLOTLY = "application/vnd.plotly.v1+json"
_ANCHOR = re.compile(r'(\s(?:id|for|aria-(?:labelledby|describedby|controls))="|\shref="#)([^"]+)"')


def page_of(notebook: Any, *, has_index: bool = False) -> str:
    """Return the page of a notebook that was run: its outputs without the code, in a section per heading of level 2.

    Parameters
    ----------
    notebook : NotebookNode
        The notebook with its outputs.
    has_index : bool, default False
        Whether `index.html` lists this page.

    Raises
    ------
    ReportError
        The page is too large.
    """
    title = title_of(notebook)
    page = render(
        "index.html.j2",
        title=title,
        name=_slug(title),
        screen=first_screen_of(notebook),
        has_index=has_index,
        sections=_sections(notebook),
        **_scripts([notebook]),
    )
    return fitting(page, title)


def together_page(title: str, notebooks: Mapping[str, Any], screens: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one page for several notebooks that were run: what the index shows, then each report with its sections.

    Parameters
    ----------
    title : str
        The title of the page.
    notebooks : mapping
        The notebooks with their outputs, by the name of the report.
    screens : mapping
        The first screens by the name of the report, including reports that could not be made.
    """
    chapters = [
        {"key": name, "title": title_of(notebook), "period": first_screen_of(notebook).get("period", "")}
        | {"sections": _sections(notebook)}
        for name, notebook in notebooks.items()
    ]
    index = _index(screens, "#{name}", "#{name}-{anchor}")
    return fitting(
        render("together.html.j2", title=title, chapters=chapters, **index, **_scripts(notebooks.values())), title
    )


def render(template: str, **values: Any) -> str:
    """Return a page from a template of this package."""
    common = {
        "style": style() + _part("report.css"),
        "first_screen": FIRST_SCREEN,
        "figure_type": _PLOTLY,
        "made": _made(),
    }
    return str(_environment().get_template(template).render(**common, **values))


def _scripts(notebooks: Iterable[Any]) -> dict[str, Any]:
    """Return the scripts of a page, and plotly.js if one of its notebooks has a figure."""
    from plotly.offline import get_plotlyjs

    outputs = [output for notebook in notebooks for cell in notebook.cells for output in cell.get("outputs", ())]
    names = ["tabs.js", "workbook.js", "tables.js", "terms.js"]
    if not any(_PLOTLY in output.get("data", {}) for output in outputs):
        return {"scripts": [_part(name) for name in names], "plotly": ""}
    return {"scripts": [_part(name) for name in (*names, "figures.js")], "plotly": get_plotlyjs()}


def _environment() -> Any:
    import jinja2
    from markupsafe import Markup

    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "template"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"markdown": _markdown, "in_script": lambda value: Markup(_in_script(value)), "alt": _alt}
    made.filters |= {"counted": plural, "highest": _highest}
    made.filters["within"] = lambda html, name: Markup(within(name, str(html)))
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
    for section in sections:
        section["rows"] = sum(map(_listed, section["cells"]))
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


def _listed(cell: Any) -> int:
    """Return how many rows the lists of a cell have, shown or not."""
    shown = (str(output.get("data", {}).get("text/html", "")) for output in cell.get("outputs", ()))
    return sum(
        int(rows)
        for html in shown
        for rows in re.findall(r'<section class="stcrm-work-list"[^>]* data-rows="(\d+)"', html)
    )


def fitting(page: str, title: str) -> str:
    """Return the page, or raise an error if it is too large."""
    size = len(page.encode())
    if size > MOST_BYTES:
        raise ReportError(
            f"{title}: the report would have {size / 1e6:.1f} MB; the limit is {MOST_BYTES / 1e6:.0f} MB. "
            "Leave out the call lists (--anonymous, not --with-lists)"
        )
    return page


def within(name: str, html: str) -> str:
    """Return a part of a page with its anchors renamed, so that several parts do not share one.

    >>> within("leads", '<a href="#late">Call</a> <h3 id="late">Late</h3>')
    '<a href="#leads-late">Call</a> <h3 id="leads-late">Late</h3>'
    """

    def renamed(match: re.Match[str]) -> str:
        return match[1] + " ".join(f"{name}-{anchor}" for anchor in match[2].split()) + '"'

    # text has no quotation marks: they are escaped; scripts have
    parts = re.split(r"(<script\b.*?</script>)", html, flags=re.DOTALL)
    return "".join(part if part.startswith("<script") else _ANCHOR.sub(renamed, part) for part in parts)


def index_page(title: str, screens: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page that lists reports, each in a file of its name; `screens` has their first screens."""
    return render("all.html.j2", title=title, **_index(screens, "{name}.html", "{name}.html#{anchor}"))


def _index(screens: Mapping[str, Mapping[str, Any]], report: str, part: str) -> dict[str, Any]:
    """Return what an index shows: the company, a card for each report, and the actions that are worth most.

    Parameters: the first screens by the name of the report; the addresses of a report and of an anchor in it.
    """
    suggested = [
        action
        | {"address": part.format(name=name, anchor=action["work_list"])}
        | {"do": action["do"].removesuffix(".")}
        | {"line": " · ".join(filter(None, [action["brief"] or action["number"], screen["title"]]))}
        for name, screen in screens.items()
        for action in (*screen.get("actions", ()), *screen.get("others", ()))
    ]
    return {
        "screen": next((screen for screen in screens.values() if "company" in screen), None),
        "reports": [{**screen, "address": report.format(name=name)} for name, screen in screens.items()],
        "actions": sorted(suggested, key=lambda action: (action["amount"], action["worth"]), reverse=True)[
            :MOST_ACTIONS
        ],
    }


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
    time = f"{now:%b} {now.day}, {now.year} at {now.hour % 12 or 12}:{now:%M %p %Z}"
    return f"Created on {time} with stcrm-pandas {__version__}."


def _in_script(value: Any) -> str:
    """Return JSON without the characters that could end a script element."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _highest(months: Sequence[Mapping[str, Any]]) -> float:
    """Return the share that is as long as a bar can be."""
    return max([0.04, *(float(month["share"][1]) for month in months if month["share"] is not None)])


def _alt(figure: Mapping[str, Any]) -> str:
    """Return a sentence that describes a figure."""
    layout = figure.get("layout", {})
    title = layout.get("title") or {}
    return str((layout.get("meta") or {}).get("alt") or (title.get("text") if isinstance(title, dict) else "") or "")
