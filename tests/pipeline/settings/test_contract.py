"""Walks over every setting there is: a new field without range, unit or reason fails here, not at a user's."""

import copy
import itertools
import re

import pytest
import yaml

from pipeline.settings import words
from pipeline.settings.file import load
from schemas.errors import SettingsError

BASE = {"name": "x", "data": {"path": "a.csv"}, "label": {"column": "y"}}
LIMIT = {"metric": "auc", "at_least": 0.5}
JARGON = re.compile(r"Input should|validation error|type=|pydantic|unable to parse|\bNone\b|Traceback|<class")


def _all_shapes():
    for shape in words.leaves():
        yield shape
        item = words.item_of(shape)
        if item and words.section_keys(item):
            yield from words.section_keys(item).values()
        elif item:
            yield item


SHAPES = {shape.key: shape for shape in _all_shapes()}
NUMBERS = {key: shape for key, shape in SHAPES.items() if words.is_number(shape.hint)}
FIELDS = {key: shape for key, shape in SHAPES.items() if shape.info is not None}


def _sections(shape=words.ROOT):
    yield shape
    for inner in words.section_keys(shape).values():
        if words.section_keys(inner):
            yield from _sections(inner)
        elif words.item_of(inner) and words.section_keys(words.item_of(inner)):
            yield words.item_of(inner)


SECTIONS = {shape.key: shape for shape in _sections()}


def _around(key):
    """What must stand beside an item of a list for it to make sense."""
    if key.startswith("quality_gate.limits."):
        return {"quality_gate": {"limits": [dict(LIMIT)]}}
    if key.startswith("overrides."):
        return {"overrides": [{"gate": "fairness", "by": "A. Person", "reason": "tried on purpose"}]}
    if key.startswith("fairness."):
        gap = {"at_least": 0.8} if key.endswith("at_least") else {"at_most": 0.1}
        kind = "ratio" if "at_least" in gap else "difference"
        limit = {"measure": f"demographic_parity_{kind}", "of": ["sex"], **gap}
        sensitive = [{"column": "sex"}, {"column": "age"}][:: -1 if key.startswith("fairness.sensitive.") else 1]
        return {"fairness": {"sensitive": sensitive, "limits": [limit]}}
    return {}


def _with(key, value):
    """The base settings with one value put at a dotted key."""
    content = copy.deepcopy(BASE)
    content |= _around(key)
    current, parts = content, key.split(".")
    for part, following in itertools.pairwise(parts):
        if isinstance(current, list):
            current = current[int(part)]
        else:
            current = current.setdefault(part, [] if following.isdecimal() else {})
    if isinstance(current, list):
        current[:] = [value]
    else:
        current[parts[-1]] = value
    return content


def _problems_of(path):
    try:
        load(path)
    except SettingsError as error:
        return error.problems
    return ()


def _problems(tmp_path, content):
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    with pytest.raises(SettingsError) as raised:
        load(path)
    assert raised.value.exit_code == 64
    assert not JARGON.search(str(raised.value)), str(raised.value)
    return raised.value.problems


def _the_problem_at(tmp_path, key, value):
    problems = _problems(tmp_path, _with(key, value))
    [found] = [p for p in problems if p.place.endswith(f", key {key}")]
    assert re.search(r"my\.yaml, line \d+, key ", found.place)
    assert found.got
    assert found.allowed
    assert found.remedy
    return found


def test_the_walk_sees_the_fields():
    assert {"training.epochs", "evaluation.threshold", "quality_gate.limits.0.max_drop", "training.layers.0"} <= set(
        NUMBERS
    )
    assert len(FIELDS) > 45


@pytest.mark.parametrize("key", FIELDS)
def test_every_setting_says_what_it_is_for(key):
    assert len(FIELDS[key].why) >= 8


