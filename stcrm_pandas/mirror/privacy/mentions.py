"""Find a person's phone numbers and e-mail addresses in texts, however they are written, and erase them there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.mirror.resources import EVERY
from stcrm_pandas.mirror.store import SEQ
from stcrm_pandas.mirror.versions import UNDOCUMENTED

ERASED = "[erased]"
"""What a text has in place of a number or an address that was erased."""

CONTACT_COLUMNS = frozenset(
    {"value", "phone_settings_phone_number", "lead_phone", "lead_email", "campaign_phone_numbers"}
    | {"email", "login_name", "phone_number", "mobile_phone", "outbound_caller_id"}
)
"""Columns of numbers and addresses: what a row has there is its own, and no text about somebody else."""

_AFTER_ESCAPE = r"(?<=\\[nrtbf])|(?<=%[0-9a-f]{2})"
"""A line break in JSON text and a character in a URL end in a letter or a digit, which is no part of what follows."""
_PERCENT = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_IS_END = re.compile(r"(?!\w|-\w|\.\w)")
"""Where an address may end."""
_ESCAPED = re.compile(r"\\+u([0-9a-f]{4})", re.IGNORECASE)
"""A character in JSON text, and in JSON text within JSON text."""
_BETWEEN = r"[\W_]{0,4}"
"""What people write between the digits of a number: any signs, also invisible ones."""
_DIGITS = re.compile(r"\d+")
_LENGTHS = range(5, 19)
"""How many digits a number has, with 00 or 011, the code of its country and a 0 before its area code."""


def columns_of(resource: str) -> list[str]:
    """Return the columns of a resource that can have a number or an address, as a text or as a value of its own."""
    row = EVERY[resource].row
    columns = [
        column.name
        for column in row.columns
        if column.field.kind in ("text", "object") and not column.field.values and column.name not in row.key
    ]
    return [*columns, UNDOCUMENTED]


class Mentions:
    """The places where texts have some numbers and addresses.

    Parameters
    ----------
    values : collection of str
        Numbers in E.164, and addresses in lower case.
    """

    def __init__(self, values: Collection[str]) -> None:
        self.values = values

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        patterns = [_address(value) if "@" in value else _number(value) for value in self.values]
        return re.compile("|".join(patterns), re.IGNORECASE)

    @cached_property
    def _hint(self) -> str:
        """A pattern without boundaries, which Arrow searches for much faster."""
        hints = (
            re.escape(value) if "@" in value else r"\D{0,5}".join(map(_digit, _parts(value)[1]))
            for value in self.values
        )
        return "|".join(hints)

    def is_in(self, text: str) -> bool:
        """Return whether a text has one of them, however a number is written."""
        if not self.values:
            return False
        return any(map(self._pattern.search, (text, _unescaped(text))))

    def in_table(self, table: pa.Table, columns: Iterable[str]) -> Iterator[tuple[str, int, list[str]]]:
        """Yield column, place and texts of each cell in some columns that has one of them."""
        for name in columns if self.values else ():
            if name in table.column_names:
                cells = table.column(name)
                hinted = (
                    pc.match_substring_regex(cells, self._hint, ignore_case=True) if _is_plain(name, cells) else None
                )
                places = pc.indices_nonzero(pc.is_valid(cells) if hinted is None else hinted).to_pylist()
                for place, cell in zip(places, cells.take(pa.array(places, pa.int64())).to_pylist(), strict=True):
                    texts = [text for text in texts_in(name, cell) if self.is_in(text)]
                    if texts:
                        yield name, place, texts

    def erase_in_table(self, table: pa.Table, resource: str) -> tuple[pa.Table, int]:
        """Return a table without them in the texts of a resource, and the number of rows that had one."""
        texts = [name for name in columns_of(resource) if name not in CONTACT_COLUMNS]
        places: dict[str, list[int]] = {}
        for name, place, _ in self.in_table(table, texts):
            places.setdefault(name, []).append(place)
        for name, chosen in places.items():
            cells = table.column(name).to_pylist()
            for place in chosen:
                cells[place] = self.erased(name, cells[place])
            index = table.column_names.index(name)
            field = table.schema.field(index)
            table = table.set_column(index, field, pa.array(cells, field.type))
        rows = sorted({place for chosen in places.values() for place in chosen})
        keys = table.select(list(EVERY[resource].row.key)).take(pa.array(rows, pa.int64()))
        return table, keys.group_by(keys.column_names).aggregate([]).num_rows

    def erased(self, column: str, cell: Any) -> Any:
        """Return a cell without them: a text, a list, a record, or JSON text of undocumented fields."""
        if column == UNDOCUMENTED:
            content = self._erased(orjson.loads(cell), numbers=True)
            return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()
        return self._erased(cell)

    def _erased(self, cell: Any, *, numbers: bool = False) -> Any:
        if isinstance(cell, dict):
            return {name: self._erased(part, numbers=numbers) for name, part in cell.items()}
        if isinstance(cell, (list, tuple)):
            parts = [self._erased(part, numbers=numbers) for part in cell]
            return type(cell)(*parts) if hasattr(cell, "_fields") else type(cell)(parts)
        if numbers and isinstance(cell, int):
            return ERASED if self.is_in(str(cell)) else cell
        if not isinstance(cell, str) or not self.is_in(cell):
            return cell
        text = self._pattern.sub(ERASED, cell)
        return ERASED if self.is_in(text) else text  # its characters are escaped


def texts_in(column: str, cell: Any) -> Iterator[str]:
    """Yield the texts in a cell, also those in lists and records; in undocumented fields numbers as well."""
    if column == UNDOCUMENTED:
        yield from _leaves(orjson.loads(cell), numbers=True) if isinstance(cell, str) else ()
    else:
        yield from _leaves(cell, numbers=False)


def _leaves(cell: Any, *, numbers: bool) -> Iterator[str]:
    if isinstance(cell, (list, tuple, dict)):
        for part in cell.values() if isinstance(cell, dict) else cell:
            yield from _leaves(part, numbers=numbers)
    elif isinstance(cell, str) or (numbers and isinstance(cell, int)):
        yield str(cell)


def contacts_in(column: str, cell: Any) -> Iterator[str]:
    """Yield all that may be a number or an address in a cell, in its normal form; most of it is none.

    Whatever `Mentions` has as values and finds in the cell is among it.
    """
    for text in texts_in(column, cell):
        for form in {text, _unescaped(text), _PERCENT.sub(" ", text)}:
            yield from _addresses_in(form.casefold())
            for digits in set(_runs_in(form)):
                yield from _numbers_of(digits)


def _addresses_in(text: str) -> Iterator[str]:
    for sign in re.finditer("@", text):
        name, domain = re.split(r"[\s@]", text[: sign.start()])[-1], re.split(r"[\s@]", text[sign.end() :])[0]
        ends = [end for end in range(1, len(domain) + 1) if _IS_END.match(domain, end)]
        yield from (f"{name[start:]}@{domain[:end]}" for start in range(len(name)) for end in ends)


def _runs_in(text: str) -> Iterator[str]:
    """Yield the digits of consecutive groups of digits that may be one number."""
    groups = list(_DIGITS.finditer(text))
    for place, first in enumerate(groups):
        digits, end = "", first.start()
        for group in groups[place:]:
            if not re.fullmatch(_BETWEEN, text[end : group.start()]):
                break
            digits, end = digits + "".join(str(int(digit)) for digit in group[0]), group.end()
            if len(digits) in _LENGTHS:
                yield digits
            elif len(digits) >= _LENGTHS.stop:
                break


def _numbers_of(digits: str) -> Iterator[str]:
    """Yield the numbers that digits may mean: in each country, with or without its code and a 0 before the area."""
    import phonenumbers

    for start in {digits, digits.removeprefix("00"), digits.removeprefix("011")}:
        for code in map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
            rests = [start] if start.startswith("0") or len(start) >= 10 else []
            if start.startswith(code):
                rests.append(start.removeprefix(code))
            for rest in rests:
                yield f"+{code}{rest}"
                if rest.startswith("0"):
                    yield f"+{code}{rest[1:]}"


def of_rows(table: pa.Table, resource: str, mentions: Mentions) -> pd.DataFrame:
    """Return `key`, `seq` and `column` of each version of a row that has a number or an address, and its `texts`."""
    keys = list(EVERY[resource].row.key)
    hits = list(mentions.in_table(table, columns_of(resource)))
    rows = table.select([*keys, SEQ]).take(pa.array([place for _, place, _ in hits], pa.int64())).to_pylist()
    mentioned = [
        (tuple(row[name] for name in keys), row[SEQ], column, texts)
        for row, (column, _, texts) in zip(rows, hits, strict=True)
    ]
    return pd.DataFrame(mentioned, columns=["key", "seq", "column", "texts"])


def _is_plain(name: str, cells: pa.ChunkedArray) -> bool:
    return name != UNDOCUMENTED and (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), text)


def _number(value: str) -> str:
    """Return the pattern of a number in every format, but not as a part of a longer one, of an id or of a decimal."""
    code, digits = _parts(value)
    start = rf"(?:(?<!\d)(?!(?<=\d\.)\d{{10}})|{_AFTER_ESCAPE})"
    country, area = rf"(?:(?:\+|00|011){_BETWEEN})?{code}{_BETWEEN}", rf"(?:0{_BETWEEN})?"
    if code == "1":
        before = f"(?:{country})?"
    elif len(digits) >= 10 or digits.startswith("0"):
        before = f"(?:{country})?{area}"  # 020 7946 0958 is +44 20 7946 0958
    else:  # fewer digits alone may be anything
        before = f"(?:{country}{area}|0{_BETWEEN})"
    return rf"{start}(?:\((?=\d{{2,5}}\)))?{before}{_BETWEEN.join(map(_digit, digits))}(?!\d)"


def _parts(value: str) -> tuple[str, str]:
    """Return the code of a number's country, and its other digits."""
    if value.startswith("+1"):
        return "1", value[2:]
    import phonenumbers

    number = phonenumbers.parse(value)
    return str(number.country_code), phonenumbers.national_significant_number(number)


def _digit(digit: str) -> str:
    """Return the pattern of a digit, also as wide as a Chinese character."""
    return f"[{digit}{chr(0xFF10 + int(digit))}]"


def _address(value: str) -> str:
    """Return the pattern of an address, but not as a part of a longer one."""
    start = rf"(?:(?<!\w)(?<!\w['.+-])|{_AFTER_ESCAPE})"
    return rf"{start}{re.escape(value)}{_IS_END.pattern}"
