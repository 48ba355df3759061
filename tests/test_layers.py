"""Habits of the source that no linter checks; which folder may import which is import-linter's."""

from __future__ import annotations

import ast
from pathlib import Path

import stcrm_pandas

ROOT = Path(stcrm_pandas.__file__).parent


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts != ("__init__",):
            yield ".".join(parts), parts[0], path


def test_pure_modules_do_no_io():
    io = {"requests", "requests_cache", "socket", "urllib3", "sqlite3", "pathlib", "os", "time", "threading"}
    for name in ("http/wire", "http/query", "contract/operations", "http/body", "reads/pagination", "contract/rules"):
        tree = ast.parse((ROOT / f"{name}.py").read_text())
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not {one.partition(".")[0] for one in names} & io, name


def test_all_loops_over_pages_are_in_one_file():
    """What ends a loop over pages, and what it may not lose, is decided once."""
    loops = {
        module
        for module, layer, path in modules()
        if layer != "sandbox"
        for loop in ast.walk(ast.parse(path.read_text()))
        if isinstance(loop, ast.While | ast.For)
        for node in ast.walk(loop)
        if isinstance(node, ast.Attribute) and node.attr in ("has_more", "continue_from")
    }
    assert loops == {"reads.pagination"}


def test_only_the_command_line_exits():
    for module, layer, path in modules():
        if layer not in ("commands", "cli"):
            text = path.read_text()
            assert "sys.exit" not in text, module
            assert "os._exit" not in text, module


def test_only_settings_read_the_environment():
    for module, layer, path in modules():
        if layer == "commands":
            continue
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            read = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
            assert not read, f"{module} reads the environment"


def test_operation_methods_have_only_signature_and_docstring():
    """`operation` never runs the body, so there is none."""
    methods = [
        node
        for _, layer, path in modules()
        if layer == "resources"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(one, ast.Name) and one.id == "operation" for one in node.decorator_list)
    ]
    assert len(methods) > 60
    for method in methods:
        assert ast.get_docstring(method), method.name
        assert len(method.body) == 1, method.name
