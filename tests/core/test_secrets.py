"""Secrets: with DEBUG logging on, after successes and failures, they are in no line, repr, error, frame or file."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import pickle
import traceback

import pyarrow as pa
import pytest

from stcrm_pandas.errors import StcrmError
from stcrm_pandas.sandbox import Sandbox


@pytest.fixture
def heard():
    """All that any logger says, formatted, with tracebacks."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


def texts(error):
    """Everything that an error can show, and those behind it."""
    while error is not None:
        yield str(error)
        yield repr(error)
        yield repr(error.args)
        yield repr(vars(error))
        yield "".join(traceback.format_exception(error))
        error = error.__cause__ or error.__context__


def stored(folder):
    """The bytes of all files, and what is packed in them."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()


def unpacked(cache):
    codec = pa.Codec("zstd")
    for (value,) in cache._file.run("SELECT value FROM responses"):
        head, _, packed = value.partition(b"\n")
        yield head
        yield codec.decompress(packed, json.loads(head)["size"], asbytes=True)
    for row in cache._file.run("SELECT * FROM generations"):
        yield repr(row).encode()


FAILURES = {
    "a refusal that repeats the secrets": lambda echo: {
        "status": 400,
        "body": {"title": echo, "errors": {"a": [echo]}},
    },
    "a 401 that repeats the secrets": lambda echo: {"status": 401, "body": {"title": echo}},
    "a 403 that repeats the secrets": lambda echo: {"status": 403, "body": {"title": echo, "errors": {echo: [echo]}}},
    "a 404 that repeats the secrets": lambda echo: {"status": 404, "body": {"title": echo, "traceId": echo}},
    "a 409 that repeats the secrets": lambda echo: {"status": 409, "body": {"title": echo}},
    "a 429 that repeats the secrets": lambda echo: {"status": 429, "body": {"message": echo}},
    "a 500 that repeats the secrets": lambda echo: {"status": 500, "body": echo},
    "a redirect with the secrets": lambda echo: {"status": 302, "headers": {"Location": f"http://x.example/{echo}"}},
    "a page that is no JSON": lambda echo: {"body": f"<html>{echo}"},
    "headers with the secrets": lambda echo: {"headers": {"Set-Cookie": f"a={echo}", "X-Echo": echo}, "times": 1},
    "a broken connection": lambda echo: {"cut": 5},
}


def test_no_secret_is_anywhere(box, join_by_address, heard, tmp_path):
    crm = join_by_address(box, retries=1)
    crm.lookups.call_reasons.list()
    secrets = {crm._session.tokens.current, box.client_secret, box.app_key}
    shown = []
    for fault in FAILURES.values():
        box.clear_faults()
        echo = " ".join([crm._session.tokens.current, box.client_secret, box.app_key])
        box.inject("leads.list", **{"times": None, **fault(echo)})
        try:
            crm.leads.list(refresh=True)
        except StcrmError as error:
            shown += texts(error)
        secrets.add(crm._session.tokens.current)
    box.clear_faults()
    box.revoke_tokens()
    frame = crm.leads.list(refresh=True)
    feed = crm.leads.export()
    secrets.add(crm._session.tokens.current)
    box.inject("sign_in", status=400, body={"error": box.client_secret, "error_description": box.client_secret})
    box.revoke_tokens()
    with contextlib.suppress(StcrmError):
        crm.leads.list(refresh=True)
    wrong = "-".join(["another", "s3cret"])  # so that a traceback does not show it as this test's own line
    with pytest.raises(StcrmError) as caught:
        join_by_address(box, client_secret=wrong, retries=0).leads.list(refresh=True)
    shown += texts(caught.value)
    secrets.add(wrong)
    shown += [repr(crm), crm._repr_html_(), repr(crm.cache), repr(crm.settings), str(crm.settings), repr(vars(crm))]
    shown += [repr(crm._session), repr(crm._session.tokens), repr(feed), feed._repr_html_(), json.dumps(frame.attrs)]
    shown += [crm.settings.model_dump_json(), crm.drift().to_csv(), crm.operations().to_csv(), heard.getvalue()]
    files = [*stored(tmp_path), *unpacked(crm.cache), pickle.dumps(frame), pickle.dumps(feed.frame)]
    crm.close()
    files += stored(tmp_path)
    assert len(secrets) >= 5
    assert all(len(secret) > 8 for secret in secrets)
    assert "leads" in heard.getvalue()  # something was logged at all
    assert len(shown) > 60
    assert len(files) > 40
    for secret in secrets:
        assert not [text[:200] for text in shown if secret in text]
        assert not [text for text in files if secret.encode() in text]


def test_the_log_holds_no_filter(box, join, heard):
    """Filters are customers' names, phones and streets."""
    crm = join(box, retries=1)
    crm.leads.list(lead_phone="312-555-0142", lead_customer_name="Ann Müller-Lüdenscheidt")
    box.inject("leads.list", times=None, cut=3)
    with pytest.raises(StcrmError):
        crm.leads.list(lead_phone="312-555-0143", refresh=True)
    said = heard.getvalue()
    assert "crm/v2/tenant" in said
    for word in ("312-555", "0142", "0143", "denscheidt", "Ann"):
        assert word not in said


def test_a_redirect_is_not_followed(box, join, shop):
    """It would carry the secrets to another place."""
    with Sandbox(company=shop(leads=1), rate_limit=None) as other:
        box.inject("leads.list", times=None, status=307, headers={"Location": f"{other.api_url}/elsewhere"})
        with pytest.raises(StcrmError, match="307"):
            join(box).leads.list()
        assert not other.requests


@pytest.mark.parametrize("header", ["Set-Cookie"])
def test_no_cookie_comes_back(header, box, join):
    box.inject("leads.list", times=None, headers={header: "session=abc; Path=/"})
    crm = join(box)
    crm.leads.list()
    assert len(crm._session.cookies) == 0


def test_a_token_that_a_header_cannot_carry_is_not_shown(box, join_by_address, heard):
    box.inject("sign_in", body={"access_token": "tok3n\r\nwith-a-line-end", "expires_in": 900})
    with pytest.raises(StcrmError) as caught:
        join_by_address(box).leads.list()
    assert "tok3n" not in "".join(texts(caught.value)) + heard.getvalue()
