"""Dates are read exactly, or not at all."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.own_data.dates import (
    DAY_FIRST,
    EPOCH_MILLISECONDS,
    EPOCH_SECONDS,
    EXCEL_DAYS,
    MONTH_FIRST,
    ORDERS,
    STYLES,
    YEAR_FIRST,
    counted,
    date_evidence,
    moments,
)


def one(text: str, style: str = DAY_FIRST) -> datetime | None:
    found: datetime | None = moments(pa.array([text]), style)[0].as_py()
    return found


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-02-29", datetime(2024, 2, 29)),
        ("20240229", datetime(2024, 2, 29)),
        ("2024/2/9", datetime(2024, 2, 9)),
        ("31/12/2024", datetime(2024, 12, 31)),
        ("31-12-24", datetime(2024, 12, 31)),
        ("05.04.1999", datetime(1999, 4, 5)),
        ("3 Mar 2024", datetime(2024, 3, 3)),
        ("3-MAR-24", datetime(2024, 3, 3)),
        ("March 3rd, 2024", datetime(2024, 3, 3)),
        ("2024-01-02T03:04:05.678901", datetime(2024, 1, 2, 3, 4, 5, 678901)),
        ("2024-01-02T03:04:05+02:00", datetime(2024, 1, 2, 1, 4, 5)),
        ("2024-01-02 03:04Z", datetime(2024, 1, 2, 3, 4)),
        ("1/2/2024 12:05 AM", datetime(2024, 2, 1, 0, 5)),
        ("1/2/2024 10:05 PM", datetime(2024, 2, 1, 22, 5)),
    ],
)
def test_what_people_write_is_read(text: str, moment: datetime) -> None:
    """Times with a zone become UTC."""
    assert one(text) == moment


@pytest.mark.parametrize(
    "text",
    ["2023-02-29", "2024-13-01", "2024-00-10", "31/04/2024", "2024-01-01 24:00", "2024-01-01 garbage", "13:00",
     "2024-01-01 13:00 AM", "2024-01-01 0:30 PM", "12 Smarch 2024", "0000-01-01", "45292", "", "soon"],
)  # fmt: skip
def test_a_date_that_does_not_exist_is_not_read(text: str) -> None:
    """It never rolls over into the next month."""
    assert one(text) is None


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))
def test_every_moment_reads_back(moment: datetime) -> None:
    """In ISO format, day first and month first."""
    assert one(moment.isoformat()) == moment
    assert one(moment.strftime("%d/%m/%Y")) == datetime(moment.year, moment.month, moment.day)
    assert one(moment.strftime("%m/%d/%Y"), MONTH_FIRST) == datetime(moment.year, moment.month, moment.day)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    """With any text in a cell."""
    found = one(text.encode("utf-8", "replace").decode())
    assert found is None or date(1, 1, 1) <= found.date()


def test_the_order_of_day_and_month_is_decided_by_the_values() -> None:
    """One value above 12 is enough; a date that is the same day either way proves nothing."""
    found = date_evidence(pa.array(["03/04/2024", "13/04/2024", "05/05/2024", "2024-01-02", None, "04/14/2024"]))

    assert found.counts == {
        frozenset({DAY_FIRST}): 1,
        frozenset({MONTH_FIRST}): 1,
        frozenset({DAY_FIRST, MONTH_FIRST}): 1,
    }
    assert found.example == "03/04/2024"


@pytest.mark.parametrize(
    ("texts", "possible"),
    [
        (["19-02-11", "20-11-03"], (DAY_FIRST, YEAR_FIRST)),
        (["19/02/11", "20/11/03"], (DAY_FIRST, YEAR_FIRST)),
        (["05-06-07"], (DAY_FIRST, MONTH_FIRST, YEAR_FIRST)),
        (["19-02-11", "20-11-31"], (YEAR_FIRST,)),
        (["19-02-11", "30-11-03"], (DAY_FIRST,)),
        (["12-31-24"], (MONTH_FIRST,)),
        (["99-12-31"], (YEAR_FIRST,)),
        (["31.12.24", "13.05.11"], (DAY_FIRST,)),
        (["13.05.11"], STYLES),
        (["05/05/2024"], STYLES),
        (["00/00/0000", "99-99-99"], STYLES),
        (["5-6-07"], (DAY_FIRST, MONTH_FIRST)),
    ],
)
def test_a_two_digit_year_may_come_first(texts: list[str], possible: tuple[str, ...]) -> None:
    """19-02-11 is in 2019 or 2011; a future date is invalid, and with dots the day comes first."""
    assert date_evidence(pa.array(texts), latest=date(2026, 6, 30)).possible == possible


@pytest.mark.parametrize(
    ("text", "moment"),
    [("24-12-31", datetime(2024, 12, 31)), ("99/01/02 10:30", datetime(1999, 1, 2, 10, 30)),
     ("24.05.13", datetime(2024, 5, 13)), ("2024-05-13", datetime(2024, 5, 13)), ("31-12-2024", None)],
)  # fmt: skip
def test_the_year_comes_first_with_that_option(text: str, moment: datetime | None) -> None:
    """As in Sweden, Japan and logs."""
    assert one(text, YEAR_FIRST) == moment


@given(st.dates(date(1970, 1, 1), date(2026, 6, 30)), st.sampled_from("-/."), st.sampled_from(ORDERS))
def test_every_day_with_a_two_digit_year_reads_back(day: date, mark: str, style: str) -> None:
    """In each order, and that order is never ruled out."""
    parts = {DAY_FIRST: "%d{0}%m{0}%y", MONTH_FIRST: "%m{0}%d{0}%y", YEAR_FIRST: "%y{0}%m{0}%d"}
    text = day.strftime(parts[style].format("/" if style == MONTH_FIRST else mark))

    assert one(text, style) == datetime(day.year, day.month, day.day)
    if mark != ".":
        assert style in date_evidence(pa.array([text]), latest=date(2026, 6, 30)).possible


@pytest.mark.parametrize(
    ("text", "year"), [("01/02/31", 1931), ("4 May 39", 1939), ("01/02/26", 2026), ("31.12.26", 1926)]
)
def test_a_two_digit_year_is_not_after_the_latest_day(text: str, year: int) -> None:
    """Nobody is born in the future."""
    found = moments(pa.array([text]), latest=date(2026, 6, 30))[0].as_py()

    assert found.year == year


@given(
    st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1, max_size=5),
    st.sampled_from("dst"),
)
def test_what_programs_write_is_read_the_same_way_alone_and_among_others(days: list[datetime], kind: str) -> None:
    """The fast path for uniform columns gives the same values as the path for mixed ones."""
    texts = {
        "d": [f"{day:%Y-%m-%d}".rjust(10, "0") for day in days],
        "s": [day.isoformat(" ", "seconds") for day in days],
        "t": [day.isoformat("T", "microseconds") for day in days],
    }[kind]

    alone = moments(pa.array([*texts, None, "2024-02-30"[: 10 * (len(days) % 2)] or None]))
    among = moments(pa.array([*texts, None, "3 Mar 2024"]))

    assert alone[: len(days)] == among[: len(days)]
    assert alone[len(days) :].null_count == 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("6/13/23, 3:27\u202fPM", None),  # not day first
        ("13/6/23, 3:27\u202fPM", datetime(2023, 6, 13, 15, 27)),
        ("2023-01-05\u00a010:00", datetime(2023, 1, 5, 10)),
        ("13/6/2023 10:30 p. m.", datetime(2023, 6, 13, 22, 30)),
        ("2024-03-01 10:00:00 EST", datetime(2024, 3, 1, 15)),
        ("2024-03-01 10:00 MESZ", datetime(2024, 3, 1, 8)),
        ("2023-01-05T10:00:00+01:00[Europe/Berlin]", datetime(2023, 1, 5, 9)),
        ("2023-07-05 10:00 America/New_York", datetime(2023, 7, 5, 14)),
        ("2023-01-05 10:00:00 +0000 UTC", datetime(2023, 1, 5, 10)),
        ("2024-03-01 10:00 UTC+2", datetime(2024, 3, 1, 8)),
        ("Thu Jan 05 2023 10:00:00 GMT+0100 (Central European Standard Time)", datetime(2023, 1, 5, 9)),
        ("Thu, 29 Feb 2024 10:30:00 +0200", datetime(2024, 2, 29, 8, 30)),
        ("Thu Jan  5 10:30:00 UTC 2023", datetime(2023, 1, 5, 10, 30)),
        ("Friday, March 1, 2024 at 10:30 AM", datetime(2024, 3, 1, 10, 30)),
        ("Mar 5, 2024 10:00 GMT", datetime(2024, 3, 5, 10)),
        ("05-JAN-23 11.30.00.500000 PM", datetime(2023, 1, 5, 23, 30, 0, 500_000)),
        ("05JAN2023", datetime(2023, 1, 5)),
        ("05JAN2023:10:30:00", datetime(2023, 1, 5, 10, 30)),
        ("Jan  5 2023 10:00AM", datetime(2023, 1, 5, 10)),
        ("20230105T103000Z", datetime(2023, 1, 5, 10, 30)),
        ("/Date(1672876800000)/", datetime(2023, 1, 5)),
        ("05.01.2023 10.30", datetime(2023, 1, 5, 10, 30)),
        ("05.01.2023, 10:30 Uhr", datetime(2023, 1, 5, 10, 30)),
        ("3. M\u00e4rz 2023", datetime(2023, 3, 3)),
        ("Dienstag, 12. Dezember 2023 um 8:05 Uhr", datetime(2023, 12, 12, 8, 5)),
        ("5 f\u00e9vr. 2023", datetime(2023, 2, 5)),
        ("mar. 5 mars 2024 \u00e0 10h30", datetime(2024, 3, 5, 10, 30)),
        ("1er ao\u00fbt 2024", datetime(2024, 8, 1)),
        ("5 de enero de 2023", datetime(2023, 1, 5)),
        ("luned\u00ec 4 marzo 2024", datetime(2024, 3, 4)),
        ("8 de outubro de 2024", datetime(2024, 10, 8)),
        ("donderdag 7 maart 2024", datetime(2024, 3, 7)),
        ("2023\u5e741\u67085\u65e5", datetime(2023, 1, 5)),
    ],
)  # fmt: skip
def test_dates_with_words_and_zones_are_read_as_people_and_programs_write_them(
    text: str, moment: datetime | None
) -> None:
    assert moments(pa.array([text, None])).to_pylist() == [moment, None]


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-01 10:00 IST", "2023-07-05 10:00 Atlantis/Capital", "30 Feb 2024", "5 Foo 2024", "2024-03-01 25:00", "2023-05",
        "2024-03-01 10:00 Europe/Berlin tomorrow", "32. M\u00e4rz 2023", "marzo", "Q1 2024", "2024-02-29 24:00:00",
    ],
)  # fmt: skip
def test_an_invalid_or_ambiguous_date_is_not_read(text: str) -> None:
    """IST is a time zone of India, Ireland and Israel."""
    assert moments(pa.array([text])).to_pylist() == [None]


def test_the_name_of_a_day_does_not_hide_that_the_order_is_unclear() -> None:
    """Mon 05/06/2024 is as ambiguous as 05/06/2024."""
    assert date_evidence(pa.array(["Mon 05/06/2024"])).example == "05/06/2024"


@pytest.mark.parametrize(
    ("texts", "style", "first"),
    [
        (["45292", None, "44927.5"], EXCEL_DAYS, datetime(2024, 1, 1)),
        (["1704067200", "1672531200.0"], EPOCH_SECONDS, datetime(2024, 1, 1)),
        (["1704067200000", "1577836800000"], EPOCH_MILLISECONDS, datetime(2024, 1, 1)),
    ],
)
def test_numbers_that_count_from_a_day_are_dates(texts: list[str | None], style: str, first: datetime) -> None:
    """As spreadsheets and programs store them, if all values of a column are such numbers."""
    assert date_evidence(pa.array(texts), latest=date(2026, 7, 1)).possible == (style,)
    assert moments(pa.array(texts), style)[0].as_py() == first


@pytest.mark.parametrize(
    "texts",
    [["45292", "99999"], ["45292", "x"], ["45292", "2024-01-01"], ["2024", "2023"], ["20240101"], ["1900000000"], [None], ["12345678901"]],
)  # fmt: skip
def test_other_numbers_are_not_dates(texts: list[str | None]) -> None:
    """Not if a value is in the future, a year or a text."""
    assert counted(pa.array(texts, pa.string()), date(2026, 7, 1)) is None
