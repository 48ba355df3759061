"""Sign-in, keys, tenants, scopes, the rate limit and the clock."""

from __future__ import annotations

import base64
import datetime as dt
import email.utils
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox
from stcrm_pandas.sandbox.service.access import RateLimit


def test_sign_in(caller: Any, standing: Sandbox) -> None:
    status, answer = caller.sign_in()
    assert status == 200
    assert (answer["expires_in"], answer["token_type"]) == (900, "Bearer")
    assert "tn.crm.leads:r" in answer["scope"].split()
    both = base64.b64encode(f"{standing.client_id}:{standing.client_secret}".encode()).decode()
    status, body, headers = caller.send(
        standing.auth_url, b"grant_type=client_credentials", Authorization=f"Basic {both}"
    )
    assert (status, headers["cache-control"]) == (200, "no-store")
    assert json.loads(body)["access_token"] != answer["access_token"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"client_secret": "ümlaut"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_sign_in_rejects_wrong_credentials(form: dict[str, str], error: str, caller: Any) -> None:
    assert caller.sign_in(**form) == (400, {"error": error})


def test_sign_in_requires_a_form(caller: Any, standing: Sandbox) -> None:
    body = json.dumps({"grant_type": "client_credentials"}).encode()
    assert caller.send(standing.auth_url, body, Content_Type="application/json")[0] == 400
    assert caller.send(standing.auth_url, b"")[0] == 400
    assert caller.send(standing.auth_url)[0] == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"ST_App_Key": ""},
        {"ST_App_Key": "wrong"},
        {"Authorization": ""},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic wrong"},
    ],
)
def test_a_request_needs_a_token_and_the_application_key(headers: dict[str, str], caller: Any) -> None:
    status, body, _ = caller.raw("leads", **headers)
    assert (status, json.loads(body)["status"]) == (401, 401)


def test_an_unknown_tenant(caller: Any, standing: Sandbox) -> None:
    caller.sign_in()
    url = f"{standing.api_url}/crm/v2/tenant/1/leads"
    status, _, _ = caller.send(url, Authorization=f"Bearer {caller.token}", ST_App_Key=standing.app_key)
    assert status == 404


def test_scopes(fresh: Any) -> None:
    _, caller = fresh(scopes={"tn.crm.leads:r"})
    assert caller.sign_in()[1]["scope"] == "tn.crm.leads:r"
    assert caller.get("leads")[0] == 200
    assert caller.get("export/leads")[0] == 200
    for path in ("customers", "export/customers/contacts", "marketing:campaigns"):
        status, answer = caller.get(path)
        assert (status, answer["status"]) == (403, 403)
    with pytest.raises(UsageError, match=r"tn\.crm\.leads:x"):
        Sandbox(scopes={"tn.crm.leads:x"})


def test_tokens_expire(fresh: Any) -> None:
    sandbox, caller = fresh(_token_lifetime=0.3)
    assert caller.get("leads")[0] == 200
    time.sleep(0.35)
    assert caller.get("leads")[0] == 401
    caller.sign_in()
    assert caller.get("leads")[0] == 200
    sandbox.revoke_tokens()
    assert caller.get("leads")[0] == 401


def test_the_rate_limit(fresh: Any) -> None:
    sandbox, caller = fresh(rate_limit=5)
    answers = [caller.raw("leads") for _ in range(9)]
    assert [status for status, _, _ in answers] == [200] * 5 + [429] * 4
    refused = answers[5:]
    assert {json.loads(body)["message"] for _, body, _ in refused} == {
        "Rate limit is exceeded. Try again in 1 seconds."
    }
    assert [headers.get("retry-after") for _, _, headers in refused] == [None, "1", None, "1"]
    assert caller.sign_in()[0] == 200, "sign-in is another host's"
    assert [request.status for request in sandbox.requests].count(429) == 4


def test_the_rate_limit_applies_to_any_second() -> None:
    moment = 0.0
    limit = RateLimit(3, lambda: moment)
    taken = []
    for moment in (0.0, 0.5, 0.75, 0.8, 1.0, 1.25, 1.5, 1.51):  # noqa: B007
        taken.append(limit.acquire() == 0)
    assert taken == [True, True, True, False, True, False, True, False]
    assert all(RateLimit(None).acquire() == 0 for _ in range(1000))


def test_the_clock_starts_at_as_of_and_runs_on(fresh: Any) -> None:
    sandbox, caller = fresh()
    first = sandbox.now()
    assert dt.timedelta(0) <= first - dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC) < dt.timedelta(seconds=20)
    for path in ("leads", "leads/1", "nowhere"):
        _, _, headers = caller.raw(path)
        assert abs(email.utils.parsedate_to_datetime(headers["date"]) - first) < dt.timedelta(seconds=5)
    assert sandbox.now() > first
    with pytest.raises(UsageError, match="is not a date or time"):
        Sandbox(as_of="last Monday")


def test_slow_responses_do_not_delay_each_other(fresh: Any) -> None:
    sandbox, caller = fresh(latency_ms=3_600_000)
    caller.sign_in()
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(caller.raw, "leads", timeout=60) for _ in range(8)]
        while sum(request.operation == "Leads_GetList" for request in sandbox.requests) < 8:
            assert not any(call.done() for call in calls)
            time.sleep(0.01)
        sandbox.stop()


def test_a_response_takes_its_latency(fresh: Any) -> None:
    _, caller = fresh(latency_ms=150)
    caller.sign_in()
    start = time.monotonic()
    assert caller.raw("leads")[0] == 200
    assert time.monotonic() - start >= 0.15
