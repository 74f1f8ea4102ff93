"""What a pushed model changes about who answers requests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from schemas.release import OVERRIDE, Change, Release, overrides_of, released

MODES = ("direct", "hold")


@dataclass(frozen=True)
class Push:
    """A version that the Pusher put beside release.json.

    digest : schemas.digest.model_digest of its folder.  overrides : refusals that a person let pass.
    """

    version: int
    digest: str
    run_id: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """release : the state to hold from now on.  reason : why it changed, or why not."""

    release: Release
    changed: bool
    reason: str


def decide(release: Release, push: Push | None, mode: str, now: datetime) -> Outcome:
    """The state after `push` (None: nothing was pushed).

    mode : "direct" makes the version stable for everyone at once; "hold" leaves it beside the stable one.  Either way
    the history says what a person let pass.
    now : time of the change, with its time zone.

    Raises ValueError for another mode.
    """
    if mode not in MODES:
        raise ValueError(f"release.mode is {mode!r}; it may be {' or '.join(MODES)}")
    if push is None:
        return Outcome(release, False, "nothing was pushed")
    if mode == "hold":
        reason = f"release.mode is hold: version {push.version} waits, and nothing serves it"
        return _recorded(release, push.version, push, mode, now, reason)
    if release.stable is not None and release.stable_digest == push.digest:
        reason = f"the same model is stable already, as version {release.stable}"
        return _recorded(release, release.stable, push, mode, now, reason)
    change = _change("release", push.version, release.stable, push, mode, now)
    return Outcome(released(release, change), True, f"version {push.version} is stable")


def _recorded(release: Release, version: int, push: Push, mode: str, now: datetime, reason: str) -> Outcome:
    """What answers stays as it is; a refusal that a person let pass for `version` is written down all the same, once."""
    if set(push.overrides) <= set(overrides_of(release, version)):
        return Outcome(release, False, reason)
    change = _change(OVERRIDE, version, release.stable, push, mode, now)
    history = (*release.history, change)
    return Outcome(replace(release, history=history), True, f"{reason}; what a person let pass is recorded")


def _change(action: str, version: int, previous: int | None, push: Push, mode: str, now: datetime) -> Change:
    return Change(
        at=now.isoformat(timespec="seconds"),
        action=action,
        mode=mode,
        version=version,
        previous=previous,
        run_id=push.run_id,
        model_digest=push.digest,
        overrides=push.overrides,
        by=f"run {push.run_id}",
        what=f"version {previous or 'none'} -> {version}"
        if action != OVERRIDE
        else "what a person let pass is recorded",
    )
