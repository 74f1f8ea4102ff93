"""What is loaded when, with a loader that the test holds in its hands."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from schemas import release
from schemas.release import Release
from sluicegate.serving.config import All, Latest, ModelConfig, Specific
from sluicegate.serving.status import Code, ServingError
from sluicegate.serving.versions.library import LabelRules, Library, RetryPolicy
from sluicegate.serving.versions.loading import Loaded
from sluicegate.serving.versions.version import VersionState


class World:
    """A folder of versions and a loader. `held` versions wait in LOADING; `broken` ones fail; `closed` are unloaded."""

    def __init__(self, folder):
        self.base = folder / "m"
        self.base.mkdir()
        self.held, self.broken, self.closed, self.tries = set(), set(), [], []
        self.least_available = []

    def add(self, *versions):
        for version in versions:
            (self.base / str(version)).mkdir()

    def release(self, **state):
        release.write(Release(**state), self.base)

    def load(self, name, path):
        number = int(path.name)
        self.tries.append(number)
        while number in self.held:
            pass
        if number in self.broken:
            raise ServingError(Code.INVALID_ARGUMENT, "not a SavedModel")
        return Loaded(SimpleNamespace(close=lambda: self.closed.append(number)), object(), {})

    def library(self, executor, labels=None, retries=1):
        made = Library(self.load, executor, RetryPolicy(retries, 0.0), labels or LabelRules())
        made.watchers.append(self._watch)
        self.made = made
        return made

    def _watch(self, version):
        model = self.made.models.get("m")
        if model and version.state is VersionState.UNLOADING:
            self.least_available.append(len(model.available()))

    def config(self, policy=None, **labels):
        return ModelConfig("m", self.base, policy or Latest(), labels)


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def told(world, story, **more):
    """Runs an async story with a library, and fails it after ten seconds."""

    async def main():
        with ThreadPoolExecutor(4) as executor:
            library = world.library(executor, **more)
            try:
                await asyncio.wait_for(story(library), 10)
            finally:
                world.held.clear()
                await library.close()

    asyncio.run(main())


def served(world, story, policy=None, **more):
    """Runs an async story with a library that serves the model already."""

    async def begun(library):
        await library.configure([world.config(policy)])
        await story(library)

    told(world, begun, **more)


def states(library):
    return {number: version.state.name for number, version in sorted(library.models["m"].versions.items())}


async def until(library, is_so):
    while not is_so():
        await library.refresh()
        await asyncio.sleep(0.005)


async def takes_over(world, library, bring):
    """Version 2, which `bring` names, loads while 1 still answers."""
    world.held.add(2)
    bring()
    await until(library, lambda: states(library).get(2) == "LOADING")
    assert answering(library) == 1
    world.held.clear()
    await until(library, lambda: states(library) == {1: "END", 2: "AVAILABLE"})
    assert answering(library) == 2


def answering(library, key="", **spec):
    with library.lease("m", spec.get("version"), spec.get("label"), key) as lease:
        return lease.version.number


async def held_while_it_loads(world, library, version):
    """The version is to be stable, and stays in the middle of its loading until `world.held` lets it go."""
    world.held.add(version)
    world.release(stable=version)
    await until(library, lambda: states(library).get(version) == "LOADING")


def test_the_newest_version_is_served(world):
    world.add(1, 3, 2)

    async def story(library):
        assert states(library) == {3: "AVAILABLE"}
        assert answering(library) == 3

    served(world, story)


def test_a_new_version_is_available_before_the_old_one_unloads(world):
    world.add(1)

    async def story(library):
        await takes_over(world, library, lambda: world.add(2))

    served(world, story)
    assert world.least_available[0] == 1
    assert world.closed == [1, 2]


def test_a_version_that_fails_leaves_the_good_one(world):
    world.add(1)

    async def story(library):
        world.broken.add(2)
        world.add(2)
        await until(library, lambda: states(library).get(2) == "END")
        assert answering(library) == 1
        [bad, good] = library.statuses("m", None)
        assert bad.status == (Code.INVALID_ARGUMENT, "not a SavedModel")
        assert good.status == (Code.OK, "")

    served(world, story, retries=2)
    assert world.tries == [1, 2, 2, 2]


def test_a_version_that_nobody_asks_for_any_more_ends_its_retries_at_once(world):
    world.add(1)
    world.broken.add(1)

    async def story(library):
        library._patience = RetryPolicy(5, 60.0)
        library.adopt([world.config()])
        await until(library, lambda: 1 in library.models["m"].versions and library.models["m"].versions[1].error)
        version = library.models["m"].versions[1]
        library.adopt([])
        while version.state is not VersionState.END:
            await asyncio.sleep(0.005)
        assert world.tries == [1]

    told(world, story)


def test_a_version_that_is_asked_for_again_while_it_loads_is_loaded_once(world):
    world.add(1, 2)
    world.release(stable=1)

    async def story(library):
        await held_while_it_loads(world, library, 2)
        for stable in (1, 2):
            world.release(stable=stable)
            await library.refresh()
        world.held.clear()
        await until(library, lambda: states(library) == {1: "END", 2: "AVAILABLE"})
        assert world.tries == [1, 2]

    served(world, story)


def test_a_version_that_came_too_late_is_closed_and_answers_nobody(world):
    world.add(1, 2)
    world.release(stable=1)

    async def story(library):
        await held_while_it_loads(world, library, 2)
        world.release(stable=1)
        await library.refresh()
        world.held.clear()
        await until(library, lambda: world.closed == [2])
        assert answering(library) == 1

    served(world, story)


def test_what_was_loaded_from_a_place_that_was_mended_meanwhile_is_closed(world, tmp_path):
    world.add(1)
    world.held.add(1)
    other = tmp_path / "other"
    (other / "1").mkdir(parents=True)

    async def story(library):
        library.adopt([world.config()])
        await until(library, lambda: world.tries == [1])
        library.adopt([ModelConfig("m", other)])
        await until(library, lambda: world.tries == [1, 1])
        world.held.clear()
        await until(library, lambda: world.closed == [1])
        await until(library, lambda: states(library) == {1: "AVAILABLE"})
        assert library.models["m"].versions[1].path == other / "1"
        assert answering(library) == 1

    told(world, story)


def test_a_version_in_use_is_unloaded_only_afterwards(world):
    world.add(1)

    async def story(library):
        with library.lease("m", None, None, "") as lease:
            world.add(2)
            await until(library, lambda: states(library) == {1: "UNLOADING", 2: "AVAILABLE"})
            await asyncio.sleep(0.05)
            assert world.closed == []
            assert lease.version.saved_model is not None
        await until(library, lambda: world.closed == [1])

    served(world, story)


@pytest.mark.parametrize(
    ("policy", "expected"), [(Latest(2), {2, 3}), (All(), {1, 2, 3}), (Specific(frozenset({1, 9})), {1})]
)
def test_policies(world, policy, expected):
    world.add(1, 2, 3)

    async def story(library):
        assert set(states(library)) == expected

    served(world, story, policy)


def test_folders_that_are_no_versions_are_passed_over(world):
    for name in ("7", "007", "x", "1.5", "-3", "99999999999999999999", ".8"):
        (world.base / name).mkdir()
    (world.base / "9").write_text("a file")

    async def story(library):
        assert states(library) == {7: "AVAILABLE"}

    served(world, story, All())


def test_what_cannot_be_found(world):
    world.add(1)

    async def story(library):
        for asked, code, message in [
            (("x", None, None), Code.NOT_FOUND, "Servable not found for request: Latest(x)"),
            (("m", 7, None), Code.NOT_FOUND, "Servable not found for request: Specific(m, 7)"),
            (("m", None, "beta"), Code.INVALID_ARGUMENT, "Unrecognized servable version label: beta"),
            (("", None, None), Code.INVALID_ARGUMENT, "ModelSpec has no name specified."),
        ]:
            with pytest.raises(ServingError) as refused, library.lease(*asked, ""):
                pass
            assert (refused.value.code, refused.value.message) == (code, message)

    served(world, story)


def test_models_that_are_no_longer_named_unload(world):
    world.add(1)

    async def story(library):
        await library.configure([])
        assert library.models == {}
        while not world.closed:
            await asyncio.sleep(0.005)

    served(world, story)


class TestLabels:
    def test_only_available_versions_get_one(self, world):
        world.add(1, 2)

        async def story(library):
            with pytest.raises(ServingError, match="Request to assign label to version 1 of model m, which is not"):
                await library.configure([world.config(All(), good=1)])
            await library.configure([world.config(All())])
            await library.configure([world.config(All(), good=1)])
            assert answering(library, label="good") == 1
            with pytest.raises(ServingError, match="version 5"):
                await library.configure([world.config(All(), good=5)])
            assert answering(library, label="good") == 1

        told(world, story)

    def test_new_ones_may_wait_where_allowed_but_not_move(self, world):
        world.add(1)

        async def story(library):
            await library.configure([world.config(All(), good=1)])
            with pytest.raises(ServingError):
                await library.configure([world.config(All(), good=2)])

        told(world, story, labels=LabelRules(new_may_wait=True))


class TestRelease:
    def test_it_decides_what_is_loaded(self, world):
        world.add(1, 2, 3)
        world.release(stable=1)

        async def story(library):
            assert states(library) == {1: "AVAILABLE"}

        served(world, story)

    def test_a_pushed_version_is_served_to_nobody_until_it_is_released(self, world):
        world.add(1)
        world.release(stable=1)

        async def story(library):
            world.add(2)
            for _ in range(5):
                await library.refresh()
            assert states(library) == {1: "AVAILABLE"}
            world.release(stable=1, canary=2, weight=0.5, salt="s", mode="canary")
            await until(library, lambda: library.models["m"].available() == [1, 2])
            seen = {answering(library, key=str(i)) for i in range(50)}
            assert seen == {1, 2}
            assert answering(library, label="stable") == 1
            assert answering(library, label="canary") == 2

        served(world, story)

    def test_the_old_stable_version_answers_until_the_new_one_can(self, world):
        world.add(1, 2)
        world.release(stable=1)

        async def story(library):
            await takes_over(world, library, lambda: world.release(stable=2))

        served(world, story)

    def test_a_new_stable_version_that_fails_takes_nothing_down(self, world):
        world.add(1, 2)
        world.release(stable=1)

        async def story(library):
            world.broken.add(2)
            world.release(stable=2)
            await until(library, lambda: states(library).get(2) == "END")
            for _ in range(3):
                await library.refresh()
            assert answering(library) == 1

        served(world, story)

    def test_a_canary_that_is_not_up_costs_nobody_the_answer(self, world):
        world.add(1, 2)
        world.broken.add(2)
        world.release(stable=1, canary=2, weight=1.0, salt="s", mode="canary")

        async def story(library):
            assert {answering(library, key=str(i)) for i in range(20)} == {1}

        served(world, story)

    def test_going_back_loads_the_old_version_again(self, world):
        world.add(1, 2)
        world.release(stable=1)

        async def story(library):
            for stable in (2, 1, 2, 1):
                world.release(stable=stable)
                await until(library, lambda stable=stable: library.models["m"].available() == [stable])
                assert answering(library) == stable

        served(world, story)

    def test_a_broken_state_file_changes_nothing(self, world):
        world.add(1)
        world.release(stable=1)

        async def story(library):
            (world.base / release.FILE_NAME).write_text("{")
            for _ in range(3):
                await library.refresh()
            assert answering(library) == 1
            assert "release.json" in library.models["m"].problem

        served(world, story)

    def test_shadow_is_leased_with_the_stable_version(self, world):
        world.add(1, 2)
        world.release(stable=1, canary=2, mode="shadow")

        async def story(library):
            with library.lease("m", None, None, "k") as lease:
                assert (lease.version.number, lease.shadow) == (1, 2)

        served(world, story)


def test_closing_gives_up_what_comes_and_waits_for_what_goes(world, monkeypatch):
    """Which is which is known from where a task was started, whatever its coroutine is called."""
    ended = []

    async def never_up(library, model, version):
        await asyncio.Event().wait()

    async def slowly_gone(library, model, version):
        await asyncio.sleep(0.05)
        ended.append(version.number)

    async def story(library):
        world.add(1)
        await library.configure([world.config()])
        monkeypatch.setattr(Library, "_bring", never_up)
        monkeypatch.setattr(Library, "_drain", slowly_gone)
        world.add(2)
        await until(library, lambda: 2 in states(library))
        await asyncio.wait_for(library.close(), 5)

    with ThreadPoolExecutor(2) as executor:
        asyncio.run(story(world.library(executor)))
    assert ended == [1]
