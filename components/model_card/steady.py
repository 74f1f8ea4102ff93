"""What differs between two runs of the same data, settings and code, taken out of verdicts before they enter a card.

A version number is the time of a push, a run id is the time of a run, and some gates measure milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath, PureWindowsPath

from schemas.gates import Gate
from schemas.refusals import NOT_CONFIGURED, OVERRIDDEN
from schemas.verdict import Measurement, Status

_RELEASED = re.compile(r"(the )?released version \d+( \(run [^)]*\))?", re.IGNORECASE)
_VERSION = re.compile(r"\bversion \d+")
_PATH = re.compile(r"(?<![\w.])/(?:[^\s/]+/)+[^\s/]*[^\s/.,;:)]")


def steady(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The measurements with the released model called so, and not by the number of its version; without paths."""
    return tuple(replace(m, detail=_steady(m.detail)) for m in measurements)


def of_release(measurements: Iterable[Measurement], gates: Sequence[Gate]) -> tuple[Measurement, ...]:
    """The release gate's measurements; what it repeats of a gate that measures times is replaced by the gate's own words."""
    timed = {gate.id: gate for gate in gates if gate.is_timed}
    return steady(replace(m, detail=_untimed(m, timed[m.name])) if m.name in timed else m for m in measurements)


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


def _untimed(m: Measurement, gate: Gate) -> str:
    if m.reason == NOT_CONFIGURED:
        return m.detail
    if m.status is Status.PASSED:
        return "overridden: it did not pass." if m.reason == OVERRIDDEN else gate.kept
    return f"{gate.broken} ({m.reason.replace('_', ' ') or m.status.value})."
