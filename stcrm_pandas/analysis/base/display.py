"""HTML of results in a notebook and in a report: tables, sentences, and terms that lead to their definitions.

Every name is escaped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib import resources
from typing import Any, NamedTuple

import pandas as pd

_SHORT = 16
_VERDICTS = {"higher": "▲\u00a0higher", "lower": "▼\u00a0lower", "explained by the mix": "explained by the mix"}

_LONG, _FEW = 10, 5
"""A notebook folds a table with more rows, and shows so many of them at first."""

# A notebook aligns every cell to the right. A long table is folded there without a script, which a notebook would not
# keep. A report, whose body has a data-name, folds its tables itself.
_STYLE = (
    "<style>.stcrm-table{overflow-x:auto}.stcrm-table caption{text-align:left;font-weight:600}"
    ".stcrm-table.stcrm-table :is(td,th){text-align:left}.stcrm-table tbody th{font-weight:normal}"
    ".stcrm-table :is(.w,.n){white-space:nowrap}.stcrm-table.stcrm-table :is(td,th).n{text-align:right}"
    ".stcrm-table .stcrm-faint{opacity:.7}"
    ".stcrm-table .stcrm-total>*{font-weight:600}"
    # only long texts are wrapped: the table scrolls in its box
    "body:not([data-name]) .stcrm-table table{width:max-content;margin-bottom:0}"
    ".stcrm-work-list caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "body:not([data-name]) .stcrm-table :is(td,th){max-width:26em}"
    "body:not([data-name]) .stcrm-side-by-side{display:flex;flex-wrap:wrap;gap:0 32px}"
    ".stcrm-all summary{cursor:pointer;position:sticky;left:0;width:fit-content;padding:.4em 0}"
    ".stcrm-all:not([open]) .stcrm-less,.stcrm-all[open] .stcrm-more{display:none}"
    "body:not([data-name]) .stcrm-table:has(>.stcrm-all:not([open])) "
    f"tbody tr:nth-child(n+{_FEW + 1}):not(.stcrm-total),body[data-name] .stcrm-all{{display:none}}</style>"
)


class Sentences(list[str]):
    """Plain sentences; a notebook shows them as a list."""

    def _repr_html_(self) -> str:
        return '<ul class="stcrm-sentences">' + "".join(f"<li>{escape(sentence)}</li>" for sentence in self) + "</ul>"


class Cautions(list[str]):
    """Sentences for the top of a report; a notebook shows them as a banner, or nothing if there are none."""

    def _repr_html_(self) -> str:
        if not self:
            return ""
        items = "".join(f"<li>{escape(sentence)}</li>" for sentence in self)
        return f'<div class="stcrm-caution" role="note"><p>Before you read the numbers</p><ul>{items}</ul></div>'


def missing(scopes: Mapping[str, str]) -> str:
    """Return a note on data that was not read because a scope is missing, or an empty text."""
    if not scopes:
        return ""
    items = "".join(
        f"<li>No {escape(what)}: the application lacks the scope <code>{escape(scope)}</code>.</li>"
        if scope
        else f"<li>No {escape(what)}: they are not in the mirror.</li>"
        for what, scope in scopes.items()
    )
    return f'<div class="stcrm-missing" role="note"><p>Part of the data could not be read.</p><ul>{items}</ul></div>'


_NUMBER = ' class="n"'


def table(
    header: Mapping[str, bool],
    rows: list[list[str]],
    *,
    dim: list[bool] | None = None,
    total: bool = False,
    caption: str = "",
    terms: Terms | None = None,
) -> str:
    """Return an HTML table; `header` maps each title to whether its column is numeric, and may mention terms.

    >>> table({"Campaign": False, "Leads": True}, [["Radio", "12"]]).count("<tr>")
    2
    """
    return table_of(header, table_rows(header, rows, dim=dim, total=total), total=total, caption=caption, terms=terms)


def table_rows(
    header: Mapping[str, bool], rows: list[list[str]], *, dim: list[bool] | None = None, total: bool = False
) -> list[str]:
    """Return the HTML of each row of `table`."""
    number = [_NUMBER if is_number else "" for is_number in header.values()]
    body = []
    for place, row in enumerate(rows):
        cells = [f'<th scope="row"{number[0] or _whole(row[0])}>{_html(row[0])}</th>']
        cells += [
            f"<td{kind or _whole(cell)}>{_html(cell)}</td>" for cell, kind in zip(row[1:], number[1:], strict=True)
        ]
        last = total and place == len(rows) - 1
        look = ' class="stcrm-total"' if last else ' class="stcrm-faint"' if dim and dim[place] else ""
        body.append(f"<tr{look}>{''.join(cells)}</tr>")
    return body


def table_of(
    header: Mapping[str, bool],
    body: Sequence[str],
    *,
    total: bool = False,
    caption: str = "",
    terms: Terms | None = None,
) -> str:
    """Return `table` with the HTML of its rows."""
    heads = "".join(
        f'<th scope="col"{_NUMBER if is_number else ""}>{marked(title, terms or {})}</th>'
        for title, is_number in header.items()
    )
    titled = f"<caption>{escape(caption)}</caption>" if caption else ""
    return (
        f'{_STYLE}<div class="stcrm-table" tabindex="0"><table>{titled}<thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>{_show_all(len(body) - total)}</div>"
    )


def _show_all(rows: int) -> str:
    """Return what unfolds a long table in a notebook."""
    if rows <= _LONG:
        return ""
    more, less = f"Show all {rows:,} rows", f"Show {_FEW} rows"
    return (
        f'<details class="stcrm-all"><summary><span class="stcrm-more">{more}</span>'
        f'<span class="stcrm-less">{less}</span></summary></details>'
    )


def _whole(cell: str) -> str:
    """Return the class that keeps a time, an amount, an id, or a phone number on one line."""
    return " class=w" if len(cell) <= _SHORT and any(map(str.isdigit, cell)) else ""


def verdict_note(row: Any) -> str:
    """Return the table's note on a group with `verdict`, `enough` and, for months, `whole`."""
    complete = getattr(row, "whole", True)
    if not pd.isna(complete) and not complete:
        return "too recent, or only partly in the data"
    return _VERDICTS.get(row.verdict, "") if row.enough else "too few"


