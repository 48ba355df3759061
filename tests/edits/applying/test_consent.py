"""Consent only ratchets down: no sequence of plan, apply, retry, resume and undo turns an opt-out into an opt-in."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.errors import DriftWarning, UsageError
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF, Time

FLAGS = {
    "preferences_job_reminders_enabled": "jobRemindersEnabled",
    "preferences_marketing_updates_enabled": "marketingUpdatesEnabled",
    "preferences_invoice_notification": "invoiceNotification",
    "preferences_statement_notification": "statementNotification",
}
CONTACTS = (1, 2, 3)
FAULTS = (
    None,
    {"status": 500},
    {"status": 500, "done": True},
    {"cut": 0},
    {"status": 409},
    {"ignore": ["preferences"]},
)

flag = st.sampled_from([True, False, None])
contact = st.fixed_dictionaries(dict.fromkeys(FLAGS, flag))
mails = st.lists(flag, min_size=3, max_size=3)
action = st.one_of(
    st.tuples(st.just("contacts"), st.lists(contact, min_size=3, max_size=3), st.booleans()),
    st.tuples(st.just("customers"), mails, mails),
    st.tuples(st.just("apply"), st.integers(0, 5), st.sampled_from(FAULTS)),
    st.tuples(st.just("limited"), st.integers(0, 5), st.none()),
    st.tuples(st.just("resume"), st.integers(0, 5), st.none()),
    st.tuples(st.just("retry"), st.integers(0, 5), st.none()),
    st.tuples(st.just("undo"), st.integers(0, 5), st.none()),
    st.tuples(st.just("theirs"), st.sampled_from(CONTACTS), st.sampled_from(sorted(FLAGS.values()))),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A sandbox, a connection and its time, for all examples."""
    folder, time = tmp_path_factory.mktemp("consent"), Time()
    with (
        Sandbox(company=Company(), as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(
            sandbox=box,
            cache_dir=folder / "cache",
            state_dir=folder / "state",
            rate_limit=1000,
            progress=False,
            sleep=time.sleep,
            timer=time.timer,
            clock=time.clock,
            chance=lambda: 0.0,
        ) as crm,
    ):
        yield box, crm


def state(box):
    """For each contact and customer, what they may be sent; True is a yes, everything else a no."""
    found = {}
    for id in CONTACTS:
        preferences = box.row("customer_contacts", (id, 1000 + id))["preferences"] or {}
        found.update({(id, name): preferences.get(name) for name in FLAGS.values()})
        customer = box.row("customers", id)
        found[id, "mail"] = not customer["doNotMail"]
        found[id, "service"] = not customer["doNotService"]
    return found


def begin(box, contacts, mail):
    box.clear_faults()
    box.requests.clear()
    for id, flags, off in zip(CONTACTS, contacts, mail, strict=True):
        preferences = {FLAGS[name]: value for name, value in flags.items()}
        both = preferences["invoiceNotification"], preferences["statementNotification"]
        whole = {**preferences, "invoiceStatementNotification": all(both)}
        box.change("customer_contacts", (id, 1000 + id), preferences=whole)
        box.change("customers", id, doNotMail=bool(off), doNotService=not off)


def walk(place, contacts, mail, actions):
    box, crm = place
    begin(box, contacts, mail)
    plans, results, before = [], [], state(box)

    def pick(some, number):
        return some[number % len(some)] if some else None

    for what, one, other in actions:
        try:
            if what == "contacts":
                rows = crm.customers.list_contacts(customer_ids=CONTACTS, refresh=True).sort_values("id")
                after = rows.assign(memo="mended") if other else rows.copy()
                for name in FLAGS:
                    after[name] = [flags[name] for flags in one]
                plans.append(crm.customers.plan_contact_changes(rows, after))
            elif what == "customers":
                rows = crm.customers.list(ids=CONTACTS, refresh=True)
                plans.append(crm.customers.plan_changes(rows, rows.assign(do_not_mail=one, do_not_service=other)))
            elif what in ("apply", "limited") and (plan := pick(plans, one)) is not None:
                if other:
                    for helper in ("customers.update_contact", "customers.update"):
                        box.inject(helper, **other)
                results.append(plan.apply(limit=1 if what == "limited" else None))
            elif what == "resume" and (result := pick(results, one)) is not None:
                results.append(crm.resume(result))
            elif what == "retry" and (result := pick(results, one)) is not None:
                plans.append(result.retry())
            elif what == "undo" and (result := pick(results, one)) is not None:
                plans.append(result.undo())
            elif what == "theirs":
                box.change("customer_contacts", (one, 1000 + one), **{f"preferences.{other}": False})
        except UsageError:
            pass  # refused: nothing was sent
        now = state(box)
        widened = [place for place, value in now.items() if value is True and before[place] is False]
        assert not widened, f"{what} turned a no into a yes: {widened}"
        before = now


ways = (st.lists(contact, min_size=3, max_size=3), mails, st.lists(action, min_size=2, max_size=12))
quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@given(*ways)
@settings(max_examples=25, deadline=None, suppress_health_check=quiet)
def test_no_sequence_turns_a_no_into_a_yes(place, contacts, mail, actions):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        walk(place, contacts, mail, actions)


@pytest.mark.deep
@given(*ways)
@settings(max_examples=400, deadline=None, suppress_health_check=quiet)
def test_no_long_sequence_turns_a_no_into_a_yes(place, contacts, mail, actions):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        walk(place, contacts, mail, actions)


def off(crm, rows, **flags):
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True)
    return before, before.head(rows).assign(**flags)


