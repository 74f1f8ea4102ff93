"""A column that the settings name and the table lacks is found before anything runs."""

import pytest

from pipeline.local.table import look_at
from pipeline.settings.types import Settings
from schemas.errors import SettingsError

ROWS = "sex,age,y\n" + "".join(f"{'f' if n % 2 else 'm'},{20 + n},{'yes' if n % 3 else 'no'}\n" for n in range(300))


@pytest.mark.parametrize(
    ("key", "section"),
    [
        ("evaluation.slices.0", {"evaluation": {"slices": [["sexx"]]}}),
        ("fairness.sensitive.1", {"fairness": {"sensitive": ["sex", "sexx"]}}),
        ("explanation.immutable", {"explanation": {"immutable": ["sexx"]}}),
        ("explanation.monotone", {"explanation": {"monotone": {"sexx": "up"}}}),
    ],
)
def test_the_key_and_the_column_meant_are_named(tmp_path, key, section):
    (tmp_path / "t.csv").write_text(ROWS)
    settings = Settings(name="t", data=str(tmp_path / "t.csv"), label="y", **section)
    with pytest.raises(SettingsError) as raised:
        look_at(settings)
    [problem] = raised.value.problems
    assert (problem.place, problem.got, problem.remedy) == (f"key {key}", "'sexx'", "did you mean sex?")


def test_a_table_with_all_of_them_is_looked_at(tmp_path):
    (tmp_path / "t.csv").write_text(ROWS)
    sensitive = ["sex", {"column": "age", "bins": [40]}]
    settings = Settings(name="t", data=str(tmp_path / "t.csv"), label="y", fairness={"sensitive": sensitive})
    assert look_at(settings).roles.classes == ("no", "yes")
