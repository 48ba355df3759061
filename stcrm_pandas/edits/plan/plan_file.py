"""Plans as files: readable JSON with a digest, without secrets, and readable by its owner only.

The digest protects against accidents. It is not a signature: anybody who can write the file can compute a new one.
"""

from __future__ import annotations

import json
from pathlib import Path

from stcrm_pandas.edits.plan.model import VERSION, PlanData, from_json
from stcrm_pandas.edits.plan.rebuild import rebuild
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import UsageError
from stcrm_pandas.files.private import write_private

KIND = "stcrm plan"


def write(plan: PlanData, path: str | Path) -> None:
    """Write a plan to a file of mode 0600, replacing an earlier one.

    Raises
    ------
    UsageError
        There is no such folder.
    """
    content = {"kind": KIND, "digest": plan.digest, **plan.as_json()}
    write_private(path, json.dumps(content, indent=1, ensure_ascii=False))


def read(path: str | Path) -> PlanData:
    """Read a plan from a file, rebuild it from its cells, and mark it as unchecked.

    Raises
    ------
    UsageError
        The file is no plan, has another version, or was altered.
    """
    place = Path(path).expanduser()
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"The file {str(path)!r} does not exist.") from None
    except (OSError, ValueError, RecursionError):
        raise UsageError(
            f"The file {str(path)!r} cannot be read as a plan. plan.save(path) writes such a file."
        ) from None
    if not isinstance(content, dict) or content.pop("kind", None) != KIND:
        raise UsageError(f"The file {str(path)!r} is not a plan. plan.save(path) writes such a file.")
    if content.get("version") != VERSION:
        raise UsageError(
            f"The plan {str(path)!r} has format version {content.get('version')}, but this program reads version "
            f"{VERSION}: make a new plan."
        )
    digest = content.pop("digest", None)
    try:
        given = from_json(content)
        plan = rebuild(given)
        same = given.digest == plan.digest == digest
    except (KeyError, TypeError, ValueError, AttributeError):
        same = False
    if not same:
        raise UsageError(f"The plan {str(path)!r} was altered after it was made: make a new plan.")
    return plan


def read_for(path: str | Path, port: Port) -> PlanData:
    """Read a plan from a file for a connection to its tenant.

    Raises
    ------
    UsageError
        As `read`, or the plan is for another tenant or environment.
    """
    plan = read(path)
    tenant, environment = port.tenant, port.name
    if (plan.tenant, plan.environment) != (tenant, environment):
        raise UsageError(
            f"The plan is for tenant {plan.tenant} in {plan.environment}, but this connection is to tenant {tenant} in "
            f"{environment}. Connect to the plan's tenant."
        )
    return plan
