"""What an action may bring: from the group's own last weeks, as one number, and the largest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import booking_sources, first_screen, lead_conversion, opportunities
from stcrm_pandas.analysis.base.findings import Action
from stcrm_pandas.analysis.base.worth import Worth
from stcrm_pandas.analysis.overview import FIRST_SCREEN
from stcrm_pandas.analysis.statistics.prediction import Prediction, gap
from stcrm_pandas.report.page import index_page

Frames = Callable[..., pd.DataFrame]
Rows = list[dict[str, Any]]
AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
ZONE = "America/Chicago"
OTHERS, RETIRED, YOUNG, RARE, INACTIVE = 1, 2, 3, 4, 5
CAMPAIGNS = pd.DataFrame(
    {
        "id": [OTHERS, RETIRED, YOUNG, RARE, INACTIVE],
        "name": ["Others", "Retired", "Young", "Rare", "Inactive"],
        "active": [True, True, True, True, False],
    }
)


def of_weeks() -> list[tuple[int, dt.datetime, bool]]:
    """Campaign, time and success of inquiries over 60 weeks.

    Of 20 a week half succeed. Of 10 a week one succeeded in a campaign that ended nine months ago; two do in one that
    began 23 weeks ago, and in an inactive one; one campaign gets 3 a month, after 20 a week in its first year.
    """
    rows = []
    for week in range(60):
        for place in range(10):
            at = AS_OF - dt.timedelta(weeks=week, days=1 + place % 6, hours=place)
            rows += [(OTHERS, at, place % 2 == 0)] * 2
            if week >= 39:
                rows.append((RETIRED, at, place == 0))
            if week < 23:
                rows.append((YOUNG, at, place < 2))
                rows.append((INACTIVE, at, place < 2))
            if week >= 20 or (place == 0 and week % 2 == 0):
                rows.append((RARE, at, place < 2 and week >= 20))
    return rows


@pytest.fixture(scope="module")
def leads_of_weeks(leads: Frames) -> pd.DataFrame:
    return leads(
        *(
            {
                "campaign_id": campaign,
                "created_on": at.isoformat(),
                "business_unit_id": 1,
                "status": "Converted" if success else "Dismissed",
            }
            for campaign, at, success in of_weeks()
        )
    )


def own_pace(frame: pd.DataFrame, campaign: int, mature: int) -> float:
    """The inquiries of a campaign in four weeks, counted in plain pandas: the last 13 weeks, fewer if it is younger."""
    created = frame.loc[frame["campaign_id"] == campaign, "created_on"]
    end = pd.Timestamp(AS_OF) - pd.Timedelta(days=mature)
    begin = max(end - pd.Timedelta(weeks=13), created.min())
    return 4 * int(((created > begin) & (created <= end)).sum()) / ((end - begin) / pd.Timedelta(weeks=1))


def named(actions: list[Action]) -> dict[str, Action]:
    """Actions on groups, by the name of the group."""
    return {name: one for name in CAMPAIGNS["name"] for one in actions if name in one.do and one.work_list is None}


@pytest.mark.parametrize("analysis", ["leads", "opportunities"])
def test_effects_of_four_weeks_come_from_the_group_s_own_last_weeks(
    analysis: str, leads_of_weeks: pd.DataFrame, bookings: Frames, jobs: Frames
) -> None:
    made: dict[str, Any] = {"as_of": AS_OF, "time_zone": ZONE, "by": "campaign"}
    if analysis == "leads":
        names = {"campaign": CAMPAIGNS}
        found: Any = lead_conversion(leads_of_weeks, jobs=jobs(), bookings=bookings(), names=names, **made)
    else:
        found = opportunities(leads_of_weeks, bookings(), jobs(), campaigns=CAMPAIGNS, **made)
    verdicts = found.comparisons.set_index("id")["verdict"]
    assert verdicts[[RETIRED, YOUNG, RARE, INACTIVE]].eq("lower").all()
    actions = named(found.actions())
    lower = {name for name, one in actions.items() if one.worth}
    assert lower == {"Young", "Rare"}
    for name, campaign in (("Young", YOUNG), ("Rare", RARE)):
        row: Any = next(found.comparisons[found.comparisons["id"] == campaign].itertuples())
        assert found.paces[campaign] == pytest.approx(own_pace(leads_of_weeks, campaign, 30))
        assert actions[name].worth == pytest.approx(gap(row, found.paces[campaign]).expected)
    assert found.paces[YOUNG] == pytest.approx(40, rel=0.1)
    assert found.paces[RARE] == pytest.approx(2, rel=0.3)
    assert "less than 1 fewer job in 4 weeks" in actions["Rare"].brief


def test_cancellations_of_four_weeks_come_from_the_source_s_own_last_weeks(bookings: Frames, jobs: Frames) -> None:
    names = dict(zip(CAMPAIGNS["id"], CAMPAIGNS["name"], strict=True))
    booked: Rows = []
    made: Rows = []
    for place, (campaign, at, success) in enumerate(of_weeks()):
        created = at.isoformat()
        booked.append({"id": place, "source": names[campaign], "status": "Converted", "job_id": 10_000 + place})
        booked[-1] |= {"created_on": created, "modified_on": created, "business_unit_id": 1}
        made.append({"id": 10_000 + place, "created_on": created, "total": 400.0 if success else 0.0})
        made[-1]["job_status"] = "Completed" if success else "Canceled"
    found = booking_sources(bookings(*booked), jobs=jobs(*made), as_of=AS_OF, time_zone=ZONE, min_group=20)
    canceled = found.comparisons["canceled"].set_index("name")
    assert canceled.loc[["Retired", "Young", "Rare"], "verdict"].eq("higher").all()
    actions = {name: one for name, one in named(found.actions()).items() if "canceled" in one.do}
    assert "Retired" not in actions
    frame = bookings(*booked).assign(campaign_id=[campaign for campaign, _, _ in of_weeks()])
    assert found.paces["Young"] == pytest.approx(own_pace(frame, YOUNG, 60))
    (row,) = canceled.loc[["Young"]].itertuples()
    assert actions["Young"].worth == pytest.approx(gap(row, found.paces["Young"]).expected)
    assert actions["Young"].amount == pytest.approx(400 * actions["Young"].worth)


def test_actions_name_no_source_that_has_sent_nothing_for_four_weeks(bookings: Frames) -> None:
    """Its bookings were left unanswered for a day: who it is does not matter once it is gone."""
    rows: Rows = []
    for week in range(20):
        for place in range(6):
            at = AS_OF - dt.timedelta(weeks=week, days=1 + place)
            slow = {"status": "Dismissed", "modified_on": (at + dt.timedelta(days=2)).isoformat()}
            fast = {"status": "Dismissed", "modified_on": (at + dt.timedelta(minutes=9)).isoformat()}
            rows.append({"source": "Others", "created_on": at.isoformat(), **fast})
            if week >= 4:
                rows.append({"source": "Retired", "created_on": at.isoformat(), **slow})
    made = bookings(*({"id": place, **row} for place, row in enumerate(rows)))
    found = booking_sources(made, as_of=AS_OF, time_zone=ZONE)
    assert "Retired" not in {name for name in ("Others", "Retired") if name in found.paces}


PREDICTED = Prediction(40, 3.0, 5.0, 1, 9)


def test_what_is_shown_and_sorted_is_one_number() -> None:
    worth = Worth(PREDICTED, 1_720.0, "USD")
    assert (worth.amount, worth.money, worth.in_brief()) == (1_720.0, "$1,700", "about 3–5 jobs")
    little = Worth(Prediction(40, 0.4, 0.8, 0, 3), 250.0, "USD", ["one job of $9 is 80% of the revenue behind it"])
    assert (little.amount, little.money, little.note, little.in_brief()) == (0.0, "", "", "less than 1 job")
    lost = Worth(PREDICTED, -90.0, "USD", ["negative totals of -$9,000 in all are part of the revenue behind it"])
    assert (lost.amount, lost.money) == (0.0, "")
    assert lost.note == "; negative totals of -$9,000 in all are part of the revenue behind it"


def asking(count: int, hours: float = 24, **more: Any) -> Rows:
    """Open leads from yesterday, without a follow-up."""
    created = (AS_OF - dt.timedelta(hours=hours)).isoformat()
    return [{"status": "Open", "created_on": created, "business_unit_id": 1, "job_type_id": 1, **more}] * count


def earlier(count: int, booked: int, after: float = 5) -> Rows:
    """Leads of last winter, of which so many were booked after five days, and the others dismissed after ten."""
    created = AS_OF - dt.timedelta(days=150)
    ends = [("Converted", after)] * booked + [("Dismissed", 10)] * (count - booked)
    return [
        {
            "status": status,
            "created_on": created.isoformat(),
            "modified_on": (created + dt.timedelta(days=days)).isoformat(),
            "customer_id": 500 + place,
        }
        for place, (status, days) in enumerate(ends)
    ]


def paid(*totals: float, after: float = 5) -> Rows:
    done = {"job_status": "Completed", "created_on": (AS_OF - dt.timedelta(days=150 - after)).isoformat()}
    usual = {"business_unit_id": 1, "job_type_id": 1}
    return [{**done, **usual, "total": total, "customer_id": 500 + place} for place, total in enumerate(totals)]


def call(leads: Frames, jobs: Frames, waiting: int, booked: int, *totals: float) -> Action:
    units = pd.DataFrame({"id": [1], "name": ["Service"], "currency": ["USD"]})
    found = lead_conversion(
        leads(*asking(waiting), *earlier(100, booked)),
        jobs=jobs(*paid(*totals)),
        names={"business_unit": units},
        as_of=AS_OF,
        time_zone=ZONE,
        unit="lead",
    )
    (action,) = [one for one in found.actions() if one.work_list == "no-follow-up"]
    return action


def test_a_prior_makes_no_money_where_nobody_was_booked(leads: Frames, jobs: Frames) -> None:
    action = call(leads, jobs, 300, 0, *[420.0] * 40)
    assert action.do == "Call the 300 open leads without a follow-up date."
    assert (action.amount, action.worth) == (0.0, 0.0)
    assert action.brief == "0% of leads this old get booked: less than 1 job"
    assert "$" not in action.evidence


def test_no_money_below_one_job(leads: Frames, jobs: Frames) -> None:
    little = call(leads, jobs, 4, 20, *[420.0] * 40)
    assert little.amount == 0
    assert 0 < little.worth < 1
    assert little.brief.endswith(": less than 1 job")
    more = call(leads, jobs, 50, 20, *[420.0] * 40)
    assert more.amount == pytest.approx(more.worth * 420)
    assert more.brief == "20% of leads this old get booked: about 10 jobs, $4,200"


def test_jobs_and_money_of_a_list_are_of_the_same_ages(leads: Frames, jobs: Frames) -> None:
    """Leads of two days and 18 hours came in three days ago, but of three days old ones none was still booked."""
    units = pd.DataFrame({"id": [1], "name": ["Service"], "currency": ["USD"]})
    found = lead_conversion(
        leads(*asking(50, hours=66), *earlier(100, 20, after=0.9)),
        jobs=jobs(*paid(*[420.0] * 40, after=0.9)),
        names={"business_unit": units},
        as_of=AS_OF,
        time_zone=ZONE,
        unit="lead",
    )
    (action,) = [one for one in found.actions() if one.work_list == "no-follow-up"]
    assert action.worth > 6
    assert action.amount == pytest.approx(action.worth * 420)
    assert action.amount == pytest.approx(found.work_lists["no-follow-up"].expected)


def test_one_job_that_is_most_of_the_revenue_is_named_where_it_counts(leads: Frames, jobs: Frames) -> None:
    large = call(leads, jobs, 50, 20, *[420.0] * 40, 5_000_000.0)
    assert large.brief.endswith("; one job of $5,000,000 is 100% of the revenue behind it")
    assert "one job of $5,000,000" in large.size
    refunded = call(leads, jobs, 50, 20, *[420.0] * 40, -900.0)
    assert refunded.brief.endswith("; negative totals of -$900 in all are part of the revenue behind it")
    lost = call(leads, jobs, 50, 20, *[420.0] * 40, -5_000_000.0)
    assert lost.amount == 0
    assert "$" not in lost.brief.partition(";")[0]
    assert lost.brief.endswith("; negative totals of -$5,000,000 in all are part of the revenue behind it")


def test_one_job_that_is_most_of_the_revenue_is_named_by_opportunities(
    leads_of_weeks: pd.DataFrame, bookings: Frames, jobs: Frames
) -> None:
    made: Rows = []
    rows = [row for row in of_weeks() if row[0] in (OTHERS, YOUNG)]
    for place, (campaign, at, success) in enumerate(rows):
        if success:
            done = {"job_status": "Completed", "total": 100.0, "created_on": at.isoformat(), "lead_call_id": place}
            made.append({**done, "campaign_id": campaign, "business_unit_id": 1})
    young = [place for place, row in enumerate(made) if row["campaign_id"] == YOUNG and row["created_on"] < "2026-03"]
    made[young[0]]["total"] = 70_000.0
    lost = leads_of_weeks[[not success and campaign in (OTHERS, YOUNG) for campaign, _, success in of_weeks()]]
    lost = lost.assign(call_id=lost["id"] + 90_000)
    units = pd.DataFrame({"id": [1, 2], "name": ["One", "Two"], "currency": ["USD", "USD"]})
    found = opportunities(
        lost,
        bookings(),
        jobs(*made),
        campaigns=CAMPAIGNS,
        business_units=units,
        as_of=AS_OF,
        time_zone=ZONE,
        min_group=20,
    )
    young_action = named(found.actions())["Young"]
    assert young_action.amount > 0
    assert "; one opportunity of $70,000 is 9" in young_action.brief
    assert "% of the revenue behind it" in young_action.size


class Results:
    """A result with these actions."""

    def __init__(self, *actions: Action) -> None:
        self._actions = actions

    def actions(self) -> tuple[Action, ...]:
        return self._actions

    def tiles(self) -> tuple[()]:
        return ()


def worth(name: str, amount: float, jobs: float = 0.0) -> Action:
    return Action(name, brief=f"{name} {amount:,.0f}", amount=amount, worth=jobs)


def test_the_largest_of_all_candidates_are_shown_first() -> None:
    """Three actions of one report are larger than all of another; all of its four belong on the index."""
    duty = worth("A duty", 0.0, 0.6)
    same = worth("Call them", 900.0)
    leads = first_screen(
        "Leads",
        Results(worth("One", 15_000), worth("Two", 9_500), duty, same),
        Results(same, worth("Three", 4_600), worth("Hidden", 14_000)),
        company="Example",
        period="June",
    )
    assert [one.do for one in leads.actions] == ["One", "Hidden", "Two"]
    assert [one.do for one in leads.others] == ["Three", "Call them", "A duty"]
    others = first_screen("Bookings", Results(worth("Four", 4_000)), company="Example", period="June")
    screens = {name: one._repr_mimebundle_()[FIRST_SCREEN] for name, one in (("leads", leads), ("bookings", others))}
    page = index_page("Reports", screens)
    listed = sorted(("One", "Hidden", "Two", "Three", "Four"), key=lambda name: page.index(f">{name}<"))
    assert listed == ["One", "Hidden", "Two", "Three", "Four"]
    assert ">Call them<" not in page
