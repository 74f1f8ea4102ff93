"""TFX adapter: the released model as a Model artifact, so that the stock Evaluator can compare with it."""

import json
import os
import shutil
from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model

from components.released_model.core import find_baseline
from schemas import release_metrics
from schemas.digest import model_digest
from schemas.file_names import SERVING_MODEL
from schemas.whole_file import write_whole
from sluicegate.delivery.kept import kept, read_record
from sluicegate.delivery.release_state import current


@component
def ReleasedModel(serving_folder: Parameter[str], baseline: OutputArtifact[Model]) -> None:
    """Copies the stable version, and beside it the metrics of its release where they were recorded; `empty`, `version`, `digest`, `reason` and `record` (JSON: what was kept beside release.json
    when it was released, "{}" for an older release) stand as custom properties.
    """
    found = find_baseline(current(serving_folder).release, serving_folder)
    target = os.path.join(baseline.uri, SERVING_MODEL)
    digest = found.digest
    if found.folder is None:
        os.makedirs(baseline.uri, exist_ok=True)
    else:
        shutil.copytree(found.folder, target, dirs_exist_ok=True)
        digest = model_digest(target)
        measured = kept(serving_folder, release_metrics.name_of(found.version))
        if measured is not None:
            write_whole(Path(baseline.uri) / release_metrics.FILE_NAME, measured)
    changed = bool(found.digest) and digest != found.digest
    baseline.set_int_custom_property("empty", int(found.is_empty))
    baseline.set_int_custom_property("version", found.version)
    baseline.set_string_custom_property("digest", digest)
    record = {} if found.is_empty else read_record(serving_folder, found.version)
    baseline.set_string_custom_property("record", json.dumps(record, ensure_ascii=False))
    baseline.set_string_custom_property(
        "reason", f"{found.reason}, but its files are not those that were released" if changed else found.reason
    )
