"""`MergeDesk`, which `Duplicates.merge_desk` returns, and what would be lost in the merges."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from stcrm_pandas.analysis.base.findings import WorkList
from stcrm_pandas.cleaning.merging.before_merge import Connected, plan_before_merge
from stcrm_pandas.cleaning.merging.carry_over import missing_parts
from stcrm_pandas.cleaning.merging.merge_list import MERGE_LIST, as_work_list, check_merges
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.edits.values import parts_of
from stcrm_pandas.errors import UsageError
from stcrm_pandas.frame.contact_values import find_contacts
from stcrm_pandas.frame.customers import owners_of, whole_ids
from stcrm_pandas.frame.foreign_cells import is_missing
from stcrm_pandas.output.printable import plural
from stcrm_pandas.sheets.files import write_sheet


def ranked(members: pd.DataFrame) -> pd.DataFrame:
    """Return the customers of each cluster, the one to keep first.

    Active ones come first, then those with more jobs, with a balance, and the oldest.

    Parameters
    ----------
    members : DataFrame
        `cluster`, `customer_id`, `active`, `jobs`, `balance` and `created_on`.
    """
    order = pd.DataFrame(
        {
            "cluster": members["cluster"],
            "inactive": ~members["active"].fillna(value=False).astype(bool),
            "jobs": -members["jobs"].fillna(0),
            "settled": members["balance"].fillna(0) == 0,
            "created_on": members["created_on"],
            "customer_id": members["customer_id"],
        }
    )
    return members.loc[order.sort_values([*order.columns]).index].reset_index(drop=True)


def reason_of(first: Mapping[Any, Any], second: Mapping[Any, Any]) -> str:
    """Return why the first of two ranked customers is kept.

    Examples
    --------
    >>> customer = {"active": True, "jobs": 3, "balance": 0.0, "created_on": pd.Timestamp("2024-01-01")}
    >>> reason_of(customer, customer | {"jobs": 1}), reason_of(customer, customer)
    ('more jobs (3)', 'the smaller id')
    """
    if bool(first["active"]) is not bool(second["active"]):
        return "active"
    jobs, fewer = (0 if pd.isna(customer["jobs"]) else int(customer["jobs"]) for customer in (first, second))
    if jobs > fewer:
        return f"more jobs ({jobs:,})" if fewer else f"has {plural(jobs, 'job')}"
    owes, owes_too = (not pd.isna(customer["balance"]) and customer["balance"] != 0 for customer in (first, second))
    if owes and not owes_too:
        return "has a balance"
    made, later = first["created_on"], second["created_on"]
    if not pd.isna(made) and (pd.isna(later) or made < later):
        return "the oldest"
    return "the smaller id"


CHOSEN = "chosen"


class MergeDesk:
    """Duplicate customers to merge in ServiceTitan: which one to keep, the plan before, and the check after.

    The API cannot merge customers, so a person does it. The repr has counts only.

    Parameters
    ----------
    members : DataFrame
        `cluster` and `customer_id` of each customer to merge.
    customers, contacts, locations : DataFrame
        The customers, their contacts and their locations.
    jobs : DataFrame, optional
        Jobs with `customer_id`.

    Examples
    --------
    >>> contacts = crm.customers.list_contacts()
    >>> dup = stcrm.cleaning.duplicates(crm.customers.list(), contacts, crm.locations.list())
    >>> desk = dup.merge_desk(confirm="sure")
    >>> desk.survivors.columns.tolist()
    ['cluster', 'survivor_id', 'reason', 'customers']
    >>> desk.check(crm.customers.list())["status"].unique().tolist()
    ['still open']
    """

    def __init__(
        self,
        members: pd.DataFrame,
        customers: pd.DataFrame,
        contacts: pd.DataFrame,
        locations: pd.DataFrame,
        jobs: pd.DataFrame | None = None,
    ) -> None:
        ids = {*members["customer_id"].tolist()}
        customers = customers.assign(id=whole_ids(customers["id"]))
        self._customers = customers[customers["id"].isin(ids)].set_index("id")
        self._contacts = _values(contacts, locations, ids)
        counts = None if jobs is None else whole_ids(jobs["customer_id"]).value_counts()
        self._members = ranked(
            members[["cluster", "customer_id"]].assign(
                active=self._about("active", members, "boolean").fillna(value=True),
                jobs=pd.array([pd.NA] * len(members), dtype="Int64")
                if counts is None
                else members["customer_id"].map(counts).fillna(0).astype("Int64"),
                balance=self._about("balance", members, "Float64"),
                created_on=self._about("created_on", members, "datetime64[us, UTC]"),
            )
        )
        self._chosen: set[int] = set()

    def _about(self, name: str, members: pd.DataFrame, dtype: Any) -> pd.Series:
        """Return a column of the customers by member; missing values if there is none."""
        column = self._customers.reindex(index=members["customer_id"], columns=[name])[name]
        return column.set_axis(members.index).astype(dtype)

    @property
    def survivors(self) -> pd.DataFrame:
        """One row per cluster: `cluster`, `survivor_id`, `reason`, and how many `customers` it has.

        Active customers are kept first, then those with more jobs, with a balance, and the oldest. `keep` chooses
        another one.
        """
        sizes = self._members["cluster"].value_counts()
        firsts = self._members.drop_duplicates("cluster")
        seconds = self._members.drop(firsts.index).drop_duplicates("cluster")
        rows = [
            (
                first["cluster"],
                first["customer_id"],
                CHOSEN if first["customer_id"] in self._chosen else reason_of(first, second),
                sizes[first["cluster"]],
            )
            for first, second in zip(firsts.to_dict("records"), seconds.to_dict("records"), strict=True)
        ]
        frame = pd.DataFrame(rows, columns=["cluster", "survivor_id", "reason", "customers"])
        return frame.astype({"cluster": "Int64", "survivor_id": "Int64", "reason": "str", "customers": "Int64"})

    @property
    def survivor_of(self) -> pd.Series:
        """The customer that is kept, by the id of each customer of a cluster."""
        kept = self._members.groupby("cluster")["customer_id"].transform("first")
        return kept.set_axis(pd.Index(self._members["customer_id"])).rename("survivor_id")

    @property
    def losses(self) -> pd.DataFrame:
        """One row per value that only a customer has that is not kept.

        - `cluster`, `survivor_id`, `customer_id`
        - `what`: `name`, `address`, `phone`, `e-mail`, `tag`, `custom field` and so on
        - `value`, and `kept`, the value of the survivor
        - `note`: `added by the plan` (but for the tags that `plan.unmatched` lists), or `the kept customer has another
          value`

        Phones and e-mail addresses of locations are included. Copy what you need before you merge.
        """
        rows = {
            int(id): {str(name): value for name, value in row.items()}
            for id, row in zip(self._customers.index, self._customers.to_dict("records"), strict=True)
        }
        return losses_of(self._ranked(), rows, self._contacts)

    def keep(self, *customer_ids: int) -> None:
        """Choose the customers to keep.

        Parameters
        ----------
        *customer_ids : int
            Customers to keep, one per cluster.

        Raises
        ------
        UsageError
            A customer is in no cluster, or two of one cluster were given.
        """
        cluster_of = dict(zip(self._members["customer_id"].tolist(), self._members["cluster"].tolist(), strict=True))
        kept: dict[int, int] = {}
        for id in map(int, customer_ids):
            if id not in cluster_of:
                raise UsageError(f"customer {id} is in no cluster to merge")
            other = kept.setdefault(cluster_of[id], id)
            if other != id:
                raise UsageError(f"customers {other} and {id} are in one cluster; keep one of them")
        chosen = [kept.get(cluster, 0) == id for id, cluster in cluster_of.items()]
        self._chosen = {id for id in self._chosen if cluster_of[id] not in kept} | {*kept.values()}
        order = self._members.assign(_other=[not id for id in chosen])
        order = order.sort_values(["cluster", "_other"], kind="stable", ignore_index=True)
        self._members = order.drop(columns="_other")

    def merge_list(self, *, service: str | None = None) -> pd.DataFrame:
        """Return the merges to make in ServiceTitan, with names.

        Parameters
        ----------
        service : str, optional
            The address of the ServiceTitan site that links lead to (`crm.settings.service_url`).

        Returns
        -------
        DataFrame
            One row per customer to merge: `cluster`, `survivor_id` and `survivor` (the customer to keep), `customer_id`
            and `customer` (the one to merge into it), `reason` (why the survivor is kept), jobs and balances of both,
            `only_here` (what only this customer has, without what the plan adds), `survivor_link`, `link`, and
            `made_at`, when the list was made (UTC). Opt-outs since then are not in a plan that was made then.
        """
        survivors = self.survivors.set_index("cluster")
        losses = self.losses
        only = losses[losses["note"] != "added by the plan"].groupby("customer_id")["what"]
        texts = only.agg(lambda texts: ", ".join(dict.fromkeys(texts)))
        facts = self._members.set_index("customer_id")
        rows = self._members[~self._members["customer_id"].isin(survivors["survivor_id"])].reset_index(drop=True)
        survivor = rows["cluster"].map(survivors["survivor_id"])
        names = self._customers["name"]
        table = {
            "cluster": rows["cluster"],
            "survivor_id": survivor,
            "survivor": survivor.map(names),
            "customer_id": rows["customer_id"],
            "customer": rows["customer_id"].map(names),
            "reason": rows["cluster"].map(survivors["reason"]),
            "survivor_jobs": survivor.map(facts["jobs"]),
            "jobs": rows["jobs"],
            "survivor_balance": survivor.map(facts["balance"]),
            "balance": rows["balance"],
            "only_here": rows["customer_id"].map(texts),
            "survivor_link": _links(survivor, service),
            "link": _links(rows["customer_id"], service),
            "made_at": pd.Timestamp.now("UTC").floor("s"),
        }
        return pd.DataFrame(table).astype(MERGE_LIST.dtypes)

    def write_merge_list(self, path: str | os.PathLike[str], *, service: str | None = None) -> Path:
        """Write the merge list as a sheet, which `check_merges` reads, too.

        To keep the other customer of a row, swap `survivor_id` and `customer_id` in the sheet.

        Parameters
        ----------
        path : str or PathLike
            A file name that ends in `.csv`, `.xlsx` or `.parquet`. Only its owner can read the file (mode 0600).
        service : str, optional
            The address of the ServiceTitan site that links lead to (`crm.settings.service_url`).

        Returns
        -------
        Path
            The path of the file.

        Raises
        ------
        UsageError
            The file type is unknown, or the folder does not exist.
        """
        return write_sheet(self.merge_list(service=service), path, resource=MERGE_LIST)

    @property
    def work_lists(self) -> Mapping[str, WorkList]:
        """The merge list as a section of a report: `stcrm.analysis.work_lists(desk, service=…)`."""
        return {"merges": as_work_list(self.merge_list())}

    def plan(
        self, crm: Connected, *, marketing_names: Sequence[str] = (), reason: str = "before duplicates are merged"
    ) -> Plan:
        """Return the plan to apply before the merges. Nothing is sent.

        The customers of all clusters are read from the service. The plan

        - adds the tags and custom fields of a cluster to the customer that is kept; a custom field that this customer
          has keeps its value. The tag `Opted In` is not added, nor are tags whose names cannot be read
        - makes consent the strictest of all records of a cluster: Do Not Mail and Do Not Service of one record are set
          on all; marketing that is switched off for one contact is switched off for all contacts of the cluster and of
          its locations; reminders, invoices and statements that are switched off for a phone number are switched off
          for all phone numbers, and likewise for e-mail addresses. If everything is switched off for a contact, then,
          apart from marketing, it is only switched off for the same number or address in the other records.

        Nobody is opted in. `plan.unmatched` lists the tags that are not added, and what the API cannot change, such as
        Do Not Text. Plan again just before the merges: an earlier plan does not have the opt-outs since then.

        Parameters
        ----------
        crm : Client
            The connection.
        marketing_names : sequence of str, default ()
            The preferences of the newer contacts API that mean marketing; `crm.contact_preferences.list_types()` lists
            them all. With them, all contact methods are read, and one that is opted out of marketing counts for the
            contacts of its number or address. By default, contact methods are not read.
        reason : str, default "before duplicates are merged"
            Why the change is made. It is stored in the journal.

        Returns
        -------
        Plan
            The plan. `plan.apply()` sends the requests.

        Raises
        ------
        UsageError
            There is nothing to merge, the customers are of another tenant or environment, or no contact method has a
            preference with one of the `marketing_names`.
        """
        if not len(self):
            raise UsageError(
                "There is nothing to merge: nobody decided that two customers are the same. Decide with dup.review(), "
                "or open the desk with confirm='sure'."
            )
        return plan_before_merge(crm, self._ranked(), reason, marketing_names)

    def check(
        self,
        customers: pd.DataFrame,
        contacts: pd.DataFrame | None = None,
        locations: pd.DataFrame | None = None,
        *,
        tag_types: pd.DataFrame | None = None,
        methods: pd.DataFrame | None = None,
        method_preferences: pd.DataFrame | None = None,
        marketing_names: Sequence[str] = (),
    ) -> pd.DataFrame:
        """Return what became of each merge, and opt-outs that it does not have; see `check_merges`.

        Parameters
        ----------
        customers : DataFrame
            All customers, read after the merges: `crm.customers.list(refresh=True)`, or `mirror.read("customers")`.
        contacts : DataFrame, optional
            Contacts of customers, of locations, or both, read at the same time. Without them, only Do Not Mail and
            Do Not Service are checked.
        locations : DataFrame, optional
            All locations, for contacts of locations.
        tag_types : DataFrame, optional
            All tags, `crm.lookups.tag_types.list(active=None)`, to check the tag `Email Dormant`.
        methods, method_preferences : DataFrame, optional
            Contact methods of the newer contacts API, `crm.contact_methods.search(refresh=True)`, and their
            preferences, `crm.contact_preferences.list(methods["contact_id"], methods["id"], refresh=True)`. A contact
            method that is opted out counts for the contacts of its number or address.
        marketing_names : sequence of str, default ()
            The preferences of contact methods that mean marketing; `crm.contact_preferences.list_types()` lists all.

        Returns
        -------
        DataFrame
            One row per customer to merge, with its `status` and `opt_outs`.

        Raises
        ------
        UsageError
            A column is missing, or contact methods were passed without their preferences or `marketing_names`.
        """
        return check_merges(
            self.merge_list(),
            customers,
            contacts,
            locations,
            tag_types=tag_types,
            methods=methods,
            method_preferences=method_preferences,
            marketing_names=marketing_names,
        )

    def summary(self) -> str:
        """Return the merges in a sentence, with counts only.

        Returns
        -------
        str
            The sentence.
        """
        clusters = self._members["cluster"].nunique()
        others = plural(len(self._members) - clusters, "customer")
        return f"{plural(clusters, 'cluster')} of duplicates, {others} to merge in ServiceTitan."

    def __len__(self) -> int:
        return len(self._members) - self._members["cluster"].nunique()

    def __repr__(self) -> str:
        return f"<MergeDesk: {self.summary()}>"

    def _ranked(self) -> dict[int, list[int]]:
        ranked: dict[int, list[int]] = {}
        for cluster, id in zip(self._members["cluster"], self._members["customer_id"], strict=True):
            ranked.setdefault(int(cluster), []).append(int(id))
        return ranked


def _values(contacts: pd.DataFrame, locations: pd.DataFrame, ids: set[int]) -> dict[int, list[str]]:
    """Return the values of contacts by customer, those of its locations included."""
    owner = owners_of(contacts, locations)
    among = owner.isin(ids)
    values: dict[int, list[str]] = {}
    for id, value in zip(owner[among], contacts.loc[among, "value"], strict=True):
        if isinstance(value, str):
            values.setdefault(int(id), []).append(value)
    return values


def _links(ids: pd.Series, service: str | None) -> Any:
    site = None if service is None else str(service).rstrip("/")
    return pd.array([None if site is None else f"{site}/#/Customer/{id}" for id in ids], dtype="str")


FIELDS = {
    "name": "name",
    "type": "type",
    "tax_exempt": "tax exempt",
    "national_account": "national account",
    "payment_term_id": "payment term",
    "credit_limit": "credit limit",
}
_ADDRESS = ("address_street", "address_unit", "address_city", "address_state", "address_zip")
PLAN = "added by the plan"
NOT_ADDED = "the kept customer has another value"


class Loss(NamedTuple):
    """A value that only a customer has that is not kept; `kept` is the value of the one that is kept."""

    cluster: int
    survivor_id: int
    customer_id: int
    what: str
    value: str
    kept: str | None
    note: str


def losses_of(
    ranked: Mapping[int, Sequence[int]],
    customers: Mapping[int, Mapping[str, Any]],
    contacts: Mapping[int, Sequence[str]],
) -> pd.DataFrame:
    """Return a row for each value that only a customer has that is not kept.

    Parameters
    ----------
    ranked : mapping
        Number of a cluster to the ids of its customers, the one to keep first.
    customers : mapping
        Customer to its values by column.
    contacts : mapping
        Customer to the values of its contacts.
    """
    rows: list[Loss] = []
    for cluster, (survivor, *others) in ranked.items():
        kept, added = customers[survivor], set[str]()
        for other in others:
            losses = [
                *_lost_fields(kept, customers[other]),
                *_contacts(contacts.get(survivor, ()), contacts.get(other, ())),
                *_parts(kept, customers[other], added),
            ]
            rows += [Loss(cluster, survivor, other, *loss) for loss in losses]
    frame = pd.DataFrame(rows, columns=Loss._fields)
    ids = dict.fromkeys(("cluster", "survivor_id", "customer_id"), "Int64")
    return frame.astype(ids | dict.fromkeys(("what", "value", "kept", "note"), "str"))


_Losses = Iterator[tuple[str, str, str | None, str]]


def _lost_fields(kept: Mapping[str, Any], other: Mapping[str, Any]) -> _Losses:
    for name, what in FIELDS.items():
        old, value = _text(kept.get(name)), _text(other.get(name))
        if value and value != "False" and value.casefold() != (old or "").casefold():
            yield what, value, old, ""
    old, value = _address(kept), _address(other)
    if value and value.casefold() != (old or "").casefold():
        yield "address", value, old, ""


def _contacts(kept: Sequence[str], other: Sequence[str]) -> _Losses:
    known = {form for value in kept for form in _forms(value)}
    for value in other:
        new = [form for form in _forms(value) if form not in known]
        known.update(new)
        if new:
            yield "e-mail" if "@" in value else "phone", value, None, ""


def _parts(kept: Mapping[str, Any], other: Mapping[str, Any], added: set[str]) -> _Losses:
    for name, what in (("tag_type_ids", "tag"), ("custom_fields", "custom field"), ("external_data", "external data")):
        old, new = kept.get(name), other.get(name)
        if new is None:
            continue
        there, lacking = parts_of(name, old), missing_parts(name, old, new)
        titles = _titles(new) if name == "custom_fields" else {}
        for part, value in parts_of(name, new).items():
            title = titles.get(part, part)
            if part in lacking:
                first = f"{what} {part}" not in added
                added.add(f"{what} {part}")
                note = "" if what == "external data" else PLAN if first or what == "tag" else NOT_ADDED
                yield what, title if what == "tag" else f"{title}: {value}", None, note
            elif what != "tag" and value not in (None, "") and value != there[part]:
                yield what, f"{title}: {value}", f"{title}: {there[part]}", NOT_ADDED


def _titles(cell: Any) -> dict[str, str]:
    fields = () if is_missing(cell) else cell
    return {
        str(int(field.type_id)): field.name or str(field.type_id) for field in fields if not is_missing(field.type_id)
    }


def _forms(value: str) -> Sequence[str]:
    return find_contacts(value) or (value.strip().casefold(),)


def _text(value: Any) -> str | None:
    return None if value is None or is_missing(value) else str(value).strip() or None


def _address(row: Mapping[str, Any]) -> str | None:
    return ", ".join(filter(None, (_text(row.get(name)) for name in _ADDRESS))) or None
