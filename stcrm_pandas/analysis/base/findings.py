"""Parts of a report besides tables and figures: actions, call lists, and checks."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Protocol

import pandas as pd

from stcrm_pandas.analysis.base.display import Link, table, table_of, table_rows

_RECORDS = ("id", "lead", "booking", "customer", "location", "contact", "job")

MOST_ROWS = 1_000
"""The largest number of rows of a list on a page."""

MOST_CHARACTERS = 1_000_000
"""The largest size of all lists on a page, so that a report stays below 8 MB."""

MOST_PACKED = 500_000
"""The largest size of all packed lists of a page, in characters."""

Texts = Sequence[Sequence[str]]

_LEFT_OUT = (
    '<p class="stcrm-part">The rows of these lists are left out of this file: this report contains no personal data, '
    "so it can be sent by e-mail. The reports in a folder have them, and so does a file that is made with lists.</p>"
)


@dataclass(frozen=True)
class Action:
    """Something to do this week.

    Parameters
    ----------
    do : str
        An instruction in one sentence: "Call the 48 open leads whose follow-up is overdue.".
    number : str, default ''
        The number behind it, with its interval: "31% (27–35%)"; empty if it is a plain count.
    size : str, default ''
        What it may be worth, in jobs or money: "about 15 jobs"; empty if that cannot be computed.
    worth : float, default 0.0
        What it may be worth, as a number of jobs; 0 if it cannot be computed.
    amount : float, default 0.0
        What it may be worth in money; 0 if it cannot be computed, or is less than one job is worth. Actions are ranked
        by this, then by `worth`.
    work_list : str, optional
        The `key` of the call list, if there is one.
    brief : str, default ''
        Number and size in one short line: "47% booked, others 80%: about 25 fewer jobs in 4 weeks".
    """

    do: str
    number: str = ""
    size: str = ""
    worth: float = 0.0
    work_list: str | None = None
    brief: str = ""
    amount: float = 0.0

    @property
    def evidence(self) -> str:
        """The evidence and the possible gain, in one line."""
        return " · ".join(part for part in (self.number, self.size) if part)


@dataclass(frozen=True)
class WorkList:
    """A call list or cleanup list: the only part of a report that may contain personal data.

    Parameters
    ----------
    key : str
        Its name in the page and in file names: "overdue-follow-up".
    title : str
        "Open leads whose follow-up is overdue".
    what_to_do : str
        One or two sentences: what to do with each row, and where.
    frame : DataFrame
        The rows, most urgent first, with readable column names ("Overdue since").
    after : DataFrame or None
        The frame to pass to a bulk edit as `after`, if the API can change the rows; otherwise None.
    by_hand : bool, default False
        Whether the rows can be changed only in ServiceTitan itself.
    expected : float, optional
        The revenue to expect from all rows: for each, the average revenue of such a job times its chance of being
        booked.
    unusual : sequence of str, default ()
        The jobs that move that revenue: `base.money.unusual`.
    notes : sequence of str, default ()
        How the rows are ordered, and what their columns mean. Lists shown together show the same note once.
    """

    key: str
    title: str
    what_to_do: str
    frame: pd.DataFrame = field(repr=False)
    after: pd.DataFrame | None = field(default=None, repr=False)
    by_hand: bool = False
    expected: float | None = None
    unusual: Sequence[str] = ()
    notes: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        return _notes([self]) + work_list(self)


@dataclass(frozen=True)
class Count:
    """A count before any exclusion, and the ServiceTitan screen and filter that show the same number."""

    what: str
    rows: int
    screen: str = ""
    filter: str = ""


@dataclass(frozen=True)
class Step:
    """One step from the rows read to the rows analyzed: how many were left out or joined, and how many remain."""

    what: str
    left_out: int
    remain: int


@dataclass(frozen=True)
class Check:
    """Counts to check in ServiceTitan, and the steps from the rows read to the rows analyzed."""

    counts: Sequence[Count]
    steps: Sequence[Step]
    notes: Mapping[str, str] = field(default_factory=dict)

    def _repr_html_(self) -> str:
        return check(self)


def work_list(
    listed: WorkList,
    *,
    anonymous: bool = False,
    most: int = MOST_ROWS,
    service: str | None = None,
    packed_rows: Packed | None = None,
    body: Sequence[str] | None = None,
) -> str:
    """Return the HTML of the first rows of a list, with all rows packed; if anonymous, only its title and size.

    `body` is what `body_of` returns, if that is known.
    """
    how = " This can be changed only in ServiceTitan itself." if listed.by_hand else ""
    title = f'<h3 id="{escape(listed.key)}">{escape(listed.title)} ({len(listed):,})</h3>'
    head = f"{title}<p>{_with_code(listed.what_to_do)}{how}</p>"
    if len(listed) and not anonymous:
        rows = (body_of(listed, service) if body is None else body)[:most]
        if len(rows) < len(listed):
            head += f'<p class="stcrm-part">Showing {len(rows):,} of {len(listed):,} rows.</p>'
            head += "" if packed_rows is None else packed_rows.html
        head += table_of(_header(listed), rows, caption=listed.title)
    name, count = escape(listed.key), len(listed)
    return f'<section class="stcrm-work-list" data-name="{name}" data-rows="{count}">{head}</section>'


def _header(listed: WorkList) -> dict[str, bool]:
    return {str(name): _is_number(listed.frame[name]) for name in listed.frame.columns}


def body_of(listed: WorkList, service: str | None) -> list[str]:
    """Return the HTML of the rows that a page can show of a list.

    Phone numbers and e-mail addresses are links, and ids lead to their screens at `service`.
    """
    header = _header(listed)
    cells = [
        [_linked(title, _text(cell), service) for title, cell in zip(header, row, strict=True)]
        for row in listed.frame.iloc[:MOST_ROWS].itertuples(index=False)
    ]
    return table_rows(header, cells)


def _texts(listed: WorkList) -> list[list[str]]:
    """Return the header and all rows of a list as texts."""
    return [[*map(str, listed.frame.columns)], *([*map(_text, row)] for row in listed.frame.itertuples(index=False))]


def _linked(title: str, text: str, service: str | None) -> str:
    """Return a cell, with a link if the title of its column says what it leads to."""
    if title == "Phone":
        digits = re.sub(r"[^0-9+]", "", text)
        number = digits if digits.startswith("+") else f"+1{digits}"
        return text if len(digits) < 7 else Link(text, f"tel:{number}")
    if title == "E-mail":
        return Link(text, f"mailto:{text}") if "@" in text else text
    screen = _SCREENS.get(title)
    return Link(text, f"{service}/#/{screen.format(text)}") if screen and service and text else text


_SCREENS = {
    "Customer id": "Customer/{}",
    "Merge into": "Customer/{}",
    "Location id": "Location/{}",
    "Lead id": "Lead/Index/{}",
    "Booking": "Bookings",
}
"""The screen of a record, or the list of all such records, by the title of a column with ids."""


def _with_code(words: str) -> str:
    """Return the HTML of a text with `code` between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words))


