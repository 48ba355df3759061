"""Damaged, changed, moved and restored files of a mirror: an error that names the file, or the same rows as before."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from stcrm_pandas.errors import MirrorError, StcrmWarning
from stcrm_pandas.mirror.mirror import Mirror
from stcrm_pandas.mirror.sealed import write_parquet
from stcrm_pandas.mirror.store import Store

from .copies import copied_as, split
from .service import Service

HOUR = dt.timedelta(hours=1)
BEFORE = Path(__file__).parent / "fixtures" / "written_before"
BOTH = ("leads", "campaigns")


def sync(mirror, **options):
    mirror._crm.now += HOUR
    return mirror.sync(only=BOTH, **options)


def mirror_in(folder, *, service=None):
    return Mirror(folder, tenant=7, crm=service or Service(), time_zone="America/Chicago")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A mirror with several files for each resource, old versions, a deletion, and imported statuses."""
    folder = tmp_path_factory.mktemp("made")
    mirror = mirror_in(folder)
    service = mirror._crm
    for id in range(1, 31):
        service.put("leads", id, summary="first", status="Open")
        service.put("campaigns", id, name="first")
    for step in range(4):
        for id in range(1 + step, 10 if step else 1):
            service.put("leads", id, summary=f"step {step}", status="Dismissed")
        service.put("campaigns", step + 1, name=f"step {step}")
        sync(mirror)
        if step == 1:
            mirror.compact()
            for resource in BOTH:  # without the files that were replaced
                Store(mirror.folder, resource).sweep(time.time() + 48 * 3600)
        elif step == 2:
            service.delete("leads", 30)
    with sqlite3.connect(folder / "log.sqlite") as db:
        db.execute("create table runs (resource, id, first_seen, last_seen, status)")
        db.executemany("insert into runs values ('leads', ?, 0, 0, 'Open')", [(id,) for id in range(1, 31)])
    db.close()
    mirror.import_status_log(folder / "log.sqlite")
    for resource in BOTH:
        split(Store(mirror.folder, resource))
    mirror.leads()
    return mirror


@pytest.fixture
def mirror(made, tmp_path):
    """A copy that a test may damage."""
    return copy_of(made, tmp_path / "titan")


def copy_of(mirror, folder):
    shutil.copytree(mirror.folder, folder / mirror.folder.name)
    return mirror_in(folder, service=mirror._crm.copy())


def content(mirror, *, sql=True):
    """All that a mirror has, as far as it can be read: frames, or the error of each read."""
    first = mirror._crm.now - 3 * HOUR
    reads = {
        "leads": mirror.leads,
        "campaigns": lambda: mirror.read("campaigns"),
        "leads as of": lambda: mirror.leads(as_of=first, by="seen"),
        "history of leads": lambda: mirror.history("leads", [1, 2, 30]),
        "history of campaigns": lambda: mirror.history("campaigns", [1, 2]),
        "changes of leads": lambda: mirror.changes("leads"),
        "log of leads": lambda: mirror.status_log("leads"),
        "status": lambda: mirror.status().drop(columns=["bytes", "problem"]),
        "leads by SQL": lambda: mirror.sql("select id, summary, status from leads order by id"),
        "campaigns by SQL": lambda: mirror.sql("select id, name from campaigns order by id"),
    }
    found = {}
    for name, read in reads.items():
        if name.endswith("SQL") and not sql:
            continue
        try:
            found[name] = read()
        except MirrorError as error:
            found[name] = error
    return found


def equal(one, other):
    return isinstance(one, pd.DataFrame) and one.equals(other) and one.dtypes.equals(other.dtypes)


def flipped(path, chance):
    raw = bytearray(path.read_bytes())
    place = chance.randrange(len(raw))
    raw[place] ^= 1 << chance.randrange(8)
    path.write_bytes(raw)


@pytest.mark.parametrize("flips", [3, pytest.param(200, marks=pytest.mark.deep)])
def test_a_flipped_bit_raises_or_changes_nothing(made, tmp_path, flips):
    expected, chance, seen = content(made), random.Random(21), Counter()
    assert all(isinstance(frame, pd.DataFrame) for frame in expected.values())
    for number in range(flips):
        mirror = copy_of(made, tmp_path / str(number))
        kind = ("history", "imported", "current")[number % 3]
        path = chance.choice(sorted((mirror.folder / kind).rglob("*.parquet")))
        flipped(path, chance)
        for name, found in content(mirror, sql=number % 20 == 19).items():
            if isinstance(found, MirrorError):
                assert str(path) in str(found), (name, found)
                assert " backup" in str(found)
                seen[kind] += 1
            elif name == "status" and not equal(found, expected[name]):
                problems = mirror.status().set_index("resource")["problem"]
                assert str(path) in problems[path.parent.name]
                assert (problems.drop(path.parent.name) == "").all()
            else:
                assert equal(found, expected[name]), (name, path)
    assert set(seen) == {"history", "imported"}, "damage was seen there, and derived files are derived again"


