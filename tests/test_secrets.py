"""Secrets: with DEBUG logging on, after successes and failures, they are in no line, repr, error, frame or file."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import json
import logging
import pickle
import re
import textwrap
import time
import traceback
from functools import partial
from urllib.parse import quote, quote_plus

import pyarrow as pa
import pytest

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.http import wire
from stcrm_pandas.output.printable import without_words
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


def spelled(secret):
    """A secret, and how else its characters are written."""
    return [secret, in_json(secret), in_json(secret).lower(), in_url(secret), in_html(secret)]


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


def in_json(text):
    """Each character as JSON may write it."""
    return "".join(f"\\u{ord(c):04X}" for c in text)


def in_url(text):
    return "".join(f"%{ord(c):02x}" for c in text)


def in_html(text):
    return "".join(f"&#x{ord(c):x};" for c in text)


FAILURES = {
    "a 400 in escapes of JSON": lambda echo: {"status": 400, "body": f'{{"title": "{in_json(echo)}"}}'},
    "a 400 in two layers of JSON": lambda echo: {
        "status": 400,
        "body": {"title": json.dumps({"request": in_json(echo)})},
    },
    "a 403 in escapes of JSON, as a field": lambda echo: {
        "status": 403,
        "body": f'{{"traceId": "{in_json(echo)}", "errors": {{"{in_json(echo)}": ["{in_json(echo)}"]}}}}',
    },
    "a 409 in escapes of a URL": lambda echo: {"status": 409, "body": {"title": in_url(echo)}},
    "a 400 in escapes of HTML": lambda echo: {"status": 400, "body": {"title": in_html(echo)}},
    "a 400 with each slash escaped": lambda echo: {
        "status": 400,
        "body": {"errors": {"a": [echo.replace("/", "\\/").replace("+", "\\u002B")]}},
    },
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
        assert not [text[:200] for text in shown if any(form in text for form in spelled(secret))]
        assert not [text for text in files if secret.encode() in text]


def test_log_contains_no_filters(box, join, heard):
    """Filters are customers' names, phones and streets."""
    crm = join(box, retries=1)
    crm.leads.list(lead_phone="312-555-0142", lead_customer_name="Ann Müller-Lüdenscheidt")
    box.inject("leads.list", times=None, cut=3)
    with pytest.raises(StcrmError):
        crm.leads.list(lead_phone="312-555-0143", refresh=True)
    output = heard.getvalue()
    assert "crm/v2/tenant" in output
    for word in ("312-555", "0142", "0143", "denscheidt", "Ann"):
        assert word not in output


def test_a_redirect_is_not_followed(box, join, shop):
    """It would carry the secrets to another place."""
    with Sandbox(company=shop(leads=1), rate_limit=None) as other:
        box.inject("leads.list", times=None, status=307, headers={"Location": f"{other.api_url}/elsewhere"})
        with pytest.raises(StcrmError, match="307"):
            join(box).leads.list()
        assert not other.requests


@pytest.mark.parametrize("header", ["Set-Cookie"])
def test_no_cookie_is_sent_back(header, box, join):
    box.inject("leads.list", times=None, headers={header: "session=abc; Path=/"})
    crm = join(box)
    crm.leads.list()
    assert len(crm._session.cookies) == 0


def test_invalid_token_is_not_shown(box, join_by_address, heard):
    box.inject("sign_in", body={"access_token": "tok3n\r\nwith-a-line-end", "expires_in": 900})
    with pytest.raises(StcrmError) as caught:
        join_by_address(box).leads.list()
    assert "tok3n" not in "".join(texts(caught.value)) + heard.getvalue()


@pytest.mark.parametrize("secret", ["p+lus/and=more", 'quo"te\\back', "<&>angle", "plain-word"])
@pytest.mark.parametrize("escape", [str, in_json, in_url, in_html, json.dumps, html.escape, quote, quote_plus])
def test_secret_is_removed_in_any_escaped_form(secret, escape):
    written = escape(secret)
    for body in (
        json.dumps({"title": f"see {written} here", "errors": {written: [written]}, "traceId": written}),
        f'{{"title": "see {in_json(secret)} here"}}',
    ):
        error = wire.service_error(
            OPERATIONS["Leads_GetList"], 400, body.encode(), tenant=7, secrets=["", "other", secret]
        )
        assert "see ... here" in str(error).replace('"', "")
        shown = "".join(texts(error))
        assert not [form for form in (*spelled(secret), written) if form in shown]


def in_base64(text, before="", after=""):
    return base64.b64encode(f"{before}{text}{after}".encode()).decode()


ENCODED = {
    **{f"base64 after {n}": partial(in_base64, before="c" * n, after=": x" * n) for n in range(4)},
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(f"?{text}>>>".encode()).decode(),
    "base64 in lines": lambda text: "\n".join(textwrap.wrap(in_base64(text, "cid:"), 8)),
    "base64 in a URL": lambda text: quote(in_base64(text), safe=""),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex(":").upper(),
    "escapes of C": lambda text: "".join(f"\\x{c:02x}" for c in text.encode()),
    "percent twice": lambda text: in_url(text).replace("%", "%25"),
}


@pytest.mark.parametrize("secret", ["p+lus/and=more", "?>?>~~~z", "cs1.a9f8e7d6c5b4a3"])
@pytest.mark.parametrize("encode", ENCODED.values(), ids=ENCODED)
def test_secret_is_removed_in_encoded_form(secret, encode):
    body = json.dumps({"title": f"see {encode(secret)} here", "errors": {"a": [encode(secret)]}})
    error = wire.service_error(OPERATIONS["Leads_GetList"], 400, body.encode(), tenant=7, secrets=[secret])
    text = str(error)
    assert text.count("...") == 2
    assert text.endswith("...") or len(text) < 200
    # What is left is what was beside the secret, and no part of it in any of these forms.
    left = re.sub(r"[\s:%]", "", text)
    for part in (secret[place : place + 5] for place in range(len(secret) - 4)):
        for form in (part.encode().hex(), part.encode().hex().upper(), part):
            assert form not in left
    for run in re.findall(r"[A-Za-z0-9+/_-]{4,}", left):
        decoded = base64.urlsafe_b64decode(run.translate(str.maketrans("+/", "-_"))[: len(run) // 4 * 4])
        assert not [n for n in range(len(secret) - 4) if secret[n : n + 5].encode() in decoded]


def test_redaction_of_a_long_text_is_quick():
    started = time.process_time()
    without_words("QUJD" * 250_000, ["cs1.a9f8e7d6c5b4a3"])
    assert time.process_time() - started < 20  # a pattern that backtracks takes hours


def test_rejected_sign_in_shows_no_secret(box, join_by_address):
    """Not even one that looks like OAuth's own words."""
    box.inject("sign_in", status=400, body='{"error": "lower_case_s\\u0065cret"}', times=None)
    with pytest.raises(StcrmError, match="STCRM_CLIENT_SECRET") as caught:
        join_by_address(box, client_secret="_".join(["lower", "case", "secret"])).leads.list()
    assert "_".join(["lower", "case", "secret"]) not in "".join(texts(caught.value))


def test_long_error_body_is_truncated(box, join):
    box.inject("leads.list", status=400, body={"title": "\\" * 900_000})
    with pytest.raises(StcrmError) as caught:
        join(box).leads.list()
    assert len(str(caught.value)) < 700
