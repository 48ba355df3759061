"""Why a pair has its kind, in words without the values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.matching.comparison import PART

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

NAMES = {
    9: "same name",
    8: "a nickname or middle name",
    7: "an initial for the first name",
    6: "names that differ in spelling",
    5: "names that agree in part",
    4: "only part of a name in one of them",
    3: "same first name",
    2: "same last name",
    1: "a person and a company",
    0: "different name",
}
LEVELS = {
    "phone": {
        "same": "same phone",
        "busy": "a phone that many share",
        "spelling": "phones that differ in one digit",
        "other": "different phone",
    },
    "email": {
        "same": "same e-mail",
        "same, without digits": "same e-mail",
        "busy": "an e-mail that many share",
        "spelling": "e-mails that differ in one letter",
        "other": "different e-mail",
    },
    "address": {
        "same": "same address",
        "crowded": "an address that many share",
        "unit missing": "same address, without a unit in one of them",
        "spelling": "addresses that differ in spelling",
        "other unit": "different unit at the same address",
        "nearby": "different address with the same street or house number",
        "zip": "different address in the same ZIP code",
        "city": "different address in the same city",
        "other": "different address",
    },
}
_AGAINST = ("other", "nearby", "zip", "city", "other unit")


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
        (agreeing if name > 1 else differing).append(NAMES[int(name)])
        if name in (2, 3):
            differing.append("different first name" if name == 2 else "different last name")
    if levels["suffix"] != "same":
        what = "number, letter or direction" if levels["firms"] else "suffix (Jr, Sr)"
        differing.append(f"different {what}" if levels["suffix"] == "both" else f"a {what} in one of them only")
    if levels["couple"] != "same" and not pd.isna(name) and name >= PART:
        differing.append("a couple in one of them only" if levels["couple"] == "one" else "different partners")
    if levels["houses"] is True:
        differing.append("the name of another house")
    if levels["middle"] is True:
        differing.append("different middle initial")
    for column, words in LEVELS.items():
        if isinstance(level := levels[column], str):
            (differing if level in _AGAINST else agreeing).append(words[level])
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
