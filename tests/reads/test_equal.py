"""Frames equal, cell by cell, what thirty lines of urllib of no relation read from the same sandbox."""

from __future__ import annotations

import datetime as dt
import json
import re
import urllib.parse
import urllib.request
import warnings
from decimal import Decimal

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.sandbox import Sandbox


class Plain:
    """The client of no relation."""

    def __init__(self, place):
        self.place = place
        form = {"grant_type": "client_credentials", **{k: place[k] for k in ("client_id", "client_secret")}}
        answer = urllib.request.urlopen(place["auth_url"], urllib.parse.urlencode(form).encode())
        self.headers = {"Authorization": "Bearer " + json.load(answer)["access_token"], "ST-App-Key": place["app_key"]}

    def ask(self, path, **query):
        url = f"{self.place['api_url']}/{path.replace('{tenant}', str(self.place['tenant']))}"
        request = urllib.request.Request(url + "?" + urllib.parse.urlencode(query), headers=self.headers)
        return json.loads(urllib.request.urlopen(request).read(), parse_float=Decimal)

    def pages(self, path, **query):
        rows, page = [], 1
        while True:
            answer = self.ask(path, page=page, pageSize=970, **query)
            rows += answer["data"]
            page += 1
            if not answer["hasMore"]:
                return rows

    def feed(self, path):
        rows, token = {}, None
        while True:
            answer = self.ask(path, **({"from": token} if token else {}))
            for row in answer["data"]:
                rows.pop(key_of(row), None)
                rows[key_of(row)] = row
            token = answer["continueFrom"]
            if not answer["hasMore"]:
                return list(rows.values())


def key_of(row):
    return (row.get("customerId") if "phoneSettings" in row else None, row.get("locationId"), row["id"])


def snaked(name):
    return re.sub("([A-Z])", lambda found: "_" + found[1].lower(), name)


def flat(row, before=""):
    cells = {}
    for name, value in row.items():
        if isinstance(value, dict):
            cells |= flat(value, f"{before}{snaked(name)}_")
        else:
            cells[before + snaked(name)] = None if name == "mergedToId" and value == 0 else value  # 0: not merged
    return cells


def micros(text):
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = dt.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0")), tzinfo=dt.UTC)


def same(cell, sent):
    if sent is None:
        return cell is None or (not isinstance(cell, tuple) and pd.isna(cell))
    if isinstance(sent, list):
        if not isinstance(cell, tuple) or len(cell) != len(sent):
            return False
        pairs = zip(cell, sent, strict=True)
        return all(
            part._asdict() == {snaked(k): v for k, v in one.items()} if isinstance(one, dict) else part == one
            for part, one in pairs
        )
    if isinstance(sent, bool):
        return bool(cell) is sent
    if isinstance(sent, int) and isinstance(cell, int):
        return cell == sent
    if isinstance(sent, Decimal | int):
        return Decimal(repr(float(cell))) == sent
    if isinstance(cell, pd.Timestamp):
        return cell.to_pydatetime() == micros(sent)
    return cell == sent


def compare(frame, rows, order=None):
    """Row by row and cell by cell, in the order given."""
    assert len(frame) == len(rows)
    sent = [flat(row) for row in rows]
    if order:
        sent = sorted(sent, key=lambda row: tuple(row[name] for name in order))
        frame = frame.sort_values(list(order), ignore_index=True)
    missing = set().union(*sent) - set(frame.columns) if sent else set()
    # A group that is null in one row and an object in another is no column of its own.
    assert all(all(row.get(name) is None for row in sent) for name in missing), missing
    for name in frame.columns:
        for cell, row in zip(frame[name].tolist(), sent, strict=True):
            assert same(cell, row.get(name)), (name, row["id"])


@pytest.fixture(scope="module")
def plain(sandbox):
    return Plain(sandbox.connection())


@pytest.fixture(scope="module")
def crm(sandbox, tmp_path_factory):
    with (
        warnings.catch_warnings(),
        stcrm.connect(sandbox=sandbox, cache_dir=tmp_path_factory.mktemp("cache"), rate_limit=1000) as connected,
    ):
        yield connected


@pytest.fixture(autouse=True)
def _drift_is_not_the_point():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        yield


def method_of(crm, operation):
    found = crm
    for name in operation.name.split("."):
        found = getattr(found, name)
    return found


BUILT = [operation for operation in OPERATIONS.values() if not operation.writes]
LISTS = [operation for operation in BUILT if operation.returns == "page" and not operation.path_names]
FEEDS = [operation for operation in BUILT if operation.returns == "feed"]
NAMES = {operation.name for operation in LISTS}
SINGLE = [
    operation for operation in BUILT if operation.returns == "row" and operation.name.replace(".get", ".list") in NAMES
]
CONTACTS = ("customers.list_contacts", "locations.list_contacts")


