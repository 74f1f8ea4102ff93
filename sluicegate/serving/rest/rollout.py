"""The order that moves traffic between stable and canary: it changes release.json, as every release step does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schemas import release as releases
from schemas.digest import model_digest
from schemas.errors import MachineError
from schemas.release import MODES, TRAFFIC, Change, Release
from sluicegate.delivery import release_state
from sluicegate.delivery.push_records import why_unrecorded
from sluicegate.delivery.release_state import Conflict, Held
from sluicegate.serving.core import ServerCore
from sluicegate.serving.rest.orders import Refused
from sluicegate.serving.router import SHADOW
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.serving.versions import folder
from sluicegate.serving.versions.library import Model
from sluicegate.serving.watching import in_own_thread
from sluicegate.storage.opening import at
from sluicegate.storage.place import StorageFolder, brief

log = logging.getLogger("sluicegate.serving")
_TYPES: dict[str, tuple[type, ...]] = {"canary": (int, type(None)), "weight": (int, float), "mode": (str,)}
OVERRIDE_KEYS = ("by", "reason")


@dataclass(frozen=True)
class Order:
    """changes : of canary, weight and mode.  override : who takes an unrecorded version upon themselves, and why; or ("", "")."""

    changes: Mapping[str, Any]
    override: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Rollout:
    """Takes orders for `core`'s models."""

    core: ServerCore

    async def __call__(self, given: Mapping[str, Any], name: str, who: str, etag: str) -> dict[str, Any]:
        """The state from then on. Raises ServingError, Refused."""
        model = self.core.library.models.get(name)
        if model is None:
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: Latest({name})")
        if not model.follows_release:
            raise ServingError(
                Code.FAILED_PRECONDITION, f"{model.config.base_path} has no {releases.FILE_NAME}: nothing was released"
            )
        held = await self._carry_out(model, read_order(given), who, etag)
        self.core.library.took(model, held.release)
        state = held.release
        told = {"stable": state.stable, "canary": state.canary, "weight": state.weight, "mode": state.mode}
        log.info("%s moves the traffic of %s: %s", who, name, told)
        return {**told, "etag": held.etag}

    async def _carry_out(self, model: Model, order: Order, who: str, etag: str) -> Held:
        try:
            return await in_own_thread(carry_out, model.config.base_path, order, who, etag or None)
        except Conflict as error:
            raise Refused(412, f"{error}; look at the state again, and decide anew") from None
        except (OSError, ValueError, MachineError) as error:
            told = brief(error) if isinstance(error, MachineError) else error
            raise ServingError(Code.FAILED_PRECONDITION, f"{releases.FILE_NAME} cannot be changed: {told}") from None


def read_order(given: Mapping[str, Any]) -> Order:
    """Raises ServingError."""
    changes = {name: value for name, value in given.items() if name != "override"}
    if not changes or set(changes) - set(_TYPES):
        raise invalid(f"Send an object with some of {', '.join(_TYPES)}")
    for name, value in changes.items():
        if not isinstance(value, _TYPES[name]) or isinstance(value, bool):
            raise invalid(f"{name} is {value!r}, which it cannot be")
    if not 0 <= changes.get("weight", 0) <= 1:
        raise invalid(f"weight is {changes['weight']}; it is a share, 0 to 1")
    if changes.get("mode", MODES[0]) not in MODES:
        raise invalid(f"mode is {changes['mode']!r}; it is one of {', '.join(MODES)}")
    return Order(changes, _override(given["override"])) if "override" in given else Order(changes)


def _override(given: Any) -> tuple[str, str]:
    if not isinstance(given, dict) or set(given) != set(OVERRIDE_KEYS):
        raise invalid('override is {"by": NAME, "reason": WHY}')
    by, reason = (given[name].strip() if isinstance(given[name], str) else "" for name in OVERRIDE_KEYS)
    if not by or not reason:
        raise invalid("override needs a name and a reason: by and reason are texts that say something")
    return by, reason


def carry_out(base_path: Path | StorageFolder, order: Order, who: str, etag: str | None) -> Held:
    """Changes release.json in `base_path`. Raises ServingError, Conflict, MachineError, OSError, ValueError."""
    place = at(base_path)
    if place.find(releases.FILE_NAME) is None:
        raise ServingError(Code.FAILED_PRECONDITION, f"{place.where(releases.FILE_NAME)} is gone; put it back")
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return release_state.update(base_path, lambda before: _after(base_path, before, order, who, now), etag)


def _after(base_path: Path | StorageFolder, before: Release, order: Order, who: str, now: str) -> Release:
    after = replace(before, **order.changes)
    what = _told(before, after)
    if not what:
        return before
    version = next((one for one in (after.canary, before.canary, before.stable) if one is not None), 0)
    overrides: tuple[str, ...] = ()
    if gains_traffic(before, after):
        digest = _digest(base_path, version)
        overrides = _let_through(base_path, version, digest, before, order.override)
    else:
        digest = next((c.model_digest for c in reversed(before.history) if c.version == version), "")
    line = Change(
        at=now, action=TRAFFIC, mode=after.mode, version=version, previous=before.stable, run_id="", model_digest=digest,
        overrides=overrides, by=who, what=what,
    )  # fmt: skip
    return replace(after, history=(*before.history, line))


def gains_traffic(before: Release, after: Release) -> bool:
    """Whether a canary gets requests, or copies of them, that it did not get before."""
    if after.canary is None or after.canary == after.stable:
        return False
    if before.canary != after.canary:
        return True
    return after.weight > before.weight or (after.mode == SHADOW) != (before.mode == SHADOW)


def _digest(base_path: Path | StorageFolder, version: int) -> str:
    found = folder.versions_at(base_path).get(version)
    if found is None:
        raise invalid(f"There is no version {version} in {base_path}")
    return model_digest(found if isinstance(found, Path) else found.fetched())


def _let_through(
    base_path: Path | StorageFolder, version: int, digest: str, before: Release, override: tuple[str, str]
) -> tuple[str, ...]:
    why = why_unrecorded(base_path, version, digest, before)
    if not why:
        return ()
    by, reason = override
    if not by:
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"Traffic is refused: {why}. Whoever takes that upon themselves sends "
            '"override": {"by": NAME, "reason": WHY} with the order; both stay in the history',
        )
    return (f"{why}; {by} lets it have traffic: {reason}",)


def _told(before: Release, after: Release) -> str:
    """What changes, in words; "" where nothing does."""
    changes = [
        f"{name} {_shown(getattr(before, name))} -> {_shown(getattr(after, name))}"
        for name in _TYPES
        if getattr(before, name) != getattr(after, name)
    ]
    return ", ".join(changes)


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
