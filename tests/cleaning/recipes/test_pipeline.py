"""Recipes composed, saved and loaded; and the maps that a person confirms."""

from __future__ import annotations

import functools
import stat

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.cleaning.recipes.pipeline import RECIPES
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.errors import UsageError

CONTACTS = pd.DataFrame(
    {"id": [1, 2, 3], "type": ["Phone", "Email", "Phone"], "value": ["512-555-0101", " a@B.com", "5E+09"]}
)


def test_pipeline_chains_the_recipes_and_keeps_the_parts():
    cleaning = stcrm.cleaning
    fix = cleaning.pipeline([cleaning.phones, "emails"])(CONTACTS)
    assert fix.after["value"].tolist() == ["+15125550101", "a@b.com", "5E+09"]
    assert fix.before is CONTACTS
    assert fix.changes[["id", "recipe"]].values.tolist() == [[1, "phones"], [2, "emails"]]
    assert fix.skipped[["id", "reason"]].values.tolist() == [[3, "rounded by a spreadsheet: the last digits are lost"]]
    assert fix.summary() == "1 of 2 phones reformatted, 1 skipped\n1 of 1 e-mail address corrected, 0 skipped"
    assert repr(fix).count("changed:") == 2


def test_number_that_must_not_be_texted_keeps_its_digits():
    values = ["5125550101.0", "001 512 555 0102", "512-555-0103", "(512) 555-0104 x7"]
    silent = pd.DataFrame({"id": range(4), "value": values, "phone_settings_do_not_text": True})
    fix = stcrm.cleaning.phones(silent)
    assert fix.after["value"].tolist() == [*values[:2], "+15125550103", "+15125550104 x7"]
    assert fix.skipped["reason"].str.startswith("do not text").tolist() == [True, True]
    assert fix.skipped["suggestion"].tolist() == ["+15125550101", "+15125550102"]
    for other in (False, None):
        assert len(stcrm.cleaning.phones(silent.assign(phone_settings_do_not_text=other)).changes) == 4


def test_saved_pipeline_does_the_same(tmp_path):
    cleaning = stcrm.cleaning
    bookings = pd.DataFrame({"id": range(4), "source": ["Web Form", "Web Form", 'web "form"', "web-form"]})
    fields = {1501: {"after\x7fnoon": "Afternoon"}, 1502: {"x": "y"}}
    pipe = cleaning.pipeline(
        [
            cleaning.phones(CONTACTS, style="national"),
            functools.partial(cleaning.zips, plus4="drop"),
            cleaning.sources(bookings, confirmed=cleaning.sources(bookings).map),
            functools.partial(cleaning.tags, confirmed={8: 7}),
            functools.partial(cleaning.custom_fields, confirmed=fields),
            cleaning.names,
        ]
    )
    file = tmp_path / "monthly.toml"
    pipe.save(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text("utf-8")
    loaded = cleaning.load_pipeline(file)
    loaded.save(file)
    assert file.read_text("utf-8") == text
    assert repr(loaded) == repr(pipe)
    rows = pd.DataFrame(
        {
            "id": [1, 2],
            "name": ["ANN LEE", "Bob"],
            "address_zip": ["78701-1234", "7866"],
            "value": ["512-555-0101", "5125550102.0"],
            "source": ["web-form", 'web "form"'],
            "tag_type_ids": [(8, 7), (8,)],
            "custom_fields": [(CustomField(1501, "Window", "after\x7fnoon"),), ()],
        }
    )
    types = pd.DataFrame({"id": [7, 8], "name": ["Member", "member"]})
    original, other = pipe(rows, tag_types=types), loaded(rows, tag_types=types)
    pd.testing.assert_frame_equal(original.after, other.after)
    assert original.after.iloc[0].tolist() == [
        1,
        "Ann Lee",
        "78701",
        "(512) 555-0101",
        "Web Form",
        (7,),
        (CustomField(1501, "Window", "Afternoon"),),
    ]
    assert original.after.iloc[1].tolist() == [2, "Bob", "7866", "(512) 555-0102", "Web Form", (7,), ()]


FILE = 'format = 1\n[[steps]]\nrecipe = "phones"\nversion = 2\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = ", "is not valid TOML"),
        ("format = 2\n[[steps]]\n", "is not a file of recipes in format 1"),
        ("format = 1\n", "is not a file of recipes"),
        (FILE.replace("phones", "phone"), "no recipe 'phone'. Did you mean 'phones'"),
        (
            FILE.replace("version = 2", "version = 9"),
            "has version 9 of the recipe phones, and this program has version 2",
        ),
        (FILE.replace("version = 2", ""), "has version None"),
        (FILE + 'regoin = "US"\n', "phones has no argument 'regoin'. It takes region, style."),
        (FILE + 'resources = ["leads"]\n', "resources must be a list of customer_contacts"),
    ],
)
def test_files_that_are_refused(text, message, tmp_path):
    file = tmp_path / "x.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message):
        stcrm.cleaning.load_pipeline(file)


