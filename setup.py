"""Names what is installed: a Beam worker or an image gets these packages and nothing else."""

from setuptools import find_packages, setup

PACKAGES = ("components", "models", "pipeline", "schemas", "serving", "sluicegate", "sluicegate_cli")

setup(
    packages=find_packages(include=[pattern for package in PACKAGES for pattern in (package, f"{package}.*")]),
    package_data={
        "sluicegate": ["py.typed"],
        "sluicegate.reports": ["templates/*", "*.css"],
        "schemas": ["*/schema.pbtxt", "*.json", "py.typed"],
        "sluicegate.serving.page": ["*.html", "*.css", "*.js"],
    },
)
