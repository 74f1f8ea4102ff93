"""Reads configs/<name>.yaml into Settings, remembers which line said what, and tells all mistakes at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from pipeline.settings import (
    problems as settings_problems,
)
from pipeline.settings import (
    remedies as settings_remedies,
)
from pipeline.settings import (
    words as settings_words,
)
from pipeline.settings import (
    yaml as settings_yaml,
)
from pipeline.settings.declaration import SETTINGS_VERSION, SHORT_FORMS
from pipeline.settings.environment import Profile
from pipeline.settings.environments import chosen
from pipeline.settings.overrides import Override, apply, parse
from pipeline.settings.types import Settings
from pipeline.settings.yaml import BadYaml, Tree
from schemas.errors import Problem, SettingsError
from schemas.names import OF_FEW, nearest

#: A settings file is a few hundred lines; what is larger is a table or a model.
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class LoadedSettings:
    """Settings and where they come from.

    path : the file as it was named.  lines : dotted key (list items by index) to 1-based line of that file.
    overrides : the texts given with --set.  digest : SHA-256 of the effective values; comments and order do not count.
    set_by : dotted key to the override that decided it.
    environment : the chosen one of the settings' environments, its runner filled in; where a pipeline runs is no part of the digest.
    """

    settings: Settings
    path: str
    lines: Mapping[str, int]
    overrides: tuple[str, ...]
    digest: str
    set_by: Mapping[str, str]
    environment: Profile = field(default_factory=lambda: Profile(runner="local"))
    environment_name: str = "local"

    def where(self, key: str) -> str:
        """Where a dotted key's value comes from: "configs/census.yaml:31", "--set training.epochs=3" or "default"."""
        if key in self.set_by:
            return f"--set {self.set_by[key]}"
        return f"{self.path}:{self.lines[key]}" if key in self.lines else "default"


class Row(NamedTuple):
    """One effective setting, ready to print."""

    key: str
    value: str
    origin: str
    unit: str
    why: str


def load(path: str | Path, overrides: Sequence[str] = (), environment: str = "local") -> LoadedSettings:
    """The settings in the YAML file at `path`, changed by overrides such as "training.epochs=3".

    environment : name of the one to run in; where it has a `metadata` section of its own, that is the settings'.

    Raises SettingsError with every problem found, each with file, line and key, or where there is no such environment.
    """
    file = str(path)
    tree = _read(file)
    if not isinstance(tree.value, dict):
        raise _not_settings(file, tree.value)
    _expand_short_forms(tree)
    changes = [parse(text) for text in overrides]
    for change in changes:
        apply(change, tree)
    _check_version(tree, file)
    settings = _validated(tree, file, changes)
    profile = chosen(settings.environment, environment, file)
    if profile.metadata:
        settings = settings.model_copy(update={"metadata": profile.metadata})
    said = settings.model_dump(mode="json", by_alias=True, exclude={"environment"})
    digest = hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    return LoadedSettings(settings, file, tree.lines, tuple(overrides), digest, _set_by(changes), profile, environment)


def describe(loaded: LoadedSettings, profile: Mapping[str, Any] | None = None) -> list[Row]:
    """Every effective setting, in the order of settings.py.

    profile : what the data decided, by dotted key ({"task": "binary"}); shown beside the setting that left it open.
    """
    effective = loaded.settings.model_dump(mode="json", by_alias=True)
    rows = []
    for shape in settings_words.leaves():
        value: Any = effective
        for part in shape.key.split("."):
            value = value[part]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows += _limit_rows(loaded, shape, value)
            continue
        shown = _show(value) + (f" (here: {_show(profile[shape.key])})" if profile and shape.key in profile else "")
        rows.append(Row(shape.key, shown, _origin(loaded, shape.key), shape.unit, shape.why))
    return rows


def _limit_rows(loaded: LoadedSettings, shape: settings_words.Shape, items: list[dict[str, Any]]) -> list[Row]:
    item = settings_words.item_of(shape)
    known = settings_words.section_keys(item) if item else {}
    rows = []
    for index, values in enumerate(items):
        for name, value in values.items():
            if value is not None:
                key = f"{shape.key}.{index}.{name}"
                rows.append(Row(key, _show(value), _origin(loaded, key), known[name].unit, known[name].why))
    return rows


def _origin(loaded: LoadedSettings, key: str) -> str:
    """Where a setting comes from, also when only a part of it was overridden."""
    inside = next((k for k in loaded.set_by if k.startswith(f"{key}.")), None)
    return loaded.where(key) if inside is None else f"--set {loaded.set_by[inside]}"


def _show(value: Any) -> str:
    return (
        value if isinstance(value, str) and value.strip() == value and value else json.dumps(value, ensure_ascii=False)
    )


def _read(file: str) -> Tree:
    try:
        return settings_yaml.read(_text(file))
    except BadYaml as error:
        place = (
            file + (f", line {error.line}" if error.line else "") + (f", column {error.column}" if error.column else "")
        )
        raise SettingsError(
            f"{file} is not YAML that can be read.",
            Problem(place, error.got, "YAML: `key: value`, one per line", error.remedy),
        ) from None