FOREIGN_LABELS = (
    b"\xff",
    b"{",
    b"[]",
    b"7",
    b'{"format": "1"}',
    b'{"tenant": "7"}',
    b'{"tenant": "7", "resource": "leads", "color": "red"}',
    b'{"tenant": "7", "resource": "leads", "same_as": 7}',
)


@pytest.mark.parametrize("label", FOREIGN_LABELS)
def test_a_foreign_label_is_an_error_that_names_the_file(mirror, label):
    path = newest(mirror)
    about, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
    path.unlink()
    write_parquet(table, path, {b"stcrm_commits": about[b"stcrm_commits"], b"stcrm_mirror": label})
    for read, found in content(mirror, sql=False).items():
        if "leads" in read:
            assert str(path) in str(found), read
            assert "delete it and sync again" in str(found), read
        else:
            assert isinstance(found, pd.DataFrame), read


@pytest.mark.parametrize("changes", [20, pytest.param(200, marks=pytest.mark.deep)])
def test_damaged_notes_on_commits_raise_no_decoders_error(tmp_path, changes):
    """Files of earlier versions have no checksums, so damage is found when their notes are decoded, or not at all."""
    mirror, chance, seen = mirror_in(tmp_path), random.Random(5), Counter()
    for step in range(6):
        mirror._crm.put("leads", 1, summary=f"step {step}", status=f"status {step}")
        sync(mirror)
    mirror.compact()
    store = Store(mirror.folder, "leads")
    store.sweep(time.time() + 48 * 3600)
    (file,) = store.files()
    table, about = pq.read_table(file.path, partitioning=None), pq.read_metadata(file.path).metadata
    notes = {name: about[name] for name in (b"stcrm_commits", b"stcrm_times")}
    for number in range(changes):
        name, place = chance.choice(list(notes)), chance.random()
        raw = bytearray(notes[name])
        if number % 2:
            raw[int(place * len(raw))] ^= 1 << chance.randrange(8)
        else:
            raw = raw[: int(place * len(raw))]
        pq.write_table(table.replace_schema_metadata({**notes, name: bytes(raw)}), file.path)
        damage = [found for found in content(mirror, sql=False).values() if isinstance(found, MirrorError)]
        seen[name] += any(f"{file.path} cannot be used: its commits" in str(found) for found in damage)
        shutil.rmtree(mirror.folder / "current", ignore_errors=True)
    assert all(count > changes / 5 for count in seen.values()), seen


