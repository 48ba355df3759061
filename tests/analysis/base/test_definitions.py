"""Definitions, and texts whose terms lead to them."""

from __future__ import annotations

import re

from stcrm_pandas.analysis.base.display import Definitions, Term, marked

TERMS = {"leads": Term("a", "1 < 2"), "open leads": Term("b", "both"), "95% CI": Term("c", "how sure")}


def test_only_the_first_mention_is_a_link() -> None:
    assert re.findall(r'#(\w)"', marked("Leads, open leads (95% CI) and leads & leads", TERMS)) == ["a", "b", "c"]


def test_longer_terms_come_first_and_words_are_whole() -> None:
    assert marked("Open leads", TERMS) == '<a class="stcrm-term" href="#b" title="both">Open leads</a>'
    assert marked("misleads <b>", TERMS) == "misleads &lt;b&gt;"
    assert marked("leads", {}) == "leads"


def test_each_entry_has_an_address_of_its_own() -> None:
    one, other = (Definitions({"Old enough": "30 days"}, key=key) for key in ("leads", "bookings"))
    assert '<dt id="leads-old-enough"><b>Old enough</b></dt>' in one._repr_html_()
    assert one.terms["Old enough"].anchor != other.terms["Old enough"].anchor


def test_ranges_and_hyphens_are_not_broken() -> None:
    assert re.findall('whole">([^<]+)<', marked("Do-not-text: 50–52% (1,200–1,300), not a - b", {})) == [
        "Do-not-text",
        "50–52%",
        "(1,200–1,300)",
    ]
