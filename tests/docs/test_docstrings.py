"""Every parameter of every public function is described in its docstring, and no other."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString

import stcrm_pandas as stcrm
from stcrm_pandas.contract import parameters
from stcrm_pandas.http.cache import Cache
from stcrm_pandas.resources.resource import Resource
from stcrm_pandas.sandbox import Fault


def functions() -> Iterator[tuple[str, Any]]:
    """What a user can call: public names, their methods, and the methods of each family."""
    with stcrm.connect(tenant=1, client_id="c", client_secret="s", app_key="k", environment="production") as crm:
        families = [one for holder in (crm, crm.lookups) for one in vars(holder).values() if isinstance(one, Resource)]
    assert len(families) == 18
    named = [getattr(stcrm, name) for name in stcrm.__all__]
    analyses = [getattr(stcrm.analysis, name) for name in stcrm.analysis.__all__]
    cleaning = [getattr(stcrm.cleaning, name) for name in stcrm.cleaning.__all__]
    for thing in [*named, *analyses, *cleaning, *map(type, families)]:
        if inspect.isfunction(thing):
            yield f"{thing.__module__}.{thing.__name__}", thing
        elif inspect.isclass(thing):
            for name, method in inspect.getmembers(thing, inspect.isroutine):
                module = str(getattr(method, "__module__", ""))
                if not name.startswith("_") and module.startswith("stcrm_pandas."):
                    yield f"{thing.__name__}.{name}", method

    yield "cache.clear", Cache.clear  # the other methods serve reads
    yield "Sandbox", stcrm.Sandbox
    yield "Fault", Fault


FUNCTIONS = dict(functions())


def shortcomings(function: Any) -> list[str]:
    """What a function's docstring lacks."""
    taken = [name for name in inspect.signature(function).parameters if name not in {"self", "cls"} and name[0] != "_"]
    parsed = NumpyDocString(inspect.getdoc(function) or "")
    if not parsed["Summary"]:
        return ["no summary"]
    described = {
        name.strip().lstrip("*"): entry
        for entry in parsed["Parameters"]
        for name in entry.name.split(",")
        if entry.desc and entry.type
    }
    private = [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_KEYWORD]
    wrong = [f"{name} is not described" for name in taken if name not in described and name not in private]
    wrong += [f"{name} is no parameter" for name in described if name not in taken]
    in_order = [name for name in described if name in taken]
    return wrong or ([] if in_order == [name for name in taken if name in described] else ["another order"])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_described(name: str) -> None:
    assert shortcomings(FUNCTIONS[name]) == []


def test_shared_descriptions_fit_in_a_line() -> None:
    """Dozens of methods repeat them, so the guide explains them in full."""
    tables = (parameters.FILTERS, parameters.VALUES, parameters.PLANS, parameters.MIRRORED)
    assert [name for table in tables for name, text in table.items() if len(text) > 108] == []


def test_missing_description_is_detected() -> None:
    def gap(one: int, two: int) -> None:
        """Do something.

        Parameters
        ----------
        one : int
            The first.
        three : int
            Of another function.
        """

    assert shortcomings(gap) == ["two is not described", "three is no parameter"]
