"""Sheets: the pair changes nothing, and what other hands bent is told and never sent."""

from __future__ import annotations

import csv
import io
import stat
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow.parquet
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import stcrm_pandas as stcrm
from stcrm_pandas.contract.schemas.customers import CUSTOMERS
from stcrm_pandas.contract.schemas.fields import Row
from stcrm_pandas.contract.schemas.leads import LEADS
from stcrm_pandas.contract.schemas.list_dtype import dtypes_of
from stcrm_pandas.contract.schemas.parts import CustomField
from stcrm_pandas.edits.diff import diff
from stcrm_pandas.errors import DriftWarning, StcrmWarning, UsageError
from stcrm_pandas.sheets.files import row_of
from stcrm_pandas.sheets.text import from_cell_text, is_formula, texts, to_cell_text

from ..frame.random_frames import ROWS, frames

ABOUT = {
    **{"resource": "customers", "operation": "Customers_GetList", "environment": "https://crm.example/a b&c=d"},
    **{"tenant": 1234567890, "fetched_at": "2026-06-01T12:00:00Z"},
}
KINDS = ("csv", "xlsx", "parquet")
MOMENT = pd.Timestamp("2026-01-01T12:00:00.5Z").as_unit("us")


def customers(**columns: list[Any]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    cells = {"id": list(range(1, length + 1)), **columns}
    frame = pd.DataFrame({name: pd.Series(cells[name], dtype=dtypes_of(CUSTOMERS)[name]) for name in cells})
    frame.attrs["stcrm"] = {**ABOUT, "filters": {}, "rows": length}
    return frame


BEFORE = customers(
    active=[True, False, None],
    name=["Ann", "=Bob", None],
    address_zip=["02134", "60601", ""],
    address_latitude=[39.5, -89.25, None],
    custom_fields=[(CustomField(7, "Gate", "12"),), (), None],
    balance=[1e22, -0.1, None],
    tag_type_ids=[(1, 2**60), (), None],
    created_on=[MOMENT, pd.Timestamp("0001-01-01", tz="UTC").as_unit("us"), pd.NaT],
    merged_to_id=[2**60, 5, None],
)


@settings(phases=[Phase.generate])  # a frame is small: to make it smaller still takes minutes
@given(row=st.sampled_from(ROWS), data=st.data())
def test_round_trip_changes_nothing(row: Row, data: st.DataObject, tmp_path: Path) -> None:
    frame = data.draw(frames(row))
    frame.attrs["stcrm"] = ABOUT
    for kind in KINDS:
        path = stcrm.write_sheet(frame, tmp_path / f"sheet.{kind}", resource=row)
        sheet = stcrm.read_sheet(path, row)
        pd.testing.assert_frame_equal(sheet.frame, frame, check_index_type=False, check_exact=True)
        assert sheet.frame.attrs["stcrm"] == ABOUT
        assert len(sheet.suspects) == 0
        assert len(diff(frame, sheet, row=row)) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_sheet_has_resource_and_tenant(kind: str, tmp_path: Path) -> None:
    path = stcrm.write_sheet(BEFORE, str(tmp_path / f"sheet.{kind}"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    sheet = stcrm.read_sheet(path)
    assert sheet.row is CUSTOMERS
    assert sheet.frame.attrs["stcrm"] == ABOUT
    assert repr(sheet) == "<Sheet of customers: 3 rows, 10 columns>"
    with pytest.raises(UsageError, match="The file has rows of customers, not leads"):
        stcrm.read_sheet(path, "leads")


def test_csv_format_suits_spreadsheets(tmp_path: Path) -> None:
    content = stcrm.write_sheet(BEFORE, tmp_path / "sheet.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert head[:-1] == BEFORE.columns.tolist()
    assert head[-1].startswith("stcrm-sheet/1/customers?resource=customers&operation=Customers_GetList&environment=")
    assert lines == [
        *(
            [
                *("1", "TRUE", "Ann", "02134", "39.5", '[{"typeId":7,"name":"Gate","value":"12"}]'),
                *("10000000000000000000000", f"[1,{2**60}]", "2026-01-01T12:00:00.500000Z", str(2**60), ""),
            ],
            ["2", "FALSE", "'=Bob", "60601", "-89.25", "[]", "-0.1", "[]", "0001-01-01T00:00:00Z", "5", ""],
            ["3", "", "", "<empty>", "", "", "", "", "", "", ""],
        )
    ]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_formulas_are_disarmed(kind: str, tmp_path: Path) -> None:
    risky = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1", "#N/A", "a;=1"]
    frame = customers(name=risky).assign(**{"=col": risky})
    path = stcrm.write_sheet(frame, tmp_path / f"sheet.{kind}")
    if kind == "csv":
        cells = [cell for line in csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")) for cell in line]
        assert path.read_text("utf-8-sig").count('"a;=1"') == 2
    else:
        found = [cell for line in openpyxl.load_workbook(path).active.iter_rows() for cell in line]
        assert {cell.data_type for cell in found if cell.value is not None} == {"s"}
        assert {cell.number_format for cell in found if cell.value is not None} == {"@"}
        cells = [cell.value or "" for cell in found]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))]
    pd.testing.assert_frame_equal(stcrm.read_sheet(path).frame, frame, check_index_type=False)


SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"


def test_a_formula_behind_what_cannot_be_seen_is_disarmed(tmp_path: Path) -> None:
    unseen = [" ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060", "\u202e", "\u00ad", "\x00", "\u3164", " \t\u200d "]
    risky = [space + sign + "1+1" for space in unseen for sign in SIGNS]
    plain = ["a =1", "\u200ba=1", "(=1)", "\u00e9=1", "\U0001f600=1", " 1=1"]
    assert all(map(is_formula, risky))
    assert not any(map(is_formula, plain))
    frame = customers(name=[*risky, *plain])
    path = stcrm.write_sheet(frame, tmp_path / "sheet.csv")
    written = pd.read_csv(path, dtype="str", keep_default_na=False)["name"].tolist()
    assert written == ["'" + name for name in risky] + plain
    pd.testing.assert_frame_equal(stcrm.read_sheet(path).frame, frame, check_index_type=False)


def test_no_character_without_a_width_is_forgotten() -> None:
    """Spaces, controls and format characters of Unicode, as Python knows them."""
    unseen = [c for c in map(chr, range(0x110000)) if unicodedata.category(c) in ("Cc", "Cf", "Zs", "Zl", "Zp")]
    assert len(unseen) > 200
    assert [f"U+{ord(c):04X}" for c in unseen if not is_formula(f"{c}=1")] == []


@given(st.lists(st.text("=+-@' \t\u200b\uff1da<empty>", max_size=5)))
def test_columns_are_marked_as_single_texts_are(names: list[str]) -> None:
    field = next(column for column in CUSTOMERS.columns if column.name == "name")
    assert texts(field, names).to_pylist() == [to_cell_text(name) for name in names]
    assert [from_cell_text(to_cell_text(name)) for name in names] == names


def test_unit_with_a_number_is_no_date(tmp_path: Path) -> None:
    path = stcrm.write_sheet(BEFORE, tmp_path / "sheet.csv")
    path.write_text(path.read_text("utf-8-sig").replace("Ann", "Unit 12").replace("'=Bob", "May-26"), "utf-8-sig")
    with pytest.warns(StcrmWarning, match="1 cell"):
        sheet = stcrm.read_sheet(path)
    assert sheet.as_read["name"].iloc[0] == "Unit 12"
    assert sheet.suspects["text"].tolist() == ["May-26"]


@pytest.mark.parametrize("kind", KINDS)
def test_additional_columns_round_trip(kind: str, tmp_path: Path) -> None:
    frame = BEFORE.assign(
        note=pd.Series(["=x", "", None], dtype="str"),
        tier=pd.Series([{"level": 3}, ["a", 1], None], dtype=object),
        mixed=pd.Series(["gold", 5, None], dtype=object),
        count=[1, 2, 3],
    )
    sheet = stcrm.read_sheet(stcrm.write_sheet(frame, tmp_path / f"sheet.{kind}"))
    assert sheet.frame["note"].tolist()[:2] == ["=x", ""]
    assert sheet.frame["tier"].tolist() == [{"level": 3}, ["a", 1], None]
    changes = diff(frame, sheet, row=CUSTOMERS)
    assert (len(changes), changes.unknown_columns) == (0, ())


def test_frame_with_drift_is_written_by_column_type(tmp_path: Path) -> None:
    mended = BEFORE.assign(
        merged_to_id=pd.Series([2**60, 5.0, None], dtype=object), tag_type_ids=[[2**60, 1], [], None]
    ).set_index("id")
    sheet = stcrm.read_sheet(stcrm.write_sheet(mended, tmp_path / "sheet.csv"), "customers")
    assert len(diff(BEFORE, sheet, row=CUSTOMERS)) == 0
    with pytest.raises(UsageError, match=r"customers: merged_to_id cannot be written: row 2 is not a whole number\."):
        stcrm.write_sheet(BEFORE.assign(merged_to_id=[1, 2.5, 3]), tmp_path / "sheet.csv")
    with pytest.raises(UsageError, match="created_on cannot be written: row 1 has no time zone"):
        stcrm.write_sheet(BEFORE.assign(created_on=BEFORE["created_on"].dt.tz_localize(None)), tmp_path / "sheet.csv")


def test_unknown_resource_raises(tmp_path: Path) -> None:
    frame = BEFORE.copy()
    frame.attrs.clear()
    with pytest.raises(UsageError, match="does not name its resource"):
        stcrm.write_sheet(frame, tmp_path / "sheet.csv")
    frame.to_csv(tmp_path / "plain.csv", index=False)
    with pytest.raises(UsageError, match="does not name its resource"):
        stcrm.read_sheet(tmp_path / "plain.csv")
    with pytest.raises(UsageError, match=r"name of a sheet must end in .csv, .xlsx, .parquet, but this one has .ods"):
        stcrm.write_sheet(frame, tmp_path / "sheet.ods")
    with pytest.raises(UsageError, match="no resource 'clients'"):
        stcrm.read_sheet(tmp_path / "plain.csv", "clients")
    assert row_of("customers.list_contacts").name == row_of("customer_contacts").name == "customer_contacts"


def foreign(tmp_path: Path, change: Callable[[list[list[Any]]], Iterable[list[Any]]], kind: str = "csv") -> Path:
    """`BEFORE` as a file that a spreadsheet opened, changed and saved."""
    path = stcrm.write_sheet(BEFORE, tmp_path / f"sheet.{kind}")
    if kind == "csv":
        lines = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
        out = io.StringIO(newline="")
        csv.writer(out).writerows(change(lines))
        path.write_bytes(out.getvalue().encode("utf-8-sig"))
    else:
        lines = [[cell.value for cell in line] for line in openpyxl.load_workbook(path).active.iter_rows()]
        book = openpyxl.Workbook()
        for line in change(lines):
            book.active.append(line)
        book.save(path)
    return path


def cell(name: str, line: int, value: Any) -> Callable[[list[list[Any]]], list[list[Any]]]:
    """One cell changed; the first line below the header is line 1."""

    def change(lines: list[list[Any]]) -> list[list[Any]]:
        lines[line][lines[0].index(name)] = value
        return lines

    return change


def read_warned(path: Path) -> Any:
    with pytest.warns(StcrmWarning, match="a spreadsheet may have changed"):
        return stcrm.read_sheet(path, "customers")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("name", "value", "new"),
    [
        ("address_zip", "02139", "02139"),
        ("address_zip", "02139-1234", "02139-1234"),
        ("name", "'<empty>", "<empty>"),
        ("name", "<empty>", ""),
        ("name", "", None),
        ("name", "5551234567", "5551234567"),
        ("active", "falsch", False),
        ("balance", "2.50", 2.5),
        ("merged_to_id", "123456789012345678", 123456789012345678),
        ("merged_to_id", "7.0", 7),
        ("tag_type_ids", "[ 3 ]", (3,)),
        ("created_on", "2026-01-01T07:00:00-05:00", MOMENT.floor("s")),
    ],
)
def test_unambiguous_cells_are_edits(kind: str, name: str, value: str, new: Any, tmp_path: Path) -> None:
    sheet = stcrm.read_sheet(foreign(tmp_path, cell(name, 1, value), kind), "customers")
    changes = diff(BEFORE, sheet, row=CUSTOMERS)
    assert changes.frame[["id", "column", "new"]].values.tolist() == [[1, name, new]]


BENT = [
    ("address_zip", "2134", "may have lost a leading zero"),
    ("address_zip", "21341234", "may have lost a leading zero"),
    ("name", "5.55E+09", "is a number with an exponent, which has lost digits"),
    ("name", "5,55E+09", "is a number with an exponent, which has lost digits"),
    ("name", "#REF!", "is an error value of the spreadsheet"),
    ("name", "########", "is an error value of the spreadsheet"),
    ("name", "1234567890123450000", "is a number with more than 15 digits that may have been rounded"),
    ("name", "02. Jan", "may have been changed to a date by a spreadsheet"),
    ("name", "M\ufffdller", "may have lost letters"),
    ("merged_to_id", "1.15292E+18", "is a number with an exponent, which has lost digits"),
    ("merged_to_id", "1152921504606840000", "is a number with more than 15 digits that may have been rounded"),
    ("merged_to_id", "1,234", "is a number in a local format"),
    ("balance", "1,5", "is a number in a local format"),
    ("balance", "1E+22", "is a number with an exponent, which may have lost digits"),
    ("created_on", "1/1/2026 12:00", "is a time in a local format"),
    ("created_on", "01.01.2026", "is a time in a local format"),
    ("created_on", "2026-01-01 12:00:00", "has no time zone"),
    ("active", "1", "is neither TRUE nor FALSE"),
    ("tag_type_ids", "#NAME?", "is an error value of the spreadsheet"),
]
BENT_IN_XLSX = [
    ("address_zip", 2134, "may have lost a leading zero"),
    ("name", 5.5, "is a number instead of text"),
    ("name", True, "is true or false instead of text"),
    ("name", MOMENT.to_pydatetime().replace(tzinfo=None), "is a date or a time instead of text"),
    ("merged_to_id", 1152921504606846976, "is a number with more than 15 digits that may have been rounded"),
    ("merged_to_id", "=A2+1", "is a formula without a saved result"),
    ("balance", "=1/0", "is a formula without a saved result"),
    ("created_on", MOMENT.to_pydatetime().replace(tzinfo=None), "has no time zone"),
    ("created_on", 46023.5, "is a number instead of a time"),
]


@pytest.mark.parametrize(
    ("kind", "name", "value", "why"),
    [("csv", *one) for one in BENT] + [("xlsx", *one) for one in (*BENT, *BENT_IN_XLSX)],
)
def test_damaged_cells_are_suspect_and_unchanged(kind: str, name: str, value: Any, why: str, tmp_path: Path) -> None:
    def change(lines: list[list[Any]]) -> list[list[Any]]:
        return cell("name", 2, "Bob")(cell(name, 1, value)(lines))

    sheet = read_warned(foreign(tmp_path, change, kind))
    (suspect,) = sheet.suspects.to_dict("records")
    assert (suspect["row"], suspect["key"], suspect["column"], suspect["why"]) == (2, "1", name, why)
    with pytest.raises(UsageError, match="the sheet has 1 suspect cell"):
        sheet.frame  # noqa: B018
    changes = diff(BEFORE, sheet, row=CUSTOMERS)
    assert changes.frame[["id", "column", "new"]].values.tolist() == [[2, "name", "Bob"]]
    assert changes.suspects[["key", "column", "why"]].values.tolist() == [["1", name, why]]
    over = sheet.over(BEFORE)[name]
    assert over.dtype == BEFORE[name].dtype
    assert over[0] == BEFORE[name][0]
    assert "1 suspect cell" in repr(sheet)


def test_unchanged_cells_are_not_suspect(tmp_path: Path) -> None:
    before = BEFORE.assign(address_zip=["2134", "60601", "8201"])
    before.attrs = BEFORE.attrs
    path = stcrm.write_sheet(before, tmp_path / "sheet.csv")
    assert len(stcrm.read_sheet(path).suspects) == 0
    path.write_bytes(path.read_bytes().replace(b"Ann", b"Eve"))
    sheet = read_warned(path)
    assert sheet.suspects["text"].tolist() == ["2134", "8201"]
    changes = diff(before, sheet, row=CUSTOMERS)
    assert changes.frame["new"].tolist() == ["Eve"]
    assert len(changes.suspects) == 0


def test_row_with_a_damaged_id_is_omitted(tmp_path: Path) -> None:
    def change(lines: list[list[Any]]) -> list[list[Any]]:
        return cell("name", 1, "Eve")(cell("id", 1, "1.15292E+18")(lines))

    sheet = read_warned(foreign(tmp_path, change))
    assert sheet.as_read["id"].tolist() == [2, 3]
    assert sheet.suspects[["row", "column", "text"]].values.tolist() == [[2, "id", "1.15292E+18"]]
    changes = diff(BEFORE, sheet, row=CUSTOMERS)
    assert len(changes) == 0
    assert len(changes.suspects) == 1


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_moved_added_and_deleted_columns_and_rows(kind: str, tmp_path: Path) -> None:
    def change(lines: list[list[Any]]) -> list[list[Any]]:
        kept = [place for place, name in enumerate(lines[0]) if name != "balance"]
        turned = [[line[place] for place in reversed(kept)] for line in (lines[0], *reversed(lines[1:]))]
        turned[0][turned[0].index("name")] = " Name "
        return [
            [*turned[0], "remark", None],
            *([*line, "x", None] for line in turned[1:]),
            [None] * len(turned[0]),
            [],
        ]

    sheet = stcrm.read_sheet(foreign(tmp_path, change, kind), "customers")
    changes = diff(BEFORE, sheet, row=CUSTOMERS)
    assert (len(changes), changes.unknown_columns) == (0, ("remark",))
    assert "balance" not in sheet.frame
    assert sheet.frame.attrs["stcrm"] == ABOUT


@pytest.mark.parametrize(
    ("encoding", "delimiter", "first"),
    [
        ("utf-8-sig", ";", ""),
        ("cp1252", ";", ""),
        ("utf-16", "\t", ""),
        ("utf-8", ",", ""),
        ("utf-8-sig", ";", "sep=;\n"),
    ],
)
def test_encodings_and_delimiters_are_detected(encoding: str, delimiter: str, first: str, tmp_path: Path) -> None:
    path = stcrm.write_sheet(BEFORE, tmp_path / "sheet.csv")
    lines = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline="")))
    lines[1][2] = "Zoë, Ltd; and\r\nson"
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(lines)
    path.write_bytes((first + out.getvalue()).encode(encoding))
    changes = diff(BEFORE, stcrm.read_sheet(path, "customers"), row=CUSTOMERS)
    assert changes.frame["new"].tolist() == ["Zoë, Ltd; and\r\nson"]


