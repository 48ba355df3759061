"""Opt-ins while something else happens: other plans, opt-outs in other records, people who edit contacts."""

from __future__ import annotations

import itertools
import shutil

import pytest

from stcrm_pandas.errors import IncompleteRead, UsageError
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF

REMINDERS, MARKETING = "preferences_job_reminders_enabled", "preferences_marketing_updates_enabled"
MAY = {"allow_opt_in": True, "consent_source": "form of May 3"}


@pytest.fixture
def box():
    with Sandbox(company=Company(marked=False), as_of=AS_OF, rate_limit=None) as sandbox:
        yield sandbox


def switch(box, ids, *, on, flag="jobRemindersEnabled"):
    for id in ids:
        box.change("customer_contacts", (id, 1000 + id), **{f"preferences.{flag}": on})


def on(box, ids):
    rows = {id: box.row("customer_contacts", (id, 1000 + id)) for id in ids}
    return {id for id, row in rows.items() if row["preferences"]["jobRemindersEnabled"]}


def reminders(crm, flags):
    before = crm.customers.list_contacts(customer_ids=list(flags), refresh=True).sort_values("customer_id")
    return crm.customers.plan_contact_changes(before, before.assign(**{REMINDERS: list(flags.values())}), **MAY)


def opt_ins(crm, ids):
    return reminders(crm, dict.fromkeys(ids, True))


@pytest.fixture
def pausing(box, join, time):
    """A connection that waits for the rate limit after some requests, and what happens while it waits."""

    def connect(requests, meanwhile):
        waits = iter([meanwhile])

        def sleep(seconds):
            time.sleep(seconds)
            next(waits, lambda: None)()

        message = {"message": "Rate limit is exceeded. Try again in 3 seconds."}
        box.inject("customers.update_contact", after=requests, status=429, body=message)
        return join(box, concurrency=1, sleep=sleep)

    return connect


def test_one_apply_with_opt_ins_at_a_time(box, join, pausing):
    seen, other = [], join(box)

    def meanwhile():
        with pytest.raises(UsageError, match="opt-ins of this tenant is being applied"):
            five.apply()
        seen.extend([names.apply(), mixed.apply()])

    crm = pausing(3, meanwhile)
    switch(box, range(1, 13), on=False)
    plan, five, mixed = (
        opt_ins(crm, range(1, 13)),
        opt_ins(other, range(8, 13)),
        reminders(other, {1: True, 40: False}),
    )
    customers = other.customers.list(refresh=True).head(2)
    names = other.customers.plan_changes(customers, customers.assign(name="Ann"))
    assert plan.apply().ok
    plain, opt_out = seen
    assert plain.ok, "a plan without opt-ins is not held up"
    assert opt_out.succeeded["id"].tolist() == [1040], "neither is an opt-out"
    assert "opt-ins of this tenant" in opt_out.untried["why"].item()
    assert len(five.apply().already) == 5


def test_opt_ins_of_a_journal_that_appears_are_not_repeated(box, join, pausing, tmp_path):
    """Five rows of a running plan are opted in by a program that knows no lock, and opt out again."""
    other = join(box, state_dir=tmp_path / "elsewhere")

    def meanwhile():
        done = five.apply()
        assert done.ok
        shutil.copy(done.path, crm.settings.journal_folder)
        switch(box, range(8, 13), on=False)

    crm = pausing(3, meanwhile)
    switch(box, range(1, 13), on=False)
    plan, five = opt_ins(crm, range(1, 13)), opt_ins(other, range(8, 13))
    result = plan.apply()
    assert on(box, range(1, 13)) == set(range(1, 8))
    assert sorted(result.conflicts["customer_id"]) == list(range(8, 13))
    assert result.conflicts["why"].str.contains("somebody undid it").all()


