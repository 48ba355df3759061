"""Consent only ratchets down: no sequence of plan, apply, retry, resume and undo turns an opt-out into an opt-in."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest
from hypothesis import example, given, settings
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
ON = dict.fromkeys(FLAGS, True)
contact = st.one_of(
    st.just(ON),
    st.sampled_from(sorted(FLAGS)).map(lambda name: {**ON, name: False}),
    st.fixed_dictionaries(dict.fromkeys(FLAGS, flag)),
)
mails = st.lists(flag, min_size=3, max_size=3)
three = st.lists(contact, min_size=3, max_size=3)
which = st.sampled_from([-1, -1, -1, 0, 1, 2])
"""Of the plans or results so far: mostly the last one."""
kinds = {
    "allowed contacts": (st.one_of(st.just([ON] * 3), three), st.booleans()),
    "allowed customers": (st.one_of(st.just([False] * 3), mails), mails),
    "contacts": (three, st.booleans()),
    "customers": (mails, mails),
    "apply": (which, st.one_of(st.none(), st.sampled_from(FAULTS))),
    "limited": (which, st.none()),
    "resume": (which, st.none()),
    "retry": (which, st.none()),
    "undo": (which, st.none()),
    "says no": (st.sampled_from(CONTACTS), st.sampled_from([*FLAGS.values(), "mail", "service"])),
}
often = st.sampled_from([*kinds, "allowed contacts", "apply", "apply", "apply", "says no", "says no", "limited"])
action = often.flatmap(lambda what: st.tuples(st.just(what), *kinds[what]))
OFF = {"mail": "doNotMail", "service": "doNotService"}
SAME_NUMBER = {1: 2, 2: 1}
"""Contacts of two customers with one number."""


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
        yield box, crm, time


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


def begin(box, crm, contacts, mail):
    for journal in crm.settings.journal_folder.glob("*"):
        journal.unlink()
    box.clear_faults()
    box.requests.clear()
    for id, flags, off in zip(CONTACTS, contacts, mail, strict=True):
        preferences = {FLAGS[name]: value for name, value in flags.items()}
        both = preferences["invoiceNotification"], preferences["statementNotification"]
        whole = {**preferences, "invoiceStatementNotification": all(both)}
        number = "512-555-0101" if id in SAME_NUMBER else "512-555-0103"
        box.change("customer_contacts", (id, 1000 + id), preferences=whole, value=number)
        box.change("customers", id, doNotMail=bool(off), doNotService=not off)


class Leaves:
    """What those who planned were allowed to widen, and when each no was said: the truth that consent is held against.

    A plan is known by the time at which it was made, which its samples and retries keep.
    """

    def __init__(self):
        self.of_plan = {}
        self.said_no_at = {}

    def give(self, plan, at):
        names = {**FLAGS, "do_not_mail": "mail", "do_not_service": "service"}
        cells = {(step.key[0], names[cell.column]) for step in plan.steps for cell in step.cells if cell.consent}
        self.of_plan[plan.made_at] = at, cells

    def allow(self, plan, place, before, now):
        """Whether a plan may turn a no into a yes: it says so, and no no was said since, by no record of the number."""
        at, cells = self.of_plan.get(plan.made_at if plan is not None else None, (0, set()))

        def agreed(place):
            return place in cells and self.said_no_at.get(place, -1) < at

        id, flag = place
        others = [(SAME_NUMBER[id], name) for name in (flag, "marketingUpdatesEnabled")] if id in SAME_NUMBER else []
        others += [(id, "marketingUpdatesEnabled")]
        noes = [] if flag in OFF else [other for other in others if False in (before[other], now[other])]
        return agreed(place) and all(map(agreed, noes))

    def hear(self, before, now, at):
        self.said_no_at.update({place: at for place in now if now[place] is False and before[place] is not False})


def run_sequence(place, contacts, mail, actions):
    box, crm, time = place
    begin(box, crm, contacts, mail)
    plans, results, before, leaves = [], [], state(box), Leaves()

    def pick(some, number):
        return some[number % len(some)] if some else None

    for at, (what, one, other) in enumerate(actions):
        time.passed += 60
        applied, planned = None, len(plans)
        allowed = {"allow_opt_in": True, "consent_source": "a form"} if what.startswith("allowed") else {}
        try:
            if what.endswith("contacts"):
                rows = crm.customers.list_contacts(customer_ids=CONTACTS, refresh=True).sort_values("id")
                after = rows.assign(memo="mended") if other else rows.copy()
                for name in FLAGS:
                    after[name] = [flags[name] for flags in one]
                plans.append(crm.customers.plan_contact_changes(rows, after, **allowed))
            elif what.endswith("customers"):
                rows = crm.customers.list(ids=CONTACTS, refresh=True)
                after = rows.assign(do_not_mail=one, do_not_service=other)
                plans.append(crm.customers.plan_changes(rows, after, **allowed))
            elif what in ("apply", "limited") and (plan := pick(plans, one)) is not None:
                if other:
                    for method in ("customers.update_contact", "customers.update"):
                        box.inject(method, **other)
                applied = plan
                results.append(plan.apply(limit=1 if what == "limited" else None))
            elif what == "resume" and (result := pick(results, one)) is not None:
                applied = result.plan
                results.append(crm.resume(result))
            elif what == "retry" and (result := pick(results, one)) is not None:
                plans.append(result.retry())
            elif what == "undo" and (result := pick(results, one)) is not None:
                plans.append(result.undo())
            elif what == "says no" and other in OFF:
                box.change("customers", one, **{OFF[other]: True})
            elif what == "says no":
                box.change("customer_contacts", (one, 1000 + one), **{f"preferences.{other}": False})
        except UsageError:
            pass  # refused: nothing was sent
        if allowed and len(plans) > planned:
            leaves.give(plans[-1], at)
        now = state(box)
        widened = [place for place, value in now.items() if value is True and before[place] is False]
        wrong = [place for place in widened if not leaves.allow(applied, place, before, now)]
        assert not wrong, f"{what} turned a no into a yes: {wrong}"
        leaves.hear(before, now, at)
        before = now


ways = (three, mails, st.lists(action, min_size=4, max_size=16))


quietly = [{**ON, "preferences_job_reminders_enabled": False}] * 3
switched_on = [("allowed contacts", [ON] * 3, False), ("apply", -1, None)]
later_no = [("says no", 3, "jobRemindersEnabled")]
of_one_number = [
    ("allowed contacts", [ON, ON, quietly[0]], False),
    ("limited", -1, None),
    ("says no", 1, "jobRemindersEnabled"),
    ("says no", 2, "jobRemindersEnabled"),
]


@example(quietly, [True] * 3, [*switched_on, *later_no, ("apply", -1, None)])
@example(quietly, [True] * 3, [*of_one_number, ("apply", -1, None)])
@given(*ways)
@settings(max_examples=settings.default.max_examples // 5)
def test_no_sequence_of_edits_opts_anybody_in(place, contacts, mail, actions):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        run_sequence(place, contacts, mail, actions)


def off(crm, rows, **flags):
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True)
    return before, before.head(rows).assign(**flags)


def test_undo_lists_opt_outs_without_planning_them(box, crm):
    plan = crm.customers.plan_contact_changes(*off(crm, 2, preferences_marketing_updates_enabled=False))
    result = plan.apply()
    assert result.ok
    back = result.undo()
    assert not back.steps
    assert back.refused["column"].tolist() == ["preferences_marketing_updates_enabled"] * 2


def test_allowed_opt_in_is_recorded_and_undone(box, crm):
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


def test_opt_out_of_another_record_during_apply_blocks_opt_in(box, crm):
    box.change("customer_contacts", (1, 1001), value="512-555-7777", **{"preferences.jobRemindersEnabled": False})
    frames = off(crm, 1, preferences_job_reminders_enabled=True)
    plan = crm.customers.plan_contact_changes(*frames, allow_opt_in=True, consent_source="form of May 3")
    assert plan.steps
    box.change(
        "location_contacts", (101, 1001), value="(512) 555 7777", **{"preferences.marketingUpdatesEnabled": False}
    )
    result = plan.apply()
    assert "is opted out" in result.failed["why"].item()
    assert state(box)[1, "jobRemindersEnabled"] is False


MAY = {"allow_opt_in": True, "consent_source": "form of May 3"}
AGAIN = {
    "the same plan": lambda crm, plan, result: plan.apply(),
    "its file": lambda crm, plan, result: crm.load_plan(plan).apply(),
    "a part of it": lambda crm, plan, result: plan.subset([(1, 1001)]).apply(),
    "a part of it, and then all": lambda crm, plan, result: (plan.sample(1).apply(), plan.apply())[1],
}


def opted_in(box, crm, rows=1):
    """Some contacts without reminders, and the plan that gives them back."""
    for id in range(1, rows + 1):
        box.change("customer_contacts", (id, 1000 + id), **{"preferences.jobRemindersEnabled": False})
    return crm.customers.plan_contact_changes(*off(crm, rows, preferences_job_reminders_enabled=True), **MAY)


def says_no(box, id=1):
    box.change("customer_contacts", (id, 1000 + id), **{"preferences.jobRemindersEnabled": False})


@pytest.mark.parametrize("again", AGAIN)
def test_later_opt_out_is_kept_when_the_plan_is_applied_again(again, box, crm, time, tmp_path, count):
    plan = opted_in(box, crm)
    plan.save(path := tmp_path / "plan.json")
    result = plan.apply()
    assert result.ok
    time.passed += 86_400
    says_no(box)
    box.requests.clear()
    after = AGAIN[again](crm, path if again == "its file" else plan, result)
    assert count(box) == 0
    assert state(box)[1, "jobRemindersEnabled"] is False
    row = after.conflicts.iloc[0]
    assert (row["old"], row["now"], row["new"]) == (False, False, True)
    assert "undid it" in row["why"]
    before, after = off(crm, 1, preferences_job_reminders_enabled=True)
    a_day_later = pd.Timestamp(before.attrs["stcrm"]["fetched_at"]) + pd.Timedelta(days=1)
    before.attrs = {"stcrm": {**before.attrs["stcrm"], "fetched_at": a_day_later.isoformat()}}
    anew = crm.customers.plan_contact_changes(before, after, **MAY)
    assert anew.apply().ok, "they agreed again, and somebody says so"


def test_opt_out_of_an_already_opted_in_row_is_kept(box, crm):
    plan = opted_in(box, crm)
    box.change("customer_contacts", (1, 1001), **{"preferences.jobRemindersEnabled": True})
    assert len(plan.apply().already) == 1
    says_no(box)
    assert "undid it" in plan.apply().conflicts["why"].item()
    assert state(box)[1, "jobRemindersEnabled"] is False


def test_opt_out_between_plan_and_apply_is_a_conflict(box, crm):
    box.change("customer_contacts", (1, 1001), preferences=dict.fromkeys(FLAGS.values()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        plan = crm.customers.plan_contact_changes(*off(crm, 1, **dict.fromkeys(FLAGS, True)), **MAY)
        assert len(plan.changes) == 4
        says_no(box)
        result = plan.apply()
    assert result.conflicts["column"].tolist() == ["preferences_job_reminders_enabled"]
    assert state(box)[1, "marketingUpdatesEnabled"] is None, "nothing of the row was sent"


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 500, "done": True}, {"cut": 0}, {"ignore": ["preferences"]}]
)
def test_sent_opt_in_is_not_sent_again(fault, box, crm, count):
    plan = opted_in(box, crm)
    box.inject("customers.update_contact", **fault)
    result = plan.apply()
    says_no(box)
    box.requests.clear()
    if len(result.failed):
        assert "sent only once" in result.failed["why"].item()
        with pytest.raises(UsageError, match="worth retrying"):
            result.retry()
    assert "undid it" in plan.apply().conflicts["why"].item()
    assert count(box) == 0


def test_rejected_opt_in_can_be_retried(box, crm):
    plan = opted_in(box, crm)
    box.inject("customers.update_contact", status=403)
    result = plan.apply()
    assert result.retry().apply().ok


def test_withdrawn_opt_in_counts_for_all_records_of_the_number(box, crm):
    """Two records of one number, both to be switched on: one that says no meanwhile speaks for the other."""
    for id in (1, 2):
        box.change("customers", id, doNotMail=False, doNotService=False)
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    plan = opted_in(box, crm, 2)
    assert len(plan.steps) == 2, "what they said before does not count: they agreed since"
    assert plan.apply(limit=1).succeeded["id"].tolist() == [1001]
    says_no(box)
    assert "is opted out" in plan.apply().failed["why"].item()
    assert "undid it" in plan.apply().conflicts["why"].item()
    assert state(box)[2, "jobRemindersEnabled"] is False


def test_opt_out_wins_over_opt_in_of_the_same_number(box, crm):
    for id in (1, 2):
        box.change("customers", id, doNotMail=False, doNotService=False)
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    says_no(box)
    before = crm.customers.list_contacts(refresh=True).sort_values("id", ignore_index=True)
    after = before.head(2).copy()
    after["preferences_job_reminders_enabled"] = [True, True]
    after["preferences_marketing_updates_enabled"] = [True, False]
    plan = crm.customers.plan_contact_changes(before, after, **MAY)
    assert plan.changes[["id", "new"]].to_dict("records") == [{"id": 1002, "new": False}]
    assert "is opted out" in plan.refused["reason"].item()


def test_nothing_blocks_an_opt_out(box, crm, count):
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
