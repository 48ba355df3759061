"""Comparisons of each group with all others together, and the rules for reporting a group as different."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from stcrm_pandas.analysis.statistics.estimates import (
    benjamini_hochberg,
    cochran_mantel_haenszel,
    holm,
    mantel_haenszel,
    two_proportions,
)

FALSE_DISCOVERIES = 0.05
"""The share of reported groups that may be reported by chance."""

FALSE_ACTIONS = 0.001
"""The chance that a report of groups that are all alike names any of them in an action: with a report a week, once in
about 20 years."""

POINTS = 0.05
"""A difference below five points is too small to report, however certain it is."""

SURE = 1.959963984540054
"""Standard errors on each side, for 95 %."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Result = TypeVar("Result")


def compare(groups: pd.DataFrame, strata: pd.DataFrame | None = None, *, min_group: int = 30) -> pd.DataFrame:
    """Compare the share of each group with that of all others together.

    A group is higher if even its lower bound is above the others' upper bound, lower if even its upper bound is below
    their lower one, so unknown values never cause a difference. The difference is reported only if

    - both sides have `min_group`;
    - that difference is 5 points or more;
    - its p-value is below 0.05 after Benjamini-Hochberg over all groups that could be reported;
    - the same is true within strata: the difference within each stratum, averaged with the weights of
      Mantel and Haenszel (`statistics.mantel_haenszel`), has the same sign, and the larger of its p-value
      (`statistics.cochran_mantel_haenszel`) and the one above is below 0.05 after Benjamini-Hochberg, too. (A 95%
      interval for each is not enough: if the groups' mixes differ, one of 40 would be reported by chance.) Otherwise
      the mix may explain it.

    A group that is reported is named in an action only if `p_familywise` is below 0.001 (`is_sure`): a report has
    dozens of comparisons, and somebody spends a day on an action, so not even one of them may be chance.

    Groups without an id and incomplete groups (`whole` is false) are never reported; incomplete groups do not count
    among the others.

    Parameters
    ----------
    groups : DataFrame
        One row per group: `id`, `name`, `n`, and how many of `n` are successes, certainly (`lower`) and possibly
        (`upper`). If there is a column `whole`, groups with False are not compared.
    strata : DataFrame, optional
        One row per group and stratum with the same counts: `id`, `stratum` (any hashable value), `n`, `lower`, `upper`.
        If None, nothing is adjusted for the mix.
    min_group : int, default 30
        The minimum `n` of either side.

    Returns
    -------
    DataFrame
        One row per group, in order: `id`, `name`, `n`, `share_lower`, `share_upper`, `others_n`, `others_lower`,
        `others_upper` (shares from 0 to 1), `difference` (of the bounds that face each other; 0 where they overlap),
        `standardised` (the same within strata; missing without them), `error` (its standard error), `p_value`,
        `p_adjusted` (missing if not compared), `p_standardised` (the larger one of `p_value` and the p-value within
        strata), `p_standardised_adjusted`, `p_familywise` (`p_standardised` after Holm [1]_ over all groups that could
        be reported, see `statistics.holm`), and `verdict`: "higher", "lower", "not clear", "explained by the mix", "too
        few" (in the group), "others too few" (all others together) or "not compared".

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
       (1979).

    Examples
    --------
    >>> counts = {"n": [400, 400], "lower": [180, 120], "upper": [190, 125]}
    >>> groups = pd.DataFrame({"id": [1, 2], "name": ["Radio", "Mail"], **counts})
    >>> compare(groups)[["name", "difference", "verdict"]].values.tolist()
    [['Radio', 0.1375, 'higher'], ['Mail', -0.1375, 'lower']]

    Radio's share is higher only because most of its rows are from March, when both groups had a higher share:

    >>> cut = {"id": [1, 1, 2, 2], "stratum": ["Jan", "Mar", "Jan", "Mar"], "n": [100, 300, 300, 100]}
    >>> strata = pd.DataFrame({**cut, "lower": [20, 150, 60, 50], "upper": [20, 150, 60, 50]})
    >>> whole = strata.groupby("id", as_index=False).sum(numeric_only=True).assign(name=["Radio", "Mail"])
    >>> compare(whole, strata).round(2)[["difference", "standardised", "verdict"]].values.tolist()
    [[0.15, 0.0, 'explained by the mix'], [-0.15, 0.0, 'explained by the mix']]
    """
    own_n, own_lower, own_upper = (groups[name].to_numpy(dtype=np.float64) for name in ("n", "lower", "upper"))
    complete = groups["whole"].to_numpy(dtype=bool) if "whole" in groups else np.ones(len(groups), dtype=bool)
    n, lower, upper = own_n * complete, own_lower * complete, own_upper * complete
    others, others_lower, others_upper = n.sum() - n, lower.sum() - lower, upper.sum() - upper
    nameable = complete & groups["id"].notna().to_numpy(dtype=bool)
    compared = nameable & (n >= min_group) & (others >= min_group)

    above = _share(lower, n) - _share(others_upper, others)
    below = _share(upper, n) - _share(others_lower, others)
    higher, lesser = compared & (above > 0), compared & (below < 0)
    p_value = np.where(compared, 1.0, np.nan)
    p_value[higher] = two_proportions(lower[higher], n[higher], others_upper[higher], others[higher])
    p_value[lesser] = two_proportions(upper[lesser], n[lesser], others_lower[lesser], others[lesser])
    standardised, error, p_strata = _within_strata(groups["id"], complete, strata, higher, lesser)
    p_within = p_value if strata is None else np.where(compared, np.fmax(p_value, p_strata), np.nan)
    known = compared & ~np.isnan(standardised) & (strata is not None)
    return _with_verdicts(
        pd.DataFrame(
            {
                "id": groups["id"],
                "name": groups["name"],
                "n": pd.array(own_n.astype(np.int64), dtype="Int64"),
                "share_lower": _known(_share(own_lower, own_n), own_n > 0),
                "share_upper": _known(_share(own_upper, own_n), own_n > 0),
                "others_n": pd.array(others.astype(np.int64), dtype="Int64"),
                "others_lower": _known(_share(others_lower, others), others > 0),
                "others_upper": _known(_share(others_upper, others), others > 0),
                "difference": _known(np.where(higher, above, np.where(lesser, below, 0.0)), compared),
                "standardised": _known(standardised, known),
                "error": _known(error, known),
                "p_value": _known(p_value, compared),
                "p_adjusted": _known(benjamini_hochberg(p_value), compared),
                "p_standardised": _known(p_within, compared),
                "p_standardised_adjusted": _known(benjamini_hochberg(p_within), compared),
                "p_familywise": _known(holm(p_within), compared),
                "verdict": pd.array(
                    np.select([~nameable, n < min_group], ["not compared", "too few"], "others too few").tolist(),
                    dtype="str",
                ),
            }
        )
    )


