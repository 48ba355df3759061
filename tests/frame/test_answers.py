"""What is around the rows: the envelope of each shape of answer, and bodies that are no answer at all."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from stcrm_pandas.contract.schemas.contacts import CONTACT_PREFERENCES
from stcrm_pandas.contract.schemas.leads import EXPORTED_LEADS, LEADS
from stcrm_pandas.contract.schemas.lookups import CALL_REASONS
from stcrm_pandas.errors import InvalidResponse
from stcrm_pandas.frame import decode

NOT_ANSWERS = {
    "empty": (b"", "is empty"),
    "blank": (b" \n ", "is empty"),
    "html": (b"<!doctype html><html><body>502</body></html>", "web page"),
    "html behind a mark": (b"\xef\xbb\xbf <html>", "web page"),
    "words": (b"Rate limit is exceeded", "not JSON"),
    "cut in a row": (b'{"hasMore":true,"data":[{"id":1,"sta', "truncated"),
    "cut behind a row": (b'{"hasMore":true,"data":[{"id":1}', "truncated"),
    "cut in a number": (b'{"hasMore":true,"data":[{"id":1', "truncated"),
    "cut in a word": (b'{"hasMore":tru', "truncated"),
    "cut in a name with braces": (b'{"hasMore":true,"data":[{"id":1,"summary":"{x}', "truncated"),
    "two documents": (b'{"hasMore":true,"data":[]}{"hasMore":true,"data":[]}', "not JSON"),
    "tail": (b'{"hasMore":true,"data":[]}]', "not JSON"),
    "smuggled": (b'{"hasMore":true,"data":[]}, "answer2": {}', "not JSON"),
    "a key twice in a row": (b'{"hasMore":true,"data":[{"id":1,"id":2}]}', "twice"),
    "a key twice around": (b'{"hasMore":true,"hasMore":false,"data":[]}', "twice"),
    "a key twice in what is new": (b'{"hasMore":true,"data":[{"id":1,"x":{"y":1,"y":2}}]}', "twice"),
    "null": (b"null", "without rows"),
    "a number": (b"5", "without rows"),
    "a list": (b"[]", "without rows"),
    "an error": (b'{"type":"x","title":"Bad","status":400}', "without rows"),
    "no data": (b'{"hasMore":true}', "without rows"),
    "null data": (b'{"hasMore":true,"data":null}', "not a list"),
    "data as object": (b'{"hasMore":true,"data":{"id":1}}', "not a list"),
    "a null row": (b'{"hasMore":true,"data":[null,{"id":1}]}', "not a list"),
    "a number for a row": (b'{"hasMore":true,"data":[1]}', "not a list"),
    "no hasMore": (b'{"data":[]}', "hasMore"),
    "null hasMore": (b'{"hasMore":null,"data":[]}', "hasMore"),
    "hasMore as text": (b'{"hasMore":"true","data":[]}', "hasMore"),
    "hasMore as number": (b'{"hasMore":1,"data":[]}', "hasMore"),
    "a total with a fraction": (b'{"hasMore":true,"totalCount":5.5,"data":[]}', "totalCount"),
    "not UTF-8": (b'{"hasMore":true,"data":[{"id":1,"summary":"\xff"}]}', "UTF-8"),
    "not UTF-8 in what is new": (b'{"hasMore":true,"data":[{"id":1,"x":"\xe9"}]}', "UTF-8"),
    "a raw line break in text": (b'{"hasMore":true,"data":[{"id":1,"summary":"a\nb"}]}', "not JSON"),
    "a comma too many": (b'{"hasMore":true,"data":[{"id":1,}]}', "not JSON"),
    "a leading zero": (b'{"hasMore":true,"data":[{"id":01}]}', "not JSON"),
}


@pytest.mark.parametrize(("sent", "message"), NOT_ANSWERS.values(), ids=NOT_ANSWERS)
def test_invalid_responses_raise(sent, message):
    with pytest.raises(InvalidResponse, match=message) as caught:
        decode(LEADS, "page", sent)
    assert str(caught.value).startswith("leads: ")


@pytest.mark.parametrize("levels", [200, 300, 900, 5_000, 50_000, 1_000_000])
@pytest.mark.parametrize(("opened", "closed"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_nesting_does_not_crash(levels, opened, closed):
    # in a process of its own: what this guards against is a crash
    script = (
        "import sys; from stcrm_pandas.frame import decode; from stcrm_pandas.errors import InvalidResponse\n"
        "from stcrm_pandas.contract.schemas.leads import LEADS\n"
        "o, c, n = sys.argv[1].encode(), sys.argv[2].encode(), int(sys.argv[3])\n"
        'body = b\'{"hasMore":true,"data":[{"id":1,"x":\' + o * n + b\'1\' + c * n + b\'}]}\'\n'
        "try: print(decode(LEADS, 'page', body).rows)\n"
        "except InvalidResponse as error: print('refused', 'nested' in str(error))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, opened.decode(), closed.decode(), str(levels)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ("1" if levels == 200 else "refused True")


def test_byte_order_mark_and_white_space_are_accepted():
    page = decode(LEADS, "page", b'\xef\xbb\xbf\r\n{ "hasMore" : false ,\n "data" : [ { "id" : 1 } ] }\n')
    assert (page.rows, page.has_more) == (1, False)


def test_the_order_of_fields_does_not_matter():
    page = decode(LEADS, "page", b'{"data":[{"status":"Open","id":1}],"hasMore":true}')
    assert (page.table["id"].to_pylist(), page.table["status"].to_pylist(), page.has_more) == ([1], ["Open"], True)


@pytest.mark.parametrize("total", [None, 0, 7])
def test_page_has_has_more_and_total(body, lead, total):
    page = decode(LEADS, "page", body([lead()], hasMore=True, totalCount=total))
    assert (page.rows, page.has_more, page.total, page.continue_from) == (1, True, total, None)


def test_text_total_is_converted_and_reported(body):
    page = decode(LEADS, "page", body([], totalCount="7"))
    assert (page.total, [(d.column, d.kind) for d in page.drift]) == (7, [("totalCount", "response")])


def test_unknown_envelope_field_is_reported(body):
    page = decode(LEADS, "page", body([], warnings=["x"]))
    assert [(d.column, d.kind) for d in page.drift] == [("warnings", "response")]


@pytest.mark.parametrize("token", ["abc", "", None])
def test_feed_has_continue_from(lead, token):
    sent = json.dumps({"hasMore": True, "continueFrom": token, "data": [lead(active=False)]}).encode()
    page = decode(EXPORTED_LEADS, "feed", sent)
    assert (page.rows, page.has_more, page.continue_from, page.fallback) == (1, True, token, False)


def test_a_bare_list_and_a_bare_row():
    parents = {"contact_id": "a", "contact_method_id": "b"}
    row = {"name": "sms", "dataType": "Bool", "value": "true"}
    many = decode(CONTACT_PREFERENCES, "array", json.dumps([row, row]).encode(), parents=parents)
    one = decode(CONTACT_PREFERENCES, "row", json.dumps(row).encode(), parents=parents)
    assert (many.rows, one.rows, one.has_more, one.fallback) == (2, 1, None, False)
    assert one.table.to_pylist() == [{**parents, "name": "sms", "data_type": "Bool", "value": "true"}]
    assert one.table.equals(many.table.slice(0, 1))


@pytest.mark.parametrize(("answer", "sent"), [("array", b"{}"), ("array", b"null"), ("row", b"[]"), ("row", b"null")])
def test_other_json_shapes_raise(answer, sent):
    with pytest.raises(InvalidResponse):
        decode(CALL_REASONS, answer, sent)


def test_row_with_a_new_field_is_read():
    page = decode(CALL_REASONS, "row", b'{"id":1,"day":"2026-01-01"}')
    assert page.table["day"].to_pylist() == [b'"2026-01-01"']
