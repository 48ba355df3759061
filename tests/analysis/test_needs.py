"""Every subset of the inputs: what an analysis was not given switches off what needs it.

Whatever is said about a group with some of the data sets is also said with all of them, word for word. The results of
the reduction are kept, so that each of them is made once for all 64 subsets.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, combinations
from typing import Any

import pandas as pd
import pytest

from stcrm_pandas.analysis import booking_sources, lead_conversion, opportunities, together
from stcrm_pandas.analysis.base.inputs import NEEDS, lacking
from stcrm_pandas.errors import UsageError

from .booking_company import AS_OF, ZONE, company

AGREED = {"preferences_marketing_updates_enabled": True}
DATA = ("leads", "bookings", "jobs", "customers", "contacts", "call_reasons")
SUBSETS = [frozenset(some) for some in chain.from_iterable(combinations(DATA, size) for size in range(len(DATA) + 1))]
Given = frozenset[str]

SAYS = {
    "leads: groups": r"^(Priority|Campaign) .* converts? (more|less) often|what works with|leads are booked less often",
    "leads: groups that opportunities have": r"^Campaign .* converts (more|less) often|looks poor by its leads alone",
    "leads: chances of open ones": r"of leads this old get booked",
    "opportunities: rates": r"opportunities .* were booked|have a completed job|Revenue of completed|that were booked",
    "opportunities: groups": r"^Campaign .* is booked (more|less) often|^Review how .* are handled|looks poor",
    "opportunities: costs": r"per booked job",
    "bookings: jobs": r"^\d+% of bookings become jobs|turns bookings into jobs|became jobs: |^Became jobs",
    "bookings: leads": r"dismissed bookings?, .* became leads|turns dismissed bookings into leads|^Judge ",
    "bookings: response times": r"were still new|^Still new after an hour|has bookings still new|^Answer bookings",
    "bookings: chances of waiting ones": r"of bookings waiting this long became jobs",
    "bookings: cancellations": r"were canceled and|has jobs canceled|^Find out why jobs from",
    "bookings: first-time customers": r"first-time customers: no earlier job|wrong statement of whether",
    "bookings: campaigns of chains": r"chains of records with campaigns",
}
"""By what is made, how it reads: a text that matches is made only with all that it needs."""

DIFFERS = {
    r"inquiries|leads?\b": {"jobs", "bookings", "call_reasons"},
    r"conversion": {"jobs", "bookings", "call_reasons"},
    r"^At least \d+% of bookings become jobs": {"leads"},
    r"^(Review|Dismiss) the [\d,]+ bookings? waiting|^Find out why .* stopped sending": {
        "leads",
        "jobs",
        "contacts",
        "customers",
    },
    r"have a completed job|opportunit|How reliable campaigns are|chains of records|job names|jobs name": {
        "call_reasons"
    },
}
"""Texts that count something else without one of these: they name no group, and say what they count."""


@cache
def frames() -> dict[str, Any]:
    return company(leads=2_000)[0]


@cache
def reduced(analysis: str, by: str, given: Given) -> Any:
    """The result of an analysis, made once for the inputs of its reduction."""
    some = {name: frames()[name] for name in given}
    people = pd.DataFrame({"customer_id": [1], "type": ["Phone"], "value": ["512-555-0100"], **AGREED})
    usual: dict[str, Any] = {"by": by, "as_of": AS_OF, "time_zone": ZONE}
    names = {"campaign": frames()["campaigns"], "business_unit": frames()["business_units"]}
    if analysis == "leads":
        named = {**names, "customer": frames()["customers"]}
        return lead_conversion(some.pop("leads"), names=named, contacts=people, **some, **usual)
    if analysis == "bookings":
        return booking_sources(some.pop("bookings"), names=names, contacts=people, **some, **usual)
    spend = pd.DataFrame({"campaign": frames()["campaigns"]["id"], "month": "2026-03", "amount": 900.0})
    parts = [some.pop(name, None) for name in ("leads", "bookings", "jobs")]
    return opportunities(*parts, campaigns=frames()["campaigns"], spend=spend, **some, **usual)


ANALYSES: dict[tuple[str, str], tuple[Given, Given]] = {
    ("leads", "campaign"): (frozenset({"leads"}), frozenset({"jobs", "bookings", "call_reasons"})),
    ("leads", "priority"): (frozenset({"leads"}), frozenset({"jobs", "bookings", "call_reasons"})),
    ("opportunities", "campaign"): (frozenset({"leads", "jobs"}), frozenset({"bookings", "call_reasons"})),
    ("bookings", "source"): (frozenset({"bookings"}), frozenset({"leads", "jobs", "customers"})),
    ("bookings", "campaign"): (frozenset({"bookings"}), frozenset({"leads", "jobs", "customers"})),
}
"""By analysis and dimension, the inputs that it requires, and those of its reduction that it can use."""


TOGETHER = [
    (("leads", "campaign"), ("opportunities", "campaign")),
    *((key,) for key in [*ANALYSES][1:] if key[0] != "opportunities"),
]
"""The results that a report corrects together."""


@cache
def corrected(keys: tuple[tuple[str, str], ...], given: Given) -> dict[tuple[str, str], Any]:
    found = {
        key: reduced(*key, ANALYSES[key][0] | (ANALYSES[key][1] & given)) for key in keys if ANALYSES[key][0] <= given
    }
    return dict(zip(found, together(*found.values()), strict=True))


def made(given: Given) -> dict[tuple[str, str], Any]:
    """The results that these inputs allow, as a report has them."""
    found: dict[tuple[str, str], Any] = {}
    for keys in TOGETHER:
        takes = frozenset().union(*(ANALYSES[key][0] | ANALYSES[key][1] for key in keys))
        found |= corrected(keys, given & takes)
    return found


def texts(result: Any) -> Iterator[str]:
    """All that a result says."""
    yield from result.summary()
    for action in actions(result):
        yield from filter(None, (action.do, action.number, action.size, action.brief))
    yield from (tile.title for tile in result.tiles())
    if hasattr(result, "headline"):
        yield from (result.headline().text, result.headline().evidence)


SAID: dict[int, frozenset[str]] = {}
ACTIONS: dict[int, list[Any]] = {}
"""By the id of a result; each result is kept."""


def said(result: Any) -> frozenset[str]:
    """All that a result says."""
    if id(result) not in SAID:
        SAID[id(result)] = frozenset(texts(result))
    return SAID[id(result)]


def actions(result: Any) -> list[Any]:
    """The actions of a result of `corrected`."""
    if id(result) not in ACTIONS:
        ACTIONS[id(result)] = result.actions()
    return ACTIONS[id(result)]


def verdicts(result: Any) -> dict[tuple[Any, str], Any]:
    """By measure and group, what is called different, with the p-value of that comparison."""
    comparisons = result.comparisons
    tables = {None: comparisons} if isinstance(comparisons, pd.DataFrame) else comparisons
    return {
        (measure, row.name): row
        for measure, table in tables.items()
        for row in table.itertuples(index=False)
        if row.verdict in ("higher", "lower")
    }


def comparison(result: Any, measure: Any, name: str) -> Any:
    table = result.comparisons if measure is None else result.comparisons[measure]
    return next(table[table["name"] == name].itertuples(index=False))


EVERYTHING = frozenset(DATA)


@pytest.mark.parametrize("what", SAYS)
def test_everything_is_said_with_all_inputs(what: str) -> None:
    """Else the other tests could not fail."""
    analysis = what.partition(":")[0]
    mine = [text for key in ANALYSES if key[0] == analysis for text in said(made(EVERYTHING)[key])]
    if what == "leads: groups that opportunities have":
        assert verdicts(reduced("leads", "campaign", EVERYTHING - {"customers", "contacts"}))
    else:
        assert any(re.search(SAYS[what], text) for text in mine), mine


def test_all_that_needs_an_input_is_looked_for() -> None:
    """Contact preferences need all of their records: see test_contact_preferences_differences.py."""
    assert {*SAYS} == {what for what in NEEDS if not what.startswith("preferences")} - {
        "leads: whom to call",
        "bookings: whom to call",
    }


@pytest.mark.parametrize("given", SUBSETS, ids=lambda given: "-".join(sorted(given)) or "nothing")
def test_nothing_is_said_that_the_inputs_cannot_carry(given: Given) -> None:
    for key, result in made(given).items():
        full = made(EVERYTHING)[key]
        for what, pattern in SAYS.items():
            lacks = lacking(what, given)
            assert result.lacks(what) == lacks or what.partition(":")[0] != key[0]
            of_dimension = what != "leads: groups that opportunities have" or key[1] == "campaign"
            if what.partition(":")[0] == key[0] and lacks and of_dimension:
                wrong = [text for text in said(result) if re.search(pattern, text)]
                assert not wrong, (key, what, wrong)
        for (measure, name), row in verdicts(result).items():  # the very comparison; only the correction has fewer
            other = comparison(full, measure, name)
            assert (row.p_value, row.standardised, row.n) == (other.p_value, other.standardised, other.n), (key, name)
        for text in said(result) - said(full):
            compared = "than the others" in text and any(name in text for _, name in verdicts(result))  # see above
            allowed = (
                compared
                or "not read" in text
                or any(re.search(pattern, text) and missing - given for pattern, missing in DIFFERS.items())
            )
            assert allowed, (key, text)
        known = {(action.do, action.worth, action.amount) for action in actions(full)}
        for action in actions(result):
            if action.worth or action.amount:
                assert (action.do, action.worth, action.amount) in known, (key, action)
        # a group is named only with the very words of all inputs
        groups = {str(name) for name in full.table["name"]}
        for action in actions(result):
            if any(name in action.do for name in groups):
                assert action.do in {other.do for other in actions(full)}, (key, action)


WHOM = ("jobs", "customers", "contacts")
SOME = [frozenset(some) for some in chain.from_iterable(combinations(WHOM, size) for size in range(4))]


@pytest.mark.parametrize("given", SOME, ids=lambda given: "-".join(sorted(given)) or "nothing")
def test_calls_need_to_know_whom_not_to_call(leads: Any, jobs: Any, given: Given) -> None:
    """The customer of the first is marked 'do not service', the number of the second opted out, the third had a job."""
    at = {"created_on": "2026-05-20T12:00Z", "status": "Open"}
    asked = leads(*({**at, "customer_id": id, "lead_phone": f"512-555-010{id}"} for id in (1, 2, 3, 4)))
    refused = {"preferences_marketing_updates_enabled": [False], "preferences_job_reminders_enabled": [False]}
    inputs: dict[str, Any] = {
        "jobs": jobs({"customer_id": 3, "created_on": "2026-05-25T12:00Z"}),
        "names": {"customer": pd.DataFrame({"id": [1], "name": ["Ann"], "do_not_service": [True]})},
        "contacts": pd.DataFrame({"customer_id": [9], "type": ["Phone"], "value": ["512-555-0102"], **refused}),
    }
    some = {name: inputs["names" if name == "customers" else name] for name in given}
    if "customers" in some:
        some["names"] = some.pop("customers")
    found = lead_conversion(asked, as_of=AS_OF, time_zone=ZONE, **some)
    (action,) = (one for one in found.actions() if one.work_list == "no-follow-up")
    if len(given) == 3:
        assert action.do == "Call the 1 open lead without a follow-up date."
    else:
        assert action.do.startswith("Review the ")
        assert action.brief.startswith("whom not to call is unknown: ")
        assert (action.worth, action.amount) == (0, 0)


WITHOUT_CONTACTS = [given for given in SOME if "contacts" not in given]


# contacts of customers can be missing in four ways: each of them once, and in the longer tests with each subset
@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        *((given, (0, 1)) for given in SOME if "contacts" in given),
        *((given, (place,)) for place, given in enumerate(WITHOUT_CONTACTS)),
        *(pytest.param(given, range(4), marks=pytest.mark.deep) for given in WITHOUT_CONTACTS),
    ],
    ids=lambda value: "-".join(map(str, sorted(value))) or "nothing",
)
def test_calls_of_bookings_need_to_know_whom_not_to_call(
    bookings: Any, jobs: Any, given: Given, kinds: Sequence[int]
) -> None:
    waiting = bookings({"id": 1, "created_on": AS_OF - dt.timedelta(days=5), "status": "New"})
    bare = pd.DataFrame({"customer_id": [9], "type": ["Phone"], "value": ["512-555-0102"]})
    people = bare.assign(**AGREED)
    own = pd.DataFrame({"booking_id": [1], "type": ["Phone"], "value": ["512-555-0101"]})
    inputs = {
        "jobs": jobs({"customer_id": 3, "created_on": "2026-05-25T12:00Z"}),
        "customers": pd.DataFrame(
            {"id": [1], "created_on": [pd.Timestamp("2026-01-05T12:00Z")], "do_not_service": [False]}
        ),
    }
    some = {name: inputs[name] for name in given if name in inputs}
    contacts_of_kind = [[own, people], people] if "contacts" in given else [None, own, [own, None], []]
    for contacts in map(contacts_of_kind.__getitem__, kinds):
        result = booking_sources(waiting, as_of=AS_OF, time_zone=ZONE, contacts=contacts, **some)
        (action,) = (action for action in result.actions() if action.work_list == "still-new")
        if len(given) == 3:
            assert action.do == "Call the 1 booking waiting for more than a day."
        else:
            assert action.do == "Review the 1 booking waiting for more than a day."
            assert action.brief.startswith("whom not to call is unknown: ")
            assert (action.worth, action.amount) == (0, 0)


def test_rows_without_marks_and_preferences_do_not_tell_whom_not_to_call(leads: Any, bookings: Any, jobs: Any) -> None:
    """Names of customers, and numbers alone, are no permission to call."""
    at = {"created_on": AS_OF - dt.timedelta(days=20), "status": "Open"}
    asked, waiting = leads({**at, "customer_id": 1}), bookings({**at, "id": 1, "status": "New"})
    made = jobs({"customer_id": 3, "created_on": "2026-05-25T12:00Z"})
    named = pd.DataFrame({"id": [1], "name": ["Ann"], "created_on": [pd.Timestamp("2026-01-05T12:00Z")]})
    marked = named.assign(do_not_service=False)
    bare = pd.DataFrame({"customer_id": [9], "type": ["Phone"], "value": ["512-555-0102"]})
    at_all: dict[str, Any] = {"as_of": AS_OF, "time_zone": ZONE, "jobs": made}
    for customers, contacts, unknown in (
        (marked, bare.assign(**AGREED), ""),
        (named, bare.assign(**AGREED), "customers were not read"),
        (marked, bare, "contacts were not read"),
    ):
        results = (
            lead_conversion(asked, names={"customer": customers}, contacts=contacts, **at_all),
            booking_sources(waiting, customers=customers, contacts=contacts, **at_all),
        )
        for result, key in zip(results, ("no-follow-up", "still-new"), strict=True):
            (action,) = (action for action in result.actions() if action.work_list == key)
            assert action.do.startswith("Review the " if unknown else "Call the ")
            assert unknown in (action.brief or "")


def test_shares_without_leads_have_bounds_that_hold_the_true_ones() -> None:
    """A dismissed booking may have become a lead and a job; without a first action's date, it has bounds."""
    full = reduced("bookings", "source", frozenset({"bookings", "leads", "jobs", "customers"})).table.set_index("name")
    for given in ({"bookings"}, {"bookings", "jobs"}, {"bookings", "leads"}):
        part = reduced("bookings", "source", frozenset(given)).table.set_index("name").reindex(full.index)
        assert (part["work_lower"] <= full["work_lower"]).all()
        assert (part["work_upper"] >= full["work_upper"]).all()
        for span in ("quarter", "hour", "day"):
            assert (part[f"new_lower_{span}"] <= full[f"new_lower_{span}"]).all(), (given, span)
            assert (part[f"new_upper_{span}"] >= full[f"new_upper_{span}"]).all(), (given, span)
        assert int(part["client_known"].sum()) == 0


def test_opportunities_without_bookings_have_no_shares() -> None:
    found = reduced("opportunities", "campaign", frozenset({"leads", "jobs", "call_reasons"}))
    assert found.table["booked_share_lower"].isna().all()
    assert found.overall["booked_share_lower"].isna().all()
    assert found.tiles() == []
    assert found.actions() == []
    assert found.costs is None
    assert found.summary()[0] == "How many opportunities are booked is unknown: bookings were not read."
    assert "no share" in found._repr_html_()
    with pytest.raises(UsageError, match="bookings were not read"):
        found.figure("booked")
