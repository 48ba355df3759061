"""Lists whose rows move while they are read: every row that was there all the time is found, or the read fails."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stcrm_pandas import frame as frames
from stcrm_pandas.contract.operations import by_name
from stcrm_pandas.errors import IncompleteRead
from stcrm_pandas.reads.pagination import Span, paginate_spans

from ..shop import row_of

LIST = by_name("customers.list_contacts")
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SIZE = 4


class Moving:
    """A list in the order of changes, in which something happens before each request."""

    def __init__(self, created, events, *, spans=True):
        self.rows = dict(enumerate(created))
        self.order = list(self.rows)
        self.events, self.spans = iter(events), spans
        self.stayed = set(self.rows)
        self.requests = 0

    def happen(self):
        what, number = next(self.events, ("nothing", 0))
        if what == "edit" and self.order:
            self.order.append(self.order.pop(number % len(self.order)))
        elif what == "delete" and self.order:
            gone = self.order.pop(number % len(self.order))
            self.rows.pop(gone)
            self.stayed.discard(gone)
        elif what == "create":
            new = 1000 + self.requests
            self.rows[new] = 10_000
            self.order.append(new)

    def ask(self, span: Span, number: int):
        self.happen()
        self.requests += 1
        assert self.requests < 2_000
        low, high = (None if end is None else (end - START) / dt.timedelta(minutes=1) for end in span)
        found = [
            id
            for id in self.order
            if not self.spans
            or (low is None and high is None)
            or (self.rows[id] is not None and (low or 0) <= self.rows[id] < (high or 1e9))
        ]
        part = found[(number - 1) * SIZE : number * SIZE]
        body = {
            "page": number,
            "hasMore": number * SIZE < len(found),
            "totalCount": len(found) if number == 1 else None,
            "data": [row_of(LIST.row, id=id, customerId=id, createdOn=self.created(id)) for id in part],
        }
        return frames.decode(LIST.row, "page", json.dumps(body).encode())

    def created(self, id):
        minutes = self.rows[id]
        return None if minutes is None else f"{START + dt.timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}"

    def read(self):
        pages = paginate_spans(self.ask, LIST.row, LIST.name)
        return {id for page in pages for id in page.table.column("id").to_pylist()}


event = st.tuples(st.sampled_from(["nothing", "edit", "edit", "edit", "delete", "create"]), st.integers(0, 30))


@example([0] * 9, [])
@example([*range(8), *[3] * 5], [("edit", 0)] * 40)
@given(st.lists(st.integers(0, 12), max_size=40), st.lists(event, max_size=60))
def test_all_rows_are_found_while_rows_move(created, events):
    moving = Moving(created, events)
    try:
        found = moving.read()
    except IncompleteRead:
        assert max(map(created.count, created)) > SIZE, "rows of one moment that fill more than a page"
        return
    if max(map(created.count, created), default=0) <= SIZE:
        assert moving.stayed <= found


def test_each_request_edits_a_row():
    """The pages of such a list never add up: 9 of 9 reads miss rows."""
    moving = Moving(range(40), [("edit", 0)] * 500)
    assert moving.read() == set(range(40))
    assert moving.requests < 40
    pages = [Moving(range(40), [("edit", 0)] * 500) for _ in range(9)]
    by_page = [{id for n in range(1, 11) for id in one.ask(Span(), n).table.column("id").to_pylist()} for one in pages]
    assert all(found != set(range(40)) for found in by_page)


@pytest.mark.parametrize("created", [[None] * 3 + [*range(20)], [7] * 20])
def test_rows_that_no_span_has_are_read_page_by_page(created):
    assert Moving(created, []).read() == set(range(len(created)))
    # An edit in each read: another row is missed each time, and together they are complete.
    events = [("nothing", 0)] * 30 + [("edit", 0)]
    assert Moving(created, events).read() == set(range(len(created)))


def test_service_that_ignores_the_time_of_creation():
    moving = Moving(range(30), [], spans=False)
    assert moving.read() == set(range(30))
    assert moving.requests < 60


def test_a_list_that_never_adds_up_fails():
    class Short(Moving):
        def ask(self, span, number):
            page = super().ask(span, number)
            return page if page.total is None else frames.DecodedPage(**{**vars(page), "total": page.total + 1})

    with pytest.raises(IncompleteRead, match=r"announced 21, and so in 3 reads"):
        Short([7] * 20, []).read()


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_halves_split_a_span(minutes):
    created = [START + dt.timedelta(minutes=one) for one in minutes]
    low, high = Span().halves(created)
    assert (low.start, low.end, high.end) == (None, high.start, None)
    earlier = sum(moment < high.start for moment in created)
    assert earlier >= 1
    assert earlier < len(created) or len(set(created)) == 1
