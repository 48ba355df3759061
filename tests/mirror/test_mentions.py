"""Whether a stored text mentions a person: numbers in every format, addresses also as JSON escapes them."""

from __future__ import annotations

import json

import pytest

from stcrm_pandas.mirror.privacy.people import Person

PERSON = Person({1}, values={"5125550187", "josé.ñandú@correo.example"})
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
    ],
)
def test_a_text_mentions_a_person(text, mentioned):
    assert PERSON.mentioned_in(text) is mentioned


def test_nobody_is_mentioned_without_a_value():
    assert not Person({1}).mentioned_in("anything")
