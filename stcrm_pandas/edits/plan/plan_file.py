"""Plans as files: JSON that one can read, with the digest of what is in it. Without a secret, and for nobody else.

The digest guards against accidents, and is no signature: who can write to the file can compute another.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from stcrm_pandas.edits.plan.model import VERSION, PlanData, from_json
from stcrm_pandas.edits.plan.rebuilt import rebuilt
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError

KIND = "stcrm plan"


def write(plan: PlanData, path: str | Path) -> None:
    """Write a plan to a file of mode 0600; one that is there gives way.

    Raises
    ------
    UsageError
        There is no such folder.
    """
    whole = {"kind": KIND, "digest": plan.digest, **plan.as_json()}
    place = Path(path).expanduser()
    if not place.parent.is_dir():
        raise UsageError(f"There is no folder {str(place.parent)!r} to write {place.name} to.")
    part = place.with_name(f".{place.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=1, ensure_ascii=False)
    part.replace(place)


def read(path: str | Path) -> PlanData:
    """The plan in a file. What decides is made anew from its cells, and the checks are to be made again.

    Raises
    ------
    UsageError
        It is no plan, of another version, or was altered.
    """
    place = Path(path).expanduser()
    try:
        whole = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"There is no file {str(path)!r}.") from None
    except (OSError, ValueError, RecursionError):
        raise UsageError(f"{str(path)!r} cannot be read as a plan.") from None
    if not isinstance(whole, dict) or whole.pop("kind", None) != KIND:
        raise UsageError(f"{str(path)!r} is no plan: plan.save(path) writes one.")
    if whole.get("version") != VERSION:
        raise UsageError(
            f"{str(path)!r} is a plan of version {whole.get('version')}, and this is version {VERSION}: make it anew."
        )
    digest = whole.pop("digest", None)
    try:
        given = from_json(whole)
        plan = rebuilt(given)
        same = given.digest == plan.digest == digest
    except (KeyError, TypeError, ValueError, AttributeError):
        same = False
    if not same:
        raise UsageError(f"{str(path)!r} was altered since it was made: make the plan anew.")
    return plan


def read_for(path: str | Path, port: Port) -> PlanData:
    """The plan in a file, for the tenant that it was made for.

    Raises
    ------
    UsageError
        As `read`, or the plan is of another tenant or environment.
    """
    plan = read(path)
    tenant, environment = port.tenant, port.name
    if (plan.tenant, plan.environment) != (tenant, environment):
        raise UsageError(
            f"The plan is for tenant {plan.tenant} of {plan.environment}; this connection is to tenant {tenant} of "
            f"{environment}."
        )
    return plan
