"""A step's cache key, the same wherever its output folder lies (adr/0025)."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from tfx.orchestration.portable import cache_utils, launcher

from schemas import places

#: Stands for the output folder in what is hashed; no path holds it.
_HERE = "\0output folder\0"


@contextmanager
def independent_of(root: str) -> Iterator[None]:
    """While it lasts, TFX's launcher hashes steps as if the output folder `root` had no place.

    TFX 1.21 hashes each input artifact whole, with its path and the time of its last change, and the parameters, among them
    paths. What an artifact is, its id in ML Metadata says: no other artifact ever gets it. There is no way in but to put
    another `cache_utils` before the launcher's own.
    """

    def get_cache_context(*arguments: Any, **named: Any) -> Any:
        named["input_artifacts"] = _without_place(named.get("input_artifacts") or {})
        named["parameters"] = {key: _placeless(value, root) for key, value in (named.get("parameters") or {}).items()}
        return cache_utils.get_cache_context(*arguments, **named)

    launcher.cache_utils = SimpleNamespace(**{**vars(cache_utils), "get_cache_context": get_cache_context})
    try:
        yield
    finally:
        launcher.cache_utils = cache_utils


def _without_place(artifacts: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    return {key: [_bare(artifact) for artifact in found] for key, found in artifacts.items()}


def _bare(artifact: Any) -> Any:
    bare = copy.deepcopy(artifact)
    bare.mlmd_artifact.uri = ""
    bare.mlmd_artifact.ClearField("create_time_since_epoch")
    bare.mlmd_artifact.ClearField("last_update_time_since_epoch")
    for properties in (bare.mlmd_artifact.properties, bare.mlmd_artifact.custom_properties):
        for key in set(places.PROPERTIES) & set(properties):
            del properties[key]
    return bare


def _placeless(value: Any, root: str) -> Any:
    return value.replace(f"{root}/", _HERE) if isinstance(value, str) else value
