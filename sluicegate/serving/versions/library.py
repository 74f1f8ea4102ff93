"""Keeps the versions in memory that the folders and the release state ask for.

A new version is AVAILABLE before an old one unloads, a version that fails takes nothing down, and an unloading version
first answers what it holds. What is asked for is looked at per model, versions and release state apart, and never waits for a version
that loads. Everything here belongs to the event loop's thread; only looking and loading leave it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from schemas.release import FILE_NAME, Release
from sluicegate.delivery.versions import BucketVersion
from sluicegate.serving import router
from sluicegate.serving.config import ModelConfig
from sluicegate.serving.status import Code, ServingError, invalid
from sluicegate.serving.versions import folder
from sluicegate.serving.versions.folder import Seen
from sluicegate.serving.versions.loading import Load
from sluicegate.serving.versions.version import Version, VersionState
from sluicegate.serving.watching import RELEASE, VERSIONS, Watched, Watches, in_own_thread, look_once

log = logging.getLogger("sluicegate.serving")


@dataclass(frozen=True)
class RetryPolicy:
    """With versions that fail to load.  retries : after the first try.  interval : seconds between tries."""

    retries: int = 5
    interval: float = 60.0


@dataclass(frozen=True)
class LabelRules:
    """Whether a label may name a version that is not available: a new label only, or any."""

    new_may_wait: bool = False
    any_may_wait: bool = False


@dataclass
class Sight:
    """What was last read well of a model's folder; None where nothing was yet.

    release : within a tuple, because there may be none.  turn : counts what was read, so that a slow look does not undo a later one.
    """

    versions: dict[int, Path | BucketVersion] | None = None
    release: tuple[Release | None] | None = None
    turn: int = 0


@dataclass
class Model:
    """released : the state that requests are routed by: the newest whose stable version is available."""

    config: ModelConfig
    versions_watch: Watched
    release_watch: Watched
    sight: Sight = field(default_factory=Sight)
    versions: dict[int, Version] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    released: Release | None = None
    follows_release: bool = False
    looking: set[str] = field(default_factory=set)

    @property
    def problem(self) -> str:
        """What is wrong with its folder; "" where nothing is."""
        empty = "" if self.sight.versions or self.sight.versions is None else f"no version in {self.config.base_path}"
        told = (self.versions_watch.problem or empty, self.release_watch.problem, "" if empty else self._absent)
        return "; ".join(dict.fromkeys(filter(None, told)))

    @property
    def _absent(self) -> str:
        """Versions that the release state names and the folder lacks; "" for none."""
        release = self.sight.release[0] if self.sight.release else None
        if release is None or self.sight.versions is None:
            return ""
        named = (("stable", release.stable), ("canary", release.canary))
        missing = [
            f"version {number}, its {arm}" for arm, number in named if number not in {None, *self.sight.versions}
        ]
        return f"{FILE_NAME} names {' and '.join(missing)}, which is not in {self.config.base_path}" if missing else ""

    def available(self) -> list[int]:
        return sorted(number for number, version in self.versions.items() if version.is_available)


@dataclass(frozen=True)
class Lease:
    """A version held by a request.  shadow : version that is to get a copy of it, or None."""

    version: Version
    arm: str
    weight: float
    shadow: int | None = None


class Library:
    """The models that are served, by name."""

    def __init__(
        self,
        load: Load,
        executor: Executor,
        patience: RetryPolicy = RetryPolicy(),
        labels: LabelRules = LabelRules(),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        watches: Watches | None = None,
    ) -> None:
        self._load, self._executor, self._patience, self._label_rules = load, executor, patience, labels
        self._sleep = sleep
        self.watches = watches or Watches()
        self.models: dict[str, Model] = {}
        #: What brings a version up, and ends when the library closes; and what lets one go, which is waited for.
        self._coming: set[asyncio.Task[None]] = set()
        self._going: set[asyncio.Task[None]] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        #: Called with every version whose state changed.
        self.watchers: list[Callable[[Version], None]] = []

    # -- what to serve

    async def configure(self, configs: Iterable[ModelConfig]) -> None:
        """As `adopt`; returns when what is new was tried."""
        await self._settled(await self.take_up(configs))

    async def take_up(self, configs: Iterable[ModelConfig]) -> set[str]:
        """As `adopt`; returns the names of new models when the folders of what changed were looked at, and loading may begin."""
        changed, new = self.adopt(configs)
        await asyncio.gather(*(self._look_at(self.models[name]) for name in changed))
        return new

    def adopt(self, configs: Iterable[ModelConfig]) -> tuple[set[str], set[str]]:
        """Replaces the models served: those not named unload. Tells which models changed, and which of them are new; waits for none.

        Raises ServingError for a label to a version that is not available; as in TensorFlow Serving the models
        themselves are replaced all the same only when every label is right.
        """
        wanted = {config.name: config for config in configs}
        labels = {name: self._checked_labels(config) for name, config in wanted.items()}
        new = wanted.keys() - self.models.keys()
        changed = {name for name, config in wanted.items() if name in new or self.models[name].config != config}
        for name, config in wanted.items():
            model = self.models.setdefault(name, self._model(config)) if name in new else self.models[name]
            if model.config.base_path != config.base_path:
                model.sight = Sight(turn=model.sight.turn)
            model.config, model.labels = config, labels[name]
        for name in self.models.keys() - wanted.keys():
            self._unload_all(self.models[name])
        return changed, new

    def _model(self, config: ModelConfig) -> Model:
        add = self.watches.add
        return Model(config, add(VERSIONS, config.name), add(RELEASE, config.name))

    async def refresh(self) -> None:
        """Looks at all folders once and starts to load and unload what that asks for."""
        await asyncio.gather(*(self._look_at(model) for model in list(self.models.values())))

    async def _look_at(self, model: Model) -> None:
        await look_once(model.release_watch, partial(self._see_release, model))
        await look_once(model.versions_watch, partial(self._see_versions, model))

    async def look(self, what: str) -> None:
        """Starts a look at `what` (VERSIONS or RELEASE) of every model, unless the last one still waits for its file system."""
        for model in self.models.values():
            if what not in model.looking:
                model.looking.add(what)
                _spawn(self._look_of_watch(model, what), self._looks)

    async def _look_of_watch(self, model: Model, what: str) -> None:
        try:
            if what == RELEASE:
                await look_once(model.release_watch, partial(self._see_release, model))
            else:
                await look_once(model.versions_watch, partial(self._see_versions, model))
        finally:
            model.looking.discard(what)

    async def _see_versions(self, model: Model) -> None:
        config = model.config
        versions = await in_own_thread(folder.versions, config)
        if model.config is config:
            model.sight.versions = versions
            self._reconcile(model)

    async def _see_release(self, model: Model) -> None:
        config, turn = model.config, model.sight.turn
        found = await in_own_thread(folder.released, config)
        if model.config is not config or model.sight.turn != turn:
            return
        if found is None and model.sight.release is not None and model.sight.release[0] is not None:
            # Without it the version policy would choose, and that lets through what nothing has released.
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"the release state of {config.base_path} is gone; put it back, or start the server anew to do without it",
            )
        self.took(model, found)

    def took(self, model: Model, release: Release | None) -> None:
        """The model's release state is this now."""
        model.sight.release, model.sight.turn = (release,), model.sight.turn + 1
        self._reconcile(model)

    def _reconcile(self, model: Model) -> None:
        sight = model.sight
        if sight.versions is None or sight.release is None or self.models.get(model.config.name) is not model:
            return
        seen = Seen(sight.versions, sight.release[0])
        wanted = folder.wanted(seen, model.config)
        model.follows_release = seen.release is not None
        self._follow(model, seen.release)
        for number in sorted(wanted):
            self._want(model, number, seen.versions[number])
        ready = any(model.versions[n].is_available for n in wanted if n in model.versions)
        held = self._held_by_release(model)
        for number, version in list(model.versions.items()):
            if number in wanted or number in held:
                continue
            if version.state is VersionState.END:
                version.given_up = True
            elif version.is_coming:
                version.dropped.set()
            elif version.is_available and (ready or not wanted):
                self._unload(model, version)

    def _want(self, model: Model, number: int, path: Path | BucketVersion) -> None:
        version = model.versions.get(number)
        if version is not None and version.path != path and not version.is_available:
            # It was looked for in another place; what comes of that is of no use.
            version.dropped.set()
            version = None
        if version is None or version.may_start_anew:
            self._start(model, Version(model.config.name, number, path))
        else:
            version.dropped.clear()

    def _follow(self, model: Model, release: Release | None) -> None:
        """Routes by the new state once its stable version can answer; until then by the old one."""
        if release is None:
            model.released = None
            return
        stable = model.versions.get(release.stable) if release.stable is not None else None
        if (
            release.stable is None
            or (stable is not None and stable.is_available)
            or model.released is None
            or not self._is_available(model, model.released.stable)
        ):
            model.released = release

    def _held_by_release(self, model: Model) -> set[int]:
        routed = model.released
        return {n for n in (routed.stable, routed.canary) if n is not None} if routed else set()

    def _is_available(self, model: Model, number: int | None) -> bool:
        version = model.versions.get(number) if number is not None else None
        return version is not None and version.is_available

    def _checked_labels(self, config: ModelConfig) -> dict[str, int]:
        known = self.models.get(config.name)
        for label, number in config.labels.items():
            moved = known is not None and known.labels.get(label, number) != number
            excused = self._label_rules.any_may_wait or (self._label_rules.new_may_wait and not moved)
            if not excused and not (known and self._is_available(known, number)):
                raise ServingError(
                    Code.FAILED_PRECONDITION,
                    f"Request to assign label to version {number} of model {config.name}, which is not currently "
                    "available for inference",
                )
        return dict(config.labels)

    # -- loading and unloading

    def _start(self, model: Model, version: Version) -> None:
        model.versions[version.number] = version
        self._set(version, VersionState.START)
        _spawn(self._bring(model, version), self._coming)

    async def _bring(self, model: Model, version: Version) -> None:
        self._set(version, VersionState.LOADING)
        for tried in range(self._patience.retries + 1):
            if tried:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(version.dropped.wait(), self._patience.interval)
            if version.dropped.is_set():
                break
            if await self._try(version):
                self._arrived(model, version)
                return
        version.given_up = version.dropped.is_set()
        self._set(version, VersionState.END)

    async def _try(self, version: Version) -> bool:
        try:
            loaded = await asyncio.get_running_loop().run_in_executor(
                self._executor, self._load, version.model, version.path
            )
        except asyncio.CancelledError:
            raise
        except ServingError as error:
            version.error = error
        except BaseException as error:  # noqa: BLE001 - a model may break in any way; it must not break the server
            version.error = ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}")
        else:
            version.saved_model, version.batcher, version.error = loaded.saved_model, loaded.batcher, None
            version.description, version.reader = loaded.description, loaded.reader
            return True
        log.warning("version %d of %s did not load: %s", version.number, version.model, version.error.message)
        return False

    def _arrived(self, model: Model, version: Version) -> None:
        replaced = model.versions.get(version.number) is not version
        if replaced or version.dropped.is_set() or self.models.get(version.model) is not model:
            version.given_up = True
            self._unload(model, version)
            return
        self._set(version, VersionState.AVAILABLE)
        self._reconcile(model)

    def _unload_all(self, model: Model) -> None:
        for version in list(model.versions.values()):
            if version.is_available:
                self._unload(model, version)
            elif version.is_coming:
                version.dropped.set()
        del self.models[model.config.name]
        self.watches.forget(model.config.name)

    def _unload(self, model: Model, version: Version) -> None:
        self._set(version, VersionState.UNLOADING)
        _spawn(self._drain(model, version), self._going)

    async def _drain(self, model: Model, version: Version) -> None:
        while version.in_use:
            await self._sleep(0.01)
        if version.saved_model is not None:
            await asyncio.get_running_loop().run_in_executor(self._executor, version.saved_model.close)
        version.saved_model = version.batcher = None
        self._set(version, VersionState.END)

    def _set(self, version: Version, state: VersionState) -> None:
        version.state = state
        log.info("version %d of %s is %s", version.number, version.model, state.name)
        self._changed.set()
        model = self.models.get(version.model)
        if model is not None and model.versions.get(version.number, version) is not version:
            return  # another one of its number took its place
        for watcher in self.watchers:
            watcher(version)

    async def _settled(self, names: Iterable[str]) -> None:
        """Waits until no version of these models is on its way up."""
        while any(
            version.state in (VersionState.START, VersionState.LOADING) and version.error is None
            for name in names
            for version in (self.models[name].versions.values() if name in self.models else ())
        ):
            await self.change()

    async def change(self) -> None:
        """Waits until some version changes its state."""
        self._changed.clear()
        await self._changed.wait()

    # -- answering requests

    @contextmanager
    def lease(self, name: str, number: int | None, label: str | None, key: str) -> Iterator[Lease]:
        """Holds the version that answers a request: it is not unloaded meanwhile.

        Raises ServingError as TensorFlow Serving does: NOT_FOUND for a model or version that is not available.
        """
        found = self._choose(name, number, label, key)
        found.version.in_use += 1
        try:
            yield found
        finally:
            found.version.in_use -= 1

    def _choose(self, name: str, number: int | None, label: str | None, key: str) -> Lease:
        if not name:
            raise invalid("ModelSpec has no name specified.")
        model = self.models.get(name)
        if label is not None:
            number = self._labelled(model, label)
        if number is not None:
            version = model.versions.get(number) if model else None
            if version is None or not version.is_available:
                raise _not_found(f"Specific({name}, {number})")
            return Lease(version, self._arm_of(model, number), 1.0)
        chosen = self._routed(model, key) if model else None
        if chosen is None:
            raise _not_found(f"Latest({name})")
        return chosen

    def _labelled(self, model: Model | None, label: str) -> int:
        if model is not None:
            if model.released is not None and label in (router.STABLE, router.CANARY):
                number = model.released.stable if label == router.STABLE else model.released.canary
            else:
                number = model.labels.get(label)
            if number is not None:
                return number
        raise invalid(f"Unrecognized servable version label: {label}")

    def _arm_of(self, model: Model | None, number: int) -> str:
        released = model.released if model else None
        return router.CANARY if released and released.canary == number != released.stable else router.STABLE

    def _routed(self, model: Model, key: str) -> Lease | None:
        if not model.follows_release:
            available = model.available()
            return Lease(model.versions[available[-1]], router.STABLE, 1.0) if available else None
        route = router.route(model.released, key) if model.released else None
        if route is None:
            return None
        if route.arm == router.CANARY and not self._is_available(model, route.version) and model.released:
            # A canary that is not up yet, or failed, must not cost a user the answer.
            route = router.route(replace(model.released, canary=None), key) or route
        if not self._is_available(model, route.version):
            return None
        shadow = route.shadow if self._is_available(model, route.shadow) else None
        return Lease(model.versions[route.version], route.arm, route.weight, shadow)

    def statuses(self, name: str, number: int | None) -> list[Version]:
        """Versions newest first. Raises ServingError NOT_FOUND."""
        model = self.models.get(name)
        if number is not None:
            version = model.versions.get(number) if model else None
            if version is None:
                raise ServingError(Code.NOT_FOUND, f"Could not find version {number} of model {name}")
            return [version]
        if model is None or not model.versions:
            raise ServingError(Code.NOT_FOUND, f"Could not find any versions of model {name}")
        return [model.versions[n] for n in sorted(model.versions, reverse=True)]

    async def close(self) -> None:
        """Unloads everything, after what is in use."""
        for look in list(self._looks):
            look.cancel()
        for model in list(self.models.values()):
            self._unload_all(model)
        while self._coming or self._going:
            for task in self._coming:
                task.cancel()
            await asyncio.gather(*self._coming, *self._going, return_exceptions=True)


def _spawn(work: Coroutine[None, None, None], kept: set[asyncio.Task[None]]) -> None:
    """Starts `work` and keeps it among the tasks of its kind until it is done."""
    task = asyncio.get_running_loop().create_task(work)
    kept.add(task)
    task.add_done_callback(kept.discard)


def _not_found(request: str) -> ServingError:
    return ServingError(Code.NOT_FOUND, f"Servable not found for request: {request}")
