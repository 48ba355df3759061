"""What goes wrong on the way to the service, over HTTP: an error that helps, in bounded time, or the whole answer."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stcrm_pandas.errors import (
    ConnectionFailed,
    IncompleteReadWarning,
    InvalidResponse,
    MissingRows,
    NotCachedError,
    NotFound,
    PermissionDenied,
    RateLimited,
    RequestError,
    ResponseError,
    ServerError,
    ServiceError,
    SignInError,
)
from stcrm_pandas.sandbox import Sandbox

PASSING = {
    "429, the wait only in the body": {"after": 3, "times": 2, "status": 429},
    "429 with a header": {"after": 1, "status": 429, "body": {"message": "no"}, "headers": {"Retry-After": "4"}},
    "429, the header a date without a zone": {
        "after": 1,
        "status": 429,
        "body": "",
        "headers": {"Retry-After": "Mon, 01 Jun 2026 12:00:30"},
    },
    "429 on page one": {"status": 429},
    "500 as HTML": {"after": 2, "times": 3, "status": 500},
    "503, then fine": {"after": 1, "times": 1, "status": 503},
    "502 with a body of JSON": {"after": 1, "status": 502, "body": {"title": "Bad gateway"}},
    "cut in the middle of a page": {"after": 4, "times": 2, "cut": 300},
    "cut before the first byte": {"after": 4, "times": 2, "cut": 0},
    "200 with HTML, once": {"after": 2, "status": 200, "body": "<html><body>Sign in to the hotel</body></html>"},
    "JSON of another structure, once": {"after": 2, "body": {"rows": []}},
    "null, once": {"after": 2, "body": "null"},
    "a bare list, once": {"after": 2, "body": []},
    "cut JSON that calls itself whole": {"after": 2, "body": '{"page": 3, "hasMore": true, "data": [{"id": 1'},
    "an empty body": {"after": 2, "body": b""},
    "a token that ends in mid-walk": {"after": 3, "revoke": True},
    "a page that repeats, once": {"after": 3, "page": "repeat"},
    "page one in the place of another, once": {"after": 3, "page": "first"},
    "an empty page, once": {"after": 3, "page": "empty"},
    "half a page, once": {"after": 3, "page": "short"},
    "the end too soon, once": {"after": 3, "has_more": False},
    "no end on the last page, once": {"after": 14, "has_more": True},
    "a total that is too small": {"times": None, "total": 25},
    "a total of nothing": {"times": None, "total": 0},
    "a total that is null": {"times": None, "total": None},
    "a total that is too large, once": {"times": 1, "total": 1000},
    "a total below zero": {"times": None, "total": -5},
}


@pytest.mark.parametrize("concurrency", [pytest.param(1, marks=pytest.mark.deep), 8])
@pytest.mark.parametrize("trouble", PASSING)
def test_temporary_failure_gives_a_complete_read(trouble, concurrency, box, join, whole, leads, time):
    crm = join(box, concurrency=concurrency)
    fault = box.inject("leads.list", **PASSING[trouble])
    frame = whole(crm.leads.list, leads)
    assert fault.hits > 0
    assert set(frame["id"]) == leads
    assert frame["id"].is_monotonic_increasing
    assert frame.attrs["stcrm"]["complete"]
    assert len(whole(join(box, offline=True).leads.list, leads)) == 300  # what is stored is whole, too


_NEW = itertools.count(100_000)


def renumbered(rows):
    """Rows that nobody has seen before."""
    return [{**row, "id": next(_NEW)} for row in rows]


LASTING = {
    "429 for ever": ({"status": 429}, RateLimited, "STCRM_RATE_LIMIT"),
    "429 that asks for an hour": (
        {"status": 429, "body": {"message": "Rate limit is exceeded. Try again in 3600 seconds."}},
        RateLimited,
        "3,600 seconds",
    ),
    "500 for ever": ({"status": 500}, ServerError, "Try again later"),
    "503 for ever, from the fourth page": ({"status": 503, "after": 3}, ServerError, "Try again later"),
    "cut for ever": ({"cut": 100, "after": 2}, ConnectionFailed, "broke off"),
    "HTML for ever": ({"body": "<html></html>"}, InvalidResponse, "web page"),
    "other JSON": (
        {"body": {"error": "x"}, "after": 1},
        InvalidResponse,
        "another structure|without rows",
    ),
    "text": ({"body": "OK"}, InvalidResponse, "not JSON"),
    "no hasMore": ({"body": {"page": 1, "data": []}}, InvalidResponse, "hasMore"),
    "the data is null": ({"body": {"hasMore": False, "data": None}}, InvalidResponse, "another structure"),
    "rows that are no objects": ({"body": {"hasMore": False, "data": [1, 2]}}, InvalidResponse, "another structure"),
    "a redirect": ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/"}}, ServiceError, "302"),
    "400": (
        {"status": 400, "body": {"title": "Bad", "errors": {"ids": ["too many"]}}},
        RequestError,
        "ids: too many",
    ),
    "every page repeats": ({"page": "first", "times": None, "after": 1}, ResponseError, "repeats page 1"),
    "hasMore for ever, with empty pages": ({"page": "empty", "has_more": True}, ResponseError, "is empty"),
    "hasMore for ever, with full pages": ({"page": "first", "has_more": True}, ResponseError, "repeats"),
    "hasMore for ever, and no total": ({"has_more": True, "total": None}, ResponseError, "is empty"),
    "a total that is too large": ({"total": 100_000}, ResponseError, "300 rows came instead of the announced 100000"),
    "hasMore for ever and a total without end, full": (
        {"page": "first", "has_more": True, "total": 10**18},
        ResponseError,
        "repeats",
    ),
    "hasMore for ever and a total without end, empty": (
        {"page": "empty", "has_more": True, "total": 10**18, "after": 1},
        ResponseError,
        "is empty",
    ),
    "hasMore for ever, with ever new rows": (
        {"rows": renumbered, "has_more": True, "page": "first"},
        ResponseError,
        "1020 rows came instead of the announced 300, and the service reports more pages",
    ),
    "half a page, always": ({"page": "short"}, ResponseError, "150 rows came instead of the announced 300"),
    "the end too soon, always": ({"has_more": False}, ResponseError, "20 rows came instead of the announced 300"),
    "empty pages": ({"page": "empty", "after": 1}, ResponseError, "is empty"),
}


@pytest.mark.parametrize("trouble", LASTING)
def test_lasting_failure_raises_once_in_bounded_time(trouble, box, join, whole, leads, time, count):
    fault, kind, words = LASTING[trouble]
    crm = join(box, retries=3)
    box.inject("leads.list", **{"times": None, **fault})
    error = whole(crm.leads.list, leads)
    assert isinstance(error, kind), error
    assert re.search(words, str(error)), error
    assert len(str(error)) < 700
    assert time.passed < 8 * 3 * 60
    assert count(box) < 250
    box.clear_faults()
    assert set(whole(crm.leads.list, leads)["id"]) == leads  # nothing bad was kept


def test_short_page_without_a_total_is_detected(box, join, whole, leads):
    def no_total():
        box.inject("leads.list", total=None)
        box.inject("leads.list", after=3, page="short")

    no_total()
    assert set(whole(join(box).leads.list, leads)["id"]) == leads  # the second walk has its total
    box.clear_faults()
    box.inject("leads.list", page="short", total=None, after=2, times=1)
    box.inject("leads.list", total=None, times=None)
    assert set(whole(lambda: join(box).leads.list(refresh=True), leads)["id"]) == leads


def test_failed_read_is_not_available_offline(box, join):
    box.inject("leads.list", page="short", times=None)
    with pytest.raises(ResponseError):
        join(box).leads.list()
    with pytest.raises(NotCachedError):
        join(box, offline=True).leads.list()


def test_allow_incomplete_warns_and_marks_the_frame(box, join, leads):
    box.inject("leads.list", page="short", times=None)
    crm = join(box)
    with pytest.warns(IncompleteReadWarning, match="150 rows"):
        frame = crm.leads.list(allow_incomplete=True)
    assert frame.attrs["stcrm"]["complete"] is False
    box.clear_faults()
    assert len(crm.leads.list()) == 300  # it was not stored


def test_timeout_is_retried_then_raised(box, join):
    crm = join(box, timeout=(1, 0.1), retries=1, concurrency=1)
    fault = box.inject("customers.list", delay=0.4, times=None)
    with pytest.raises(ConnectionFailed, match="took too long"):
        crm.customers.list()
    assert fault.hits == 2


def test_single_timeout_gives_a_complete_read(box, join):
    crm = join(box, timeout=(1, 0.15), retries=2, concurrency=1)
    box.inject("locations.list", after=1, delay=0.4, times=1)
    assert len(crm.locations.list()) == 45


def test_waits_follow_retry_after_or_back_off(box, join, time):
    crm = join(box, concurrency=1)
    box.inject("locations.list", status=429, body={"message": "Try again in 7 seconds."})
    crm.locations.list()
    assert time.passed == pytest.approx(7, abs=0.1)
    time.waits.clear()
    box.inject("locations.list", status=503, times=4)
    crm.locations.list(refresh=True)
    assert time.waits == [0.5, 1.0, 2.0, 4.0]


def test_read_after_a_failure_starts_over(box, join, count):
    box.inject("leads.list", page="short", times=None)
    crm = join(box)
    with pytest.raises(ResponseError):
        crm.leads.list()
    assert crm.cache.entries == 0
    box.clear_faults()
    box.requests.clear()
    assert len(crm.leads.list()) == 300
    assert count(box, "leads.list") == 15


def test_429_delays_all_later_requests(box, join, time):
    """The timer stands still here, so each call that comes after the 429 finds that it must wait."""
    box.inject("locations.list", after=1, status=429, body={"message": "Try again in 9 seconds."})
    assert len(join(box, concurrency=1, timer=lambda: 0.0).locations.list()) == 45
    assert time.waits == [9.0, 9.0, 9.0]  # the repeat, its turn, and the turn of page three


def test_429_in_all_threads_ends(box, join, time, count):
    crm = join(box, concurrency=8, retries=8)  # on a busy machine one thread may meet all eight
    box.inject("leads.list", after=1, times=8, status=429, body={"message": "Try again in 9 seconds."})
    assert len(crm.leads.list()) == 300
    assert count(box, "leads.list") == 15 + 8


@pytest.mark.parametrize("read", ["page by page", "many parts at once"])
def test_wrong_secret_signs_in_once(read, box, join_by_address, count):
    crm = join_by_address(box, client_secret="wrong")
    for _ in range(3):
        with pytest.raises(SignInError, match="STCRM_CLIENT_SECRET") as caught:
            crm.leads.list(ids=range(1, 2000)) if read == "many parts at once" else crm.leads.list()
        assert "wrong is" not in str(caught.value)
    assert count(box, "sign_in") == 1
    assert count(box) == 1


def test_failed_sign_in_is_shared_by_all_threads(box, join_by_address, count, time):
    box.inject("sign_in", status=503, times=None)
    crm = join_by_address(box, retries=2)
    with pytest.raises(ServerError, match="sign-in service failed"):
        crm.leads.list(ids=range(1, 2000))
    assert count(box, "sign_in") == 3
    box.clear_faults()
    time.sleep(2)
    assert len(crm.leads.list()) == 300  # and it is tried again


def test_wrong_app_key_is_reported(box, join_by_address, count):
    crm = join_by_address(box, app_key="wrong-key")
    with pytest.raises(SignInError, match="STCRM_APP_KEY") as caught:
        crm.leads.list()
    assert "wrong-key" not in str(caught.value)
    assert count(box) == 4  # two sign-ins, two calls


@pytest.mark.parametrize(
    "body",
    ["<html></html>", "[]", "null", {"access_token": None}, {"access_token": ""}, {"access_token": 5}, {"token": "x"}],
)
def test_sign_in_without_a_token_mentions_the_address(body, box, join_by_address):
    box.inject("sign_in", body=body)
    with pytest.raises(SignInError, match="STCRM_AUTH_URL"):
        join_by_address(box).leads.list()


def test_sign_in_at_a_wrong_address_mentions_it(box, join_by_address):
    with pytest.raises(SignInError, match="STCRM_AUTH_URL"):
        join_by_address(box, auth_url=f"{box.api_url}/elsewhere").leads.list()


def test_failed_sign_in_is_retried(box, join_by_address):
    box.inject("sign_in", status=500)
    assert len(join_by_address(box).leads.list()) == 300


def test_unknown_tenant_is_reported(box, join_by_address):
    crm = join_by_address(box, tenant=12345)
    with pytest.raises(NotFound, match="tenant 12345"):
        crm.leads.list()
    with pytest.raises(MissingRows, match="tenant 12345"):
        crm.leads.get(5000)


def test_no_connection_raises_after_retries(box, join_by_address, time):
    nowhere = "http://127.0.0.1:9"
    with pytest.raises(ConnectionFailed, match="could not be made"):
        join_by_address(box, api_url=nowhere, auth_url=nowhere, retries=2).leads.list()
    assert len(time.waits) == 2


def test_missing_certificates_are_reported(box, join_by_address, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    crm = join_by_address(box, api_url="https://127.0.0.1:9", auth_url="https://127.0.0.1:9")
    with pytest.raises(ConnectionFailed, match="REQUESTS_CA_BUNDLE"):
        crm.leads.list()


def test_missing_scope_is_reported(shop, join):
    scopes = {"tn.crm.customers:r"}
    with Sandbox(company=shop(), rate_limit=None, scopes=scopes) as box:
        crm = join(box)
        with pytest.raises(PermissionDenied, match=re.escape("tn.crm.leads:r")) as caught:
            crm.leads.list()
        assert caught.value.scope == "tn.crm.leads:r"
        assert len(crm.customers.list()) == 120


# Whatever goes wrong, and how often

HONEST = [
    {"status": 429, "body": {"message": "Try again in 3 seconds."}},
    {"status": 500},
    {"status": 503},
    {"status": 400},
    {"cut": 120},
    {"body": "<html></html>"},
    {"body": '{"page": 2, "hasMore": true, "data": [{"id":'},
    {"body": {"hasMore": False, "data": None}},
    {"revoke": True},
]
ABOUT_PAGES = [
    {"page": "repeat"},
    {"page": "first"},
    {"page": "empty"},
    {"page": "short"},
    {"has_more": False},
    {"has_more": True},
    {"page": "empty", "has_more": False},
    {"page": "empty", "has_more": True},
]
ABOUT_TOTALS = [{"total": total} for total in (None, 0, 25, 299, 301, 10**12, -1)]


def times_of(faults):
    """When, how often and what, for some of them."""
    one = st.tuples(st.integers(0, 20), st.sampled_from([1, 1, 1, 2, 5, None]), st.sampled_from(faults))
    return st.lists(one, min_size=1, max_size=4)


# A service that errs about its rows and about their number at once cannot be found out.
TROUBLES = st.one_of(times_of(HONEST + ABOUT_PAGES), times_of(HONEST + ABOUT_TOTALS))


def through(troubles, concurrency, box, join, whole, leads, time, count):
    box.clear_faults()
    box.requests.clear()
    for after, times, fault in troubles:
        box.inject("leads.list", after=after, times=times, **fault)
    crm = join(box, concurrency=concurrency, retries=2)
    time.passed = 0.0
    outcome = whole(lambda: crm.leads.list(refresh=True), leads)
    assert count(box) < 250
    assert time.passed < 600
    if not isinstance(outcome, Exception):
        assert set(outcome["id"]) == leads
        assert len(crm.leads.list()) == 300
    crm.close()


@settings(max_examples=settings.default.max_examples // 4)
@given(TROUBLES, st.sampled_from([1, 3, 8]))
def test_any_failure_gives_a_complete_read_or_an_error(box, join, whole, leads, time, count, troubles, concurrency):
    through(troubles, concurrency, box, join, whole, leads, time, count)