def test_the_opposite_of_an_opt_out_is_listed_not_planned(box, crm):
    plan = crm.customers.plan_contact_changes(*off(crm, 2, preferences_marketing_updates_enabled=False))
    result = plan.apply()
    assert result.ok
    back = result.undo()
    assert not back.steps
    assert back.refused["column"].tolist() == ["preferences_marketing_updates_enabled"] * 2


def test_an_opt_in_that_was_allowed_is_kept_with_its_source_and_undone(box, crm):
    for id in (1, 2):
        box.change("customer_contacts", (id, 1000 + id), **{"preferences.jobRemindersEnabled": False})
    frames = off(crm, 2, preferences_job_reminders_enabled=True)
    plan = crm.customers.plan_contact_changes(*frames, allow_opt_in=True, consent_source="form of May 3")
    result = plan.apply()
    assert result.succeeded["id"].tolist() == [1001, 1002]
    assert state(box)[1, "jobRemindersEnabled"] is True
    assert result.plan.options["consent_source"] == "form of May 3"
    assert result.undo().apply().ok, "back to a no is no widening"
    assert state(box)[1, "jobRemindersEnabled"] is False


def test_an_opt_out_of_another_record_meanwhile_stops_an_opt_in(box, crm):
    box.change("customer_contacts", (1, 1001), value="512-555-7777", **{"preferences.jobRemindersEnabled": False})
    frames = off(crm, 1, preferences_job_reminders_enabled=True)
    plan = crm.customers.plan_contact_changes(*frames, allow_opt_in=True, consent_source="form of May 3")
    assert plan.steps
    box.change(
        "location_contacts", (101, 1001), value="(512) 555 7777", **{"preferences.marketingUpdatesEnabled": False}
    )
    result = plan.apply()
    assert "says no" in result.failed["why"].item()
    assert state(box)[1, "jobRemindersEnabled"] is False


def test_nothing_stops_an_opt_out(box, crm, count):
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True)
    after = before.head(40).assign(memo="mended")
    after.loc[35:, "preferences_marketing_updates_enabled"] = False
    plan = crm.customers.plan_contact_changes(before, after)
    box.change("customer_contacts", (40, 1040), memo="theirs")
    box.inject("customers.update_contact", after=5, times=None, status=409)
    box.requests.clear()
    result = plan.apply(limit=1, stop_after=1)
    outs = [arrival.path.split("/")[-3] for arrival in box.requests if arrival.operation == "Customers_UpdateContact"]
    assert sorted(map(int, outs[:5])) == [36, 37, 38, 39, 40], (
        "first of all, whatever fails, and in spite of a conflict"
    )
    assert state_of(box, 40) == ("theirs", False)
    assert result.conflicts[["id", "column"]].to_dict("records") == [{"id": 1040, "column": "memo"}]


def state_of(box, id):
    row = box.row("customer_contacts", (id, 1000 + id))
    return row["memo"], row["preferences"]["marketingUpdatesEnabled"]
