"""Names of files that more than one part of the project writes or reads, where no contract of their own has them.

Those with a contract have their name there: schemas.verdict, schemas.records, schemas.scored_rows, schemas.evidence, ...
"""

from __future__ import annotations

#: TFX's folder of the servable model in a Model artifact.
SERVING_MODEL = "Format-Serving"
#: A SavedModel's graph.
SAVED_MODEL_GRAPH = "saved_model.pb"
#: In a SavedModel: what its inputs are and its scores stand for.
MODEL_DESCRIPTION = "assets.extra/model.json"
#: In a SavedModel: requests that a server sends itself before it says that it is ready (TensorFlow Serving's name).
WARM_UP_REQUESTS = "assets.extra/tf_serving_warmup_requests"
#: In a Schema artifact, and in a data set's folder.
SCHEMA = "schema.pbtxt"
#: Beside the data gate's verdict, where something failed or warned: the schema that would accept the data, and the difference.
PROPOSAL_NAME, DIFF_NAME = "proposed_schema.pbtxt", "schema.diff"
#: In a split of an ExampleStatistics artifact: TFDV's statistics.
SPLIT_STATISTICS = "FeatureStats.pb"


def split_folder(split: str) -> str:
    """TFX's folder of one split in an artifact.

    >>> split_folder("train")
    'Split-train'
    """
    return f"Split-{split}"
