"""`--set training.epochs=3`: one value of the settings file replaced from the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.settings import remedies as settings_remedies
from pipeline.settings import yaml as settings_yaml
from pipeline.settings.declaration import SHORT_FORMS
from pipeline.settings.yaml import BadYaml, Tree
from schemas.errors import Problem, SettingsError


@dataclass(frozen=True)
class Override:
    """text : as given.  key : dotted.  tree : the value, read as YAML.  keys : every dotted key it decides."""

    text: str
    key: str
    tree: Tree = field(repr=False)

    @property
    def keys(self) -> tuple[str, ...]:
        inner = {*self.tree.lines, *(k for k in self.tree.texts if k)}
        return (self.key, *(f"{self.key}.{k}" for k in sorted(inner)))


def parse(text: str) -> Override:
    """Reads "key=value". Raises SettingsError naming the override."""
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key or any(not part for part in key.split(".")):
        remedy = "write the key, an equals sign and the value, without spaces around: --set training.epochs=3"
        raise _bad(text, f"{text!r}", "key=value, with dots between the parts of the key", remedy)
    try:
        tree = settings_yaml.read(value)
    except BadYaml as error:
        raise _bad(
            text, error.got, "a value in YAML: 3, true, text, [a, b]", "put text with special characters in quotes"
        ) from None
    section, _, rest = key.partition(".")
    if section in SHORT_FORMS and not rest and not isinstance(tree.value, dict):
        key = f"{section}.{SHORT_FORMS[section]}"
    return Override(text, key, tree)


def apply(override: Override, tree: Tree) -> None:
    """Puts the value into `tree`, in place, making sections on the way. Raises SettingsError naming the override."""
    *sections, last = override.key.split(".")
    current: Any = tree.value
    for depth, name in enumerate(sections):
        current = _enter(override, current, name, ".".join(sections[: depth + 1]))
    if isinstance(current, list):
        current[_index(override, current, last)] = override.tree.value
    elif isinstance(current, dict):
        current[last] = override.tree.value
    else:
        raise _nothing_inside(override, ".".join(sections), current)
    _replace_notes(override, tree)


def _enter(override: Override, current: Any, name: str, so_far: str) -> Any:
    if isinstance(current, list):
        return current[_index(override, current, name)]
    if not isinstance(current, dict):
        raise _nothing_inside(override, so_far.rpartition(".")[0], current)
    if current.get(name) is None:
        current[name] = {}
    return current[name]


def _index(override: Override, items: list[Any], name: str) -> int:
    if name.isdecimal() and int(name) < len(items):
        return int(name)
    count = f"the list has {len(items)}: 0 to {len(items) - 1}" if items else "the list is empty"
    raise _bad(
        override.text,
        f"the place {name!r} in a list",
        f"a number of an item ({count})",
        "name an item that is there, or set the whole list: key=[a, b]",
    )


def _nothing_inside(override: Override, key: str, value: Any) -> SettingsError:
    return _bad(
        override.text,
        f"a key inside {key}, which is {settings_remedies.show(value)}",
        "a key of a section",
        f"set {key} itself: --set {key}=...",
    )


def _replace_notes(override: Override, tree: Tree) -> None:
    """Lines and texts below the key are those of the override now."""
    inside = f"{override.key}."
    for notes in (tree.lines, tree.texts):
        for key in [k for k in notes if k == override.key or k.startswith(inside)]:
            del notes[key]
    for key, text in override.tree.texts.items():
        tree.texts[f"{inside}{key}" if key else override.key] = text


def _bad(text: str, got: str, allowed: str, remedy: str) -> SettingsError:
    return SettingsError(
        "An override on the command line cannot be used.", Problem(f"--set {text}", got, allowed, remedy)
    )
