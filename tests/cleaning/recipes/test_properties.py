"""Any values: a recipe runs twice as once, touches nothing else, loses no digit, and never widens consent."""

from __future__ import annotations

import copy
import re
import string
import unicodedata

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.frame.contact_values import find_contacts, is_valid_address, is_valid_number, normalize_contact

SPACE = st.sampled_from(["", "", " ", "  ", "\t", "\u200b"])


def joined(*parts):
    return st.tuples(*parts).map("".join)


def words(text, most=3):
    return st.lists(st.sampled_from(text.split()), min_size=1, max_size=most).map(" ".join)


def cased(texts):
    return st.tuples(texts, st.sampled_from([str.upper, str.lower, str.title, str])).map(lambda pair: pair[1](pair[0]))


ANY = st.text(max_size=20)
NATIONAL = st.integers(2_000_000_000, 9_999_999_999).map(str)
NUMBER = st.one_of(
    NATIONAL,
    st.sampled_from(["5125550101", "2125550199", "4165550123", "8005550100"]),
    st.text(string.digits, min_size=5, max_size=14),
)
SHAPES = [
    "{0}{1}{2}", "({0}) {1}-{2}", "{0}-{1}-{2}", "{0}.{1}.{2}", "+1{0}{1}{2}", "1-{0}-{1}-{2}", "001 {0} {1} {2}",
    "cell: {0}-{1}-{2}", "{0}{1}{2}.0", "{0} {1} {2} x12", "{0}-{1}-{2} ext. 7", "{0}{1}{2} home", "+44 (0){0} {1} {2}",
    "{0}-{1}-{2} / {0}-{1}-{2}", "{0}-{1}-O{2}", "tel {0}/{1}-{2}", "{0}-{1}-{2}#9",
]  # fmt: skip
PHONES = st.one_of(
    joined(
        SPACE,
        st.tuples(NUMBER, st.sampled_from(SHAPES)).map(lambda p: p[1].format(p[0][:3], p[0][3:6], p[0][6:])),
        SPACE,
    ),
    st.text("0123456789+()-. xX/eEoO#*", max_size=18),
    ANY,
)
EMAILS = st.one_of(
    joined(
        SPACE,
        st.sampled_from(["", "mailto:", "MAILTO: ", "<", "Ann <"]),
        st.sampled_from(["ann", "Ann.Lee", "none", "a b", "o'hara", "x+1"]),
        SPACE,
        st.sampled_from(["@", " @ ", "@@", "(at)"]),
        st.sampled_from(["Example.com", "gmial.com", "GMAIL.CON", "none.com", "example .com", "example", "yahoo.com."]),
        st.sampled_from(["", ">", ";", " bob@example.com"]),
    ),
    st.text("aB@. ,;<>:1", max_size=18),
    ANY,
)
NAMES = st.one_of(
    cased(words("mcdonald o'brien de la cruz van dyke smith-jones iii jr ann & bob dr. abc llc hvac jd mc ng st", 5)),
    joined(
        SPACE, cased(words("harbor plumbing a/c 24/7 d'angelo bob's 1st b&b j.p. macdonald obrien the of", 5)), SPACE
    ),
    ANY,
)
STREETS = st.one_of(
    joined(
        SPACE,
        st.sampled_from(["", "12", "12B", "12 1/2", "12-14"]),
        st.just(" "),
        cased(words("north n. main street avenue court st charles west end broadway of fm 1960 o'connor po box", 5)),
        st.sampled_from(["", " apt 5", " APARTMENT #5b", " # 7", ", Suite B", " North"]),
        SPACE,
    ),
    ANY,
)
UNITS = st.one_of(cased(words("apt apt. suite # #5 5b unit 12 floor building b rear apartment", 3)), ANY)
ZIPS = st.one_of(
    joined(SPACE, st.text(string.digits, min_size=4, max_size=9), st.sampled_from(["", "-", ".0", " 1234", "-1234"])),
    st.sampled_from(["K1A0B1", "k1a 0b1", "7866", "00000", "7870l"]),
    ANY,
)
CITIES = st.sampled_from(
    [
        "Austin",
        "AUSTIN",
        "austin",
        "Austn",
        "Fort Worth",
        "Ft. Worth",
        "ft worth",
        "St. Louis",
        "Saint Louis",
        "X",
        "Dallas",
    ]
)
NEUTRAL = {
    "tag_type_ids": st.sampled_from([(), (7,), (7, 8)]),
    "preferences_marketing_updates_enabled": st.booleans(),
}


def frames(**columns):
    cells = {**columns, **NEUTRAL}
    row = st.fixed_dictionaries({name: st.one_of(st.none(), values) for name, values in cells.items()})

    def made(rows):
        frame = pd.DataFrame(rows, columns=list(cells), index=[7] * len(rows))
        for name in columns:
            frame[name] = frame[name].astype("str")
        frame.insert(0, "id", range(len(rows)))
        frame.attrs["stcrm"] = {"tenant": 1, "filters": {"active": None}}
        return frame

    return st.lists(row, min_size=1, max_size=4).map(made)