class Link(str):
    """A cell that leads somewhere: to a phone, a mailbox or a page."""

    href: str

    def __new__(cls, text: str, href: str) -> Link:
        """Return the text with its address."""
        link = super().__new__(cls, text)
        link.href = href
        return link

    def html(self) -> str:
        """Return the link; a page opens beside the report and does not learn about it."""
        apart = ' target="_blank" rel="noreferrer"' if self.href.startswith("https:") else ""
        return f'<a href="{escape(self.href)}"{apart}>{escape(self)}</a>'


def _html(cell: str) -> str:
    return cell.html() if isinstance(cell, Link) else escape(cell)


class Line(str):
    """A line of facts; a notebook shows it as a paragraph."""

    def _repr_html_(self) -> str:
        return f'<p class="stcrm-origin">{escape(self)}</p>'


@dataclass(frozen=True)
class Shown:
    """A table of texts that a notebook and a report show; `header` has for each title whether its cells are numbers."""

    header: Mapping[str, bool]
    rows: list[list[str]]
    dim: list[bool] | None = None
    total: bool = False
    terms: Terms = field(default_factory=dict)

    def _repr_html_(self) -> str:
        if not self.rows:
            return "<p>There is nothing to show.</p>"
        return table(self.header, self.rows, dim=self.dim, total=self.total, terms=self.terms)


Columns = dict[str, str | Callable[[Any], Any]]
"""By title the name of a value of the row, or a function of the row."""


def rows_shown(rows: Iterable[Any], columns: Columns, *, left: Sequence[str] = (), total: bool) -> Shown:
    """Return a table of rows, in which those with a false `enough` are dimmed.

    Parameters: the rows; by title the name of a value of the row, or a function of the row; the titles besides the
    first whose cells are no numbers; whether the last row is the total.
    """
    listed = [*rows]
    header = {title: place > 0 and title not in ("", *left) for place, title in enumerate(columns)}
    cells = [[_cell(getattr(row, of) if isinstance(of, str) else of(row)) for of in columns.values()] for row in listed]
    return Shown(header, cells, [not getattr(row, "enough", True) for row in listed], total)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if pd.isna(value) else f"{value:,}"


@dataclass(frozen=True)
class Table:
    """A small frame of texts that a notebook shows without its index."""

    frame: pd.DataFrame
    terms: Terms = field(default_factory=dict)

    def _repr_html_(self) -> str:
        rows = [[str(cell) for cell in row] for row in self.frame.itertuples(index=False)]
        return table(dict.fromkeys(map(str, self.frame.columns), False), rows, terms=self.terms)


