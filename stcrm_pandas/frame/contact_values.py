"""Phone numbers and e-mail addresses: one normal form for each, whether it is valid, and the best of several. Pure.

>>> normalize_contact("(512) 555-0101"), normalize_contact("+1 512.555.0101"), normalize_contact(" Ann@Example.COM ")
('+15125550101', '+15125550101', 'ann@example.com')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import pandas as pd

REGION = "US"
"""The country of numbers without a country code; Canada has the same numbering plan."""

_NO_ADDRESS = re.compile(
    r"(?:no[._-]?e?-?mail|no-?reply|donotreply|declined|refused|doesnothave|donthave)\d{0,3}|"
    r"none|nobody|unknown|asdf+|qwerty"
)
"""Names that nobody has at any domain."""
_NO_DOMAIN = re.compile(r"(?:none|n\.a|noe?-?mail|nomail|noreply|asdf+|fake|declined)\.[a-z]{2,4}")
"""Domains at which nobody has an address."""
_UNLIKELY = re.compile(
    r"(?:no|na|n\.a|none|noone|nobody|unknown|fake|test|abc|xx*|asdf+|qwerty)\d{0,3}"
    r"@(?:no|na|unknown|fake|test|abc|xx*|nowhere)\.[a-z]{2,4}|"
    r"(?:no|na|n\.a)@(?:mail|e-?mail)\.[a-z]{2,4}"
)
"""Names and domains that somebody may have, but not together."""
NO_NUMBERS = frozenset(
    ["1234567890", "0123456789", "9876543210", "1231231231", "1231231234", "1112223333"]
    + [digit * 10 for digit in "0123456789"]
)
"""Numbers of ten digits that nobody has."""
NO_LOCAL_NUMBERS = ("0000000", "1111111", "5555555", "5551212", "1234567", "0123456", "1231231", "1231234")
"""Local numbers that nobody has in any area code: directory assistance, 555-5555, and what cannot follow an area code.

Others may be somebody's, as (225) 888-8888 and (234) 567-8901 are.
"""

_USUAL = re.compile(r"\s*(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?(\d{3})[ .-]?(\d{4})\s*", re.ASCII)
"""The usual formats of North American numbers, read without the slower phonenumbers, with the same result."""


@lru_cache(maxsize=200_000)
def normalize_contact(value: Any, region: str = REGION) -> str | None:
    """Return a number in E.164 or an address in lower case; None for other values.

    Extensions are dropped: an opt-out is about the number.

    Parameters
    ----------
    value : object
        The value as typed.
    region : str, default REGION
        The country of numbers without a country code.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    if "@" in value:
        return value.strip().removeprefix("mailto:").casefold()
    if region == REGION and (usual := _USUAL.fullmatch(value)):
        return "+1" + "".join(usual.groups())
    import phonenumbers

    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


