"""Numbers in one spelling each: the quick way gives what phonenumbers gives."""

import hypothesis.strategies as st
import phonenumbers
import pytest
from hypothesis import example, given

from stcrm_pandas.frame.contact_values import is_valid_address, is_valid_number, normalize_contact

AS_TYPED = st.text("0123456789 ()+-.x/\t", min_size=1, max_size=18) | st.from_regex(
    r"(\+?1[ .-]?)?\(?[0-9]{3}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}( x[0-9]{1,3})?", fullmatch=True
)


def by_the_library(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    if not text.strip() or not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@given(AS_TYPED)
@example("1 (512) 555-0101")
@example("+1512.555.0101")
@example("15125550101")
@example("(512 555 0101")
@example("512) 555-0101")
def test_formatting_matches_phonenumbers(text: str) -> None:
    assert normalize_contact(text) == by_the_library(text)


@given(AS_TYPED)
def test_validity_matches_phonenumbers(text: str) -> None:
    spelt = normalize_contact(text)
    expected = spelt is not None and phonenumbers.is_valid_number(phonenumbers.parse(spelt))
    assert is_valid_number(spelt) is expected


@pytest.mark.parametrize("text", ["000-000-0000", "(100) 555-0101", "", "call me", None, 5125550101, "512-555"])
def test_non_numbers(text: object) -> None:
    assert not is_valid_number(normalize_contact(text))
    assert not is_valid_number(normalize_contact(text), by_length=True)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ann@example.com", True),
        (" Ann.Lee+home@Example.COM ", True),
        ("mailto:ann@example.com", True),
        ("none@none.com", False),
        ("ann@example", False),
        ("ann@@example.com", False),
        ("ann lee@example.com", False),
        ("@example.com", False),
        ("512-555-0101", False),
        (None, False),
    ],
)
def test_valid_addresses(text: object, good: bool) -> None:
    assert is_valid_address(normalize_contact(text)) is good
