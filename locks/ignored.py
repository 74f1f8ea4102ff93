"""The list of known vulnerabilities that are let pass for a while."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from locks.reading import normal
from schemas.errors import Problem, UsageError

FILE = Path(__file__).with_name("ignored.toml")
_WORDS = {"id": str, "package": str, "reason": str, "until": date}


@dataclass(frozen=True)
class Ignored:
    """until : the first day on which it is a finding again."""

    id: str
    package: str
    reason: str
    until: date

    def covers(self, package: str, names: Collection[str]) -> bool:
        """Whether it is about this one.  names : all that the vulnerability is known by."""
        return normal(self.package) == normal(package) and self.id.upper() in {name.upper() for name in names}


def read(file: Path = FILE) -> tuple[Ignored, ...]:
    """Raises UsageError for an entry without a reason, a day, or with words that mean nothing."""
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(str(file), str(error)) from None
    unknown = sorted(set(content) - {"ignored"})
    if unknown:
        raise _wrong(str(file), f"the word {unknown[0]!r}")
    return tuple(_one(entry, f"{file}, entry {number}") for number, entry in enumerate(content.get("ignored", ()), 1))


def _one(entry: Any, place: str) -> Ignored:
    for word, kind in _WORDS.items():
        value = entry.get(word) if isinstance(entry, dict) else None
        if type(value) is not kind or not str(value).strip():
            raise _wrong(place, f"{word}: {value!r}" if value is not None else f"no `{word}`")
    unknown = sorted(set(entry) - set(_WORDS))
    if unknown:
        raise _wrong(place, f"the word {unknown[0]!r}")
    return Ignored(**entry)


def _wrong(place: str, got: str) -> UsageError:
    allowed = "[[ignored]] with id, package, reason (texts) and until (a day such as 2027-02-28)"
    return UsageError(
        "The list of ignored vulnerabilities is wrong.", Problem(place, got, allowed, "correct the entry")
    )
