"""Text from elsewhere, made safe to show: no escape sequence reaches a terminal, and no secret is repeated. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["printable", "without_words"]


def printable(text: str, *, keep: str = "") -> str:
    r"""Return a text in which control characters, and those that turn the writing around, are spelled out.

    Parameters
    ----------
    keep : str, default ''
        Characters that stay as they are, as a line end.

    Examples
    --------
    >>> print(printable("\x1b]0;title\x07 Müller"))
    \x1b]0;title\x07 Müller
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text)


def without_words(text: str, words: Iterable[str]) -> str:
    r"""Return a text without some words, however their characters are written: as JSON, a URL or HTML escapes them.

    Examples
    --------
    >>> without_words(r"token a\u002Bb, a%2bb, a&#43;b and a+b", ["a+b"])
    'token ..., ..., ... and ...'
    """
    for word in sorted(filter(None, words), key=len, reverse=True):
        text = re.sub("".join(map(_spellings, word)), "...", text)
    return text


def _spellings(character: str) -> str:
    """A pattern for one character, plain or escaped; of several layers of JSON each adds backslashes."""
    code = ord(character)
    utf8 = "".join(f"%{byte:02x}" for byte in character.encode())
    named = {'"': "quot", "&": "amp", "<": "lt", ">": "gt", "'": "apos"}.get(character)
    escapes = rf"\\{{1,8}}u{code:04x}|{utf8}|&#0{{0,6}}{code};|&#x0{{0,6}}{code:x};" + (f"|&{named};" if named else "")
    return rf"(?:\\{{0,8}}{re.escape(character)}|(?i:{escapes}))"
