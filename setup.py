"""Package mapping only: the top-level folders install below `nnspec`, everything else stands in pyproject.toml."""

from setuptools import find_namespace_packages, setup

FOLDERS = {
    "nnspec": "nnspec",
    "nnspec.reference": "reference",
    "nnspec.accelerated": "accelerated",
    "nnspec.spec_tests": "spec_tests",
    "nnspec.benchmarks": "benchmarks",
}

setup(
    package_dir=FOLDERS,
    packages=[
        package
        for name, folder in FOLDERS.items()
        for package in [name, *(f"{name}.{inner}" for inner in find_namespace_packages(folder))]
        if "__pycache__" not in package
    ],
    package_data={
        "nnspec.checking": ["pytest.ini"],
        "nnspec.concepts": ["inventory.txt"],
        "": ["known_failures.toml", "mutants_*.toml"],
    },
)
