"""What the sandbox's company hides about bookings is found, and nothing is named where nothing is planted."""

import re
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import BookingSources, booking_sources, same_person

from ..booking_company import AS_OF, ZONE, company


def analysed(frames: dict[str, pd.DataFrame], **more: Any) -> BookingSources:
    return booking_sources(
        frames["bookings"],
        leads=frames["leads"],
        jobs=frames["jobs"],
        customers=frames["customers"],
        names={"campaign": frames["campaigns"]},
        as_of=AS_OF,
        time_zone=ZONE,
        **more,
    )


@pytest.fixture(scope="module")
def found() -> BookingSources:
    return analysed(company()[0])


def verdicts(found: BookingSources, measure: str) -> dict[str, str]:
    frame = found.comparisons[measure]
    return dict(zip(frame["name"], frame["verdict"], strict=True))


@pytest.mark.parametrize("seed", [4, *(pytest.param(seed, marks=pytest.mark.deep) for seed in (1, 2))])
def test_a_source_whose_dismissals_are_mostly_leads(seed: int) -> None:
    frames, hidden = company(seed)
    found = analysed(frames)
    truth = next(entry for entry in hidden["planted"] if entry["number"] == 6)
    spelt = found.spellings.set_index("source")["group"]
    (name,) = {spelt[source] for source in truth["sources"]}
    assert [source for source, verdict in verdicts(found, "dismissed_leads").items() if verdict == "higher"] == [name]
    row = found.table.set_index("name").loc[name]
    assert row["dismissed_leads"] / row["dismissed_status"] == pytest.approx(truth["share"], abs=0.02)
    (action,) = [one for one in found.actions() if "its dismissals" in one.do]
    assert action.do == f"Judge {name} by its leads, not its dismissals."
    assert action.brief.startswith(f"{row['dismissed_leads']} of {row['dismissed_status']} dismissed bookings became")


def test_respelled_sources_are_merged(found: BookingSources) -> None:
    respelt = company()[1]["events"]["sources_respelt"]["spellings"]
    spelt = found.spellings.set_index("source")["group"]
    assert all(spelt[old] == spelt[new] for old, new in respelt.items())
    assert len(found.table) == 6
    assert set(found.work_lists["spellings"].frame["Spelling"]) == {*respelt, *respelt.values()}
    assert found.work_lists["spellings"].title == f"Spellings of {len(respelt)} sources with more than one"


def test_shares_of_the_sources(found: BookingSources) -> None:
    table = found.table.set_index("name")
    direct = (table["direct"] / table["mature"]).astype(float).round(2)
    planted = {"Scheduling Page": 0.76, "Web Form": 0.55, "Local Services Ads": 0.58, "Marketplace B": 0.18}
    assert {name: abs(direct[name] - share) < 0.03 for name, share in planted.items()} == dict.fromkeys(planted, True)
    assert table.index[0] == "Scheduling Page"
    assert verdicts(found, "work")["Marketplace B"] == "lower"


def test_marketplace_cancellations(found: BookingSources) -> None:
    assert [name for name, verdict in verdicts(found, "canceled").items() if verdict == "higher"] == ["Marketplace A"]


def test_wrong_first_time_claims_and_impossible_starts(found: BookingSources) -> None:
    every = found.overall.iloc[0]
    assert 1 - every["claim_right"] / every["claim_known"] == pytest.approx(0.15, abs=0.02)
    assert (every["no_start"] + every["early_start"]) / every["bookings"] == pytest.approx(0.04, abs=0.003)


def test_form_outage_is_the_only_silence(found: BookingSources) -> None:
    first, last = (pd.Timestamp(day) for day in company()[1]["events"]["form_outage"])
    (gap,) = found.silences.itertuples()
    assert gap.source == "Web Form"
    assert gap.since <= first < last + pd.Timedelta(days=1) <= gap.until
    assert not gap.ongoing


def test_silent_source_is_an_action(found: BookingSources) -> None:
    frames = dict(company()[0])
    rows = frames["bookings"]
    quiet = (rows["source"] == "Scheduling Page") & (rows["created_on"] > pd.Timestamp("2026-06-20T00:00Z"))
    frames["bookings"] = rows[~quiet]
    silent = analysed(frames)
    assert silent.silences["source"].tolist()[0] == "Scheduling Page"
    assert silent.silences["ongoing"].tolist()[0]
    (action,) = [one for one in silent.actions() if one.do == "Find out why Scheduling Page stopped sending bookings."]
    # what was taken away lies within what is called missing
    missing, low, high = (int(n) for n in re.findall(r"about (\d+) .* interval (\d+)–(\d+)", action.number)[0])
    assert low <= int(quiet.sum()) <= high < 2 * missing
    assert f"{action.number}." in " ".join(silent.summary())


def test_the_same_person_through_two_sources() -> None:
    frames = company()[0]
    asked: list[int] = []

    def read(ids: list[int]) -> pd.DataFrame:
        asked.extend(ids)
        return frames["contacts"][frames["contacts"]["booking_id"].isin(ids)]

    before = same_person(frames["bookings"])
    assert f"takes {before.calls_needed} requests" in before.summary()[0]
    pairs = same_person(frames["bookings"], contacts=read)
    assert len(asked) == before.calls_needed
    sure = pairs.candidates[pairs.candidates["confirmed"]]
    assert len({*sure["first"], *sure["second"]}) / len(frames["bookings"]) == pytest.approx(0.05, abs=0.012)
    assert pairs.credit["first"].sum() == pairs.credit["last"].sum() == len(sure)
    assert (pairs.candidates["hours"] <= 7 * 24).all()
    names = set(frames["bookings"]["name"].dropna())
    assert not names & set(pairs.candidates.astype("str").to_numpy().ravel())


def test_campaigns_are_ranked_only_if_attribution_is_reliable() -> None:
    frames = dict(company()[0])
    assert analysed(frames, by="campaign").comparisons
    frames["bookings"] = frames["bookings"].assign(
        campaign_id=frames["bookings"]["campaign_id"].mask(frames["bookings"]["id"] % 4 == 0)
    )
    doubtful = analysed(frames, by="campaign")
    assert not doubtful.comparisons
    assert doubtful.table["bookings"].is_monotonic_decreasing
    assert any("not ranked" in sentence for sentence in doubtful.summary())


@pytest.mark.deep
@pytest.mark.parametrize("seed", [1, 2])
def test_no_differences_reported_without_effects(seed: int) -> None:
    alike = analysed(company(seed, effects=False)[0])
    named = {
        name
        for measure in ("work", "canceled", "new_hour")
        for name, v in verdicts(alike, measure).items()
        if v in ("higher", "lower")
    }
    assert not named
    assert "No source is clearly different from all others together." in alike.summary()