KINDS = st.sampled_from(["Residential", "Commercial"])
CASES = {
    "phones": (frames(type=st.sampled_from(["Phone", "MobilePhone", "Email", "Fax"]), value=PHONES), {}),
    "phones, national": (frames(value=PHONES), {"style": "national"}),
    "phones, abroad": (frames(value=PHONES), {"region": "GB"}),
    "emails": (frames(type=st.sampled_from(["Phone", "Email"]), value=EMAILS), {}),
    "names": (frames(name=NAMES, type=KINDS), {}),
    "addresses": (
        frames(address_street=STREETS, address_unit=UNITS, address_state=st.sampled_from(["TX", "tx", "Texas"])),
        {},
    ),
    "addresses, short": (frames(address_street=STREETS), {"shorten": True}),
    "zips": (frames(address_zip=ZIPS, address_state=st.sampled_from(["TX", "NJ"])), {}),
    "cities": (frames(address_city=CITIES, address_zip=st.sampled_from(["78701", "76102", "76102-1234", ""])), {}),
}
NAMED = {
    "phones": {"value"},
    "emails": {"value"},
    "names": {"name"},
    "addresses": {"address_street", "address_unit", "address_state"},
    "zips": {"address_zip"},
    "cities": {"address_city"},
}


IN_DEPTH = ("phones, national", "phones, abroad", "addresses, short", "zips", "cities")
SOME = settings(max_examples=min(settings.default.max_examples, 100))  # each example runs a recipe twice


@pytest.mark.parametrize("case", [pytest.param(case, marks=[pytest.mark.deep] * (case in IN_DEPTH)) for case in CASES])
@SOME
@given(data=st.data())
def test_recipe_on_any_values(case, data):
    made, options = CASES[case]
    frame = data.draw(made)
    name = case.partition(",")[0]
    recipe = getattr(stcrm.cleaning, name)
    given_frame, given_attrs = frame.copy(), copy.deepcopy(frame.attrs)
    fix = recipe(frame, **options)
    pd.testing.assert_frame_equal(frame, given_frame)
    assert frame.attrs == fix.after.attrs == given_attrs

    again = recipe(fix.after, **options)
    assert again.changes.empty, again.changes.values.tolist()
    pd.testing.assert_frame_equal(again.after, fix.after)

    others = [column for column in frame if column not in NAMED[name]]
    pd.testing.assert_frame_equal(fix.after[others], frame[others])
    assert list(fix.after) == list(frame)
    assert fix.after.dtypes.equals(frame.dtypes)
    if "type" in frame and name in ("phones", "emails"):
        rest = frame["type"].isna() | ((frame["type"] == "Email") == (name == "phones"))
        pd.testing.assert_series_equal(fix.after.loc[rest.to_numpy(), "value"], frame.loc[rest.to_numpy(), "value"])

    changed, skipped = ({*zip(some["id"], some["column"], strict=True)} for some in (fix.changes, fix.skipped))
    assert not changed & skipped
    differing = {
        (row, column)
        for column in NAMED[name] & set(frame)
        for row, (old, new) in enumerate(zip(frame[column], fix.after[column], strict=True))
        if old != new and not (pd.isna(old) and pd.isna(new))
    }
    assert changed == differing
    for change in fix.changes.itertuples():
        keeps_digits(name, change.old, change.new)
        if name in ("phones", "emails") and options.get("region") is None:
            known = {
                contact
                for contact in find_contacts(change.old)
                if is_valid_number(contact) or is_valid_address(contact)
            }
            assert known <= set(find_contacts(change.new)), "the same number for every opt-out"


def digits(text):
    return re.sub(r"\D", "", text, flags=re.ASCII)


def keeps_digits(name, old, new):
    before, after = (digits(unicodedata.normalize("NFKC", text)) for text in (old, new))
    if name == "phones":
        national = after.removeprefix("1").removeprefix("44")
        assert re.fullmatch(rf"(?:0|00|001|011|1|0011)?(?:44)?(?:1|0)?(?:{after}|{national.lstrip('0')})0*", before), (
            old,
            new,
        )
    elif name == "zips":
        assert before in (after, f"{after}0", f"{after}00"), (old, new)
    else:
        assert before == after, (old, new)


@pytest.mark.parametrize("style", ["e164", "national"])
@SOME
@given(national=NATIONAL, shape=st.sampled_from(SHAPES[:12]))
def test_reformatted_phone_is_the_same_number(style, national, shape):
    value = shape.format(national[:3], national[3:6], national[6:])
    fix = stcrm.cleaning.phones(pd.DataFrame({"id": [1], "value": [value]}), style=style)
    assert normalize_contact(fix.after.loc[0, "value"]) in (f"+1{national}", normalize_contact(value))
