from pathlib import Path

import pytest

from sluicegate.serving.config import All, Latest, ModelConfig, Specific, parse
from sluicegate.serving.status import ServingError


def text(inside):
    return f"model_config_list {{ config {{ {inside} }} }}"


def test_a_file_as_the_documentation_of_tensorflow_serving_shows_it():
    found = parse("""
    model_config_list {
      config { name: 'first' base_path: '/models/first' model_platform: 'tensorflow' }
      config {
        name: 'second' base_path: '/models/second'
        model_version_policy { specific { versions: 42 versions: 43 } }
        version_labels { key: 'stable' value: 42 } version_labels { key: 'canary' value: 43 }
      }
      config { name: 'third' base_path: '/m' model_version_policy { latest { num_versions: 2 } } }
      config { name: 'fourth' base_path: '/m' model_version_policy { all: {} } }
    }""")
    assert found == (
        ModelConfig("first", Path("/models/first"), Latest(1)),
        ModelConfig("second", Path("/models/second"), Specific(frozenset({42, 43})), {"stable": 42, "canary": 43}),
        ModelConfig("third", Path("/m"), Latest(2)),
        ModelConfig("fourth", Path("/m"), All()),
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            text("name: 'a' base_path: 'models/a'"),
            r"Expected model a to have an absolute path or URI; got base_path\(\)=models/a",
        ),
        (
            "model_config_list { config { name: 'a' base_path: '/a' } config { name: 'a' base_path: '/b' } }",
            "Illegal to list model a multiple times in config list",
        ),
        (text("base_path: '/a'"), "no name"),
        (text("name: 'a' base_path: '/a' model_platform: 'jax'"), "platform 'jax'"),
        ("model_config_lisst {}", "cannot be parsed"),
        ("custom_model_config {}", "not supported"),
    ],
)
def test_what_is_refused(wrong, said):
    with pytest.raises(ServingError, match=said):
        parse(wrong)


def test_policies():
    found = {3, 1, 10, 7}
    assert Latest().wanted(found) == {10}
    assert Latest(3).wanted(found) == {3, 7, 10}
    assert All().wanted(found) == found
    assert Specific(frozenset({1, 2})).wanted(found) == {1}
    assert Latest().wanted(set()) == set()
