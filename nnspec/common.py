"""What every part of the project shares, with nothing heavy to import: `nnspec --help` reads it too."""

import os
import sys
from pathlib import Path

import click

LEVELS = ("core", "robust", "strict")
DTYPES = ("float32", "float64")
THREADS = {  # of a check, as environment variables that are not set yet
    "NUMBA_NUM_THREADS": "2",  # one would hide races, many would make its cost depend on the machine
    "OMP_WAIT_POLICY": "PASSIVE",  # threads of PyTorch that spin while they wait take twice the time of the check
}


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


def with_threads():
    """Before a backend is imported, which is when it reads them."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)


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
