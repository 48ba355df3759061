"""Phone numbers in usual formats. A number is changed only if it can be read in one way."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pandas as pd
import phonenumbers

from stcrm_pandas.cleaning.recipes.fix import (
    LONGEST,
    Changed,
    ColumnCheck,
    Fix,
    Recipe,
    Skipped,
    Verdict,
    apply_to,
    require_columns,
    with_digits_masked,
)
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import REGION, find_contacts, is_placeholder, is_valid_number
from stcrm_pandas.output.printable import plural

STYLES = ("e164", "national")
TYPES = ("Phone", "MobilePhone", "Fax")
RECIPE = Recipe(
    "phones",
    2,
    "Write valid phone numbers in usual formats, with their extension; list numbers that cannot be dialed as they are.",
    ("phone", "phones"),
    "reformatted",
    {1: {"style": "e164"}},
)

_LABEL = "cell|cellular|mobile|home|work|office|main|phone|telephone|tel|ph|fax|number|no"
_BEFORE = re.compile(rf"(?:(?:{_LABEL})(?:\s+phone)?\b\s*[.:#\-]*\s*)+", re.IGNORECASE)
_AFTER = re.compile(rf"\s*[(\-]?\s*\b(?:{_LABEL})\b\s*[.)]*$", re.IGNORECASE)
_EXTENSION = re.compile(r"(?<=\d)[\s,;.]*(?:extension|ext|x|#|;ext=)[\s.:#]*(\d{1,7})$", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"\+?\d(?:[.,]\d+)?\s*e\s*[+\-]?\s*\d{1,2}", re.IGNORECASE)
_MASK = re.compile(r"[*•#_?]{2,}|\b[xX]{2,}|[xX]{3,}|(?<=\d)[*•_?]|[*•_?](?=\d)")
_LIKE_DIGITS = str.maketrans("OoQIlSB", "0001158")
_WITH_LETTERS = re.compile(r"\+?[\dOoQIlSB\s().\-/]+")
_TWO = re.compile(
    r"\d{3}\D{0,3}\d{4}\s*(?:/|\\|,|;|&|\||\bor\b|\band\b|\s)\s*(?:\+?1[\s.\-]*)?\(?\d{3}\)?\D{0,3}\d{3}[\s.\-]*\d"
)
_PLAIN = re.compile(r"[\d\s().\-/+]+")
_CODE_IN_BRACKETS = re.compile(r"^\(\s*\+\s*(\d{1,3})\s*\)")
_AS_NUMBER = re.compile(r"(\+?\d{10,15})\.0+")
_DO_NOT_TEXT = "do not text: ServiceTitan may drop this setting if the digits change"
_AREA_CODE = "not a valid number: an area code does not start with 0 or 1"


def phones(contacts: pd.DataFrame, *, region: str = REGION, style: str | None = None) -> Fix:
    """Write valid phone numbers in usual formats, or in one, and list those that cannot be dialed as they are.

    Parameters
    ----------
    contacts : DataFrame
        Contacts of customers, locations or bookings. Rows of the types `Phone`, `MobilePhone` and `Fax` are checked,
        or all rows if there is no column `type`.
    region : str, default REGION
        The country (`"US"` by default) of numbers without a country code, as two letters, such as `"US"` or `"CA"`.
    style : str, optional
        By default, each format that at least 10% of the valid numbers have, in these rows, is left as it is, and so is
        `+15125550101`. Other numbers of the United States and Canada get the most frequent of these formats, and those
        of other countries `+442079460018`. Formats count from 20 valid numbers on; with fewer, the default is
        `"e164"`. `"e164"` writes `+15125550101`, which means the same number in every country. `"national"` writes
        `(512) 555-0101` for numbers of the region, and `+44 20 7946 0018` for others. An extension follows as ` x12`.

    Returns
    -------
    Fix
        The rows before and after, the changes, and the skipped numbers with the reason.

    Raises
    ------
    UsageError
        A column is missing, or the region or the style is unknown.

    Notes
    -----
    A label such as `cell:`, the prefix `001` and the `.0` of a spreadsheet are removed. A number is skipped if it is
    not valid in its country's numbering plan (libphonenumber), has too few or too many digits, is a placeholder or
    masked, contains a letter, was rounded by a spreadsheet, or shares its cell with another number or a remark. A
    number that must not be texted is skipped if its digits would change, as with `001` and `.0`: ServiceTitan stores
    that setting by number, and the API cannot set it.

    Examples
    --------
    >>> contacts = crm.customers.list_contacts()
    >>> fix = stcrm.cleaning.phones(contacts)
    >>> fix.summary()
    '... of ... phones reformatted, ... skipped'
    >>> plan = crm.customers.plan_contact_changes(fix.before, fix.after, reason="phones")
    >>> set(plan.changes["column"])
    {'value'}

    Half of these numbers are written in one way and 45% in another, so both are left as they are:

    >>> values = ["(512) 555-0101"] * 10 + ["512-555-0102"] * 9 + ["cell: 512.555.0103"]
    >>> contacts = pd.DataFrame({"id": range(20), "value": values})
    >>> stcrm.cleaning.phones(contacts).changes["new"].tolist()
    ['(512) 555-0103']
    >>> len(stcrm.cleaning.phones(contacts, style="e164").changes)
    20
    """
    require_columns(contacts, "phones", ("value",), "crm.customers.list_contacts()")
    if style not in (None, *STYLES):
        raise UsageError(f"phones: style must be {' or '.join(map(repr, STYLES))}, not {style!r}.")
    if not isinstance(region, str) or region not in phonenumbers.SUPPORTED_REGIONS:
        raise UsageError(f"phones: region must be a country as two capital letters, such as 'US', not {region!r}.")
    rows = contacts["type"].isin(TYPES) if "type" in contacts else None
    values = contacts["value"] if rows is None else contacts.loc[rows.to_numpy(dtype=bool), "value"]
    forms = _usual_forms(values, region) if style is None else Forms(())

    def decide(value: Any, do_not_text: Any) -> Verdict:
        verdict = correct_phone(value, region, style or "e164")
        if isinstance(verdict, Changed) and forms.kept:
            if forms.have(value, verdict.new):
                return None
            new = forms.written(verdict.new)
            verdict = Changed(new, _what(value, new))
        if do_not_text and isinstance(verdict, Changed) and _digits(value) != _digits(verdict.new):
            return Skipped(_DO_NOT_TEXT, verdict.new)
        return verdict

    return apply_to(
        RECIPE,
        contacts,
        [ColumnCheck("value", decide, ("phone_settings_do_not_text",), rows)],
        {"region": region, "style": style},
    )


@lru_cache(maxsize=200_000)
def correct_phone(value: Any, region: str = REGION, style: str = "e164") -> Verdict:
    """Decide about one phone number.

    >>> correct_phone("cell: 001 (512) 555-0101 ext. 12")
    Changed(new='+15125550101 x12', what='cell: 000 (000) 000-0000 ext. 00 → +10000000000 x00')
    >>> correct_phone("512-555-O1O1")
    Skipped(reason='a letter among the digits', suggestion='+15125550101')
    """
    if not isinstance(value, str) or not value.strip():
        return None
    text = value
    if not value.isascii():
        text = unicodedata.normalize("NFKC", value)
        text = "".join("-" if unicodedata.category(letter) == "Pd" else letter for letter in text)
        text = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    text = " ".join(text.split())
    verdict = _read(text, region)
    if isinstance(verdict, Skipped):
        return verdict
    number, extension = verdict
    new = _written(number, region, style) + (f" x{extension}" if extension else "")
    return None if new == value else Changed(new, _what(value, new))


def _usual_forms(values: pd.Series[Any], region: str) -> Forms:
    """Return the forms that at least a tenth of the valid numbers among these values have."""
    counts: Counter[str | None] = Counter()
    for text in values.tolist():
        if isinstance(text, str) and len(text) <= LONGEST and text.strip():
            verdict = correct_phone(text, region)
            if not isinstance(verdict, Skipped):
                counts[form_of(text, text if verdict is None else verdict.new)] += 1
    every = counts.total()
    if every < FEWEST:
        return Forms(())
    return Forms(tuple(form for form, count in counts.most_common() if form is not None and count >= SHARE * every))


def _read(text: str, region: str) -> Skipped | tuple[phonenumbers.PhoneNumber, str]:
    """Return the number in a text and its extension, or why it is skipped."""
    if "@" in text:
        return Skipped("an e-mail address in place of a phone number")
    if _SCIENTIFIC.fullmatch(text):
        return Skipped("rounded by a spreadsheet: the last digits are lost")
    if not any(letter.isdigit() for letter in text) and not _MASK.search(text):
        return Skipped("no digits")
    text = _AFTER.sub("", _BEFORE.sub("", text, count=1) if _BEFORE.match(text) else text).strip()
    text, extension = _without_extension(text)
    if _MASK.search(text):
        return Skipped("masked: some digits are hidden")
    text = _CODE_IN_BRACKETS.sub(r"+\1 ", text)
    if as_number := _AS_NUMBER.fullmatch(text):
        text = as_number.group(1)
    if _TWO.search(text):
        return Skipped("two numbers in one cell")
    if not _PLAIN.fullmatch(text):
        return _with_other_characters(text, region)
    digits = re.sub(r"\D", "", text)
    if is_placeholder(f"+{digits}" if text.startswith("+") else digits):
        return Skipped("a placeholder, not a number")
    if text.count("+") > 1 or text.find("+") > 0:
        return Skipped("two numbers in one cell" if len(digits) > 12 else "a plus sign within the number")
    american = phonenumbers.country_code_for_region(region) == 1
    if american and not text.startswith("+") and (reason := _wrong_length(digits)):
        return reason
    number = _parsed(text, digits, region, american=american)
    if number is None or not _keeps_digits(number, digits):
        return Skipped("not a valid number")
    if not is_valid_number(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)):
        return Skipped(_why_invalid(number))
    return number, extension


def _without_extension(text: str) -> tuple[str, str]:
    """Return a text without its extension, and the extension."""
    match = _EXTENSION.search(text)
    if match is None or sum(map(str.isdigit, text[: match.start()])) < 7:
        return text, ""
    return text[: match.start()].rstrip(" ,;.-"), match.group(1)


def _with_other_characters(text: str, region: str) -> Skipped:
    digits = sum(map(str.isdigit, text))
    if _WITH_LETTERS.fullmatch(text) and digits >= 5:
        meant = _read(text.translate(_LIKE_DIGITS), region)
        suggestion = None if isinstance(meant, Skipped) else _written(meant[0], region, "e164")
        return Skipped("a letter among the digits", suggestion)
    if re.fullmatch(r"[\d\s().\-+]*\d{3}[\s().\-]*[A-Za-z\d\-]{7,}", text) and re.search("[A-Za-z]{3}", text):
        return Skipped("letters in place of digits")
    if digits < 7:
        return Skipped("text in place of a number")
    numbers = [number for number in find_contacts(text) if is_valid_number(number)]
    return Skipped("a remark beside the number", numbers[0] if len(numbers) == 1 else None)


def _wrong_length(digits: str) -> Skipped | None:
    """Return why a North American number without a plus sign cannot be one, by its first digits and its length."""
    if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1"):
        return Skipped(_AREA_CODE) if digits[-10] in "01" else None
    if digits.startswith(("001", "011")):
        return None
    if len(digits) == 7:
        return Skipped("7 digits: the area code is missing")
    if len(digits) < 10:
        return Skipped(f"{plural(len(digits), 'digit')}: too few")
    if len(digits) == 11:
        return Skipped("11 digits that do not start with 1")
    return Skipped("two numbers in one cell" if len(digits) in (20, 21, 22) else f"{len(digits)} digits: too many")


def _parsed(text: str, digits: str, region: str, *, american: bool) -> phonenumbers.PhoneNumber | None:
    if american and digits.startswith("001") and not text.startswith("+"):
        text, digits = f"+{digits[2:]}", digits[2:]
    usual = ""
    if text.startswith("+1") or (american and not text.startswith("+")):
        usual = digits.removeprefix("1") if len(digits) == 11 else digits
    if len(usual) == 10 and usual[0] not in "01":  # as libphonenumber reads it, in less time
        return phonenumbers.PhoneNumber(country_code=1, national_number=int(usual))
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _keeps_digits(number: phonenumbers.PhoneNumber, digits: str) -> bool:
    """Return whether all digits are in the number, but for prefixes of the country and of calls abroad."""
    national = phonenumbers.national_significant_number(number)
    return digits.endswith(national) and set(digits[: -len(national)]) <= set(f"01{number.country_code}")


def _why_invalid(number: phonenumbers.PhoneNumber) -> str:
    national = str(number.national_number)
    if number.country_code == 1 and len(national) == 10:
        if national[0] in "01":
            return _AREA_CODE
        if national[3] in "01":
            return "not a valid number: after the area code, a number does not start with 0 or 1"
        return "not a valid number: no such area code"
    return "not a valid number"


def _written(number: phonenumbers.PhoneNumber, region: str, style: str) -> str:
    formats = phonenumbers.PhoneNumberFormat
    if style == "e164":
        return phonenumbers.format_number(number, formats.E164)
    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    return phonenumbers.format_number(number, formats.NATIONAL if at_home else formats.INTERNATIONAL)


def _digits(value: str) -> str:
    """Return the digits of a number without the country code 1: ServiceTitan keeps `do not text` with them."""
    return re.sub(r"\D", "", value).removeprefix("1")


def _what(old: str, new: str) -> str:
    return f"{_shape(old)} → {_shape(new)}"


def _shape(value: str) -> str:
    return with_digits_masked(re.sub(r"[^\W\d_]{2,}", lambda word: word.group().lower(), value))


FEWEST = 20
"""Number of valid numbers from which on the forms of a company count."""
SHARE = 0.1
"""Share of the valid numbers that have a form, from which on it is one of the company's."""