def is_sure(row: Any) -> bool:
    """Return whether a row of `compare` is certain enough to be named in an action.

    Examples
    --------
    >>> counts = {"n": [400, 400], "lower": [180, 140], "upper": [180, 140]}
    >>> compared = compare(pd.DataFrame({"id": [1, 2], "name": ["Radio", "Mail"], **counts}))
    >>> [(row.verdict, round(float(row.p_familywise), 4), is_sure(row)) for row in compared.itertuples()]
    [('higher', 0.0078, False), ('lower', 0.0078, False)]
    """
    return row.verdict in ("higher", "lower") and bool(row.p_familywise < FALSE_ACTIONS)


def together(*results: Result) -> tuple[Result, ...]:
    """Return results whose p-values are adjusted over all comparisons in a report.

    The adjustments are those of `compare`: Benjamini-Hochberg for what is called different, Holm for what is named in
    an action.

    If lead conversion and opportunities have the same groups, each result refers to the other. A group on which they
    disagree is then reported with both measures, and without an action.

    Parameters
    ----------
    *results : object
        The results of analyses. Their `comparisons` are a frame from `compare`, or a mapping of such frames.

    Returns
    -------
    tuple[Result, ...]
        Copies of the results, in the same order, whose adjusted p-values and verdicts are computed anew.

    Examples
    --------
    >>> @dataclasses.dataclass(frozen=True)
    ... class Conversion:
    ...     comparisons: pd.DataFrame
    >>> groups = pd.DataFrame({"id": [1, 2, 3], "name": ["A", "B", "C"], "n": 100, "lower": [48, 30, 30]})
    >>> first = Conversion(compare(groups.assign(upper=groups["lower"])))
    >>> even = groups.assign(id=[4, 5, 6], lower=30, upper=30)
    >>> both = together(first, Conversion(compare(pd.concat([even] * 4).assign(id=range(12)))))
    >>> first.comparisons["p_adjusted"].round(3).tolist(), both[0].comparisons["p_adjusted"].round(3).tolist()
    ([0.007, 0.126, 0.126], [0.033, 0.629, 0.629])
    """
    frames = [frame for result in results for frame in _frames(result).values()]
    for name, adjust, adjusted in (
        ("p_value", benjamini_hochberg, "p_adjusted"),
        ("p_standardised", benjamini_hochberg, "p_standardised_adjusted"),
        ("p_standardised", holm, "p_familywise"),
    ):
        p_values = [frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for frame in frames]
        parts = np.split(adjust(np.concatenate([*p_values, []])), np.cumsum([len(part) for part in p_values])[:-1])
        frames = [
            frame.assign(**{adjusted: _known(part, ~np.isnan(part))})
            for frame, part in zip(frames, parts, strict=False)
        ]
    renewed = map(_with_verdicts, frames)
    updated = tuple(_with(result, {key: next(renewed) for key in _frames(result)}) for result in results)
    return tuple(result.beside(updated) if hasattr(result, "beside") else result for result in updated)


