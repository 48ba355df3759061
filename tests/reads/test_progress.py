"""Progress: rows, calls and what is waited for; nothing where nobody watches."""

from __future__ import annotations

import threading

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.reads.progress import Bar
from stcrm_pandas.sandbox import Sandbox

SHOWN_AFTER = 0.6
"""Seconds after which a read has lasted long enough for a bar."""


class Display:
    """What a bar needs of tqdm; `texts` has what was shown."""

    def __init__(self):
        self.total, self.n, self.texts = None, 0, []

    def set_postfix_str(self, text, refresh=True):
        self.texts.append(text)

    def update(self, rows):
        self.n += rows


def test_progress_shows_activity_and_reason_for_waits(box, join, capsys):
    box.inject("leads.list", delay=SHOWN_AFTER)
    box.inject("leads.list", after=2, status=429, body={"message": "Try again in 9 seconds."})
    crm = join(box, progress=True, concurrency=1)
    crm.leads.list()
    output = capsys.readouterr().err
    assert "leads.list" in output
    assert "waiting 9 s: the service asks to wait" in output
    assert "/300" in output


def test_creating_a_demo_company_shows_progress(shop, capsys):
    class Slow(shop):
        def tables(self):
            threading.Event().wait(SHOWN_AFTER)
            yield from super().tables()

    with Sandbox(company=Slow()) as running, stcrm.connect(sandbox=running, progress=True):
        assert "demo company" not in capsys.readouterr().err
    with stcrm.connect(sandbox=Sandbox(company=Slow()), progress=True) as crm:
        crm.sandbox.stop()
    assert "demo company" in capsys.readouterr().err


def test_rows_of_a_company_are_counted_while_created():
    output = []
    with Sandbox(leads=1_000).start(lambda rows, total: output.append((rows, total))) as sandbox:
        assert sandbox.tenant
    rows, totals = [sum(rows for rows, _ in output), {total for _, total in output}]
    assert len(output) > 20
    assert len(totals) == 1
    assert totals.pop() == pytest.approx(rows, rel=0.05)


@pytest.mark.parametrize("progress", [None, False])
def test_no_progress_without_a_terminal(progress, box, join_by_address, usual, capsys):
    usual.pop("progress")
    box.inject("leads.list", delay=SHOWN_AFTER)
    join_by_address(box, progress=progress).leads.list()
    output = capsys.readouterr()
    assert output.out == output.err == ""


def test_progress_bar_of_a_failed_read_is_removed(box, join):
    crm = join(box, progress=True, retries=0)
    box.inject("leads.list", times=None, status=500)
    with pytest.raises(Exception, match="500"):
        crm.leads.list()
    assert crm._reader._progress._bars == []


def test_more_rows_than_expected():
    display = Display()
    bar = Bar(display)
    for rows in (20, 20, 20):
        bar.page(rows, 30, False)
    assert display.n == 60
    assert display.total >= 60
    bar.waiting(3.4, "why")
    assert display.texts[-1] == "3 requests, waiting 3 s: why"
    bar.page(20, 30, True)
    assert display.texts[-1] == "3 requests, 1 page from cache"


def test_cached_pages_are_shown_only_with_requests():
    display = Display()
    bar = Bar(display)
    for _ in range(2):
        bar.page(20, 60, True)
    assert (display.n, display.total, display.texts) == (0, None, [])
    bar.page(20, 60, False)
    assert (display.n, display.total, display.texts) == (60, 60, ["1 request, 2 pages from cache"])


def test_progress_bar_that_ends_early_is_complete():
    display = Display()
    bar = Bar(display)
    bar.ended(20, 60, 1)
    bar.complete()
    assert display.n == display.total == 20


def test_edit_progress_counts_rows_and_requests():
    bar = Bar(None)
    bar.ended(50, 60, 1)
    bar.ended(0, 60, 3)
    bar.ended(2, 60, 0)
    assert (bar.rows, bar._words()) == (52, "4 requests")
