"""Several recipes one after another, saved in a small TOML file."""

from __future__ import annotations

import functools
import inspect
import json
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.cleaning.recipes import addresses, cities, emails, names, phones, spellings, zips
from stcrm_pandas.cleaning.recipes.fix import Fix, Recipe, resource_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.files.private import write_private
from stcrm_pandas.output.printable import closest

FORMAT = 1
"""The version of the file format."""

_CONTACTS = ("customer_contacts", "location_contacts", "booking_contacts")
_PLACES = ("customers", "locations", "bookings")


@dataclass(frozen=True)
class _Kind:
    """A recipe, and the rows that it is for."""

    function: Callable[..., Fix]
    recipe: Recipe
    resources: tuple[str, ...]
    """Rows that it can repair."""
    usual: tuple[str, ...]
    """Rows that it repairs if nothing else is given."""


RECIPES: Mapping[str, _Kind] = {
    kind.recipe.name: kind
    for kind in (
        _Kind(phones.phones, phones.RECIPE, _CONTACTS, _CONTACTS[:2]),
        _Kind(emails.emails, emails.RECIPE, _CONTACTS, _CONTACTS[:2]),
        _Kind(names.names, names.RECIPE, (*_PLACES, "contacts"), _PLACES[:2]),
        _Kind(addresses.addresses, addresses.RECIPE, _PLACES, _PLACES[:2]),
        _Kind(zips.zips, zips.RECIPE, _PLACES, _PLACES[:2]),
        _Kind(cities.cities, cities.RECIPE, _PLACES, _PLACES[:2]),
        _Kind(spellings.sources, spellings.SOURCES, ("bookings",), ("bookings",)),
        _Kind(spellings.tags, spellings.TAGS, _PLACES[:2], _PLACES[:2]),
        _Kind(spellings.custom_fields, spellings.CUSTOM_FIELDS, _PLACES[:2], _PLACES[:2]),
    )
}
"""Name to each recipe."""


@dataclass(frozen=True)
class Step:
    """A recipe with its arguments, and the rows that it is for.

    Parameters
    ----------
    recipe : str
        The name of the recipe, such as `"phones"`.
    options : mapping
        Its arguments, without DataFrames.
    resources : tuple of str
        The rows that it repairs, such as `("customers", "locations")`.
    """

    recipe: str
    options: Mapping[str, Any]
    resources: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Pipeline:
    """Several recipes that are applied one after another. Call it with a DataFrame.

    Parameters
    ----------
    steps : tuple of Step
        The recipes in order.

    Examples
    --------
    >>> pipe = stcrm.cleaning.pipeline([stcrm.cleaning.names, stcrm.cleaning.zips])
    >>> pipe
    names for customers, locations; zips for customers, locations
    >>> pipe(crm.customers.list()).summary().splitlines()
    ['... of ... names corrected, ... skipped', '... of ... ZIP codes reformatted, ... skipped']
    """

    steps: tuple[Step, ...]

    def __repr__(self) -> str:
        return "; ".join(f"{step.recipe} for {', '.join(step.resources)}" for step in self.steps)

    @property
    def resources(self) -> tuple[str, ...]:
        """The rows that the recipes are for, such as `("customers", "locations")`."""
        return tuple(dict.fromkeys(name for step in self.steps for name in step.resources))

    def __call__(self, rows: pd.DataFrame, *, tag_types: pd.DataFrame | None = None) -> Fix:
        """Apply the recipes that are for these rows, one after another.

        Parameters
        ----------
        rows : DataFrame
            Rows of one resource, as they were read. If pandas dropped where they come from, all recipes are applied.
        tag_types : DataFrame, optional
            The names of the tags, if `tags` is one of the recipes.

        Returns
        -------
        Fix
            The rows before the first and after the last recipe, and the changes and skipped cells of all.

        Raises
        ------
        UsageError
            The pipeline has no recipe for these rows, or a recipe needs a column or an argument that is missing.
        """
        if not isinstance(rows, pd.DataFrame):
            raise UsageError(f"A pipeline takes a DataFrame, not {type(rows).__name__}.")
        resource = resource_of(rows)
        steps = [step for step in self.steps if not resource or resource in step.resources]
        if not steps:
            raise UsageError(f"This pipeline has no recipe for {resource or 'these rows'}. It has: {self!r}.")
        parts: list[Fix] = []
        for step in steps:
            options = dict(step.options)
            if step.recipe == "tags":
                if tag_types is None:
                    raise UsageError("The recipe tags needs tag_types=crm.lookups.tag_types.list(active=None).")
                options["tag_types"] = tag_types
            parts.append(RECIPES[step.recipe].function(parts[-1].after if parts else rows, **options))
        return composed(parts, rows)

    def save(self, path: str | Path) -> None:
        """Write the recipes to a TOML file that `load_pipeline` and `stcrm clean` read.

        Parameters
        ----------
        path : str or Path
            The file. It contains no rows, only the spellings of confirmed maps. Only its owner can read it (mode 0600).

        Raises
        ------
        UsageError
            There is no such folder.

        Examples
        --------
        >>> from tempfile import mkdtemp
        >>> file = Path(mkdtemp()) / "monthly.toml"
        >>> stcrm.cleaning.pipeline([stcrm.cleaning.phones]).save(file)
        >>> stcrm.cleaning.load_pipeline(file)
        phones for customer_contacts, location_contacts
        """
        write_private(path, _as_toml(self))


