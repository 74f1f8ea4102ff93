"""The serving check's settings, as its step is handed them."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from components.infra_validator.core import Limits


@dataclass(frozen=True)
class Check:
    """settings.ServingCheck.  image : "" on platform process.  load_timeout_s : in seconds.  limits : what TFX's specs have no place for."""

    platform: str
    requests: int
    load_timeout_s: int
    warm_up: bool
    limits: Limits
    image: str = ""

    @classmethod
    def from_json(cls, text: str) -> Check:
        """Raises KeyError where one of them is missing."""
        said = json.loads(text)
        limits = Limits(**{field.name: said[field.name] for field in fields(Limits)})
        own = ("platform", "requests", "load_timeout_s", "warm_up")
        return cls(**{name: said[name] for name in own}, limits=limits, image=said.get("image") or "")
