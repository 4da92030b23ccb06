"""What failed when a backend was last checked: `--last-failed` asks for it."""

import contextlib
import hashlib
import json
from pathlib import Path

from nnspec.backends import Name
from nnspec.checking.results import BAD, Results
from nnspec.common import cache_root
from nnspec.concepts import catalogue


def failed_last(backend: Name) -> tuple[list[str], str | None]:
    """The ids of what failed when this backend was last checked, and at which level."""
    try:
        told = json.loads(_memory_of(backend).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never checked, or cut short while it was written
        return [], None
    failed = [check_id for check_id in told["failed"] if check_id.split("/")[0] in catalogue.concepts()]
    return failed, told["level"] if failed else None


def remember(backend: Name, report: Results):
    """What failed now, and what failed before and was not asked this time. A folder that refuses is no error."""
    ran = {check.id for check in report.checks}
    failed = [check.id for check in report.asked() if check.state in BAD]
    kept = [check_id for check_id in failed_last(backend)[0] if check_id not in ran]
    file = _memory_of(backend)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"level": report.level, "failed": [*kept, *failed]}), encoding="utf-8")


def _memory_of(backend: Name) -> Path:
    name = hashlib.sha256(backend.from_anywhere().encode()).hexdigest()[:32]
    return cache_root() / "failed" / f"{name}.json"
