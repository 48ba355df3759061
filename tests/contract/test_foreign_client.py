"""A client by other hands reads the sandbox without a change but its addresses, and gets what ours gets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.client import Client
from stcrm_pandas.sandbox import Sandbox

pytestmark = pytest.mark.filterwarnings("ignore::stcrm_pandas.errors.DriftWarning")  # the company has its oddities


@pytest.fixture(scope="module")
def ours(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with stcrm.connect(sandbox=sandbox, cache_dir=tmp_path_factory.mktemp("cache"), progress=False) as crm:
        yield crm


@pytest.fixture
def endpoint(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes an endpoint of servicepytan by its name."""
    import servicepytan

    # It logs its headers, and so its token.
    monkeypatch.setattr(logging.getLogger("servicepytan"), "disabled", True)
    monkeypatch.setattr(logging.getLogger("servicepytan"), "propagate", False)
    connection = servicepytan.auth.servicepytan_connect(
        app_key=sandbox.app_key,
        tenant_id=str(sandbox.tenant),
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
    )
    connection["api_root"] = sandbox.api_url
    connection["auth_root"] = sandbox.auth_url.removesuffix("/connect/token")
    return lambda name: servicepytan.Endpoint("crm", name, connection)


@pytest.mark.parametrize(
    ("resource", "query"),
    [
        ("leads", {}),
        ("leads", {"pageSize": 50}),
        ("bookings", {}),
        ("customers", {"active": "Any"}),
        ("locations", {"active": "Any"}),
        ("booking-provider-tags", {}),
    ],
    ids=str,
)
def test_foreign_client_reads_all_rows(
    resource: str, query: dict[str, Any], endpoint: Any, ours: Client, sandbox: Sandbox
) -> None:
    sandbox.requests.clear()  # other tests have called it, too
    theirs = [row["id"] for row in endpoint(resource).get_all(dict(query))]
    assert len(theirs) > query.get("pageSize", 0)
    assert theirs == list(getattr(ours, resource.replace("-", "_")).list(refresh=True)["id"])
    pages = {dict(one.query)["pageSize"] for one in sandbox.requests if one.path.endswith(f"/{resource}")}
    assert str(query.get("pageSize", 100)) in pages


@pytest.mark.parametrize("resource", ["leads", "bookings", "customers", "locations"])
def test_feeds(resource: str, endpoint: Any, ours: Client) -> None:
    theirs = endpoint(resource).export_all(resource)
    assert sorted(row["id"] for row in theirs) == sorted(getattr(ours, resource).export().frame["id"])


def test_without_the_active_filter_rows_are_missing(endpoint: Any, ours: Client) -> None:
    """That its rows are as many as ours is not because nothing hides."""
    assert len(endpoint("customers").get_all({})) < len(ours.customers.list())
