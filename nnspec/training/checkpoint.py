"""A training on disk: arrays as NumPy's, all else as JSON; nothing in it can run code."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np

from nnspec.training.loop import Training

PLAIN = ("epochs", "epoch", "losses", "validated", "units", "seconds")


def save(training: Training, path: Path):
    """Whole or not at all: an interrupted save leaves the one before. Raises ValueError for a state of no arrays."""
    arrays = {}
    told = {name: getattr(training, name) for name in PLAIN} | {"rng": training.rng.bit_generator.state}
    for name in ("params", "states", "of_rule"):
        told[name] = _apart(getattr(training, name), name, arrays)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        np.savez(file, told=np.array(json.dumps(told)), **arrays)
    beside.replace(path)


def restore(training: Training, path: Path):
    """Everything but the task and the backend. Raises ValueError for a file that is of something else."""
    try:
        with np.load(path, allow_pickle=False) as file:
            told = json.loads(str(file["told"]))
            found = {name: _together(told[name], file) for name in ("params", "states", "of_rule")}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"train: cannot resume from {path}: {error}") from None
    for key, w in training.params.items():
        kept = found["params"].get(key)
        if kept is None or kept.shape != w.shape:
            raise ValueError(f"train: {path} is of another model or other data: {key} has not shape {w.shape}")
    for name, value in {**{name: told[name] for name in PLAIN}, **found}.items():
        setattr(training, name, value)
    training.rng.bit_generator.state = told["rng"]


def _apart(value, name: str, arrays: dict):
    """`value` as JSON, with the names of the arrays in it; the arrays themselves go into `arrays`."""
    if isinstance(value, np.ndarray):
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict):
        return {"dict": {key: _apart(entry, f"{name}.{key}", arrays) for key, entry in value.items()}}
    if isinstance(value, (tuple, list)):
        return {"tuple": [_apart(entry, f"{name}.{i}", arrays) for i, entry in enumerate(value)]}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise ValueError(f"train: cannot save {name}: it is a {type(value).__name__}, and no array of NumPy's")


def _together(told, file):
    if not isinstance(told, dict):
        return told
    ((kind, value),) = told.items()
    if kind == "array":
        return file[value]
    if kind == "dict":
        return {key: _together(entry, file) for key, entry in value.items()}
    return tuple(_together(entry, file) for entry in value)
