"""What differs between two runs of the same data, settings and code, taken out of verdicts before they enter a card.

A version number is the time of a push, a run id is the time of a run, and a serving check measures milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from schemas.verdict import Measurement, Status

_RELEASED = re.compile(r"(the )?released version \d+( \(run [^)]*\))?", re.IGNORECASE)
_VERSION = re.compile(r"\bversion \d+")
_PATH = re.compile(r"(?<![\w.])/(?:[^\s/]+/)+[^\s/]*[^\s/.,;:)]")
SERVING_CHECK = "serving_check"


def steady(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The measurements with the released model called so, and not by the number of its version; without paths."""
    return tuple(replace(m, detail=_steady(m.detail)) for m in measurements)


def of_release(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The release gate's measurements; what it repeats of the serving check is times, so its sentence is ours."""
    return steady(replace(m, detail=_of_serving(m)) if m.name == SERVING_CHECK else m for m in measurements)


def source(path: str) -> str:
    """The table as the settings name it; of an absolute path the last part, because its folders are one machine's.

    >>> source("data/census/adult.csv"), source("/home/me/adult.csv")
    ('data/census/adult.csv', 'adult.csv')
    """
    one = PurePosixPath(path)
    return (one.name or path) if one.is_absolute() else PureWindowsPath(path).name if ":" in path[:3] else path


def _steady(text: str) -> str:
    text = _VERSION.sub("the released version", _RELEASED.sub(_named, text))
    return _PATH.sub("the folders of that machine", text)


def _named(found: re.Match[str]) -> str:
    return "The released model" if found[0][0].isupper() else "the released model"


def _of_serving(m: Measurement) -> str:
    if m.reason == "not_configured":
        return m.detail
    said = m.reason.replace("_", " ")
    if m.status is Status.PASSED:
        return "overridden: it did not pass." if said == "overridden" else "A real server answered as it must."
    return f"A real server did not answer as it must ({said or m.status.value})."
