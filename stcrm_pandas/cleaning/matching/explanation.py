"""Why a pair has its kind, in words without the values, and how one pair compares: values, levels and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.cleaning.matching.comparison import create_compared
from stcrm_pandas.cleaning.matching.levels import LEVELS, NAME, PART
from stcrm_pandas.cleaning.matching.scores import create_judged, prior_of, weight_of
from stcrm_pandas.mirror.queries import private_duckdb

KINDS = {
    "same person": "Same person twice",
    "same company": "Same company twice",
    "renamed": "Perhaps one person under two last names",
    "incomplete name": "One name is incomplete",
    "household": "Two people in one household",
    "parent and child": "Two people with the same name, perhaps parent and child",
    "owner and company": "A person and a company",
    "branch": "Branches of one company",
    "other unit": "Two units in one building",
    "sold house": "The same address, different people",
    "shared office": "Two companies at one address",
    "shared contact": "Different names with a shared contact",
    "same name": "Two customers with the same name",
    "different": "Different customers",
}
"""The kinds of pairs, as a reason starts with them."""


def describe(levels: Mapping[str, Any]) -> str:
    """Return the reason of a pair.

    Parameters
    ----------
    levels : mapping
        `kind`; `name`, `phone`, `email` and `address` (the levels); `suffix` ("same", "one" or "both"), `couple`
        ("same", "one" or "other"), `middle` (whether the middle initials differ), `houses` (whether the names say
        different houses) and `firms` (whether both are companies).

    Examples
    --------
    >>> levels = {"kind": "household", "name": 2, "phone": "same", "email": "same", "address": "same"}
    >>> describe(levels | {"suffix": "same", "couple": "same", "middle": False, "houses": False, "firms": False})
    'Two people in one household: same last name, same phone, same e-mail, same address; but different first name'
    """
    agreeing: list[str] = []
    differing: list[str] = []
    name = levels["name"]
    if not pd.isna(name):
        level = NAME[~int(name)]
        (agreeing if level.agrees else differing).append(level.reason)
        if level.but:
            differing.append(level.but)
    if levels["suffix"] != "same":
        what = "number, letter or direction" if levels["firms"] else "suffix (Jr, Sr)"
        differing.append(f"different {what}" if levels["suffix"] == "both" else f"a {what} in one of them only")
    if levels["couple"] != "same" and not pd.isna(name) and name >= PART:
        differing.append("a couple in one of them only" if levels["couple"] == "one" else "different partners")
    if levels["houses"] is True:
        differing.append("the name of another house")
    if levels["middle"] is True:
        differing.append("different middle initial")
    for column, known in LEVELS.items():
        if isinstance(levels[column], str):
            level = known[levels[column]]
            (agreeing if level.agrees else differing).append(level.reason)
    text = KINDS[levels["kind"]]
    if agreeing:
        text += f": {', '.join(agreeing)}"
    if differing:
        text += f"{'; but' if agreeing else ':'} {', '.join(differing)}"
    return text


def reasons_of(judged: pd.DataFrame) -> pd.Series:
    """Return the reason of each pair; each combination of levels is described once."""
    columns = ["kind", "name", "phone", "email", "address", "suffix", "couple", "middle", "houses", "firms"]
    group = judged.groupby(columns, dropna=False, sort=False).ngroup()
    first = ~group.duplicated()
    rows = judged.loc[first, columns].astype(object).to_dict("records")
    texts = pd.Series(
        [describe({str(name): value for name, value in row.items()}) for row in rows], index=group[first], dtype="str"
    )
    return texts.loc[group].set_axis(judged.index)


_VALUES = ("company", "suffix", "f1", "m1", "l1", "o1", "f2", "m2", "l2", "o2")
_PLACE = ("number", "street", "unit", "zip", "city")
"""The parts of an address that a decision is about. More of them would make each earlier decision one about others."""
_LINE = ("number", "heading", "street", "way", "unit", "zip", "city")


def values_of(tables: Mapping[str, pa.Table], first: int, second: int) -> str:
    """Return the compared values of two records as one text, which does not depend on the order of the two."""
    return "\n".join(sorted(_values(tables, record) for record in (first, second)))


def _values(tables: Mapping[str, pa.Table], record: int) -> str:
    row = _record(tables, record)
    parts: list[Any] = [row[name] for name in _VALUES]
    parts += [sorted((row[name] or []) + (row[f"busy_{name}"] or [])) for name in ("phones", "emails")]
    return repr([*parts, _addresses(tables, record, _PLACE), _known(row["zips"]), _known(row["cities"])])


def _record(tables: Mapping[str, pa.Table], record: int) -> dict[str, Any]:
    rows: list[dict[str, Any]] = tables["features"].slice(record, 1).to_pylist()
    return rows[0]


def _addresses(tables: Mapping[str, pa.Table], record: int, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    keyed = tables["keyed"]
    rows = keyed.filter(pc.equal(keyed["i"], record)).to_pylist()
    places = {tuple(row[name] for name in names) for row in rows}
    return sorted(places, key=lambda parts: [(part is not None, part or "") for part in parts])


def _known(values: list[str | None] | None) -> list[str]:
    return sorted(filter(None, values or []))


def explain(tables: Mapping[str, pa.Table], first: int, second: int, records: int) -> pd.DataFrame:
    """Return the comparison of two records: `compared`, `value_1`, `value_2`, `comparison`, `weight`."""
    a, b = sorted((first, second))
    with private_duckdb("cleaning") as db:
        for name in ("features", "keyed"):
            table = tables[name]
            db.register(name, table.filter(pc.is_in(table["i"], pa.array([a, b], table["i"].type))))
        db.register("sizes", tables["sizes"])
        db.register("pair", pa.table({"a": pa.array([a], pa.int32()), "b": pa.array([b], pa.int32())}))
        create_compared(db, "pair")
        create_judged(db, records)
        (judged,) = db.sql("SELECT * FROM judged").to_arrow_table().to_pylist()
    rows = [
        (
            "name",
            *(_name(tables, record) for record in (first, second)),
            "missing" if judged["name"] is None else NAME[~judged["name"]].reason,
            judged["name_weight"],
        )
    ]
    for column, title in (("phone", "phone"), ("email", "e-mail"), ("address", "address")):
        level = judged[column]
        values = (_shown(tables, record, column) for record in (first, second))
        text = LEVELS[column][level].reason if level else "missing"
        rows.append((title, *values, text, weight_of(column, level, tables["sizes"]["growth"][0].as_py())))
    rows.append(("before the comparison", None, None, f"{records:,} customers", prior_of(records)))
    total = judged["weight"] + prior_of(records)
    rows.append(("total", None, None, f"probability {judged['probability']:.3f} for this kind", total))
    rows.append(("result", None, None, f"{judged['tier']}, {judged['kind']}. {describe(judged)}", None))
    frame = pd.DataFrame(rows, columns=["compared", "value_1", "value_2", "comparison", "weight"])
    texts = dict.fromkeys(("compared", "value_1", "value_2", "comparison"), "str")
    return frame.astype(texts | {"weight": "Float64"}).round({"weight": 1})


def _name(tables: Mapping[str, pa.Table], record: int) -> str | None:
    row = _record(tables, record)
    if row["company"]:
        return str(row["company"])
    people = [" ".join(filter(None, (row[f"f{n}"], row[f"m{n}"], row[f"l{n}"]))) for n in (1, 2) if row[f"l{n}"]]
    return " ".join(filter(None, (" & ".join(people), row["suffix"]))) or None


def _shown(tables: Mapping[str, pa.Table], record: int, column: str) -> str | None:
    row = _record(tables, record)
    if column == "address":
        values = [" ".join(filter(None, parts)) for parts in _addresses(tables, record, _LINE)]
        values = values or [*_known(row["zips"]), *_known(row["cities"])]
    else:
        values = sorted((row[f"{column}s"] or []) + (row[f"busy_{column}s"] or []))
    return ", ".join(values) or None
