"""The merge list: its columns, read back from a sheet, and what became of each merge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path

import pandas as pd

from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.analysis.base.format import format_time
from stcrm_pandas.cleaning.merging.strictest_consent import missing_opt_outs, opted_out_contacts
from stcrm_pandas.contract.schemas.fields import Row, decimal, integer, text, time
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.customers import merged_into, names_of_tags
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets.files import read_sheet

MERGE_LIST = Row(
    "merge_list",
    "",
    (
        integer("cluster"),
        integer("survivorId"),
        text("survivor?"),
        integer("customerId"),
        text("customer?"),
        text("reason?"),
        integer("survivorJobs?"),
        integer("jobs?"),
        decimal("survivorBalance?"),
        decimal("balance?"),
        text("onlyHere?"),
        text("survivorLink?"),
        text("link?"),
        time("madeAt?"),
    ),
    ("customer_id",),
)
"""The columns of the merge list."""


def read_merge_list(path: str | PathLike[str]) -> pd.DataFrame:
    """Read the sheet of a merge list; survivors may have been swapped.

    Raises
    ------
    UsageError
        The file is no merge list, or an id may have been changed by a spreadsheet.
    """
    sheet = read_sheet(path, MERGE_LIST)
    ids = sheet.suspects[sheet.suspects["column"].isin(["cluster", "survivor_id", "customer_id"])]
    if len(ids):
        first = ids.iloc[0]
        raise UsageError(
            f"{Path(path).name}: a spreadsheet may have changed {plural(len(ids), 'id')}; the first is "
            f"{first['column']} in row {first['row']}: {first['why']}. Correct it, or write the list again."
        )
    return sheet.as_read


def as_work_list(merges: pd.DataFrame) -> WorkList:
    """Return the merge list as a list of a report."""
    frame = pd.DataFrame(
        {
            "Customer id": merges["customer_id"],
            "Name": merges["customer"],
            "Merge into": merges["survivor_id"],
            "Name of that customer": merges["survivor"],
            "Why that one": merges["reason"],
            "Only on this customer": merges["only_here"],
        }
    )
    made = f" This list is from {format_time(merges['made_at'].iloc[0])} UTC." if len(merges) else ""
    what = (
        "Just before you merge, plan what is carried over (tags, custom fields and opt-outs), and apply that plan: an "
        f"earlier one does not have later opt-outs.{made} Then open the customer to keep in ServiceTitan and merge the "
        "other one into it."
    )
    return WorkList("merges", "Duplicate customers to merge", what, frame, by_hand=True)


DONE, OPEN, OTHER_WAY, ELSEWHERE, UNKNOWN = (
    "done",
    "still open",
    "merged the other way",
    "merged elsewhere",
    "not among the customers",
)
_COLUMNS = ("cluster", "survivor_id", "customer_id")


def check_merges(
    merges: pd.DataFrame | str | PathLike[str],
    customers: pd.DataFrame,
    contacts: pd.DataFrame | None = None,
    locations: pd.DataFrame | None = None,
    *,
    tag_types: pd.DataFrame | None = None,
    methods: pd.DataFrame | None = None,
    method_preferences: pd.DataFrame | None = None,
    marketing_names: Sequence[str] = (),
) -> pd.DataFrame:
    """Compare a merge list with customers that were read later, and return what became of each merge.

    Opt-outs that came after the plan of the merges, or that it could not make, are listed.

    Parameters
    ----------
    merges : DataFrame, str or PathLike
        The result of `Duplicates.merge_list`, or the path of its sheet.
    customers : DataFrame
        All customers, read after the merges: `crm.customers.list(refresh=True)`, or `mirror.read("customers")`.
    contacts : DataFrame, optional
        Contacts of customers, of locations, or both, read at the same time. Without them, only Do Not Mail and Do Not
        Service are checked.
    locations : DataFrame, optional
        All locations, for contacts of locations.
    tag_types : DataFrame, optional
        All tags, `crm.lookups.tag_types.list(active=None)`, to check the tag `Email Dormant`.
    methods, method_preferences : DataFrame, optional
        Contact methods of the newer contacts API, `crm.contact_methods.search(refresh=True)`, and their preferences,
        `crm.contact_preferences.list(methods["contact_id"], methods["id"], refresh=True)`. A contact method that is
        opted out counts for the contacts of its number or address.
    marketing_names : sequence of str, default ()
        The preferences of contact methods that mean marketing; `crm.contact_preferences.list_types()` lists all.

    Returns
    -------
    DataFrame
        One row per customer to merge: `cluster`, `survivor_id`, `customer_id`, `status`, `merged_to_id` (the
        customer that it is part of now; missing if it was not merged) and `opt_outs`: what another record of the same
        customer has, but not the record that is kept (or, before the merge, one of the two), such as "do not mail,
        no marketing" (the tag is "email dormant"). Missing if there is none. Plan again before you merge, or opt out by
        hand after it. The status is:

        - `done`: it was merged into the survivor
        - `still open`: it was not merged
        - `merged the other way`: the survivor was merged into this customer, or both into a third one of the cluster
        - `merged elsewhere`: it was merged into a customer that is not in the cluster
        - `not among the customers`: the DataFrame does not have it

    Raises
    ------
    UsageError
        A column or an id is missing, a row keeps and merges the same customer, the sheet has cells that a spreadsheet
        may have changed, contact methods were passed without their preferences or `marketing_names`, or no contact
        method has a preference with one of these names.

    Examples
    --------
    >>> merges = pd.DataFrame({"cluster": [1, 2], "survivor_id": [1, 3], "customer_id": [2, 4]})
    >>> later = pd.DataFrame({"id": [1, 2, 3, 4], "merged_to_id": [None, 1, None, None]})
    >>> check_merges(merges, later)["status"].tolist()
    ['done', 'still open']
    """
    if not isinstance(merges, pd.DataFrame):
        merges = read_merge_list(merges)
    columns = ("id", "merged_to_id", *(() if tag_types is None else ("tag_type_ids",)))
    for name, frame, needed in (("merges", merges, _COLUMNS), ("customers", customers, columns)):
        if missing := [column for column in needed if column not in frame]:
            raise UsageError(f"{name}: the DataFrame has no columns {', '.join(missing)}")
    into = {
        int(id): merged_into({"merged_to_id": to})
        for id, to in zip(customers["id"], customers["merged_to_id"], strict=True)
    }
    table = merges[[*_COLUMNS]].astype("Int64").reset_index(drop=True)
    _check_ids(table)
    members = table.groupby("cluster")[["survivor_id", "customer_id"]].agg(set)
    statuses = [
        _status(into, survivor, id, members["survivor_id"][cluster] | members["customer_id"][cluster])
        for cluster, survivor, id in table.itertuples(index=False)
    ]
    rows = [
        *zip(table["survivor_id"].tolist(), table["customer_id"].tolist(), (end for _, end in statuses), strict=True)
    ]
    lacking = missing_opt_outs(
        customers,
        contacts,
        locations,
        _groups(rows),
        kept={_end(into, survivor) if end is None else end for survivor, _, end in rows},
        tag_names={} if tag_types is None else names_of_tags(tag_types),
        opted_out=_opted_out(methods, method_preferences, marketing_names),
    )
    kept = [[survivor, id] if end is None else [end] for survivor, id, end in rows]
    names = [", ".join(dict.fromkeys(name for id in ids for name in lacking.get(id, ()))) for ids in kept]
    return table.assign(
        status=pd.array([status for status, _ in statuses], dtype="str"),
        merged_to_id=pd.array([end for _, end in statuses], dtype="Int64"),
        opt_outs=pd.array([name or None for name in names], dtype="str"),
    )


def _opted_out(
    methods: pd.DataFrame | None, preferences: pd.DataFrame | None, marketing_names: Sequence[str]
) -> frozenset[str]:
    """Return the numbers and addresses that contact methods opt out of marketing.

    Raises
    ------
    UsageError
        Some of the arguments were passed without the others.
    """
    if methods is None and preferences is None and not marketing_names:
        return frozenset()
    if methods is None or preferences is None or not marketing_names:
        raise UsageError(
            "Contact methods are checked with methods, method_preferences and marketing_names=['…'], the list of the "
            "preferences that mean marketing. Pass all three; crm.contact_preferences.list_types() lists the names."
        )
    return opted_out_contacts(methods, preferences, marketing_names)


def _groups(rows: Iterable[tuple[int, int, int | None]]) -> dict[int, int]:
    """Return a number for each customer that is equal for all records of the same customer."""
    above: dict[int, int] = {}

    def root(id: int) -> int:
        while (up := above.setdefault(id, id)) != id:
            id = up
        return id

    for first, *others in rows:
        for other in others:
            if other is not None:
                above[root(other)] = root(first)
    return {id: root(id) for id in list(above)}


def _check_ids(table: pd.DataFrame) -> None:
    """Raise unless each row has all ids, and another customer than its survivor."""
    same = table["survivor_id"].eq(table["customer_id"]).fillna(value=False)
    for faulty, why in ((table.isna().any(axis=1), "has no id of a"), (same, "keeps and merges the same")):
        if faulty.any():
            raise UsageError(
                f"merges: row {faulty.tolist().index(True) + 1} (counted from 1) {why} customer. To keep another "
                "customer, use MergeDesk.keep(id) and write the list again."
            )


def _status(into: Mapping[int, int | None], survivor: int, id: int, members: set[int]) -> tuple[str, int | None]:
    if id not in into:
        return UNKNOWN, None
    end, kept = _end(into, id), _end(into, survivor)
    if end == survivor:
        return DONE, end
    if kept == end and end in members:
        return OTHER_WAY, None if end == id else end
    if end == id:
        return OPEN, None
    return (OTHER_WAY if end in members else ELSEWHERE), end


def _end(into: Mapping[int, int | None], id: int) -> int:
    """Return the customer in which a chain of merges ends."""
    seen = {id}
    while (following := into.get(id)) is not None and following not in seen:
        seen.add(following)
        id = following
    return id
