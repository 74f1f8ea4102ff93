"""What a card needs that no artifact holds: what people said, and which code, data and libraries made the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from schemas.document import build, to_text
from schemas.errors import Problem, SettingsError
from schemas.model_card import Intention
from schemas.override import Override
from schemas.roles import Roles


@dataclass(frozen=True)
class Facts:
    """Nothing here may differ between two runs of the same data, settings and code: no time, no run id, no folder of a run.

    name : of the pipeline and the model.  intention : settings.model_card.
    data_source : as the settings name it.  data_digest : SHA-256 of the table.
    code_commit : "" outside a checkout.  settings_digest : of the settings in effect.
    versions : of the libraries.  seeds : by what they seed, {"training": 1}.
    """

    name: str
    roles: Roles
    intention: Intention = field(default_factory=Intention)
    data_source: str = ""
    data_digest: str = ""
    code_commit: str = ""
    code_digest: str = ""
    settings_digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    @classmethod
    def from_json(cls, text: str) -> Facts:
        """Reads what `to_json` wrote. Raises SettingsError for keys that are not known, and for a name or roles that are missing."""
        content = json.loads(text)
        known = [f.name for f in fields(cls)]
        wrong = [Problem("facts_json", repr(k), ", ".join(known), "correct the key") for k in content if k not in known]
        wrong += [
            Problem("facts_json", f"no {k}", "name and roles", "add it") for k in ("name", "roles") if k not in content
        ]
        if wrong:
            raise SettingsError("The model card's facts are wrong.", *wrong)
        roles = Roles.from_json(json.dumps(content.pop("roles")))
        return replace(build(cls, {**content, "roles": {"label": roles.label, "task": roles.task}}), roles=roles)

    def to_json(self) -> str:
        return to_text(self)