@pytest.mark.parametrize(("resource", "old"), [("leads", True), ("campaigns", False)])
def test_each_byte_of_an_old_or_a_new_file_is_an_error_of_ours(tmp_path, resource, old):
    """Files of earlier versions have no checksums, but no decoder's error comes through either."""
    mirror = mirror_in(tmp_path)
    mirror._crm.put(resource, 1)
    sync(mirror)
    (path,) = mirror.folder.glob(f"history/{resource}/*.parquet")
    if old:
        as_before(path)
    raw, expected = path.read_bytes(), mirror.read(resource)
    shutil.rmtree(mirror.folder / "current")
    for place in range(0, len(raw), 1 + len(raw) // 40):
        path.write_bytes(raw[:place] + bytes([raw[place] ^ 64]) + raw[place + 1 :])
        try:
            found = mirror.read(resource)
        except MirrorError:
            continue
        finally:
            shutil.rmtree(mirror.folder / "current", ignore_errors=True)
        assert old or equal(found, expected)


def as_before(path):
    """Write a file again as earlier versions did: without checksums, and without its tenant and resource."""
    kept = {b"stcrm_commits": pq.read_metadata(path).metadata[b"stcrm_commits"]}
    table = pq.read_table(path, partitioning=None).replace_schema_metadata(kept)
    path.unlink()
    pq.write_table(table, path, compression="zstd")


def newest(mirror, resource="leads", part="history"):
    return max((mirror.folder / part / resource).glob("*.parquet"))


def changed_by_another_program(path):
    """Change a value of an old version, and keep all that the file notes about itself."""
    metadata, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
    falsified = pa.array(["falsified"] * table.num_rows)
    table = table.set_column(table.column_names.index("summary"), "summary", falsified)
    pq.write_table(table.replace_schema_metadata(metadata), path)


def of_a_newer_version(path):
    table, about = pq.read_table(path, partitioning=None), dict(pq.read_metadata(path).metadata)
    label = json.loads(about[b"stcrm_mirror"]) | {"format": 99, "color": "red"}
    path.unlink()
    write_parquet(table, path, {b"stcrm_commits": about[b"stcrm_commits"], b"stcrm_mirror": json.dumps(label).encode()})


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "without its last byte": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "text": lambda path: path.write_text("to do: buy milk"),
    "foreign": lambda path: (path.unlink(), pq.write_table(pa.table({"id": [1], "color": ["red"]}), path)),
    "changed": changed_by_another_program,
    "newer": of_a_newer_version,
    "of another resource": lambda path: shutil.copy(
        path.parents[1] / "campaigns" / "000000004-000000004.parquet", path
    ),
    "an older commit": lambda path: shutil.copy(path.parent / "000000003-000000003.parquet", path),
    "derived rows": lambda path: shutil.copy(min((path.parents[2] / "current/leads").glob("*.parquet")), path),
    "not readable": lambda path: (path.unlink(), path.mkdir()),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to(path.parent / "moved.parquet")),
}
QUICK = ("empty", "foreign", "newer", "a link to nothing")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.deep) for name in DAMAGES]
)
def test_damage_stays_with_its_resource(mirror, made, name):
    expected, path = content(made), newest(mirror)
    DAMAGES[name](path)
    for read, found in content(mirror).items():
        if "campaigns" in read:
            assert equal(found, expected[read]), read
        elif read == "status":
            problems = mirror.status().set_index("resource")["problem"]
            assert str(path) in problems["leads"]
            assert problems["campaigns"] == ""
        else:
            assert isinstance(found, MirrorError), read
            assert str(path) in str(found)
            assert "Update it" in str(found) if name == "newer" else True
    assert mirror.sql("select 1 as one")["one"].tolist() == [1]
    assert mirror.settings()["time_zone"] == "America/Chicago"
    assert mirror.client().lookups.campaigns.list().equals(expected["campaigns"])
    mirror._crm.put("campaigns", 1, name="since")
    with pytest.warns(StcrmWarning, match="1 of 2 resources: leads:"):
        done = sync(mirror).set_index("resource")
    assert str(path) in done.loc["leads", "problem"]
    assert done.loc["campaigns", ["problem", "written"]].tolist() == ["", 1]
    found = mirror.verify().set_index("resource")
    assert str(path) in found.loc["leads", "problem"]
    assert found.loc["campaigns", "problem"] == ""
    with pytest.raises(MirrorError, match="for all resources but 1"):
        mirror.compact()
    assert len(Store(mirror.folder, "campaigns").files()) == 1


def test_a_folder_that_the_system_cannot_list_stays_with_its_resource(mirror, made):
    folder = mirror.folder / "history" / "leads"
    shutil.rmtree(folder)
    folder.symlink_to("leads")
    with pytest.raises(MirrorError, match="cannot be read"):
        mirror.leads()
    assert equal(mirror.read("campaigns"), made.read("campaigns"))
    assert mirror.settings()["time_zone"] == "America/Chicago"


def test_the_way_out_of_damage_is_to_read_everything_again(mirror):
    newest(mirror).write_bytes(b"")
    with pytest.raises(MirrorError, match=r"delete it and sync again") as raised:
        mirror.leads()
    folder = mirror.folder / "history" / "leads"
    assert str(folder) in str(raised.value)
    shutil.rmtree(folder)
    assert sync(mirror)["problem"].tolist() == ["", ""]
    assert mirror.leads()["id"].tolist() == sorted(
        id for id, states in mirror._crm.states["leads"].items() if not states[-1][2]
    )


def test_derived_files_that_are_damaged_are_derived_again(mirror, made):
    expected = content(made)
    for damage in ("empty", "cut off", "text", "foreign"):
        path = newest(mirror, part="current")
        DAMAGES[damage](path)
        assert equal(mirror.sql("select id, summary, status from leads order by id"), expected["leads by SQL"])
        assert equal(mirror.leads(), expected["leads"])
        assert newest(mirror, part="current").stat().st_size > 100
    shutil.copy(newest(mirror, "campaigns", "current"), newest(mirror, part="current"))
    assert equal(mirror.leads(), expected["leads"])


def test_the_files_of_another_tenant_are_refused(mirror, tmp_path):
    other = copied_as(8, mirror, tmp_path)
    (other.folder / "history" / "leads").rename(tmp_path / "moved")
    shutil.copytree(mirror.folder / "history" / "leads", other.folder / "history" / "leads")
    with pytest.raises(MirrorError, match="has leads of tenant 7"):
        other.leads()
    assert len(other.read("campaigns")) == 30


