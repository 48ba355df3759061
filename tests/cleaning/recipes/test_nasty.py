"""Nasty values, each with the result that a careful person would choose."""

from __future__ import annotations

from pathlib import Path

import pytest

from stcrm_pandas.cleaning.recipes.addresses import correct_state, correct_street, correct_unit
from stcrm_pandas.cleaning.recipes.emails import correct_email
from stcrm_pandas.cleaning.recipes.fix import Changed, Skipped
from stcrm_pandas.cleaning.recipes.names import correct_name
from stcrm_pandas.cleaning.recipes.phones import correct_phone
from stcrm_pandas.cleaning.recipes.zips import correct_zip
from stcrm_pandas.frame.contact_values import same_contacts

HERE = Path(__file__).parent / "nasty"
VISIBLE = str.maketrans({"␣": " ", "⇥": "\t"})
DECIDE = {
    "phones": correct_phone,
    "emails": correct_email,
    "names": correct_name,
    "companies": lambda name: correct_name(name, "Commercial"),
    "streets": lambda street: correct_street(street, shorten=True),
    "streets_in_full": correct_street,
    "units": correct_unit,
    "zips": lambda text: correct_zip(*map(str.strip, text.split(";"))) if ";" in text else correct_zip(text),
    "states": correct_state,
}


def rows(name):
    for line in (HERE / f"{name}.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("# "):
            value, _, expected = line.rpartition(" | ")
            yield value.translate(VISIBLE), expected.translate(VISIBLE)


def written(value, verdict):
    """The verdict in the language of the tables."""
    if isinstance(verdict, Changed):
        return verdict.new
    if isinstance(verdict, Skipped):
        return f"! {verdict.reason}" + (f" → {verdict.suggestion}" if verdict.suggestion else "")
    return "="


def agrees(expected, got):
    """A reason may be given by its beginning, with or without the suggestion."""
    if not expected.startswith("! "):
        return got == expected
    reason, _, suggestion = expected.partition(" → ")
    stated, _, suggested = got.partition(" → ")
    return stated.startswith(reason) and suggestion in ("", suggested)


@pytest.mark.parametrize("name", DECIDE)
def test_nasty_values(name):
    wrong = [
        f"{value!r}: {got}, not {expected}"
        for value, expected in rows(name)
        if not agrees(expected, got := written(value, DECIDE[name](value)))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["phones", "emails"])
def test_opt_outs_match_before_and_after(name):
    """A plan refuses a value that means another number or address: it could opt somebody in."""
    verdicts = {value: DECIDE[name](value) for value, _ in rows(name)}
    changed = {value: verdict.new for value, verdict in verdicts.items() if isinstance(verdict, Changed)}
    assert len(changed) > 40
    assert [value for value, new in changed.items() if not same_contacts(value, new)] == []


def test_there_are_three_hundred_distinct_values_of_each_kind():
    families = {"phones": ["phones"], "emails": ["emails"], "names": ["names", "companies"]}
    families["addresses"] = ["streets", "units", "zips", "states"]
    for family, names in families.items():
        values = [(name, value) for name in names for value, _ in rows(name)]
        assert len(values) == len(set(values)) >= 300, (family, len(values))
