"""A cached read after a write never shows the old state, whatever happened to the write's response."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.errors import ConnectionFailed, MissingRows, ServerError, ServiceError
from stcrm_pandas.http.cache import Cache
from stcrm_pandas.sandbox import Sandbox

from .cases import CASES
from .company import BOOKINGS, CONTACTS, CUSTOMERS, LEADS, LOCATIONS, METHODS, PROVIDER, Company, made
from .conftest import AS_OF

WRITES = [case for case in CASES if by_name(case.name).writes]
READS = {
    **{op.name: () for op in OPERATIONS.values() if op.returns == "feed"},
    **{op.name: () for op in OPERATIONS.values() if op.returns in ("page", "array") and not op.path_names},
    "bookings.get": (BOOKINGS,),
    "bookings.get_of_provider": (PROVIDER, BOOKINGS),
    "bookings.list_of_provider": (PROVIDER,),
    "bookings.list_contacts": (BOOKINGS,),
    "bookings.list_contacts_of_provider": (PROVIDER, BOOKINGS),
    "booking_provider_tags.get": ([PROVIDER, 42],),
    "leads.get": (LEADS,),
    "leads.list_notes": (LEADS,),
    **{
        f"{family}.{method}": (ids,)
        for family, ids in (("customers", CUSTOMERS), ("locations", LOCATIONS))
        for method in ("get", "get_contacts", "list_notes", "get_preferred_technician")
    },
    "contacts.get": (CONTACTS[:2],),
    "contacts.list_by_relationship": (CUSTOMERS,),
    "contacts.list_relationships": (CONTACTS[:2],),
    "contact_methods.get": (CONTACTS[:2], METHODS[:2]),
    "contact_methods.list": (CONTACTS[:2],),
    "contact_preferences.get": (CONTACTS[0], METHODS[0], ["Marketing", "Invoices"]),
    "contact_preferences.list": (CONTACTS[:2], METHODS[:2]),
}
READS = {method: args for method, args in READS.items() if not method.startswith("lookups.")}
"""Every read of the CRM, of the rows that the writes touch."""

LOST = {
    "answered": {},
    "failed": {"status": 500, "done": True},
    "cut": {"cut": 0},
}
"""What happens to the response; the write is carried out in each case."""


@contextmanager
def opened(folder):
    """Open a sandbox whose rows go through all writes, and a connection to it."""
    with (
        Sandbox(company=Company(), as_of=AS_OF, rate_limit=None, feed_delay=0, _feed_size=2) as box,
        stcrm.connect(sandbox=box, cache_dir=folder, rate_limit=1000, progress=False, sleep=lambda _: None) as crm,
    ):
        yield box, crm


@pytest.fixture(scope="module", params=["answered", "failed", pytest.param("cut", marks=pytest.mark.deep)])
def shop(request, tmp_path_factory):
    with opened(tmp_path_factory.mktemp("cache")) as (box, crm):
        yield request.param, box, crm


@pytest.fixture(scope="module")
def shop_of_all_reads(tmp_path_factory):
    """A sandbox for the deep test alone, because each write can be made only once."""
    with opened(tmp_path_factory.mktemp("cache")) as (box, crm):
        yield "answered", box, crm


def read(crm: Client, call, method, **options):
    try:
        found = call(crm, method, *READS[method], **options)
    except (MissingRows, ServiceError) as error:
        return type(error)
    return found.frame if isinstance(found, stcrm.Feed) else found


def same(one, other):
    if isinstance(one, type) or isinstance(other, type):
        return one is other
    return one.sort_index(axis="columns").equals(other.sort_index(axis="columns"))


def test_every_read_is_covered():
    assert set(READS) == {op.name for op in OPERATIONS.values() if not op.writes and not op.name.startswith("lookups.")}


def check(case, shop, call, reads):
    way, box, crm = shop
    operation = by_name(case.name)
    before = {method: read(crm, call, method) for method in reads}
    if LOST[way]:
        box.requests.clear()
        box.inject(case.name, **LOST[way])
        with pytest.raises((ServerError, ConnectionFailed)) as caught:
            call(crm, case.name, *case.args, **case.given)
        assert caught.value.in_doubt
        assert f"crm.{operation.shown_by}(" in str(caught.value)
        assert len([one for one in box.requests if one.operation == operation.id]) == 1, "it was sent again"
    else:
        call(crm, case.name, *case.args, **case.given)
    changed = set()
    for method in reads:
        stored, fresh = read(crm, call, method), read(crm, call, method, refresh=True)
        assert same(stored, fresh), f"{method} shows what was before {case.name}"
        if not same(before[method], fresh):
            changed.add(method)
    assert operation.shown_by in changed, f"{operation.shown_by} does not show {case.name}"


@pytest.mark.parametrize("case", WRITES, ids=lambda case: case.name)
def test_reads_affected_by_a_write_are_fresh(case, shop, call):
    """Of each family that the write forgets the list of all, and the read that the errors name."""
    operation = by_name(case.name)
    lists = [f"{name}.{'search' if name == 'contact_methods' else 'list'}" for name in operation.forgets]
    check(case, shop, call, {*lists, operation.shown_by})


@pytest.mark.deep
@pytest.mark.parametrize("case", WRITES, ids=lambda case: case.name)
def test_no_read_shows_the_old_state(case, shop_of_all_reads, call):
    """Every read of the CRM is fresh after every write, whatever the operation's `forgets` lists."""
    check(case, shop_of_all_reads, call, READS)


