"""How this machine reaches Debian's archive, for the tests that make a Debian of their own with mmdebstrap."""

import subprocess


def apt_options() -> list[str]:
    """How apt reaches its archive here: proxies, checks, retries."""
    lines = output_of("apt-config", "dump", "Acquire").splitlines()
    return [f"--aptopt={line}" for line in lines if "IndexTargets" not in line and not line.endswith(' "";')]


def mirror_for(suite: str) -> list[str]:
    """The mirror of Debian that this machine uses; none lets mmdebstrap choose."""
    lines = output_of("apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)").splitlines()
    mirrors = [line.split()[0] for line in lines if line.endswith(" Debian Debian")]
    return [f"deb {mirrors[0]} {suite} main"] if mirrors else []


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
