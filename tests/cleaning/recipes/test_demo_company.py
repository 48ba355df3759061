"""Recipes on the demo company: each planted defect is repaired or listed, and nothing else is."""

from __future__ import annotations

import datetime as dt
import warnings

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.edits import plans
from stcrm_pandas.errors import StcrmWarning
from stcrm_pandas.sandbox import Sandbox

AS_OF = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
REPAIRED = {
    "names": ("names_upper", "names_lower", "names_spaces"),
    "addresses": ("streets_dotted", "streets_spaces", "streets_upper", "streets_lower"),
    "zips": ("zips_no_hyphen",),
    "emails": ("emails_spaces", "emails_mailto", "emails_domain_upper"),
    "phones": ("phones_format",),
}
LISTED = {
    "phones": (
        "phones_zero",
        "phones_dummy",
        "phones_letter_o",
        "phones_two_numbers",
        "phones_masked",
        "phones_exponent",
        "phones_seven_digits",
        "phones_nine_digits",
        "phones_eleven_digits",
    ),
    "emails": ("emails_none", "emails_dummy", "emails_typo_domain", "emails_two_addresses"),
}
CITIES = ("cities_upper", "cities_lower", "cities_variant", "cities_misspelled")


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    folders = {"cache_dir": folder / "cache", "state_dir": folder / "state"}
    with (
        Sandbox(leads=400, seed=7, as_of=AS_OF, rate_limit=None) as box,
        stcrm.connect(sandbox=box, rate_limit=1000, progress=False, **folders) as crm,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", StcrmWarning)
        yield box, crm, crm.customers.list(active=None), crm.customers.list_contacts()


def ids(cells):
    keys = [name for name in ("customer_id", "id") if name in cells]
    return {key if len(keys) > 1 else key[0] for key in cells[keys].itertuples(index=False, name=None)}


def planted(box, names):
    return {
        tuple(key) if isinstance(key, list | tuple) else key for name in names for key in box.truth["defects"][name]
    }


@pytest.mark.parametrize("recipe", REPAIRED)
def test_planted_defects_are_repaired_or_listed(company, recipe):
    box, _, customers, contacts = company
    rows = contacts if recipe in LISTED else customers
    fix = getattr(stcrm.cleaning, recipe)(rows)
    kept = "a remark beside the number|do not text"  # as in 512-555-0101 (wife)
    remarks = ids(fix.skipped[fix.skipped["reason"].str.match(kept)])
    shown = ids(rows)  # the API does not return deleted contacts
    assert len(planted(box, REPAIRED[recipe]) & shown) > 3
    missed = (planted(box, REPAIRED[recipe]) & shown) - ids(fix.changes) - remarks
    assert not missed, missed
    missed = (planted(box, LISTED.get(recipe, ())) & shown) - ids(fix.skipped)
    assert not missed, missed


def test_tidy_streets_are_left_unless_short_ones_are_asked_for(company):
    box, _, customers, _ = company
    usual = planted(box, REPAIRED["addresses"]) & ids(customers)
    full = planted(box, ["streets_long_suffix"]) & ids(customers)
    assert len(full) > 3
    assert ids(stcrm.cleaning.addresses(customers).changes) == usual
    assert ids(stcrm.cleaning.addresses(customers, shorten=True).changes) == usual | full


def test_cities_are_repaired_or_suggested(company):
    box, _, customers, _ = company
    fix = stcrm.cleaning.cities(customers)
    listed = ids(fix.changes) | ids(fix.skipped)
    assert planted(box, CITIES) == listed
    assert len(ids(fix.changes)) / len(listed) > 0.6, "a small company has few rows of each ZIP code"


def test_twin_tags_are_proposed(company):
    box, crm, customers, _ = company
    fix = stcrm.cleaning.tags(customers, crm.lookups.tag_types.list(active=None))
    pairs = {frozenset(pair) for pair in zip(fix.map["value"], fix.map["means"], strict=True)}
    assert pairs == {frozenset(pair) for pair in box.truth["defects"]["tags_twins"]}


@pytest.mark.deep
@pytest.mark.parametrize("resource", ["customers", "customer_contacts"])
def test_applied_to_the_company_and_undone_equals_the_start(company, resource):
    _, crm, customers, contacts = company
    active = customers.loc[customers["active"], "id"]  # the service rejects changes to contacts of others
    active = active.head(250)
    before = customers if resource == "customers" else contacts[contacts["customer_id"].isin(active)]
    cleaning = stcrm.cleaning
    pipe = cleaning.pipeline(
        [cleaning.phones, cleaning.emails, cleaning.names, cleaning.addresses, cleaning.zips, cleaning.cities]
    )
    fix = pipe(before)
    plan = plans.changes(crm._port, resource, fix.before, fix.after, keep_coordinates=True)
    assert not plan.changes[["consent", "opt_out"]].to_numpy().any()
    reasons = plan.refused["reason"].str.extract(
        r"(it is inactive|merged into|requires the complete address|inactive)"
    )[0]
    assert reasons.notna().all(), plan.refused["reason"].unique()
    result = plan.apply()
    assert result.ok, result.failed

    def now():
        if resource == "customers":
            return crm.customers.list(active=None, refresh=True)
        contacts = crm.customers.list_contacts(refresh=True)
        return contacts[contacts["customer_id"].isin(active)]

    again = pipe(now()).changes
    assert ids(again) <= ids(plan.refused)
    assert result.undo().apply().ok
    pd.testing.assert_frame_equal(comparable(now()), comparable(before))


def comparable(frame):
    """Rows in one order, without what the service sets itself, also where it was missing."""
    key = [name for name in ("customer_id", "id") if name in frame]
    frame = frame.drop(columns=["modified_on", "phone_settings_phone_number"], errors="ignore")
    if "address_unit" in frame:
        frame = frame.assign(address_unit=frame["address_unit"].fillna(""))
    if "phone_settings_do_not_text" in frame:
        frame = frame.assign(phone_settings_do_not_text=frame["phone_settings_do_not_text"].fillna(value=False))
    return frame.sort_values(key, ignore_index=True)
