"""Pages, sorting and single rows."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest


def test_pages_add_up(caller: Any) -> None:
    all_rows = caller.rows("leads", sort="+Id")
    rows, page = [], 0
    while True:
        page += 1
        status, answer = caller.get("leads", page=page, pageSize=17, sort="+Id")
        assert status == 200
        assert list(answer) == ["page", "pageSize", "hasMore", "totalCount", "data"]
        assert (answer["page"], answer["pageSize"], answer["totalCount"]) == (page, 17, None)
        rows += answer["data"]
        if not answer["hasMore"]:
            break
    assert rows == all_rows
    assert page == -(-len(all_rows) // 17)


def test_the_default_page(caller: Any) -> None:
    _, answer = caller.get("leads")
    assert (answer["page"], answer["pageSize"], len(answer["data"]), answer["hasMore"]) == (1, 50, 50, True)
    assert [row["id"] for row in answer["data"]] == sorted(row["id"] for row in answer["data"])
    assert caller.get("leads", includeTotal="false")[1]["totalCount"] is None


def test_a_page_beyond_the_end_is_empty(caller: Any) -> None:
    _, answer = caller.get("leads", page=99, includeTotal="true")
    assert (answer["data"], answer["hasMore"], answer["totalCount"]) == ([], False, 192)


def test_a_full_last_page_has_no_more(caller: Any) -> None:
    _, answer = caller.get("leads", page=2, pageSize=96)
    assert (len(answer["data"]), answer["hasMore"]) == (96, False)


def test_rows_are_those_of_the_company(caller: Any, tables: Any) -> None:
    expected = [{k: v for k, v in row.items() if k != "active"} for row in tables["leads"] if row["active"]]
    assert caller.rows("leads") == expected
    _, body, _ = caller.raw("leads", {"ids": "5001"})
    assert json.loads(body)["data"][0]["callId"] == 2**53 + 1
    assert list(json.loads(body)["data"][0]) == list(expected[0])


@pytest.mark.parametrize(
    ("path", "sort", "key"),
    [
        ("leads", "+Id", lambda row: row["id"]),
        ("leads", "-Id", lambda row: -row["id"]),
        ("leads", "+CreatedOn", lambda row: (row["createdOn"].rstrip("Z"), row["id"])),
        ("leads", "+modifiedon", lambda row: (row["modifiedOn"], row["id"])),
        ("marketing:campaigns", "+Name", lambda row: row["name"]),
        ("marketing:categories", "+Name", lambda row: row["name"]),
        ("jpm:jobs", "+Priority", lambda row: (row["priority"], row["id"])),
    ],
)
def test_sort(path: str, sort: str, key: Any, caller: Any) -> None:
    rows = caller.rows(path, sort=sort)
    assert rows == sorted(rows, key=key)
    backwards = sort.translate(str.maketrans("+-", "-+"))
    assert caller.rows(path, sort=backwards) == rows[::-1]


def test_job_types_have_their_own_sort_parameters(caller: Any) -> None:
    ids = [row["id"] for row in caller.rows("jpm:job-types", orderBy="modifiedOn", orderByDirection="Ascending")]
    assert ids == [row["id"] for row in caller.rows("jpm:job-types", orderByDirection="desc")]
    assert ids == sorted(ids, reverse=True)


def test_a_plus_that_is_not_encoded_is_rejected(caller: Any) -> None:
    status, body, _ = caller.raw("leads", "sort=+Id")
    assert status == 400
    assert list(json.loads(body)["errors"]) == ["sort"]


def test_an_unsupported_sort_parameter_is_ignored(caller: Any) -> None:
    assert caller.rows("settings:employees", sort="nonsense") == caller.rows("settings:employees")


def test_contacts_are_in_order_of_modification(caller: Any) -> None:
    rows = caller.rows("customers/contacts", modifiedOnOrAfter="1970-01-01")
    assert [row["modifiedOn"] for row in rows] == sorted(row["modifiedOn"] for row in rows)
    assert {"active"}.isdisjoint(rows[0])


def test_single_rows(caller: Any, tables: Any) -> None:
    assert caller.get("leads/5001")[1] == caller.rows("leads", ids="5001")[0]
    assert caller.get("customers/8") == (200, tables["customers"][7])
    assert caller.get("bookings/8003")[1]["externalId"] == "X-3"
    assert caller.get("locations/305")[1]["id"] == 305
    for gone in ("leads/1", "leads/5003", "bookings/8007", "customers/99999", "locations/1"):
        status, answer = caller.get(gone)
        assert (status, answer["status"]) == (404, 404)
    assert caller.get("customers/abc")[0] == 400
    assert caller.get(f"customers/{2**64}")[0] == 400


def test_contacts_of_a_booking(caller: Any) -> None:
    rows = caller.rows("bookings/8003/contacts")
    assert [list(row) for row in rows] == [["id", "type", "value", "memo", "modifiedOn"]] * 2
    assert caller.get("bookings/8007/contacts")[0] == 404
    assert caller.get("bookings/1/contacts")[0] == 404


def test_paths_and_methods_that_do_not_exist(caller: Any) -> None:
    for path in ("lead", "leads/", "leads/5001/what", "nowhere:leads"):
        status, answer = caller.get(path)
        assert (status, answer["title"], set(answer)) == (
            404,
            "Not Found",
            {"type", "title", "status", "traceId", "errors", "data"},
        )
    url = f"{caller.sandbox.api_url}/crm/v2/tenant/{caller.sandbox.tenant}/leads"
    status, body, headers = caller.send(url, b"{}", method="PUT")
    assert (status, json.loads(body)["status"]) == (405, 405)
    assert {"GET", "POST"} <= set(headers["allow"].split(", "))


def test_responses_are_compressed_on_request_only(fresh: Any) -> None:
    _, caller = fresh(gzip=True)
    _, plain, headers = caller.raw("leads", {"pageSize": 200})
    assert "content-encoding" not in headers
    _, packed, headers = caller.raw("leads", {"pageSize": 200}, Accept_Encoding="gzip, deflate")
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 3
