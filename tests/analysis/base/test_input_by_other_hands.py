"""Frames from a CSV file, a list or a filter in a notebook: the right answer, or an error that says what to do."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import polars as pl
import pytest

from stcrm_pandas.analysis import booking_sources, contact_preferences, lead_conversion, opportunities
from stcrm_pandas.analysis.base.conversion import is_condition
from stcrm_pandas.errors import UsageError

from ..booking_company import AS_OF, ZONE
from ..preferences import contact_rows
from ..preferences.contact_rows import MARKETING, NO_TEXTS, REMINDERS

Tables = dict[str, pd.DataFrame]
Frames = Callable[..., pd.DataFrame]
SIZE = 40


def days(place: int) -> str:
    return f"2026-0{1 + place % 4}-{1 + place % 28:02d}T{place % 24:02d}:30:00Z"


@pytest.fixture(scope="module")
def tables(leads: Frames, jobs: Frames, bookings: Frames, call_reasons: Frames) -> Tables:
    """A small company; each number is even where something comes of it."""
    usual = {"campaign_id": 7, "business_unit_id": 1}
    made = range(1, SIZE + 1)
    whom = contact_rows.customers(
        *({"created_on": days(n), "active": n % 8 > 0, "merged_to_id": 1 if n % 13 == 0 else None} for n in made)
    )
    flags = {0: True, 1: False, 2: None}
    return {
        "leads": leads(
            *(
                usual
                | {
                    "created_on": days(n),
                    "status": ("Converted", "Open", "Dismissed")[n % 3],
                    "customer_id": n,
                    "call_id": 5_000 + n if n % 2 else None,
                    "call_reason_id": 1 + n % 2,
                    "active": n % 11 > 0,
                }
                for n in made
            )
        ),
        "jobs": jobs(
            *(
                usual
                | {
                    "created_on": days(n),
                    "job_status": ("Completed", "Canceled")[n % 4 == 0],
                    "total": 100.0 * n,
                    "customer_id": n,
                    "lead_call_id": 5_000 + n if n % 3 == 0 else None,
                    "booking_id": 9_000 + n if n % 3 == 1 else None,
                }
                for n in made
            )
        ),
        "bookings": bookings(
            *(
                usual
                | {
                    "id": 9_000 + n,
                    "created_on": days(n),
                    "modified_on": days(n),
                    "start": days(n + 1),
                    "source": ("Web", "Portal")[n % 2],
                    "status": ("New", "Converted", "Dismissed")[n % 3],
                    "job_id": 999 + n if n % 3 == 1 else None,
                    "is_first_time_client": (True, False, None)[n % 3],
                    "booking_provider_id": 3,
                    "active": n % 12 > 0,
                }
                for n in made
            )
        ),
        "call_reasons": call_reasons({"id": 1, "is_lead": True, "name": "New"}, {"id": 2, "is_lead": False}),
        "campaigns": pd.DataFrame(
            {"id": [7], "name": ["Radio"], "active": pd.array([False], "boolean"), "is_default_campaign": [False]}
        ),
        "customers": whom.drop(columns=["tag_type_ids", "custom_fields", "external_data"]),
        "contacts": contact_rows.contacts(
            *(
                {
                    "customer_id": 1 + n % SIZE,
                    "value": f"512-555-{2000 + n}",
                    MARKETING: flags[n % 3],
                    REMINDERS: flags[(n + 1) % 3],
                    NO_TEXTS: n % 5 == 0,
                }
                for n in range(2 * SIZE)
            )
        ),
    }


def of_leads(use: Mapping[str, Any], **more: Any) -> Any:
    given = {name: use[name] for name in ("jobs", "bookings", "call_reasons")}
    found = lead_conversion(use["leads"], **given, by="campaign", names=use["campaigns"], as_of=AS_OF, **more)
    return found.table, found.overall, found.left_out


def of_opportunities(use: Mapping[str, Any], **more: Any) -> Any:
    given = {name: use[name] for name in ("campaigns", "call_reasons")}
    found = opportunities(use["leads"], use["bookings"], use["jobs"], **given, as_of=AS_OF, **more)
    return found.table, found.untraced, found.left_out


def of_bookings(use: Mapping[str, Any], **more: Any) -> Any:
    given = {name: use[name] for name in ("leads", "jobs", "customers")}
    found = booking_sources(use["bookings"], **given, names={"campaign": use["campaigns"]}, as_of=AS_OF, **more)
    return found.table, found.overall, found.left_out


def of_preferences(use: Mapping[str, Any], **more: Any) -> Any:
    found = contact_preferences(use["customers"], use["contacts"], by="customer_type", as_of=AS_OF, **more)
    return found.table, found.others, found.left_out


ANALYSES = {
    of_leads: ("leads", "jobs", "bookings", "call_reasons", "campaigns"),
    of_opportunities: ("leads", "jobs", "bookings", "call_reasons", "campaigns"),
    of_bookings: ("bookings", "leads", "jobs", "customers", "campaigns"),
    of_preferences: ("customers", "contacts"),
}
EACH = [(analyse, name) for analyse, names in ANALYSES.items() for name in names]
by_analysis = pytest.mark.parametrize("analyse", ANALYSES, ids=lambda one: one.__name__)
by_frame = pytest.mark.parametrize(("analyse", "name"), EACH, ids=lambda one: getattr(one, "__name__", one))


def alike(ours: Any, theirs: Any) -> None:
    for one, other in zip(ours, theirs, strict=True):
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)
        else:
            assert one == other


def conditions(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame if is_condition(name)]


def times(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name, kind in frame.dtypes.items() if isinstance(kind, pd.DatetimeTZDtype)]


@pytest.fixture(scope="module")
def expected(tables: Tables) -> dict[Any, Any]:
    return {analyse: analyse(tables, time_zone=ZONE) for analyse in ANALYSES}


@by_analysis
def test_company_covers_every_kind_of_row(analyse: Any, tables: Tables, expected: Any) -> None:
    """What the tests below compare is no row of zeros."""
    table = expected[analyse][0]
    counted = {of_leads: "within_lower", of_opportunities: "booked_lower", of_bookings: "work_lower"}
    assert table[counted.get(analyse, "lower")].sum() > 0


@by_frame
@pytest.mark.parametrize("made", [lambda frame: frame.to_dict("records"), lambda frame: frame.to_dict("list")])
def test_non_frames_are_rejected_by_name(analyse: Any, name: str, made: Any, tables: Tables) -> None:
    if name == "campaigns" and analyse is not of_opportunities:
        words = "names"
        if isinstance(made(tables[name]), dict):
            return  # a mapping from id to name is one
    else:
        words = name
    with pytest.raises(UsageError, match=rf"{words}: a pandas, polars or Spark DataFrame.*pd\.DataFrame\({words}\)"):
        analyse(tables | {name: made(tables[name])}, time_zone=ZONE)


@by_analysis
@pytest.mark.parametrize("words", [("True", "False", None), (" YES ", "no", "")])
def test_text_booleans_are_accepted(analyse: Any, words: Any, tables: Tables, expected: Any) -> None:
    spelt = {
        name: frame.assign(
            **{
                column: pd.Series(
                    [words[2] if pd.isna(cell) else words[0] if cell else words[1] for cell in frame[column]],
                    dtype=object,
                )
                for column in conditions(frame)
            }
        )
        for name, frame in tables.items()
    }
    alike(analyse(spelt, time_zone=ZONE), expected[analyse])


@by_frame
def test_other_boolean_text_is_rejected(analyse: Any, name: str, tables: Tables) -> None:
    for column in conditions(tables[name])[:1]:
        odd = tables | {name: tables[name].assign(**{column: "perhaps"})}
        with pytest.raises(UsageError, match=f"{column} must be true, false or missing, not 'perhaps'"):
            analyse(odd, time_zone=ZONE)


@by_frame
def test_rows_without_an_id_raise(analyse: Any, name: str, tables: Tables) -> None:
    if name in ("call_reasons", "campaigns"):
        return  # names and reasons of no id are of nobody
    frame = tables[name].copy()
    frame.loc[1:39, "id"] = pd.NA
    with pytest.raises(UsageError, match=rf"{name}: 39 rows have no id; drop them"):
        analyse(tables | {name: frame}, time_zone=ZONE)


@by_analysis
def test_naive_times_use_the_company_time_zone(analyse: Any, tables: Tables, expected: Any) -> None:
    local = {
        name: frame.assign(
            **{column: frame[column].dt.tz_convert(ZONE).dt.tz_localize(None) for column in times(frame)}
        )
        for name, frame in tables.items()
    }
    alike(analyse(local, time_zone=ZONE), expected[analyse])
    for name in ANALYSES[analyse]:
        if not times(tables[name]) or name in ("contacts", "call_reasons"):  # their times say nothing
            continue
        if analyse is not of_bookings:  # it needs a zone in any case
            with pytest.raises(UsageError, match=rf"{name}: .* must contain times with a time zone: pass time_zone="):
                analyse(tables | {name: local[name]})


@by_analysis
def test_csv_input_gives_the_same_result(analyse: Any, tables: Tables, expected: Any) -> None:
    """As `to_csv` writes it and `read_csv` reads it: floats for ids with gaps, objects, times in text."""
    read = {}
    for name, frame in tables.items():
        file = io.StringIO(frame.to_csv(index=False))
        read[name] = pd.read_csv(file)
        for column in times(frame):
            read[name][column] = pd.to_datetime(read[name][column], utc=True, format="ISO8601")
    alike(analyse(read, time_zone=ZONE), expected[analyse])
    as_text = {name: pd.read_csv(io.StringIO(frame.to_csv(index=False)), dtype="str") for name, frame in tables.items()}
    with pytest.raises(UsageError, match=r"must contain times with a time zone.*pd\.to_datetime"):
        analyse(as_text, time_zone=ZONE)
    dated = {
        name: frame.assign(
            **{one: pd.to_datetime(frame[one], utc=True, format="ISO8601") for one in times(tables[name])}
        )
        for name, frame in as_text.items()
    }
    if analyse in (of_leads, of_preferences):  # these take no amounts, which text cannot be
        alike(analyse(dated, time_zone=ZONE), expected[analyse])


@by_analysis
def test_polars_with_text_and_local_times_gives_the_same_result(analyse: Any, tables: Tables, expected: Any) -> None:
    names = [name for name in ANALYSES[analyse] if name not in ("call_reasons", "campaigns")]
    spelt = {}
    for name in names:
        flat = tables[name][[one for one, kind in tables[name].dtypes.items() if kind != "object_"]]
        frame = pl.from_pandas(flat)
        wall = [pl.col(one).dt.convert_time_zone(ZONE).dt.replace_time_zone(None) for one in times(flat)]
        flags = [pl.col(one).cast(pl.String) for one in conditions(flat)]
        spelt[name] = frame.with_columns(*wall, *flags, pl.col("id").cast(pl.String))
    alike(analyse(tables | spelt, time_zone=ZONE), expected[analyse])
    for column, value in (("id", "seven"), ("id", None)):
        odd = spelt[names[0]].with_columns(pl.lit(value, dtype=pl.String).alias(column))
        with pytest.raises(UsageError, match=f"{names[0]}: .*(whole numbers|have no id)"):
            analyse(tables | spelt | {names[0]: odd}, time_zone=ZONE)


def test_hours_skipped_or_repeated_by_dst(leads: Frames) -> None:
    """01:30 on Nov 1 occurs twice, and 02:30 on Mar 8 never, in Chicago: the first, and an hour later."""
    frame = leads({"created_on": "2026-03-01T00:00Z", "status": "Open"}, {"status": "Open"}, {"status": "Open"})
    wall = pd.Series(
        pd.to_datetime(["2026-03-08 02:30", "2026-11-01 01:30", "0001-01-01 00:00"]), dtype="datetime64[us]"
    )
    frame = frame.assign(created_on=wall, modified_on=wall)[["id", "status", "created_on", "modified_on", "campaign_id",
        "call_reason_id", "call_id", "booking_id"]]  # fmt: skip
    for made in (frame, pl.from_pandas(frame)):
        found = lead_conversion(made, by="hour", as_of="2027-01-01T00:00Z", time_zone=ZONE)
        assert found.table["id"].dropna().tolist() == [1, 3]
        assert found.undated == 1


def read_as(frame: pd.DataFrame, **about: Any) -> pd.DataFrame:
    noted = frame.copy()
    noted.attrs["stcrm"] = {"rows": len(frame), "fetched_at": AS_OF, "filters": {}, **about}
    return noted


@pytest.mark.parametrize(
    ("analyse", "name", "column", "value"),
    [
        (of_leads, "leads", "status", "Open"),
        (of_opportunities, "leads", "status", "Open"),
        (of_opportunities, "bookings", "status", "New"),
        (of_opportunities, "jobs", "job_status", "Completed"),
        (of_bookings, "bookings", "status", "Converted"),
    ],
)
def test_filtering_by_status_after_the_read_is_rejected(
    analyse: Any, name: str, column: str, value: str, tables: Tables, expected: Any
) -> None:
    read = read_as(tables[name])
    alike(analyse(tables | {name: read}, time_zone=ZONE), expected[analyse])
    with pytest.raises(UsageError, match=rf"{name}: the frame has \d+ of the 40 rows .* with {column} {value}"):
        analyse(tables | {name: read[read[column] == value]}, time_zone=ZONE)
    with pytest.raises(UsageError, match=f"{name} were read with {column}"):
        analyse(tables | {name: read_as(tables[name], filters={column: value})}, time_zone=ZONE)


def test_other_row_selections_add_a_caution(tables: Tables) -> None:
    part = {name: (read := read_as(frame))[read["id"] % 5 > 0] for name, frame in tables.items()}
    found = [
        lead_conversion(part["leads"], jobs=tables["jobs"], as_of=AS_OF, time_zone=ZONE),
        opportunities(tables["leads"], part["bookings"], tables["jobs"], as_of=AS_OF, time_zone=ZONE),
        booking_sources(tables["bookings"], jobs=part["jobs"], as_of=AS_OF, time_zone=ZONE),
        contact_preferences(tables["customers"], part["contacts"], as_of=AS_OF, time_zone=ZONE),
    ]
    for one, (name, has, read) in zip(
        found, [("leads", 32, 40), ("bookings", 32, 40), ("jobs", 32, 40), ("contacts", 64, 80)], strict=True
    ):
        expected = f"The {name} have {has} of the {read} rows that were read."
        assert one.summary()[0].startswith(expected)
        assert one.cautions == (one.summary()[0],)
    whole = lead_conversion(read_as(tables["leads"]), as_of=AS_OF, time_zone=ZONE)
    assert whole.cautions == ()
