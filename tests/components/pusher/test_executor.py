"""Our Pusher executor with real artifacts: it obeys blessings, and a model is pushed once."""

from pathlib import Path
from typing import Any

import pytest
from tfx.proto import pusher_pb2
from tfx.types.standard_artifacts import InfraBlessing, Model, ModelBlessing, PushedModel
from tfx.utils import proto_utils

from components.pusher.executor import Executor
from schemas import push_record
from schemas.digest import model_digest
from schemas.errors import MachineError
from schemas.release import Release
from sluicegate.delivery import push_records
from sluicegate.storage.local import LOCK_NAME
from tests.components.through_executor import artifact


def push(
    folder: Path, run: str, *, blessed: int, weights: str = "w", destination: str | None = None, infra: Any = None
) -> Any:
    model = folder / run / "model" / "Format-Serving"
    model.mkdir(parents=True)
    (model / "saved_model.pb").write_text(weights)
    pushed = artifact(PushedModel, folder / run / "pushed")
    where = pusher_pb2.PushDestination(
        filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=destination or str(folder / "serving"))
    )
    inputs = {
        "model": [artifact(Model, model.parent)],
        "model_blessing": [artifact(ModelBlessing, folder / run / "blessing", blessed=blessed)],
    }
    if infra is not None:
        inputs["infra_blessing"] = [infra]
    Executor().Do(inputs, {"pushed_model": [pushed]}, {"push_destination": proto_utils.proto_to_json(where)})
    return pushed


def test_a_blessed_model_is_pushed_with_the_properties_tfx_writes_and_ours(tmp_path: Path) -> None:
    pushed = push(tmp_path, "1", blessed=1)
    version = pushed.get_string_custom_property("pushed_version")
    folder = tmp_path / "serving" / version
    assert pushed.get_int_custom_property("pushed") == 1
    assert pushed.get_string_custom_property("pushed_destination") == str(folder)
    assert pushed.get_string_custom_property("digest") == model_digest(folder) == model_digest(pushed.uri)
    assert pushed.get_string_custom_property("serving_folder") == str(tmp_path / "serving")


def test_a_model_that_is_not_blessed_is_not_pushed(tmp_path: Path) -> None:
    pushed = push(tmp_path, "1", blessed=0)
    assert pushed.get_int_custom_property("pushed") == 0
    assert pushed.get_string_custom_property("pushed_version") == ""
    assert not (tmp_path / "serving").exists()


def test_the_same_model_twice_is_one_version(tmp_path: Path) -> None:
    first, again = push(tmp_path, "1", blessed=1), push(tmp_path, "2", blessed=1)
    versions = {pushed.get_string_custom_property("pushed_version") for pushed in (first, again)}
    assert len(versions) == 1
    assert [pushed.get_int_custom_property("copied") for pushed in (first, again)] == [1, 0]
    assert {path.name for path in (tmp_path / "serving").iterdir()} == {*versions, push_record.FOLDER, LOCK_NAME}


def test_two_models_within_a_second_get_ascending_versions(tmp_path: Path) -> None:
    one, two = (push(tmp_path, run, blessed=1, weights=run) for run in ("1", "2"))
    assert int(two.get_string_custom_property("pushed_version")) > int(one.get_string_custom_property("pushed_version"))


def test_a_bucket_is_refused_before_anything_is_copied(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match="gs://bucket/serving"):
        push(tmp_path, "1", blessed=1, destination="gs://bucket/serving")


def served(folder: Path, *, blessed: int, warm_up: bool = False) -> Any:
    """The serving check's blessing, with a model that brings warm-up requests where asked for."""
    if warm_up:
        extra = folder / "stamped_model" / "assets.extra"
        extra.mkdir(parents=True)
        (extra.parent / "saved_model.pb").write_text("w")
        (extra / "tf_serving_warmup_requests").write_text("requests")
    return artifact(InfraBlessing, folder, blessed=blessed, has_model=int(warm_up))


def test_a_model_that_no_server_answered_with_is_not_pushed(tmp_path: Path) -> None:
    pushed = push(tmp_path, "1", blessed=1, infra=served(tmp_path / "infra", blessed=0))
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "serving").exists()


def test_the_pushed_model_brings_the_warm_up_requests_along_and_is_pushed_once(tmp_path: Path) -> None:
    infra = served(tmp_path / "infra", blessed=1, warm_up=True)
    first, again = push(tmp_path, "1", blessed=1, infra=infra), push(tmp_path, "2", blessed=1, infra=infra)
    folder = Path(first.get_string_custom_property("pushed_destination"))
    assert (folder / "assets.extra" / "tf_serving_warmup_requests").read_text() == "requests"
    assert first.get_string_custom_property("digest") == model_digest(folder)
    assert [pushed.get_int_custom_property("copied") for pushed in (first, again)] == [1, 0]


def test_without_warm_up_the_trainers_model_is_pushed(tmp_path: Path) -> None:
    pushed = push(tmp_path, "1", blessed=1, infra=served(tmp_path / "infra", blessed=1))
    assert pushed.get_string_custom_property("digest") == model_digest(tmp_path / "1" / "model" / "Format-Serving")


def test_every_push_leaves_its_record_beside_the_versions(tmp_path: Path) -> None:
    pushed = push(tmp_path, "1", blessed=1)
    version, serving = int(pushed.get_string_custom_property("pushed_version")), tmp_path / "serving"
    kept = push_record.FILE.from_json((serving / push_record.name_of(version)).read_text())
    assert (kept.version, kept.digest) == (version, model_digest(serving / str(version)))
    assert kept.blessing == str(tmp_path / "1" / "blessing")
    assert push_records.why_unrecorded(serving, version, kept.digest, Release()) == ""


def test_a_model_that_was_pushed_before_there_were_records_gets_one(tmp_path: Path) -> None:
    version = int(push(tmp_path, "1", blessed=1).get_string_custom_property("pushed_version"))
    file = tmp_path / "serving" / push_record.name_of(version)
    file.unlink()
    push(tmp_path, "2", blessed=1)
    assert file.is_file()
    file.unlink()
    push(tmp_path, "3", blessed=0)
    assert not file.exists()
