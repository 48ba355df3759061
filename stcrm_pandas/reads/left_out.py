"""Parents whose rows are missing from a read because the service returned 404 or 409 for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stcrm_pandas.contract.schemas.fields import snake
from stcrm_pandas.errors import IncompleteReadWarning, MissingParentsWarning, StcrmWarning
from stcrm_pandas.reads.pagination import Part

_SHOWN = 5


@dataclass(frozen=True)
class LeftOut:
    """Parents that do not exist (404), and parents whose rows are withheld (409), as columns and values."""

    missing: list[dict[str, object]] = field(default_factory=list)
    withheld: list[dict[str, object]] = field(default_factory=list)

    def warnings(self) -> Iterator[tuple[str, type[StcrmWarning]]]:
        """Yield each warning with its category."""
        if self.missing:
            yield (
                f"nothing exists below {_describe_parents(self.missing)} (404). The others are there; "
                "attrs['stcrm']['missing_parents'] has all that are missing.",
                MissingParentsWarning,
            )
        if self.withheld:
            yield (
                f"the service withholds the rows of {_describe_parents(self.withheld)} (409: inactive). The others "
                "are there; attrs['stcrm']['withheld_parents'] has all that are withheld, and complete is False.",
                IncompleteReadWarning,
            )


def parents_left_out(
    parts: Sequence[Part], counts: Sequence[int], missing: Sequence[Mapping[str, object]] = ()
) -> LeftOut:
    """Return the parents without rows, from the counts of pages: a negative count is the HTTP status.

    Parameters
    ----------
    missing : Sequence[Mapping[str, object]], default ()
        Other parents that do not exist.
    """
    by_status: dict[int, list[dict[str, object]]] = {-404: [dict(one) for one in missing], -409: []}
    for part, count in zip(parts, counts, strict=False):
        if count < 0:
            columns = part.parents or {snake(name): value for name, value in part.path.items()}
            if columns not in by_status[count]:
                by_status[count].append(dict(columns))
    return LeftOut(by_status[-404], by_status[-409])


def _describe_parents(parents: Sequence[Mapping[str, object]]) -> str:
    shown = "; ".join(", ".join(f"{name} {value}" for name, value in one.items()) for one in parents[:_SHOWN])
    return shown + (f" and {len(parents) - _SHOWN} more" if len(parents) > _SHOWN else "")
