"""On the sandbox's company what is planted is found, and what can be changed is planned without a refusal."""

import datetime as dt
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.analysis import ContactPreferences, cautions, contact_preferences, first_screen, work_lists
from stcrm_pandas.analysis.preferences.lists import MARKETING
from stcrm_pandas.errors import DriftWarning, UsageError

from .contact_rows import AS_OF, NO_TEXTS, OLDER, REMINDERS, contacts, customers

NOW = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def served() -> Iterator[stcrm.Sandbox]:
    with stcrm.Sandbox(as_of=NOW, seed=3, leads=1_000, customers=4_000) as running:
        yield running


@pytest.fixture(scope="module")
def company(served: stcrm.Sandbox) -> Iterator[tuple[Any, ContactPreferences]]:
    with (
        stcrm.connect(sandbox=served) as crm,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", DriftWarning)  # the company is not by the book
        methods = crm.contact_methods.search()
        asked = methods.head(60)  # one call for each
        found = contact_preferences(
            crm.customers.list(),
            crm.customers.list_contacts(),
            locations=crm.locations.list(),
            location_contacts=crm.locations.list_contacts(),
            methods=methods,
            method_preferences=crm.contact_preferences.list(asked["contact_id"], asked["id"]),
            newer_contacts=crm.contacts.list(),
            marketing_names=["Marketing"],
            service_names=["JobReminders"],
            by="customer_type",
        )
        yield crm, found


def test_shares_match_the_company(company: tuple[Any, ContactPreferences]) -> None:
    _, found = company
    kinds = found.kinds[found.kinds["store"] == "customers"].set_index("type")
    records = int(kinds["records"].sum())
    for name, share in (("MobilePhone", 0.55), ("Phone", 0.22), ("Email", 0.22), ("Fax", 0.01)):
        assert kinds.loc[name, "records"] / records == pytest.approx(share, abs=0.015)
    assert kinds["marketing_unknown"].sum() / records == pytest.approx(0.22, abs=0.015)
    assert kinds["marketing_off"].sum() / records == pytest.approx(0.09, abs=0.015)
    dialled = kinds.loc[["MobilePhone", "Phone"], "records"].sum()
    assert kinds["do_not_text"].sum() / dialled == pytest.approx(0.04, abs=0.008)
    overall = found.overall.set_index(["purpose", "channel"])
    n = overall["customers"].iloc[0]
    others = found.others.set_index("store").loc["customers"]
    assert n + others["customers"] == 4_000
    assert others["merged"] == 100  # 2.5 % are merged
    assert others["inactive"] / (n + others["inactive"]) == pytest.approx(0.065 / 0.975, abs=0.01)
    post = overall.loc[("marketing", "mail")]
    assert post["do_not_service"] / n == pytest.approx(0.006, abs=0.004)
    assert post["do_not_mail"] / n == pytest.approx(0.03, abs=0.01)


def test_planted_effects_are_detected(company: tuple[Any, ContactPreferences]) -> None:
    crm, found = company
    lists = found.work_lists
    shared = lists["shared-numbers"].frame["Number or address"].value_counts()
    assert shared.le(40).all()
    assert shared.between(30, 40).any()  # the manager's: of forty some are merged
    texts = lists["do-not-text-elsewhere"]
    assert texts.by_hand
    assert len(texts) > 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        listed = crm.customers.list_contacts()
    stopped = set(listed.loc[listed[NO_TEXTS].fillna(False), "phone_settings_phone_number"])
    digits = texts.frame["Number or address"].str.replace(r"\D", "", regex=True).str[-10:]
    assert digits.isin(stopped).mean() > 0.5  # the others stopped on a record of a location
    assert len(lists["older-flag"]) == 0  # the flag follows its parts
    bad = lists["preference-without-valid"].frame["Number or address"]
    assert {"000-000-0000", "none@none.com", "test@test.com"} <= set(bad)
    assert (lists["ask-whether-mobile"].frame["Note"] == "cell").any()
    assert not found.by_length
    assert found.cautions == ()


def test_sandbox_by_address_is_treated_like_any_service(
    served: stcrm.Sandbox, company: tuple[Any, ContactPreferences], tmp_path: Path
) -> None:
    _, found = company
    address = {"api_url": served.api_url, "auth_url": served.auth_url, "tenant": served.tenant}
    known = {"client_id": served.client_id, "client_secret": served.client_secret, "app_key": served.app_key}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the company is not by the book, and the address is named
        with stcrm.connect(**address, **known, cache_dir=tmp_path, state_dir=tmp_path) as other:
            far = contact_preferences(
                other.customers.list(), other.customers.list_contacts(), time_zone="America/Chicago"
            )
    assert far.cautions == ()
    ours = found.kinds[found.kinds["store"] == "customers"].reset_index(drop=True)
    pd.testing.assert_frame_equal(far.kinds, ours)
    phones = ours[ours["type"].isin(["MobilePhone", "Phone"])]
    assert phones["valid"].sum() > 0.96 * phones["records"].sum()


def test_changes_from_lists_can_be_planned(company: tuple[Any, ContactPreferences]) -> None:
    crm, found = company
    lists = found.work_lists
    for key, plan_changes, before in (
        ("marketing-off-elsewhere", crm.customers.plan_contact_changes, "contacts"),
        ("marketing-at-do-not-service", crm.customers.plan_contact_changes, "contacts"),
        ("marketing-off-elsewhere-locations", crm.locations.plan_contact_changes, "location_contacts"),
        ("marketing-at-do-not-service-locations", crm.locations.plan_contact_changes, "location_contacts"),
        ("marketing-off-elsewhere-newer", crm.contact_preferences.plan_changes, "method_preferences"),
    ):
        after = lists[key].after
        assert after is not None, key
        plan = plan_changes(found.read[before], after, check=True)
        assert len(plan.refused) == 0, key
        assert len(plan.changes) == len(lists[key]), key
        assert plan.changes["opt_out"].all(), key
        assert key.endswith("newer") or len(plan.changes) > 0, key
    assert [key for key, one in lists.items() if one.after is None and not one.by_hand] == [
        "ask-for-marketing",
        "ask-whether-mobile",
        "preference-without-valid",
        "preference-without-valid-locations",
        "shared-numbers",
        "preferences-not-to-call",
    ]


def test_actions_and_tiles_match_the_lists(company: tuple[Any, ContactPreferences]) -> None:
    _, found = company
    for action in found.actions():
        assert action.work_list in found.work_lists
    ask = next(action for action in found.actions() if action.work_list == "ask-for-marketing")
    assert f"{len(found.work_lists['ask-for-marketing']):,} customers" in ask.do
    tiles = found.tiles()
    assert [tile.dates for tile in tiles] == ["Jun 1–28, 2026"] * 4
    whom = found.owners.frame["created_on_local"]
    june = ((whom >= "2026-06-01") & (whom < "2026-06-29")).to_numpy()
    by_text = (found.states["marketing", "text"] == 0).to_numpy()
    assert tiles[0].now.startswith(f"{100 * by_text[june].mean():.0f}% (")
    assert "Customers" not in first_screen("Contact preferences", found, of=found.read["customers"]).period


def test_names_appear_only_in_work_lists(company: tuple[Any, ContactPreferences]) -> None:
    _, found = company
    texts = [*found.summary(), *found.definitions.values(), found._repr_html_(), found.check._repr_html_(), repr(found)]
    texts += [json.dumps(found.figure(kind).to_plotly_json(), default=str) for kind in ("reach", "reasons", "groups")]  # type: ignore[arg-type]
    texts += [str(one) for one in (*found.actions(), *found.tiles())]
    everything = " ".join(texts)
    values = pd.concat([store.loc[store["valid"], "value"] for store in found.stores.values()])
    assert not [value for value in values.sample(400, random_state=1) if value in everything]
    assert not [name for name in found.owners.frame["name"].dropna() if len(name) > 9 and name in everything]
    shown = work_lists(found, anonymous=True)._repr_html_()
    assert not [value for value in values.sample(400, random_state=2) if value in shown]


CONSENT = pd.DataFrame(
    [
        ("512-555-0101", "text", "marketing", True, "2026-01-05"),  # open in ServiceTitan
        ("+1 512 555 0102", "Text", "marketing", True, "2026-01-05"),  # marketing off there
        ("512-555-0103", "sms", "marketing", True, "2026-01-05"),  # nothing known there
        ("512-555-0104", "text", "marketing", False, "2026-01-05"),  # open there
        ("512-555-0105", "text", "marketing", False, "2026-01-05"),
        ("512-555-0105", "text", "marketing", True, "2026-02-05"),  # said later
        ("512-555-0106", "text", "marketing", True, "2026-02-05"),
        ("512-555-0106", "text", "marketing", False, "2026-02-05"),  # on the same day: no
        ("512-555-0107", "text", "marketing", False, "2027-01-01"),  # not yet
        ("512-555-0108", "call", "service", False, "2026-01-01"),
    ],
    columns=["contact", "channel", "purpose", "allowed", "date"],
)


def test_own_opt_out_list() -> None:
    flags: list[dict[str, Any]] = [{}, {MARKETING: False}, {MARKETING: None}, {}, {}, {}, {}, {}]
    reached = contacts(
        *({"customer_id": 1 + n, "value": f"(512) 555-01{n + 1:02d}", **flag} for n, flag in enumerate(flags))
    )
    whom = customers(*[{}] * len(flags), {})
    found = contact_preferences(whom, reached, consent=CONSENT, as_of=AS_OF, time_zone="America/Chicago")
    assert found.consent is not None
    listed = found.consent.set_index(["purpose", "channel"])
    assert listed.loc[("marketing", "text")].to_dict() == {
        "customers": 9, "allowed": 4, "not_blocked": 2, "unknown": 1, "blocked": 1, "refused_not_blocked": 2,
        "not_listed": 3,
    }  # fmt: skip
    assert listed.loc[("service", "call"), "refused_not_blocked"] == 1
    assert listed.loc[("marketing", "e-mail"), "not_listed"] == 9
    yes, no = found.work_lists["list-says-yes"], found.work_lists["list-says-no"]
    assert yes.frame["Customer id"].tolist() == [2]
    assert yes.after is None
    assert no.frame[["Customer id", "For", "By"]].values.tolist() == [
        [4, "marketing", "text"],
        [6, "marketing", "text"],
        [8, "service", "call"],
    ]
    assert no.after is not None
    assert no.after["customer_id"].tolist() == [4, 6]
    assert not no.after[MARKETING].any()
    assert any("Your own list allows marketing by text for 4 customers" in sentence for sentence in found.summary())
    # what it refuses counts, what it allows opens nothing
    alone = contact_preferences(whom, reached, as_of=AS_OF, time_zone="America/Chicago")
    after, before = (one.overall.set_index(["purpose", "channel"]) for one in (found, alone))
    assert after.loc[("marketing", "text"), ["lower", "refused_on_your_own_list"]].tolist() == [4, 2]
    assert before.loc[("marketing", "text"), ["lower", "refused_on_your_own_list"]].tolist() == [6, 0]
    assert after.loc[("service", "call"), "refused_on_your_own_list"] == 1
    assert after.loc[("marketing", "call"), "lower"] == before.loc[("marketing", "call"), "lower"]
    assert any("block 2 customers for marketing by text" in sentence for sentence in found.summary())


def test_shares_for_texts_and_marketing_email_are_shown_as_upper_bounds() -> None:
    found = contact_preferences(customers({}), contacts({"customer_id": 1}), as_of=AS_OF, time_zone="America/Chicago")
    register = "A register of text opt-outs may exist outside the CRM"
    assert f"{register}, so the shares for texts are upper bounds." in found.summary()
    assert found.definitions["Texts"].startswith(register)
    assert found._repr_html_().count("upper bound") == 3  # texts of both purposes, and marketing e-mail
    at_most = [tile.title for tile in found.tiles() if "at most" in tile.title]
    assert at_most == ["Marketing by text, at most", "Marketing by e-mail, at most"]
    assert "upper bound" in found.figure("reach").layout.xaxis.title.text


def test_mostly_invalid_phones_add_a_caution() -> None:
    def found(bad: int, good: int) -> ContactPreferences:
        values = [f"512-155-01{n:02d}" for n in range(bad)] + [f"512-555-01{n:02d}" for n in range(good)]
        more = {"type": "Email", "value": "ann@example.com"}, {"value": None}, {"type": "Fax", "value": "512-155-0101"}
        reached = contacts(
            *({"customer_id": 1, "value": value} for value in values), *({"customer_id": 1, **one} for one in more)
        )
        return contact_preferences(customers({}), reached, as_of=AS_OF, time_zone="America/Chicago")

    assert found(3, 3).cautions == ()
    (caution,) = found(4, 3).cautions
    assert caution.startswith("4 of 7 phone numbers are not valid")
    assert found(4, 3).summary()[0] == caution
    assert cautions(found=found(4, 3).cautions) == [caution]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"channel": "mail"}, "not one of call, text, e-mail"),
        ({"purpose": "surveys"}, "not one of service, marketing"),
        ({"channel": None}, "nothing"),
        ({"date": "soon"}, "date must contain dates"),
    ],
)
def test_invalid_consent_list_is_rejected(change: dict[str, Any], words: str) -> None:
    whom, reached = customers({}), contacts({"customer_id": 1})
    with pytest.raises(UsageError, match=words):
        contact_preferences(whom, reached, consent=CONSENT.assign(**change), as_of=AS_OF)
    with pytest.raises(UsageError, match="has no columns date"):
        contact_preferences(whom, reached, consent=CONSENT.drop(columns="date"), as_of=AS_OF)


