"""Which layer may import which, read from the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import stcrm_pandas

ROOT = Path(stcrm_pandas.__file__).parent

LAYERS = (
    ("printable", "in_flight"),
    ("errors", "notices", "clear"),
    ("addresses", "sources", "own_files"),
    ("schemas", "settings"),
    ("operations",),
    ("custom", "rules", "nested", "options", "feed", "reach"),
    ("query", "wire"),
    ("body",),
    ("paths",),
    ("tokens", "cache_file", "transport", "status_log"),
    ("session", "cache"),
    ("frame",),
    ("pages", "progress"),
    ("left_out",),
    ("reading",),
    ("writing",),
    ("resources",),
    ("lookups",),
    ("edits",),
    ("tenants",),
    ("sandbox",),
    ("client",),
    ("doctor",),
    ("analysis",),
    ("charts",),
    ("report",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""From the bottom up: a module imports from below, and from its own package."""

UPWARD = {
    ("client", "sandbox"),
    ("resources", "edits"),
    ("resources", "client"),
    ("edits", "client"),
    ("analysis", "charts"),
}
"""What may be imported from above, within a function."""

SANDBOX_KNOWS = {"printable", "errors", "schemas", "operations", "notices", "sandbox"}
"""It must not share the client's mistakes."""

ANALYSIS_KNOWS = {"errors", "schemas", "notices", "reach", "analysis"}

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def modules():
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts != ("__init__",):
            yield ".".join(parts), parts[0], path


def imports(path):
    """Of ours: the layer that is imported, and whether it is within a function or for types alone."""
    tree = ast.parse(path.read_text())
    inner = {
        id(node)
        for around in ast.walk(tree)
        if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(around, ast.If) and "TYPE_CHECKING" in ast.unparse(around.test))
        for node in ast.walk(around)
    }
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out in full"
            whole = node.module == "stcrm_pandas"
            names = [f"stcrm_pandas.{alias.name}" for alias in node.names] if whole else [str(node.module)]
        for name in names:
            if name.startswith("stcrm_pandas."):
                layer = name.split(".")[1]
                if not layer.startswith("__"):  # `__version__` is the root's own
                    yield layer, id(node) in inner


def test_every_module_has_its_layer():
    assert {layer for _, layer, _ in modules()} == set(LEVEL)


@pytest.mark.parametrize(("module", "layer", "path"), list(modules()), ids=str)
def test_imports_point_down(module, layer, path):
    for imported, within in imports(path):
        down = LEVEL[imported] < LEVEL[layer] or imported == layer
        assert down or (within and (layer, imported) in UPWARD), f"{module} imports {imported}"
        if layer == "sandbox":
            assert imported in SANDBOX_KNOWS, f"{module} imports {imported}"
        if layer == "analysis" and not within:
            assert imported in ANALYSIS_KNOWS, f"{module} imports {imported}"


def test_the_pure_parts_do_no_io():
    io = {"requests", "requests_cache", "socket", "urllib3", "sqlite3", "pathlib", "os", "time", "threading"}
    for name in ("wire", "query", "operations", "body", "paths", "rules"):
        tree = ast.parse((ROOT / f"{name}.py").read_text())
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not {one.partition(".")[0] for one in names} & io, name


def test_only_the_command_line_ends_the_process():
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
