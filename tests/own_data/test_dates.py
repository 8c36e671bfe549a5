"""Dates are read exactly, or not at all."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.own_data.dates import DAY_FIRST, MONTH_FIRST, STYLES, YEAR_FIRST, date_evidence, moments


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
def test_what_is_no_day_is_not_read(text: str) -> None:
    """Never rolled over into the next month."""
    assert one(text) is None


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31)))
def test_every_moment_reads_back(moment: datetime) -> None:
    """In ISO, and day first and month first."""
    assert one(moment.isoformat()) == moment
    assert one(moment.strftime("%d/%m/%Y")) == datetime(moment.year, moment.month, moment.day)
    assert one(moment.strftime("%m/%d/%Y"), MONTH_FIRST) == datetime(moment.year, moment.month, moment.day)


@given(st.text(max_size=20))
def test_no_text_breaks_it(text: str) -> None:
    """Whatever stands in a cell."""
    found = one(text.encode("utf-8", "replace").decode())
    assert found is None or date(1, 1, 1) <= found.date()


def test_the_order_of_day_and_month_is_decided_by_the_values() -> None:
    """One value above twelve is enough; the same day both ways says nothing."""
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
def test_a_year_of_two_digits_may_be_in_front(texts: list[str], possible: tuple[str, ...]) -> None:
    """19-02-11 is in 2019 or in 2011; a date that lies in the future is none, and dots put the day first."""
    assert date_evidence(pa.array(texts), latest=date(2026, 6, 30)).possible == possible


@pytest.mark.parametrize(
    ("text", "moment"),
    [("24-12-31", datetime(2024, 12, 31)), ("99/01/02 10:30", datetime(1999, 1, 2, 10, 30)),
     ("24.05.13", datetime(2024, 5, 13)), ("2024-05-13", datetime(2024, 5, 13)), ("31-12-2024", None)],
)  # fmt: skip
def test_the_year_first_is_read_when_it_is_said_to_be(text: str, moment: datetime | None) -> None:
    """As in Sweden, Japan and logs."""
    assert one(text, YEAR_FIRST) == moment


@given(st.dates(date(1970, 1, 1), date(2026, 6, 30)), st.sampled_from("-/."), st.sampled_from(STYLES))
def test_every_day_with_a_year_of_two_digits_reads_back(day: date, mark: str, style: str) -> None:
    """In each order; and this order is never said to be impossible."""
    parts = {DAY_FIRST: "%d{0}%m{0}%y", MONTH_FIRST: "%m{0}%d{0}%y", YEAR_FIRST: "%y{0}%m{0}%d"}
    text = day.strftime(parts[style].format("/" if style == MONTH_FIRST else mark))

    assert one(text, style) == datetime(day.year, day.month, day.day)
    if mark != ".":
        assert style in date_evidence(pa.array([text]), latest=date(2026, 6, 30)).possible


@pytest.mark.parametrize(
    ("text", "year"), [("01/02/31", 1931), ("4 May 39", 1939), ("01/02/26", 2026), ("31.12.26", 1926)]
)
def test_a_year_of_two_digits_is_not_after_the_latest_day(text: str, year: int) -> None:
    """Nobody is born in the future."""
    found = moments(pa.array([text]), latest=date(2026, 6, 30))[0].as_py()

    assert found.year == year


@given(
    st.lists(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1, max_size=5),
    st.sampled_from("dst"),
)
def test_what_computers_write_is_read_alike_among_others_and_alone(days: list[datetime], kind: str) -> None:
    """A column that is written so throughout is read all at once; one other cell among them changes nothing."""
    texts = {
        "d": [f"{day:%Y-%m-%d}".rjust(10, "0") for day in days],
        "s": [day.isoformat(" ", "seconds") for day in days],
        "t": [day.isoformat("T", "microseconds") for day in days],
    }[kind]

    alone = moments(pa.array([*texts, None, "2024-02-30"[: 10 * (len(days) % 2)] or None]))
    among = moments(pa.array([*texts, None, "3 Mar 2024"]))

    assert alone[: len(days)] == among[: len(days)]
    assert alone[len(days) :].null_count == 2
