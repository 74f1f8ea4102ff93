import keyword

from models.served_names import is_plain, served_names
from tests.models.hostile_names import HOSTILE


def test_names_that_are_plain_stay_and_hyphens_become_underscores():
    assert served_names(["age", "hours_per_week", "Pclass", "a__b"]) == ("age", "hours_per_week", "Pclass", "a__b")
    assert served_names(["hours-per-week"]) == ("hours_per_week",)


def test_every_name_is_one_that_tensorflow_takes_and_stands_once_whatever_its_case():
    keys = served_names(HOSTILE)
    assert all(is_plain(key) and key.isascii() and not keyword.iskeyword(key) for key in keys)
    assert len({key.lower() for key in keys}) == len(HOSTILE)


def test_names_stay_when_other_columns_come_or_go():
    # What TensorFlow cannot tell apart from a lower-case name beside it: the one exception that the docstring names.
    beside = {"a-b", "Age", "AGE"}
    together = dict(zip(HOSTILE, served_names(HOSTILE), strict=True))
    assert {name: served_names([name])[0] for name in HOSTILE if name not in beside} == {
        name: key for name, key in together.items() if name not in beside
    }


def test_the_order_of_columns_does_not_matter():
    turned = HOSTILE[::-1]
    assert served_names(turned) == served_names(HOSTILE)[::-1]
