"""Helpers of the tests of the suite itself."""

import os
import subprocess
import sys
import textwrap

import pytest

LONGEST = ("test_cpu", "test_cuda_simulated", "test_cuda_compiled", "test_mistakes", "test_judge", "test_isolation")
LONGEST += ("test_other_algorithms", "test_command_line", "test_cs231n", "test_explain", "test_ladders", "test_torch")


def pytest_collection_modifyitems(items):
    """The files that take longest first, so that of two workers none is left alone with one of them at the end."""
    ranks = {name: rank for rank, name in enumerate(LONGEST)}
    items.sort(key=lambda item: ranks.get(item.path.stem, len(ranks)))


@pytest.fixture(scope="session")
def python():
    """Runs Python in a process of its own: python("-c", code, cwd=…, NAME="value") -> CompletedProcess."""

    def run(*arguments, cwd=None, timeout=300, **environment):
        command = [sys.executable, *map(str, arguments)]
        # It is no worker of the test run, even where its parent is one: pytest-benchmark would measure nothing there.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_XDIST_")}
        environment = inherited | {name: str(value) for name, value in environment.items()}
        return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, env=environment)

    return run


@pytest.fixture
def nnspec(python, tmp_path):
    """Runs the command line in an empty folder, as a user would: nnspec("check", "cpu") -> CompletedProcess."""
    return lambda *arguments, **environment: python("-P", "-m", "nnspec", *arguments, cwd=tmp_path, **environment)


@pytest.fixture
def write(tmp_path):
    """write("mine.py", source) -> path."""

    def write(name, source):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return path

    return write