@pytest.mark.parametrize(
    ("read", "commits"),
    [(Mirror.leads, 2), (None, 1), *(pytest.param(sync, n, marks=pytest.mark.deep) for n in (1, 2, 3))],
)
def test_a_history_restored_from_a_backup_is_right_beside_newer_derived_files(tmp_path, read, commits):
    mirror = mirror_in(tmp_path)
    service = mirror._crm
    for id in range(1, 6):
        service.put("leads", id, summary="first")
        service.put("campaigns", id, name="first")
    sync(mirror)
    backup, then = tmp_path / "backup", mirror.leads()
    shutil.copytree(mirror.folder / "history", backup)
    service.put("leads", 1, summary="lost with the newer history")
    for _ in range(2):
        sync(mirror)
    assert "lost with the newer history" in mirror.leads()["summary"].tolist()
    shutil.rmtree(mirror.folder / "history")
    shutil.copytree(backup, mirror.folder / "history")
    if read is None:
        assert "derived from another history" in mirror.verify().set_index("resource").loc["leads", "problem"]
    assert equal(mirror.leads(), then)
    service.put("leads", 1, summary="now")
    for _ in range(commits):
        if read is not None:
            read(mirror)
        sync(mirror)
    now = mirror.leads()
    assert now["summary"].tolist() == ["now", *["first"] * 4]
    assert mirror.sql("select summary from leads order by id")["summary"].tolist() == now["summary"].tolist()
    shutil.rmtree(mirror.folder / "current")
    assert equal(mirror.leads(), now)
    service.now += HOUR
    assert mirror.verify()["problem"].tolist() == ["", ""]


def test_verify_finds_files_that_were_swapped_falsified_or_sealed_again(mirror, tmp_path):
    def problems(damage):
        damaged = copy_of(mirror, tmp_path / damage.__name__)
        damage(damaged.folder)
        found = damaged.verify()
        assert (found.set_index("resource")["problem"].drop("leads") == "").all()
        return found.set_index("resource").loc["leads", "problem"]

    def swapped(folder):
        one, other = folder / "history/leads/000000003-000000003.parquet", folder / "history/leads/000000004-000000004"
        one.rename(folder / "kept")
        other.with_suffix(".parquet").rename(one)
        (folder / "kept").rename(other.with_suffix(".parquet"))

    def falsified(folder):
        changed_by_another_program(folder / "history/leads/000000001-000000002.parquet")

    def sealed_again(folder):
        path = folder / "history/leads/000000001-000000002.parquet"
        about, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
        table = table.filter(pc.field("id") != 5)
        path.unlink()
        write_parquet(table, path, {name: about[name] for name in (b"stcrm_commits", b"stcrm_mirror")})

    def without_checksums(folder):
        as_before(folder / "history/leads/000000004-000000004.parquet")

    def derived(folder):
        path = max((folder / "current" / "leads").glob("*.parquet"))
        about, table = pq.read_metadata(path).metadata, pq.read_table(path, partitioning=None)
        path.unlink()
        write_parquet(table.slice(1), path, {b"stcrm_mirror": about[b"stcrm_mirror"]})

    assert mirror.verify()["problem"].tolist() == ["", ""]
    assert "its commits differ from those in its name" in problems(swapped)
    assert "000000001-000000002.parquet cannot be used" in problems(falsified)
    assert "the file before it was changed or replaced" in problems(sealed_again)
    assert "1 file of the history without checksums" in problems(without_checksums)
    assert "it differs from the history (it was derived again)" in problems(derived)


def test_a_mirror_that_an_earlier_version_wrote_opens_and_gets_checksums(tmp_path):
    shutil.copytree(BEFORE, tmp_path / "old")
    mirror = mirror_in(tmp_path / "old")
    leads = mirror.leads()
    assert leads["summary"].tolist() == ["edited 0", "edited 1", "edited 2", "first"]
    assert mirror.history("leads", 5)["deleted"].tolist() == [False, True]
    assert mirror.sql("select count(*) as n from leads")["n"].tolist() == [4]
    before = mirror.history("leads", range(1, 6))
    service = mirror._crm
    service.now += 24 * HOUR
    for id in range(1, 5):
        service.put("leads", id, summary=leads["summary"].iloc[id - 1], status=leads["status"].iloc[id - 1])
    assert "4 files of the history without checksums" in mirror.verify()["problem"].iloc[0]
    service.known_tokens.clear()
    mirror.sync(only=["leads"])
    assert mirror.verify()["problem"].tolist() == [""]
    assert mirror.history("leads", 5).equals(before[before["id"] == 5].reset_index(drop=True))
    assert mirror.history("leads", 1)["summary"].tolist()[:2] == ["first", "edited 0"]


def test_derived_files_of_an_old_mirror_are_not_trusted(tmp_path):
    """They were matched by a number and times, so they may be of another history."""
    shutil.copytree(BEFORE, tmp_path / "old")
    for path in (tmp_path / "old").glob("tenant=7/current/leads/*"):
        path.write_bytes(b"")
    assert len(mirror_in(tmp_path / "old").leads()) == 4