def composed(parts: Sequence[Fix], before: pd.DataFrame) -> Fix:
    """Return the results of several recipes, each applied to the rows after the one before it, as one."""
    return Fix(
        "pipeline",
        1,
        " ".join(part.sentence for part in parts),
        {},
        before,
        parts[-1].after,
        pd.concat([part.changes for part in parts], ignore_index=True),
        pd.concat([part.skipped for part in parts], ignore_index=True),
        max(part.checked for part in parts),
        ("row", "rows"),
        "changed",
        tuple(parts),
    )


def pipeline(recipes: Iterable[Any]) -> Pipeline:
    """Compose recipes, so that they can be applied, saved and replayed together.

    Parameters
    ----------
    recipes : iterable
        Recipes in order. Each is a function such as `stcrm.cleaning.phones`, the same with arguments
        (`functools.partial(stcrm.cleaning.zips, plus4="drop")`), its name, or a `Fix`: the recipe with the arguments
        and for the kind of rows that the fix was made with.

    Returns
    -------
    Pipeline
        The recipes. Call it with a DataFrame, or save it.

    Raises
    ------
    UsageError
        The list is empty, or an entry is not a recipe.

    Examples
    --------
    >>> contacts = crm.customers.list_contacts()
    >>> pipe = stcrm.cleaning.pipeline([stcrm.cleaning.phones(contacts, style="national"), stcrm.cleaning.emails])
    >>> fix = pipe(contacts)
    >>> plan = crm.customers.plan_contact_changes(fix.before, fix.after)
    """
    steps = tuple(step for recipe in recipes for step in _steps_of(recipe))
    if not steps:
        raise UsageError("pipeline needs at least one recipe.")
    return Pipeline(steps)


def _steps_of(recipe: Any) -> list[Step]:
    if isinstance(recipe, Pipeline):
        return list(recipe.steps)
    if isinstance(recipe, Fix):
        if recipe.parts:
            return [step for part in recipe.parts for step in _steps_of(part)]
        resource = resource_of(recipe.before)
        usual = RECIPES[recipe.recipe].usual
        return [
            Step(
                recipe.recipe,
                dict(recipe.options),
                (resource,) if resource in RECIPES[recipe.recipe].resources else usual,
            )
        ]
    function, options = (recipe.func, recipe.keywords) if isinstance(recipe, functools.partial) else (recipe, {})
    name = next((name for name, kind in RECIPES.items() if function in (name, kind.function)), None)
    if name is None:
        raise UsageError(f"{recipe!r} is not a recipe. Choose from {', '.join(RECIPES)}.")
    return [_checked(name, dict(options), RECIPES[name].usual, "pipeline")]


