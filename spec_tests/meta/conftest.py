"""Helpers of the tests of the suite itself."""

import os
import subprocess
import sys
import textwrap

import pytest


@pytest.fixture
def nnspec(tmp_path):
    """Runs the command line in an empty folder, as a user would: nnspec("check", "cpu") -> CompletedProcess."""

    def run(*arguments, timeout=300, **environment):
        command = [sys.executable, "-P", "-m", "nnspec", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=timeout,
                              env=os.environ | environment)  # fmt: skip

    return run


@pytest.fixture
def write(tmp_path):
    """write("mine.py", source) -> path."""

    def write(name, source):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source))
        return path

    return write
