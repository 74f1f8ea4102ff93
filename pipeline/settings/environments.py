"""Chooses one of the environments that settings declare, and says what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pipeline.settings.environment import RUNNERS, Profile
from schemas.contradiction import Contradiction
from schemas.errors import Problem, SettingsError
from schemas.names import did_you_mean

_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def chosen(profiles: Mapping[str, Profile], name: str, path: str) -> Profile:
    """The environment of that name, its runner filled in. Raises SettingsError where there is none."""
    known = (*RUNNERS, *(one for one in profiles if one not in RUNNERS))
    if name not in known:
        raise SettingsError(
            "There is no such environment.",
            Problem(
                f"--environment {name}",
                repr(name),
                ", ".join(known),
                did_you_mean(name, known, f"choose one of them, or declare it in {path} under `environment:`"),
            ),
        )
    profile = profiles.get(name, Profile())
    return profile.model_copy(update={"runner": profile.runner or name})


def environment_contradictions(profiles: Mapping[str, Profile]) -> Iterator[Contradiction]:
    for name, profile in profiles.items():
        key = f"environment.{name}"
        if profile.runner is None and name not in RUNNERS:
            yield Contradiction(f"{key}.runner", "nothing", ", ".join(RUNNERS), "write which one runs the graph there")
        if (profile.runner or name) == "local":
            yield from _local_contradictions(key, profile)
        for secret, variable in profile.secrets.items():
            if not _VARIABLE.match(variable):
                # Not shown: it may be the secret itself.
                yield Contradiction(
                    f"{key}.secrets.{secret}", "a text that cannot name one", "the name of an environment variable",
                    "write the variable's name here, and the secret into the variable",
                )  # fmt: skip


def _local_contradictions(key: str, profile: Profile) -> Iterator[Contradiction]:
    if profile.pipeline_root:
        yield Contradiction(
            f"{key}.pipeline_root", repr(profile.pipeline_root), "nothing: local keeps artifacts in its output folder",
            "take it out; `output` names that folder",
        )  # fmt: skip
    if profile.image:
        yield Contradiction(
            f"{key}.image", repr(profile.image), "nothing: local runs in the Python it is started with", "take it out"
        )
