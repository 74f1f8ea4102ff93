"""Dates in the graph: ISO text to day number, month, weekday and hour by civil arithmetic, without a time library."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class DateParts(NamedTuple):
    """Each (n_rows,).

    day : float64, days since 1970-01-01 with the fraction of the day; NaN where there is no date.
    month, weekday, hour : int64; 0 where there is no date, else 1 to 12, 1 (Monday) to 7, 1 (midnight) to 24.
    """

    day: tf.Tensor
    month: tf.Tensor
    weekday: tf.Tensor
    hour: tf.Tensor


def parse(text: tf.Tensor) -> DateParts:
    """The parts of ISO dates such as "2014-05-16", "2014-05-16 20:15" or "2014-05-16T20:15:00".

    text : (n_rows,) string. A UTC offset is accepted and ignored: the clock on the wall is what carries meaning.
    Text that is no date, and days that no month has, count as missing.
    """
    is_shaped = tf.strings.regex_full_match(text, f"{_DAY}(?:{_TIME})?")
    text = tf.where(is_shaped, text, "1970-01-01")
    has_time = tf.strings.regex_full_match(text, f"{_DAY}{_TIME}")
    # Every text now starts with 19 readable characters, so fixed positions can be cut without a bounds error.
    text = tf.where(has_time, text, tf.strings.substr(text, 0, 10) + "T00:00") + ":00"
    year, month, day = _whole(text, 0, 4), _whole(text, 5, 2), _whole(text, 8, 2)
    hour, minute = _whole(text, 11, 2), _whole(text, 14, 2)
    has_seconds = tf.strings.regex_full_match(text, r".{16}:\d{2}.*")
    second = _whole(tf.where(has_seconds, text, "0000-00-00T00:00:00"), 17, 2)
    is_date = is_shaped & (day <= _days_in_month(year, month))
    days = days_from_civil(year, month, day)
    fraction = tf.cast((hour * 60 + minute) * 60 + second, tf.float64) / 86400.0
    return DateParts(
        tf.where(is_date, tf.cast(days, tf.float64) + fraction, tf.constant(float("nan"), tf.float64)),
        tf.where(is_date, month, 0),
        tf.where(is_date, tf.math.floormod(days + 3, 7) + 1, 0),
        tf.where(is_date, hour + 1, 0),
    )


def days_from_civil(year: tf.Tensor, month: tf.Tensor, day: tf.Tensor) -> tf.Tensor:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, int64.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil (2013).
    """
    year = year - tf.cast(month <= 2, tf.int64)
    era = tf.math.floordiv(year, 400)
    year_of_era = year - era * 400
    day_of_year = (153 * (month + tf.where(month > 2, tf.constant(-3, tf.int64), 9)) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468


def _days_in_month(year: tf.Tensor, month: tf.Tensor) -> tf.Tensor:
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return tf.gather(tf.constant(_MONTH_DAYS, tf.int64), month - 1) + tf.cast(is_leap & (month == 2), tf.int64)


def _whole(text: tf.Tensor, start: int, length: int) -> tf.Tensor:
    return tf.strings.to_number(tf.strings.substr(text, start, length), tf.int64)