def test_wrong_arguments_name_what_to_do(tmp_path):
    cleaning = stcrm.cleaning
    for work, message in [
        (lambda: cleaning.pipeline([]), "at least one recipe"),
        (lambda: cleaning.pipeline([len]), "is not a recipe. Choose from phones, emails"),
        (lambda: cleaning.pipeline([functools.partial(cleaning.zips, plus=1)]), "zips has no argument 'plus'"),
        (lambda: cleaning.phones(CONTACTS, region="us"), "two capital letters"),
        (lambda: cleaning.phones(CONTACTS, style="E164"), "style must be 'e164' or 'national'"),
        (lambda: cleaning.phones([1]), "takes a DataFrame, such as crm.customers.list_contacts"),
        (lambda: cleaning.phones(CONTACTS.drop(columns="value")), "needs the column 'value'"),
        (lambda: cleaning.phones(CONTACTS.set_index("id")), "no column 'id', .* call reset_index"),
        (lambda: cleaning.zips(pd.DataFrame({"id": [1], "address_zip": ["1"]}), plus4="no"), "plus4 must be 'keep'"),
        (lambda: cleaning.pipeline([cleaning.names])(3), "takes a DataFrame, not int"),
        (lambda: cleaning.pipeline([cleaning.names]).save(tmp_path / "no" / "x.toml"), "does not exist"),
    ]:
        with pytest.raises(UsageError, match=message):
            work()


def test_every_recipe_is_public_and_in_the_pipeline():
    functions = {kind.function for kind in RECIPES.values()}
    assert functions == {getattr(stcrm.cleaning, name) for name in RECIPES}
    assert all(kind.recipe.version >= 1 and kind.recipe.sentence.endswith(".") for kind in RECIPES.values())


def test_notebook_and_repr_show_no_value_of_a_row():
    rows = pd.DataFrame(
        {
            "id": [1, 2, 3],
            "name": ["ZEBEDEE QUILLFEATHER", "IRMA MACDONALD", "Ann"],
            "address_street": ["77 QUAGMIRE STREET", "n/a", "1 Elm St"],
            "address_zip": ["787016789", "1", "78701"],
            "address_city": ["AUSTIN", "Austin", "Austin"],
            "value": ["cell: 512-555-0177", "quill@gmial.com", "Quill@EXAMPLE.com"],
        }
    )
    cleaning = stcrm.cleaning
    recipes = (cleaning.names, cleaning.addresses, cleaning.zips, cleaning.cities, cleaning.phones, cleaning.emails)
    fix = cleaning.pipeline(recipes)(rows)
    for text in (repr(fix), fix._repr_html_()):
        for value in ("ZEBEDEE", "Quill", "quill", "MacDonald", "Quagmire", "QUAGMIRE", "6789", "0177"):
            assert value not in text
    assert "Zebedee Quillfeather" in fix.examples["new"].tolist()
    assert fix.reasons["cells"].sum() == len(fix.skipped)


@pytest.mark.parametrize(
    "step",
    [
        'recipe = ["phones"]\nversion = 1',
        'recipe = "phones"\nversion = 1\nresources = []',
        'recipe = "phones"\nversion = 1\nresources = [["customer_contacts"]]',
        'recipe = "phones"\nversion = 1\nnested = ' + "[" * 5_000,
    ],
)
def test_a_damaged_file_is_an_error_in_words(tmp_path, step):
    path = tmp_path / "monthly.toml"
    path.write_text(f"format = 1\n[[steps]]\n{step}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"monthly\.toml"):
        stcrm.cleaning.load_pipeline(path)


def test_region_is_text():
    with pytest.raises(UsageError, match="region"):
        stcrm.cleaning.phones(pd.DataFrame({"id": [1], "value": ["512-555-0101"]}), region=["US"])


def test_a_confirmed_map_as_a_frame_survives_the_file(tmp_path):
    bookings = pd.DataFrame({"id": [1, 2, 3], "source": ["Web Form", "Web Form", "web-form"]})
    proposed = stcrm.cleaning.sources(bookings).map
    path = tmp_path / "monthly.toml"
    stcrm.cleaning.pipeline([functools.partial(stcrm.cleaning.sources, confirmed=proposed)]).save(path)
    assert stcrm.cleaning.load_pipeline(path)(bookings).after["source"].tolist() == ["Web Form"] * 3


def test_addresses_of_an_earlier_file_are_shortened_as_they_were(tmp_path):
    file = tmp_path / "monthly.toml"
    file.write_text('format = 1\n[[steps]]\nrecipe = "addresses"\nversion = 2\n', "utf-8")
    rows = pd.DataFrame({"id": [1, 2], "address_street": ["12 North Main Street", "9  Elm Avenue"]})
    for _ in range(2):
        pipe = stcrm.cleaning.load_pipeline(file)
        assert pipe(rows).after["address_street"].tolist() == ["12 N Main St", "9 Elm Ave"]
        pipe.save(file)
    assert "version = 3" in file.read_text("utf-8")
    assert "shorten = true" in file.read_text("utf-8")
    stcrm.cleaning.pipeline([stcrm.cleaning.addresses(rows)]).save(file)
    assert stcrm.cleaning.load_pipeline(file)(rows).after["address_street"].tolist() == [
        "12 North Main Street",
        "9 Elm Avenue",
    ]
    with pytest.raises(UsageError, match="shorten must be True or False, not 'no'"):
        stcrm.cleaning.addresses(rows, shorten="no")


@pytest.mark.parametrize("value", ["web", "\ud800"])
def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, value):
    pipe = stcrm.cleaning.pipeline([functools.partial(stcrm.cleaning.sources, confirmed={value: "Web Form"})])
    path = tmp_path / "monthly.toml"
    if value == "web":
        path.mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        pipe.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["monthly.toml"][: value == "web"]
