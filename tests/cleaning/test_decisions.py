"""People's decisions: kept in a private file without values, and asked again only if a value changes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from stcrm_pandas.cleaning import Decisions, duplicates
from stcrm_pandas.errors import UsageError

from .matching.company import Entry, frames_of

COMPANY = [
    *[Entry("Wanda Quist", "512-555-0101", "wanda7@home.com", "1 Elm St")] * 2,
    *[Entry("Igor Falk", "512-555-0202", "", "2 Oak Rd")] * 2,
    Entry("Mira Garrick", "512-555-0303", "", "3 Ash Ct"),
    Entry("Mira Hobday", "", "", "3 Ash Ct"),
]


def find(path: Path | None, entries: list[Entry] = COMPANY):
    return duplicates(*frames_of(entries), decisions=path)


def open_ids(dup) -> list[list[int]]:
    return dup.open_pairs()[["id_1", "id_2"]].to_numpy().tolist()


def test_decided_pairs_are_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    dup = find(path)
    assert sorted(open_ids(dup)) == [[1, 2], [3, 4], [5, 6]]
    dup.decide(2, 1, "different", who="ann")
    dup.decide(5, 6, "same")
    dup.decide(3, 4, "later")
    for again in (dup, find(path)):
        assert open_ids(again) == [[3, 4]]
        decided = again.pairs.set_index(["id_1", "id_2"])["decision"].to_dict()
        assert decided == {(1, 2): "different", (3, 4): "later", (5, 6): "same"}
        clusters = again.clusters.groupby("cluster").agg({"customer_id": tuple, "confirmed": "first"})
        assert clusters.to_numpy().tolist() == [[(3, 4), False], [(5, 6), True]]
    assert "3 decisions." in dup.summary()
    assert dup.decisions.latest()[1, 2].who == "ann"


def test_a_changed_value_is_asked_again_and_a_no_still_holds(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    dup = find(path)
    for id, verdict in ((1, "different"), (3, "same"), (5, "same")):
        dup.decide(id, id + 1, verdict)
    moved = [entry._replace(street=f"7{n} Fir Ln") if n in (0, 2) else entry for n, entry in enumerate(COMPANY)]
    again = find(path, moved)
    assert sorted(open_ids(again)) == [[1, 2], [3, 4]]
    assert again.pairs.set_index(["id_1", "id_2"])["changed"].to_dict() == {(1, 2): True, (3, 4): True, (5, 6): False}
    assert 1 not in again.clusters["customer_id"].to_list()
    same = [entry._replace(phones="(512) 555 0101") if n == 0 else entry for n, entry in enumerate(COMPANY)]
    assert open_ids(find(path, same)) == []  # another format is the same value


def test_the_latest_decision_counts_and_contradictions_are_counted() -> None:
    dup = find(None, [COMPANY[0]] * 3)
    dup.decide(1, 2, "different")
    dup.decide(1, 2, "same")
    dup.decide(2, 3, "same")
    assert dup.clusters["confirmed"].tolist() == [True] * 3
    dup.decide(1, 3, "different")
    assert dup.clusters["customer_id"].tolist() == [1, 2]
    assert "3 decisions (in memory only). 1 pair decided to be the same is not in one cluster" in dup.summary()


def test_people_may_join_what_the_rules_keep_apart() -> None:
    spouses = [Entry("Noel Falk", "512-555-0101", "", "1 Elm St"), Entry("Olga Falk", "512-555-0101", "", "1 Elm St")]
    dup = find(None, spouses)
    assert dup.clusters.empty
    dup.decide(1, 2, "same")
    assert dup.clusters["customer_id"].tolist() == [1, 2]


def test_the_file_is_private_and_has_no_values(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    dup = find(path)
    dup.decide(1, 2, "same")
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    assert b"same" in content
    for value in (b"anda", b"uist", b"5550101", b"0101", b"home.com", b"Elm", b"elm"):
        assert value not in content
    other = Decisions(tmp_path / "other.sqlite")
    assert other.fingerprint("values") != dup.decisions.fingerprint("values")


def test_decisions_on_customers_that_are_gone_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    find(path).decide(5, 6, "same")
    fewer = find(path, COMPANY[:4])
    assert fewer.clusters["customer_id"].tolist() == [1, 2, 3, 4]
    assert len(fewer.decisions.latest()) == 1
    assert 6 in find(path).clusters["customer_id"].to_list()


def test_the_decisions_of_another_company_are_refused(tmp_path: Path) -> None:
    frames = frames_of(COMPANY)
    frames[0].attrs["stcrm"] = {"environment": "production", "tenant": 1}
    duplicates(*frames, decisions=tmp_path / "one.sqlite")
    frames[0].attrs["stcrm"] = {"environment": "production", "tenant": 2}
    with pytest.raises(UsageError, match="are about the customers of production 1, not of production 2"):
        duplicates(*frames, decisions=tmp_path / "one.sqlite")


def test_files_and_verdicts_that_are_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.sqlite"
    foreign.write_text("notes")
    with pytest.raises(UsageError, match="is not a file of decisions"):
        Decisions(foreign)
    assert foreign.read_text() == "notes"
    with pytest.raises(UsageError, match="cannot be created"):
        Decisions(tmp_path / "missing" / "decisions.sqlite")
    with pytest.raises(UsageError, match="the verdict 'yes' is not one of same, different, later"):
        find(None).decide(1, 2, "yes")
    with pytest.raises(UsageError, match="not 1 twice"):
        find(None).decide(1, 1, "same")


def test_mirror_rows_with_other_dtypes_have_the_same_fingerprint(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite"
    find(path).decide(1, 2, "same")
    frames = [frame.astype(object).where(frame.notna(), None) for frame in frames_of(COMPANY)]
    dup = duplicates(*frames, decisions=path)
    assert dup.pairs.loc[dup.pairs["decision"].notna(), "changed"].tolist() == [False]
    assert isinstance(dup.pairs["id_1"].dtype, pd.Int64Dtype)
