"""Dates in texts: one grammar for inspection, ingest, `predict`, the server and, by models/dates.py, the exported graph.

    2024-01-31                           2024/01/31                    with the year first, always
    31.01.2024  31/1/2024  31-01-2024    day_first
    01/31/2024  1/31/2024                month_first
    31-Jan-2024  31 January 2024  Jan 31, 2024  Wed, 31 Jan 2024    month_name
    then, after T or a blank:  10:00  10:00:00  10:00:00.25  10:00:00,25  24:00:00  23:59:60  9:05 PM
    then:                      Z  UTC  +00  +0100  -05:00, with or without a blank before it

An offset is honoured: one instant is one value, that of its clock in UTC. A text without one is taken as it stands.

The grammar is data: `pattern` says what a date looks like, and `steps` rewrite it to `FIXED_WIDTH` letters, in which
every part has its place. Both are RE2's, which pyarrow and TensorFlow share; so only arithmetic is written twice.
"""

from __future__ import annotations

from typing import Any

from schemas.reading import DAY_FIRST, ISO, MONTH_FIRST, MONTH_NAME

_YEAR_FIRST = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2})"
_YEAR_LAST = r"(?:[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}|[0-9]{1,2}-[0-9]{1,2}-[0-9]{4})"
_MONTHS = (
    "jan(?:uary)?",
    "feb(?:ruary)?",
    "mar(?:ch)?",
    "apr(?:il)?",
    "may",
    "june?",
    "july?",
    "aug(?:ust)?",
    "sept?(?:ember)?",
    "oct(?:ober)?",
    "nov(?:ember)?",
    "dec(?:ember)?",
)
_WEEKDAY = "(?i:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,? )"
_NTH = "(?i:st|nd|rd|th)?"
_NAME = rf"(?i:{'|'.join(_MONTHS)})\.?"
_NAMED = rf"{_WEEKDAY}?(?:[0-9]{{1,2}}{_NTH}(?:-|/| |\. )?{_NAME}(?:-|/|,? )?[0-9]{{4}}|{_NAME} [0-9]{{1,2}}{_NTH},? [0-9]{{4}})"
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?: ?[AaPp][Mm])?"
_ZONE = r"(?: ?(?:[Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?))?"
#: 1970-01-01T00:00:00.000000 without AM or PM, in UTC.
EXAMPLE = "1970-01-01T00:00:00.000000n+0000"
FIXED_WIDTH = len(EXAMPLE)
#: Where each part begins, and its letters.
PLACES = {
    "year": (0, 4),
    "month": (5, 2),
    "day": (8, 2),
    "hour": (11, 2),
    "minute": (14, 2),
    "second": (17, 2),
    "micros": (20, 6),
    "zone_hour": (28, 2),
    "zone_minute": (30, 2),
}
HALF, ZONE_SIGN = 26, 27
_ANY = "[ -~]"
_STEPS = (
    (rf"^({_ANY}{{10}})$", r"\1T00:00:00"),
    (rf"^({_ANY}{{11}})([0-9]:)", r"\10\2"),
    (rf"^({_ANY}{{16}})([^:]|$)", r"\1:00\2"),
    (rf"^({_ANY}{{19}})([^.,]|$)", r"\1.0\2"),
    (rf"^({_ANY}{{20}})([0-9]{{1,6}})[0-9]*", r"\1\2000000"),
    (rf"^({_ANY}{{26}})[0-9]*", r"\1"),
    (rf"^({_ANY}{{26}}) ?([AaPp])[Mm]", r"\1\2"),
    (rf"^({_ANY}{{26}})([^AaPp]|$)", r"\1n\2"),
    (rf"^({_ANY}{{27}}) ?(?:[Zz]|UTC|GMT)?$", r"\1+0000"),
    (rf"^({_ANY}{{27}}) ?([+-][0-9]{{2}}):?([0-9]{{2}})?$", r"\1\2\3"),
    (rf"^({_ANY}{{30}})$", r"\100"),
)
_STEPS_FROM_NAMES = (
    (f"^{_WEEKDAY}", ""),
    (rf"^([0-9]{{1,2}}){_NTH}(?:-|/| |\. )?([A-Za-z]+)\.?(?:-|/|,? )?([0-9]{{4}})", r"\3-\2-\1"),
    (rf"^([A-Za-z]+)\.? ([0-9]{{1,2}}){_NTH},? ([0-9]{{4}})", r"\3-\1-\2"),
    *((rf"^([0-9]{{4}}-)(?i:{name})-", rf"\1{number:02}-") for number, name in enumerate(_MONTHS, 1)),
    (r"^([0-9]{4}-[0-9]{2}-)([0-9])([^0-9]|$)", r"\10\2\3"),
    *_STEPS,
)
#: Of four-digit years, in days from 1970-01-01.
FIRST_DAY, LAST_DAY = -719_528, 2_932_896
MICROS_OF_DAY = 86_400_000_000
#: By order, what an error says may stand in a cell.
ALLOWED = {
    ISO: "an ISO date: 2024-01-31 or 2024-01-31T10:00:00",
    DAY_FIRST: "a date with the day first, 31.01.2024 or 31/01/2024 10:00, or an ISO date",
    MONTH_FIRST: "a date with the month first, 01/31/2024 or 1/31/2024 10:00 PM, or an ISO date",
    MONTH_NAME: "a date with the month's English name, 31-Jan-2024 or Jan 31, 2024 10:00 PM, or an ISO date",
}