def test_letters_lost_by_an_old_encoding_are_suspect(tmp_path: Path) -> None:
    path = foreign(tmp_path, lambda lines: cell("name", 2, "Why?")(cell("name", 1, "?ukasz")(lines)))
    path.write_bytes(path.read_text("utf-8-sig").encode("cp1252"))
    sheet = read_warned(path)
    assert sheet.suspects[["row", "why"]].values.tolist() == [[2, "may have lost letters"]]


def test_duplicate_column(tmp_path: Path) -> None:
    def change(lines: list[list[Any]]) -> list[list[Any]]:
        lines = [[*line, line[2]] for line in lines]
        lines[1][-1] = "Eve"
        return lines

    sheet = read_warned(foreign(tmp_path, change))
    problems = sheet.suspects[["row", "column", "why"]].values.tolist()
    assert problems == [[2, "name", "appears twice with different values"]]
    assert len(diff(BEFORE, sheet, row=CUSTOMERS)) == 0


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("merged_to_id", "5.5", "is not a whole number"),
        ("merged_to_id", "soon", "is not a whole number"),
        ("merged_to_id", "99999999999999999999", "is too large a number for 64 bits"),
        ("active", "perhaps", "is neither TRUE nor FALSE"),
        ("balance", "much", "is not a number"),
        ("created_on", "soon", "is not a time"),
        ("tag_type_ids", "1, 2", "is not a list in JSON"),
        ("tag_type_ids", '["a"]', "contains a value that is not a whole number"),
    ],
)
def test_unreadable_cells_are_reported_by_row_and_column(name: str, value: str, why: str, tmp_path: Path) -> None:
    path = foreign(tmp_path, cell(name, 2, value))
    with pytest.raises(UsageError, match=f"cells of the sheet cannot be read: row 3 {name} {why}\\."):
        stcrm.read_sheet(path, "customers")


