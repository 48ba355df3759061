"""The reports themselves, on companies in which nothing differs: few of them may name a difference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from scipy.stats import binom

from stcrm_pandas.errors import DriftWarning
from stcrm_pandas.report.running import notebook_path
from stcrm_pandas.sandbox import Sandbox

from ...conftest import AS_OF

RESULTS = {
    "lead_conversion": ("by_campaign", "by_business_unit", "by_third", "work"),
    "contact_preferences": ("by_type", "by_age", "by_third"),
    "booking_sources": ("found",),
}
"""What each notebook calls its results."""

LAST = {"lead_conversion": "by_campaign.summary()", "contact_preferences": "by_type.summary()"}
NAMED = re.compile(r"goes with (more|fewer)|looks poor|(more|less) often|, against | vs ")
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
        if source.strip() == LAST.get(notebook, "found.summary()"):
            break
    known["crm"].close()
    for name in RESULTS[notebook]:
        yield from known[name] if isinstance(known[name], list) else [known[name]]


def differences(found: Any) -> list[str]:
    """All that a result calls different, by its verdicts, its sentences and its actions."""
    frames = [found.comparisons] if isinstance(found.comparisons, pd.DataFrame) else [*found.comparisons.values()]
    named = [
        f"{row.name} {row.verdict}"
        for frame in frames
        for row in frame.itertuples()
        if row.verdict in ("higher", "lower")
    ]
    named += [said for said in found.summary() if NAMED.search(said)]
    return named + [one.do for one in found.actions() if NAMED.search(f"{one.do} {one.number}")]


def reports_that_name(seed: int) -> dict[str, list[str]]:
    """By report, what it calls different in a company without effects."""
    named: dict[str, list[str]] = {}
    with Sandbox(leads=3000, seed=seed, as_of=AS_OF, effects=False, rate_limit=None) as sandbox:
        for notebook in RESULTS:
            if said := [one for found in results(notebook, sandbox) for one in differences(found)]:
                named[notebook] = said
    return named


@pytest.mark.deep
@pytest.mark.filterwarnings(f"ignore::{DriftWarning.__module__}.{DriftWarning.__qualname__}")
def test_without_effects_few_reports_name_a_difference() -> None:
    seeds = range(200, 206)
    named = {(seed, report): said for seed in seeds for report, said in reports_that_name(seed).items()}
    assert len(named) <= binom.ppf(SURE, 3 * len(seeds), SIGNIFICANCE), named


@pytest.mark.deep
@pytest.mark.filterwarnings(f"ignore::{DriftWarning.__module__}.{DriftWarning.__qualname__}")
def test_with_effects_the_reports_name_differences() -> None:
    """The same cells and the same search see what is planted."""
    with Sandbox(leads=3000, seed=200, as_of=AS_OF, rate_limit=None) as sandbox:
        named = {
            report: [one for found in results(report, sandbox) for one in differences(found)] for report in RESULTS
        }
    assert all(named.values()), named