def _text(cell: object) -> str:
    if isinstance(cell, tuple | list):
        return ", ".join(map(str, cell))
    return "" if pd.isna(cell) else str(cell)  # type: ignore[call-overload]


def _is_number(column: pd.Series) -> bool:
    # an id is not a quantity, so it is aligned like text; an amount has a currency
    if column.name == "At stake":
        return True
    counts = pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype)
    return counts and str(column.name).lower().split()[-1:] not in [[word] for word in _RECORDS]


def check(data: Check) -> str:
    """Return the HTML of a check."""
    counts = [[count.what, f"{count.rows:,}", count.screen, count.filter] for count in data.counts]
    remaining = [[step.what, f"{step.left_out:,}" if step.left_out else "", f"{step.remain:,}"] for step in data.steps]
    notes = "".join(f"<li><b>{escape(word)}</b> {escape(text)}</li>" for word, text in data.notes.items())
    header = {"Before any exclusion": False, "Rows": True, "Screen in ServiceTitan": False, "Filter": False}
    return (
        '<div class="stcrm-side-by-side">'
        + table(header, counts, caption="Counts before any exclusion, and where ServiceTitan shows them")
        + table(
            {"Step": False, "Left out": True, "Remain": True},
            remaining,
            caption="From the rows read to the rows analyzed",
        )
        + "</div>"
        + (f"<ul>{notes}</ul>" if notes else "")
    )


def steps(first: str, rows: int, left_out: Iterable[tuple[str, int]]) -> list[Step]:
    """Return the steps from all rows to those analyzed, from how many each step leaves out."""
    made = [Step(first, 0, rows)]
    for what, count in left_out:
        rows -= count
        made.append(Step(what, count, rows))
    return made


