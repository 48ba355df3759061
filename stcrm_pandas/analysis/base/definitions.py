"""Terms and their definitions, and texts in which the words for a term lead to its definition."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from html import escape
from importlib import resources
from typing import NamedTuple

__all__ = ["Definitions", "Term", "Terms", "load_definitions", "marked", "unbroken"]


# A notebook floats each term beside its text, which columns tear apart. A report, whose body has a data-name, does not.
_STYLE = (
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
        return f'{_STYLE}<dl class="stcrm-definitions" style="columns:26em">{items}</dl>'


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
