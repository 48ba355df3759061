"""How one pair compares: values, levels and weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stcrm_pandas.cleaning.matching.comparison import create_compared
from stcrm_pandas.cleaning.matching.levels import LEVELS, NAME
from stcrm_pandas.cleaning.matching.reasons import describe
from stcrm_pandas.cleaning.matching.scores import create_judged, prior_of, weight_of
from stcrm_pandas.mirror.queries import private_duckdb

_VALUES = ("company", "suffix", "f1", "m1", "l1", "o1", "f2", "m2", "l2", "o2")
_PLACE = ("number", "street", "unit", "zip", "city")
"""The parts of an address that a decision is about. More of them would make each earlier decision one about others."""
_LINE = ("number", "heading", "street", "way", "unit", "zip", "city")


def values_of(tables: Mapping[str, pa.Table], one: int, other: int) -> str:
    """Return the compared values of two records as one text, which does not depend on the order of the two."""
    return "\n".join(sorted(_values(tables, record) for record in (one, other)))


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
    found = {tuple(row[name] for name in names) for row in rows}
    return sorted(found, key=lambda parts: [(part is not None, part or "") for part in parts])


def _known(values: list[str | None] | None) -> list[str]:
    return sorted(filter(None, values or []))


def explain(tables: Mapping[str, pa.Table], one: int, other: int, records: int) -> pd.DataFrame:
    """Return the comparison of two records: `compared`, `value_1`, `value_2`, `comparison`, `weight`."""
    a, b = sorted((one, other))
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
            *(_name(tables, record) for record in (one, other)),
            "missing" if judged["name"] is None else NAME[~judged["name"]].reason,
            judged["name_weight"],
        )
    ]
    for column, title in (("phone", "phone"), ("email", "e-mail"), ("address", "address")):
        level = judged[column]
        values = (_shown(tables, record, column) for record in (one, other))
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
        values = [" ".join(filter(None, one)) for one in _addresses(tables, record, _LINE)]
        values = values or [*_known(row["zips"]), *_known(row["cities"])]
    else:
        values = sorted((row[f"{column}s"] or []) + (row[f"busy_{column}s"] or []))
    return ", ".join(values) or None
