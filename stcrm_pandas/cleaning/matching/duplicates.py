"""Customers that are entered more than once: pairs with reasons, clusters, and people's decisions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from stcrm_pandas.cleaning.decisions import VERSION, Decision, Decisions, Verdict
from stcrm_pandas.cleaning.matching.candidates import create_pairs
from stcrm_pandas.cleaning.matching.clusters import CONFLICTS, clusters_of
from stcrm_pandas.cleaning.matching.comparison import NAMES, create_compared
from stcrm_pandas.cleaning.matching.explanation import explain, values_of
from stcrm_pandas.cleaning.matching.features import create_features
from stcrm_pandas.cleaning.matching.reasons import reasons_of
from stcrm_pandas.cleaning.matching.records import Records, read_records
from stcrm_pandas.cleaning.matching.scores import SHOWN, create_judged
from stcrm_pandas.errors import UsageError, require
from stcrm_pandas.mirror.queries import private_duckdb
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.merging.desk import MergeDesk

__all__ = ["Duplicates", "duplicates"]

TIERS = ("sure", "look", "related")
_LEVELS = ("phone", "email", "address")


class Sources(NamedTuple):
    """The rows as they were passed."""

    customers: pd.DataFrame
    contacts: pd.DataFrame
    locations: pd.DataFrame
    jobs: pd.DataFrame | None


class Duplicates:
    """The result of `duplicates`: pairs, clusters, and the decisions about them.

    Its repr has counts only. The tables have ids and reasons, but no names, numbers or addresses; `explain` has those
    of one pair.
    """

    def __init__(
        self,
        records: Records,
        tables: Mapping[str, pa.Table],
        pairs: pd.DataFrame,
        decisions: Decisions,
        sources: Sources,
    ) -> None:
        self._records = records
        self._sources = sources
        self._tables = tables
        self._judged = pairs
        self._at = pd.Series(records.about.index, index=pd.Index(records.about["id"]))
        self.decisions = decisions
        self._reset()

    def _reset(self) -> None:
        self._pairs: pd.DataFrame | None = None
        self._clusters: pd.DataFrame | None = None
        self._latest: dict[tuple[int, int], tuple[Decision, bool]] | None = None

    @property
    def pairs(self) -> pd.DataFrame:
        """Pairs of customers, the strongest first.

        - `id_1`, `id_2`: the customers, the smaller id first
        - `tier`: `sure`, `look` (a person has to look at it) or `related` (not a duplicate; never proposed)
        - `kind`: such as `same person`, `renamed`, `household`, `branch`
        - `probability`: that both are the same customer, before the kind is considered
        - `reason`: in words
        - `name`, `phone`, `email`, `address`: how they compare; missing if one of the customers has none
        - `decision`: the latest one; `changed`: whether a compared value changed since
        """
        if self._pairs is None:
            latest = self._decided()
            keys = zip(self._judged["id_1"].tolist(), self._judged["id_2"].tolist(), strict=True)
            found = [latest.get(key) for key in keys] if latest else [None] * len(self._judged)
            self._pairs = self._judged.drop(columns=["_a", "_b"]).assign(
                decision=pd.array([None if one is None else one[0].verdict for one in found], dtype="str"),
                changed=pd.array([pd.NA if one is None else one[1] for one in found], dtype="boolean"),
            )
        return self._pairs

    @property
    def clusters(self) -> pd.DataFrame:
        """Customers that are the same, one row per customer.

        A cluster is made of `sure` pairs and of pairs that were decided to be the same, the strongest first. Two
        customers of a known conflict (such as a household) or with the decision "different" are never in one cluster.

        - `cluster`: its number
        - `customer_id`
        - `customers`: how many the cluster has
        - `confirmed`: whether decisions alone connect all of its customers
        - `active`
        - `jobs`: how many the customer has, if jobs were passed
        """
        if self._clusters is None:
            self._clusters = self._build_clusters(sure=True)
        return self._clusters

    def open_pairs(self, tier: Literal["sure", "look"] | None = None) -> pd.DataFrame:
        """Return the pairs that nobody has decided yet, or whose compared values have changed since.

        Parameters
        ----------
        tier : {"sure", "look"}, optional
            Only pairs of this tier. By default, both.

        Returns
        -------
        DataFrame
            The rows of `pairs`, the strongest first; pairs decided to be asked later come last.

        Raises
        ------
        UsageError
            The tier is unknown.
        """
        if tier not in (None, "sure", "look"):
            raise UsageError(f"tier={tier!r} is not one of sure, look")
        pairs = self.pairs
        pairs = pairs[pairs["tier"].isin(["sure", "look"] if tier is None else [tier])]
        final = pairs["decision"].isin(["same", "different"]) & ~pairs["changed"].fillna(value=False).astype(bool)
        later = pairs["decision"].eq("later")
        return pd.concat([pairs[~final & ~later], pairs[later]], ignore_index=True)

    def decide(self, id_1: int, id_2: int, verdict: Verdict, *, who: str = "") -> None:
        """Record a decision about two customers. It is on disk when this method returns, if `decisions` is a file.

        Parameters
        ----------
        id_1, id_2 : int
            The customers, in any order. They need not be a pair of `pairs`.
        verdict : {"same", "different", "later"}
            Whether both are the same customer. "later" asks again.
        who : str, default ''
            Who decided.

        Raises
        ------
        UsageError
            An id or the verdict is unknown, or a customer was merged already.
        """
        one, other = self._position(id_1), self._position(id_2)
        self.decisions.add(int(id_1), int(id_2), verdict, values_of(self._tables, one, other), who=who)
        self._reset()

    def explain(self, id_1: int, id_2: int) -> pd.DataFrame:
        """Return how two customers compare, and why they are or are not proposed.

        Parameters
        ----------
        id_1, id_2 : int
            The customers, in any order. They need not be a pair of `pairs`.

        Returns
        -------
        DataFrame
            One row for name, phone, e-mail and address, with the compared values of both customers (in their normal
            form), the comparison and its weight; then the weight before the comparison, the total with the
            probability, and the result.

        Raises
        ------
        UsageError
            An id is unknown, or a customer was merged already.
        """
        table = explain(self._tables, self._position(id_1), self._position(id_2), len(self._records.about))
        one, other = sorted((int(id_1), int(id_2)))
        judged = self._judged
        for row in judged[(judged["id_1"] == one) & (judged["id_2"] == other)].itertuples():
            table.loc[table["compared"] == "result", "comparison"] = f"{row.tier}, {row.kind}. {row.reason}"
        decided = self._decided().get((one, other))
        if decided is not None:
            text = f"{decided[0].verdict}{' (a compared value changed since)' if decided[1] else ''}"
            table.loc[len(table)] = ["decision", None, None, text, pd.NA]
        return table

    def merge_desk(self, *, confirm: Literal["sure"] | None = None) -> MergeDesk:
        """Return the desk for the merges, which a person makes in ServiceTitan.

        Parameters
        ----------
        confirm : {"sure"}, optional
            By default, only customers that were decided to be the same are merged. With "sure", all clusters are,
            including customers that nobody looked at.

        Returns
        -------
        MergeDesk
            The desk: survivors, what would be lost, the plan to apply before the merges, and the check after them.

        Raises
        ------
        UsageError
            `confirm` is unknown.
        """
        from stcrm_pandas.cleaning.merging.desk import MergeDesk

        if confirm not in (None, "sure"):
            raise UsageError(f"confirm={confirm!r} is not 'sure'")
        return MergeDesk(self.clusters if confirm else self._build_clusters(sure=False), *self._sources)

    def merge_list(self, *, confirm: Literal["sure"] | None = None, service: str | None = None) -> pd.DataFrame:
        """Return the merges to make in ServiceTitan, with names: the merge list of `merge_desk`.

        Parameters
        ----------
        confirm : {"sure"}, optional
            As in `merge_desk`.
        service : str, optional
            The address of the ServiceTitan site that links lead to (`crm.settings.service_url`).

        Returns
        -------
        DataFrame
            One row per customer to merge into another one; see `MergeDesk.merge_list`.

        Raises
        ------
        UsageError
            `confirm` is unknown.
        """
        return self.merge_desk(confirm=confirm).merge_list(service=service)

    def summary(self) -> str:
        """Return the result in a few sentences, with counts only.

        Returns
        -------
        str
            The sentences.
        """
        pairs, clusters = self._judged, self.clusters
        tiers = pairs["tier"].value_counts()
        text = f"{plural(len(self._records.about), 'customer')} compared"
        if gone := len(self._records.merged):
            text += f" ({plural(gone, 'customer')} already merged into another one left out)"
        customers = plural(len(clusters), "customer")
        text += (
            f". {plural(clusters['cluster'].nunique(), 'cluster')} of {customers} that are the same, from "
            f"{plural(tiers.get('sure', 0), 'sure pair')}. {plural(tiers.get('look', 0), 'pair')} to look at."
        )
        related = pairs.loc[pairs["tier"] == "related", "kind"].value_counts()
        if len(related):
            listed = ", ".join(f"{count:,} {kind}" for kind, count in related.items())
            text += f" {plural(int(related.sum()), 'related pair')} not proposed ({listed})."
        if latest := self._decided():
            where = " (in memory only)" if self.decisions.path is None else ""
            text += f" {plural(len(latest), 'decision')}{where}."
            if against := self._contradictions():
                text += (
                    f" {plural(against, 'pair')} decided to be the same {'is' if against == 1 else 'are'} not in one "
                    "cluster, because another decision or a known conflict keeps the customers apart."
                )
        return text

    def __repr__(self) -> str:
        return f"<Duplicates: {self.summary()}>"

    def _position(self, customer: int) -> int:
        if customer in self._records.merged:
            raise UsageError(f"customer {customer} was already merged into another one")
        if customer not in self._at.index:
            raise UsageError(f"customer {customer} is not among the customers that were passed")
        return int(self._at[customer])

    def _decided(self) -> dict[tuple[int, int], tuple[Decision, bool]]:
        """Return the latest decision of each pair that was compared, and whether its values changed since."""
        if self._latest is None:
            self._latest = {}
            for (one, other), decision in self.decisions.latest().items():
                if one in self._at.index and other in self._at.index:
                    values = values_of(self._tables, int(self._at[one]), int(self._at[other]))
                    same = decision.version == VERSION and decision.fingerprint == self.decisions.fingerprint(values)
                    self._latest[one, other] = decision, not same
        return self._latest

    def _build_clusters(self, *, sure: bool) -> pd.DataFrame:
        """Return the clusters: first those that people decided, then those that sure pairs add to them."""
        decided = self._decided()
        same = [key for key, (one, changed) in decided.items() if one.verdict == "same" and not changed]
        different = [key for key, (one, _) in decided.items() if one.verdict == "different"]
        judged = self._judged
        strong = judged[judged["tier"] == "sure"] if sure else judged[:0]
        keys = pd.MultiIndex.from_frame(judged[["id_1", "id_2"]])
        apart = judged[judged["kind"].isin(CONFLICTS) & ~keys.isin(same)]
        decided_same, never = self._positions(same), self._positions(different)
        never += list(zip(apart["_a"].tolist(), apart["_b"].tolist(), strict=True))
        found = clusters_of([*decided_same, *zip(strong["_a"].tolist(), strong["_b"].tolist(), strict=True)], never)
        confirmed = {tuple(one) for one in clusters_of(decided_same, never)}
        about = self._records.about
        ids = about["id"].tolist()
        rows = [
            (number, record, len(cluster), tuple(cluster) in confirmed)
            for number, cluster in enumerate(sorted(found, key=lambda one: min(ids[record] for record in one)), 1)
            for record in sorted(cluster, key=ids.__getitem__)
        ]
        frame = pd.DataFrame(rows, columns=["cluster", "customer_id", "customers", "confirmed"])
        of = about.take(frame["customer_id"].to_numpy(dtype="int64")).reset_index(drop=True)
        frame = frame.astype({"cluster": "Int64", "customers": "Int64", "confirmed": "boolean"})
        return frame.assign(customer_id=of["id"], **{name: of[name] for name in of.columns.drop("id")})

    def _positions(self, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(int(self._at[one]), int(self._at[other])) for one, other in pairs]

    def _contradictions(self) -> int:
        cluster = self.clusters.set_index("customer_id")["cluster"].to_dict()
        return sum(
            decision.verdict == "same" and not changed and (one not in cluster or cluster[one] != cluster.get(other))
            for (one, other), (decision, changed) in self._decided().items()
        )


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
    common name tells less than a rare one.

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
            "SELECT a, b, tier, kind, probability, weight, name, phone, email, address, suffix, middle FROM judged"
            f" WHERE tier <> 'related' OR kind IN ({shown})"
        ).df()
        tables = {name: db.sql(f"SELECT * FROM {name}").to_arrow_table() for name in ("features", "keyed", "sizes")}
    sources = Sources(customers, contacts, locations, jobs)
    return Duplicates(records, tables, _without_conflicts(_pairs(judged, records)), kept, sources)


def _pairs(judged: pd.DataFrame, records: Records) -> pd.DataFrame:
    ids = records.about["id"].astype("int64").to_numpy()
    one, other = ids[judged["a"]], ids[judged["b"]]
    frame = pd.DataFrame({"id_1": np.minimum(one, other), "id_2": np.maximum(one, other)}, dtype="Int64")
    for name in ("tier", "kind"):
        frame[name] = judged[name].astype("str")
    frame["probability"] = judged["probability"].round(6).astype("Float64")
    frame["reason"] = reasons_of(judged)
    frame["name"] = judged["name"].map(NAMES).astype("str")
    for name in _LEVELS:
        frame[name] = judged[name].replace("same, without digits", "same").astype("str")
    frame["_weight"], frame["_a"], frame["_b"] = judged["weight"], judged["a"], judged["b"]
    frame["_tier"] = frame["tier"].map(TIERS.index)
    frame = frame.sort_values(["_tier", "_weight", "_a", "_b"], ascending=[True, False, True, True], ignore_index=True)
    return frame.drop(columns=["_tier", "_weight"])


def _without_conflicts(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs; a sure one that contradicts stronger ones is `look`, such as a couple and its second person."""
    sure = pairs[pairs["tier"] == "sure"]
    apart = pairs[pairs["kind"].isin(CONFLICTS)]
    strongest = [list(zip(rows["_a"].tolist(), rows["_b"].tolist(), strict=True)) for rows in (sure, apart)]
    of = {record: number for number, members in enumerate(clusters_of(*strongest)) for record in members}
    split = sure.index[[one not in of or of[one] != of.get(other) for one, other in strongest[0]]]
    pairs.loc[split, "tier"] = "look"
    pairs.loc[split, "reason"] += "; a stronger pair contradicts it"
    return pairs.sort_values("tier", key=lambda tiers: tiers.map(TIERS.index), kind="stable", ignore_index=True)
