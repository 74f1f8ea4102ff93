"""The YAML of one data set as frozen, typed settings. Reading it is pipeline/settings/file.py's work."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from pipeline.settings.contradictions import contradictions_in
from pipeline.settings.environments import environment_contradictions
from pipeline.settings.fairness_contradictions import fairness_contradictions_in
from pipeline.settings.values import Values
from schemas.contradiction import Contradictions
from sluicegate.quality.names import METRICS_OF


class Settings(Values):
    """Everything about one data set and its pipeline."""

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        found = [
            *contradictions_in(self, METRICS_OF),
            *fairness_contradictions_in(self),
            *environment_contradictions(self.environment),
        ]
        if found:
            raise Contradictions(*found)
        return self