def test_first_ten_errors_are_listed_and_all_counted(tmp_path: Path) -> None:
    path = stcrm.write_sheet(customers(balance=[1.0] * 15), tmp_path / "sheet.csv")
    path.write_text(path.read_text("utf-8-sig").replace(',"1",', ',"a lot",'), "utf-8-sig")
    with pytest.raises(
        UsageError, match=r"row 2 balance .*row 11 balance is not a number; … \(15 in all\)\. Correct them"
    ):
        stcrm.read_sheet(path)


def test_invalid_files_raise(tmp_path: Path) -> None:
    for kind, content in (("csv", b""), ("csv", b"\x81\x8d\xff"), ("xlsx", b"PK"), ("parquet", b"PAR1")):
        path = tmp_path / f"sheet.{kind}"
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"The (file|sheet) "):
            stcrm.read_sheet(path, "customers")
    path = tmp_path / "sheet.csv"
    path.write_text("name,active\nAnn,TRUE\n")
    with pytest.raises(UsageError, match="the sheet has no column 'id'"):
        stcrm.read_sheet(path, "customers")
    path.write_text("id,stcrm-sheet/2/customers?x=y\n1,\n")
    with pytest.raises(UsageError, match="The sheet has version 2"):
        stcrm.read_sheet(path, "customers")


