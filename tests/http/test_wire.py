"""The protocol without I/O: requests as they are sent, waits, and the error for each answer."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas import errors
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.http import wire

LEADS = OPERATIONS["Leads_GetList"]
GET = OPERATIONS["Leads_Get"]
NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@given(st.lists(st.tuples(st.from_regex("[a-zA-Z]{1,9}", fullmatch=True), st.text(st.characters(codec="utf-8")))))
def test_query_round_trip(query):
    url = wire.build_request(LEADS, "https://api.example", 7, query=query).url
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == query
    assert url.isascii()
    assert " " not in url


def test_a_plus_is_sent_as_percent_2b():
    url = wire.build_request(LEADS, "https://api.example", 7, query=wire.page_query(LEADS, [], 1)).url
    assert url.endswith("/leads?sort=%2BId&page=1&pageSize=5000&includeTotal=true")


@pytest.mark.parametrize("value", ["../customers", "1/2", "a b", "ä", "1?x=1", "%2F", "{tenant}"])
def test_path_values_are_escaped(value):
    url = wire.build_request(GET, "https://api.example", 7, {"id": value}).url
    assert urlsplit(url).path.count("/") == 6
    assert not urlsplit(url).query


def test_only_page_one_requests_the_total():
    assert ("includeTotal", "true") in wire.page_query(LEADS, [], 1)
    assert ("includeTotal", "true") not in wire.page_query(LEADS, [], 2)


def test_sortable_lists_are_sorted():
    for operation in OPERATIONS.values():
        names = [name for name, _ in wire.page_query(operation, [], 1)]
        assert ("sort" in names or "orderBy" in names) == (operation.sort is not None)


@pytest.mark.parametrize(
    ("method", "status", "sent", "may"),
    [
        ("GET", 429, True, True),
        ("GET", 500, True, True),
        ("GET", 503, True, True),
        ("GET", None, True, True),
        ("GET", None, False, True),
        ("GET", 400, True, False),
        ("GET", 401, True, False),
        ("GET", 403, True, False),
        ("GET", 404, True, False),
        ("GET", 302, True, False),
        ("POST", 429, True, True),
        ("POST", 500, True, False),
        ("POST", 503, True, False),
        ("POST", None, True, False),
        ("POST", None, False, True),
        ("PATCH", 502, True, False),
        ("DELETE", None, True, False),
        ("PUT", None, True, False),
    ],
)
def test_retryable_requests(method, status, sent, may):
    assert wire.is_retryable(method, status, sent=sent) is may


@pytest.mark.parametrize(
    ("headers", "body", "wait"),
    [
        ({}, b'{"message":"Rate limit is exceeded. Try again in 12 seconds."}', 12),
        ({}, b"try again in 1 second", 1),
        ({}, b"Try again in 0.5 seconds", 0.5),
        ({"Retry-After": "7"}, b"", 7),
        ({"Retry-After": "2.5"}, b"", 2.5),
        ({"Retry-After": "7"}, b"Try again in 12 seconds.", 12),
        ({"Retry-After": "20"}, b"Try again in 12 seconds.", 20),
        ({"Retry-After": "Mon, 01 Jun 2026 12:00:30 GMT"}, b"", 30),
        ({"Retry-After": "Mon, 01 Jun 2026 12:00:30"}, b"", 30),
        ({"Retry-After": "Mon, 01 Jun 2026 12:00:30 -0000"}, b"", 30),
        ({"Retry-After": "Mon, 01 Jun 2026 11:00:00 GMT"}, b"", 0),
        ({"Retry-After": "²"}, b"", None),
        ({"Retry-After": "-5"}, b"", None),
        ({"Retry-After": "soon"}, b"", None),
        ({"Retry-After": ""}, b"", None),
        ({}, b"<html>", None),
        ({}, b"\xff\xfe", None),
        ({}, b"", None),
    ],
)
def test_retry_after(headers, body, wait):
    assert wire.retry_after(headers, body, now=NOW) == wait


@given(st.text(), st.binary())
def test_any_retry_after_is_parsed(header, body):
    wait = wire.retry_after({"Retry-After": header}, body, now=NOW)
    assert wait is None or wait >= 0


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_backoff_is_bounded(attempt, chance):
    assert 0.5 <= wire.backoff(attempt, chance) <= 30


@given(st.text())
def test_date_header_is_aware_or_missing(text):
    date = wire.service_date({"Date": text})
    assert date is None or date.tzinfo is not None


def test_a_date_without_a_zone_is_in_utc():
    assert wire.service_date({"Date": "Mon, 01 Jun 2026 12:00:00"}) == NOW
    assert wire.service_date({"Date": "Mon, 01 Jun 2026 12:00:00 GMT"}) == NOW
    assert wire.service_date({}) is None


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.RequestError),
        (401, errors.SignInError),
        (403, errors.PermissionDenied),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (429, errors.RateLimited),
        (500, errors.ServerError),
        (503, errors.ServerError),
        (302, errors.ServiceError),
        (418, errors.ServiceError),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html><h1>Oops</h1></html>", b"[1]", b'{"title": 5, "errors": "x"}', b"\xff"])
def test_each_status_has_its_error(status, kind, body):
    error = wire.service_error(LEADS, status, body, tenant=7)
    assert type(error) is kind
    assert str(error).startswith("leads.list (Leads_GetList): ")
    assert str(status) in str(error)
    assert error.status == status
    assert "<h1>" not in str(error)


def test_error_has_the_service_message_and_trace_id():
    body = {"title": "Not valid", "traceId": "abc", "errors": {"pageSize": ["too large"], "": ["and more"]}}
    error = wire.service_error(LEADS, 400, json.dumps(body).encode(), tenant=7)
    assert "Not valid pageSize: too large; and more" in str(error)
    assert error.trace_id == "abc"
    assert error.fields == {"pageSize": ["too large"], "": ["and more"]}


def test_long_service_message_is_truncated():
    body = {"title": "t" * 100_000, "errors": {"f": ["e" * 100_000]}}
    assert len(str(wire.service_error(LEADS, 400, json.dumps(body).encode(), tenant=7))) < 1300


def test_403_and_404_errors():
    assert "tn.crm.leads:r" in str(wire.service_error(LEADS, 403, b"", tenant=7))
    assert "tenant 7" in str(wire.service_error(LEADS, 404, b"", tenant=7))


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, b'{"error":"invalid_client"}', errors.SignInError, "STCRM_CLIENT_SECRET"),
        (401, b"", errors.SignInError, "STCRM_CLIENT_SECRET"),
        (400, b'{"error":"unauthorized_client"}', errors.SignInError, "unauthorized_client"),
        (400, b'{"error":"my secret is s3cr3t!"}', errors.SignInError, "STCRM_CLIENT_SECRET"),
        (404, b"<html>", errors.SignInError, "STCRM_AUTH_URL"),
        (302, b"", errors.SignInError, "STCRM_AUTH_URL"),
        (500, b"", errors.ServerError, "Try again later"),
        (429, b"", errors.ServerError, "Try again later"),
    ],
)
def test_a_refused_sign_in(status, body, kind, words):
    error = wire.sign_in_error(status, body)
    assert type(error) is kind
    assert words in str(error)
    assert "s3cr3t" not in str(error)
