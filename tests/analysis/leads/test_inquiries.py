"""Which leads are one inquiry, on frames counted by hand."""

from collections.abc import Callable
from typing import Any

import duckdb
import hypothesis.strategies as st
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pytest
from hypothesis import given

from stcrm_pandas.analysis import lead_conversion
from stcrm_pandas.analysis.leads.inquiries import phone_number
from stcrm_pandas.frame.contact_values import NO_LOCAL_NUMBERS, NO_NUMBERS, is_placeholder

Frames = Callable[..., pd.DataFrame]
AS_OF = "2026-06-01T00:00Z"


def lead(day: str, **more: Any) -> dict[str, Any]:
    return {"status": "Open", "created_on": f"2026-{day}T12:00Z", **more}


def counted(frame: pd.DataFrame, **more: Any) -> tuple[int, int]:
    row = lead_conversion(frame, as_of=AS_OF, **more).overall.iloc[0]
    return int(row["leads"]), int(row["inquiries"])


CASES = [
    pytest.param([lead("01-01", customer_id=1), lead("01-14", customer_id=1)], 1, id="13 days"),
    pytest.param([lead("01-01", customer_id=1), lead("01-15", customer_id=1)], 2, id="14 days"),
    pytest.param([lead(f"01-{d:02}", customer_id=1) for d in (1, 11, 21, 31)], 1, id="a chain is one, however long"),
    pytest.param([lead("01-01", customer_id=1), lead("01-02", customer_id=2)], 2, id="two customers"),
    pytest.param([lead("01-01"), lead("01-02")], 2, id="nobody is known"),
    pytest.param(
        [lead("01-01", lead_phone="(312) 555-0101"), lead("01-02", lead_phone="+1 312 555 0101")],
        1,
        id="one phone, spelt twice",
    ),
    pytest.param([lead("01-01", lead_phone="000-000-0000"), lead("01-02", lead_phone="0000000000")], 2, id="no number"),
    *(
        pytest.param(
            [
                lead("01-01", lead_phone=phone, customer_id=1),
                *(lead(f"01-0{day}", lead_phone=phone) for day in (2, 3)),
            ],
            3,
            id=f"{phone} links nobody",
        )
        for phone in ("999-999-9999", "123-456-7890", "512-555-1212", "+1 (512) 555-5555", "222.222.2222")
    ),
    pytest.param(
        [lead("01-01", lead_phone="(225) 888-8888"), lead("01-02", lead_phone="225-888-8888")], 1, id="somebody's"
    ),
    pytest.param(
        [lead("01-01", lead_phone="555-0101"), lead("01-02", lead_phone="5550101")], 2, id="too short to tell"
    ),
    pytest.param([lead("01-01", lead_phone=""), lead("01-02", lead_phone="")], 2, id="empty"),
    pytest.param(
        [lead("01-01", lead_phone="3125550101", customer_id=1), lead("01-02", lead_phone="3125550101")],
        1,
        id="the phone leads to its customer",
    ),
    pytest.param(
        [
            lead("01-01", lead_phone="3125550101", customer_id=1),
            lead("01-02", lead_phone="3125550101", customer_id=2),
            lead("01-03", lead_phone="3125550101"),
            lead("01-04", lead_phone="3125550101"),
        ],
        3,
        id="a phone of two customers joins neither, but those that have nothing else",
    ),
    pytest.param(
        [lead("01-01", customer_id=3), lead("01-02", lead_phone="0000000003")], 2, id="a phone is no customer"
    ),
    pytest.param(
        [{"status": "Open", "created_on": None, "customer_id": 1}, lead("01-02", customer_id=1)],
        2,
        id="without a date",
    ),
]
"""Leads, and how many inquiries they are."""


@pytest.mark.deep
@pytest.mark.parametrize(("rows", "inquiries"), CASES)
def test_which_leads_form_one_inquiry_alone(leads: Frames, rows: list[dict[str, Any]], inquiries: int) -> None:
    assert counted(leads(*rows)) == (len(rows), inquiries)
    assert counted(leads(*rows[::-1])) == (len(rows), inquiries)
    assert counted(leads(*rows), unit="lead") == (len(rows), len(rows))


def test_which_leads_form_one_inquiry(leads: Frames) -> None:
    """Each case is a tenant: what happens in another one does not matter."""
    cases = {str(case.id): case.values for case in CASES}
    expected = {name: (len(rows), inquiries) for name, (rows, inquiries) in cases.items()}
    tenants = [place for place, (rows, _) in enumerate(cases.values()) for _ in rows]
    frame = leads(*(lead for rows, _ in cases.values() for lead in rows)).assign(tenant=pd.array(tenants, "Int64"))

    def by_case(frame: pd.DataFrame, **more: Any) -> dict[str, tuple[int, int]]:
        table = lead_conversion(frame, by="tenant", as_of=AS_OF, **more).table.set_index("id")
        counts = {name: table.loc[place, ["leads", "inquiries"]] for place, name in enumerate(cases)}
        return {name: (int(count["leads"]), int(count["inquiries"])) for name, count in counts.items()}

    assert by_case(frame) == expected
    assert by_case(frame[::-1]) == expected
    assert by_case(frame, unit="lead") == {name: (rows, rows) for name, (rows, _) in expected.items()}