def test_legacy_flag_that_contradicts_its_parts() -> None:
    reached = contacts({"customer_id": 1, OLDER: False}, {"customer_id": 1, "value": "512-555-0102", REMINDERS: False})
    one = contact_preferences(customers({}), reached, as_of=AS_OF).work_lists["older-flag"]
    assert one.by_hand
    assert one.frame[["Number or address", "Older flag", "Invoices", "Statements"]].values.tolist() == [
        ["512-555-0101", "off", "on", "on"]
    ]


def test_names_are_text() -> None:
    evil = "<script>alert(1)</script>"
    whom = customers({"name": evil, "tag_type_ids": (7,)}, {"tag_type_ids": (7,)})
    reached = contacts({"customer_id": 1, MARKETING: None}, {"customer_id": 2, "value": evil})
    found = contact_preferences(whom, reached, by="tag", names={7: evil}, as_of=AS_OF, time_zone="America/Chicago")
    pages = [found._repr_html_(), work_lists(found)._repr_html_(), found.summary()._repr_html_()]
    assert all("<script>" not in page for page in pages)
    assert "&lt;script&gt;" in pages[0]
    assert "&lt;script&gt;" in pages[1]
    for kind in ("reach", "reasons", "combinations", "groups"):
        figure = found.figure(kind)  # type: ignore[arg-type]
        drawn = figure.to_plotly_json()
        del drawn["layout"]["meta"]["alt"]  # shown as text alone
        assert "<script>" not in json.dumps(drawn, default=str)
