"""Why a pair has its kind, in words without the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.matching.levels import LEVELS, NAME, PART

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
