"""What an item of pytest stands for: a check of the specification, of a backend that the session knows."""

import functools

import pytest

from nnspec.backends import Backend
from nnspec.checking.results import Check, Results
from nnspec.spec_tests._levels import LEVEL_OF

BACKEND = pytest.StashKey[Backend]()
REPORT = pytest.StashKey[Results]()
FAILING = pytest.StashKey[set[str]]()  # concepts that failed a check at core, in this process


def is_check(item) -> bool:
    return "planned" in getattr(item, "fixturenames", ())


def parts_of(item) -> list[str]:
    """What a composite that the backend inherits may call of it."""
    backend, spec = item.config.stash[BACKEND], item.cls
    return _parts(spec) if backend.inherits(spec().entry) else []


@functools.cache
def _parts(spec) -> list[str]:
    return spec().parts


def check_of(item) -> Check:
    """The Check that an item stands for, before it ran."""
    name = item.originalname.removeprefix("test_")
    concept, part = item.cls.concept(), item.cls.part()
    shown = name if part == concept else f"{part}.{name}"
    return Check(f"{concept}/{shown}/{item.callspec.params['planned'].id}", LEVEL_OF[name])