def asked(operation, **query):
    """What a caller who knows the service's habits sends."""
    if operation.hides_inactive:
        query.setdefault("active", "Any")
    if operation.name in CONTACTS:
        query.setdefault("modifiedOnOrAfter", "1970-01-01T00:00:00Z")
    return {**query, **dict(operation.sort.query if operation.sort else ())}


@pytest.fixture(scope="module")
def everything(plain):
    """All rows of each list, as the plain client reads them."""
    return {operation.id: plain.pages(operation.path, **asked(operation)) for operation in LISTS}


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_lists(operation, crm, everything):
    frame = method_of(crm, operation)()
    assert len(frame) > 1
    compare(frame, everything[operation.id], operation.row.key)
    if operation.sort:
        by = "created_on" if "CreatedOn" in str(operation.sort) else "id"
        assert frame[by].is_monotonic_increasing
    assert {
        name: str(dtype) for name, dtype in frame.dtypes.items() if name in operation.row.dtypes
    } == operation.row.dtypes


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_empty_response_has_the_same_columns_and_dtypes(operation, crm):
    method = method_of(crm, operation)
    empty, full = method(created_before="0001-01-01T00:00:00Z"), method()
    assert len(empty) == 0
    columns = list(operation.row.dtypes)
    assert empty.columns.tolist() == columns
    assert empty.dtypes.equals(full[columns].dtypes)


@pytest.mark.parametrize("operation", FEEDS, ids=lambda one: one.name)
def test_feeds(operation, crm, plain):
    frame = method_of(crm, operation)().frame
    assert len(frame) > 100
    compare(frame, plain.feed(operation.path), operation.row.key)
    later = method_of(crm, operation)(since="2200-01-01T00:00:00Z").frame
    assert len(later) == 0
    assert later.dtypes.equals(frame[later.columns].dtypes)


@pytest.mark.parametrize("operation", SINGLE, ids=lambda one: one.name)
def test_single_rows(operation, crm, plain, everything):
    many = next(one for one in LISTS if one.name == operation.name.replace(".get", ".list"))
    rows = everything[many.id]
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        sent = plain.ask(operation.path.replace("{id}", str(row["id"])))
        compare(method_of(crm, operation)(row["id"]), [sent])
    ids = [row["id"] for row in rows[::-1][:70]]
    compare(method_of(crm, operation)(ids), rows[::-1][:70])


def test_contacts_of_bookings(crm, plain, everything):
    bookings = everything["Bookings_GetList"][:8]
    frame = crm.bookings.list_contacts([row["id"] for row in bookings])
    sent = []
    for booking in bookings:
        parents = {"bookingProviderId": booking["bookingProviderId"], "bookingId": booking["id"]}
        path = f"crm/v2/tenant/{{tenant}}/bookings/{booking['id']}/contacts"
        sent += [{**parents, **row} for row in plain.pages(path)]
    assert len(sent) > 3
    compare(frame, sent, ("booking_id", "id"))


def test_inactive_rows_are_included(crm):
    customers = crm.customers.list()
    assert not customers["active"].all()
    assert customers["merged_to_id"].notna().any()
    assert not crm.locations.list()["active"].all()
    assert not crm.lookups.campaigns.list()["active"].all()


# Every filter


