"""Groups are called different where they are, not by chance, and not for who is in them."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

from stcrm_pandas.analysis import ContactPreferences, contact_preferences

from .contact_rows import AS_OF, MARKETING, contacts, customers, no_others

TYPES = ("Residential", "Commercial")


def company(seed: int, size: int, *, on: Any, tags: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers with a mobile number each: `on` gives by type the chance that marketing is on, `tags` that of a tag."""
    chance = np.random.default_rng(seed)
    kinds = chance.choice(2, size, p=[0.6, 0.4])
    has = chance.random((size, 3)) < np.array(tags)[kinds]
    rows = [
        {
            "type": TYPES[kind],
            "tag_type_ids": tuple(int(tag) for tag in 7 + np.flatnonzero(mine)),
            "created_on": f"{2018 + place % 8}-05-04T12:00Z",
        }
        for place, (kind, mine) in enumerate(zip(kinds, has, strict=True))
    ]
    wants = chance.random(size) < np.array(on)[kinds]
    numbers = (f"{area}-555-{last:04d}" for area in (512, 737, 214, 469) for last in range(100, 1_100))
    reached = (
        {"customer_id": 1 + place, "value": number, MARKETING: bool(want)}
        for place, (number, want) in enumerate(zip(numbers, wants, strict=False))
    )
    return customers(*rows), contacts(*reached)


def found(whom: pd.DataFrame, reached: pd.DataFrame, by: Any) -> ContactPreferences:
    return contact_preferences(whom, reached, by=by, as_of=AS_OF, time_zone="America/Chicago", **no_others())


def verdicts(one: ContactPreferences) -> dict[str, str]:
    frame = one.comparisons["marketing", "text"]
    return dict(zip(frame["name"], frame["verdict"], strict=True))


@pytest.mark.parametrize("missing", [("location_contacts", "locations"), ("methods",)])
def test_no_difference_and_nobody_to_ask_without_the_other_records_of_a_number(missing: tuple[str, ...]) -> None:
    """An opt-out on a contact of a location, or on a newer contact, stands."""
    whom, reached = company(1, 2_000, on=(0.9, 0.7), tags=[[0.3] * 3] * 2)
    reached.loc[:40, MARKETING] = pd.NA
    known = {name: frame for name, frame in no_others().items() if name not in missing}
    usual: dict[str, Any] = {"by": "customer_type", "as_of": AS_OF, "time_zone": "America/Chicago"}
    one = contact_preferences(whom, reached, **known, **usual)
    assert not one.comparisons
    words = {"location_contacts": "contacts of locations", "methods": "newer contacts"}[missing[0]]
    assert f"Customer types are not compared: {words} were not read." in one.summary()
    assert not any("than the others" in sentence for sentence in one.summary())
    every = contact_preferences(whom, reached, **no_others(), **usual)
    asked = [[action.do for action in each.actions() if action.do.startswith("Ask ")] for each in (one, every)]
    assert asked == [[], ["Ask 41 customers about marketing."]]


def test_real_difference_is_reported() -> None:
    one = found(*company(1, 2_000, on=(0.9, 0.7), tags=[[0.3] * 3] * 2), "customer_type")
    assert verdicts(one) == {"Residential": "higher", "Commercial": "lower"}
    assert any(
        sentence.startswith("Customer type Commercial has a lower share of customers not blocked")
        for sentence in one.summary()
    )
    assert "▼" in one._repr_html_()
    for _, frame in one.comparisons.items():
        row = frame.set_index("name").loc["Commercial"]
        assert row["share_lower"] - row["others_lower"] == pytest.approx(row["difference"], abs=1e-12)


def test_difference_due_to_customer_mix_is_explained() -> None:
    one = found(*company(2, 3_000, on=(0.95, 0.6), tags=[[0.05, 0.3, 0.3], [0.6, 0.3, 0.3]]), "tag")
    named = verdicts(one)
    assert named["7"] == "explained by the mix"
    assert named["8"] == named["9"] == "not clear"
    # each tag against all customers who do not have it
    whom, states = one.owners.frame, one.states["marketing", "text"]
    without = np.array([7 not in tags for tags in whom["tag_type_ids"]])
    row = one.comparisons["marketing", "text"].set_index("name").loc["7"]
    assert row["others_n"] == without.sum()
    assert row["others_lower"] == pytest.approx((states[without] == 0).mean())


def test_small_groups_are_not_reported() -> None:
    whom, reached = company(3, 400, on=(0.95, 0.6), tags=[[0.3] * 3] * 2)
    whom.loc[:370, "type"] = "Residential"
    whom.loc[371:, "type"] = "Commercial"
    one = found(whom, reached, "customer_type")
    assert verdicts(one) == {"Residential": "others too few", "Commercial": "too few"}
    assert any("too few customers to tell" in sentence for sentence in one.summary())


@pytest.mark.deep
def test_false_positive_rate_without_effects() -> None:
    named = 0
    for seed in range(200):
        one = found(*company(seed, 300, on=(0.8, 0.8), tags=[[0.3, 0.2, 0.4]] * 2), "tag")
        frame = pd.concat(one.comparisons.values())
        assert frame["p_value"].notna().any()
        named += bool(frame["verdict"].isin(["higher", "lower"]).any())
    assert named <= binom.ppf(0.999, 200, 0.05)
