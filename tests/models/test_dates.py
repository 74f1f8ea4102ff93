from datetime import UTC, date, datetime

import numpy as np
import pytest
import tensorflow as tf

from models import dates


def parse(*text):
    return [part.numpy() for part in dates.parse(tf.constant(text))]


def test_days_agree_with_python_over_six_centuries():
    days = [date.fromordinal(n) for n in range(date(1600, 1, 1).toordinal(), date(2200, 1, 1).toordinal(), 13)]
    day, month, weekday, hour = parse(*[d.isoformat() for d in days])
    assert day.tolist() == [d.toordinal() - date(1970, 1, 1).toordinal() for d in days]
    assert month.tolist() == [d.month for d in days]
    assert weekday.tolist() == [d.isoweekday() for d in days]
    assert set(hour) == {1}


@pytest.mark.parametrize(
    "text",
    ["2014-05-16T20:15:30", "2014-05-16 20:15:30", "2014-05-16T20:15:30 Z", "2014-05-16T22:15:30+02:00"],
)
def test_time_of_day_is_a_fraction(text):
    day, month, weekday, hour = parse(text)
    assert day[0] == pytest.approx(datetime(2014, 5, 16, 20, 15, 30, tzinfo=UTC).timestamp() / 86400)
    assert (month[0], weekday[0], hour[0]) == (5, 5, 21)


def test_seconds_may_be_absent():
    assert parse("2014-05-16T06:00")[0][0] % 1 == 0.25


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2014-5-6", "2014-13-01", "2014-02-30", "1900-02-29", "2014-05-16T25:00", "16.05.2014"]
)
def test_what_is_no_date_is_missing(text):
    day, month, weekday, hour = parse(text)
    assert np.isnan(day[0])
    assert (month[0], weekday[0], hour[0]) == (0, 0, 0)


def test_leap_days_are_dates():
    assert not np.isnan(parse("2000-02-29", "2016-02-29")[0]).any()
