"""The reports themselves, on companies in which nothing differs: few of them may name a difference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from scipy.stats import binom

from stcrm_pandas.analysis import together
from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.report.running import notebook_path
from stcrm_pandas.sandbox import Sandbox

from ...conftest import AS_OF
from ..no_effects_company import BY, frames_of, report

RESULTS = {
    "lead_conversion": ("by_campaign", "by_business_unit", "by_third", "work"),
    "contact_preferences": ("by_type", "by_age", "by_third"),
    "booking_sources": ("result",),
}
"""What each notebook calls its results."""

LAST = {"lead_conversion": "by_campaign.summary()", "contact_preferences": "by_type.summary()"}
NAMED = re.compile(r"than (the|all) others|looks poor|(more|less) often|(?<!can be )compared with | vs ")
SIGNIFICANCE = 0.05
SURE = 0.999


def results(notebook: str, sandbox: Sandbox) -> Iterator[Any]:
    """What a notebook's own cells make of this sandbox, up to its first sentences."""
    known: dict[str, Any] = {}
    for cell in json.loads(notebook_path(notebook).read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        exec(compile(source, f"{notebook}.ipynb", "exec"), known)
        if "parameters" in cell["metadata"].get("tags", []):
            known |= {"sandbox": sandbox, "progress": False}
        if source.strip() == LAST.get(notebook, "result.summary()"):
            break
    known["crm"].close()
    for name in RESULTS[notebook]:
        yield from known[name] if isinstance(known[name], list) else [known[name]]


def verdicts(result: Any) -> list[str]:
    """All that a result calls different in its comparisons."""
    comparisons = result.comparisons
    frames = [comparisons] if isinstance(comparisons, pd.DataFrame) else [*comparisons.values()]
    rows = [row for frame in frames for row in frame.itertuples()]
    return [f"{row.name} {row.verdict}" for row in rows if row.verdict in ("higher", "lower")]


def sentences(result: Any) -> list[str]:
    """All that a result calls different in its sentences and actions."""
    texts = [*result.summary(), *(f"{one.do} {one.number}" for one in result.actions())]
    return [text for text in texts if NAMED.search(text)]


def reports_that_name(seed: int) -> dict[str, list[str]]:
    """By report, what it calls different in a company without effects."""
    named: dict[str, list[str]] = {}
    with Sandbox(leads=3000, seed=seed, as_of=AS_OF, effects=False, rate_limit=None) as sandbox:
        for notebook in RESULTS:
            made = [*results(notebook, sandbox)]
            assert all(map(compared, made)), notebook
            if texts := [text for result in made for text in verdicts(result) + sentences(result)]:
                named[notebook] = texts
    return named


@pytest.mark.deep
@pytest.mark.filterwarnings(f"ignore::{DriftWarning.__module__}.{DriftWarning.__qualname__}")
def test_few_false_differences_without_effects() -> None:
    seeds = range(200, 206)
    named = {(seed, report): texts for seed in seeds for report, texts in reports_that_name(seed).items()}
    assert len(named) <= binom.ppf(SURE, 3 * len(seeds), SIGNIFICANCE), named


@pytest.mark.deep
@pytest.mark.filterwarnings(f"ignore::{DriftWarning.__module__}.{DriftWarning.__qualname__}")
def test_differences_are_reported_with_effects() -> None:
    """The same cells and the same search see what is planted, both in the comparisons and in the text."""
    with Sandbox(leads=3000, seed=200, as_of=AS_OF, rate_limit=None) as sandbox:
        for report in RESULTS:
            made = [*results(report, sandbox)]
            assert [one for result in made for one in verdicts(result)], report
            assert [one for result in made for one in sentences(result)], report


EVERY = [(name, one) for name, dimensions in BY.items() for one in dimensions]
ALWAYS = [(name, by) for name in ("leads", "opportunities") for by in ("campaign", "business_unit")]
"""What the report of leads shows beside any other dimension; all of it is one family of comparisons."""
ABOUT_A_GROUP = re.compile(r"Find out (why|what works)|Judge |sooner|Review (how|the goal)")


def called_different(result: Any) -> list[str]:
    """All that a result calls different in its comparisons and sentences."""
    return verdicts(result) + [text for text in result.summary() if NAMED.search(text)]


SOME = {
    1: {"leads": ("business_unit",), "preferences": ("customer_type", "tag")},
    4: {"leads": ("campaign",), "opportunities": ("campaign",), "bookings": ("source",)},
}
SOME[4]["preferences"] = ("customer_type", "age")


def compared(result: Any) -> int:
    """The number of groups that a result compares with the others."""
    comparisons = result.comparisons
    frames = [comparisons] if isinstance(comparisons, pd.DataFrame) else [*comparisons.values()]
    return sum(int(frame["p_value"].notna().sum()) for frame in frames)


@pytest.mark.parametrize("seed", SOME)
def test_a_small_company_without_effects_has_no_differences(seed: int) -> None:
    """Firms have more records of one number, and one manager's number; neither may show as a difference."""
    frames = frames_of(seed, leads=300)
    results = {(name, by): report(frames, name, by) for name, dimensions in SOME[seed].items() for by in dimensions}
    assert {key: texts for key, result in results.items() if (texts := called_different(result))} == {}
    assert all(map(compared, results.values()))
    calls = results["preferences", "customer_type"].comparisons["marketing", "call"].set_index("name")
    assert abs(calls.loc["Commercial", "share_lower"] - calls.loc["Commercial", "others_lower"]) < 0.08


@pytest.mark.deep
def test_few_dimensions_of_any_report_name_a_difference_without_effects() -> None:
    """Each dimension that a report can show, in a comparison of its own, of 20 companies; no action names a group."""
    seeds = range(200, 220)
    named, acted = {}, {}
    for seed in seeds:
        frames = frames_of(seed, leads=1_500)
        results = {key: report(frames, *key) for key in EVERY}
        for key, result in results.items():
            assert compared(result), (seed, *key)
            if texts := called_different(result):
                named[seed, *key] = texts
            beside = ALWAYS if key[0] in ("leads", "opportunities") else []
            keys = [*dict.fromkeys([*beside, key])]
            shown = dict(zip(keys, together(*(results[which] for which in keys)), strict=True))
            if actions := [one.do for one in shown[key].actions() if ABOUT_A_GROUP.search(one.do)]:
                acted[seed, *key] = actions
    assert len(named) <= SIGNIFICANCE * len(seeds) * len(EVERY), named
    assert not acted
