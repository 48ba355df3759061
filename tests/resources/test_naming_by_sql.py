"""The names of the demo company's leads and jobs, by SQL over the frames that the lists give."""

from __future__ import annotations

import warnings

import duckdb
import email_validator
import pandas as pd
import phonenumbers
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.sandbox import Sandbox

from .conftest import AS_OF

NAMES = """
    select frame.id,
        {name} customers.name) as customer,
        coalesce({phone}, phones.spelt) as phone,
        known(coalesce({phone}, phones.spelt) in (from not_to_call), customers.id) as do_not_call,
        known(coalesce({phone}, phones.spelt) in (from not_to_text), customers.id) as do_not_text,
        {email} emails.spelt) as email,
        locations.name as location, campaigns.name as campaign, campaigns.category_name as campaign_category,
        business_units.name as business_unit, job_types.name as job_type, users.name as created_by,
        timezone('America/Chicago', frame.created_on) as created_on
    from frame
    left join customers on customers.id = frame.customer_id
    left join phones on phones.customer_id = frame.customer_id and phones.place = 1
    left join emails on emails.customer_id = frame.customer_id and emails.place = 1
    left join locations on locations.id = frame.location_id
    left join campaigns on campaigns.id = frame.campaign_id
    left join business_units on business_units.id = frame.business_unit_id
    left join job_types on job_types.id = frame.job_type_id
    left join users on users.user_id = frame.created_by_id
    order by frame.id
"""
OF_LEADS = {
    "name": "coalesce(nullif(lead_customer_name, ''),",
    "phone": "(select spelt from spellings where value = lead_phone)",
    "email": "coalesce(lower(nullif(lead_email, '')),",
}
OF_JOBS = {"name": "(", "phone": "null", "email": "("}
SETTING_UP = """
    create macro known(blocked, customer) as case when blocked or customer is not null then blocked end;
    create view users as
        from (select user_id, name from employees union all select user_id, name from technicians)
        qualify row_number() over (partition by user_id) = 1;
    create table spelt as select contacts.*, row_number() over () as nth, spelt, valid
        from contacts join spellings using (value);
    create view not_to_text as select spelt from spelt where phone_settings_do_not_text;
    create view not_to_call as
        select spelt from spelt where not preferences_marketing_updates_enabled
        intersect select spelt from spelt where not preferences_job_reminders_enabled
        union select spelt from spelt where customer_id in (select id from customers where do_not_service);
    create view phones as select customer_id, spelt, row_number() over (
            partition by customer_id
            order by spelt in (from not_to_call), not valid, type <> 'MobilePhone', spelt in (from not_to_text), nth
        ) as place
        from spelt where type in ('Phone', 'MobilePhone')
            and replace(spelt[3:], spelt[3], '') <> '';  -- 000-000-0000 is no number
    create view emails as select customer_id, spelt, row_number() over (
            partition by customer_id order by coalesce(not preferences_marketing_updates_enabled, false), nth
        ) as place
        from spelt where type = 'Email' and valid;
"""
TAGS = """
    select tagged.id, list(tag_types.name order by place) as tags
    from (select id, unnest(tag_type_ids) as tag, generate_subscripts(tag_type_ids, 1) as place from frame) as tagged
    left join tag_types on tag_types.id = tag
    group by tagged.id order by tagged.id
"""


def spelling(value: str) -> tuple[str, str | None, bool]:
    """A value, its number or address, and whether it is valid, as two libraries have it."""
    try:
        if "@" in value:
            email_validator.validate_email(value, check_deliverability=False)
            return value, value.strip().lower(), "none@" not in value
        number = phonenumbers.parse(value, "US")
    except (email_validator.EmailNotValidError, phonenumbers.NumberParseException):
        return value, None, False
    spelt = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return value, spelt, phonenumbers.is_valid_number(number)


@pytest.fixture(scope="module")
def company():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        with (
            Sandbox(leads=500, seed=11, as_of=AS_OF, rate_limit=None, dirt=False) as box,
            stcrm.connect(sandbox=box, progress=False) as crm,
        ):
            frames = {name: getattr(crm.lookups, name).list() for name in vars(crm.lookups)}
            frames |= {name: getattr(crm, name).list() for name in ("customers", "locations", "leads")}
            frames["contacts"] = crm.customers.list_contacts()
            named = {name: crm.named(frames[name]) for name in ("leads", "jobs")}
    values = {*frames["contacts"]["value"].dropna(), *frames["leads"]["lead_phone"].dropna()}
    frames["spellings"] = pd.DataFrame(map(spelling, values), columns=["value", "spelt", "valid"])
    database = duckdb.connect()
    for name, frame in frames.items():
        database.register(name, frame)
    database.execute(SETTING_UP)
    return database, named


@pytest.mark.parametrize(("name", "own"), [("leads", OF_LEADS), ("jobs", OF_JOBS)])
def test_names_are_those_of_sql(name, own, company):
    database, named = company
    frame = named[name].sort_values("id")
    columns = NAMES.format(**own).replace("from frame", f"from {name} as frame")
    expected = database.sql(columns).fetchall()
    found = frame.assign(created_on=frame["created_on_local"].dt.tz_localize(None).dt.to_pydatetime())
    found = found[[one[0] for one in database.sql(columns).description]].astype(object)
    assert len(expected) == len(found) > 100
    for line, row in zip(expected, found.where(found.notna(), None).to_numpy().tolist(), strict=True):
        assert (*row,) == line
    assert found["phone"].notna().mean() > 0.9
    assert {True, False} <= {*found["do_not_text"], *found["do_not_call"]}

    tags = database.sql(TAGS.replace("from frame", f"from {name}")).fetchall()
    assert [tuple(names) for _, names in tags] == frame.loc[frame["tag_type_ids"].map(bool), "tags"].tolist()
    assert len(tags) > 10
