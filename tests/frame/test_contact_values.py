"""Numbers in one spelling each, as phonenumbers has it; and which of several contacts is the best."""

import re

import email_validator
import hypothesis.strategies as st
import pandas as pd
import phonenumbers
import pytest
from hypothesis import example, given

from stcrm_pandas.frame.contact_values import (
    best_contacts,
    find_contacts,
    is_placeholder,
    is_valid_address,
    is_valid_number,
    normalize_contact,
)

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
    valid = spelt is not None and phonenumbers.is_valid_number(phonenumbers.parse(spelt))
    nobody = spelt is not None and re.fullmatch(r"\+1(?:(\d)\1{9}|\d{3}5555555|\d{3}5551212)|\+\d*0{9}", spelt)
    assert is_valid_number(spelt) is (valid and not nobody)


@given(st.from_regex(r"[a-z0-9_+.\-é']{1,8}@[a-z0-9.\-ü_]{1,12}(\.(com|test|c-|1))?", fullmatch=True))
@example(f"{'a' * 65}@example.com")
@example(f"{'a' * 250}@example.com")
@example(f"a@{'b' * 64}.com")
@example("a..b@example.com")
@example("ann@localhost.test")
def test_validity_matches_email_validator(text: str) -> None:
    try:
        valid = bool(email_validator.validate_email(text, check_deliverability=False))
    except email_validator.EmailNotValidError:
        valid = False
    assert is_valid_address(text) is (valid and not is_placeholder(text))


@pytest.mark.parametrize("text", ["000-000-0000", "(100) 555-0101", "", "call me", None, 5125550101, "512-555"])
def test_non_numbers(text: object) -> None:
    assert not is_valid_number(normalize_contact(text))
    assert not is_valid_number(normalize_contact(text), by_length=True)


@pytest.mark.parametrize(
    "text",
    [
        *("000-000-0000", "(999) 999-9999 x5", "555-555-5555", "512-555-5555", "+1 111 111 1111", "888-888-8888"),
        *("123-456-7890", "1231231234", "987-654-3210", "012-345-6789", "111-222-3333", "555-123-4567"),
        *("512-555-1212", "555-1212", "512-123-4567", "512-000-0000", "512 111 1111", "+44 0000 000000"),
        *("none@none.com", " NoEmail@Gmail.com", "x@x.com", "no@email.com", "declined2@yahoo.com", "na@na.org"),
        *("none@gmail.com", "no-reply@example.com", "unknown@aol.com", "asdf@gmail.com", "jane@noemail.com"),
        *("test@test.com", "test1@abc.com", "abc12@test.net", "xx@xx.com", "no1@none.com", "fake@fake.com"),
    ],
)
def test_placeholders_belong_to_nobody(text: str) -> None:
    (spelt,) = find_contacts(text)
    assert is_placeholder(spelt)
    assert not is_valid_number(spelt, by_length=True)
    assert not is_valid_address(spelt)
    contacts = pd.DataFrame({"customer_id": [7], "type": ["Email" if "@" in text else "Phone"], "value": [text]})
    assert best_contacts(contacts, [7])[["phone", "email"]].isna().all(axis=None)


@pytest.mark.parametrize(
    "text",
    [
        *("512-555-0101", "512-555-1234", "512-222-2223", "(225) 888-8888", "512 222 2222", "(713) 777-7777"),
        *("(234) 567-8901", "(678) 901-2345", "(901) 234-5678", "(210) 987-6543", "(432) 123-4568"),
        *("+44 20 7123 4567", "+44 20 7777 7777", "+81 3-1234-5678", "+49 30 123456", "+33 7 77 77 77 77"),
        *("ann@example.com", "nora@none.example", "testa@example.com", "ann@mailbox.com", "noone@gmail.com"),
        *("jane@mail.com", "jane@email.com", "jane@e-mail.com", "jane@abc.com", "jane@na.org", "jane@no.com"),
        *("jane@unknown.org", "jane@test.com", "jane@x.com", "jane@nowhere.net", "abc12@gmail.com", "no1@gmail.com"),
        *("na@gmail.com", "test@example.com", "xx@yahoo.com", "no@example.com", "test@mail.com", "xx1@email.com"),
        *("none1@gmail.com", "nobody7@gmail.com", "qwerty12@aol.com", "unknown22@aol.com", "donna@no.com"),
    ],
)
def test_real_numbers_and_addresses_are_no_placeholders(text: str) -> None:
    (spelt,) = find_contacts(text)
    assert not is_placeholder(spelt)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("ann@example.com", True),
        (" Ann.Lee+home@Example.COM ", True),
        ("mailto:ann@example.com", True),
        ("jane.doe@mail.com", True),
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


def test_the_best_contact_follows_type_then_opt_outs_then_order() -> None:
    contacts = pd.DataFrame(
        [
            (7, "Phone", "512-555-0101", None, None),
            (7, "MobilePhone", "512-555-0102", None, None),  # opted out by another record
            (7, "MobilePhone", "512-555-0103", False, None),
            (7, "MobilePhone", "512-555-0104", None, None),
            (7, "Email", "no@@example", None, True),
            (7, "Email", "first@example.com", None, False),
            (7, "Email", "Second@example.com", None, None),
            (8, "Phone", "512-555-0102", True, None),
            (8, "Email", "only@example.com", None, False),
            (9, "Fax", "512-555-0109", None, None),
        ],
        columns=[
            *("customer_id", "type", "value"),
            *("phone_settings_do_not_text", "preferences_marketing_updates_enabled"),
        ],
    )
    best = best_contacts(contacts, [7, 8, 9])
    assert best.loc[7].tolist() == ["+15125550103", False, "second@example.com"]
    assert best.loc[8].tolist() == ["+15125550102", True, "only@example.com"]
    assert 9 not in best.index
    assert best_contacts(contacts[:0], []).dtypes.astype(str).tolist() == ["str", "boolean", "str"]
