"""Cleanup of DataFrames: recipes that repair what is certain and list the rest, duplicate customers, and an audit.

Recipes and duplicates need no connection. Recipes return a `Fix`, whose `before` and `after` go into a plan.

`recipes/` repairs columns. `matching/` finds duplicate customers; people decide about them in `review.py` (JupyterLab,
by `review_widget.py` and `review.js`) or in the sheet of `review_sheet.py`, and `decisions.py` keeps what they decided.
`merging/` prepares and checks the merges. `audit/` counts what is wrong with the functions of all of these. Files of
decisions that earlier versions wrote must open. `commands/` and the package itself import from here.

Tests: `make test ROOM=cleaning`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stcrm_pandas.cleaning.audit.result import Audit
    from stcrm_pandas.cleaning.decisions import Decisions
    from stcrm_pandas.cleaning.matching.duplicates import Duplicates
    from stcrm_pandas.cleaning.matching.find import duplicates
    from stcrm_pandas.cleaning.merging.desk import MergeDesk
    from stcrm_pandas.cleaning.merging.merge_list import check_merges
    from stcrm_pandas.cleaning.recipes.addresses import addresses
    from stcrm_pandas.cleaning.recipes.cities import cities
    from stcrm_pandas.cleaning.recipes.emails import emails
    from stcrm_pandas.cleaning.recipes.fix import Fix
    from stcrm_pandas.cleaning.recipes.names import names
    from stcrm_pandas.cleaning.recipes.phones import phones
    from stcrm_pandas.cleaning.recipes.pipeline import Pipeline, load_pipeline, pipeline
    from stcrm_pandas.cleaning.recipes.spellings import MappedFix, custom_fields, sources, tags
    from stcrm_pandas.cleaning.recipes.zips import zips
    from stcrm_pandas.cleaning.review import Review

__all__ = [
    "Audit",
    "Decisions",
    "Duplicates",
    "Fix",
    "MappedFix",
    "MergeDesk",
    "Pipeline",
    "Review",
    "addresses",
    "check_merges",
    "cities",
    "custom_fields",
    "duplicates",
    "emails",
    "load_pipeline",
    "names",
    "phones",
    "pipeline",
    "sources",
    "tags",
    "zips",
]

_MODULES = {
    "Audit": "audit.result",
    "Decisions": "decisions",
    "Duplicates": "matching.duplicates",
    "Fix": "recipes.fix",
    "MappedFix": "recipes.spellings",
    "MergeDesk": "merging.desk",
    "Pipeline": "recipes.pipeline",
    "Review": "review",
    "addresses": "recipes.addresses",
    "check_merges": "merging.merge_list",
    "cities": "recipes.cities",
    "custom_fields": "recipes.spellings",
    "duplicates": "matching.find",
    "emails": "recipes.emails",
    "load_pipeline": "recipes.pipeline",
    "names": "recipes.names",
    "phones": "recipes.phones",
    "pipeline": "recipes.pipeline",
    "sources": "recipes.spellings",
    "tags": "recipes.spellings",
    "zips": "recipes.zips",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
