"""Text for people: counts with nouns, suggestions, spellings that mean the same, and foreign text that is safe. Pure.

Safe text has no control characters and no secrets.
"""

from __future__ import annotations

import base64
import difflib
import re
import unicodedata
from collections.abc import Iterable

_TIME_WORDS = (
    (re.compile("(?:on_or_)?(?:since|after|from)$"), "on_or_after"),
    (re.compile("(?:until|till|to)$"), "before"),
)
"""Words for the start and the end of a period, and how the API's filters spell them."""
_BASE64 = r"(?:[A-Za-z0-9+/_-]|%(?i:2[bf]))"
_SHORTEST = 6
"""Characters that an encoded word must have to be found: shorter ones are in any text."""


def closest(name: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant; None if no name is similar.

    Examples
    --------
    >>> closest("statsu", ["id", "status"])
    'status'
    >>> closest("modified_since", ["modified_before", "modified_on_or_after"])
    'modified_on_or_after'
    """
    by_lower, name = {word.lower(): word for word in names}, name.lower()
    near = difflib.get_close_matches(name, by_lower, 1)
    for word, spelled in _TIME_WORDS:
        if word.search(name):
            alike = [word for word in by_lower if word.endswith(spelled)]
            near = difflib.get_close_matches(word.sub(spelled, name), alike, 1) or near
    return by_lower[near[0]] if near else None


def company_name(tenant: object, environment: object) -> str:
    """Return how to name the company that data belong to.

    Examples
    --------
    >>> company_name(1234567890, "production"), company_name(900000001, "sandbox-1")
    ('tenant 1234567890, production', 'demo company (sandbox)')
    """
    return "demo company (sandbox)" if is_demo(environment) else f"tenant {tenant}, {environment}"


def is_demo(environment: object) -> bool:
    """Return whether data come from a sandbox, whose company is not real.

    Examples
    --------
    >>> is_demo("sandbox-1"), is_demo("production"), is_demo(None)
    (True, False, False)
    """
    return str(environment).startswith("sandbox-")


def plural(count: int, noun: str, many: str = "") -> str:
    """Return a count with its noun, the plural by default with an s.

    Examples
    --------
    >>> plural(1, "lead"), plural(1204, "lead"), plural(2, "inquiry", "inquiries")
    ('1 lead', '1,204 leads', '2 inquiries')
    """
    return f"{int(count):,} {noun if count == 1 else many or f'{noun}s'}"


def printable(text: str, *, keep: str = "") -> str:
    r"""Return a text with escaped control characters, including those that change the direction of writing.

    Parameters
    ----------
    keep : str, default ''
        Characters to keep, such as line ends.

    Examples
    --------
    >>> print(printable("\x1b]0;title\x07 Müller"))
    \x1b]0;title\x07 Müller
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)


def without_words(text: str, words: Iterable[str]) -> str:
    r"""Return a text without some words, including their escaped forms in JSON, URLs and HTML, in base64 and in hex.

    Examples
    --------
    >>> without_words(r"token a\u002Bb, a%2bb, a&#43;b and a+b", ["a+b"])
    'token ..., ..., ... and ...'
    >>> without_words("Basic Y2lkOnMzY3IzdA== and 733363723374", ["s3cr3t"])
    'Basic Y2lk...== and ...'
    """
    for word in sorted(filter(None, words), key=len, reverse=True):
        patterns = ["".join(map(_spellings, word)), *_in_base64(word.encode()), *_in_hex(word.encode())]
        text = re.sub("|".join(patterns), "...", text)
    return text


def _spellings(character: str) -> str:
    """Return a pattern for one character, plain or escaped; each layer of JSON adds backslashes, one of a URL `25`."""
    code = ord(character)
    utf8 = "".join(f"%(?:25){{0,8}}{byte:02x}" for byte in character.encode())
    named = {'"': "quot", "&": "amp", "<": "lt", ">": "gt", "'": "apos"}.get(character)
    escapes = rf"\\{{1,8}}u{code:04x}|{utf8}|&#0{{0,6}}{code};|&#x0{{0,6}}{code:x};" + (f"|&{named};" if named else "")
    return rf"(?:\\{{0,8}}{re.escape(character)}|(?i:{escapes}))"


def _in_base64(word: bytes) -> Iterable[str]:
    """Yield a pattern for each place at which a word can begin in what was encoded."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + word).rstrip(b"=").decode()
        # One character at each end may depend on the word and on what is beside it.
        sure = encoded[(before * 8 + 5) // 6 : (before + len(word)) * 8 // 6]
        if len(sure) >= _SHORTEST:
            yield rf"{_BASE64}?" + r"\s?".join(map(_signs, sure)) + rf"{_BASE64}?"


def _signs(character: str) -> str:
    """Return a pattern for a character of base64, in both alphabets."""
    other = {"+": "-", "/": "_"}.get(character)
    return rf"(?:{_spellings(character)}|{other})" if other else character


def _in_hex(word: bytes) -> Iterable[str]:
    if 2 * len(word) >= _SHORTEST:
        yield "(?i:" + r"[\s:,-]{0,2}(?:0x|\\{1,8}x)?".join(f"{byte:02x}" for byte in word) + ")"


def spelling_key(text: str) -> str:
    """Return the letters and digits of a text, in lower case and without accents.

    >>> spelling_key("E-mail  Dormant") == spelling_key("EMAIL dormant"), spelling_key("Café 24/7")
    (True, 'cafe247')
    """
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if letter.isalnum())
