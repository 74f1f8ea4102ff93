"""What pydantic found wrong, as problems a person can act on. No word of pydantic's reaches the user."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pipeline.settings.declaration import SHORT_FORMS
from pipeline.settings.remedies import remedy, show
from pipeline.settings.words import ROOT, Shape, allowed, choices, leaves, section_keys, shape_at
from schemas.contradiction import Contradiction, Contradictions
from schemas.errors import Problem
from schemas.names import did_you_mean, nearest

#: Pydantic's words for a key that a section does not have: of its own models, and of dataclasses.
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
#: From a dotted key to "configs/x.yaml, line 12, key training.epochs".
Place = Callable[[str], str]


@dataclass(frozen=True)
class _Finding:
    """One error of pydantic's, with its location cut to the keys that the user wrote.

    of_name : the name of an entry in a free mapping is wrong, not its value.
    """

    kind: str
    path: tuple[str | int, ...]
    value: Any
    error: Exception | None
    of_name: bool

    @property
    def key(self) -> str:
        return ".".join(map(str, self.path))


def problems(error: ValidationError, place: Place) -> list[Problem]:
    """One problem per wrong key, in the order of settings.py."""
    found: dict[str, list[Problem]] = {}
    for finding in _findings(error):
        # A union reports each of its branches; the user made one mistake.
        if finding.key not in found:
            found[finding.key] = list(_problems(finding, place))
    return [problem for group in found.values() for problem in group]


def _findings(error: ValidationError) -> Iterator[_Finding]:
    for one in error.errors(include_url=False):
        location = one["loc"]
        unknown = one["type"] in _UNKNOWN
        path = location if unknown else _known_part(location)
        yield _Finding(
            "unknown" if unknown else one["type"],
            path,
            one["input"],
            one.get("ctx", {}).get("error"),
            location[-1:] == ("[key]",),
        )


def _known_part(location: Sequence[str | int]) -> tuple[str | int, ...]:
    """The location without pydantic's own words for the branches of a union."""
    kept = 0
    while kept < len(location) and shape_at(location[: kept + 1]).key != shape_at(location[:kept]).key:
        kept += 1
    return tuple(location[:kept])


def _problems(finding: _Finding, place: Place) -> Iterator[Problem]:
    if isinstance(finding.error, Contradictions):
        yield from (_contradiction(one, finding.key, place) for one in finding.error.found)
    elif finding.kind == "unknown":
        yield _unknown(finding, place)
    elif finding.kind == "missing":
        yield _missing(finding, place)
    else:
        yield _wrong(finding, place)


def _contradiction(one: Contradiction, section: str, place: Place) -> Problem:
    key = ".".join(part for part in (section, one.key) if part)
    return Problem(place(key), one.got, one.allowed, one.remedy)


def _unknown(finding: _Finding, place: Place) -> Problem:
    name, section = str(finding.path[-1]), shape_at(finding.path[:-1])
    known = section_keys(section)
    return Problem(
        place(finding.key), f"the unknown key {name!r}", ", ".join(known), nearest_key(name, section, finding.value)
    )


def nearest_key(name: str, section: Shape = ROOT, value: Any = None) -> str:
    """What to do about an unknown key: the nearest key of its section, or the section where that key belongs."""
    plain = name.lower().replace("-", "_").replace(" ", "_")
    near = nearest(plain, section_keys(section))
    exact_elsewhere = [s.key for s in leaves() if s.key.rpartition(".")[2] == plain and s.key != plain]
    if near and (near == plain or not exact_elsewhere):
        return f"did you mean {near}? Else delete the line"
    if exact_elsewhere:
        return f"it belongs elsewhere: write it as {' or '.join(exact_elsewhere)}"
    everywhere = {s.key.rpartition(".")[2]: s.key for s in leaves()}
    near = nearest(plain, everywhere, likeness=0.75)
    if near:
        return f"did you mean {everywhere[near]}? Else delete the line"
    return "delete the line (`sluicegate settings` lists every key)"


def _missing(finding: _Finding, place: Place) -> Problem:
    name = str(finding.path[-1])
    short = (SHORT_FORMS[name],) if finding.key in SHORT_FORMS else ()
    shape = shape_at((*finding.path, *short))
    why = f" ({shape.why[0].lower()}{shape.why[1:].rstrip('.')})" if shape.why else ""
    return Problem(place(finding.key), "nothing: the key is missing", allowed(shape), f"add `{name}: ...`{why}")


def _wrong(finding: _Finding, place: Place) -> Problem:
    if finding.of_name:
        return _unknown_name(finding, place)
    shape = shape_at(finding.path)
    may = f"{allowed(shape)}. {shape.why}".rstrip(". ")
    return Problem(place(finding.key), show(finding.value), may, remedy(shape, finding.value))


def _unknown_name(finding: _Finding, place: Place) -> Problem:
    """A key of a free mapping whose keys are choices: split.folders.trian."""
    names = choices(shape_at(finding.path[:-1]).hint.__args__[0])
    what_to_do = did_you_mean(finding.path[-1], names, "use one of these names")
    return Problem(place(finding.key), f"the unknown key {str(finding.path[-1])!r}", ", ".join(names), what_to_do)
