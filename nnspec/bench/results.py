"""What a benchmark run found: its rows, and pytest-benchmark's JSON of them.

A row is what one contestant showed in one case (`benchmarks/_measure.py`); ratios in it are [value, low, high].
"""

import json
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from nnspec.backends.name import Name
from nnspec.bench.words import case_of
from nnspec.benchmarks import REFERENCE
from nnspec.common import Unusable, checkout


@dataclass
class Measured:
    """A run: rows of cases, the machine, the commit, the backends it was made for, and when it was."""

    rows: list[dict]
    machine: dict
    commit: str = ""
    names: tuple[str, ...] = ()
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def judged(self, names: Iterable[str] = ()) -> list[dict]:
        """The rows of these backends, or of those that the run was made for, or of all."""
        names = list(names or self.names)
        return [row for row in self.rows if row["kind"] == "backend" and (not names or row["backend"] in names)]

    def rivals(self, rows: list[dict]) -> list[str]:
        """Everybody that one of these rows is compared with, the reference first."""
        found = dict.fromkeys(name for row in rows for name in row["over"])
        return sorted(found, key=lambda name: name != REFERENCE)

    def untimed(self) -> list[dict]:
        return [row for row in self.rows if row["kind"] == "untimed"]


def commit_of(backends: Iterable[str] = ()) -> str:
    """Of the repository that holds the first of these that is a path, else of ours. With a + where a file of it was
    changed since (what lies beside them, as reports do, is not of it); empty outside of a repository.
    """
    paths = filter(None, (Name.read(name).located()[1] for name in backends))
    folder = next((path if path.is_dir() else path.parent for path in paths), None)
    commit = commit_id("HEAD", folder)
    return commit + ("+" if commit and git("status", "--porcelain", "--untracked-files=no", folder=folder) else "")


def commit_id(revision: str, folder: Path | None = None) -> str:
    return git("rev-parse", "--short=12", "--verify", "--quiet", f"{revision}^{{commit}}", folder=folder) or ""


def git(*command, folder: Path | None = None) -> str | None:
    """What git says in this folder, or in ours; None where it says no."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder or checkout()), *command], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


# -- pytest-benchmark's JSON -----------------------------------------------------------------------------------------


def to_json(bench: Measured) -> str:
    """pytest-benchmark's format: one benchmark a row, with the row in its `extra_info`."""
    from pytest_benchmark import __version__
    from pytest_benchmark.plugin import pytest_benchmark_generate_machine_info

    told = {
        "machine_info": pytest_benchmark_generate_machine_info() | {"nnspec": bench.machine},
        "commit_info": {"id": bench.commit.rstrip("+"), "dirty": bench.commit.endswith("+"), "project": "nnspec"},
        "benchmarks": [_as_benchmark(row) for row in bench.rows if "rounds" in row],
        "nnspec": {"backends": list(bench.names), "untimed": bench.untimed()},
        "datetime": bench.when,
        "version": __version__,
    }
    return json.dumps(told, indent=1)


def _as_benchmark(row: dict) -> dict:
    from pytest_benchmark.stats import Stats

    stats = Stats()
    for seconds in row["rounds"]:
        stats.update(seconds)
    name = f"test_time[{row['case']}-{row['backend']}]"
    params = {"bench_size": row["case"], "bench_backend": row["backend"]}
    return {
        "group": case_of(row),
        "name": name,
        "fullname": f"benchmarks/{row['note']}/bench_{row['concept']}.py::{row['benchmark']}::{name}",
        "params": params,
        "param": f"{row['case']}-{row['backend']}",
        "extra_info": {"nnspec": {key: value for key, value in row.items() if key != "rounds"}},
        "options": {"disable_gc": True, "timer": "perf_counter", "interleaved": True},
        "stats": stats.as_dict() | {"data": stats.data, "iterations": row["repeats"]},
    }


def read_json(file) -> Measured:
    """What `nnspec bench --json` or `pytest benchmarks/ --benchmark-json` wrote. Raises Unusable."""
    try:
        told = json.loads(Path(file).read_text(encoding="utf-8"))
        found = [(b["extra_info"]["nnspec"], b["stats"]["data"]) for b in told["benchmarks"] if _paired(b)]
        commit = told["commit_info"].get("id") or ""
        dirty = "+" if commit and told["commit_info"].get("dirty") else ""
        machine = told["machine_info"].get("nnspec") or {
            "cpu": told["machine_info"].get("cpu", {}).get("brand_raw", "")
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unusable(f"{file} is no benchmark file: {type(error).__name__}: {error}") from None
    ours = told.get("nnspec", {"backends": [], "untimed": []})
    rows = [row | {"rounds": data} for row, data in found] + ours["untimed"]
    if not rows:
        raise Unusable(f"{file} holds no paired measurement of nnspec")
    return Measured(rows, machine, commit[:12] + dirty, tuple(ours["backends"]), told["datetime"])


def _paired(benchmark: dict) -> bool:
    return "nnspec" in benchmark["extra_info"]
