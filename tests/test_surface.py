"""What people see: names, parameters, docstrings whose examples run, and how little is loaded."""

from __future__ import annotations

import ast
import datetime as dt
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
import warnings

import pytest

import stcrm_pandas as stcrm
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import DriftWarning, UsageError
from stcrm_pandas.resources.resource import Resource

OPTIONS = {"max_age", "refresh", "allow_incomplete"}
NAMED = {"leads.list", "bookings.list", "customers.list", "locations.list", "lookups.jobs.list"}
HEAVY = ("plotly", "scipy", "statsmodels", "lifelines", "jupyter", "nbconvert", "starlette", "uvicorn", "pandera")
BUILT = list(OPERATIONS.values())


def names(package="stcrm_pandas"):
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            yield found.name


@pytest.fixture(scope="module")
def sandbox():
    """A company of its own: examples of writes change it."""
    from stcrm_pandas.sandbox import Sandbox

    as_of = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    with Sandbox(leads=100, seed=7, as_of=as_of, rate_limit=None) as running:
        yield running


@pytest.fixture(scope="module")
def crm(sandbox, tmp_path_factory):
    with stcrm.connect(sandbox=sandbox, cache_dir=tmp_path_factory.mktemp("cache"), rate_limit=1000) as connected:
        yield connected


def test_all_lists_the_public_names():
    assert set(stcrm.__all__) <= set(dir(stcrm))
    for name in stcrm.__all__:
        assert getattr(stcrm, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        stcrm.conect  # noqa: B018


def test_connect_parameters_match_the_settings(monkeypatch):
    from stcrm_pandas.settings.connection import Settings

    parameters = set(inspect.signature(stcrm.connect).parameters) - {"private"}
    assert parameters == set(Settings.model_fields) - {"cache_limit_mb", "response_limit_mb"} | {"sandbox"}
    for name in parameters:
        assert name in str(stcrm.connect.__doc__), f"connect({name}=…) is not described"


@pytest.mark.parametrize("operation", BUILT, ids=lambda operation: operation.name)
def test_method_parameters_match_the_filters(operation, crm):
    *families, name = operation.name.split(".")
    resource = crm
    for family in families:
        resource = getattr(resource, family)
    assert isinstance(resource, Resource)
    method = getattr(resource, name)
    given = set(inspect.signature(method).parameters)
    expected = {snake(field.name) for field in (*operation.filters, *(operation.body.fields if operation.body else ()))}
    expected |= set() if operation.writes else OPTIONS
    if operation.name in NAMED:
        expected |= {"names"}
    if operation.returns == "feed":
        expected |= {"since", "continue_from"}
    for name in map(snake, operation.path_names):
        expected |= {name if operation.writes or name not in {one[:-1] for one in given} else f"{name}s"}
    assert given == expected
    for name in given - {"ids"}:
        assert inspect.signature(method).parameters[name].annotation is not inspect.Parameter.empty
    assert operation.id in str(method.__doc__), "the docstring names the operation"
    assert ">>>" in str(method.__doc__)
    what = "parameter" if operation.writes else "filter"
    with pytest.raises(UsageError, match=f"{operation.name} has no {what} 'colour'"):
        method(colour="red")


def test_every_method_has_an_operation(crm):
    methods = {operation.name for operation in BUILT}
    families = [one for one in vars(crm).values() if isinstance(one, Resource)]
    assert len(families) == 9
    for resource in (*families, *vars(crm.lookups).values()):
        for name, _ in inspect.getmembers(resource, callable):
            if not name.startswith(("_", "plan", "edit")) and name != "with_contacts":
                assert f"{resource.name}.{name}" in methods


def test_literals_match_the_enums(crm):
    words = str(inspect.signature(crm.leads.list).parameters["status"].annotation)
    assert all(repr(word) in words or f'"{word}"' in words for word in ("Open", "Dismissed", "Converted"))


def test_operations_is_a_frame(crm):
    table = crm.operations()
    assert len(table) == 88
    assert table.columns.tolist() == [
        *("operation_id", "group", "method", "path", "scope", "name", "returns", "writes", "summary", "published")
    ]
    assert table["operation_id"].is_unique
    assert table["summary"].str.endswith(".").all()
    assert set(table["group"]) == {
        *("Export", "BookingProviderTags", "Bookings", "BulkTags", "ContactMethods", "ContactPreferences", "Contacts"),
        *("Customers", "Leads", "Locations"),
    }
    assert table.loc[~table["published"], "name"].tolist() == [
        "customers.get_preferred_technician",
        "customers.set_preferred_technician",
    ]
    assert table["writes"].sum() == 47
    assert len(crm.operations(all=True)) == 97


def test_reprs_show_tenant_and_environment(crm, sandbox):
    assert str(sandbox.tenant) in repr(crm)
    assert sandbox.sandbox_id in crm._repr_html_()
    assert repr(crm.tags) == "tags: add, plan, remove"
    assert "campaigns" in repr(crm.lookups)


def test_a_demo_company_says_so_in_large_letters(crm, box, join_by_address):
    assert repr(crm).startswith("<stcrm DEMO COMPANY, not your data; ")
    assert crm._repr_html_().startswith("<div style='font-size:2em;font-weight:700'>DEMO COMPANY, not your data</div>")
    own = join_by_address(box)
    assert "DEMO" not in repr(own) + own._repr_html_()


def test_a_repr_shows_html_as_text(join, module_box):
    crm = join(module_box)
    crm.settings = crm.settings.model_copy(update={"environment": "<script>alert(1)</script>"})
    assert "<script>" not in crm._repr_html_()


@pytest.mark.parametrize("name", list(names()))
def test_examples_run(name, crm, sandbox):
    module = importlib.import_module(name)
    space = {**vars(module), "crm": crm, "sandbox": sandbox, "stcrm": stcrm}
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    runner = doctest.DocTestRunner(optionflags=flags)
    failed = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DriftWarning)
        for test in doctest.DocTestFinder(exclude_empty=True).find(module, name, globs=space, extraglobs={}):
            runner.run(test, out=failed.append)
    assert runner.failures == 0, "".join(failed)


@pytest.mark.parametrize("name", [name for name in names() if ".sandbox." not in name])
def test_public_names_have_docstrings(name):
    module = importlib.import_module(name)
    tree = ast.parse(inspect.getsource(module))
    assert ast.get_docstring(tree), f"{name} does not say what it holds"
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            short = isinstance(node, ast.FunctionDef) and len(ast.unparse(node)) < 250
            assert ast.get_docstring(node) or short, f"{name}.{node.name} has no docstring"


def loaded(statement):
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.check_output([sys.executable, "-W", "ignore", "-c", code], text=True).split())


def test_import_is_light():
    assert not loaded("import stcrm_pandas") & set(HEAVY)
    assert not loaded("import stcrm_pandas as s; s.connect; s.errors") & set(HEAVY)
    assert not loaded("import stcrm_pandas.cli") & set(HEAVY) - {"pandera"}
