"""Numbers and addresses by which people are reached: one spelling for each, and whether it can be right. Pure.

>>> spelling("(512) 555-0101"), spelling("+1 512.555.0101"), spelling(" Ann@Example.COM ")
('+15125550101', '+15125550101', 'ann@example.com')
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

REGION = "US"
"""Where a number without a country's code is dialled; the same plan of numbers holds in Canada."""

PLACEHOLDERS = frozenset(
    f"{name}@{place}.com"
    for name in ("none", "no", "na", "noemail", "nomail", "noreply", "test", "unknown", "x")
    for place in ("none", "no", "na", "noemail", "nomail", "email", "mail", "test", "unknown", "x")
)
"""What is typed into a form that insists on an address."""

_USUAL = re.compile(r"\s*(?:\+?1[ .-]?)?\(?([2-9]\d\d)\)?[ .-]?(\d{3})[ .-]?(\d{4})\s*", re.ASCII)
"""How nearly all numbers of North America are written: read at once, with what phonenumbers would make of them."""


@lru_cache(maxsize=200_000)
def spelling(value: Any, region: str = REGION) -> str | None:
    """A number in E.164 or an address in small letters, so that two spellings of one are equal; None where it is none.

    An extension is left out: whoever asks not to be called means the number.

    Parameters
    ----------
    value : object
        As somebody wrote it.
    region : str, default REGION
        Where a number without a country's code belongs.
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
_EXTENSION = re.compile(r"(?:\bext(?:ension)?\.?|\bx|#|;ext=)\s*\d{1,6}", re.IGNORECASE)
_ABROAD = re.compile(r"\+(?!\s*1(?:\D|[2-9]\d\d))[\d(][\d\s().\-]*")
_WITHIN = re.compile(r"(?<![\d+])(?:\+?1[\s.\-]*)?\(?([2-9]\d\d)\)?[\s./\-]*(\d{3})[\s.\-]*(\d{4})(?!\d)", re.ASCII)


def spellings(value: Any) -> tuple[str, ...]:
    """All numbers and addresses in a text as somebody wrote it, each as `spelling` has it; empty where there is none.

    Names and remarks beside them, extensions, full-width digits and characters of no width play no part.

    Examples
    --------
    >>> spellings("512-555-0101 / 512-555-0102"), spellings("Ann <Ann@Example.com>"), spellings("call Ann")
    (('+15125550101', '+15125550102'), ('ann@example.com',), ())
    """
    return _taken_apart(value)[0]


def beside(value: Any) -> str:
    """What stands beside the numbers and addresses of a text, where it may be another one that cannot be read.

    Examples
    --------
    >>> beside("512-555-0101 (Ann), 5125550"), beside("512-555-0101 x12 (Ann)")
    ('; (Ann), 5125550', '')
    """
    found, rest = _taken_apart(value)
    rest = _EXTENSION.sub("", rest)
    return rest.strip() if found and ("@" in rest or sum(map(str.isdigit, rest)) >= 4) else ""


@lru_cache(maxsize=200_000)
def _taken_apart(value: Any) -> tuple[tuple[str, ...], str]:
    """The numbers and addresses of a text, and what is left of it."""
    if not isinstance(value, str) or not value.strip():
        return (), ""
    if usual := _USUAL.fullmatch(value):
        return ("+1" + "".join(usual.groups()),), ""
    wide = unicodedata.normalize("NFKC", value)
    text = "".join("-" if unicodedata.category(one) == "Pd" else one for one in wide)
    text = "".join(one for one in text if unicodedata.category(one) != "Cf").strip()
    if one_address := _ONE_ADDRESS.fullmatch(text):
        return (one_address.group(1).casefold(),), ""
    found = [address.strip(".'").casefold() for address in _ADDRESS.findall(text)]
    if "@" in text and not found:
        return (text.casefold(),), ""
    rest = _ADDRESS.sub(" ; ", text)
    for pattern in (_ABROAD, _WITHIN):
        for match in list(pattern.finditer(rest)):
            number = spelling("+1" + "".join(match.groups()) if match.groups() else match.group())
            if number is not None:
                found.append(number)
                rest = rest.replace(match.group(), " ; ", 1)
    if not found and (number := spelling(text)) is not None:
        return (number,), ""
    return tuple(dict.fromkeys(found)), " ".join(rest.split())


def alike(one: Any, other: Any) -> bool:
    """Whether two values reach the same; unreadable ones only if they are equal as they stand."""
    if one == other:
        return True
    first = spellings(one)
    return bool(first) and set(first) == set(spellings(other))


@lru_cache(maxsize=200_000)
def is_number(spelt: str | None, *, by_length: bool = False) -> bool:
    """Whether a number, as `spelling` gave it, is one of its country's plan.

    Parameters
    ----------
    spelt : str or None
        A number in E.164.
    by_length : bool, default False
        Only its length is looked at, and that North America has no area code that begins with 0 or 1.

    Examples
    --------
    >>> is_number(spelling("(512) 555-0101")), is_number(spelling("000-000-0000")), is_number(None)
    (True, False, False)
    >>> is_number("+15121550101"), is_number("+15121550101", by_length=True)
    (False, True)
    """
    if spelt is None or not spelt.startswith("+"):
        return False
    if by_length:
        return not spelt.startswith(("+10", "+11"))
    import phonenumbers

    if spelt.startswith("+1"):
        return phonenumbers.is_valid_number(phonenumbers.PhoneNumber(country_code=1, national_number=int(spelt[2:])))
    return phonenumbers.is_valid_number(phonenumbers.parse(spelt))


@lru_cache(maxsize=200_000)
def is_address(spelt: str | None) -> bool:
    """Whether an e-mail address, as `spelling` gave it, is written as one; no server is asked.

    Examples
    --------
    >>> is_address("ann@example.com"), is_address("ann@example"), is_address("none@none.com")
    (True, False, False)
    """
    if spelt is None or "@" not in spelt or spelt in PLACEHOLDERS:
        return False
    import email_validator

    try:
        email_validator.validate_email(spelt, check_deliverability=False)
    except email_validator.EmailNotValidError:
        return False
    return True