def test_unaffected_reads_stay_cached(crm, box, call):
    for method in ("lookups.campaigns.list", "bookings.list", "leads.list"):
        call(crm, method)
    sent = len(box.requests)
    crm.customers.create_note(1, text="seen")
    for method in ("lookups.campaigns.list", "bookings.list", "leads.list"):
        call(crm, method)
    assert len(box.requests) == sent + 1


class Gated(BaseHTTPRequestHandler):
    """A service of one lead: what it answers is made at once, and given when the gate of the call is open."""

    server: Gates

    def do_GET(self):
        row = {**made("leads.list", LEADS[:1])[0], "summary": self.server.summary}
        self.server.arrived["GET"].set()
        assert self.server.gate["GET"].wait(10)
        self.answer({"page": 1, "pageSize": 5000, "hasMore": False, "totalCount": 1, "data": [row]})

    def do_POST(self):
        self.answer({"access_token": "t", "expires_in": 900, "token_type": "Bearer"})

    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.arrived["PATCH"].set()
        assert self.server.gate["PATCH"].wait(10)
        self.server.summary = body["summary"]
        self.answer({**made("leads.list", LEADS[:1])[0], **body})

    def answer(self, body):
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        """Say nothing."""


class Gates(ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Gated)
        self.summary = "Leak"
        self.arrived = {"GET": threading.Event(), "PATCH": threading.Event()}
        self.gate = {"GET": threading.Event(), "PATCH": threading.Event()}


@pytest.fixture
def gates():
    with Gates() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def gated(gates, join):
    url = f"http://127.0.0.1:{gates.server_port}"
    place = {"api_url": url, "auth_url": url, "client_id": "c", "client_secret": "s", "app_key": "k", "tenant": 1}
    return join(None, **place, sandbox=None, allow_writes=True)


def summary(crm, out):
    out.append(crm.leads.list()["summary"].item())


def test_running_read_caches_nothing_stale(gates, gated):
    """It was answered before the write, and its page is stored after it."""
    early = []
    gates.gate["PATCH"].set()
    reading = threading.Thread(target=summary, args=(gated, early))
    reading.start()
    assert gates.arrived["GET"].wait(10)
    gated.leads.update(LEADS[0], summary="Flood")
    gates.gate["GET"].set()
    reading.join(10)
    summary(gated, early)
    assert early == ["Leak", "Flood"]


def test_read_during_a_write_is_dropped_afterwards(gates, gated):
    """It begins after the write was sent, and ends before it is carried out."""
    early = []
    gates.gate["GET"].set()
    writing = threading.Thread(target=gated.leads.update, args=(LEADS[0],), kwargs={"summary": "Flood"})
    writing.start()
    assert gates.arrived["PATCH"].wait(10)
    summary(gated, early)
    gates.gate["PATCH"].set()
    writing.join(10)
    summary(gated, early)
    assert early == ["Leak", "Flood"]


def test_running_feed_caches_nothing_stale(tmp_path):
    now = iter(range(1_000, 2_000))
    cache = Cache(tmp_path / "cache.sqlite", clock=lambda: float(next(now)))
    first = cache.feed("leads", "leads")
    assert cache.feed("leads", "leads") == first
    cache.forget(["bookings"])
    assert cache.feed("leads", "leads") == first
    cache.forget(["leads", "bookings"])
    assert cache.feed("leads", "leads").id != first.id, "a page stored late would be found"
    cache.close()


def test_interrupted_read_is_not_resumed_after_a_write(tmp_path):
    cache = Cache(tmp_path / "cache.sqlite")
    hour = pd.Timedelta(hours=1).to_pytimedelta()
    begun = cache.begin("leads", "leads", max_age=hour)
    assert cache.begin("leads", "leads", max_age=hour) == begun
    cache.forget(["leads"])
    assert cache.begin("leads", "leads", max_age=hour) != begun
    cache.finish(begun, [1])
    assert cache.find("leads", max_age=hour) is None, "it was forgotten, and came back as whole"
    cache.close()
