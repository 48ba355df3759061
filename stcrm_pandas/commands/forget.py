"""`stcrm forget`: erase a person from everything that this package stores on this machine.

Exit codes: 0 done; 2 refused, or not confirmed; 4 the mirror is being synced.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any

import typer

from stcrm_pandas.cleaning.decisions import DECISIONS, Decisions
from stcrm_pandas.commands.storage import CacheFolder, StateFolder
from stcrm_pandas.commands.terminal import REFUSED, say, with_exit_codes
from stcrm_pandas.edits.journals import Concerned, delete_journals, journals_about, plans_about
from stcrm_pandas.errors import UsageError
from stcrm_pandas.files.private import unfinished_below
from stcrm_pandas.files.sqlite_files import orphans_in, state_of
from stcrm_pandas.grid.log import GRID_LOG, erase, folder_of, logs_with_resource
from stcrm_pandas.http.cache import clear_all, damaged_in
from stcrm_pandas.mirror.many import mirrors
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.privacy.forgetting import stores_of
from stcrm_pandas.mirror.privacy.people import Person, find
from stcrm_pandas.output.printable import plural
from stcrm_pandas.settings.connection import read_cache_folder, read_journal_folder

UNKNOWN = (
    "Not known to this command, so delete them yourself: CSV, Excel and Parquet files, plans and saved results outside "
    "the state folder, files of decisions outside it, notebooks with output, reports with call lists, copies and "
    "exports of mirrors, backups, and what other programs read from them. Erase the person in ServiceTitan as well."
)
NOT_SEARCHED = (
    "Texts of mirrored rows, such as summaries and notes, were searched for numbers and e-mail addresses, not for "
    "names: a name alone in somebody else's text stays. Notes that were not synced are not in the mirror."
)


@with_exit_codes
def forget(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="The folder of the mirror, if there is one.")
    ] = None,
    customer: Annotated[
        list[int] | None, typer.Option("--customer", metavar="ID", help="The customer. Merged records are found.")
    ] = None,
    phone: Annotated[
        list[str] | None, typer.Option("--phone", metavar="NUMBER", help="A number in a lead or a booking.")
    ] = None,
    email: Annotated[
        list[str] | None, typer.Option("--email", metavar="ADDRESS", help="An address in a lead or a booking.")
    ] = None,
    tenant: Annotated[
        int | None, typer.Option("--tenant", metavar="NUMBER", help="The tenant. Required without a mirror.")
    ] = None,
    booking: Annotated[
        list[int] | None, typer.Option("--booking", metavar="ID", help="A further booking of this person.")
    ] = None,
    lead: Annotated[
        list[int] | None, typer.Option("--lead", metavar="ID", help="A further lead of this person.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be erased, and erase nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    state_dir: StateFolder = None,
    cache_dir: CacheFolder = None,
) -> None:
    """Erase a person from the mirror, caches, journals, logs of grids, decisions and plans, after asking.

    Only files of one tenant are searched: the mirror's, or the one that you give. Without a mirror, only rows with the
    customer's id, and texts with the numbers and addresses that you give, are found. In texts of other people's rows,
    the person's numbers and e-mail addresses are erased, and the rows stay; names in texts are not searched for. If the
    command is interrupted, run it again: it continues.
    """
    contacts = [*(phone or ()), *(email or ())]
    whom: dict[str, list[Any]] = {"customers": customer or [], "contacts": contacts}
    whom |= {"bookings": list(booking or ()), "leads": list(lead or ())}
    if not any(whom.values()):
        raise UsageError("Whom? Give --customer, --phone, --email, --booking or --lead.")
    mirror = None if folder is None else _mirror_in(folder, tenant)
    of = tenant if mirror is None else mirror.tenant
    if of is None:
        raise UsageError("Whose customer? Give --tenant, since an id means somebody else for another tenant.")
    stores = {} if mirror is None else stores_of(mirror.folder)
    person = find(stores, **whom)
    if not person.candidates.empty:
        say(f"{plural(len(person.candidates), 'row')} with the same name and address, without a known contact:")
        say(person.candidates.to_string(index=False))
        if not dry_run and not yes and typer.confirm("Erase these, too?"):
            for resource, ids in person.candidates.groupby("resource")["id"]:
                whom[str(resource)] += [int(id) for id in ids]
            person = find(stores, **whom)
        else:
            say("Kept. If they are this person's, add --lead or --booking with each id.")
    for resource, matches in person.by_text.items():
        say(f"Found by a number or an address in a text only: {resource} {_named(matches)}.")
    if person.also:
        named = _named(person.also)
        say(f"Also with this number or address: customers {named}. If they are this person, add --customer for each.")
    work = _Work(mirror, of, person, whom, read_journal_folder(state_dir), read_cache_folder(cache_dir))
    for line in work.run(dry_run=True):
        say(f"to erase: {line}")
    kept = list(work.kept())
    for line in (*kept, *(() if mirror is None else (NOT_SEARCHED,)), UNKNOWN):
        say(line)
    if dry_run:
        return
    if not yes and not typer.confirm("Erase all this? It cannot be undone."):
        raise typer.Exit(REFUSED)
    for line in work.run(dry_run=False):
        say(f"erased: {line}")
    for line in work.kept():
        if line not in kept:
            say(line)


class _Work:
    """What is stored about a person, part by part."""

    def __init__(
        self, mirror: Mirror | None, tenant: int, person: Person, whom: dict[str, Any], journals: Path, cache: Path
    ) -> None:
        self._mirror, self._person, self._whom = mirror, person, whom
        self._journals, self._state, self._cache = journals, journals.parent, cache
        self._tenant = tenant
        self._concerned = self._journals_about()

    def run(self, *, dry_run: bool) -> Iterator[str]:
        """Erase everything, and yield a line on each file.

        The mirror is last: until then, it finds the person's rows again if this is interrupted.
        """
        for path, pages in clear_all(self._cache, self._tenant, dry_run=dry_run):
            yield f"{path}: the cache with {plural(pages, 'page')}, since a page has many people"
        if not dry_run:  # an apply may have run since they were shown
            self._concerned = delete_journals(self._journals, self._journals_about())
        for journal in filter(attrgetter("is_deleted"), self._concerned):
            rows = plural(journal.rows, "row")
            yield f"{journal.path}: a journal of {rows}, which can no longer be resumed or undone"
        for path in (*unfinished_below(self._state), *orphans_in(self._state)):
            if not dry_run:
                path.unlink(missing_ok=True)
            yield f"{path}: what a program left that was stopped while it wrote a file"
        for path, resource in logs_with_resource(folder_of(self._journals), self._tenant):
            count = erase(path, partial(self._is_erased, resource), dry_run=dry_run)
            if count:
                yield f"{path}: {plural(count, 'edit')} in the log of a grid"
        for path in sorted(filter(Path.is_file, self._state.rglob("*"))):  # they can have any name
            if state_of(path, DECISIONS) == "ours":
                kept = Decisions(path)
                of_tenant = kept.company is None or kept.company.endswith(f" {self._tenant}")
                count = kept.forget(self._person.customers, dry_run=dry_run) if of_tenant else 0
                if count:
                    yield f"{path}: {plural(count, 'decision')} about duplicates"
        for plan in plans_about(self._state, self._tenant, self._person.owns, self._person.mentioned_in):
            target, line = plan.path.resolve(), f"{plan.path}: a plan of {plural(plan.rows, 'row')}"
            if not dry_run:
                plan.path.unlink(missing_ok=True)
            if not target.is_relative_to(self._state.resolve()):
                line += f", but only this link to it. The plan itself stays until you delete it: {target}"
            yield line
        if self._mirror is not None:
            of = {"customer_ids" if name == "customers" else name: chosen for name, chosen in self._whom.items()}
            for resource, rows, versions, _ in self._mirror.forget(dry_run=dry_run, **of).itertuples(index=False):
                if rows:
                    yield f"{self._mirror.folder}: {plural(rows, 'row')} of {resource}, {plural(versions, 'version')}"
            for place in self._mentions(erased=True):
                yield (
                    f"{self._mirror.folder}: the numbers and addresses in texts of other people's rows, which stay: "
                    f"{place}. Erase them in ServiceTitan as well."
                )

    def kept(self) -> Iterator[str]:
        """Yield a line on each file that is kept on purpose."""
        for journal in self._concerned:
            if journal.rows and not journal.is_deleted:
                records = "may have records of opt-ins, since part of it cannot be read"
                if journal.opt_ins is not None:
                    records = f"has the record of {plural(journal.opt_ins, 'opt-in')}"
                yield (
                    f"kept: {journal.path}: a journal that {records}. Such a record proves who agreed, and stops a "
                    "plan from opting in again somebody who has opted out since. It is kept until you delete it with "
                    "`stcrm journal purge --opt-ins`."
                )
            elif not journal.rows:
                yield f"kept: {journal.path} cannot be read as a journal. If it may be about the person, delete it."
        logs = folder_of(self._journals).glob("*.sqlite")
        unreadable = [path for path in sorted(logs) if state_of(path, GRID_LOG) == "unreadable"]
        for path in (*unreadable, *damaged_in(self._cache)[1]):
            yield f"kept: {path} cannot be read. If it may be about the person, delete it."
        if self._mirror is not None:
            for place in self._mentions(erased=False):
                yield f"kept: {self._mirror.folder}: a number or an address that somebody else has as well, in {place}."
            yield (
                f"kept: {self._mirror.folder / 'forgotten.json'}: keyed hashes of ids, as long as the mirror exists, "
                "so that no sync brings the person back."
            )

    def _mentions(self, *, erased: bool) -> Iterator[str]:
        """Yield the column and the ids of other people's rows with texts in which the person is mentioned."""
        chosen = self._person.mentions[self._person.mentions["erased"].eq(erased)]
        for (resource, column), keys in chosen.groupby(["resource", "column"])["key"]:
            yield f"{column} of {resource} {_named(key[-1] for key in keys)}"

    def _journals_about(self) -> list[Concerned]:
        person = self._person
        return journals_about(self._journals, self._tenant, person.owns, person.mentioned_in)

    def _is_erased(self, resource: str, key: str, values: str) -> bool:
        parts = json.loads(key) if key.startswith("[") else [key]
        return self._person.owns(resource, parts) or self._person.mentioned_in(values)


def _mirror_in(folder: Path, tenant: int | None) -> Mirror:
    matching = [mirror for mirror in mirrors(folder).each if tenant in (None, mirror.tenant)]
    if not matching:
        raise UsageError(f"The folder {folder} has no mirror of tenant {tenant}.")
    if len(matching) > 1:
        raise UsageError(
            f"The folder has mirrors of {len(matching)} tenants. Add --tenant, such as {matching[0].tenant}."
        )
    return matching[0]


def _named(ids: Iterable[Any]) -> str:
    return ", ".join(map(str, sorted(ids)))
