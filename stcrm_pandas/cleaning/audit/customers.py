"""Findings about customers: how they are written, where they live, and which are entered more than once."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from stcrm_pandas.cleaning.audit.finding import Effect, Found
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.cleaning.recipes.addresses import addresses
from stcrm_pandas.cleaning.recipes.cities import cities
from stcrm_pandas.cleaning.recipes.fix import Fix
from stcrm_pandas.cleaning.recipes.names import names
from stcrm_pandas.cleaning.recipes.zips import zips


def spelled(recipe: Callable[[pd.DataFrame], Fix]) -> Callable[[Rows], Found]:
    """Return the check that counts the customers that a recipe changes or lists."""

    def check(rows: Rows) -> Found:
        fix = recipe(rows.customers)
        ids = pd.concat([fix.changes["id"], fix.skipped["id"]]).unique()
        return Found(rows.customers[rows.customers["id"].isin(ids)], fix.checked)

    return check


customers_names = spelled(names)
customers_addresses = spelled(addresses)
customers_zips = spelled(zips)
customers_cities = spelled(cities)


def customers_location(rows: Rows) -> Found:
    """Return customers without an active location."""
    customers = rows.customers
    return Found.among(customers, ~customers["id"].isin(rows.locations["customer_id"]), "customers with a location")


def duplicates_of(kind: str) -> Callable[[Rows], Found]:
    """Return the check that counts the customers in a pair of this kind that is surely the same customer."""

    def check(rows: Rows) -> Found:
        pairs = rows.pairs
        return _in_pairs(rows, pairs[pairs["tier"].eq("sure") & pairs["kind"].eq(kind)])

    return check


def duplicates_to_check(rows: Rows) -> Found:
    """Return the customers in a pair that a person has to look at."""
    found = _in_pairs(rows, rows.pairs[rows.pairs["tier"].eq("look")])
    return Found(found.rows, found.of)  # nobody knows yet which of them are the same


def _in_pairs(rows: Rows, pairs: pd.DataFrame) -> Found:
    customers = rows.customers
    ids = pd.concat([pairs["id_1"], pairs["id_2"]]).unique()
    found = customers[customers["id"].isin(ids)]
    kept = len(customers) - len(survivors(pairs))
    effect = Effect("customers", len(customers), kept, share=False)
    return Found(found, len(customers), (effect,), customers["created_on"])


def survivors(pairs: pd.DataFrame) -> dict[int, int]:
    """Return, for each customer that a merge of these pairs removes, the customer that stays: the oldest id."""
    stays: dict[int, int] = {}

    def root(one: int) -> int:
        while one in stays:
            one = stays[one]
        return one

    for first, second in zip(pairs["id_1"].tolist(), pairs["id_2"].tolist(), strict=True):
        low, high = sorted((root(first), root(second)))
        if low != high:
            stays[high] = low
    return {one: root(one) for one in stays}