@pytest.mark.parametrize("key", NUMBERS)
def test_every_number_declares_range_unit_and_reason(key):
    shape = NUMBERS[key]
    bound = words.range_of(shape)
    assert bound.low is not None
    assert bound.high is not None
    assert bound.low < bound.high
    if shape.info is not None:
        assert shape.unit
        assert shape.why


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("key", NUMBERS)
def test_a_number_out_of_range_is_refused_with_its_range(tmp_path, key, end):
    bound = words.range_of(NUMBERS[key])
    limit = getattr(bound, end)
    beyond = limit - 1 if end == "low" else limit + max(1, abs(limit) * 1e-3)
    value = int(beyond) if NUMBERS[key].hint is int else beyond
    found = _the_problem_at(tmp_path, key, value)
    assert found.got == repr(value)
    assert words.show_number(bound.low) in found.allowed
    assert words.show_number(bound.high) in found.allowed
    assert words.show_number(limit) in found.remedy


@pytest.mark.parametrize("key", [k for k, s in NUMBERS.items() if words.range_of(s).above])
def test_an_open_end_is_not_allowed_itself(tmp_path, key):
    assert "above" in _the_problem_at(tmp_path, key, words.range_of(NUMBERS[key]).low).remedy


@pytest.mark.parametrize("key", NUMBERS)
def test_the_ends_of_a_range_are_allowed(tmp_path, key):
    bound = words.range_of(NUMBERS[key])
    ends = [bound.low] * (not bound.above) + [bound.high] * (not bound.below)
    for end in ends:
        path = tmp_path / "my.yaml"
        value = int(end) if NUMBERS[key].hint is int else end
        path.write_text(yaml.safe_dump(_with(key, value)))
        # At an end, other rules may speak (the shares of a split must add up), but not the range.
        assert not any(p.allowed.startswith(words.allowed(NUMBERS[key])) for p in _problems_of(path))


def _wrong(shape):
    """A value of a kind that cannot be meant."""
    kind = getattr(shape.hint, "__origin__", shape.hint)
    if words.choices(shape.hint) or words.is_number(shape.hint) or kind is bool:
        return "zzz"
    return [1] if kind is str else 5


@pytest.mark.parametrize("key", SHAPES)
def test_a_wrong_kind_of_value_is_refused_in_plain_words(tmp_path, key):
    found = _the_problem_at(tmp_path, key, _wrong(SHAPES[key]))
    assert ("zzz" in found.got) or ("5" in found.got) or ("list [1]" in found.got)


@pytest.mark.parametrize("key", [k for k, s in NUMBERS.items() if s.info is not None])
def test_true_is_not_a_number(tmp_path, key):
    assert _the_problem_at(tmp_path, key, True).got == "true (true or false)"


@pytest.mark.parametrize("name", SECTIONS)
def test_an_unknown_key_suggests_the_nearest(tmp_path, name):
    section = SECTIONS[name]
    keys = words.section_keys(section)
    for known in keys:
        # Without its last letter `columns` is another key, which would be nearer.
        unknown = f"{known[:-1]}zz" if len(known) > 5 and known[:-1] not in keys else f"{known}z"
        key = f"{name}.{unknown}" if name else unknown
        [found] = [p for p in _problems(tmp_path, _with(key, 1)) if p.place.endswith(f"key {key}")]
        assert found.got == f"the unknown key {unknown!r}"
        assert known in found.allowed.split(", ")
        assert known in found.remedy


@pytest.mark.parametrize("name", [n for n in SECTIONS if n and not n.endswith(".0")])
def test_a_section_that_is_no_section_is_refused(tmp_path, name):
    assert _the_problem_at(tmp_path, name, [5]).allowed.startswith("a section with the keys")


@pytest.mark.parametrize("key", ["name", "data", "label"])
def test_a_missing_key_is_named(tmp_path, key):
    content = {k: v for k, v in BASE.items() if k != key}
    [found] = _problems(tmp_path, content)
    assert found.place.endswith(f"my.yaml, key {key}")
    assert f"`{key}: ...`" in found.remedy
