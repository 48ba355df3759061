"""Each group against all others together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from stcrm_pandas.analysis.statistics import benjamini_hochberg, two_proportions

__all__ = ["compare"]

FALSE_DISCOVERIES = 0.05
POINTS = 0.05
"""A difference below five points is not worth a name, however sure it is."""


def compare(table: pd.DataFrame, *, min_group: int) -> pd.DataFrame:
    """Compare the share of each group with that of all others together, by what is sure of both.

    A group is higher if even its lower bound is above the others' upper bound, lower if even its upper bound is below
    their lower one; so what is not known of the dates never makes a difference. It is called so only if that
    difference is 5 points or more, both sides have `min_group` mature leads, and the p-value is below 0.05 after
    Benjamini-Hochberg over all groups that could be named. Leads without a group, and months that are not whole, are
    never named; such months do not count among the others.

    Parameters: a table of `LeadConversion`; the least number of mature leads.
    Returns: a row per group, in order: `id`, `name`, `mature`, `share_lower`, `share_upper`, `others_mature`,
    `others_lower`, `others_upper` (shares from 0 to 1), `difference` (of the bounds that face each other; 0 where
    they overlap), `p_value`, `p_adjusted` (missing where not compared), `verdict` ("higher", "lower", "not clear",
    "too few", "not compared").

    >>> counts = {"mature": [400, 400], "within_lower": [180, 120], "within_upper": [190, 125]}
    >>> table = pd.DataFrame({"id": [1, 2], "name": ["Radio", "Mail"], **counts}).assign(share_lower=0, share_upper=0)
    >>> compare(table, min_group=30)[["name", "difference", "verdict"]].values.tolist()
    [['Radio', 0.1375, 'higher'], ['Mail', -0.1375, 'lower']]
    """
    whole = table["whole"].to_numpy(dtype=bool) if "whole" in table else np.ones(len(table), dtype=bool)
    n, lower, upper = (
        table[name].to_numpy(dtype=np.float64) * whole for name in ("mature", "within_lower", "within_upper")
    )
    others, others_lower, others_upper = n.sum() - n, lower.sum() - lower, upper.sum() - upper
    nameable = whole & table["id"].notna().to_numpy(dtype=bool)
    compared = nameable & (n >= min_group) & (others >= min_group)

    with np.errstate(divide="ignore", invalid="ignore"):
        above = lower / n - others_upper / others
        below = upper / n - others_lower / others
    higher, lesser = compared & (above > 0), compared & (below < 0)
    difference = np.where(higher, above, np.where(lesser, below, 0.0))
    p_value = np.where(compared, 1.0, np.nan)
    p_value[higher] = two_proportions(lower[higher], n[higher], others_upper[higher], others[higher])
    p_value[lesser] = two_proportions(upper[lesser], n[lesser], others_lower[lesser], others[lesser])
    p_adjusted = benjamini_hochberg(p_value)
    clear = compared & (np.abs(difference) >= POINTS) & (p_adjusted < FALSE_DISCOVERIES)
    verdict = np.select(
        [clear & higher, clear & lesser, compared, nameable],
        ["higher", "lower", "not clear", "too few"],
        "not compared",
    )
    facing = others > 0
    return pd.DataFrame(
        {
            "id": table["id"],
            "name": table["name"],
            "mature": table["mature"],
            "share_lower": table["share_lower"],
            "share_upper": table["share_upper"],
            "others_mature": pd.array(others.astype(np.int64), dtype="Int64"),
            "others_lower": _known(others_lower / np.where(facing, others, 1), facing),
            "others_upper": _known(others_upper / np.where(facing, others, 1), facing),
            "difference": _known(difference, compared),
            "p_value": _known(p_value, compared),
            "p_adjusted": _known(p_adjusted, compared),
            "verdict": pd.array(verdict.tolist(), dtype="str"),
        }
    )


def _known(values: np.ndarray, known: np.ndarray) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(np.where(known, values, 0.0), ~known)
