"""What holds on production alone: many rows want a sample first. The sandbox claims to be it."""

from __future__ import annotations

import pytest

from stcrm_pandas.errors import UsageError
from stcrm_pandas.sandbox import Sandbox

from .company import Company
from .conftest import AS_OF


class Production(Sandbox):
    """A sandbox that goes by production's name, by which plans, journals and the rule of samples know it."""

    sandbox_id = "production"


@pytest.fixture
def production():
    with Production(company=Company(502), as_of=AS_OF, rate_limit=None) as box:
        yield box


def test_more_than_500_rows_need_a_sample(production, join, renamed, count):
    crm = join(production)
    plan = crm.customers.plan_changes(*renamed(crm, 501))
    assert plan.environment == "production"
    production.requests.clear()
    with pytest.raises(UsageError, match=r"501 rows of production.*plan\.sample\(10\)\.apply\(\)"):
        plan.apply()
    assert not production.requests
    assert not list(crm.settings.journal_folder.glob("*.sqlite"))

    other = crm.customers.plan_changes(*renamed(crm, 501, name="Other"))
    assert other.sample(2, seed=5).apply().ok
    with pytest.raises(UsageError, match="501 rows"):
        plan.apply()  # the sample of another plan tells nothing

    production.inject("customers.update", times=2, status=400)
    assert len(plan.sample(2).apply().failed) == 2
    with pytest.raises(UsageError, match="501 rows"):
        plan.apply()  # nor does one that failed

    sample = plan.sample(10, seed=1).apply()
    assert len(sample.succeeded) + len(sample.conflicts) == 10
    production.requests.clear()
    result = plan.apply(limit=1)
    assert (len(result.succeeded), count(production)) == (1, 1)


def test_500_rows_need_no_sample(production, join, renamed):
    crm = join(production)
    assert len(crm.customers.plan_changes(*renamed(crm, 500)).apply(limit=1).succeeded) == 1


def test_part_of_more_than_500_rows_is_not_a_sample(production, join, renamed):
    crm = join(production)
    plan = crm.customers.plan_changes(*renamed(crm, 502))
    with pytest.raises(UsageError, match="501 rows"):
        plan.sample(501).apply()
    assert plan.sample(500).apply(limit=1).succeeded.shape[0] == 1
    assert plan.apply(limit=1).succeeded.shape[0] == 1


def test_opt_outs_need_no_sample(production, join, renamed, count):
    crm = join(production)
    before, after = renamed(crm, 502)
    production.change("customers", 502, doNotMail=False)
    before.loc[501, "do_not_mail"] = False
    after["do_not_mail"] = [*before["do_not_mail"][:501], True]
    result = crm.customers.plan_changes(before, after).apply()
    assert result.succeeded["id"].tolist() == [502]
    assert production.row("customers", 502)["doNotMail"] is True
    assert len(result.untried) == 501


def test_other_environments_need_no_sample(join, renamed):
    with Sandbox(company=Company(501), as_of=AS_OF, rate_limit=None) as box:
        crm = join(box)
        assert len(crm.customers.plan_changes(*renamed(crm, 501)).apply(limit=1).succeeded) == 1