def test_an_address_that_is_written_otherwise_is_the_same_tenant(box, join):
    """Its applies with opt-ins wait for each other, and its journals show what was sent already."""
    address = box.connection()["api_url"]
    crm, other = (
        join(box, by_address=True, allow_writes=True, api_url=url, concurrency=1)
        for url in (address, address.replace("http", "HTTP"))
    )
    switch(box, range(1, 7), on=False)
    plan, same, late = opt_ins(crm, range(1, 7)), opt_ins(other, range(1, 3)), opt_ins(other, range(3, 7))
    errors = []

    def meanwhile():
        with pytest.raises(UsageError, match="opt-ins of this tenant is being applied") as error:
            same.apply()
        errors.append(error.value)

    box.inject("customers.update_contact", after=1, before=meanwhile)
    assert plan.apply().ok
    assert len(errors) == 1
    assert other.journals()["journal"].tolist() == crm.journals()["journal"].tolist() != []
    switch(box, range(3, 7), on=False)
    assert len(late.apply().conflicts) == 4
    assert on(box, range(1, 7)) == {1, 2}


def test_journal_that_becomes_unreadable_stops_the_opt_ins(box, join):
    crm = join(box, concurrency=1)
    switch(box, range(1, 11), on=False)
    plan = opt_ins(crm, range(1, 11))
    folder = crm.settings.journal_folder
    box.inject("customers.update_contact", after=3, before=lambda: (folder / "copy.sqlite").write_bytes(b"half"))
    result = plan.apply()
    assert len(on(box, range(1, 11))) == len(result.succeeded) == 4
    assert result.failed["why"].str.contains("stcrm journal acknowledge").all()


NO_MARKETING, NO_REMINDERS = {"preferences.marketingUpdatesEnabled": False}, {"preferences.jobRemindersEnabled": False}
ELSEWHERE = {
    "a location": ("location_contacts", (101, 1001), {"value": "(512) 555 7777", **NO_MARKETING}),
    "another customer": ("customer_contacts", (50, 1050), {"value": "5125557777", **NO_REMINDERS}),
    "a mark": ("customers", 50, {"doNotService": True}),
    "a mark on a location's customer": ("customers", 49, {"doNotService": True}),
    "no texts": ("customer_contacts", (50, 1050), {"value": "512-555-7777", "phoneSettings.doNotText": True}),
}


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_opt_out_of_another_record_during_the_apply_refuses(elsewhere, box, join):
    crm = join(box, concurrency=1)
    switch(box, range(1, 11), on=False)
    for id in range(6, 11):
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    box.change("customer_contacts", (50, 1050), value="5125557777")
    box.change("location_contacts", (149, 1049), value="(512) 555 7777")
    plan = opt_ins(crm, range(1, 11))
    table, key, change = ELSEWHERE[elsewhere]
    box.inject("customers.update_contact", after=2, before=lambda: box.change(table, key, **change))
    box.requests.clear()
    result = plan.apply()
    sent = [int(one.path.split("/")[-3]) for one in box.requests if one.operation == "Customers_UpdateContact"]
    assert not {*sent[3:]} & {*range(6, 11)}, "none of the number is sent after the opt-out"
    assert result.failed["why"].str.contains("is opted out|is marked do not service").all()
    assert on(box, range(1, 6)) == set(range(1, 6))


MARKED = {  # columns of an opt-in of customer 1 that a mark of customer 2 leaves to it
    "doNotMail": [REMINDERS, "preferences_invoice_notification", "preferences_statement_notification"],
    "doNotService": [],
}


@pytest.mark.parametrize("where", ["customer_contacts", "location_contacts"])
@pytest.mark.parametrize("mark", MARKED)
def test_mark_of_another_customer_refuses_what_it_forbids(mark, where, box, crm):
    flags = ("jobReminders", "marketingUpdates")
    off = {f"preferences.{flag}Enabled": False for flag in flags}
    off |= {f"preferences.{what}Notification": False for what in ("invoice", "statement", "invoiceStatement")}
    box.change("customer_contacts", (1, 1001), value="Office@Example.com", type="Email", **off)
    box.change(where, (2, 1002) if where == "customer_contacts" else (102, 1002), value="office@example.com")
    box.change("customers", 2, **{mark: True})
    box.requests.clear()
    before = crm.customers.list_contacts(customer_ids=[1], refresh=True)
    columns = [column for column in before if column.startswith("preferences_") and "invoice_statement" not in column]
    plan = crm.customers.plan_contact_changes(before, before.assign(**dict.fromkeys(columns, True)), **MAY)
    assert sorted(plan.changes["column"]) == sorted(MARKED[mark])
    words = "do not mail" if mark == "doNotMail" else "do not service"
    assert set(plan.refused["reason"]) == {f"customer 2 has the same number or address and is marked {words}"}
    (read,) = (one for one in box.requests if one.operation == "Customers_GetList")
    assert dict(read.query)["ids"] == "2"


