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


def duplicates(rows: Rows) -> Found:
    """Return the customers that are surely entered more than once, as the desk for merges has them."""
    customers, desk = rows.customers, rows.desk
    found = customers[customers["id"].isin(desk.survivor_of.index)]
    effect = Effect("customers", len(customers), len(customers) - len(desk), share=False)
    return Found(found, len(customers), (effect,), customers["created_on"])


def duplicates_to_check(rows: Rows) -> Found:
    """Return the customers in a pair that a person has to look at."""
    pairs = rows.duplicates.open_pairs("look")
    ids = pd.concat([pairs["id_1"], pairs["id_2"]])
    # nobody knows yet which of them are the same
    return Found(rows.customers[rows.customers["id"].isin(ids)], len(rows.customers))
