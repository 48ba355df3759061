"""Phone numbers and e-mail addresses as they are compared. Pure."""

from __future__ import annotations

from functools import lru_cache

from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder

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
    """Return the phone numbers (national digits) and the e-mail addresses in a cell, without placeholders.

    Examples
    --------
    >>> numbers_of("(512) 555-0101 x7"), numbers_of("A.Smith+hvac@gmial.com"), numbers_of("000-000-0000")
    ((('5125550101',), ()), ((), ('asmith@gmail.com',)), ((), ()))
    """
    found = [one for one in find_contacts(value) if not is_placeholder(one)]
    phones = (one.removeprefix("+1").removeprefix("+") for one in found if "@" not in one)
    emails = (_email(one) for one in found if "@" in one)
    return tuple(one for one in phones if len(one) >= 7 and one[0] not in "01"), tuple(dict.fromkeys(emails))


def _email(address: str) -> str:
    user, _, domain = address.rpartition("@")
    domain = _DOMAINS.get(domain, domain)
    user = user.partition("+")[0] or user
    return f"{user.replace('.', '') if domain == 'gmail.com' else user}@{domain}"
