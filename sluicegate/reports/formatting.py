"""How numbers, times and names are written, the same on every page."""

from __future__ import annotations

import datetime
import math
import re

from markupsafe import Markup

ABSENT = "–"
NARROW = "\u202f"  # narrow no-break space: keeps a number and its unit on one line
_MINUTE = 60
_HOUR = 3600
#: Longer words are nobody's: digests, and names from a hostile table. They break where they must.
LONGEST_WORD = 26
#: Units of things that are counted.
COUNTED = ("rows", "count", "columns", "values", "anomalies", "requests", "groups", "questions")
_ACRONYMS = {
    "auc": "AUC",
    "roc": "ROC",
    "pr": "PR",
    "rmse": "RMSE",
    "mae": "MAE",
    "mse": "MSE",
    "ece": "ECE",
    "r2": "R²",
    "id": "ID",
    "f1": "F1",
    "tpr": "TPR",
    "fpr": "FPR",
    "p99": "p99",
    "p95": "p95",
    "p50": "p50",
}

#: What is asked, where a name says what is wrong: "PASSED Leak suspected" would be a riddle. Those of TFDV stand in runs of long ago.
_QUESTIONS = {
    "leak_suspected": "No column gives the label away",
    "comparator_jensen_shannon_divergence_high": "Skew of numbers",
    "comparator_l_infty_high": "Skew of categories",
    "drift_jensen_shannon_divergence_high": "Drift of numbers",
    "drift_l_infty_high": "Drift of categories",
    "not_finite_outputs": "Answers that are no finite number",
}


def number(value: float | None) -> str:
    """A measured number: four decimals up to 100, fewer above, thousands separated; a dash where there is none.

    >>> number(0.91234), number(1234.5), number(None)
    ('0.9123', '1,234.5', '–')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    size = abs(value)
    if 0 < size < 0.00005:
        return f"{value:.1e}".replace("-", "−")
    decimals = 4 if size < 100 else 2 if size < 1000 else 1 if size < 100_000 else 0
    return f"{value:,.{decimals}f}".replace("-", "−")


def brief(value: float | None) -> str:
    """A number from the data itself, at most four significant digits and no trailing zeros.

    >>> brief(38.0), brief(1077.4), brief(0.03125), brief(99999.0)
    ('38', '1,077', '0.03125', '99,999')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−") if abs(value) < 1e12 else f"{value:.3g}"
    return f"{value:.4g}".replace("-", "−")


def count(value: float | None) -> str:
    """A whole number with thousands separators.

    >>> count(32561)
    '32,561'
    """
    return ABSENT if value is None or not math.isfinite(value) else f"{value:,.0f}".replace("-", "−")


def percent(share: float | None) -> str:
    r"""A share between 0 and 1 in percent; a share that is small but not nothing never reads as nothing.

    >>> percent(0.0564), percent(0.00001), percent(0.0)
    ('5.6\u202f%', '<\u202f0.1\u202f%', '0\u202f%')
    """
    if share is None or not math.isfinite(share):
        return ABSENT
    if share in (0, 1):
        return f"{share * 100:.0f}{NARROW}%"
    if abs(share) < 0.0005:
        return f"<{NARROW}0.1{NARROW}%"
    return f"{share * 100:.1f}{NARROW}%".replace("-", "−")


