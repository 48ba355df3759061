"""The forms in which a company writes its phone numbers: those that many of them have are as good as one format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stcrm_pandas.cleaning.recipes.cells import pattern

FEWEST = 20
"""Number of valid numbers from which on the forms of a company count."""
SHARE = 0.1
"""Share of the valid numbers that have a form, from which on it is one of the company's."""

_FORM = re.compile(r"[+(]?\d(?:[\d().\-/]| (?! ))*\d", re.ASCII)
_EXTENSION = re.compile(r" x\d{1,7}$", re.ASCII)


@dataclass(frozen=True)
class Forms:
    """The forms that many numbers have, most frequent first, such as `(000) 000-0000`."""

    kept: tuple[str, ...]

    def have(self, value: str, e164: str) -> bool:
        """Return whether a number is written in one of the forms; an extension follows as ` x12`."""
        return form_of(value, e164) in self.kept

    def written(self, e164: str) -> str:
        """Return a number of the United States or Canada in the most frequent form, and others as they are.

        >>> Forms(("(000) 000-0000",)).written("+15125550101 x12"), Forms(("000.000.0000",)).written("+442079460018")
        ('(512) 555-0101 x12', '+442079460018')
        """
        form = next((one for one in self.kept if re.match(r"[^+]|\+1", one)), None)
        number = _EXTENSION.sub("", e164)
        if form is None or not number.startswith("+1"):
            return e164
        digits = iter(number[-sum(map(str.isdigit, form)) :])
        return re.sub(r"\d", lambda _: next(digits), form) + e164[len(number) :]


def form_of(value: str, e164: str) -> str | None:
    """Return the form of a number, with each digit as 0; None if it has letters, spare spaces or spare digits.

    >>> form_of("(512) 555-0101 x12", "+15125550101 x12"), form_of("5125550101.0", "+15125550101")
    ('(000) 000-0000', None)
    """
    number, full = _EXTENSION.sub("", value), _EXTENSION.sub("", e164)
    if not _FORM.fullmatch(number) or not full.endswith(re.sub(r"\D", "", number).removeprefix("0")):
        return None
    return pattern(number)


def forms_of(numbers: Iterable[tuple[str, str]]) -> Forms:
    """Return the forms that at least a tenth of the numbers have: each as it is written, and in E.164.

    >>> forms_of([("512-555-0101", "+15125550101")] * 19 + [("512.555.0102", "+15125550102")])
    Forms(kept=('000-000-0000',))
    """
    found = [form_of(value, e164) for value, e164 in numbers]
    if len(found) < FEWEST:
        return Forms(())
    counts = Counter(one for one in found if one is not None)
    return Forms(tuple(form for form, count in counts.most_common() if count >= SHARE * len(found)))
