"""E-mail addresses without spaces and prefixes, with the domain in lowercase. Misspelled domains are only suggested."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.recipes.fix import (
    Changed,
    ColumnCheck,
    Fix,
    Recipe,
    Skipped,
    Verdict,
    apply_to,
    require_columns,
)
from stcrm_pandas.frame.contact_values import is_placeholder, is_valid_address

RECIPE = Recipe(
    "emails",
    1,
    "Remove spaces and mailto: from e-mail addresses and write the domain in lowercase; list what is not real.",
    ("e-mail address", "e-mail addresses"),
    "corrected",
)

_DOMAINS = {
    "gmail.com": "gmial gmai gmal gmil gamil gnail gmaill gmali gmaul ggmail gmsil gimail gmailcom gemail gmaio",
    "hotmail.com": "hotmial hotmal hotmai homail hotmil hotmaill hotamil hotnail htmail hormail",
    "yahoo.com": "yaho yahooo yhoo yahho uahoo yhaoo tahoo yahpo yaoo",
    "outlook.com": "outlok outloook outook oulook outllok otlook",
    "icloud.com": "iclould icoud iclod icluod icloude",
    "comcast.net": "comcas comcat concast comacst comcst",
    "sbcglobal.net": "sbcgloble sbcglobel sbclobal sbcgobal",
    "verizon.net": "verzon verizion verison",
}
_MISSPELLED = {word: domain for domain, words in _DOMAINS.items() for word in words.split()}
_RIGHT = {domain.partition(".")[0]: domain for domain in _DOMAINS}
_ENDINGS = {
    "con": "com", "cm": "com", "om": "com", "comm": "com", "cmo": "com", "ocm": "com", "vom": "com", "xom": "com",
    "coom": "com", "ccom": "com", "cpm": "com", "clm": "com", "ner": "net", "nte": "net", "ent": "net", "nett": "net",
    "ogr": "org", "orgg": "org",
}  # fmt: skip
"""Misspelled ends of a domain. `.cm` and `.om` are countries, too, so they count only after a known name."""
_COUNTRIES = {"cm", "om", "co"}
_ADDRESS = re.compile(r"[^\s<>()\[\]{},;:|/\\\"@]+@[^\s<>()\[\]{},;:|/\\\"@]+")
_EDGE = " \t\r\n.,;:<>()[]\"'"


def emails(contacts: pd.DataFrame) -> Fix:
    """Remove spaces and prefixes from e-mail addresses, and list those that are not real or may be misspelled.

    Parameters
    ----------
    contacts : DataFrame
        Contacts of customers, locations or bookings. Rows of the type `Email` are checked, or all rows if there is no
        column `type`.

    Returns
    -------
    Fix
        The rows before and after, the changes, and the skipped addresses with the reason.

    Raises
    ------
    UsageError
        The column `value` is missing.

    Notes
    -----
    The part before the @ keeps its case, because the domain's owner decides whether it matters. A misspelled domain,
    such as `gmial.com`, is only suggested, in the column `suggestion` of `skipped`: it may belong to somebody.
    Addresses such as `none@none.com`, several addresses in one cell, and addresses with an invalid syntax are skipped.
    No server is contacted.

    Examples
    --------
    >>> fix = stcrm.cleaning.emails(pd.DataFrame({"id": [1, 2], "value": [" mailto:Ann@Example.COM", "ann@gmial.com"]}))
    >>> fix.after["value"].tolist(), fix.skipped["suggestion"].tolist()
    (['Ann@example.com', 'ann@gmial.com'], ['ann@gmail.com'])
    """
    require_columns(contacts, "emails", ("value",), "crm.customers.list_contacts()")
    rows = contacts["type"] == "Email" if "type" in contacts else None
    return apply_to(RECIPE, contacts, [ColumnCheck("value", correct_email, rows=rows)], {})


@lru_cache(maxsize=200_000)
def correct_email(value: Any) -> Verdict:
    """Decide about one e-mail address.

    >>> correct_email("Ann @ Example.com")
    Changed(new='Ann@example.com', what='spaces, case of the domain')
    >>> correct_email("ann@gmail.con")
    Skipped(reason='the domain may be misspelled', suggestion='ann@gmail.com')
    """
    if not isinstance(value, str) or not value.strip():
        return None
    visible = "".join(letter for letter in value if unicodedata.category(letter) != "Cf")
    text, done = visible.strip(), []
    if visible != value:
        done.append("invisible characters")
    if text != visible:
        done.append("spaces")
    if text.casefold().startswith("mailto:"):
        text = text[len("mailto:") :].strip()
        done.append("mailto:")
    if text.count("@") == 1:
        close = re.sub(r"\s*@\s*", "@", text)
        if close != text:
            done.append("spaces")
        text = close
    if (bare := text.strip(_EDGE)) != text and _ADDRESS.fullmatch(bare):
        text = bare
        done.append("punctuation around the address")
    return _judged(value, text, done)


def _judged(value: str, text: str, done: list[str]) -> Verdict:
    addresses = [address.strip(".'") for address in _ADDRESS.findall(text)]
    if len(addresses) > 1 or text.count("@") > 1:
        return Skipped("two addresses in one cell" if len(addresses) > 1 else "more than one @")
    if "@" not in text:
        return Skipped(_without_at(text))
    if not addresses or addresses[0] != text:
        address = next(iter(addresses), None)
        suggestion = _lower_domain(address) if address and is_valid_address(address.casefold()) else None
        return Skipped("other text beside the address" if address else "not a valid address", suggestion)
    new = _lower_domain(text)
    if new != text:
        done.append("case of the domain")
    name, _, domain = new.partition("@")
    if is_placeholder(new.casefold()):
        return Skipped("not a real address")
    if suggestion := _suggested(name, domain):
        return Skipped("the domain may be misspelled", suggestion)
    if not is_valid_address(new) or domain[-2:-1] == ".":
        return Skipped("not a valid address")
    return None if new == value else Changed(new, ", ".join(dict.fromkeys(done)))


def _lower_domain(address: str) -> str:
    name, _, domain = address.partition("@")
    return f"{name}@{domain.lower()}"


def _suggested(name: str, domain: str) -> str | None:
    """Return the address that was probably meant; None if the domain looks right."""
    host, dot, end = domain.rpartition(".")
    if not dot:
        return f"{name}@{_RIGHT[domain]}" if domain in _RIGHT else _joined(name, domain)
    known = _MISSPELLED.get(host) or _RIGHT.get(host)
    right = _ENDINGS.get(end, end)
    if known is None:
        return f"{name}@{host}.{right}" if right != end and end not in _COUNTRIES else None
    if host in _MISSPELLED and right in ("com", "net", "co"):
        return f"{name}@{known}"
    if host in _RIGHT and (right != end or (end == "co" and host == "gmail")):
        return f"{name}@{known}"
    return None


def _joined(name: str, domain: str) -> str | None:
    """Return the address if only the dot of the domain is missing, as in `gmailcom`."""
    return next((f"{name}@{right}" for right in _RIGHT.values() if domain == right.replace(".", "")), None)


def _without_at(text: str) -> str:
    if sum(map(str.isdigit, text)) >= 7 and not re.search("[A-Za-z]{2}", text):
        return "a phone number in place of an e-mail address"
    return "no @"
