"""The YAML of one data set as frozen, typed settings. Reading it is pipeline/settings/file.py's work."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from pipeline.settings.contradiction import Contradictions
from pipeline.settings.contradictions import contradictions_in
from pipeline.settings.environments import environment_contradictions
from pipeline.settings.fairness_contradictions import fairness_contradictions_in
from pipeline.settings.quality_gate import METRICS
from pipeline.settings.values import Values


class Settings(Values):
    """Everything about one data set and its pipeline."""

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        found = [
            *contradictions_in(self, METRICS),
            *fairness_contradictions_in(self),
            *environment_contradictions(self.environment),
        ]
        if found:
            raise Contradictions(*found)
        return self