def test_formulas_are_read_as_results(tmp_path: Path) -> None:
    import zipfile

    path = foreign(tmp_path, cell("name", 1, "=PROPER(C3)"), "xlsx")
    saved = path.with_name("saved.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(saved, "w") as new:
        for part in old.namelist():
            content = old.read(part)
            if part.startswith("xl/worksheets/"):
                assert b"<f>PROPER(C3)</f>" in content
                content = content.replace(b"<f>PROPER(C3)</f><v />", b"<f>PROPER(C3)</f><v>Ann B</v>")
                content = content.replace(b"<f>PROPER(C3)</f><v></v>", b"<f>PROPER(C3)</f><v>Ann B</v>")
                content = content.replace(b'<c r="C2">', b'<c r="C2" t="str">')
            new.writestr(part, content)
    changes = diff(BEFORE, stcrm.read_sheet(saved, "customers"), row=CUSTOMERS)
    assert changes.frame["new"].tolist() == ["Ann B"]


def test_excel_limits_raise(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Excel is limited to 32,767 characters in a cell, but name in row 1 has more"):
        stcrm.write_sheet(customers(name=["x" * 32_768]), tmp_path / "sheet.xlsx")
    assert list(tmp_path.iterdir()) == []
    path = stcrm.write_sheet(customers(name=["x" * 32_768]), tmp_path / "sheet.csv")
    assert len(stcrm.read_sheet(path).frame["name"][0]) == 32_768


def test_parquet_from_other_programs(tmp_path: Path) -> None:
    path = tmp_path / "sheet.parquet"
    mended = BEFORE.assign(
        tag_type_ids=BEFORE["tag_type_ids"].map(lambda ids: None if ids is None else list(ids)),
        custom_fields=None,
        created_on=BEFORE["created_on"].dt.tz_localize(None),
        address_zip=pd.Series([2134, 60601, None], dtype="Int64"),
        name=pd.Series(["Eve", "=Bob", None], dtype="category"),
    ).drop(columns="custom_fields")
    mended.set_index("id").to_parquet(path)
    sheet = read_warned(path)
    assert set(sheet.suspects["column"]) == {"created_on", "address_zip"}
    changes = diff(BEFORE, sheet, row=CUSTOMERS)
    assert changes.frame[["column", "new"]].values.tolist() == [["name", "Eve"], ["address_zip", None]]
    assert changes.suspects["column"].tolist() == ["address_zip"]
    mended.assign(active="perhaps").to_parquet(path)
    with pytest.raises(UsageError, match="row 1 active is neither true nor false"):
        stcrm.read_sheet(path, "customers")


def test_large_ids_in_records_stay_exact(tmp_path: Path) -> None:
    frame = customers(custom_fields=[(CustomField(2**53 + 1, None, "x"), CustomField(None, None, None))])
    for kind in KINDS:
        sheet = stcrm.read_sheet(stcrm.write_sheet(frame, tmp_path / f"sheet.{kind}"))
        assert sheet.frame["custom_fields"][0][0].type_id == 2**53 + 1


def test_parquet_keeps_dtypes(tmp_path: Path) -> None:
    schema = pyarrow.parquet.read_schema(stcrm.write_sheet(BEFORE, tmp_path / "sheet.parquet"))
    assert str(schema.field("id").type) == "int64"
    assert str(schema.field("created_on").type) == "timestamp[us, tz=UTC]"
    assert str(schema.field("tag_type_ids").type).startswith("list<")


def test_sandbox_reads_round_trip_in_every_format(sandbox: Any, tmp_path: Path) -> None:
    with warnings.catch_warnings(), stcrm.connect(sandbox=sandbox) as crm:
        warnings.simplefilter("ignore", StcrmWarning)
        reads = [(crm.leads.list(), LEADS), (crm.customers.list(), CUSTOMERS)]
    for frame, row in reads:
        for kind in KINDS:
            sheet = stcrm.read_sheet(stcrm.write_sheet(frame, tmp_path / f"sheet.{kind}"))
            pd.testing.assert_frame_equal(sheet.frame, frame, check_index_type=False)
            assert len(diff(frame, sheet, row=row)) == 0
            for name in ("environment", "tenant", "resource"):
                assert sheet.frame.attrs["stcrm"][name] == frame.attrs["stcrm"][name]


def test_plan_takes_a_sheet_and_leaves_suspect_cells(sandbox: Any, tmp_path: Path) -> None:
    with stcrm.connect(sandbox=sandbox) as crm:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DriftWarning)
            before = crm.customers.list(active=True).head(3)
        path = stcrm.write_sheet(before[["id", "name", "address_zip"]], tmp_path / "customers.xlsx")
        workbook = openpyxl.load_workbook(path)
        cells = workbook.worksheets[0]
        cells["B2"], cells["C3"] = "Ann Lee", 2134
        workbook.save(path)
        plan = crm.customers.plan_changes(before, read_warned(path))
    assert plan.changes[["id", "column", "new"]].values.tolist() == [[before["id"].iloc[0], "name", "Ann Lee"]]
