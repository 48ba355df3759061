"""External data: keys and values that applications keep on rows, each application its own.

Answers show keys and values alone. Whose they are is kept beside the row, in `externalDataOwners`, in the same order;
where it says nothing, they belong to the application that filled the company.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from stcrm_pandas.sandbox.store.store import Where

OWNERS = "externalDataOwners"
APPLICATION = "6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6"
"""The application that all external data of the company belongs to."""

_OWNER = f"coalesce(json_extract(t.hidden, '$.{OWNERS}[' || e.key || ']'), '{APPLICATION}')"
_EACH = "json_each(t.body, '$.externalData') e"


def owned_by(application: str) -> Where:
    """Rows on which the application keeps something."""
    return Where(f"EXISTS (SELECT 1 FROM {_EACH} WHERE {_OWNER} = ?)", (application,))


def attached_by(application: str | None, key: str, values: Sequence[str]) -> Where:
    """Rows whose external data, of one application or of any, holds the key with one of the values."""
    return Where(
        f"EXISTS (SELECT 1 FROM {_EACH} WHERE json_extract(e.value, '$.key') = ? "
        "AND json_extract(e.value, '$.value') IN (SELECT value FROM json_each(?)) "
        f"AND (? IS NULL OR {_OWNER} = ?))",
        (key, orjson.dumps(list(values)).decode(), application, application),
    )


def shown_to(application: str) -> tuple[str, tuple[Any, ...]]:
    """A row with the external data of one application, as a view of the store."""
    mine = f"SELECT json_group_array(json(e.value)) FROM {_EACH} WHERE {_OWNER} = ?"
    return f"json_set(t.body, '$.externalData', json(({mine})))", (application,)


def attached(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields of a new row, from what its request attaches."""
    return patched({}, {"patchMode": "Replace", **given}) if given else {"externalData": [], OWNERS: []}


def patched(row: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a row after a change by one application; a value of null takes its key away.

    Examples
    --------
    >>> row = attached({"applicationGuid": "a", "externalData": [{"key": "x", "value": "1"}]})
    >>> merge = {"patchMode": "Merge", "applicationGuid": "a", "externalData": [{"key": "y", "value": "2"}]}
    >>> patched(row, merge)["externalData"]
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
