"""How texts are compared that people write in several ways: without case, accents, spaces and punctuation."""

from __future__ import annotations

import unicodedata

__all__ = ["spelling_key"]


def spelling_key(text: str) -> str:
    """Return the letters and digits of a text, in lower case and without accents.

    >>> spelling_key("E-mail  Dormant") == spelling_key("EMAIL dormant"), spelling_key("Café 24/7")
    (True, 'cafe247')
    """
    return "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if one.isalnum())
