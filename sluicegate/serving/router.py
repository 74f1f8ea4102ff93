"""Who answers a request: stable or canary. Pure, so that a client, a server and a report come to the same answer.

A key has one fixed place between 0 and 1 under a salt, and the canary takes what lies below its weight. So a user always
gets the same arm, and raising the weight only moves users from stable to canary.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from schemas.release import Release

STABLE = "stable"
CANARY = "canary"
SHADOW = "shadow"
_SPAN = 2.0**64


@dataclass(frozen=True)
class Route:
    """arm : whose answer the client gets.  version : of that arm.  shadow : version that gets a copy, or None."""

    arm: str
    version: int
    weight: float
    shadow: int | None = None


def place_of(key: str, salt: str) -> float:
    """Where a key lies between 0 and 1, evenly over keys.

    >>> place_of("user-1", "a") == place_of("user-1", "a")
    True
    """
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, key=_salt(salt)).digest()
    return int.from_bytes(digest, "big") / _SPAN


def _salt(salt: str) -> bytes:
    # BLAKE2 takes keys of up to 64 bytes; a longer salt is not cut but condensed.
    raw = salt.encode("utf-8", "surrogatepass")
    return raw if len(raw) <= 64 else hashlib.sha256(raw).digest()


def route(release: Release, key: str) -> Route | None:
    """The arm of a key; None where nothing is stable yet.

    weight : of the arm, the probability with which a key comes to it.
    """
    if release.stable is None:
        return None
    if release.canary is None or release.canary == release.stable:
        return Route(STABLE, release.stable, 1.0)
    if release.mode == SHADOW:
        return Route(STABLE, release.stable, 1.0, shadow=release.canary)
    if place_of(key, release.salt) < release.weight:
        return Route(CANARY, release.canary, release.weight)
    return Route(STABLE, release.stable, 1.0 - release.weight)
