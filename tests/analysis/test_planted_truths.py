"""What the sandbox's company hides is found where it shows in the share within 30 days, and nothing else is named."""

import datetime as dt
import warnings
from typing import Any

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import LeadConversion, lead_conversion
from stcrm_pandas.errors import DriftWarning

AS_OF = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


def by_campaign(**company: Any) -> tuple[LeadConversion, dict[int, Any]]:
    with stcrm.Sandbox(as_of=AS_OF, **company) as sandbox, stcrm.connect(sandbox=sandbox) as crm:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DriftWarning)  # the company is not by the book
            found = lead_conversion(
                crm.leads.list(),
                jobs=crm.lookups.jobs.list(),
                bookings=crm.bookings.list(),
                call_reasons=crm.lookups.call_reasons.list(),
                names=crm.lookups.campaigns.list(),
                by="campaign",
            )
        return found, {truth["number"]: truth for truth in sandbox.truth["planted"]}


@pytest.fixture(scope="module")
def demo() -> tuple[dict[int, str], dict[int, Any], LeadConversion]:
    found, truths = by_campaign(seed=4)
    verdicts = dict(zip(found.comparisons["id"].fillna(-1), found.comparisons["verdict"], strict=True))
    return verdicts, truths, found


def test_what_is_planted(demo: tuple[dict[int, str], dict[int, Any], LeadConversion]) -> None:
    verdicts, truths, _ = demo
    assert verdicts[truths[9]["campaign_id"]] == "higher"
    assert verdicts[truths[7]["campaign_id"]] == "too few"
    assert [verdicts[id] for id in truths[3]["campaign_ids"]] == ["not clear", "not clear"]
    assert verdicts[truths[1]["campaign_id"]] == "lower"  # a low rescue rate, though it is the best by opportunities
    planted = {id for truth in truths.values() for id in truth.get("campaign_ids", [])}
    assert {id for id, verdict in verdicts.items() if verdict in ("higher", "lower")} <= planted


def test_the_words_warn_of_what_a_rescue_rate_is_not(
    demo: tuple[dict[int, str], dict[int, Any], LeadConversion],
) -> None:
    _, truths, found = demo
    lowest = f"Campaign {truths[1]['campaign']} goes with fewer conversions"
    assert any(said.startswith(lowest) for said in found.summary())
    assert "a rescue rate" in found.definitions["Lead"]
    assert not any("Church Bulletin" in said for said in found.summary())


@pytest.mark.parametrize("seed", [1, 2])
def test_where_nothing_is_planted_nothing_is_named(seed: int) -> None:
    found, _ = by_campaign(seed=seed, customers=3_000, effects=False)
    assert "No campaign is clearly different from all others together." in found.summary()
