"""Names the packages to install, one by one: a Beam worker or an image gets these and nothing else."""

from setuptools import setup

COMPONENTS = [
    "data_gate",
    "direct_release",
    "evaluator",
    "example_gen",
    "explanation_report",
    "fairness_report",
    "infra_validator",
    "model_card",
    "predictions_table",
    "pusher",
    "quality_gate",
    "release_gate",
    "released_model",
    "released_statistics",
    "score",
]

SERVING = ["engine", "page", "request_log", "rest", "rpc", "versions"]

setup(
    packages=[
        "components",
        *[f"components.{name}" for name in COMPONENTS],
        "fairness",
        "models",
        "pipeline",
        "pipeline.local",
        "pipeline.local.evidence",
        "reports",
        "schemas",
        "serving",
        *[f"serving.{name}" for name in SERVING],
        "sluicegate",
    ],
    package_data={
        "reports": ["templates/*", "*.css"],
        "schemas": ["*/schema.pbtxt", "*.json"],
        "serving.page": ["*.html", "*.css", "*.js"],
    },
)
