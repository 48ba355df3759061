"""`forgotten.json`, damaged or of an earlier version: an error that names it, and no sync that brings a person back."""

from __future__ import annotations

import json
import random

import pytest

from stcrm_pandas.errors import MirrorError, UsageError
from stcrm_pandas.mirror.privacy.forgetting import ErasureRegister, stores_of
from stcrm_pandas.mirror.privacy.people import find

from .service import Service
from .test_damage import flipped, mirror_in, sync


@pytest.fixture
def mirror(tmp_path):
    """A mirror from which customer 5 was erased, and a service that still has the customer's lead."""
    service = Service()
    for id in range(1, 6):
        service.put("leads", id, customer_id=id)
    service.put("campaigns", 1)
    mirror = mirror_in(tmp_path, service=service)
    sync(mirror)
    mirror.forget(5)
    assert mirror.leads()["id"].tolist() == [1, 2, 3, 4]
    return mirror


@pytest.mark.parametrize("flips", [20, pytest.param(200, marks=pytest.mark.deep)])
def test_each_flipped_bit_is_an_error(mirror, flips):
    path, chance = mirror.folder / "forgotten.json", random.Random(22)
    raw = path.read_bytes()
    for _ in range(flips):
        path.write_bytes(raw)
        flipped(path, chance)
        with pytest.raises(MirrorError, match=r"forgotten\.json is damaged"):
            ErasureRegister(mirror.folder)


def other_key(raw):
    at = raw.index(b'"key": "') + 8
    return raw[:at] + (b"0" if raw[at : at + 1] != b"0" else b"1") + raw[at + 1 :]


@pytest.mark.parametrize("damage", [other_key, lambda raw: raw[:-20], lambda _: b"", lambda _: b"\xff", lambda _: b"7"])
def test_nothing_is_synced_or_erased_while_it_is_damaged(mirror, damage):
    path = mirror.folder / "forgotten.json"
    raw = path.read_bytes()
    path.write_bytes(damage(raw))
    for change in (lambda: sync(mirror, full=True), lambda: mirror.forget(4)):
        with pytest.raises(MirrorError, match="nothing was synced or erased") as caught:
            change()
        assert str(path) in str(caught.value)
    assert mirror.leads()["id"].tolist() == [1, 2, 3, 4]
    path.write_bytes(raw)
    sync(mirror, full=True)
    assert mirror.leads()["id"].tolist() == [1, 2, 3, 4]


def test_a_file_of_before_holds_and_gets_a_digest(mirror):
    path = mirror.folder / "forgotten.json"
    kept = json.loads(path.read_bytes())
    assert kept.pop("digest")
    path.write_text(json.dumps(kept))
    sync(mirror, full=True)
    assert mirror.leads()["id"].tolist() == [1, 2, 3, 4]
    path.write_bytes(other_key(path.read_bytes()))
    with pytest.raises(MirrorError, match="is damaged"):
        sync(mirror, full=True)


def test_an_interrupted_run_is_finished_in_texts_of_others_and_holds_when_they_change(mirror):
    service, path = mirror._crm, mirror.folder / "forgotten.json"
    service.put("leads", 4, summary="Ann's number: (512) 555-0187")
    service.put("leads", 3, summary="5125550188")
    sync(mirror)
    sync(mirror)
    ErasureRegister(mirror.folder).note(
        find(stores_of(mirror.folder), [], contacts=["512-555-0187"])
    )  # killed after this
    assert "+15125550187" in path.read_text()
    sync(mirror)
    assert mirror.leads()["summary"].tolist()[2:] == ["5125550188", "Ann's number: [erased]"]
    assert "+15125550187" not in path.read_text()
    service.put("leads", 4, summary="Ann's number: 512.555.0187, after 5")
    sync(mirror)
    sync(mirror)
    assert mirror.leads()["summary"].tolist()[2:] == ["5125550188", "Ann's number: [erased], after 5"]


TYPED_AGAIN = [
    "020 7946 0958",
    "0044 20 7946 0958",
    "+44 (0)20 7946-0958",
    "(020) 7946.0958",
    "+442079460958",
    "020_7946_0958",
]


@pytest.mark.parametrize("typed", TYPED_AGAIN)
def test_a_number_of_another_country_stays_erased_however_it_is_typed(mirror, typed):
    """Also with a file that holds only the hash of the number with its country's code."""
    service = mirror._crm
    for id, number in ((3, "020 7946 0959"), (4, "020 7946 0958")):
        service.put("leads", id, summary=f"Ann's number: {number}")
    sync(mirror)
    mirror.forget(contacts="+44 20 7946 0958")
    assert mirror.leads()["summary"].tolist()[2:] == ["Ann's number: 020 7946 0959", "Ann's number: [erased]"]
    service.put("leads", 4, summary=f"Ann's number: {typed}, after 5")
    sync(mirror)
    sync(mirror, full=True)
    assert mirror.leads()["summary"].tolist()[3] == "Ann's number: [erased], after 5"


def test_a_number_without_its_country_is_refused(mirror):
    for contacts in ("020 7946 0958", ["512-555-0187", "Zyzzyva at x.com"]):
        with pytest.raises(UsageError, match=r"cannot be read, so nothing was searched or erased") as caught:
            mirror.forget(contacts=contacts)
        assert not [part for part in ("0958", "Zyzzyva") if part in str(caught.value)]
    assert mirror.forget(contacts="0044 20 7946 0958").empty


def test_no_sync_of_an_export_brings_a_person_back(mirror, tmp_path):
    mirror.export(tmp_path / "copy", anonymous=False)
    copy = mirror_in(tmp_path / "copy", service=mirror._crm)
    sync(copy, full=True)
    assert copy.leads()["id"].tolist() == [1, 2, 3, 4]
    anonymous = mirror.export(tmp_path / "anonymous", anonymous=True)
    assert not (anonymous / "forgotten.json").exists(), "which ids were erased is nothing for others"
