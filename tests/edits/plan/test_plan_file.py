"""A plan as a file, as frames, as a part of itself, and on a screen."""

from __future__ import annotations

import contextlib
import functools
import json
import operator
import stat
from dataclasses import replace

import pandas as pd
import pytest

from stcrm_pandas.edits.plan import plan_file
from stcrm_pandas.edits.plan.model import from_json
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.errors import UsageError

from .rows import ORIGIN, edited, frame, plan, plan_changes


def many(count=30, **more):
    before = frame("customers", *({"id": id, **more} for id in range(1, count + 1)))
    return plan_changes("customers", before, before.assign(name="Ann"), origin=ORIGIN, reason="names")


def test_plan_file_round_trip(tmp_path):
    made = plan("customers", {}, {"name": "Ånn", "tag_type_ids": (71,), "balance": 4.0})
    made.save(tmp_path / "plan.json")
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    again = Plan.of(plan_file.read(tmp_path / "plan.json"))
    assert again == made
    assert again.digest == made.digest
    made.save(tmp_path / "plan.json")
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    "alter",
    [
        lambda whole: whole["steps"][0]["set"].update(name="Eve"),
        lambda whole: whole["steps"][0]["cells"][0].update(old="Eve"),
        lambda whole: whole["steps"][0]["path"].update(id=2),
        lambda whole: whole.update(tenant=8),
        lambda whole: whole.update(environment="production"),
        lambda whole: whole["options"].update(allow_inactive=True),
        lambda whole: whole.update(digest="0" * 64),
        lambda whole: whole.pop("digest"),
        lambda whole: whole["steps"].pop(),
        lambda whole: whole["steps"][0].pop("set"),
        lambda whole: whole.update(more=1),
        lambda whole: whole.update(steps=None),
    ],
)
def test_altered_plan_is_rejected(tmp_path, alter):
    path = tmp_path / "plan.json"
    many(2).save(path)
    whole = json.loads(path.read_text())
    alter(whole)
    path.write_text(json.dumps(whole))
    with pytest.raises(UsageError, match="altered"):
        plan_file.read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "is not a plan"),
        ("[1]", "is not a plan"),
        ("half a", "cannot be read"),
        ('{"kind": "stcrm plan", "version": 9}', "version 9"),
    ],
)
def test_other_files_are_rejected(tmp_path, text, message):
    (tmp_path / "x").write_text(text)
    with pytest.raises(UsageError, match=message):
        plan_file.read(tmp_path / "x")
    with pytest.raises(UsageError, match="does not exist"):
        plan_file.read(tmp_path / "y")


def test_fill_is_not_part_of_the_digest():
    one = plan("customers", {}, {"address_unit": "3"})
    other = plan("customers", {"address_city": "Waco"}, {"address_unit": "3"})
    assert one.steps[0].fill != other.steps[0].fill
    assert one.digest == other.digest
    assert one.digest != plan("customers", {}, {"address_unit": "4"}).digest


def test_digest_is_stable():
    """A plan of last week has to load next week: whoever changes this makes a new version."""
    made = plan("customers", {}, {"name": "Ann"})
    assert made.digest == from_json(json.loads(json.dumps(made.as_json()))).digest
    assert made.digest == "ecee59df3947601157c2de6dd693d6ceb27f87f8a1b700d2c4d4bf87b853edf4"


def test_subset_records_the_complete_plan():
    whole = many()
    part = whole.subset([3, (5,), pd.Series([7], dtype="Int64")[0]])
    assert [step.key for step in part.steps] == [(3,), (5,), (7,)]
    assert part.sample_of == whole.digest
    assert part.digest != whole.digest
    assert part.subset([3]).sample_of == whole.digest
    with pytest.raises(UsageError, match="99"):
        whole.subset([99])


def test_samples_are_reproducible():
    whole = many()
    assert len(whole.sample(10).steps) == 10
    assert whole.sample(10) == whole.sample(10)
    assert whole.sample(10) != whole.sample(10, seed=1)
    assert len(whole.sample(99).steps) == 30
    with pytest.raises(UsageError, match="at least 1 row"):
        whole.sample(0)


def test_subset_of_a_bulk_request():
    before = frame("customers", *({"id": id} for id in range(1, 6)))
    after = before.assign(tag_type_ids=pd.Series([(71,)] * 5, dtype=object))
    part = plan_changes("customers", before, after, origin=ORIGIN).subset([2, 4])
    assert part.steps[0].set == {"customerIds": [2, 4], "tagTypeIds": [71]}


