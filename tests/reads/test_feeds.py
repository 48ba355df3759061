"""Feeds: followed to their end by tokens, gone on with later, never for ever."""

from __future__ import annotations

import pytest

from stcrm_pandas.errors import IncompleteRead, IncompleteReadWarning, NotCachedError, ServerError, UsageError


def tokens(box):
    return [dict(one.query).get("from") for one in box.requests if one.operation == "ExportLeads_Leads"]


def test_feed_is_read_to_the_end(box, join, whole, leads):
    feed = whole(join(box).leads.export, leads)
    assert set(feed.frame["id"]) == leads
    assert feed.frame["active"].all()
    asked = tokens(box)
    assert len(asked) == len(set(asked)) == 15
    assert asked[0] is None
    assert feed.continue_from not in asked
    assert repr(feed) == f"Feed(300 rows, continue_from={feed.continue_from!r})"


def test_feed_continues_with_later_changes(fresh_box, join):
    crm = join(fresh_box)
    feed = crm.leads.export()
    assert len(crm.leads.export(continue_from=feed.continue_from).frame) == 0
    fresh_box.change("leads", 5_007, status="Converted")
    fresh_box.remove("leads", 5_008)
    later = crm.leads.export(continue_from=feed.continue_from)
    assert later.frame["id"].tolist() == [5_007, 5_008]
    assert later.frame["active"].tolist() == [True, False]
    assert later.frame.dtypes.equals(feed.frame.dtypes)
    assert len(crm.leads.export(continue_from=later.continue_from).frame) == 0


def test_latest_version_of_a_duplicate_row_is_kept(fresh_box, join):
    fresh_box.inject("leads.export", after=1, before=lambda: fresh_box.change("leads", 5_003, status="Dismissed"))
    frame = join(fresh_box).leads.export().frame
    assert len(frame) == 300
    assert frame.attrs["stcrm"]["repeats"] == 1
    assert frame.loc[frame["id"] == 5_003, "status"].tolist() == ["Dismissed"]


def test_since_uses_the_tenant_time_zone(box, join):
    join(box).leads.export(since="2026-01-01")
    assert tokens(box)[0] == "2026-01-01T06:00:00Z"


LASTING = {
    "a token that repeats": {"continue_from": "{from}", "has_more": True},
    "a token that is empty": {"continue_from": "", "has_more": True},
    "a token that is null": {"continue_from": None, "has_more": True},
    "a token that repeats later": {"continue_from": "{from}", "has_more": True, "after": 3},
    "the page before, with its token": {"page": "repeat", "has_more": True, "after": 3},
}


@pytest.mark.parametrize("trouble", LASTING)
def test_feed_with_a_repeated_token_raises(trouble, box, join, whole, count, leads):
    box.inject("leads.export", **{"times": None, **LASTING[trouble]})
    error = whole(join(box).leads.export, leads)
    assert isinstance(error, IncompleteRead)
    assert "reports more pages" in str(error)
    assert count(box, "leads.export") < 40


def test_feed_with_one_repeated_token_is_read_again(box, join, whole, leads):
    box.inject("leads.export", after=2, continue_from="{from}", has_more=True)
    assert set(whole(join(box).leads.export, leads).frame["id"]) == leads


@pytest.mark.parametrize("page", ["empty", "first"])
def test_endless_feed_raises(page, box, join, whole, count, leads):
    """New tokens for ever, and nothing new in the pages."""
    number = iter(range(10_000))

    class Counting(str):
        __slots__ = ()

        def replace(self, *_):
            return f"2026-01-01T00:00:{next(number) % 60:02}.{next(number):06}Z"

    box.inject("leads.export", times=None, page=page, has_more=True, continue_from=Counting("{from}"))
    error = whole(join(box).leads.export, leads)
    assert isinstance(error, IncompleteRead)
    assert "nothing new" in str(error)
    assert count(box, "leads.export") < 60


def test_some_empty_pages_are_accepted(box, join, whole, leads):
    """An empty page whose token leads on is passed by."""
    crm = join(box)
    first = crm.leads.export()
    stored = tokens(box)
    box.inject("leads.export", page="empty", has_more=True, continue_from=stored[1])
    feed = crm.leads.export(since="2020-01-01", refresh=True)
    assert len(feed.frame) == len(first.frame) - 20


def test_allow_incomplete_returns_partial_rows_and_a_token(box, join):
    box.inject("leads.export", after=3, times=None, continue_from="", has_more=True)
    with pytest.warns(IncompleteReadWarning, match="reports more pages"):
        feed = join(box).leads.export(allow_incomplete=True)
    assert feed.frame.attrs["stcrm"]["complete"] is False
    box.clear_faults()
    rest = join(box).leads.export(continue_from=feed.continue_from, refresh=True)
    assert set(feed.frame["id"]) | set(rest.frame["id"]) == set(range(5_000, 5_300))


@pytest.mark.parametrize("token", ["", " ", 5, b"x"])
def test_empty_token_counts_as_none(token, box, join):
    with pytest.raises(UsageError, match="continue_from"):
        join(box).leads.export(continue_from=token)
    assert not box.requests


def test_token_and_date_together_raise(box, join):
    with pytest.raises(UsageError, match="not both"):
        join(box).leads.export(since="2026-01-01", continue_from="x")


def test_the_last_token_may_be_missing(box, join):
    """The last non-empty one stays, so that the feed can be gone on with."""
    crm = join(box)
    crm.leads.export()
    last_but_one = tokens(box)[-1]
    box.inject("leads.export", times=None, continue_from=None, has_more=False)
    feed = crm.leads.export(continue_from=last_but_one)
    assert feed.continue_from == last_but_one


# The cache of feeds


def test_only_the_last_page_is_requested_again(box, join, count):
    crm = join(box)
    first = crm.leads.export()
    box.requests.clear()
    again = crm.leads.export()
    assert count(box, "leads.export") == 1
    assert again.frame.equals(first.frame)
    assert again.frame.attrs["stcrm"]["pages_from_cache"] == 14


def test_cached_pages_expire_and_refresh_requests_all(box, join, count):
    crm = join(box)
    crm.leads.export()
    for options in ({"refresh": True}, {"max_age": 0}):
        box.requests.clear()
        crm.leads.export(**options)
        assert count(box, "leads.export") == 15


def test_a_feed_leaves_other_feeds_and_lists_in_the_cache(box, join):
    crm = join(box)
    crm.leads.export()
    crm.leads.list()
    crm.customers.export()
    crm.locations.export()
    offline = join(box, offline=True)
    assert len(offline.leads.export().frame) == 300
    assert len(offline.customers.export().frame) == 120
    assert len(offline.locations.export().frame) == 45
    assert len(offline.leads.list()) == 300


def test_failed_feed_keeps_the_cached_pages(box, join):
    crm = join(box, retries=0)
    crm.leads.export()
    box.inject("leads.export", times=None, status=503)
    with pytest.raises(ServerError):
        crm.leads.export()
    assert len(join(box, offline=True).leads.export().frame) == 300


def test_interrupted_feed_resumes_from_cached_pages(box, join, count):
    crm = join(box, retries=0)
    box.inject("leads.export", after=6, status=503)
    with pytest.raises(ServerError):
        crm.leads.export()
    box.requests.clear()
    assert len(crm.leads.export().frame) == 300
    assert count(box, "leads.export") == 9


def test_unread_feed_raises_offline(box, join):
    with pytest.raises(NotCachedError, match=r"leads\.export: the connection is offline"):
        join(box, offline=True).leads.export()