# A notebook floats each term beside its text, which columns tear apart. A report, whose body has a data-name, does not.
_DEFINITIONS_STYLE = (
    "<style>body:not([data-name]) .stcrm-definitions.stcrm-definitions :is(dt,dd){float:none;width:auto;margin:0;"
    "padding:0;break-inside:avoid}body:not([data-name]) .stcrm-definitions.stcrm-definitions dd{margin-bottom:.2em}"
    "body:not([data-name]) .stcrm-definitions dt{break-after:avoid}</style>"
)


class Term(NamedTuple):
    """What a word leads to: the place of the definition on the page, and its text."""

    anchor: str
    text: str


Terms = Mapping[str, Term]
"""By words that tables, tiles and charts use, in any case, the term that they stand for."""


class Definitions(dict[str, str]):
    """Terms and their definitions; a notebook shows them as a list.

    `terms` has the words that lead here. Lists on one page have different keys.
    """

    def __init__(
        self, definitions: Mapping[str, str], key: str = "term", words: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        super().__init__(definitions)
        self._anchors = {name: f"{key}-{'-'.join(re.findall('[a-z0-9]+', name.lower()))}" for name in self}
        listed = {name: (name,) for name in self} if words is None else words
        self.terms: Terms = {
            word: Term(self._anchors[name], self[name]) for name, mine in listed.items() for word in mine
        }

    def _repr_html_(self) -> str:
        items = "".join(
            f'<dt id="{self._anchors[word]}"><b>{escape(word)}</b></dt><dd>{escape(text)}</dd>'
            for word, text in self.items()
        )
        return f'{_DEFINITIONS_STYLE}<dl class="stcrm-definitions" style="columns:26em">{items}</dl>'


def load_definitions(package: str, cases: Collection[str], values: Mapping[str, object]) -> Definitions:
    """Return the terms of a package's `definitions.toml` that are shown in these cases, with values filled in."""
    text = resources.files(package).joinpath("definitions.toml").read_text("utf-8")
    shown = [term for term in tomllib.loads(text)["term"] if term.get("when") is None or term["when"] in cases]
    names = [term["name"].format(**values) for term in shown]
    texts = [" ".join(term["text"].split()).format(**values) for term in shown]
    words = [[word.format(**values) for word in term.get("words", ())] for term in shown]
    key = package.rpartition(".")[2]
    return Definitions(dict(zip(names, texts, strict=True)), key, dict(zip(names, words, strict=True)))


def unbroken(text: str) -> str:
    """Return the HTML of a text whose ranges, with their parentheses, and words with a hyphen are kept on one line.

    >>> unbroken("by e-mail <23–25%>")
    'by <span class="stcrm-whole">e-mail</span> &lt;<span class="stcrm-whole">23–25%</span>&gt;'
    >>> unbroken("24% (23–25%)")
    '24% <span class="stcrm-whole">(23–25%)</span>'
    """
    return re.sub(
        r"\(?\$?\d[\d.,]*–\$?\d[\d.,]*%?\)?|\b\w+(?:-\w+)+\b",
        r'<span class="stcrm-whole">\g<0></span>',
        escape(text),
    )


def marked(text: str, terms: Terms) -> str:
    """Return the HTML of a text in which the first mention of each term leads to its definition.

    >>> marked("Open leads & leads", {"leads": Term("leads-lead", "A request.")})
    'Open <a class="stcrm-term" href="#leads-lead" title="A request.">leads</a> &amp; leads'
    """
    by_word = {word.lower(): term for word, term in terms.items()}
    words = "|".join(map(re.escape, sorted(by_word, key=len, reverse=True)))
    parts = re.split(rf"(?<!\w)({words})(?!\w)", text, flags=re.IGNORECASE) if words else [text]
    mentioned: set[str] = set()
    html = []
    for place, part in enumerate(parts):
        term = by_word[part.lower()] if place % 2 else None
        if term is None or term.anchor in mentioned:
            html.append(unbroken(part))
        else:
            mentioned.add(term.anchor)
            html.append(f'<a class="stcrm-term" href="#{term.anchor}" title="{escape(term.text)}">{unbroken(part)}</a>')
    return "".join(html)