def test_mark_of_the_own_customer_and_placeholders_refuse_nothing(box, crm):
    box.change("customers", 1, doNotMail=True)
    box.change("location_contacts", (101, 1001), value="512-201-1001")
    box.change("customers", 2, doNotService=True)
    for id in (2, 3):
        box.change("customer_contacts", (id, 1000 + id), value="123-456-7890")
    switch(box, [1, 3], on=False, flag="marketingUpdatesEnabled")
    before = crm.customers.list_contacts(customer_ids=[1, 3], refresh=True)
    plan = crm.customers.plan_contact_changes(before, before.assign(**{MARKETING: True}), **MAY)
    assert plan.refused.empty
    assert plan.apply().ok
    assert all(box.row("customer_contacts", (id, 1000 + id))["preferences"]["marketingUpdatesEnabled"] for id in (1, 3))


@pytest.mark.parametrize("removed", [[1], [1, 2]])
def test_marks_of_two_customers_of_a_number_are_removed_together(removed, box, crm):
    for id in (1, 2):
        box.change("customers", id, doNotMail=True)
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    before = crm.customers.list(ids=removed, refresh=True)
    plan = crm.customers.plan_changes(before, before.assign(do_not_mail=False), **MAY)
    assert len(plan.refused) == (removed == [1])
    assert plan.apply().ok
    assert [box.row("customers", id)["doNotMail"] for id in (1, 2)] == [removed == [1]] * 2


def test_known_record_that_opts_out_without_being_modified_refuses(box, join):
    """A change of consent that does not move `modifiedOn` is in no list of changes."""
    crm = join(box, concurrency=1)
    switch(box, [1, 2, 3], on=False)
    for id in (3, 50):
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    unmoved = box.row("customer_contacts", (50, 1050))["modifiedOn"]
    plan = opt_ins(crm, [1, 2, 3])
    change = {"phoneSettings.doNotText": True, "modifiedOn": "2026-01-02T00:00:00Z"}
    box.inject("customers.update_contact", before=lambda: box.change("customer_contacts", (50, 1050), **change))
    result = plan.apply()
    assert unmoved
    assert on(box, [1, 2, 3]) == {1, 2}
    assert "is opted out" in result.failed["why"].item()


def test_preference_of_a_newer_contact_that_opts_out_refuses(box, join):
    crm = join(box, concurrency=1)
    methods = crm.contact_methods.search(refresh=True)
    method = methods["id"].iloc[0]
    box.change("contact_methods", method, value="512-555-7777", type="Phone")
    switch(box, [1, 2, 3], on=False)
    box.change("customer_contacts", (3, 1003), value="512-555-7777")
    plan = opt_ins(crm, [1, 2, 3])
    key = (method, "Invoices")
    box.inject("customers.update_contact", before=lambda: box.change("contact_preferences", key, value="false"))
    result = plan.apply()
    assert on(box, [1, 2, 3]) == {1, 2}
    assert "is opted out" in result.failed["why"].item()


def test_opt_ins_of_one_number_do_not_refuse_each_other(box, crm):
    """Ten records of one number, all off: each is off in the others' eyes until its own opt-in has arrived."""
    for id in range(1, 11):
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    switch(box, range(1, 11), on=False)
    assert opt_ins(crm, range(1, 11)).apply().ok