_ADDRESS = re.compile(r"[^\s<>()\[\]{},;:|/\\\"@]+@[^\s<>()\[\]{},;:|/\\\"@]+")
_ONE_ADDRESS = re.compile(r"(?:mailto:)?([^\s<>()\[\],;:\"@]+@[^\s<>()\[\],;:\"'@]+)")
_SPACES_AROUND_AT = re.compile(r"(?:mailto:)?\s*\S+\s*@\s*[\w.\-]+\.[^\W\d_]{2,}\.*", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:\bext(?:ension)?\.?|\bx|#|;ext=)\s*\d{1,6}", re.IGNORECASE)
_ABROAD = re.compile(r"\+(?!\s*1(?:\D|[2-9]\d\d))[\d(][\d\s().\-]*")
_WITHIN = re.compile(
    r"(?<![\d+])(?:(?:\+|00)?1[\s.\-]*)?\(?([2-9]\d\d)\)?[\s./\-]*(\d{3})[\s.\-]*(\d{4})(?!\d)", re.ASCII
)


def find_contacts(value: Any) -> tuple[str, ...]:
    """Return all numbers and addresses in a text, in their normal form.

    Names and remarks, extensions, full-width digits and zero-width characters are ignored.

    Examples
    --------
    >>> find_contacts("512-555-0101 / 512-555-0102"), find_contacts("Ann <Ann@Example.com>"), find_contacts("call Ann")
    (('+15125550101', '+15125550102'), ('ann@example.com',), ())
    """
    return _parse(value)[0]


def unrecognized_rest(value: Any) -> str:
    """Return the rest of a text without its numbers and addresses, if it may contain another one.

    Examples
    --------
    >>> unrecognized_rest("512-555-0101 (Ann), 5125550"), unrecognized_rest("512-555-0101 x12 (Ann)")
    ('; (Ann), 5125550', '')
    """
    contacts, rest = _parse(value)
    rest = _EXTENSION.sub("", rest)
    return rest.strip() if contacts and ("@" in rest or sum(map(str.isdigit, rest)) >= 4) else ""


@lru_cache(maxsize=200_000)
def _parse(value: Any) -> tuple[tuple[str, ...], str]:
    """Return the numbers and addresses in a text, and the rest of it."""
    if not isinstance(value, str) or not value.strip():
        return (), ""
    if usual := _USUAL.fullmatch(value):
        return ("+1" + "".join(usual.groups()),), ""
    wide = unicodedata.normalize("NFKC", value)
    text = "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in wide)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()
    if _SPACES_AROUND_AT.fullmatch(text):
        text = "".join(text.split())
    if one_address := _ONE_ADDRESS.fullmatch(text):
        return (one_address.group(1).strip(".").casefold(),), ""
    contacts = [address.strip(".'").casefold() for address in _ADDRESS.findall(text)]
    if "@" in text and not contacts:
        return (text.casefold(),), ""
    rest = _ADDRESS.sub(" ; ", text)
    for pattern in (_ABROAD, _WITHIN):
        for match in list(pattern.finditer(rest)):
            number = normalize_contact("+1" + "".join(match.groups()) if match.groups() else match.group())
            if number is not None:
                contacts.append(number)
                rest = rest.replace(match.group(), " ; ", 1)
    if not contacts and (number := normalize_contact(text)) is not None:
        return (number,), ""
    return tuple(dict.fromkeys(contacts)), " ".join(rest.split())


@lru_cache(maxsize=200_000)
def is_placeholder(spelt: str) -> bool:
    """Return whether a number or an address was only typed to fill the field: it belongs to nobody.

    Records with the same placeholder have nothing in common, so it never links them. What may be somebody's, such as
    jane@mail.com, no1@gmail.com or (225) 888-8888, is no placeholder: an opt-out of it must count.

    Parameters
    ----------
    spelt : str
        A number in E.164 or as its digits, or an address in lower case.

    Notes
    -----
    A number is a placeholder if it is one repeated digit, a run such as 123-456-7890 or 987-654-3210 or another usual
    one such as 111-222-3333, or if nobody has its last seven digits in any area code, such as 555-5555 or 555-1212.

    Examples
    --------
    >>> [is_placeholder(one) for one in ("+11234567890", "+15125555555", "none@none.com", "noemail@gmail.com")]
    [True, True, True, True]
    >>> [is_placeholder(one) for one in ("+15125550101", "+12258888888", "ann@example.com", "jane@mail.com")]
    [False, False, False, False]
    """
    if "@" in spelt:
        name, _, domain = spelt.partition("@")
        return bool(_NO_ADDRESS.fullmatch(name) or _NO_DOMAIN.fullmatch(domain) or _UNLIKELY.fullmatch(spelt))
    digits = spelt.removeprefix("+")
    local = digits[1:] if len(digits) in (8, 11) and digits[0] == "1" else digits
    if len(local) not in (7, 10) or spelt.startswith(tuple(f"+{n}" for n in range(2, 10))):
        return len(local) > 8 and local.endswith("0" * 9)  # elsewhere, runs and repeats can be somebody's
    return local.endswith(NO_LOCAL_NUMBERS) or local in NO_NUMBERS


def same_contacts(value: Any, other: Any) -> bool:
    """Return whether two values have the same numbers and addresses; other values must be equal."""
    if value == other:
        return True
    first = find_contacts(value)
    return bool(first) and set(first) == set(find_contacts(other))


@lru_cache(maxsize=200_000)
def is_valid_number(spelt: str | None, *, by_length: bool = False) -> bool:
    """Return whether a normalized number is valid in its country's numbering plan, and not a placeholder.

    Parameters
    ----------
    spelt : str or None
        A number in E.164.
    by_length : bool, default False
        Check only its length, and that North American area codes do not start with 0 or 1.

    Examples
    --------
    >>> values = ("(512) 555-0101", "000-000-0000")
    >>> [is_valid_number(normalize_contact(value)) for value in values], is_valid_number(None)
    ([True, False], False)
    >>> is_valid_number("+15121550101"), is_valid_number("+15121550101", by_length=True)
    (False, True)
    """
    if spelt is None or not spelt.startswith("+") or is_placeholder(spelt):
        return False
    if by_length:
        return not spelt.startswith(("+10", "+11"))
    import phonenumbers

    if spelt.startswith("+1"):
        if len(spelt) == 12 and all(pattern.fullmatch(spelt[2:]) for pattern in _patterns()):
            return True
        number = phonenumbers.PhoneNumber(country_code=1, national_number=int(spelt[2:]))
        # most are of the United States: the country need not be looked for
        return phonenumbers.is_valid_number_for_region(number, REGION) or phonenumbers.is_valid_number(number)
    return phonenumbers.is_valid_number(phonenumbers.parse(spelt))


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    """Return what phonenumbers matches a land line of the United States with. One that matches all needs no more."""
    import phonenumbers

    plan: Any = phonenumbers.PhoneMetadata.metadata_for_region(REGION)
    return tuple(re.compile(kind.national_number_pattern) for kind in (plan.general_desc, plan.fixed_line))


@lru_cache(maxsize=200_000)
def is_valid_address(spelt: str | None) -> bool:
    """Return whether a normalized e-mail address has a valid syntax and is not a placeholder; no server is contacted.

    Examples
    --------
    >>> is_valid_address("ann@example.com"), is_valid_address("ann@example"), is_valid_address("none@none.com")
    (True, False, False)
    """
    if spelt is None or "@" not in spelt or is_placeholder(spelt):
        return False
    if plain := _PLAIN_ADDRESS.fullmatch(spelt):
        return _is_syntax(f"a@{plain[1]}")  # most domains are those of many addresses
    return _is_syntax(spelt)


_PLAIN_ADDRESS = re.compile(r"(?=.{3,200}$)[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@([a-z0-9.-]+)")
"""Addresses whose name, before the @, needs no further check."""


@lru_cache(maxsize=200_000)
def _is_syntax(address: str) -> bool:
    import email_validator

    try:
        email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return False
    return True


_PHONES = ("MobilePhone", "Phone")  # the better one first
_MARKETING = "preferences_marketing_updates_enabled"


@dataclass(frozen=True)
class OptOuts:
    """Numbers (E.164) that must not be called, be texted, or be used for marketing, by any record of anybody."""

    calls: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    marketing: frozenset[str] = frozenset()


def opt_outs(contacts: pd.DataFrame | None, *, not_to_serve: Iterable[object] = ()) -> OptOuts:
    """Return the numbers that opted out, from contacts of customers, locations or both.

    A number must not be called if its marketing and its job reminders are off, or if it is that of a customer
    `not_to_serve`.

    Examples
    --------
    >>> contacts = pd.DataFrame({"customer_id": [7, 8, 9], "value": ["512-555-0101", "512 555 0101", "512-555-0102"],
    ...     "preferences_marketing_updates_enabled": [False, None, True],
    ...     "preferences_job_reminders_enabled": [None, False, False],
    ...     "phone_settings_do_not_text": [None, None, True]})
    >>> found = opt_outs(contacts)
    >>> found.calls == found.marketing == {"+15125550101"}, found.texts == {"+15125550102"}
    (True, True)
    >>> opt_outs(contacts, not_to_serve=[9]).calls == {"+15125550101", "+15125550102"}
    True
    """
    if contacts is None:
        return OptOuts()

    def numbers(chosen: Any) -> frozenset[str]:
        return frozenset(
            contact for value in contacts.loc[chosen, "value"].dropna() for contact in find_contacts(value)
        )

    marketing = numbers(_is(contacts, _MARKETING, value=False))
    calls = marketing & numbers(_is(contacts, "preferences_job_reminders_enabled", value=False))
    if "customer_id" in contacts:
        calls |= numbers(contacts["customer_id"].isin(list(not_to_serve)))
    return OptOuts(calls, numbers(_is(contacts, "phone_settings_do_not_text", value=True)), marketing)


def best_contacts(
    contacts: pd.DataFrame, owners: Iterable[object], *, owner: str = "customer_id", opted_out: OptOuts | None = None
) -> pd.DataFrame:
    """Return `phone` (E.164), `do_not_text` and `email` of these customers or bookings; missing where there is none.

    A number that may be called comes before one that may not, a valid number before an invalid one, a mobile phone
    before another, one that may be texted before one that may not, then the first record. An opt-out on any record of a
    number counts. A placeholder, such as 000-000-0000, and an invalid address are never returned; an address that opted
    out of marketing comes last.

    Examples
    --------
    >>> contacts = pd.DataFrame({"customer_id": [7, 7, 8], "type": ["Phone", "MobilePhone", "Phone"],
    ...     "value": ["512-555-0101", "512 555 0102", "512-555-0102"],
    ...     "phone_settings_do_not_text": [False, None, True]})
    >>> best_contacts(contacts, [7]).values.tolist()
    [['+15125550102', True, nan]]
    """
    opted_out = opt_outs(contacts) if opted_out is None else opted_out
    rows = contacts[contacts[owner].isin(list(owners))].dropna(subset=[owner, "value"])
    mine = rows.assign(spelt=rows["value"].map(find_contacts)).explode("spelt").dropna(subset=["spelt"])
    phones, emails = mine[mine["type"].isin(_PHONES)], mine[mine["type"] == "Email"]
    phones = phones[~phones["spelt"].map(is_placeholder).astype(bool)]
    phones = phones.assign(
        refused=phones["spelt"].isin(opted_out.calls),
        invalid=~phones["spelt"].map(is_valid_number).astype(bool),
        rank=phones["type"].map(_PHONES.index),
        silent=phones["spelt"].isin(opted_out.texts),
    ).sort_values(["refused", "invalid", "rank", "silent"], kind="stable")
    emails = emails[emails["spelt"].map(is_valid_address).astype(bool)]
    emails = emails.assign(refused=_is(emails, _MARKETING, value=False)).sort_values("refused", kind="stable")
    phone = phones.groupby(owner)["spelt"].first()
    email = emails.groupby(owner)["spelt"].first()
    best = pd.DataFrame({"phone": phone, "do_not_text": phone.isin(opted_out.texts), "email": email})
    return best.astype({"phone": "str", "do_not_text": "boolean", "email": "str"})


def first_contact(value: str) -> str:
    """Return the first number or address in a text, in its normal form; the text itself if there is none.

    >>> first_contact("512-555-0101 (Ann)"), first_contact("call Ann")
    ('+15125550101', 'call Ann')
    """
    return next(iter(find_contacts(value)), value)


def format_phone(number: str) -> str:
    """Return a number as people dial it.

    >>> format_phone("+15125550101"), format_phone("+442079460018")
    ('(512) 555-0101', '+442079460018')
    """
    if number.startswith("+1") and len(number) == 12:
        return f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    return number


def _is(rows: pd.DataFrame, flag: str, *, value: bool) -> Any:
    """Return where a flag has a value; nowhere if the column or the flag is missing."""
    if flag not in rows:
        return pd.Series(False, index=rows.index)
    return rows[flag].eq(value).fillna(value=False).astype(bool)
