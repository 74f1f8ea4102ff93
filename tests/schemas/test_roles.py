"""Roles as JSON: words for no value stand once, and what earlier versions wrote is read."""

from __future__ import annotations

import json

from schemas.reading import NumberFormat, Reading
from schemas.roles import Roles

WORDS = ("", "NA", r"\N")
READINGS = {
    "a": Reading("int", WORDS, number=NumberFormat(",", ".")),
    "b": Reading("text", WORDS, boolean=True),
    "country": Reading("text"),
    "c": Reading("text", ("?",), date="iso"),
}
ROLES = Roles("y", "binary", ("no", "yes"), weight="w", ids=("id",), kinds={"c": "date"}, readings=READINGS)


def test_roles_come_back_as_they_were() -> None:
    assert Roles.from_json(ROLES.to_json()) == ROLES
    assert Roles.from_json(Roles("y", "regression").to_json()) == Roles("y", "regression")


def test_the_words_of_most_columns_stand_once() -> None:
    written = json.loads(ROLES.to_json())
    assert written["missing"] == list(WORDS)
    assert ["missing" in written["readings"][name] for name in ("a", "b", "country", "c")] == [False, False, True, True]


def test_what_earlier_versions_wrote_is_read() -> None:
    written = json.loads(ROLES.to_json())
    del written["missing"]
    before = {**written, "readings": {name: reading.to_json() for name, reading in READINGS.items()}}
    assert Roles.from_json(json.dumps(before)) == ROLES
    del before["readings"]
    assert Roles.from_json(json.dumps(before)).readings == {}