def load_pipeline(path: str | Path) -> Pipeline:
    """Load recipes from the file that `Pipeline.save` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Pipeline
        The recipes.

    Raises
    ------
    UsageError
        The file does not exist, was not written by `Pipeline.save`, or names an unknown recipe, argument or resource;
        or the version of a recipe has changed, so it may return something else. Where arguments make a recipe what it
        was in the version of the file, such as `style="e164"` for `phones`, these are set instead.

    Examples
    --------
    >>> stcrm.cleaning.load_pipeline("no_such_file.toml")
    Traceback (most recent call last):
    stcrm_pandas.errors.UsageError: The file 'no_such_file.toml' does not exist.
    """
    try:
        content = tomllib.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"The file {str(path)!r} does not exist.") from None
    except OSError:
        raise UsageError(f"The file {str(path)!r} cannot be read.") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The file {str(path)!r} is not valid TOML: {error}") from None
    steps = content.get("steps")
    if not isinstance(steps, list) or not steps or content.get("format") != FORMAT:
        raise UsageError(
            f"The file {str(path)!r} is not a file of recipes in format {FORMAT}. Write one with Pipeline.save(path)."
        )
    return Pipeline(tuple(_step_from(entry, f"{path}, step {place}") for place, entry in enumerate(steps, 1)))


def _step_from(entry: Any, where: str) -> Step:
    options = dict(entry) if isinstance(entry, dict) else {}
    name, version = options.pop("recipe", None), options.pop("version", None)
    if not isinstance(name, str) or name not in RECIPES:
        near = closest(str(name), RECIPES)
        hint = f" Did you mean {near!r}?" if near else ""
        raise UsageError(f"{where}: there is no recipe {name!r}.{hint} Choose from {', '.join(RECIPES)}.")
    recipe = RECIPES[name].recipe
    if isinstance(version, int) and version in recipe.earlier:
        options = {**recipe.earlier[version], **options}
    elif version != recipe.version:
        raise UsageError(
            f"{where}: the file has version {version} of the recipe {name}, and this program has version "
            f"{recipe.version}, which may return something else. Review what it changes now, then update "
            "the version in the file."
        )
    resources = options.pop("resources", list(RECIPES[name].usual))
    if (
        not isinstance(resources, list)
        or not resources
        or any(resource not in RECIPES[name].resources for resource in resources)
    ):
        raise UsageError(f"{where}: resources must be a list of {', '.join(RECIPES[name].resources)}; at least one.")
    return _checked(name, options, tuple(resources), where)


def _checked(name: str, options: dict[str, Any], resources: tuple[str, ...], where: str) -> Step:
    """Return a step whose arguments the recipe accepts."""
    known = [
        parameter.name
        for parameter in inspect.signature(RECIPES[name].function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    if unknown := [option for option in options if option not in known]:
        accepted = f"It takes {', '.join(known)}." if known else "It takes none."
        raise UsageError(f"{where}: {name} has no argument {unknown[0]!r}. {accepted}")
    if isinstance(options.get("confirmed"), pd.DataFrame):
        options["confirmed"] = spellings.as_mapping(options["confirmed"], name)
    return Step(name, options, resources)


def _as_toml(pipe: Pipeline) -> str:
    lines = [f"format = {FORMAT}"]
    for step in pipe.steps:
        kind = RECIPES[step.recipe].recipe
        lines += ["", f"# {kind.sentence}", "[[steps]]", f"recipe = {_text(step.recipe)}", f"version = {kind.version}"]
        lines.append(f"resources = [{', '.join(map(_text, step.resources))}]")
        tables = {}
        for name, value in step.options.items():
            if isinstance(value, Mapping):
                tables[name] = value
            elif value is not None:
                lines.append(f"{name} = {_value(value)}")
        for name, value in tables.items():
            lines += _table(f"steps.{name}", value)
    return "\n".join(lines) + "\n"


def _table(title: str, content: Mapping[Any, Any]) -> list[str]:
    """Return a map of spellings as a table; tables in it follow."""
    inner = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    lines = [
        f"[{title}]",
        *(f"{_text(str(key))} = {_value(value)}" for key, value in content.items() if key not in inner),
    ]
    return lines + [line for key, value in inner.items() for line in _table(f"{title}.{_text(str(key))}", value)]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, int) else _text(str(value))


def _text(value: str) -> str:
    """Return a text in TOML, which takes the escapes of JSON; but it escapes one more character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
