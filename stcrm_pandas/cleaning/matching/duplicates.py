"""`Duplicates`: pairs with reasons, clusters, and people's decisions."""

from __future__ import annotations

import html
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import pandas as pd
import pyarrow as pa

from stcrm_pandas.cleaning.decisions import VERSION, Decision, Decisions, Verdict
from stcrm_pandas.cleaning.matching.clusters import clusters_of
from stcrm_pandas.cleaning.matching.explanation import explain, values_of
from stcrm_pandas.cleaning.matching.records import Records
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import plural

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.merging.desk import MergeDesk
    from stcrm_pandas.cleaning.review import Review, SideBySide


TIERS = ("sure", "look", "related")


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
        - `probability`: the share of such pairs (by tier, kind, and how many of phone, e-mail and address agree) that
          were the same customer in generated companies
        - `reason`: why the pair has this kind, in words
        - `name`, `phone`, `email`, `address`: how they compare; missing if one of the customers has none
        - `decision`: the latest one; `changed`: whether a compared value changed since
        """
        if self._pairs is None:
            latest = self._decided()
            keys = zip(self._judged["id_1"].tolist(), self._judged["id_2"].tolist(), strict=True)
            decided = [latest.get(key) for key in keys] if latest else [None] * len(self._judged)
            self._pairs = self._judged.drop(columns=["_a", "_b", "_apart"]).assign(
                decision=pd.array(
                    [None if latest_of is None else latest_of[0].verdict for latest_of in decided], dtype="str"
                ),
                changed=pd.array(
                    [pd.NA if latest_of is None else latest_of[1] for latest_of in decided], dtype="boolean"
                ),
            )
        return self._pairs

    @property
    def clusters(self) -> pd.DataFrame:
        """Customers that are the same, one row per customer.

        A cluster is made of `sure` pairs and of pairs that were decided to be the same, the strongest first. Two
        customers of a known conflict (such as a household) or with the decision "different" are never in one cluster.

        - `cluster`: its number
        - `customer_id`: the customer
        - `customers`: the number of customers in the cluster
        - `confirmed`: whether decisions alone connect all of its customers
        - `active`: whether the customer is active
        - `jobs`: the number of jobs of the customer, if jobs were passed
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
            The rows of `pairs`, the strongest first; those with the decision "later" come last.

        Raises
        ------
        UsageError
            The tier is unknown.
        """
        if tier not in (None, "sure", "look"):
            raise UsageError(f"tier must be 'sure', 'look' or None, not {tier!r}.")
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
            Whether both are the same customer. With "later", `open_pairs` keeps the pair.
        who : str, default ''
            Who decided.

        Raises
        ------
        UsageError
            An id or the verdict is unknown, or a customer was merged already.
        """
        first, second = self._position(id_1), self._position(id_2)
        self.decisions.add(int(id_1), int(id_2), verdict, values_of(self._tables, first, second), who=who)
        self._reset()

    def decision(self, id_1: int, id_2: int) -> Verdict | None:
        """Return the latest decision about two customers.

        Parameters
        ----------
        id_1, id_2 : int
            The customers, in any order.

        Returns
        -------
        {"same", "different", "later"} or None
            The decision; None if there is none, or if a compared value changed since.
        """
        first, second = sorted((int(id_1), int(id_2)))
        decision, changed = self._decided().get((first, second), (None, True))
        return None if decision is None or changed else decision.verdict

    def fingerprint(self, id_1: int, id_2: int) -> str:
        """Return the keyed hash of the compared values of two customers.

        Parameters
        ----------
        id_1, id_2 : int
            The customers, in any order.

        Returns
        -------
        str
            The version of the compared values, and the hash. The key is in the file of decisions.

        Raises
        ------
        UsageError
            An id is unknown, or a customer was merged already.
        """
        values = values_of(self._tables, self._position(id_1), self._position(id_2))
        return f"{VERSION}:{self.decisions.fingerprint(values).hex()}"

    def review(self, *, tier: Literal["sure", "look"] | None = None, who: str = "") -> Review:
        """Open the open pairs in JupyterLab, one by one, both customers side by side.

        Keys: S same, D different, L later, B back. A decision is on disk before it is shown as saved, if `decisions` is
        a file. Elsewhere than in JupyterLab, the result is a summary; use `review_sheet`.

        Parameters
        ----------
        tier : {"sure", "look"}, optional
            Only pairs of this tier. By default, both.
        who : str, default ''
            Who decides.

        Returns
        -------
        Review
            The review. The last line of a cell shows it.

        Raises
        ------
        UsageError
            The tier is unknown.
        """
        from stcrm_pandas.cleaning.review import Review

        pairs = self.open_pairs(tier)
        return Review(self, pairs, self._side_by_side(pairs), who)

    def review_sheet(self, path: str | PathLike[str], *, tier: Literal["sure", "look"] | None = None) -> Path:
        """Write the open pairs as a sheet for people without Python.

        They write `same`, `different` or `later` into the column `verdict`; Excel offers these as a list. `read_review`
        reads the verdicts.

        Parameters
        ----------
        path : str or PathLike
            A file name that ends in `.csv`, `.xlsx` or `.parquet`. Only its owner can read the file (mode 0600).
        tier : {"sure", "look"}, optional
            Only pairs of this tier. By default, both.

        Returns
        -------
        Path
            The path of the file.

        Raises
        ------
        UsageError
            The tier or the file type is unknown, or the folder does not exist.
        """
        from stcrm_pandas.cleaning.review_sheet import write_review

        pairs = self.open_pairs(tier)
        return write_review(self, pairs, self._side_by_side(pairs), path)

    def read_review(self, path: str | PathLike[str], *, who: str = "") -> pd.DataFrame:
        """Record the verdicts of a sheet from `review_sheet`.

        Parameters
        ----------
        path : str or PathLike
            The sheet.
        who : str, default ''
            Who decided.

        Returns
        -------
        DataFrame
            One row per pair: `id_1`, `id_2`, `verdict`, `outcome` (`recorded`, `recorded before`, `no verdict` or
            `refused`) and `reason`. A row is refused if its verdict is unknown, a spreadsheet may have changed a cell,
            the pair is in several rows, or a compared value or the decision changed since the sheet was written.

        Raises
        ------
        UsageError
            The file cannot be read, or it is not a sheet from `review_sheet`.
        """
        from stcrm_pandas.cleaning.review_sheet import read_review

        return read_review(self, path, who)

    def _side_by_side(self, pairs: pd.DataFrame) -> SideBySide:
        from stcrm_pandas.cleaning.review import SideBySide

        return SideBySide(*self._sources, {*pairs["id_1"].tolist(), *pairs["id_2"].tolist()})

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
        first, second = sorted((int(id_1), int(id_2)))
        judged = self._judged
        for row in judged[(judged["id_1"] == first) & (judged["id_2"] == second)].itertuples():
            table.loc[table["compared"] == "result", "comparison"] = f"{row.tier}, {row.kind}. {row.reason}"
        decided = self._decided().get((first, second))
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
            raise UsageError(f"merge_desk(confirm=…) takes 'sure' or None, not {confirm!r}.")
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

    def _repr_html_(self) -> str:
        counts = pd.crosstab(self._judged["kind"], self._judged["tier"]).reindex(columns=list(TIERS), fill_value=0)
        counts = counts.sort_values(list(TIERS), ascending=False).rename_axis(index="pairs by kind", columns=None)
        table = counts.map(lambda count: f"{count:,}" if count else "").reset_index().to_html(index=False, border=0)
        return f"<div>{html.escape(self.summary())}{table}</div>"

    def _position(self, customer: int) -> int:
        if customer in self._records.merged:
            raise UsageError(f"customer {customer} was already merged into another one; pass the id of that one")
        if customer not in self._at.index:
            raise UsageError(f"customer {customer} is not among the customers that were passed")
        return int(self._at[customer])

    def _decided(self) -> dict[tuple[int, int], tuple[Decision, bool]]:
        """Return the latest decision of each pair that was compared, and whether its values changed since."""
        if self._latest is None:
            self._latest = {}
            for (first, second), decision in self.decisions.latest().items():
                if first in self._at.index and second in self._at.index:
                    values = values_of(self._tables, int(self._at[first]), int(self._at[second]))
                    same = decision.version == VERSION and decision.fingerprint == self.decisions.fingerprint(values)
                    self._latest[first, second] = decision, not same
        return self._latest

    def _build_clusters(self, *, sure: bool) -> pd.DataFrame:
        """Return the clusters: first those that people decided, then those that sure pairs add to them."""
        decided = self._decided()
        same = [key for key, (decision, changed) in decided.items() if decision.verdict == "same" and not changed]
        different = [key for key, (decision, _) in decided.items() if decision.verdict == "different"]
        judged = self._judged
        strong = judged[judged["tier"] == "sure"] if sure else judged[:0]
        keys = pd.MultiIndex.from_frame(judged[["id_1", "id_2"]])
        apart = judged[judged["_apart"] & ~keys.isin(same)]
        decided_same, never = self._positions(same), self._positions(different)
        never += list(zip(apart["_a"].tolist(), apart["_b"].tolist(), strict=True))
        clusters = clusters_of([*decided_same, *zip(strong["_a"].tolist(), strong["_b"].tolist(), strict=True)], never)
        confirmed = {tuple(members) for members in clusters_of(decided_same, never)}
        about = self._records.about
        ids = about["id"].tolist()
        rows = [
            (number, record, len(cluster), tuple(cluster) in confirmed)
            for number, cluster in enumerate(
                sorted(clusters, key=lambda members: min(ids[record] for record in members)), 1
            )
            for record in sorted(cluster, key=ids.__getitem__)
        ]
        frame = pd.DataFrame(rows, columns=["cluster", "customer_id", "customers", "confirmed"])
        of = about.take(frame["customer_id"].to_numpy(dtype="int64")).reset_index(drop=True)
        frame = frame.astype({"cluster": "Int64", "customers": "Int64", "confirmed": "boolean"})
        return frame.assign(customer_id=of["id"], **{name: of[name] for name in of.columns.drop("id")})

    def _positions(self, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(int(self._at[first]), int(self._at[second])) for first, second in pairs]

    def _contradictions(self) -> int:
        cluster = self.clusters.set_index("customer_id")["cluster"].to_dict()
        return sum(
            decision.verdict == "same"
            and not changed
            and (first not in cluster or cluster[first] != cluster.get(second))
            for (first, second), (decision, changed) in self._decided().items()
        )
