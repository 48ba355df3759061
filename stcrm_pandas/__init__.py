"""ServiceTitan's CRM in pandas.

    import stcrm_pandas as stcrm

    crm = stcrm.connect(sandbox=True)      # or connect(): from the environment
    leads = crm.leads.list(created_on_or_after="2026-01-01")

Submodules are imported on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

# Every module needs pandas; the others are imported on first use. With the table of the API and the dtype of lists,
# pandas restores lists from Parquet files.
from stcrm_pandas.contract import operations as _operations  # noqa: F401
from stcrm_pandas.contract.schemas import list_dtype as _list_dtype  # noqa: F401

if TYPE_CHECKING:
    from stcrm_pandas import analysis, cleaning, errors
    from stcrm_pandas.cleaning.audit.audit import audit
    from stcrm_pandas.client import Client, connect
    from stcrm_pandas.contract import schemas
    from stcrm_pandas.contract.arguments import CLEAR, Address, ApplicationData, NewContact, NewLocation, Preferences
    from stcrm_pandas.edits.plans import Plan, Result
    from stcrm_pandas.frame.customers import custom_fields
    from stcrm_pandas.grid.edit import edit
    from stcrm_pandas.grid.grid import Grid
    from stcrm_pandas.mirror.many import Mirrors, mirrors
    from stcrm_pandas.mirror.mirror import Mirror
    from stcrm_pandas.reads.provenance import origin
    from stcrm_pandas.reads.reading import Feed
    from stcrm_pandas.sandbox import Sandbox
    from stcrm_pandas.sheets.export import to_excel, to_sql
    from stcrm_pandas.sheets.files import read_sheet, write_sheet

__version__ = "0.1.0"
__all__ = [
    "CLEAR",
    "Address",
    "ApplicationData",
    "Client",
    "Feed",
    "Grid",
    "Mirror",
    "Mirrors",
    "NewContact",
    "NewLocation",
    "Plan",
    "Preferences",
    "Result",
    "Sandbox",
    "analysis",
    "audit",
    "cleaning",
    "connect",
    "custom_fields",
    "edit",
    "errors",
    "mirrors",
    "origin",
    "read_sheet",
    "schemas",
    "to_excel",
    "to_sql",
    "write_sheet",
]

_MODULES = {
    "CLEAR": "contract.arguments",
    "Address": "contract.arguments",
    "ApplicationData": "contract.arguments",
    "Client": "client",
    "Feed": "reads.reading",
    "Grid": "grid.grid",
    "Mirror": "mirror.mirror",
    "Mirrors": "mirror.many",
    "NewContact": "contract.arguments",
    "NewLocation": "contract.arguments",
    "Plan": "edits.plans",
    "Preferences": "contract.arguments",
    "Result": "edits.plans",
    "Sandbox": "sandbox",
    "audit": "cleaning.audit.audit",
    "connect": "client",
    "custom_fields": "frame.customers",
    "edit": "grid.edit",
    "origin": "reads.provenance",
    "mirrors": "mirror.many",
    "read_sheet": "sheets.files",
    "to_excel": "sheets.export",
    "to_sql": "sheets.export",
    "write_sheet": "sheets.files",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    if name == "schemas":
        return import_module(f"{__name__}.contract.schemas")
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
