"""An environment as `create_pipeline` takes it: the settings' profile with every place and default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipeline.settings.environment import Profile, Resources
from pipeline.settings.file import LoadedSettings
from schemas.errors import Problem, SettingsError

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2

#: One process and no workers: for tables of a million rows the quickest of Beam's local modes (docs/adr/0006). TFX would
#: pack an sdist of itself before every Beam step unless an image is named; no local mode reads either.
ONE_PROCESS = (
    "--runner=DirectRunner",
    "--direct_running_mode=in_memory",
    "--direct_num_workers=1",
    "--sdk_container_image=unused-by-local-beam",
)


#: Parameter of a compiled pipeline: what its run is called in the release history. A runner fills it in when the run starts.
RUN_ID = "run_id"


@dataclass(frozen=True)
class Provenance:
    """What the model card says of code and settings.  code_commit : "" outside a checkout.  versions : of the libraries, by name."""

    code_commit: str = ""
    code_digest: str = ""
    settings_digest: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """All that may differ between two graphs of the same settings.

    pipeline_root : folder or bucket path of all artifacts.  serving_folder : of versions and `release.json`.
    resources : by step.  metadata : where a local runner keeps the lineage; None for runners that bring their own.
    """

    pipeline_root: str
    serving_folder: str
    beam_arguments: tuple[str, ...] = ONE_PROCESS
    resources: Mapping[str, Resources] = field(default_factory=dict)
    metadata: metadata_store_pb2.ConnectionConfig | None = None
    provenance: Provenance = Provenance()


def here(
    loaded: LoadedSettings, pipeline_root: str, serving_folder: str, metadata: metadata_store_pb2.ConnectionConfig
) -> Environment:
    """The chosen environment of a local runner, whose output folder says where everything lies; it has one machine to give."""
    return replace(_environment(loaded, pipeline_root, serving_folder, metadata), resources={})


def elsewhere(loaded: LoadedSettings) -> Environment:
    """The chosen environment of a runner that takes a compiled pipeline. Raises SettingsError for what it lacks."""
    profile = loaded.environment
    root, image = profile.pipeline_root, profile.image
    if not root or not image:
        missing = [("pipeline_root", root, "a bucket path for artifacts"), ("image", image, "an image of this project")]
        key = f"key environment.{loaded.environment_name}"
        raise SettingsError(
            f"The environment '{loaded.environment_name}' cannot run a pipeline yet.",
            *(
                Problem(f"{loaded.path}, {key}.{name}", "nothing", what, "write it there")
                for name, value, what in missing
                if not value
            ),
        )
    return _environment(loaded, root, profile.serving_folder or f"{root.rstrip('/')}/serving", None)


def check_runs_here(loaded: LoadedSettings) -> None:
    """Raises SettingsError where the chosen environment is for another runner."""
    name, runner = loaded.environment_name, loaded.environment.runner
    if runner != "local":
        raise SettingsError(
            "A pipeline of this environment does not run on this machine.",
            Problem(
                f"--environment {name}",
                f"runner {runner}",
                "an environment with runner local",
                "take another one here; `--plan --environment` says what compiling for this one still lacks",
            ),
        )


def _environment(
    loaded: LoadedSettings, root: str, serving: str, metadata: metadata_store_pb2.ConnectionConfig | None
) -> Environment:
    profile: Profile = loaded.environment
    return Environment(
        root, serving, profile.beam_arguments or ONE_PROCESS, profile.resources, metadata, _provenance(loaded.digest)
    )


def _provenance(settings_digest: str) -> Provenance:
    from pipeline.run import fingerprint

    return Provenance(
        fingerprint.git_commit(), fingerprint.code_digest(), settings_digest, fingerprint.package_versions()
    )
