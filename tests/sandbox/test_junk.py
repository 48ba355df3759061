"""Whatever is sent: an answer or a refusal, never a failure."""

from __future__ import annotations

from typing import Any

import pytest

from stcrm_pandas.operations import OPERATIONS
from stcrm_pandas.sandbox.app import HANDLERS

JUNK = ("'", '"; DROP TABLE leads; --', "\x00", "ünï%_", "1,,2", "9" * 25, "-1", "1e400", "[]", " ")
FOUND = [
    one for one in OPERATIONS.values() if one.id in HANDLERS and one.answer in {"page", "feed"} and not one.path_names
]


@pytest.mark.parametrize("operation", FOUND, ids=lambda one: one.id)
def test_junk_in_a_query(operation: Any, caller: Any, caplog: Any) -> None:
    module, _, rest = operation.path.partition("/v2/tenant/{tenant}/")
    names = {field.kind: field.name for field in operation.filters} | {"text": None}
    texts = [field.name for field in operation.filters if field.kind == "text"]
    for name in [*filter(None, names.values()), *texts, "page", "pageSize", "sort", "from", "orderBy"]:
        for value in JUNK:
            query = [(name, value)]
            if name.startswith("externalData"):
                query = [("externalDataKey", value), ("externalDataValues", value)]
            status, body, _ = caller.raw(f"{module}:{rest}", query)
            assert status in {200, 400}, (name, value, body)
    assert caplog.text == ""


@pytest.mark.parametrize("key", ["'", "%00", "..", "%2e%2e", "-5", "1.5", "9" * 30, "%F0%9F%98%80"])
def test_junk_in_a_path(key: str, caller: Any, caplog: Any) -> None:
    for path in (f"customers/{key}", f"bookings/{key}/contacts"):
        assert caller.raw(path)[0] in {400, 404}
    assert caplog.text == ""


def test_junk_at_the_gate(caller: Any, standing: Any, caplog: Any) -> None:
    url = f"{standing.api_url}/crm/v2/tenant/{standing.tenant}/leads"
    for value in ("Bearer", "Bearer ", "x", "Bearer \xff", "Basic :::"):
        assert caller.send(url, Authorization=value, ST_App_Key=standing.app_key)[0] == 401
        assert caller.send(url, Authorization=f"Bearer {caller.token}", ST_App_Key=value)[0] == 401
        assert caller.send(standing.auth_url, b"grant_type=client_credentials", Authorization=value)[0] == 400
    assert caller.send(standing.auth_url, b"\xff\xfe=&&&=%zz")[0] == 400
    assert caplog.text == ""
