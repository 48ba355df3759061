"""The list of departures holds nothing that is not so."""

from __future__ import annotations

from pathlib import Path

from stcrm_pandas.sandbox.service import rules

from .departures import RULES, UNDECLARED


def test_rules_exist_in_the_sandbox():
    made = {rule.name for of_operation in rules.RULES.values() for rule in of_operation}
    sources = "".join(path.read_text() for path in Path(rules.__file__).parent.glob("*.py"))
    assert made <= set(RULES)
    assert [name for name in RULES if name not in made and f'"{name}"' not in sources] == []


def test_statuses_are_not_declared_everywhere(published):
    for status in UNDECLARED:
        assert any(str(status) not in one.spec["responses"] for one in published.values()), status
