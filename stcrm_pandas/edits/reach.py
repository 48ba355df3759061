"""Numbers and addresses by which people are reached, in one spelling each. Pure.

>>> spelling("(512) 555-0101"), spelling("+1 512.555.0101"), spelling(" Ann@Example.COM ")
('+15125550101', '+15125550101', 'ann@example.com')
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import phonenumbers

REGION = "US"
"""Where a number without a country's code is dialled; the same plan of numbers holds in Canada."""


@lru_cache(maxsize=200_000)
def spelling(value: Any, region: str = REGION) -> str | None:
    """A number in E.164 or an address in small letters, so that two spellings of one are equal; None where it is none.

    An extension is left out: whoever asks not to be called means the number.

    Parameters:
        value: as somebody wrote it.
        region: where a number without a country's code belongs.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    if "@" in value:
        return value.strip().removeprefix("mailto:").casefold()
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def alike(one: Any, other: Any) -> bool:
    """Whether two values reach the same; unreadable ones only if they are equal as they stand."""
    if one == other:
        return True
    first = spelling(one)
    return first is not None and first == spelling(other)
