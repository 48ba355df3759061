"""Compare a resource of a mirror with the service: row counts, and a sample of rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stcrm_pandas.contract.operations import Operation
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.mirror import versions
from stcrm_pandas.mirror.derived import current_problems, current_rows, current_table
from stcrm_pandas.mirror.resources import Mirrored
from stcrm_pandas.mirror.store import Store
from stcrm_pandas.mirror.sync import describe_problem
from stcrm_pandas.output.printable import plural

Total = Callable[[Operation, Mapping[str, Any]], int | None]
"""Returns the number of rows that the service counts for a list."""
_MICROSECOND = pd.Timedelta(microseconds=1)


@dataclass(frozen=True)
class Verified:
    """What was found for one resource; `Mirror.verify` describes the fields."""

    in_mirror: int | None = None
    in_service: int | None = None
    checked: int = 0
    newer: int = 0
    different: int = 0
    deleted: int = 0
    missing: int = 0
    problem: str = ""


class Verification:
    """A check of the files of resources, and a comparison of their rows with the service."""

    def __init__(self, crm: Any, total: Total | None, sample: int) -> None:
        self._crm, self._total, self._sample = crm, total, sample
        self._random = np.random.default_rng()

    def verify(self, store: Store, mirrored: Mirrored) -> Verified:
        """Check the files of a resource, and compare its current rows with the service.

        Raises
        ------
        MirrorError
            A file of the history is damaged, was changed, or does not belong where it is.
        """
        problems = _problems_of_files(store, mirrored)
        return _explained(self._compare(store, mirrored), problems)

    def _compare(self, store: Store, mirrored: Mirrored) -> Verified:
        last = store.last()
        assert last is not None
        complete_to = pd.Timestamp(last.complete_to)
        current = current_rows(mirrored.row, current_table(store, mirrored.row))
        live = current[~current[versions.DELETED].astype(bool)]
        if mirrored.parent is not None:
            return Verified(len(live))
        in_mirror = int((live["created_on"] < complete_to).sum())
        try:
            total = self._total and self._total(mirrored.operation, {"created_before": complete_to})
            chosen, filters = self._chosen(mirrored, live)
            fresh = operator.attrgetter(mirrored.list)(self._crm)(refresh=True, **filters) if filters else None
        except StcrmError as error:
            return Verified(in_mirror, problem=describe_problem(error))
        if fresh is None:
            return Verified(in_mirror, total)
        newer = (fresh["modified_on"] > complete_to).to_numpy(bool, na_value=False)
        deleted = versions.absent(mirrored.row, fresh, chosen)
        compared = fresh[~newer].reset_index(drop=True)
        read = versions.incoming(mirrored.row, compared, np.zeros(len(compared), bool), authoritative=True)
        unequal = versions.new_versions(mirrored.row, current, read, complete_to)
        missing = int(versions.absent(mirrored.row, live, unequal).sum())
        return Verified(
            in_mirror,
            total,
            checked=len(compared) + int(deleted.sum()),
            newer=int(newer.sum()),
            different=len(unequal) - missing,
            deleted=int(deleted.sum()),
            missing=missing,
        )

    def _chosen(self, mirrored: Mirrored, live: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return a sample of rows, and the filters that read them: by id, or a period in which rows were created."""
        size = min(self._sample, len(live))
        if not size:
            return live.iloc[:0], {}
        if any(field.name == "ids" for field in mirrored.operation.filters):
            chosen = live.iloc[np.sort(self._random.choice(len(live), size, replace=False))]
            return chosen, {"ids": chosen["id"].tolist()}
        created = live["created_on"].dropna().sort_values()
        if created.empty:
            return live.iloc[:0], {}
        start = int(self._random.integers(max(1, len(created) - size + 1)))
        period = created.iloc[start : start + size]
        since, until = period.iloc[0], period.iloc[-1]
        chosen = live[live["created_on"].between(since, until).to_numpy(bool, na_value=False)]
        return chosen, {"created_on_or_after": since, "created_before": until + _MICROSECOND}


def _problems_of_files(store: Store, mirrored: Mirrored) -> list[str]:
    """Return what is wrong with the files, other than damage."""
    problems = current_problems(store, mirrored.row)
    if unchecked := store.check():
        problems.append(
            f"{plural(unchecked, 'file')} of the history without checksums, written by an earlier version or another "
            "program (the next sync adds them)"
        )
    return problems


def _explained(verified: Verified, problems: Sequence[str]) -> Verified:
    """Return what was found with a sentence on each difference."""
    parts = [*problems, *filter(None, [verified.problem])]
    if verified.in_service is not None and verified.in_service != verified.in_mirror:
        parts.append(f"the service has {plural(verified.in_service, 'row')}, the mirror {verified.in_mirror:,}")
    for count, what in (
        (verified.different, "differ" if verified.different != 1 else "differs"),
        (verified.deleted, "no longer in the service"),
        (verified.missing, "not in the mirror"),
    ):
        if count:
            parts.append(f"{plural(count, 'row')} {what}")
    return Verified(**{**vars(verified), "problem": "; ".join(parts)})
