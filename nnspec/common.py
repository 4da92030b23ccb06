"""What every part of the project shares, with nothing heavy to import: `nnspec --help` reads it too."""

import os
import sys
import traceback
from pathlib import Path

import click

LEVELS = ("core", "robust", "strict")
DTYPES = ("float32", "float64")
THREADS = "2"  # of a check: one would hide races, many would make its cost depend on the machine
PRESETS = ("S", "M", "L")  # of a benchmark: in cache, as in the course, bound by memory or long


class Unusable(Exception):
    """A run that cannot be made or judged. The text is one line for the user; the exit code is 2."""


def cache_root() -> Path:
    """The folder of everything that is kept between runs: NNSPEC_CACHE_DIR, or the user's cache folder."""
    import platformdirs

    return Path(os.environ.get("NNSPEC_CACHE_DIR") or platformdirs.user_cache_dir("nnspec"))


def writable(context, option, file):
    """A callback of options that name a file: before a long run, not after it."""
    folder = os.path.dirname(os.path.abspath(file or ""))
    if file and not os.access(folder, os.W_OK):
        raise click.BadParameter(f"cannot write {file}: {folder} is no folder that can be written to")
    return file


def checkout() -> Path:
    """The folder above the package: of an editable install, the checkout."""
    return Path(__file__).parent.parent


def with_threads(kind: str | None = None):
    """Before a backend of this kind is imported, which is when it reads how many threads it has.

    PyTorch's spin while they wait, for twice the time of a check. Of kernels of one's own they are to start at once:
    a race shows only where both run.
    """
    os.environ.setdefault("NUMBA_NUM_THREADS", THREADS)
    if kind == "torch":
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def with_pool_of(threads: int | None):
    """For a measurement with so many threads: before numba is imported, whose pool cannot grow later."""
    if threads:
        os.environ.setdefault("NUMBA_NUM_THREADS", str(max(threads, os.cpu_count() or 1)))


def place_of(error: BaseException) -> str:
    """Where it was raised: `file.py:3, in function`."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}, in {frame.name}"


class told_in_one_line:
    """Errors that are the user's to mend: their text on stderr, exit code 2, no traceback."""

    def __init__(self, *kinds):
        self.kinds = kinds

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if error is not None and isinstance(error, self.kinds):
            click.echo(f"nnspec: {error}", err=True)
            sys.exit(2)