def _frames(result: Any) -> dict[Hashable, pd.DataFrame]:
    frames = result.comparisons
    return {None: frames} if isinstance(frames, pd.DataFrame) else dict(frames)


def _with(result: Any, frames: dict[Hashable, pd.DataFrame]) -> Any:
    single = isinstance(result.comparisons, pd.DataFrame)
    return dataclasses.replace(result, comparisons=frames[None] if single else frames)


def _with_verdicts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the comparisons with verdicts from their p-values; rows that were not compared do not change."""
    difference, within, adjusted, both = (
        frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        for name in ("difference", "standardised", "p_adjusted", "p_standardised_adjusted")
    )
    compared = ~np.isnan(adjusted)
    clear = compared & (np.abs(np.nan_to_num(difference)) >= POINTS) & (adjusted < FALSE_DISCOVERIES)
    # without strata, there is no adjusted difference
    kept = (np.isnan(within) | (np.sign(within) == np.sign(difference))) & (both < FALSE_DISCOVERIES)
    verdict = np.select(
        [clear & ~kept, clear & (difference > 0), clear, compared],
        ["explained by the mix", "higher", "lower", "not clear"],
        frame["verdict"].to_numpy(dtype=object),
    )
    return frame.assign(verdict=pd.array(verdict.tolist(), dtype="str"))


def _within_strata(
    ids: pd.Series, complete: Flags, strata: pd.DataFrame | None, higher: Flags, lesser: Flags
) -> tuple[Floats, Floats, Floats]:
    """Return each group's difference within strata, between the closest bounds, its standard error and its p-value.

    The p-value is 1 where there is no difference.
    """
    difference, errors, p_values = np.zeros(len(ids)), np.zeros(len(ids)), np.ones(len(ids))
    if strata is None or not len(ids):
        return difference, errors, p_values
    place_of = {key_of(id): place for place, (id, used) in enumerate(zip(ids, complete, strict=True)) if used}
    places = np.array([place_of.get(key_of(id), -1) for id in strata["id"]], dtype=np.int64)
    rows = strata[places >= 0]
    place, stratum = places[places >= 0], pd.factorize(rows["stratum"])[0]
    n, lower, upper = (rows[name].to_numpy(dtype=np.float64) for name in ("n", "lower", "upper"))
    others, others_lower, others_upper = (
        np.bincount(stratum, weights=part)[stratum] - part if len(part) else part for part in (n, lower, upper)
    )
    for side, own, facing in ((higher, lower, others_upper), (lesser, upper, others_lower)):
        mean, error = mantel_haenszel(own, n, facing, others, groups=place, size=len(ids))
        p_value = cochran_mantel_haenszel(own, n, facing, others, groups=place, size=len(ids))
        difference[side], errors[side], p_values[side] = mean[side], error[side], np.nan_to_num(p_value[side], nan=1.0)
    return difference, errors, p_values


def key_of(id: Any) -> Hashable:
    """Return an id as a key of a dict; all missing ones are None."""
    return id if isinstance(id, tuple) else None if pd.isna(id) else id


def _share(part: Floats, n: Floats) -> Floats:
    return np.divide(part, n, out=np.zeros_like(n), where=n > 0)


def _known(values: Floats, known: Flags) -> pd.arrays.FloatingArray:
    return pd.arrays.FloatingArray(np.where(known, values, 0.0), ~known)