def seconds(value: float | None) -> str:
    r"""A duration.

    >>> seconds(0.42), seconds(75.0), seconds(3840)
    ('0.4\u202fs', '1\u202fmin\u202f15\u202fs', '1\u202fh\u202f04\u202fmin')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if value < _MINUTE - 0.05:
        return f"{value:.1f}{NARROW}s"
    whole = round(value)
    if whole < _HOUR:
        return f"{whole // _MINUTE}{NARROW}min{NARROW}{whole % _MINUTE:02d}{NARROW}s"
    return f"{whole // _HOUR}{NARROW}h{NARROW}{whole % _HOUR // _MINUTE:02d}{NARROW}min"


def quantity(value: float | None, unit: str = "") -> str:
    r"""A number in the unit of its measurement: shares ("share of rows"), counts and seconds have their own look.

    >>> quantity(0.034, "share"), quantity(12.0, "requests"), quantity(7.2539, "ms")
    ('3.4\u202f%', '12', '7.254\u202fms')
    """
    if value is None or not math.isfinite(value):
        return ABSENT
    if unit.split(" ", 1)[0] in ("share", "fraction"):
        return percent(value)
    if unit in COUNTED and value == int(value):
        # The word stands in the name of the measurement already.
        return count(value)
    if unit in ("s", "seconds"):
        return seconds(value)
    # What has a physical unit was measured with a clock or a scale: four digits are more than it is good for.
    return f"{brief(value)}{NARROW}{unit}" if unit else number(value)


def change(value: float | None, baseline: float | None) -> str:
    """The signed difference from the baseline.

    >>> change(0.92, 0.91)
    '+0.0100'
    """
    if value is None or baseline is None:
        return ABSENT
    return signed(value - baseline)


def signed(value: float | None) -> str:
    """A difference, which always has a sign.

    >>> signed(0.01), signed(-0.002), signed(None)
    ('+0.0100', '−0.0020', '–')
    """
    return ABSENT if value is None else ("+" if value >= 0 else "") + number(value)


def label(name: str) -> str:
    """The name of a metric, or of what a gate asks, as people write it.

    >>> label("pr_auc"), label("log_loss"), label("leak_suspected")
    ('PR AUC', 'Log loss', 'No column gives the label away')
    """
    if name in _QUESTIONS:
        return _QUESTIONS[name]
    words = [_ACRONYMS.get(word, word) for word in name.split("_") if word]
    text = " ".join(words) or name
    return text[:1].upper() + text[1:] if words and words[0] not in _ACRONYMS.values() else text


def class_said(value: str, label: str) -> str:
    """A class as a sentence can take it: by itself it may be no more than "1".

    >>> class_said("1", "defaulted"), class_said(">50K", ""), class_said("", "defaulted")
    ('defaulted = 1', '>50K', 'positive')
    """
    if not value:
        return "positive"
    return f"{label} = {value}" if label else value


def tile_size(text: str) -> str:
    """How large a figure can be written in its tile: "" for a short one, else the CSS class that keeps it on a line.

    >>> tile_size("0.9243"), tile_size("1,504,520"), tile_size("equal_opportunity")
    ('', 'longer', 'longest')
    """
    longest = max(map(len, re.split(r"[ \n]", text)))
    return "" if longest <= 7 else "longer" if longest <= 9 else "longest"


def breakable(text: str) -> Markup:
    """Text with places where a long name may go on in the next line, and numbers that never do.

    >>> breakable("native_country: 2e-16")
    Markup('native_<wbr>country: 2e−16')
    """
    whole = re.sub(r"(?<=\d)e-(?=\d)", "e−", text)
    parts = re.split(r"(?<=[_/=])(?=[^\s_/.=])|(?<=\.)(?=[^\s\d_/.=])", whole)
    return Markup("<wbr>").join(parts)


def is_endless(text: str) -> bool:
    """Whether a word of it is longer than a column of a table can be, with no place to break.

    >>> is_endless("equal_opportunity_difference"), is_endless("x" * 40)
    (False, True)
    """
    return any(len(word) > LONGEST_WORD for word in re.split(r"[\s_/.=\-]+", text))


def moment(iso: str) -> str:
    """An ISO 8601 time to the minute, in UTC; what cannot be read is returned as it is.

    >>> moment("2025-11-21T04:06:31+00:00")
    '2025-11-21 04:06 UTC'
    """
    try:
        time = datetime.datetime.fromisoformat(iso)
    except ValueError:
        return iso
    if time.tzinfo is not None:
        time = time.astimezone(datetime.UTC)
    return f"{time:%Y-%m-%d %H:%M} UTC"