def _notes(lists: Iterable[WorkList]) -> str:
    """Return the notes of lists that have rows, each once."""
    notes = dict.fromkeys(note for listed in lists if len(listed) for note in listed.notes)
    return f'<p class="stcrm-part">{"<br>".join(map(escape, notes))}</p>' if notes else ""


class HasWorkLists(Protocol):
    """A result with call lists."""

    @property
    def work_lists(self) -> Mapping[str, WorkList]:
        """Return the call lists by key."""


@dataclass(frozen=True, repr=False)
class WorkLists:
    """Call lists, displayed one below the other."""

    lists: Sequence[WorkList]
    anonymous: bool
    service: str | None = None

    def __repr__(self) -> str:
        return f"<WorkLists {', '.join(f'{listed.key}: {len(listed):,}' for listed in self.lists)}>"

    def _repr_html_(self) -> str:
        return self._links() + ("" if self.anonymous else _notes(self.lists)) + self._rows()

    def _links(self) -> str:
        """Return a link to each list that has rows, with their number."""
        filled = [listed for listed in self.lists if len(listed)]
        if len(filled) < 2:
            return ""
        items = "".join(
            f'<li><a href="#{escape(listed.key)}">{escape(listed.title)}</a> {len(listed):,}</li>' for listed in filled
        )
        return f'<nav class="stcrm-lists" aria-label="Lists"><ul>{items}</ul></nav>'

    def _rows(self) -> str:
        if self.anonymous and any(map(len, self.lists)):
            return _LEFT_OUT + "".join(work_list(listed, anonymous=True) for listed in self.lists)
        most = MOST_ROWS
        packed_rows = packed_lists({listed.key: _texts(listed) for listed in self.lists})
        bodies = [body_of(listed, self.service) for listed in self.lists]  # once, however often the page is cut
        while True:
            page = "".join(
                work_list(listed, most=most, packed_rows=packed_rows[listed.key], body=body)
                for listed, body in zip(self.lists, bodies, strict=True)
            )
            if len(page) <= MOST_CHARACTERS or most <= 1:
                return page or "<p>The lists are empty.</p>"
            most = max(1, min(most - 1, most * MOST_CHARACTERS // len(page)))  # each list says how many rows it shows


def work_lists(*results: HasWorkLists, anonymous: bool = False, service: str | None = None) -> WorkLists:
    """Return the call lists of one or more results, to display one below the other.

    Parameters
    ----------
    *results : object
        The results of one or more analyses.
    anonymous : bool, default False
        True shows only titles and sizes.
    service : str, optional
        The address of the ServiceTitan site that ids link to, such as `"https://go.servicetitan.com"`
        (`crm.settings.service_url`).

    Returns
    -------
    WorkLists
        The lists, in its attribute `lists`. A page shows at most 1,000 rows of each.

    Examples
    --------
    >>> work_lists()
    <WorkLists >
    """
    return WorkLists([listed for result in results for listed in result.work_lists.values()], anonymous, service)


@dataclass(frozen=True)
class Packed:
    """The first rows of a list, below its header, as an element that shows nothing."""

    rows: int
    html: str


def packed(rows: Texts) -> Packed:
    """Return a header and rows, compressed; the page of a report unpacks them to save them as a file.

    >>> packed([["Name"], ["Ann"], ["Bob"]]).rows
    2
    """
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    coded = base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()
    count = len(rows) - 1
    return Packed(count, f'<script type="application/gzip" class="stcrm-packed" data-rows="{count}">{coded}</script>')


def packed_lists(lists: Mapping[str, Texts], most: int = MOST_PACKED) -> dict[str, Packed]:
    """Return each list packed. If all of them would be too large, the longest ones have only their first rows.

    >>> long = [["Id"], *([str(number)] for number in range(50_000))]
    >>> made = packed_lists({"a": long, "b": long[:9]}, most=50_000)
    >>> made["a"].rows < 50_000, made["b"].rows
    (True, 8)
    """
    longest = max(map(len, lists.values()), default=0)
    shortened = {key: packed(rows) for key, rows in lists.items()}
    while True:
        size = sum(len(rows.html) for rows in shortened.values())
        if size <= most or longest <= 2:
            return shortened
        longest = max(2, min(longest - 1, longest * most // size))
        shortened |= {key: packed(rows[:longest]) for key, rows in lists.items() if len(rows) > longest}
