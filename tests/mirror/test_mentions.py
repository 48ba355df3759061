"""Whether a text mentions a person: numbers in every format, addresses also as JSON escapes them; and erasing these."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stcrm_pandas.mirror.privacy.mentions import Mentions, contacts_in, texts_in
from stcrm_pandas.mirror.privacy.people import Person
from stcrm_pandas.mirror.versions import UNDOCUMENTED

PERSON = Person(
    {1},
    values={"+15125550187", "+442079460958", "+33123456789", "+3906123456", "ann@x.com", "josé.ñandú@correo.example"},
)
NESTED = json.dumps({"body": json.dumps({"email": "José.Ñandú@correo.example"})})


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("call 5125550187", True),
        ("(512) 555-0187", True),
        ("+1 512.555.0187", True),
        ('"15125550187"', True),
        ("tel:+15125550187x12", True),
        ('{"id": 995125550187}', False),
        ('{"id": 51255501871}', False),
        ('{"id": 8151255501870}', False),
        ("512-555-0188", False),
        ("josé.ñandú@correo.example", True),
        (json.dumps({"email": "JOSÉ.ñandú@correo.example"}), True),
        (NESTED, True),
        (json.dumps({"email": "jose.nandu@correo.example"}), False),
        ("ann@x.com", True),
        ("mail ANN@X.com.", True),
        ("<ann@x.com>, 'ann@x.com'", True),
        ("- ann@x.com-", True),
        (json.dumps({"memo": "Write to:\nann@x.com"}), True),
        (json.dumps({"body": json.dumps({"memo": "Write to:\nann@x.com\tor call"})}), True),
        ("?email=ann@x.com&to=%20ann@x.com", True),
        ("joann@x.com", False),
        ("jo.ann@x.com", False),
        ("jo-ann@x.com", False),
        ("jo+ann@x.com", False),
        ("o'ann@x.com", False),
        ("jo_ann@x.com", False),
        ("éann@x.com", False),
        (json.dumps({"email": "éann@x.com"}), False),
        ("ann@x.com.mx", False),
        ("ann@x.company", False),
        ("ann@x.com-pany.de", False),
        ("+1.5125550187", True),
        ("001 512 555 0187", True),
        (json.dumps({"memo": "Call:\n5125550187"}), True),
        ("?phone=%205125550187", True),
        ("a 9512-555-0187", False),
        ("512-555-01871", False),
        ('{"latitude": 30.5125550187}', False),
        ("+442079460958", True),
        ("+44 20 7946 0958", True),
        ("020 7946 0958", True),
        ("9920 7946 0958", False),
        ("512–555–0187", True),
        ("512/555/0187", True),
        ("(512) - 555 - 0187", True),
        ("512\u00a0555\u00a00187", True),
        ("9512–555–0187", False),
        ("512/555/01872", False),
        ("+44 (0)20 7946 0958", True),
        ("0044 (0) 20.7946.0958", True),
        ("011 44 20 7946 0958", True),
        ("(020) 7946-0958", True),
        ("01 23 45 67 89", True),
        ("+33 1 23 45 67 89", True),
        ("0033 (0)1.23.45.67.89", True),
        ("06 123456", True),
        ("123456789", False),
        ("501234567890", False),
        ("512_555_0187", True),
        ("512 · 555 · 0187", True),
        ("\u202a512\u200b555\u200b0187\u202c", True),
        ("\uff15\uff11\uff12-555-0187", True),
    ],
)
def test_a_text_mentions_a_person(text, mentioned):
    assert PERSON.mentioned_in(text) is mentioned


def test_nobody_is_mentioned_without_a_value():
    assert not Person({1}).mentioned_in("anything")


UNDOCUMENTED_CELL = json.dumps({"id": 995125550187, "phone": 5125550187, "more": [{"note": "ann@x.com, Ann"}]})


@pytest.mark.parametrize(
    ("column", "cell", "left"),
    [
        ("summary", "Ann (512) 555–0187 or ann@x.com.", "Ann [erased] or [erased]."),
        ("summary", "no number", "no number"),
        ("summary", "London: 020 7946 0958, or +44 (0)20 7946 0958", "London: [erased], or [erased]"),
        ("summary", "(020) 7946 0958; ann@x.com-", "[erased]; [erased]-"),
        ("summary", "Paris: 01 23 45 67 89.", "Paris: [erased]."),
        ("summary", None, None),
        ("uploaded_images", ("ann@x.com.png", "roof 5125550187"), ("ann@x.com.png", "roof [erased]")),
        (
            "custom_fields",
            ({"type_id": 5125550187, "value": "5125550187"},),
            ({"type_id": 5125550187, "value": "[erased]"},),
        ),
        (UNDOCUMENTED, UNDOCUMENTED_CELL, '{"id":995125550187,"more":[{"note":"[erased], Ann"}],"phone":"[erased]"}'),
    ],
)
def test_only_the_numbers_and_addresses_are_erased(column, cell, left):
    mentions = Mentions(PERSON.values)
    if cell is not None and cell != left:
        assert any(map(mentions.is_in, texts_in(column, cell)))
        assert mentions.values & set(contacts_in(column, cell))
        assert mentions.erased(column, cell) == left
        cell = left
    assert not any(map(mentions.is_in, texts_in(column, cell)))


SIGNS = st.text(" .-/()+_,:\n\u2013\u200b", max_size=4)
WORDS = st.sampled_from(["call ", "?to=%20", "\\n", "a\\u0020", "ann@x.com", "<ANN@X.com>-", "é", "7", "512-555-0188 "])


@st.composite
def mentions_typed_by_hand(draw):
    """A text with a number or an address, in whatever format people think of."""
    number = draw(st.sampled_from(["5125550187", "2079460958", "123456789", "06123456"]))
    prefix = draw(
        st.sampled_from(["", "0", "(0)", "+44 ", "0044", "+44(0)", "011 44 0", "+33", "+39", "00 33 0", "+1", "1"])
    )
    cuts = [draw(SIGNS) if draw(st.booleans()) else "" for _ in number]
    typed = prefix + "".join(digit + cut for digit, cut in zip(number, cuts, strict=True))
    return draw(WORDS) + typed + draw(WORDS)


@given(mentions_typed_by_hand())
def test_what_is_erased_is_recognized_when_a_sync_reads_it_again(text):
    """By a hash only: of all that may be a contact in the text, those that were erased are among it."""
    for value in PERSON.values:
        assert not Mentions([value]).is_in(text) or value in set(contacts_in("summary", text))


def test_a_text_with_escaped_characters_is_erased_as_a_whole():
    assert Mentions(PERSON.values).erased("summary", NESTED) == "[erased]"
