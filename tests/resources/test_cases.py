"""Every operation by its method, over HTTP: what was sent, and what came back."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.operations import OPERATIONS, by_name
from stcrm_pandas.contract.schemas.models import model_of

from .cases import CASES
from .company import CONTACTS, TAG

PAGING = ("page", "pageSize", "includeTotal")
BEFORE = {
    "customers.remove_tag": ("customers.add_tag", (1, TAG)),
    "locations.remove_tag": ("locations.add_tag", (11, TAG)),
    "contacts.delete_relationship": ("contacts.create_relationship", (CONTACTS[0], 1, "customer")),
    "contacts.list_relationships": ("contacts.create_relationship", (CONTACTS[0], 1, "customer")),
    "contacts.list_by_relationship": ("contacts.create_relationship", (CONTACTS[0], 1, "customer")),
    "tags.remove": ("customers.add_tag", (1, 72)),
}
"""What has to be done before a case."""


def test_every_operation_has_one_case():
    counted = Counter(case.name for case in CASES)
    assert set(counted) == {op.name for op in OPERATIONS.values() if not op.name.startswith("lookups.")}
    assert set(counted.values()) == {1}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_request_and_result_of_each_method(case, box, crm, call):
    operation = by_name(case.name)
    if case.name in BEFORE:
        first, args = BEFORE[case.name]
        call(crm, first, *args)
    answer = call(crm, case.name, *case.args, **case.given)

    (arrival,) = [one for one in box.requests if one.operation == operation.id]
    method, path = case.sends.split(" ")
    assert (arrival.method, arrival.path) == (method, f"/crm/v2/tenant/{box.tenant}/{path}")
    assert [pair for pair in arrival.query if pair[0] not in PAGING] == case.query
    assert arrival.body == case.body
    assert arrival.status == 200

    if operation.returns == "none" and not case.shows:
        assert answer is None
        return
    frame = answer.frame if isinstance(answer, stcrm.Feed) else answer
    assert isinstance(frame, pd.DataFrame)
    assert len(frame) > 0
    for column, value in case.shows.items():
        assert frame[column].iloc[0] == value, column
    if operation.row is not None:
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == operation.row.dtypes
        model_of(operation.row).validate(frame)
        assert frame.attrs["stcrm"]["operation"] == operation.id
        assert frame.attrs["stcrm"]["fetched_at"].startswith("2026-06-01")


def test_created_row_has_its_nested_records(crm, call):
    case = next(case for case in CASES if case.name == "customers.create")
    made = call(crm, case.name, *case.args, **case.given)
    (location,) = made["locations"].item()
    assert location.customer_id == made["id"].item()
    assert (location.name, location.address["zip"], location.tag_type_ids) == ("Home", "01234", (TAG,))
    assert [(field.type_id, field.value) for field in location.custom_fields] == [(91, "12")]
    assert [contact.value for contact in location.contacts] == ["lee@example.com"]
    assert location.created_on == made["created_on"].item()
    assert [contact.type for contact in made["contacts"].item()] == ["Email"]
    assert crm.locations.get(location.id)["name"].item() == "Home"
    hash(made["contacts"].item())
