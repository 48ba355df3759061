"""The rows of the API: tables of fields, and the pandera models that are made from them.

`stcrm.schemas.Leads` and so on are pandera models. pandera is imported when the first of them is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stcrm_pandas.contract.schemas.models import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name[0].isupper():  # the models; a file of this folder is in lower case
        models = import_module("stcrm_pandas.contract.schemas.models")
        if name in models.__all__:
            return getattr(models, name)
    raise AttributeError(f"stcrm_pandas.contract.schemas has no {name!r}")


def __dir__() -> list[str]:
    return sorted(import_module("stcrm_pandas.contract.schemas.models").__all__)
