"""Checks of opt-ins: no journal shows that it was sent already, and no record of its numbers is opted out.

All records with a number or an address are read once. Directly before each opt-in, the journals that changed are read,
then the records that were modified since, and the known records of its numbers, because not every change of consent
moves their `modified_on`. A mark of a customer, such as Do Not Mail, opts out all its numbers and addresses: the marks
of the other customers who have one of those that are opted in are read along with the records. The tags Email Dormant
and Opted In of a customer are about all its e-mail addresses.
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from stcrm_pandas.edits.apply.fresh_rows import RowReader
from stcrm_pandas.edits.apply.opt_ins import EarlierOptIns, SentOptIns, opt_in_columns, refuse_all_opt_ins
from stcrm_pandas.edits.columns import TARGETS, target_of
from stcrm_pandas.edits.plan.build import rows_of
from stcrm_pandas.edits.plan.consent import CONTACT_VALUES, FLAGS, SERVICE_TIMEOUT, is_opt_out
from stcrm_pandas.edits.plan.model import Cell, Key, PlanData, Refusal, Step
from stcrm_pandas.edits.plan.opt_out import MARKETING, ContactRows
from stcrm_pandas.edits.port import Port
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.frame.contact_values import find_contacts, is_placeholder
from stcrm_pandas.frame.customers import FORBIDS, MARKS, MESSAGES
from stcrm_pandas.frame.foreign_cells import is_missing

Record = tuple[str, Key]
"""A record: its resource and its key."""

DO_NOT_TEXT = "phone_settings_do_not_text"
METHODS, PREFERENCES = "contact_methods", "contact_preferences"
LISTS = {
    "customer_contacts": "customers.list_contacts",
    "location_contacts": "locations.list_contacts",
    METHODS: "contact_methods.search",
}
"""The resources whose rows have a number or an address, and the methods that list them."""

ONE_BY_ONE = 100
"""Up to this many customers, locations are read customer by customer."""

OVERLAP = pd.Timedelta(seconds=SERVICE_TIMEOUT)
"""A change may appear this long after its `modified_on`: so long may the service work on a request."""

_ROUNDS = 5
_OPTED_OUT = (
    "another record of the same number or address is opted out",
    "ask the person; plan_opt_out(…) opts out the other records, too",
)
_EVERYTHING = frozenset(MESSAGES)
_REACHED = {flag: frozenset((("service", "text"), ("service", "e-mail"))) for flag in FLAGS} | {
    MARKETING: frozenset(message for message in MESSAGES if message[0] == "marketing"),
    **{mark: FORBIDS[mark] for mark in MARKS},
}
"""The messages that an opt-in in a column may lead to; in a column that is not named here, all."""

_OPENS_ALL = {mark for mark in MARKS if ("service", "text") in FORBIDS[mark]}
"""The marks that forbid more than marketing, which a record without marketing can still get."""


def read_contacts(port: Port) -> ContactRows:
    """Read all contacts of customers and locations, and all contact methods, also while they are edited."""
    frames, _ = _read_all(port)
    return ContactRows(frames["customer_contacts"], frames["location_contacts"], frames[METHODS], _no_preferences())


def read_preferences(port: Port, methods: pd.DataFrame) -> pd.DataFrame:
    """Read the preferences of some contact methods: one request for each."""
    if methods.empty:
        return _no_preferences()
    return port.list("contact_preferences.list", contact_ids=methods["contact_id"], contact_method_ids=methods["id"])


def _no_preferences() -> pd.DataFrame:
    dtypes = TARGETS[PREFERENCES].row.dtypes
    return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in dtypes.items()})


def _read_all(port: Port) -> tuple[dict[str, pd.DataFrame], dict[str, str | None]]:
    """Return all rows by resource, and the service's time from which on their changes are still to be read.

    A long read is followed by reads of what was modified since its start, until nothing new appears. While somebody
    edits without a pause, something always does: each row is then at most as old as the start of the last read.
    """
    frames = {resource: port.list_moving(method) for resource, method in LISTS.items()}
    since = {resource: _started(frame) for resource, frame in frames.items()}
    for resource, frame in frames.items():
        rest = _ROUNDS if frame.attrs["stcrm"]["pages"] > 1 else 0
        while rest:
            changed = _changed(port, resource, since[resource])
            both = pd.concat([frames[resource], changed], ignore_index=True)
            both = both[~both.duplicated(list(TARGETS[resource].row.key), keep="last")].reset_index(drop=True)
            rest = 0 if changed.attrs["stcrm"]["pages"] == 1 else rest - 1  # one page is of one moment
            frames[resource], since[resource] = both, _started(changed)
    return frames, since


def _changed(port: Port, resource: str, since: str | None) -> pd.DataFrame:
    """Return the rows modified since a time, each as it is now."""
    filters = {} if since is None else {"modified_on_or_after": pd.Timestamp(since) - OVERLAP}
    return port.list_moving(LISTS[resource], **filters)


def _started(frame: pd.DataFrame) -> str | None:
    moment: str | None = frame.attrs["stcrm"]["fetched_at"]
    return moment


def opts_in_customer(step: Step) -> bool:
    """Return whether a request opts in a customer: it removes a mark such as Do Not Mail, or changes such a tag."""
    return step.operation == "Customers_Update" and any(cell.consent for cell in step.cells)


def _locations_of_opted_in(port: Port, plan: PlanData) -> dict[int, list[int]]:
    """Return the locations of each customer whom a plan opts in: their contacts are opted in, too."""
    customers = {int(step.key[0]) for step in plan.steps if opts_in_customer(step)}
    locations: dict[int, list[int]] = {id: [] for id in customers}
    if len(customers) <= ONE_BY_ONE:
        frames = [port.list("locations.list", customer_id=id, active=None) for id in customers]
    else:
        frames = [port.list("locations.list", active=None)]
    for frame in frames:
        for id, customer in zip(frame["id"], frame["customer_id"], strict=True):
            if not is_missing(customer) and int(customer) in locations:
                locations[int(customer)].append(int(id))
    return locations


@dataclass(frozen=True)
class OptOut:
    """A record that is opted out, and by which column."""

    record: Record
    column: str

    def blocks(self, column: str) -> bool:
        """Return whether it blocks an opt-in in a column.

        Marketing and texts block every column, a mark blocks what leads to messages that it forbids, and others block
        only the same column.
        """
        if self.column in MARKS:
            return not FORBIDS[self.column].isdisjoint(_REACHED.get(column, _EVERYTHING))
        return self.column in (MARKETING, DO_NOT_TEXT, "value", column)

    def refusal(self, key: Key, column: str) -> Refusal:
        """Return the refusal of an opt-in that it blocks."""
        if self.column not in MARKS:
            return Refusal(key, column, *_OPTED_OUT)
        customer, mark = f"customer {self.record[1][0]}", self.column.replace("_", " ")
        return Refusal(
            key,
            column,
            f"{customer} has the same number or address and is marked {mark}",
            f"ask the person; if the mark is wrong, remove it from {customer} first",
        )


@dataclass(frozen=True)
class _Known:
    """What is known of a record: its numbers and addresses, and the columns that opt it out."""

    numbers: frozenset[str] = frozenset()
    off: tuple[str, ...] = ()


class OptInChecks:
    """The checks of a plan's opt-ins, before it is applied and during that. Safe to use from several threads.

    Parameters
    ----------
    port : Port
        The connection.
    plan : PlanData
        The plan.
    earlier : EarlierOptIns, optional
        Opt-ins of the plan that were sent already: an opt-out in these cells is newer.
    """

    def __init__(self, port: Port, plan: PlanData, earlier: EarlierOptIns | None = None) -> None:
        self.journal: Path | None = None
        """The journal of the apply that the checks are for."""
        self._port, self._plan, self._earlier = port, plan, earlier
        self._fresh = RowReader(port)
        self._known: dict[Record, _Known] = {}
        self._of_owner: dict[tuple[str, Any], set[Record]] = defaultdict(set)
        self._with_number: dict[str, set[Record]] = defaultdict(set)
        self._preferences: dict[Key, list[OptOut]] = {}
        self._customer_of: dict[Any, Any] = {}  # location to customer
        self._marks: dict[Any, list[OptOut]] = {}  # by customer
        self._lock = threading.RLock()
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._sent: set[Record] = set()
        self._catching_up = threading.Lock()
        self._asked = self._began = 0
        self._failure: StcrmError | None = None
        self._locations = _locations_of_opted_in(port, plan)
        frames, self._since = _read_all(port)
        for resource, frame in frames.items():
            self._learn(resource, rows_of(TARGETS[resource], frame, None))
        cells = [(step, cell) for step in plan.steps for cell in step.cells]
        self._agreed = {(_record(step), cell.column) for step, cell in cells if cell.consent and _was_opted_out(cell)}
        self._planned: dict[str, list[OptOut]] = defaultdict(list)
        for step, cell in cells:
            if step.opt_out and (cell.column in FLAGS or cell.column == "value") and _opts_out(cell.new):
                for number in self._numbers_of(step):
                    self._planned[number].append(OptOut(_record(step), cell.column))

    @property
    def sent(self) -> SentOptIns:
        """Opt-ins of the plan that were sent already."""
        return self._earlier.sent if self._earlier is not None else {}

    def refused(self) -> list[Refusal]:
        """Return a refusal for each opt-in of a number or address that is opted out in another record.

        An opt-out that the plan itself changes to an opt-in does not count, if the plan was made from it.
        """
        opt_ins = [step for step in self._plan.steps if any(cell.consent for cell in step.cells)]
        numbers = {number for step in opt_ins for number in self._numbers_of(step)}
        self._read_preferences([key for resource, key in self._records_with(numbers) if resource == METHODS])
        self._read_marks(opt_ins)
        return [refusal for step in opt_ins for refusal in self._refusals(step)]

    def refused_now(self, step: Step) -> list[Refusal]:
        """Return the refusals for the opt-ins of one request, by what the journals and the service have now.

        Raises
        ------
        StcrmError
            Records could not be read.
        """
        if self._earlier is not None:
            self._earlier.look_again(apart_from=self.journal)
            if self._earlier.unreadable:
                return list(refuse_all_opt_ins(replace(self._plan, steps=(step,)), self._earlier.unreadable))
        if not self._owns(step) and not self._numbers_of(step):
            return []
        self._catch_up()
        read: set[Record] = set()
        while more := (self._owns(step) | self._records_with(self._numbers_of(step))) - read:
            self._read_marks([step])
            self._read_again(more)
            read |= more
        return self._refusals(step)

    def turn(self, step: Step) -> ExitStack:
        """Hold the numbers of an opt-in: of several opt-ins of a number, one is sent at a time.

        While an opt-in is running, an opt-out that its row still shows may be the earlier one or a new one.
        """
        held = ExitStack()
        with self._lock:
            turns = [self._turns[number] for number in sorted(self._numbers_of(step))]
        for turn in turns:
            held.enter_context(turn)
        return held

    def was_sent(self, step: Step) -> None:
        """Note that the opt-in of a row was sent: an opt-out in it is newer from now on."""
        with self._lock:
            self._sent.add(_record(step))

    # Evaluating

    def _refusals(self, step: Step) -> list[Refusal]:
        """Return the refusals of a request's opt-ins.

        Whether the row itself is opted out in the columns that the request opts in is decided by `classify`.
        """
        with self._lock:
            opt_outs = [
                opt_out
                for number in self._numbers_of(step)
                for opt_out in self._opt_outs_of(number)
                if not self._stays(step, number, opt_out.column)
            ]
            opt_outs += [mark for customer in self._other_owners(step) for mark in self._marks.get(customer, ())]
            own = {(_record(step), column) for column in opt_in_columns(step)}
            opt_outs = [
                opt_out
                for opt_out in opt_outs
                if (opt_out.record, opt_out.column) not in own and not self._is_agreed(opt_out)
            ]
            refusals: list[Refusal] = []
            for column in (cell.column for cell in step.cells if cell.consent):
                blocking = (opt_out.refusal(step.key, column) for opt_out in opt_outs if opt_out.blocks(column))
                refusals += itertools.islice(blocking, 1)
            return refusals

    def _stays(self, step: Step, number: str, column: str) -> bool:
        """Return whether an opt-in of a customer leaves a number opted out in a column, on each of its records."""
        if not opts_in_customer(step):
            return False
        owned = [known for record in self._owns(step) if number in (known := self._known[record]).numbers]
        return all(column in known.off for known in owned)

    def _is_agreed(self, opt_out: OptOut) -> bool:
        """Return whether the plan was made from an opt-out and changes it to an opt-in, and has not done so yet."""
        record, column = opt_out.record, opt_out.column
        return (record, column) in self._agreed and column not in self.sent.get(record, ()) and record not in self._sent

    def _opt_outs_of(self, number: str) -> list[OptOut]:
        opt_outs = list(self._planned.get(number, ()))
        for record in self._with_number.get(number, ()):
            opt_outs += [OptOut(record, column) for column in self._known[record].off]
            opt_outs += self._preferences.get(record[1], ()) if record[0] == METHODS else ()
        return opt_outs

    def _numbers_of(self, step: Step) -> set[str]:
        """Return the numbers and addresses that an opt-in is about.

        Removing a mark from a customer opts in all its numbers and addresses, a tag all its e-mail addresses, but for
        those whose own record stays opted out of all that this opens.
        """
        with self._lock:
            if target_of(step.operation).resource in CONTACT_VALUES:
                new = [cell.new for cell in step.cells if cell.column == "value"]
                if new:
                    return set(find_contacts(new[0]))
            owned = [self._known.get(record, _Known()) for record in self._owns(step)]
            if opts_in_customer(step):
                opened = {MARKETING} if opt_in_columns(step).isdisjoint(_OPENS_ALL) else {*FLAGS}
                owned = [known for known in owned if not opened <= {*known.off}]
            numbers = {number for known in owned for number in known.numbers}
            if opts_in_customer(step) and opt_in_columns(step).isdisjoint(MARKS):
                numbers = {number for number in numbers if "@" in number}
            return numbers

    def _owns(self, step: Step) -> set[Record]:
        """Return the records whose numbers and addresses a step opts in."""
        resource, key = _record(step)
        if resource in LISTS:
            return {(resource, key)}
        if resource == PREFERENCES:
            return {(METHODS, key[:2])}
        if resource == "contacts":
            with self._lock:
                return set(self._of_owner.get((METHODS, key[0]), ()))
        if opts_in_customer(step):
            owners = {
                ("customer_contacts", key[0]),
                *(("location_contacts", id) for id in self._locations[int(key[0])]),
            }
            with self._lock:
                return {record for owner in owners for record in self._of_owner.get(owner, ())}
        return set()

    def _records_with(self, numbers: Iterable[str]) -> set[Record]:
        with self._lock:
            return {record for number in numbers for record in self._with_number.get(number, ())}

    def _customer(self, record: Record) -> Any:
        """Return the customer that a record belongs to; None if that is unknown, as for newer contacts."""
        resource, key = record
        if resource in ("location_contacts", "locations"):
            return self._customer_of.get(key[0])
        return key[0] if resource in ("customer_contacts", "customers") else None

    def _other_owners(self, step: Step) -> list[Any]:
        """Return the other customers who have a number or address that a step opts in, themselves or at a location."""
        owners = {self._customer(record) for record in self._records_with(self._numbers_of(step))}
        return sorted(owners - {None, self._customer(_record(step))})

    # Reading

    def _catch_up(self) -> None:
        """Read what was modified since the last such read. A read that begins after this call serves all who wait."""
        with self._lock:
            self._asked += 1
            number = self._asked
        with self._catching_up:
            if self._began < number:
                with self._lock:
                    self._began, self._failure = self._asked, None
                try:
                    for resource, since in self._since.items():
                        changed = _changed(self._port, resource, since)
                        self._learn(resource, rows_of(TARGETS[resource], changed, None))
                        self._since[resource] = _started(changed)
                except StcrmError as error:
                    self._failure = error
            if self._failure is not None:
                raise self._failure

    def _read_again(self, records: Iterable[Record]) -> None:
        keys: dict[str, list[Key]] = defaultdict(list)
        for resource, key in records:
            keys[resource].append(key)
        for resource, some in keys.items():
            self._learn(resource, self._fresh.read(TARGETS[resource], some).items())
        self._read_preferences(keys[METHODS])

    def _read_preferences(self, methods: Iterable[Key]) -> None:
        frame = read_preferences(self._port, pd.DataFrame(list(methods), columns=["contact_id", "id"]))
        opt_outs: dict[Key, list[OptOut]] = {key: [] for key in methods}
        for key, row in rows_of(TARGETS[PREFERENCES], frame, None):
            if is_opt_out(row.get("value")):
                opt_outs.setdefault(key[:2], []).append(OptOut((PREFERENCES, key), "value"))
        with self._lock:
            self._preferences |= opt_outs

    def _read_marks(self, steps: Iterable[Step]) -> None:
        """Read the marks of the other customers of some opt-ins' numbers.

        Locations keep the customer that they had when they were read first: if a marked customer is merged meanwhile,
        its mark still counts.
        """
        steps = list(steps)
        records = self._records_with({number for step in steps for number in self._numbers_of(step)})
        records |= {_record(step) for step in steps}
        places = {(key[0],) for resource, key in records if resource == "location_contacts"}
        places -= {(id,) for id in self._customer_of}
        locations = self._fresh.read(TARGETS["locations"], sorted(places))
        with self._lock:
            for (id,) in places:
                customer = locations.get((id,), {}).get("customer_id")
                self._customer_of[id] = None if is_missing(customer) else customer
        owners = sorted({(customer,) for step in steps for customer in self._other_owners(step)})
        rows = self._fresh.read(TARGETS["customers"], owners)
        with self._lock:
            for key in owners:
                marks = [mark for mark in MARKS if not is_missing(value := rows.get(key, {}).get(mark)) and value]
                self._marks[key[0]] = [OptOut(("customers", key), mark) for mark in marks]

    def _learn(self, resource: str, rows: Iterable[tuple[Key, Mapping[str, Any]]]) -> None:
        for key, row in rows:
            off = tuple(flag for flag in FLAGS if not is_missing(row.get(flag)) and not row[flag])
            if not is_missing(row.get(DO_NOT_TEXT)) and row[DO_NOT_TEXT]:
                off += (DO_NOT_TEXT,)
            record, known = (resource, key), _Known(frozenset(_linking(row.get("value"))), off)
            with self._lock:
                for number in self._known.get(record, _Known()).numbers - known.numbers:
                    self._with_number[number].discard(record)
                for number in known.numbers:
                    self._with_number[number].add(record)
                self._known[record] = known
                self._of_owner[resource, key[0]].add(record)


def _linking(value: Any) -> Iterator[str]:
    """Yield the numbers and addresses of a value; placeholders belong to nobody, so they link no records."""
    return (contact for contact in find_contacts(value) if not is_placeholder(contact))


def _opts_out(value: Any) -> bool:
    return value is False or is_opt_out(value)


def _was_opted_out(cell: Cell) -> bool:
    """Return whether a cell was an opt-out before its change."""
    return cell.old is True if cell.column in MARKS else _opts_out(cell.old)


def _record(step: Step) -> Record:
    return target_of(step.operation).resource, step.key