_FORM = re.compile(r"[+(]?\d(?:[\d().\-/]| (?! ))*\d", re.ASCII)
_WITHOUT_MARKS = dict.fromkeys(map(ord, "+().-/ "))
_WRITTEN_EXTENSION = re.compile(r" x\d{1,7}$", re.ASCII)


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
        form = next((form for form in self.kept if re.match(r"[^+]|\+1", form)), None)
        number = _WRITTEN_EXTENSION.sub("", e164)
        if form is None or not number.startswith("+1"):
            return e164
        digits = iter(number[-sum(map(str.isdigit, form)) :])
        return re.sub(r"\d", lambda _: next(digits), form) + e164[len(number) :]


@lru_cache(maxsize=200_000)
def form_of(value: str, e164: str) -> str | None:
    """Return the form of a number, with each digit as 0; None if it has letters, spare spaces or spare digits.

    >>> form_of("(512) 555-0101 x12", "+15125550101 x12"), form_of("5125550101.0", "+15125550101")
    ('(000) 000-0000', None)
    """
    number, full = ((_WRITTEN_EXTENSION.sub("", text) if " x" in text else text) for text in (value, e164))
    if not _FORM.fullmatch(number) or not full.endswith(number.translate(_WITHOUT_MARKS).removeprefix("0")):
        return None
    return with_digits_masked(number)
