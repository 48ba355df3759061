"""External data: keys and values that each application stores on rows for itself.

Responses hold keys and values only. The store keeps their applications in `externalDataOwners`, in the same order;
without an entry there, a value belongs to `APPLICATION`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from stcrm_pandas.sandbox.store.store import Condition

OWNERS = "externalDataOwners"
APPLICATION = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
"""The application that owns the external data of the demo company."""

_OWNER = f"coalesce(json_extract(t.hidden, '$.{OWNERS}[' || e.key || ']'), '{APPLICATION}')"
_EACH = "json_each(t.body, '$.externalData') e"


def has_data_of(application: str) -> Condition:
    """Return the condition for rows with data of the application."""
    return Condition(f"EXISTS (SELECT 1 FROM {_EACH} WHERE {_OWNER} = ?)", (application,))


def has_values(application: str | None, key: str, values: Sequence[str]) -> Condition:
    """Return the condition for rows that hold the key with one of the values, for one application or for any."""
    return Condition(
        f"EXISTS (SELECT 1 FROM {_EACH} WHERE json_extract(e.value, '$.key') = ? "
        "AND json_extract(e.value, '$.value') IN (SELECT value FROM json_each(?)) "
        f"AND (? IS NULL OR {_OWNER} = ?))",
        (key, orjson.dumps(list(values)).decode(), application, application),
    )


def data_view(application: str) -> tuple[str, tuple[Any, ...]]:
    """Return SQL for a row with the external data of one application only, and its values."""
    mine = f"SELECT json_group_array(json(e.value)) FROM {_EACH} WHERE {_OWNER} = ?"
    return f"json_set(t.body, '$.externalData', json(({mine})))", (application,)


def new_data(sent: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a new row."""
    return merged_data({}, {"patchMode": "Replace", **sent}) if sent else {"externalData": [], OWNERS: []}


def merged_data(row: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a row after a change by one application; a null value removes its key.

    >>> row = new_data({"applicationGuid": "a", "externalData": [{"key": "x", "value": "1"}]})
    >>> merge = {"patchMode": "Merge", "applicationGuid": "a", "externalData": [{"key": "y", "value": "2"}]}
    >>> merged_data(row, merge)["externalData"]
    [{'key': 'x', 'value': '1'}, {'key': 'y', 'value': '2'}]
    """
    application = change["applicationGuid"]
    items, owners = row.get("externalData") or [], row.get(OWNERS) or []
    owned = [(item, owners[n] if n < len(owners) else APPLICATION) for n, item in enumerate(items)]
    merges = change.get("patchMode") == "Merge"
    mine = {item["key"]: item["value"] for item, owner in owned if owner == application and merges}
    mine |= {item["key"]: item.get("value") for item in change["externalData"]}
    kept = [(item, owner) for item, owner in owned if owner != application]
    kept += [({"key": key, "value": value}, application) for key, value in mine.items() if value is not None]
    return {"externalData": [item for item, _ in kept], OWNERS: [owner for _, owner in kept]}