def _text(file: str) -> str:
    path = Path(file)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _unreadable(file, f"a file of {path.stat().st_size:,} bytes", f"up to {MAX_BYTES:,} bytes of YAML",
                              "give the settings file here; the table's path stands in it under data")  # fmt: skip
        content = path.read_bytes()
    except FileNotFoundError:
        raise _no_such_file(path) from None
    except IsADirectoryError:
        raise _unreadable(file, "a folder", "a YAML file", _choose_from(path)) from None
    except OSError as error:
        raise _unreadable(
            file, (error.strerror or str(error)).lower(), "a file you may read", "mend its rights or its path"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
        guess = "UTF-16" if utf16 else "LATIN1"
        raise _unreadable(
            f"{file}, line {line}",
            "UTF-16 text" if utf16 else f"the byte 0x{content[error.start]:02x}, which is not UTF-8",
            "UTF-8", f"save it as UTF-8: iconv -f {guess} -t UTF-8 {file} > new.yaml",
        ) from None  # fmt: skip


def _unreadable(place: str, got: str, allowed: str, remedy: str) -> SettingsError:
    return SettingsError("The settings file cannot be read.", Problem(place, got, allowed, remedy))


def _no_such_file(path: Path) -> SettingsError:
    folders = [folder for folder in (path.parent, Path("configs")) if folder.is_dir()]
    names = {str(found): found.stem for folder in folders for found in sorted(folder.glob("*.y*ml"))}
    near = nearest(path.stem, names.values(), OF_FEW)
    if near:
        remedy = f"did you mean {next(found for found, stem in names.items() if stem == near)}?"
    elif names:
        remedy = f"choose one of {', '.join(names)}"
    else:
        remedy = "write one with `sluicegate init --data FILE --label COLUMN`"
    return SettingsError("There is no such settings file.", Problem(str(path), "nothing there", "a YAML file", remedy))


def _choose_from(folder: Path) -> str:
    names = [str(found) for found in sorted(folder.glob("*.y*ml"))]
    return f"choose one of {', '.join(names)}" if names else "name the YAML file itself"


def _not_settings(file: str, value: Any) -> SettingsError:
    if value is None:
        return SettingsError(
            f"{file} is empty.",
            Problem(f"{file}, line 1", "no settings at all", "at least name, data and label",
                    "write them, or let `sluicegate init --data FILE --label COLUMN` propose them"),
        )  # fmt: skip
    return SettingsError(
        f"{file} holds no settings.",
        Problem(f"{file}, line 1", settings_remedies.show(value), "lines of the form `key: value`",
                "give a settings file (configs/census.yaml is an example)"),
    )  # fmt: skip


def _expand_short_forms(tree: Tree) -> None:
    for section, key in SHORT_FORMS.items():
        value, at = tree.value.get(section), f"{section}.{key}"
        if section in tree.texts:
            value = tree.texts.pop(section) if value is not None else None
        if isinstance(value, str):
            tree.value[section] = {key: value}
            tree.lines[at] = tree.lines[section]


def _check_version(tree: Tree, file: str) -> None:
    """Another version's file is told apart before its keys are judged: they may all have moved."""
    version = tree.value.get("settings_version", SETTINGS_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version == SETTINGS_VERSION:
        return
    newer = version > SETTINGS_VERSION
    remedy = (
        "update Sluicegate (git pull, then ./setup.sh), or use the version that this file was written for"
        if newer
        else f"change the keys that CHANGELOG.md names under 'settings version {SETTINGS_VERSION}', "
        f"then write settings_version: {SETTINGS_VERSION}"
    )
    raise SettingsError(
        f"{file} is written for {'a newer' if newer else 'an older'} Sluicegate.",
        Problem(_place(tree, file, (), "settings_version"), f"settings version {version}",
                f"settings version {SETTINGS_VERSION}", remedy),
    )  # fmt: skip


def _validated(tree: Tree, file: str, changes: Sequence[Override]) -> Settings:
    found = settings_yaml.duplicate_problems(tree, file)
    settings = None
    try:
        settings = Settings.model_validate(_as_written(tree))
    except ValidationError as error:
        found += settings_problems.problems(error, lambda key: _place(tree, file, changes, key))
    if settings is None or found:
        count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
        raise SettingsError(f"The settings in {file} cannot be used: {count}.", *found)
    return settings


def _as_written(tree: Tree) -> dict[str, Any]:
    """The values, with an unquoted 1, yes or 2.50 as the characters that were written wherever text is wanted."""

    def walk(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: walk(inner, f"{key}.{name}" if key else name) for name, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, f"{key}.{index}") for index, inner in enumerate(value)]
        if isinstance(value, str) or value is None or key not in tree.texts:
            return value
        shape = settings_words.shape_at(key.split("."))
        return tree.texts[key] if shape.key == key and shape.hint is str else value

    return {name: walk(value, name) for name, value in tree.value.items()}


def _place(tree: Tree, file: str, changes: Sequence[Override], key: str) -> str:
    set_by = _set_by(changes)
    parts = key.split(".")
    inside = next((text for at, text in set_by.items() if at.startswith(f"{key}.")), None)
    if inside is not None and key not in tree.lines:
        return f"--set {inside}, key {key}"
    for length in range(len(parts), 0, -1):
        at = ".".join(parts[:length])
        if at in set_by:
            return f"--set {set_by[at]}, key {key}"
        if at in tree.lines:
            return f"{file}, line {tree.lines[at]}, key {key}"
    return f"{file}, key {key}"


def _set_by(changes: Sequence[Override]) -> dict[str, str]:
    return {key: change.text for change in changes for key in change.keys}
