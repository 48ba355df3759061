"""Phone numbers and e-mail addresses as they are compared. Pure."""

from __future__ import annotations

from functools import lru_cache

from stcrm_pandas.frame.contact_values import PLACEHOLDERS, find_contacts

_DOMAINS = {
    "gmial.com": "gmail.com",
    "gmai.com": "gmail.com",
    "gmal.com": "gmail.com",
    "gamil.com": "gmail.com",
    "gnail.com": "gmail.com",
    "gmail.con": "gmail.com",
    "gmail.co": "gmail.com",
    "gmail.cm": "gmail.com",
    "googlemail.com": "gmail.com",
    "yaho.com": "yahoo.com",
    "yahooo.com": "yahoo.com",
    "yhoo.com": "yahoo.com",
    "yahoo.con": "yahoo.com",
    "yahoo.co": "yahoo.com",
    "hotmial.com": "hotmail.com",
    "hotmal.com": "hotmail.com",
    "hotmai.com": "hotmail.com",
    "hotmail.con": "hotmail.com",
    "outlok.com": "outlook.com",
    "outlook.con": "outlook.com",
    "aol.con": "aol.com",
    "iclod.com": "icloud.com",
    "icloud.con": "icloud.com",
}
"""Common misspellings: for a comparison only; nobody's address is changed."""


@lru_cache(maxsize=200_000)
def numbers_of(value: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the phone numbers (national digits) and the e-mail addresses in a cell, without dummies.

    Examples
    --------
    >>> numbers_of("(512) 555-0101 x7"), numbers_of("A.Smith+hvac@gmial.com"), numbers_of("000-000-0000")
    ((('5125550101',), ()), ((), ('asmith@gmail.com',)), ((), ()))
    """
    found = find_contacts(value)
    phones = (one.removeprefix("+1").removeprefix("+") for one in found if "@" not in one)
    emails = (_email(one) for one in found if "@" in one and one not in PLACEHOLDERS)
    return tuple(one for one in phones if not _is_dummy(one)), tuple(dict.fromkeys(emails))


def _is_dummy(digits: str) -> bool:
    return len(digits) < 7 or len({*digits[-7:]}) == 1 or digits[-10:] in "12345678901234567890" or digits[0] in "01"


def _email(address: str) -> str:
    user, _, domain = address.rpartition("@")
    domain = _DOMAINS.get(domain, domain)
    user = user.partition("+")[0] or user
    return f"{user.replace('.', '') if domain == 'gmail.com' else user}@{domain}"
