"""Errors of `mirror.sql`: what is wrong with the query, and never a value of a row."""

from __future__ import annotations

import pytest

from stcrm_pandas.errors import UsageError

from .test_damage import mirror_in, sync


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    mirror = mirror_in(tmp_path_factory.mktemp("sql"))
    mirror._crm.put("leads", 1, summary='Ann O\'Smith, "5125550100"')
    mirror._crm.put("campaigns", 1, name="Spring")
    sync(mirror)
    return mirror


@pytest.mark.parametrize(
    "wanted",
    ["summary::int", "summary::date", "summary::decimal(3, 1)", "summary::int[]", "strptime(summary, '%Y')"],
)
def test_no_value_of_a_row_is_shown(mirror, wanted):
    with pytest.raises(UsageError, match=r"Error: a value.* does not fit the query") as caught:
        mirror.sql(f"select {wanted} from leads")
    for word in ("Ann", "Smith", "512"):
        assert word not in str(caught.value)


def test_the_column_and_the_mistake_in_a_query_are_shown(mirror):
    with pytest.raises(UsageError, match="Conversion Error: a value of the column summary does not fit"):
        mirror.sql("select summary::int from leads")
    with pytest.raises(UsageError, match='Referenced column "sumary" not found'):
        mirror.sql("select sumary from leads")
    with pytest.raises(UsageError, match="syntax error at or near"):
        mirror.sql("selec 1")


@pytest.mark.parametrize("query", ["", "  ", ";", "-- leads"])
def test_an_empty_query_is_refused(mirror, query):
    with pytest.raises(UsageError, match="The query is empty"):
        mirror.sql(query)
