"""Dates in the graph: sluicegate/tables/cell_dates.py's grammar, and civil arithmetic without a time library."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from schemas.reading import ISO
from sluicegate.tables.cell_dates import (
    EXAMPLE,
    FIRST_DAY,
    FIXED_WIDTH,
    HALF,
    LAST_DAY,
    MICROS_OF_DAY,
    PLACES,
    ZONE_SIGN,
    pattern,
    steps,
)

_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MICROS_OF_HOUR = MICROS_OF_DAY // 24


class DateParts(NamedTuple):
    """Each of the texts' shape, all of the clock in UTC.

    day : float64, days since 1970-01-01 with the fraction of the day; NaN where there is no date.
    month, weekday, hour : int64; 0 where there is no date, else 1 to 12, 1 (Monday) to 7, 1 (midnight) to 24.
    """

    day: tf.Tensor
    month: tf.Tensor
    weekday: tf.Tensor
    hour: tf.Tensor


def parse(text: tf.Tensor, order: str = ISO) -> DateParts:
    """The parts of dates as sluicegate/tables/cell_dates.py describes them; text that is no date counts as missing.

    order : one of reading.DATE_ORDERS.
    """
    is_shaped = tf.strings.regex_full_match(text, pattern(order))
    fixed = tf.where(is_shaped, text, EXAMPLE)
    for old, new in steps(order):
        fixed = tf.strings.regex_replace(fixed, old, new, replace_global=False)
    letters = tf.cast(tf.io.decode_raw(fixed, tf.uint8, fixed_length=FIXED_WIDTH), tf.int64)
    days, micros, exists = _instants(letters)
    is_date = is_shaped & exists
    day = tf.cast(days, tf.float64) + tf.cast(micros, tf.float64) / MICROS_OF_DAY
    return DateParts(
        tf.where(is_date, day, tf.constant(float("nan"), tf.float64)),
        tf.where(is_date, month_of(days), 0),
        tf.where(is_date, tf.math.floormod(days + 3, 7) + 1, 0),
        tf.where(is_date, micros // _MICROS_OF_HOUR + 1, 0),
    )


def _instants(letters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """As sluicegate/tables/cell_dates.py does it.  letters : (..., FIXED_WIDTH) int64."""
    weights = np.zeros((FIXED_WIDTH, len(PLACES)), np.int64)
    for place, (start, length) in enumerate(PLACES.values()):
        weights[start : start + length, place] = 10 ** np.arange(length - 1, -1, -1)
    numbers = tf.tensordot(letters - ord("0"), tf.constant(weights), 1)
    part = dict(zip(PLACES, tf.unstack(numbers, len(PLACES), axis=-1), strict=True))
    hour, minute, second, fraction = part["hour"], part["minute"], part["second"], part["micros"]
    half = letters[..., HALF]
    is_24, is_pm = half == ord("n"), (half == ord("p")) | (half == ord("P"))
    is_end = (hour == 24) & (minute == 0) & (second == 0) & (fraction == 0)
    is_hour = tf.where(is_24, (hour <= 23) | is_end, (hour >= 1) & (hour <= 12))
    is_time = is_hour & (minute <= 59) & (second <= 60) & (part["zone_hour"] <= 23) & (part["zone_minute"] <= 59)
    is_month = (part["month"] >= 1) & (part["month"] <= 12)
    month = tf.where(is_month, part["month"], 1)
    is_day = is_month & (part["day"] >= 1) & (part["day"] <= _days_in_month(part["year"], month))
    hour = tf.where(is_24, hour, hour % 12 + 12 * tf.cast(is_pm, tf.int64))
    sign = tf.where(letters[..., ZONE_SIGN] == ord("-"), tf.constant(-1, tf.int64), 1)
    offset = sign * (part["zone_hour"] * 60 + part["zone_minute"]) * 60
    micros = ((hour * 60 + minute) * 60 + second - offset) * 1_000_000 + fraction
    days = days_from_civil(part["year"], month, part["day"]) + tf.math.floordiv(micros, MICROS_OF_DAY)
    exists = is_day & is_time & (days >= FIRST_DAY) & (days <= LAST_DAY)
    return days, tf.math.floormod(micros, MICROS_OF_DAY), exists


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


def month_of(days: tf.Tensor) -> tf.Tensor:
    """The month, 1 to 12, of days since 1970-01-01. Source: as `days_from_civil`, civil_from_days."""
    day_of_era = tf.math.floormod(days + 719468, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    from_march = (5 * day_of_year + 2) // 153
    return tf.where(from_march < 10, from_march + 3, from_march - 9)


def _days_in_month(year: tf.Tensor, month: tf.Tensor) -> tf.Tensor:
    is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    return tf.gather(tf.constant(_MONTH_DAYS, tf.int64), month - 1) + tf.cast(is_leap & (month == 2), tf.int64)