def test_record_that_opts_out_after_its_opt_in_refuses_the_others(box, join):
    crm = join(box, concurrency=1)
    for id in range(1, 6):
        box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
    switch(box, range(1, 6), on=False)
    plan, sent = opt_ins(crm, range(1, 6)), []

    def first_says_no():
        sent.extend(int(one.path.split("/")[-3]) for one in box.requests if one.operation == "Customers_UpdateContact")
        switch(box, sent[:1], on=False)

    box.requests.clear()
    box.inject("customers.update_contact", after=2, before=first_says_no)
    result = plan.apply()
    assert len(on(box, range(1, 6))) == 2, "the second and the third, whose request was under way"
    assert result.failed["why"].str.contains("is opted out").sum() == 2


@pytest.mark.parametrize("operation", ["customers.list_contacts", "locations.list_contacts", "contact_methods.search"])
def test_records_that_cannot_be_read_refuse(operation, box, join):
    crm = join(box, concurrency=1, retries=0)
    switch(box, range(1, 6), on=False)
    plan = opt_ins(crm, range(1, 6))
    broken = lambda: box.inject(operation, times=None, status=503)  # noqa: E731
    box.inject("customers.update_contact", after=1, before=broken)
    result = plan.apply()
    assert len(on(box, range(1, 6))) == 2
    assert len(result.failed) >= 3
    box.clear_faults()
    assert plan.apply().ok or operation == "customers.list_contacts"
    assert on(box, range(1, 6)) == set(range(1, 6))


class Spread(Company):
    """Contacts that were created at different times."""

    def tables(self):
        for name, rows in super().tables():
            made = [f"2025-01-01T{n // 60:02}:{n % 60:02}:00Z" for n in range(len(rows))]
            apart = name.endswith("_contacts")
            yield name, [{**row, "createdOn": at} if apart else row for row, at in zip(rows, made, strict=True)]


@pytest.mark.parametrize("company", [Company, Spread], ids=["created at once", "created apart"])
def test_opt_ins_while_contacts_are_edited(company, join):
    """An edit before each page moves the rows: one is on no page, and it may be the one that says no."""
    with Sandbox(company=company(66, marked=False), as_of=AS_OF, rate_limit=None) as box:
        crm = join(box, page_size=11, concurrency=1)
        switch(box, [*range(1, 6), 61], on=False)
        for id in (5, 61):
            box.change("customer_contacts", (id, 1000 + id), value="512-555-7777")
        rows = crm.customers.list_contacts(customer_ids=list(range(1, 6)), refresh=True)
        numbers = itertools.count()

        def edit():
            id = 6 + next(numbers) % 8
            box.change("customer_contacts", (id, 1000 + id), memo="edited")

        box.inject("customers.list_contacts", times=None, before=edit)
        with pytest.raises(IncompleteRead):
            crm.customers.list_contacts(refresh=True)
        plan = crm.customers.plan_contact_changes(rows, rows.assign(**{REMINDERS: True}), **MAY)
        assert plan.refused["customer_id"].tolist() == [5], "61 has the same number"
        assert plan.apply().ok
        assert on(box, range(1, 6)) == set(range(1, 5))


def test_opt_outs_can_be_planned_while_contacts_are_edited(join):
    with Sandbox(company=Spread(66), as_of=AS_OF, rate_limit=None) as box:
        crm = join(box, page_size=11, concurrency=1)
        box.change("customer_contacts", (61, 1061), value="512-555-7777")
        numbers = itertools.count()

        def edit():
            id = 6 + next(numbers) % 8
            box.change("customer_contacts", (id, 1000 + id), memo="edited")

        box.inject("customers.list_contacts", times=None, before=edit)
        assert (61, 1061) in [key for _, key in crm.plan_opt_out(["5125557777"]).keys]


def test_offline_connection_plans_no_opt_in(box, join):
    crm = join(box)
    switch(box, [1], on=False)
    before = crm.customers.list_contacts(refresh=True)
    offline = join(box, offline=True)
    box.requests.clear()
    with pytest.raises(UsageError, match="needs the service"):
        offline.customers.plan_contact_changes(before, before.assign(**{REMINDERS: True}), **MAY)
    assert not box.requests
