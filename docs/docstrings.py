"""Keep the docstrings of the methods in step with the table of shared parameters.

    python docs/docstrings.py

Every parameter of the methods of `crm.leads`, `crm.customers` … and of those that return rows of a mirror is
described: shared parameters in `stcrm_pandas/contract/parameters.py`, others in their docstring. The script writes them
into the docstrings, in the order of the signature. A second run changes nothing.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from stcrm_pandas.contract.parameters import FILTERS, MIRRORED, ONE_OR_MANY, OWN, OWN_VALUES, PLANS, VALUES

PACKAGE = Path(__file__).parent.parent / "stcrm_pandas"
SOURCES = (*sorted((PACKAGE / "resources").glob("*.py")), PACKAGE / "mirror" / "reading.py")
WIDTH = 120
TYPES = {
    "pd.DataFrame": "DataFrame",
    "When": "str, date or Timestamp",
    "Moment": "str, date or Timestamp",
    "Ids": "int, sequence of int or Series",
    "IdsOrNames": "int, str, sequence of int or str or Series",
    "Guids": "str, sequence of str or Series",
    "MaxAge": "str, float or timedelta",
    "Clears": "CLEAR",
    "Iterable[int]": "iterable of int",
    "Iterable[str]": "iterable of str",
    "Sequence[str]": "sequence of str",
    "Iterable[NewContact]": "iterable of NewContact",
    "Iterable[NewLocation]": "iterable of NewLocation",
    "CustomFieldValues": "dict",
    "pd.Series": "Series",
    "ContactType": '{"Phone", "MobilePhone", "Email", "Fax"}',
    "CustomerType": '{"Residential", "Commercial"}',
    "Priority": '{"Low", "Normal", "High", "Urgent"}',
}
"""Annotations as a docstring writes them."""


def rewrite(source: str) -> str:
    """Return the source of a module with the parameters of its methods described."""
    lines = source.split("\n")
    for owner, method in reversed(list(methods(ast.parse(source)))):
        node = method.body[0]
        assert isinstance(node, ast.Expr), f"{owner}.{method.name} has no docstring"
        assert node.end_lineno is not None
        lines[node.lineno - 1 : node.end_lineno] = described(owner, method, node.col_offset).split("\n")
    return "\n".join(lines)


def methods(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield each public method that has parameters, with the name of its class."""
    for owner in tree.body:
        for method in owner.body if isinstance(owner, ast.ClassDef) else ():
            if isinstance(method, ast.FunctionDef) and not method.name.startswith("_") and list(parameters(method)):
                yield owner.name, method


def parameters(method: ast.FunctionDef) -> Iterator[tuple[str, str, str | None]]:
    """Yield name, annotation and default of each parameter, in the order of the signature."""
    given = method.args
    ordered = [*given.posonlyargs, *given.args]
    defaults = [None] * (len(ordered) - len(given.defaults)) + list(given.defaults)
    for one, default in [*zip(ordered, defaults, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]:
        if one.arg != "self":
            assert one.annotation is not None
            yield one.arg, ast.unparse(one.annotation), None if default is None else ast.unparse(default)


def described(owner: str, method: ast.FunctionDef, column: int) -> str:
    """Return the method's docstring, indented and in quotes, with all of its parameters described."""
    text = ast.get_docstring(method) or ""
    head, present, tail = parts(text)
    indent, entries, missing = " " * column, [], []
    for name, annotation, default in parameters(method):
        description = shared(owner, method, name, default) or present.get(name)
        if description is None:
            missing.append(name)
            continue
        body = textwrap.fill(description, WIDTH - column - 4, break_on_hyphens=False, break_long_words=False)
        entries.append(f"{name} : {type_of(annotation, default)}\n{textwrap.indent(body, '    ')}")
    if missing:
        raise LookupError(f"{owner}.{method.name}: describe in its docstring: {', '.join(missing)}")
    section = "Parameters\n----------\n" + "\n".join(entries)
    complete = "\n\n".join(part for part in (head, section, tail) if part)
    return f'{indent}"""{textwrap.indent(complete, indent).strip()}\n{indent}"""'


def parts(text: str) -> tuple[str, dict[str, str], str]:
    """Split a docstring: what is above the parameters, each parameter's description, what is below them."""
    match = re.search(r"^Parameters\n-+\n(.*?)(?=^\S+\n-+$|\Z)", text, re.MULTILINE | re.DOTALL)
    if match is None:
        first = re.search(r"^\S+\n-+$", text, re.MULTILINE)
        cut = first.start() if first else len(text)
        return text[:cut].rstrip(), {}, text[cut:].rstrip()
    present = {}
    for names, body in re.findall(r"^(\S.*?) : .*\n((?:[ ]{4}.*\n?|\n)+)", match[1] + "\n", re.MULTILINE):
        for name in names.split(", "):
            present[name] = " ".join(body.split())
    return text[: match.start()].rstrip(), present, text[match.end() :].strip()


def shared(owner: str, method: ast.FunctionDef, name: str, default: str | None) -> str | None:
    """Return the shared description of a parameter, if there is one."""
    own = OWN.get(f"{owner}.{method.name}", {}).get(name)
    if own is not None:
        return own
    names = {one for one, _, _ in parameters(method)}
    if owner == "Rows":
        return MIRRORED.get(name)
    if method.name.startswith("plan"):
        return PLANS.get(name)
    if "max_age" not in names:
        return OWN_VALUES.get(owner, {}).get(name) or VALUES.get(name)
    if name == "ids" and default is None:
        return ONE_OR_MANY
    return FILTERS.get(name) if default is not None else None


def type_of(annotation: str, default: str | None) -> str:
    """Return a parameter's type and default as numpydoc writes them."""
    words = []
    for part in re.split(r" \| (?![^\[]*\])", annotation):
        if part == "None":
            continue
        choices = re.fullmatch(r"Literal\[(.*)\]", part)
        words.append("{" + choices[1].replace("'", '"') + "}" if choices else TYPES.get(part, part))
    joined = f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else words[0]
    if default is None:
        return joined
    if default == "None":
        return f"{joined}, optional"
    written = default.replace("'", '"')
    return f"{joined}, default {written}"


def main() -> None:
    """Rewrite every module of methods whose docstrings are out of step."""
    failures = []
    for path in SOURCES:
        source = path.read_text()
        try:
            changed = rewrite(source)
        except LookupError as error:
            failures.append(str(error))
            continue
        if changed != source:
            path.write_text(changed)
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
