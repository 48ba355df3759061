"""Find customers that are entered more than once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from stcrm_pandas.cleaning.decisions import Decisions
from stcrm_pandas.cleaning.matching.candidates import create_pairs
from stcrm_pandas.cleaning.matching.clusters import CONFLICTS, clusters_of
from stcrm_pandas.cleaning.matching.comparison import create_compared
from stcrm_pandas.cleaning.matching.duplicates import TIERS, Duplicates, Sources
from stcrm_pandas.cleaning.matching.explanation import reasons_of
from stcrm_pandas.cleaning.matching.features import create_features
from stcrm_pandas.cleaning.matching.levels import LEVELS, RANKS
from stcrm_pandas.cleaning.matching.records import Records, read_records
from stcrm_pandas.cleaning.matching.scores import RIGHT, SHOWN, create_judged
from stcrm_pandas.errors import require
from stcrm_pandas.mirror.queries import private_duckdb


def duplicates(
    customers: pd.DataFrame,
    contacts: pd.DataFrame,
    locations: pd.DataFrame,
    *,
    jobs: pd.DataFrame | None = None,
    decisions: str | Path | Decisions | None = None,
) -> Duplicates:
    """Find customers that are entered more than once.

    Pairs are compared by name, phone, e-mail and address, with fixed weights. Each pair has a kind and a reason, so
    that households, sold houses and branches of a company are not mistaken for duplicates. Nothing is sent or
    changed.

    Parameters
    ----------
    customers : DataFrame
        All customers: `crm.customers.list()`, or those of an export or a mirror. `id`, `name` and the columns of the
        address are needed; `type`, `active` and `merged_to_id` are used if present. Customers that were merged into
        another one are left out. Inactive ones are compared.
    contacts : DataFrame
        Their phone numbers and e-mail addresses: `crm.customers.list_contacts()`. Contacts of locations
        (`crm.locations.list_contacts()`) may be appended; they count for the location's customer.
    locations : DataFrame
        Their locations: `crm.locations.list()`. A customer is compared by its own address and those of its locations.
    jobs : DataFrame, optional
        Jobs with `customer_id`: `clusters` counts them.
    decisions : str, Path or Decisions, optional
        The file with people's decisions, which is created if it does not exist. By default, decisions are kept in
        memory only.

    Returns
    -------
    Duplicates
        The pairs and clusters.

    Raises
    ------
    UsageError
        A column or an id is missing, an id appears twice, the rows are of several tenants, or the decisions are about
        another company's customers.
    MissingExtra
        The extra `cleaning` is not installed.

    Notes
    -----
    Weights follow Fellegi and Sunter, "A Theory for Record Linkage" (Journal of the American Statistical Association,
    1969): the base-2 logarithm of how much more often a comparison is seen among duplicates than among other pairs. A
    common name has a smaller weight than a rare one.

    Examples
    --------
    >>> customers = crm.customers.list()
    >>> dup = duplicates(customers, crm.customers.list_contacts(), crm.locations.list())
    >>> dup.pairs.columns[:6].tolist()
    ['id_1', 'id_2', 'tier', 'kind', 'probability', 'reason']
    """
    require("cleaning")
    records = read_records(customers, contacts, locations, jobs)
    kept = decisions if isinstance(decisions, Decisions) else Decisions(decisions)
    about = customers.attrs.get("stcrm")
    if isinstance(about, Mapping) and "tenant" in about:
        kept.bind(f"{about.get('environment')} {about['tenant']}")
    with private_duckdb("cleaning") as db:
        create_features(db, records)
        create_pairs(db)
        create_compared(db)
        create_judged(db, len(records.about))
        shown = ", ".join(f"'{kind}'" for kind in SHOWN)
        judged = db.sql(
            "SELECT a, b, tier, kind, probability, weight, name, phone, email, address, suffix, couple, middle,"
            " houses, firms"
            " FROM judged"
            f" WHERE tier <> 'related' OR kind IN ({shown})"
        ).df()
        tables = {name: db.sql(f"SELECT * FROM {name}").to_arrow_table() for name in ("features", "keyed", "sizes")}
    sources = Sources(customers, contacts, locations, jobs)
    return Duplicates(records, tables, _without_conflicts(_pairs(judged, records)), kept, sources)


def _pairs(judged: pd.DataFrame, records: Records) -> pd.DataFrame:
    ids = records.about["id"].astype("int64").to_numpy()
    first, second = ids[judged["a"]], ids[judged["b"]]
    frame = pd.DataFrame({"id_1": np.minimum(first, second), "id_2": np.maximum(first, second)}, dtype="Int64")
    for name in ("tier", "kind"):
        frame[name] = judged[name].astype("str")
    frame["probability"] = judged["probability"].astype("Float64")
    frame["reason"] = reasons_of(judged)
    frame["name"] = judged["name"].map({rank: level for level, rank in RANKS.items()}).astype("str")
    for name in LEVELS:
        frame[name] = judged[name].replace("same, without digits", "same").astype("str")
    frame["_apart"] = judged["kind"].isin(CONFLICTS) | judged["houses"]
    frame["_weight"], frame["_a"], frame["_b"] = judged["weight"], judged["a"], judged["b"]
    frame["_tier"] = frame["tier"].map(TIERS.index)
    frame = frame.sort_values(["_tier", "_weight", "_a", "_b"], ascending=[True, False, True, True], ignore_index=True)
    return frame.drop(columns=["_tier", "_weight"])


def _without_conflicts(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs; a sure one that contradicts stronger ones is `look`, such as a couple and its second person."""
    sure = pairs[pairs["tier"] == "sure"]
    apart = pairs[pairs["_apart"]]
    strongest = [list(zip(rows["_a"].tolist(), rows["_b"].tolist(), strict=True)) for rows in (sure, apart)]
    of = {record: number for number, members in enumerate(clusters_of(*strongest)) for record in members}
    split = sure.index[[first not in of or of[first] != of.get(second) for first, second in strongest[0]]]
    pairs.loc[split, "tier"] = "look"
    pairs.loc[split, "probability"] = [RIGHT["look", kind][0] for kind in pairs.loc[split, "kind"]]
    pairs.loc[split, "reason"] += "; a stronger pair contradicts it"
    return pairs.sort_values("tier", key=lambda tiers: tiers.map(TIERS.index), kind="stable", ignore_index=True)