def values_for(field, rows):
    """Some values of a filter that find something and leave something out, as the service writes them."""
    cells = [flat(row) for row in rows]
    known = [row[snaked(field.name)] for row in cells if row.get(snaked(field.name)) is not None]
    known += [row[f"address_{field.name}"] for row in cells if row.get(f"address_{field.name}") is not None]
    if field.kind == "boolean":
        return ["true", "false"]
    if field.values:
        return list(field.values)
    if field.kind == "time":
        column = "created_on" if "reated" in field.name else "modified_on"
        moments = sorted(row[column][:19] for row in cells if row.get(column))
        return [moments[len(moments) // 2] + "Z"] if moments else []
    if field.kind == "guid":
        return ["6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"]
    if field.many:
        name = {"userIds": "user_id", "customerIds": "customer_id", "locationIds": "location_id", "ids": "id"}.get(
            field.name
        )
        lists = [row[name] for row in cells if row.get(name)] if name else [one for cell in known for one in cell]
        return [",".join(str(one) for one in dict.fromkeys(lists[:3]))] if lists else []
    if field.kind == "integer":
        return [str(known[len(known) // 2])] if known else ["1"]
    if field.kind == "double":
        return [str(known[0])] if known else []
    return [str(known[len(known) // 2])] if known else ["Aurora"]


def as_argument(field, text):
    if field.name == "active":
        return {"True": True, "False": False, "Any": None}[text]
    if field.many:
        return [one if field.kind == "text" else int(one) for one in text.split(",")]
    if field.kind == "boolean":
        return text == "true"
    return {"integer": int, "double": float}.get(field.kind, str)(text)


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_every_filter(operation, crm, plain, everything):
    rows = everything[operation.id]
    tried = found = 0
    for field in operation.filters:
        if field.name.startswith("externalData"):
            continue  # a key and its values go together: below
        for text in values_for(field, rows):
            frame = method_of(crm, operation)(**{snaked(field.name): as_argument(field, text)})
            sent = plain.pages(operation.path, **asked(operation, **{field.name: text}))
            compare(frame, sent, operation.row.key)
            tried += 1
            found += bool(sent)
    assert tried >= len([field for field in operation.filters if not field.name.startswith("externalData")]) - 4
    assert found >= tried * 0.5


@pytest.mark.parametrize("method", ["customers.list", "locations.list", "lookups.jobs.list"])
def test_external_data(method, crm, plain, everything):
    operation = next(one for one in LISTS if one.name == method)
    pairs = [(one["key"], one["value"]) for row in everything[operation.id] for one in row.get("externalData") or ()]
    key, value = pairs[0] if pairs else ("erp", "1")
    frame = method_of(crm, operation)(external_data_key=key, external_data_values=[value, "none"])
    sent = plain.pages(operation.path, **asked(operation, externalDataKey=key, externalDataValues=f"{value},none"))
    compare(frame, sent, operation.row.key)
    assert len(sent) >= bool(pairs)


# Values on the edge

TIMES = [
    "2026-01-02T03:04:05Z",
    *(f"2026-01-02T03:04:05.{'9876543'[:digits]}Z" for digits in range(1, 8)),
    "2026-01-02T03:04:05.0000009Z",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.0000001Z",
    "1969-12-31T23:59:59.9999999Z",
    "1883-11-18T18:00:00Z",
    "9999-12-31T23:59:59.9999999Z",
]
AMOUNTS = [0, 0.0, 0.01, 0.1, 0.3, -0.01, 12.34, 1e-7, 1234567.89, 9999999999999.99, -9999999999999.99, 123456789012345]
IDS = [None, 1, 2**53 - 1, 2**53 + 1, None, 2**62 + 1, 2**63 - 1, -(2**63)]
TEXTS = ["", " ", "null", "NaN", "Müller & Söhne", "日本 🏠", 'a\nb\t"c"\\', "<b>&amp;</b>", "=1+1", "007", "1e5", "\0"]


def test_extreme_times_amounts_ids_and_texts(shop, make_row, join):
    from stcrm_pandas.contract.schemas.customers import CUSTOMERS

    count = 60
    rows = [
        make_row(
            CUSTOMERS,
            id=1_000 + n,
            createdOn=TIMES[n % len(TIMES)],
            modifiedOn=TIMES[-1 - n % len(TIMES)],
            balance=AMOUNTS[n % len(AMOUNTS)],
            creditLimit=None if n % 5 == 0 else AMOUNTS[-1 - n % len(AMOUNTS)],
            mergedToId=IDS[n % len(IDS)],
            name=TEXTS[n % len(TEXTS)],
            tagTypeIds=[id for id in IDS if id is not None][: n % 4],
        )
        for n in range(count)
    ]

    class Edges:
        name, time_zone, truth = "Edges", "UTC", {}

        def tables(self):
            yield "customers", rows

    with Sandbox(company=Edges(), rate_limit=None, _feed_size=7) as box:
        crm = join(box)
        frame = crm.customers.list()
        plain = Plain(box.connection())
        listed = next(one for one in LISTS if one.name == "customers.list")
        compare(frame, plain.pages(listed.path, **asked(listed)))
        compare(frame, json.loads(json.dumps(rows), parse_float=Decimal))
        compare(crm.customers.get([row["id"] for row in rows]), json.loads(json.dumps(rows), parse_float=Decimal))
        feed = next(one for one in FEEDS if one.name == "customers.export")
        compare(crm.customers.export().frame, plain.feed(feed.path), ("id",))
    assert frame["created_on"].min() == pd.Timestamp("0001-01-01", tz="UTC")
    assert frame["merged_to_id"].dtype == "Int64"
    assert frame["balance"].map(lambda amount: f"{amount:.2f}").isin(["9999999999999.99"]).any()


def test_day_of_a_dst_change(crm, plain, everything):
    """A filter by dates without a zone means the tenant's days."""
    frame = crm.leads.list(created_on_or_after="2026-03-08", created_before="2026-03-09")
    listed = OPERATIONS["Leads_GetList"]
    bounds = {"createdOnOrAfter": "2026-03-08T06:00:00Z", "createdBefore": "2026-03-09T05:00:00Z"}
    compare(frame, plain.pages(listed.path, **asked(listed, **bounds)))
