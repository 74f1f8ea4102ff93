"""TFX adapter: the train statistics of the released model as an artifact, so that DataGate can compare with them."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils
from tfx.types.standard_artifacts import ExampleStatistics

from components.released_statistics.core import find_baseline
from schemas import distributions
from schemas import release as releases
from schemas.file_names import SPLIT_STATISTICS, split_folder
from schemas.whole_file import write_whole
from sluicegate.delivery.kept import kept
from sluicegate.delivery.release_state import current

TRAIN = "train"
#: Where TFX's StatisticsGen writes a split's statistics.


@component
def ReleasedStatistics(serving_folder: Parameter[str], statistics: OutputArtifact[ExampleStatistics]) -> None:
    """Copies them; `empty` (1 or 0), `version` (0: none), `run_id` and `reason` stand as custom properties."""
    found = find_baseline(current(serving_folder).release, serving_folder)
    target = Path(statistics.uri) / split_folder(TRAIN) / SPLIT_STATISTICS
    target.parent.mkdir(parents=True, exist_ok=True)
    if found.content is not None:
        write_whole(target, found.content)
        drawn = kept(serving_folder, releases.distributions_name(found.version))
        if drawn is not None:
            write_whole(Path(statistics.uri) / distributions.file_name(TRAIN), drawn)
    statistics.split_names = artifact_utils.encode_split_names([TRAIN])
    statistics.set_int_custom_property("empty", int(found.content is None))
    statistics.set_int_custom_property("version", found.version)
    statistics.set_string_custom_property("run_id", found.run_id)
    statistics.set_string_custom_property("reason", found.reason)
