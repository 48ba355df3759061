"""Splink with expectation maximization on a company's own customers, in an environment of its own.

PYTHON bench/matching_splink.py FOLDER RESULT
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on


def records(folder: Path) -> pd.DataFrame:
    """Return one row per customer: its first phone and e-mail, and the words of its name and address in lower case."""
    customers = pd.read_parquet(folder / "customers.parquet")
    if "merged_to_id" in customers:
        customers = customers[customers["merged_to_id"].isna()]
    contacts = pd.read_parquet(folder / "contacts.parquet")
    is_email = contacts["value"].str.contains("@")
    emails = contacts[is_email].groupby("customer_id")["value"].first().str.lower()
    phones = contacts[~is_email].groupby("customer_id")["value"].first().str.replace(r"\D", "", regex=True).str[-10:]
    names = customers["name"].fillna("").str.lower()
    swapped = names.str.replace(r"^([^,]+), *(.*)$", r"\2 \1", regex=True).str.replace(r"[^a-z ]", "", regex=True)
    words = swapped.str.split()
    street = customers["address_street"].fillna("").str.lower().str.replace(r"[^a-z0-9]+", " ", regex=True)
    rows = pd.DataFrame(
        {
            "unique_id": customers["id"].astype("int64"),
            "first": words.str[0],
            "last": words.str[-1],
            "phone": customers["id"].map(phones),
            "email": customers["id"].map(emails),
            "street": street.str.strip(),
            "zip": customers["address_zip"].str[:5],
        }
    )
    return rows.astype(object).where(rows.notna() & (rows != ""), None)


def main() -> None:
    rows = records(Path(sys.argv[1]))
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compare.JaroWinklerAtThresholds("first", [0.9]).configure(term_frequency_adjustments=True),
            compare.JaroWinklerAtThresholds("last", [0.9]).configure(term_frequency_adjustments=True),
            compare.ExactMatch("phone"),
            compare.ExactMatch("email"),
            compare.JaroWinklerAtThresholds("street", [0.95, 0.85]),
            compare.ExactMatch("zip"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("phone"),
            block_on("email"),
            block_on("street", "zip"),
            block_on("first", "last"),
            block_on("last", "zip"),
        ],
    )
    api = DuckDBAPI()
    try:
        linker = Linker(api.register(rows), settings)  # Splink 5
    except AttributeError:
        linker = Linker(rows, settings, api)
    rules = [block_on("phone", "last"), block_on("email")]
    linker.training.estimate_probability_two_random_records_match(rules, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("first", "last"))
    found = linker.inference.predict(threshold_match_probability=0.5).as_pandas_dataframe()
    names = {"unique_id_l": "id_1", "unique_id_r": "id_2", "match_probability": "probability"}
    pairs = found[[*names]].rename(columns=names)
    swap = pairs["id_1"] > pairs["id_2"]
    pairs.loc[swap, ["id_1", "id_2"]] = pairs.loc[swap, ["id_2", "id_1"]].to_numpy()
    pairs.to_parquet(Path(sys.argv[1]) / "pairs.parquet")


if __name__ == "__main__":
    main()
