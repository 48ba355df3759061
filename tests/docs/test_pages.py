"""Pages agree with the program and with each other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer
import typer.main

import stcrm_pandas as stcrm
from stcrm_pandas import errors
from stcrm_pandas.cli import app
from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.settings.connection import Settings

from .pages import PAGES, ROOT, blocks, name, prose

README = ROOT / "README.md"
DOCS = ROOT / "docs"
GUIDE = DOCS / "guide"
REFERENCE = DOCS / "reference"
LANGUAGES = {"sql", "toml", "python", "pycon", "text", "bash", "json", "powershell"}
DIRECTIVES = {"{eval-rst}", "{include}", "{rst-class}", "{toctree}"}  # of the site


def all_commands() -> Iterator[tuple[str, Any]]:
    def commands_under(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield words, command
        for word, below in getattr(command, "commands", {}).items():
            yield from commands_under(f"{words} {word}", below)

    return commands_under("stcrm", typer.main.get_command(app))


COMMANDS = dict(all_commands())


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(page)):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        aim = (page.parent / file).resolve() if file else page
        assert aim.exists(), f"{name(page)} links to {target}"
        if anchor:
            assert anchor in anchors(aim), f"{name(page)} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_code_blocks_name_their_language(page: Path) -> None:
    site = DIRECTIVES if page.is_relative_to(DOCS) else set()
    assert {block.language.split()[0] for block in blocks(page)} <= LANGUAGES | site
    assert "```" not in prose(page)


def test_readme_links_to_every_page() -> None:
    linked = set(leads_to(README))
    assert linked >= {page for page in GUIDE.glob("*.md") if page.stem != "index"}
    reached: set[Path] = set()
    ahead = [README]
    while ahead:
        page = ahead.pop()
        if page not in reached:
            reached.add(page)
            ahead += leads_to(page)
    assert set(PAGES) <= reached


def leads_to(page: Path) -> Iterator[Path]:
    """The pages that a page links to, or has in a table of contents."""
    for target in re.findall(r"\]\(([^)#:]+\.md)", prose(page)):
        yield (page.parent / target).resolve()
    for block in blocks(page):
        if block.language == "{toctree}":
            for line in block.code.splitlines():
                if (entry := (page.parent / f"{line}.md").resolve()).exists():
                    yield entry


def test_readme_starts_with_two_make_targets() -> None:
    first = next(blocks(README))
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = first.code.split("\n")[:2]
    assert first.language == "bash"
    assert [command.split()[0] for command in commands] == ["make", "make"]
    assert {command.split()[1] for command in commands} <= set(targets)
    for target in re.findall(r"`make ([a-z-]+)", "".join(prose(page) for page in PAGES)):
        assert target in targets


@pytest.mark.parametrize("file", ["commands.md", "settings.md", "operations.md", "schemas.md"])
def test_generated_pages_are_up_to_date(file: str, make: ModuleType) -> None:
    made = make.PAGES[file]()
    assert (REFERENCE / file).read_text(encoding="utf-8") == made, "run `make docs`"
    assert made == make.PAGES[file]()


def test_command_sections_match_the_commands() -> None:
    sections = re.findall(r"^## (.+)$", (REFERENCE / "commands.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_on_pages_exist(page: Path) -> None:
    shown = [line for block in blocks(page) if block.language == "bash" for line in block.code.splitlines()]
    for line in [*shown, *re.findall(r"`([^`\n]+)`", prose(page))]:
        if not line.startswith("stcrm "):
            continue
        words = line.split()
        known = max((c for c in COMMANDS if words[: len(c.split())] == c.split()), key=len)
        command = COMMANDS[known]
        rest = words[len(known.split()) :]
        assert known != "stcrm" or rest[0].startswith("-"), f"{name(page)}: {line}"
        options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= options, f"{name(page)}: {line}"


def test_documented_settings_match_the_settings() -> None:
    page = (REFERENCE / "settings.md").read_text()
    assert re.findall(r"^\| `STCRM_(\w+)`", page, re.MULTILINE) == [field.upper() for field in Settings.model_fields]
    assert all(field.description for field in Settings.model_fields.values())
    for other in PAGES:
        for variable in re.findall(r"STCRM_([A-Z_]+[A-Z])", other.read_text()):
            assert variable.lower() in Settings.model_fields, f"{name(other)}: STCRM_{variable}"


def test_every_operation_is_documented() -> None:
    page = (REFERENCE / "operations.md").read_text()
    rows = re.findall(r"^\| `([\w.]+)` \| (\w+)", page, re.MULTILINE)
    assert sorted(rows) == sorted((one.name, one.id) for one in OPERATIONS.values())


def test_documented_scopes_match_the_operations() -> None:
    named = set(re.findall(r"\btn\.\w+\.\w+:[rw]\b", (GUIDE / "connecting.md").read_text()))
    assert named == {one.scope for one in OPERATIONS.values()}


def test_every_error_and_warning_is_explained() -> None:
    explained = re.findall(r"^\| `(\w+)` \|", (GUIDE / "errors.md").read_text(), re.MULTILINE)
    above = {"StcrmError", "ServiceError", "ResponseError"}  # what others have in common
    assert {*explained, *above} == set(errors.__all__)
    assert len(explained) == len(set(explained))


def test_error_tree_is_up_to_date() -> None:
    tree = next(block.code for block in blocks(GUIDE / "errors.md") if block.code.startswith("StcrmError"))
    path: list[str] = []
    drawn = set()
    for line in tree.splitlines():
        error = line.split()[-1]
        path[line.index(error) // 4 :] = [error]
        drawn.add(error)
        if len(path) > 1:
            assert getattr(errors, error).__bases__[0].__name__ == path[-2]
    assert drawn == {name for name in errors.__all__ if issubclass(getattr(errors, name), errors.StcrmError)}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_names_on_pages_exist(page: Path, sandbox: Any) -> None:
    with stcrm.connect(sandbox=sandbox) as crm:
        for root, thing in (("crm", crm), ("stcrm", stcrm)):
            for path in re.findall(rf"(?<![\w.]){root}\.([\w.]*\w)", page.read_text(encoding="utf-8")):
                here: Any = thing
                for part in path.split("."):
                    assert hasattr(here, part), f"{name(page)}: {root}.{path}"
                    here = getattr(here, part)


@pytest.mark.parametrize(("heading", "most"), [("One lead", 12), ("One edited cell", 15)])
def test_architecture_path_has_few_files(heading: str, most: int) -> None:
    section = re.split(r"^## ", (DOCS / "architecture.md").read_text(), flags=re.MULTILINE)
    [text] = [part for part in section if part.startswith(heading)]
    files = re.findall(r"^\d+\. \[`([\w/.]+)`\]\(\.\./stcrm_pandas/([\w/.]+)\)", text, re.MULTILINE)
    assert 8 <= len(files) <= most
    assert all(shown == linked for shown, linked in files)
    assert len(set(files)) == len(files)


def test_picture_has_all_rooms_in_the_order_of_the_import_rules() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for layer in rules[0]["layers"]]
    picture = (DOCS / "_static" / "rooms.svg").read_text(encoding="utf-8")
    shown = re.findall(r'<text font-weight="bold"><tspan [^>]*>(\w+)</tspan>', picture)
    assert shown == [room for layer in layers for room in layer], "run `make docs`"
    assert "never settings, http, reads, edits" in picture


def test_contributing_names_files_that_exist() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text().split("## Where to add")[1].split("## ")[0]
    for path in re.findall(r"`((?:\w+/)+[\w.]*)`", table):
        assert any((root / path).exists() for root in (ROOT, ROOT / "stcrm_pandas")), path
