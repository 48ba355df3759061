"""Whether a stored text mentions a person: numbers in every format, addresses also as JSON escapes them."""

from __future__ import annotations

import json

import pytest

from stcrm_pandas.mirror.privacy.people import Person

PERSON = Person({1}, values={"+15125550187", "+442079460958", "ann@x.com", "josé.ñandú@correo.example"})
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
    ],
)
def test_a_text_mentions_a_person(text, mentioned):
    assert PERSON.mentioned_in(text) is mentioned


def test_nobody_is_mentioned_without_a_value():
    assert not Person({1}).mentioned_in("anything")