def test_frames_of_a_plan():
    made = plan("customers", {}, {"name": "Ann", "address_unit": "3", "balance": 4.0})
    assert made.changes[["id", "column", "old", "new"]].values.tolist() == [
        [1, "name", "ANN LEE", "Ann"],
        [1, "address_unit", "2", "3"],
    ]
    request = made.requests.iloc[0]
    assert (request["method"], request["path"]) == ("PATCH", "customers/1")
    assert json.loads(request["set"]) == {"name": "Ann", "address": {"unit": "3"}}
    assert json.loads(request["fill"])["address"]["city"] == "Austin"
    assert made.refused[["id", "column"]].values.tolist() == [[1, "balance"]]
    empty = plan("customers", {}, {})
    for name in ("changes", "requests", "refused", "unmatched"):
        assert (getattr(empty, name).dtypes == getattr(made, name).dtypes).all(), name
        assert getattr(empty, name).empty


def test_preview_shows_the_main_facts():
    before = frame("customers", *({"id": id, "payment_term_id": None} for id in range(1, 6)))
    after = before.assign(name=["Ann", "Ann", "Bob", "Cid", "Dee"], payment_term_id=3)
    after.loc[0, "do_not_mail"] = True
    text = repr(plan_changes("customers", before, after.assign(balance=1.0), origin=ORIGIN))
    for part in (
        "5 of 5 rows, 5 requests, 11 cells; 5 changes refused",
        "One way only (an undo leaves these out): 5 cells.",
        "Opt-outs (sent first): 1 row.",
        "ANN LEE  Ann  2",
        "(missing)",
        "it is derived from invoices and payments",
    ):
        assert " ".join(part.split()) in " ".join(text.split()), part


def test_preview_escapes_html():
    evil = "<script>alert(1)</script>"
    made = plan("customers", {"name": evil}, {"name": "x\n\x1b[31my\u202e"})
    html = made._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    for shown in (html, repr(made)):
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_preview_counts_refusals_by_reason_and_names_tags():
    gone = {"active": False, "merged_to_id": None}
    before = frame("customers", {"id": 1, **gone}, {"id": 2, **gone}, {"id": 3})
    after = before.assign(name="Ann", tag_type_ids=pd.Series([(7,), (7,), (7,)], dtype=object))
    text = " ".join(repr(plan_changes("customers", before, after, origin=ORIGIN)).split())
    assert "Refused: 4 changes (all in plan.refused)" in text
    assert "tag_type_ids.7, name 4 it is inactive" in text or "name, tag_type_ids.7 4 it is inactive" in text
    assert "tag_type_ids.7 1 without the tag with the tag 1" in text


def test_unmatched_entries_are_counted_by_reason():
    listed = [{"what": f"512-555-010{n}", "why": "no operation stops text messages", "instead": ""} for n in range(9)]
    listed.append({"what": "x\x1b", "why": "a" * 90, "instead": "check the spelling"})
    text = repr(replace(plan("customers", {}, {"name": "Ann"}), listed=tuple(listed)))
    assert "Not in the plan: 10 values (all in plan.unmatched)" in text
    assert "  512-555-0100  9      no operation stops text messages" in text
    assert "a" * 90 in text
    assert "\x1b" not in text


def test_plan_has_no_connection_or_secret(tmp_path):
    made = edited(frame("customers"), name="x")
    plan_changes("customers", frame("customers"), made, origin=ORIGIN).save(tmp_path / "p")
    assert "client" not in json.loads((tmp_path / "p").read_text())


def places(whole, path=()):
    """Where something stands in a plan's JSON."""
    inner = whole.items() if isinstance(whole, dict) else enumerate(whole) if isinstance(whole, list) else ()
    for name, value in inner:
        yield (*path, name)
        yield from places(value, (*path, name))


def signed(whole):
    """As somebody may write it who knows how the digest is made."""
    rest = {name: value for name, value in whole.items() if name not in ("kind", "digest")}
    with contextlib.suppress(Exception):
        whole["digest"] = from_json(rest).digest
    return whole


@pytest.mark.parametrize("change", ["lacks", "null", "text", "number", "list", "deep"])
def test_malformed_plan_is_rejected(change, tmp_path):
    """Nothing but our own error, wherever it is and whatever its digest says."""
    made = plan("customers", {}, {"name": "Ann", "tag_type_ids": (71,), "balance": 4.0, "address_street": "1 A St"})
    made.save(tmp_path / "plan.json")
    text = (tmp_path / "plan.json").read_text()
    others = {"null": None, "text": "x", "number": 7, "list": [[]], "deep": "DEEP"}
    wrong = []
    for place in places(json.loads(text)):
        whole = json.loads(text)
        *outer, last = place
        inner = functools.reduce(operator.getitem, outer, whole)
        if change == "lacks":
            del inner[last]
        else:
            inner[last] = others[change]
        written = json.dumps(signed(whole)).replace('"DEEP"', "[" * 100_000 + "]" * 100_000)
        (tmp_path / "altered.json").write_text(written)
        try:
            plan_file.read(tmp_path / "altered.json")
        except UsageError:
            continue
        except Exception as error:
            wrong.append((place, repr(error)[:100]))
    assert not wrong
