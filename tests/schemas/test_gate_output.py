"""The verdict's file and its properties say the same."""

from pathlib import Path

import pytest

from schemas import gate_output
from schemas.verdict import Status, Verdict, read


class FakeArtifact:
    def __init__(self, uri: Path) -> None:
        self.uri = str(uri)
        self.properties: dict[str, int | str] = {}

    def set_int_custom_property(self, key: str, value: int) -> None:
        self.properties[key] = value

    def set_string_custom_property(self, key: str, value: str) -> None:
        self.properties[key] = value


@pytest.mark.parametrize("status", list(Status))
def test_only_passed_sets_passed(tmp_path: Path, status: Status) -> None:
    artifact = FakeArtifact(tmp_path / "verdict")
    gate_output.leave(Verdict("g", status), artifact)
    assert artifact.properties == {"passed": int(status is Status.PASSED), "status": status.value}
    assert read(artifact.uri).status is status
