"""Phone numbers keep every form that a tenth of the company's numbers have."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.frame.contact_values import same_contacts

BRACKETS, DASHES, DOTS = "({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}"
PLAIN, E164, SPACED, LONG = "{0}{1}{2}", "+1{0}{1}{2}", "{0} {1} {2}", "1-{0}-{1}-{2}"


def numbers(**shares):
    """A hundred distinct numbers of exchange 555, or as many as the shares add up to."""
    forms = [form for form, count in shares.items() for _ in range(count)]
    return [globals()[form].format("512", "555", f"{place + 100:04}") for place, form in enumerate(forms)]


def recipe(values, **options):
    return stcrm.cleaning.phones(pd.DataFrame({"id": range(len(values)), "value": values}), **options)


def test_forms_of_a_tenth_are_left_and_the_others_get_the_most_frequent():
    values = numbers(BRACKETS=40, DASHES=30, E164=11, PLAIN=10, DOTS=9)
    fix = recipe(values)
    assert fix.changes["old"].tolist() == values[-9:]
    assert fix.changes["new"].tolist() == [BRACKETS.format(*value.split(".")) for value in values[-9:]]
    assert recipe(fix.after["value"]).changes.empty


def test_a_style_rewrites_every_other_form():
    values = numbers(BRACKETS=40, DASHES=30, E164=10, PLAIN=10, DOTS=10)
    assert len(recipe(values, style="e164").changes) == 90
    assert len(recipe(values, style="national").changes) == 60


def test_few_numbers_have_no_usual_form():
    values = numbers(BRACKETS=19)
    assert len(recipe(values).changes) == 19
    assert recipe(numbers(BRACKETS=20)).changes.empty


def test_only_valid_numbers_of_phones_count():
    values = numbers(BRACKETS=9, DASHES=11)
    others = ["999-999-9999", "555-0101", "ann@example.com", None] * 50
    rows = pd.DataFrame({"id": range(220), "value": [*values, *others]})
    assert stcrm.cleaning.phones(rows).changes.empty
    rows["type"] = ["Phone"] * 19 + ["Email"] * 201
    assert len(stcrm.cleaning.phones(rows).changes) == 19


@pytest.mark.parametrize(
    "bad", ["{0}{1}{2}.0", "001 {0} {1} {2}", "cell: {0}-{1}-{2}", " {0}-{1}-{2}", "{0}-{1}-{2} ext. 7", "{0}  {1} {2}"]
)
def test_damage_is_repaired_however_many_have_it(bad):
    values = numbers(DASHES=20) + [bad.format("512", "555", f"{place:04}") for place in range(200, 280)]
    fix = recipe(values)
    assert fix.changes["old"].tolist() == values[20:]
    assert fix.after["value"].str.fullmatch(r"\d{3}-\d{3}-\d{4}( x7)?").all()


def test_numbers_of_other_countries_and_extensions():
    abroad = ["+44 20 7946 0018", "+33 1 42 68 53 00"]
    values = numbers(DASHES=30, DOTS=1)
    fix = recipe([*values, *abroad, "512-555-0199 x12", "(512) 555-0198 ext 3"])
    assert fix.changes["new"].tolist() == ["512-555-0130", "+442079460018", "+33142685300", "512-555-0198 x3"]
    french = [f"+33 1 42 68 53 {place:02}" for place in range(50)]
    assert recipe([*french, *values[:10], "512.555.0177"]).changes["new"].tolist() == ["512-555-0177"]


def test_a_number_that_must_not_be_texted_keeps_its_digits():
    values = [*numbers(LONG=30), "5125550101.0", "512.555.0102"]
    rows = pd.DataFrame({"id": range(32), "value": values, "phone_settings_do_not_text": True})
    fix = stcrm.cleaning.phones(rows)
    assert fix.changes["new"].tolist() == ["1-512-555-0102"]
    assert fix.skipped["suggestion"].tolist() == ["1-512-555-0101"]


@given(
    st.lists(st.sampled_from([BRACKETS, DASHES, DOTS, PLAIN, E164, SPACED, LONG, "001 {0} {1} {2}"]), min_size=1),
    st.integers(1, 25),
)
def test_a_second_time_changes_nothing_and_numbers_stay_the_same(forms, times):
    values = [form.format("512", "555", f"{place:04}") for place, form in enumerate(forms * times, 100)]
    fix = recipe(values)
    assert all(same_contacts(change.old, change.new) for change in fix.changes.itertuples())
    assert recipe(fix.after["value"]).changes.empty


@pytest.mark.parametrize("line", ["", 'style = "national"\n'])
def test_a_file_of_the_first_version_does_what_it_did(tmp_path, line):
    file = tmp_path / "monthly.toml"
    file.write_text(f'format = 1\n[[steps]]\nrecipe = "phones"\nversion = 1\n{line}', "utf-8")
    pipe = stcrm.cleaning.load_pipeline(file)
    rows = pd.DataFrame({"id": range(30), "value": numbers(DASHES=30)})
    style = "national" if line else "e164"
    pd.testing.assert_frame_equal(pipe(rows).after, stcrm.cleaning.phones(rows, style=style).after)
    pipe.save(file)
    assert f'version = 2\nresources = ["customer_contacts", "location_contacts"]\nstyle = "{style}"' in file.read_text()
    assert stcrm.cleaning.pipeline([stcrm.cleaning.phones])(rows).changes.empty
