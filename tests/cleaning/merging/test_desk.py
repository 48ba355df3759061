"""Survivors, losses, strictest consent, and what became of merges, on small frames."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stcrm_pandas.analysis import work_lists
from stcrm_pandas.cleaning import check_merges, duplicates
from stcrm_pandas.cleaning.merging.desk import MergeDesk
from stcrm_pandas.cleaning.merging.strictest_consent import numbers_not_to_text, strictest_flags, strictest_preferences
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits.plan.consent import FLAGS
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.customers import owners_of

from ..matching.company import Entry, frames_of

REMINDERS, MARKETING, INVOICES, STATEMENTS = FLAGS
ANN = Entry("Wanda Quist", "512-555-0101", "wanda7@home.com", "1 Elm St")


def desk_of(**columns: list[Any]) -> MergeDesk:
    """Return the desk of one cluster of as many customers as the columns have values."""
    size = len(next(iter(columns.values())))
    customers, contacts, locations = frames_of([ANN] * size)
    members = pd.DataFrame({"cluster": 1, "customer_id": range(1, size + 1)}, dtype="Int64")
    jobs = pd.DataFrame({"customer_id": [job_customer for job_customer in columns.pop("jobs", []) for _ in range(2)]})
    return MergeDesk(members, customers.assign(**columns), contacts, locations, jobs)


@pytest.mark.parametrize(
    ("columns", "survivor", "reason"),
    [
        ({"active": [False, True]}, 2, "active"),
        ({"active": [True, True], "jobs": [2]}, 2, "has 2 jobs"),
        ({"balance": [0.0, 12.5]}, 2, "has a balance"),
        ({"created_on": pd.to_datetime(["2026-01-02", "2026-01-01"], utc=True)}, 2, "the oldest"),
        ({"name": ["Wanda Quist", "Wanda Quist"]}, 1, "the smaller id"),
    ],
)
def test_the_survivor_has_a_reason(columns: Any, survivor: int, reason: str) -> None:
    desk = desk_of(**columns)
    assert desk.survivors[["survivor_id", "reason"]].iloc[0].tolist() == [survivor, reason]
    other = 3 - survivor
    desk.keep(other)
    assert desk.survivors[["survivor_id", "reason"]].iloc[0].tolist() == [other, "chosen"]
    assert desk.merge_list()[["survivor_id", "customer_id"]].iloc[0].tolist() == [other, survivor]


def test_one_customer_of_a_cluster_is_kept() -> None:
    desk = desk_of(name=["a", "a", "a"])
    with pytest.raises(UsageError, match="customers 1 and 2 are in one cluster"):
        desk.keep(1, 2)
    with pytest.raises(UsageError, match="customer 9 is in no cluster"):
        desk.keep(9)


def test_only_what_people_confirmed_is_merged_unless_all_is_asked_for() -> None:
    dup = duplicates(*frames_of([ANN] * 3))
    assert len(dup.merge_desk()) == len(dup.merge_list()) == 0
    assert dup.merge_desk().losses.empty
    assert dup.merge_desk().survivors.empty
    assert len(dup.merge_desk(confirm="sure")) == 2
    dup.decide(1, 3, "same")
    assert dup.merge_list()[["survivor_id", "customer_id"]].to_numpy().tolist() == [[1, 3]]
    assert repr(dup.merge_desk()) == "<MergeDesk: 1 cluster of duplicates, 1 customer to merge in ServiceTitan.>"
    with pytest.raises(UsageError, match="nobody decided"):
        duplicates(*frames_of([ANN])).merge_desk().plan(None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="takes 'sure' or None, not 'all'"):
        dup.merge_desk(confirm="all")  # type: ignore[arg-type]


def test_losses_are_the_values_that_only_the_others_have() -> None:
    customers, contacts, locations = frames_of(
        [ANN, Entry("Wanda  Quist-Mabry", "(512) 555-0101,512-555-0102", "WANDA7@home.com", "2 Oak St;B")]
    )
    customers["tag_type_ids"] = [(7,), (7, 8)]
    customers["custom_fields"] = [
        (CustomField(1, "Gate", "12"), CustomField(2, "Dog", "")),
        (CustomField(1, "Gate", "34"), CustomField(2, "Dog", "yes"), CustomField(3, "Key", None)),
    ]
    members = pd.DataFrame({"cluster": [1, 1], "customer_id": [1, 2]}, dtype="Int64")
    desk = MergeDesk(members, customers, contacts, locations)
    assert desk.losses[["what", "value", "kept", "note"]].fillna("").to_numpy().tolist() == [
        ["name", "Wanda  Quist-Mabry", "Wanda Quist", ""],
        ["address", "2 Oak St, B, Austin, TX, 78701", "1 Elm St, Austin, TX, 78701", ""],
        ["phone", "512-555-0102", "", ""],
        ["tag", "8", "", "added by the plan"],
        ["custom field", "Gate: 34", "Gate: 12", "the kept customer has another value"],
        ["custom field", "Dog: yes", "", "added by the plan"],
    ]
    assert desk.merge_list()["only_here"].tolist() == ["name, address, phone, custom field"]
    assert "Wanda" not in repr(desk)
    page = work_lists(desk, service="https://go.example.com")._repr_html_()
    assert 'href="https://go.example.com/#/Customer/1"' in page
    assert 'href="https://go.example.com/#/Customer/2"' in page


def preferences(*rows: str) -> pd.DataFrame:
    """Return contacts from texts such as `1 +15125550101 T?FT`: cluster, value, and reminders to statements."""
    cells = [row.split() for row in rows]
    table = pd.DataFrame(
        {
            "cluster": [int(cluster) for cluster, _, _ in cells],
            "type": ["Email" if "@" in value else "Phone" for _, value, _ in cells],
            "value": [value for _, value, _ in cells],
        }
    )
    for place, flag in enumerate(FLAGS):
        table[flag] = pd.array([{"T": True, "F": False, "?": None}[flags[place]] for *_, flags in cells], "boolean")
    return table


def marks(table: pd.DataFrame) -> list[str]:
    return [
        "".join("?" if pd.isna(flag) else "FT"[flag] for flag in row) for row in table[[*FLAGS]].to_numpy().tolist()
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Marketing is off for all contacts of the cluster, and for no other one.
        (["1 512-555-0101 TFTT", "1 a@home.com TTTT", "2 512-555-0101 TTTT"], ["TFTT", "TFTT", "TTTT"]),
        # Reminders are off for all phones, not for the e-mail address.
        (["1 512-555-0101 FTTT", "1 512-555-0102 TTTT", "1 a@home.com TTTT"], ["FTTT", "FTTT", "TTTT"]),
        # A number that is not used at all tells nothing about the other numbers, apart from marketing.
        (["1 512-555-0101 FFFF", "1 (512)555-0101 TTTT", "1 512-555-0102 TTTT"], ["FFFF", "FFFF", "TFTT"]),
        # Unknown switches off nothing, and is sent as off when its contact changes.
        (["1 512-555-0101 ????", "1 512-555-0102 TTTT"], ["????", "TTTT"]),
        (["1 512-555-0101 ????", "1 512-555-0102 TFTT"], ["FFFF", "TFTT"]),
    ],
)
def test_preferences_become_the_strictest(rows: list[str], expected: list[str]) -> None:
    table = preferences(*rows)
    strict = strictest_preferences(table, table["cluster"])
    assert marks(strict) == expected
    assert marks(strictest_preferences(strict, table["cluster"])) == expected


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("12"),
            st.sampled_from(["512-555-0101", "(512)555-0101", "512-555-0102", "a@home.com", "b@home.com"]),
            st.text("TF?", min_size=4, max_size=4),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_consent_only_becomes_stricter_and_a_second_time_changes_nothing(rows: list[tuple[str, str, str]]) -> None:
    table = preferences(*(" ".join(row) for row in rows))
    strict = strictest_preferences(table, table["cluster"])
    assert marks(strictest_preferences(strict, table["cluster"])) == marks(strict)
    for old, new in zip(marks(table), marks(strict), strict=True):
        assert all(after in (before, "F") for before, after in zip(old, new, strict=True))
    silent = {cluster for cluster, _, flags in rows if flags[1] == "F"}
    for (cluster, value, _), new in zip(rows, marks(strict), strict=True):
        assert (cluster in silent) <= (new[1] == "F")
        same = [
            flags for other, also, flags in rows if other == cluster and find_contacts(also) == find_contacts(value)
        ]
        assert all(new[place] == "F" for flags in same for place in range(4) if flags[place] == "F")


def test_flags_of_one_record_are_set_on_all_of_its_cluster() -> None:
    customers = pd.DataFrame(
        {"do_not_mail": [None, True, None], "do_not_service": [False, False, True]}, dtype="boolean"
    )
    strict = strictest_flags(customers, pd.Series([1, 1, 2]))
    assert strict["do_not_mail"].fillna(value=False).tolist() == [True, True, False]
    assert strict["do_not_service"].tolist() == [False, False, True]


def test_numbers_with_do_not_text_in_one_record_only_are_listed() -> None:
    contacts = pd.DataFrame(
        {
            "type": "MobilePhone",
            "value": ["512-555-0101", "(512) 555-0101", "512-555-0102", "512-555-0102"],
            "phone_settings_do_not_text": pd.array([True, None, True, True], "boolean"),
        }
    )
    assert numbers_not_to_text(contacts, pd.Series([1, 1, 1, 1])) == ["+15125550101"]
    assert numbers_not_to_text(contacts, pd.Series([1, 2, 3, 3])) == []


def test_what_became_of_merges() -> None:
    merges = pd.DataFrame(
        [(1, 1, 2), (1, 1, 3), (2, 4, 5), (3, 6, 7), (4, 8, 9), (4, 8, 10), (5, 11, 12), (6, 13, 14)],
        columns=["cluster", "survivor_id", "customer_id"],
    )
    into = {2: 3, 3: 1, 4: 5, 7: 99, 8: 9, 10: 9, 13: 99, 14: 99}
    customers = pd.DataFrame({"id": [*range(1, 12), 13, 14, 99]}, dtype="Int64")
    customers["merged_to_id"] = customers["id"].map(into).astype("Int64").fillna(0)
    checks = check_merges(merges, customers)
    assert checks["status"].tolist() == [
        "done",  # through customer 3
        "done",
        "merged the other way",
        "merged elsewhere",
        "merged the other way",
        "merged the other way",
        "not among the customers",
        "merged elsewhere",
    ]
    assert checks["merged_to_id"].fillna(0).tolist()[:6] == [1, 1, 0, 99, 0, 9]
    circle = pd.DataFrame({"id": [1, 2, 3], "merged_to_id": [2, 3, 2]}, dtype="Int64")
    assert len(check_merges(merges[:2], circle)) == 2
    with pytest.raises(UsageError, match="customers: the DataFrame has no columns merged_to_id"):
        check_merges(merges, customers[["id"]])


def consent_rows(*rows: tuple[int, str, bool | None, bool | None]) -> pd.DataFrame:
    """Return contacts: customer, number, marketing, Do Not Text."""
    frame = pd.DataFrame(rows, columns=["customer_id", "value", MARKETING, "phone_settings_do_not_text"])
    frame = frame.assign(id=range(1, len(rows) + 1), type="MobilePhone", location_id=None)
    for flag in (REMINDERS, INVOICES, STATEMENTS):
        frame[flag] = True
    flags = dict.fromkeys((*FLAGS, "phone_settings_do_not_text"), "boolean")
    return frame.astype({"customer_id": "Int64", "location_id": "Int64", **flags})


MERGES = pd.DataFrame({"cluster": [1, 1, 2], "survivor_id": [1, 1, 4], "customer_id": [2, 3, 5]}, dtype="Int64")


def checked(
    into: dict[int, int],
    marks: dict[int, str],
    contacts: pd.DataFrame | None = None,
    tagged: dict[int, tuple[int, ...]] | None = None,
    **newer: Any,
) -> list[Any]:
    customers = pd.DataFrame({"id": range(1, 7)}, dtype="Int64")
    customers["tag_type_ids"] = [(tagged or {}).get(id, ()) for id in range(1, 7)]
    customers["merged_to_id"] = customers["id"].map(into).astype("Int64")
    customers["active"] = customers["merged_to_id"].isna().astype("boolean")
    for flag in ("do_not_mail", "do_not_service"):
        customers[flag] = pd.array([marks.get(id) == flag for id in customers["id"]], dtype="boolean")
    no_locations = pd.DataFrame({"id": [], "customer_id": []}, dtype="Int64")
    checks = check_merges(MERGES, customers, contacts, no_locations, **newer)
    return checks["opt_outs"].fillna("").tolist()


def test_opt_outs_between_the_plan_and_the_merge_are_reported() -> None:
    """They are on a record that was merged since, and the record that was kept does not have them."""
    assert checked({2: 1, 3: 1, 5: 4}, {}) == ["", "", ""]
    assert checked({2: 1, 3: 1, 5: 4}, {3: "do_not_mail", 4: "do_not_service"}) == ["do not mail", "do not mail", ""]
    assert checked({}, {5: "do_not_service"}) == ["", "", "do not service"]
    assert checked({5: 6}, {5: "do_not_mail"}) == ["", "", "do not mail"], "merged elsewhere, where it is missing"
    yes = consent_rows((1, "512-555-0101", True, False), (2, "512-555-0102", True, False))
    assert checked({2: 1, 3: 1}, {}, yes) == ["", "", ""]
    later = consent_rows((1, "512-555-0101", True, False), (2, "512-555-0102", False, False))
    assert checked({2: 1, 3: 1}, {}, later) == ["no marketing", "no marketing", ""]
    assert checked({}, {}, later) == ["no marketing", "no marketing", ""]
    moved = consent_rows((1, "512-555-0101", False, False), (1, "512-555-0102", True, False))
    assert checked({2: 1, 3: 1}, {}, moved)[0] == "no marketing", "the contacts went along with the merge"
    texts = consent_rows((4, "512-555-0101", True, False), (5, "(512) 555 0101", True, True))
    assert checked({5: 4}, {}, texts) == ["", "", "no texts"]
    inactive = consent_rows((1, "512-555-0101", False, False), (3, "512-555-0103", True, False))
    assert checked({3: 1}, {}, inactive)[1] == "", "nobody can change a contact of a merged customer"


def test_the_tag_email_dormant_is_reported_if_the_kept_customer_lacks_it() -> None:
    tags = {"tag_types": pd.DataFrame({"id": [7, 8, 9], "name": ["E-mail  DORMANT", "VIP", None]})}
    merged = {2: 1, 3: 1, 5: 4}
    assert checked(merged, {}, tagged={2: (8, 7), 5: (8, 9)}, **tags) == ["email dormant", "email dormant", ""]
    assert checked({}, {}, tagged={2: (8, 7), 5: (8, 9)}, **tags) == ["email dormant", "email dormant", ""]
    assert checked(merged, {}, tagged={1: (7,), 2: (7,)}, **tags) == ["", "", ""]
    assert checked({}, {}, tagged={4: (7,)}, **tags) == ["", "", ""], "only the kept customer needs the tag"
    assert checked({4: 5}, {}, tagged={4: (7,)}, **tags) == ["", "", "email dormant"], "merged the other way"
    assert checked({5: 6}, {}, tagged={5: (7,)}, **tags) == ["", "", "email dormant"], "merged elsewhere"
    assert checked(merged, {}, tagged={2: (7,)}) == ["", "", ""], "tags have no names"
    with pytest.raises(UsageError, match="customers: the DataFrame has no columns tag_type_ids"):
        check_merges(MERGES, pd.DataFrame({"id": [1], "merged_to_id": [None]}), **tags)


def test_contact_methods_that_were_opted_out_are_reported() -> None:
    """Of the number of a contact, in whatever format, and of no other one."""
    both = consent_rows(
        (1, "512-555-0101", True, False), (2, "512-555-0102", True, False), (5, "a@home.com", None, False)
    )
    methods = pd.DataFrame(
        {
            "contact_id": ["A", "A", "B"],
            "id": ["m", "n", "m"],
            "value": ["+1 (512) 555-0102", "512-555-0109", "A@home.com"],
        }
    )

    def newer(*values: str | None, names: tuple[str, ...] = ("MARKETING",)) -> dict[str, Any]:
        preferences = methods.rename(columns={"id": "contact_method_id"}).assign(name="Marketing", value=values)
        invoices = preferences.assign(name="Invoices", value="false")
        together = pd.concat([preferences, invoices], ignore_index=True)
        return {"methods": methods, "method_preferences": together, "marketing_names": names}

    assert checked({2: 1}, {}, both, **newer("True", "true", None)) == ["", "", ""]
    assert checked({2: 1}, {}, both, **newer("True", "False", "True")) == ["", "", ""], "a number of nobody"
    assert checked({2: 1}, {}, both, **newer("false", "true", "0")) == ["no marketing", "no marketing", "no marketing"]
    off = both.assign(**{MARKETING: False})
    assert checked({2: 1}, {}, off, **newer("false", "true", "0")) == ["", "", ""], "the contacts are opted out"
    for lacking in ("methods", "method_preferences", "marketing_names"):
        with pytest.raises(UsageError, match="Pass all three"):
            checked({}, {}, both, **{name: value for name, value in newer(*"001").items() if name != lacking})
    with pytest.raises(UsageError, match=r"a preference named \['Updates'\]. They have 'Invoices', 'M"):
        checked({}, {}, both, **newer("false", "true", "0", names=("Updates",)))


def test_merge_list_has_its_time() -> None:
    before = pd.Timestamp.now("UTC").floor("s")
    desk = desk_of(name=["Wanda", "Wanda"])
    made = desk.merge_list()["made_at"]
    assert made.dtype == "datetime64[us, UTC]"
    assert before <= made.item() <= pd.Timestamp.now("UTC")
    (text,) = [work_list.what_to_do for work_list in desk.work_lists.values()]
    assert f"{made.item().year}, " in text
    assert "Just before you merge" in text


def test_merge_list_of_an_earlier_version_can_be_read(tmp_path: Any) -> None:
    path = desk_of(name=["Wanda", "Wanda"]).write_merge_list(tmp_path / "merges.csv")
    old = pd.read_csv(path, dtype="str").drop(columns="made_at")
    old.to_csv(path, index=False)
    customers = pd.DataFrame({"id": [1, 2], "merged_to_id": [None, 1]}, dtype="Int64")
    assert check_merges(path, customers)["status"].tolist() == ["done"]


def test_the_survivor_can_be_edited_in_the_sheet(tmp_path: Any) -> None:
    path = desk_of(name=["=Wanda()", "Wanda"]).write_merge_list(tmp_path / "merges.csv")
    text = path.read_text("utf-8-sig")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "'=Wanda()" in text
    lines = text.splitlines()
    customers = pd.DataFrame({"id": [1, 2], "merged_to_id": [2, None]}, dtype="Int64")
    assert check_merges(path, customers)["status"].tolist() == ["merged the other way"]
    path.write_text("\n".join([lines[0], lines[1].replace('"1","1"', '"1","2"').replace('"2","Wanda"', '"1","Wanda"')]))
    assert check_merges(path, customers)["status"].tolist() == ["done"]
    path.write_text("\n".join([lines[0], lines[1].replace('"2","Wanda"', '"2.00E+09","Wanda"')]))
    with pytest.raises(UsageError, match="may have changed 1 id"), pytest.warns(match="may have changed 1 cell"):
        check_merges(path, customers)


@pytest.mark.parametrize(("survivor", "why"), [(2, "keeps and merges the same"), (None, "has no id")])
def test_a_row_that_merges_nothing_is_never_done(survivor: int | None, why: str) -> None:
    # A person wrote the customer to keep into the row of that customer, or deleted it.
    merges = pd.DataFrame({"cluster": [1, 1], "survivor_id": [1, survivor], "customer_id": [3, 2]}, dtype="Int64")
    customers = pd.DataFrame({"id": [1, 2, 3], "merged_to_id": [None] * 3}, dtype="Int64")
    with pytest.raises(UsageError, match=f"row 2 .*{why}"):
        check_merges(merges, customers)


def test_contacts_of_locations_belong_to_customers_with_ids_beyond_floats() -> None:
    contacts = pd.DataFrame({"customer_id": [None, 2**53 + 3], "location_id": [9, None]}, dtype="Int64")
    locations = pd.DataFrame({"id": [9], "customer_id": [2**53 + 1]}, dtype="Int64")
    assert owners_of(contacts.astype(object), locations).tolist() == [2**53 + 1, 2**53 + 3]