DIGITS = st.text("0123456789", min_size=10, max_size=14)
PLACEHOLDERS = st.builds(
    lambda start, digits: (start + digits)[-11:],
    st.text("0123456789", min_size=4, max_size=4) | st.sampled_from(["1", "44", ""]),
    st.sampled_from([*NO_LOCAL_NUMBERS, *NO_NUMBERS, "000000000"]),
)


@given(st.lists(DIGITS | PLACEHOLDERS.filter(lambda digits: len(digits) >= 10), min_size=1, max_size=30))
def test_every_engine_knows_the_placeholders_that_python_knows(numbers: list[str]) -> None:
    expected = [None if is_placeholder(digits) else int(digits[-10:]) for digits in numbers]
    typed = pl.DataFrame({"id": range(len(numbers)), "phone": [f"+{digits[:-4]}-{digits[-4:]}" for digits in numbers]})
    for frame in (typed, typed.to_pandas(), duckdb.sql("from typed")):
        rows = nw.from_native(frame).lazy().select("id", number=phone_number("phone")).sort("id").collect("pyarrow")
        assert rows["number"].to_list() == expected


def test_window_of_an_inquiry_is_an_argument(leads: Frames) -> None:
    frame = leads(lead("01-01", customer_id=1), lead("01-20", customer_id=1))
    assert counted(frame) == (2, 2)
    assert counted(frame, within_days=20) == (2, 1)


def test_inquiry_takes_date_and_credit_of_first_lead_and_best_outcome(leads: Frames) -> None:
    rows = [
        lead("03-05", customer_id=1, campaign_id=2, status="Converted", modified_on="2026-03-06T12:00Z"),
        lead("02-25", customer_id=1, campaign_id=1, status="Dismissed", modified_on="2026-02-26T12:00Z"),
        lead("03-01", customer_id=2, campaign_id=2, status="Dismissed"),
        lead("03-02", customer_id=2, campaign_id=1),
        lead("03-03", customer_id=3, campaign_id=2, status="Dismissed"),
        lead("03-04", customer_id=3, campaign_id=1, status="Revived"),
    ]
    found = lead_conversion(leads(*rows), by="campaign", as_of=AS_OF, time_zone="UTC", min_group=1)
    table = found.table.set_index("id")
    stands = ["leads", "inquiries", "converted", "open", "dismissed", "unknown_status"]
    assert table.loc[1, stands].tolist() == [2, 1, 1, 0, 0, 0]
    assert table.loc[2, stands].tolist() == [4, 2, 0, 1, 0, 1]
    assert found.months is not None
    assert found.months["inquiries"].tolist() == [1, 2]
    # from the first lead: nine days and a day
    seven = found.speed[found.speed["overall"]].set_index("day")
    assert seven["share_lower"][7] == 0
    assert seven["share_lower"][30] == pytest.approx(1 / 3)


def test_excluded_leads_are_not_part_of_an_inquiry(leads: Frames, call_reasons: Frames) -> None:
    rows = [
        lead("01-01", customer_id=1, status="Dismissed", dismissing_reason_id=7),
        lead("01-02", customer_id=1, call_reason_id=1),
        lead("01-03", customer_id=1),
        lead("01-04", customer_id=1, dismissing_reason_id=7),
        lead("01-05", status="Dismissed", dismissing_reason_id=8),
    ]
    found = lead_conversion(
        leads(*rows),
        call_reasons=call_reasons({"id": 1, "is_lead": False}),
        dismissing_reasons={7: "Spam", 8: "too dear"},
        as_of=AS_OF,
    )
    assert found.overall[["leads", "inquiries"]].iloc[0].tolist() == [3, 2]
    assert {reason: count for reason, count in found.left_out.items() if count} == {"not a lead": 1, "spam": 1}
    assert found.reasons[["name", "leads", "left_out"]].values.tolist() == [["Spam", 1, True], ["too dear", 1, False]]
    assert "7 Spam, 8 too dear" in found.definitions["Reasons for dismissal"]
    assert [step.remain for step in found.check.steps] == [5, 4, 3, 2, 2]
    assert found.check.steps[-1].remain == found.overall["mature"].iloc[0]


def test_same_customer_id_in_two_tenants_is_two_customers(leads: Frames) -> None:
    frame = leads(lead("01-01", customer_id=1), lead("01-02", customer_id=1)).assign(
        tenant=pd.array([1, 2], dtype="Int64"), id=pd.array([5, 5], dtype="Int64")
    )
    found = lead_conversion(frame, by="tenant", names={1: "North", 2: "South"}, as_of=AS_OF)
    assert sorted(found.table["name"]) == ["North", "South"]
    assert found.overall["inquiries"].iloc[0] == 2
