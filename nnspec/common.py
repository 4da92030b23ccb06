"""What every part of the project shares, with nothing heavy to import: `nnspec --help` reads it too."""

import os
from pathlib import Path

LEVELS = ("core", "robust", "strict")
DTYPES = ("float32", "float64")
THREADS = "2"  # of a check: one would hide races, many would make its cost depend on the machine


class Unusable(Exception):
    """A run that cannot be made or judged. The text is one line for the user; the exit code is 2."""


def cache_root() -> Path:
    """The folder of everything that is kept between runs: NNSPEC_CACHE_DIR, or the user's cache folder."""
    import platformdirs

    return Path(os.environ.get("NNSPEC_CACHE_DIR") or platformdirs.user_cache_dir("nnspec"))