def pattern(order: str) -> str:
    """What a date looks like, as RE2 of the whole text; whether there is such a day is for arithmetic to find.

    order : one of reading.DATE_ORDERS.
    """
    more = {ISO: "", MONTH_NAME: f"|{_NAMED}"}.get(order, f"|{_YEAR_LAST}")
    return f"(?:{_YEAR_FIRST}{more})(?:[Tt ]{_TIME}{_ZONE})?"


def steps(order: str) -> tuple[tuple[str, str], ...]:
    """RE2 patterns and what each is replaced by once, one after another: from what `pattern` takes to FIXED_WIDTH."""
    if order == ISO:
        return _STEPS
    if order == MONTH_NAME:
        return _STEPS_FROM_NAMES
    ymd = r"\3-\2-\1" if order == DAY_FIRST else r"\3-\1-\2"
    return (
        (r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})", ymd),
        (r"^([0-9]{4}[-/])([0-9][-/])", r"\10\2"),
        (r"^([0-9]{4}[-/][0-9]{2}[-/])([0-9])([^0-9]|$)", r"\10\2\3"),
        *_STEPS,
    )


def are_dates(texts: Any, order: str = ISO) -> Any:
    """A pyarrow boolean array: is this text a date that exists."""
    import pyarrow.compute as pc

    return pc.is_valid(as_iso(texts, order))


def as_iso(texts: Any, order: str = ISO) -> Any:
    """The same instants as pyarrow strings in UTC: 2024-01-31, 2024-01-31T10:00:00 or 2024-01-31T10:00:00.25.

    Null where the text is no date. What it gives it reads again as the same.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    shaped = pc.fill_null(pc.match_substring_regex(texts, f"^{pattern(order)}$"), False)
    written = _written(texts.filter(shaped), order)
    places = np.cumsum(shaped.to_numpy(zero_copy_only=False)) - 1
    return written.take(pa.array(places, mask=~shaped.to_numpy(zero_copy_only=False)))


def _written(texts: Any, order: str) -> Any:
    """As `as_iso`.  texts : all in the pattern of the order."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    fixed = texts
    for old, new in steps(order):
        fixed = pc.replace_substring_regex(fixed, old, new, max_replacements=1)
    letters = np.array(fixed.to_pylist(), f"S{FIXED_WIDTH}").view(np.uint8).reshape(len(texts), FIXED_WIDTH)
    days, micros, exists = _instants(letters)
    stamps = np.where(exists, days, 0).astype("datetime64[D]").astype("datetime64[us]")
    stamps = stamps + np.where(exists, micros, 0).astype("timedelta64[us]")
    written = pa.array(np.datetime_as_string(stamps, unit="us"), pa.string())
    for old, new in ((r"\.000000$", ""), (r"(\.[0-9]*[1-9])0+$", r"\1")):
        written = pc.replace_substring_regex(written, old, new, max_replacements=1)
    written = pc.if_else(pc.match_substring(texts, ":"), written, pc.utf8_slice_codeunits(written, 0, 10))
    return pc.if_else(pa.array(exists), written, None)


def _instants(letters: Any) -> tuple[Any, Any, Any]:
    """Days since 1970-01-01 and microseconds of the day, in UTC, and whether there is such a time.

    letters : (n, FIXED_WIDTH) uint8.
    """
    import numpy as np

    def part(name: str) -> Any:
        start, length = PLACES[name]
        digits = letters[:, start : start + length].astype(np.int64) - ord("0")
        return digits @ 10 ** np.arange(length - 1, -1, -1)

    year, month, day, hour, minute, second = map(part, ("year", "month", "day", "hour", "minute", "second"))
    zone_hour, zone_minute, fraction = part("zone_hour"), part("zone_minute"), part("micros")
    half = letters[:, HALF] | 0x20
    is_24, is_pm = half == ord("n"), half == ord("p")
    is_end = (hour == 24) & (minute == 0) & (second == 0) & (fraction == 0)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (minute <= 59) & (second <= 60)
    exists &= (
        np.where(is_24, (hour <= 23) | is_end, (hour >= 1) & (hour <= 12)) & (zone_hour <= 23) & (zone_minute <= 59)
    )
    months = (year - 1970) * 12 + np.clip(month, 1, 12) - 1
    begin, end = (m.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for m in (months, months + 1))
    exists &= begin + day <= end
    hour = np.where(is_24, hour, hour % 12 + 12 * is_pm)
    offset = (zone_hour * 60 + zone_minute) * np.where(letters[:, ZONE_SIGN] == ord("-"), -60, 60)
    micros = ((hour * 60 + minute) * 60 + second - offset) * 1_000_000 + fraction
    days = begin + day - 1 + micros // MICROS_OF_DAY
    return days, micros % MICROS_OF_DAY, exists & (days >= FIRST_DAY) & (days <= LAST_DAY)
