"""Checkpoint: a training on disk, from which it goes on. CS231n, assignment 2, `Solver._save_checkpoint`.

    save_state(path, params, opt, rng.bit_generator.state, step)
    params, opt, rng.bit_generator.state, step = load_state(path)

params, opt: dicts of arrays, numbers, texts, None, and of dicts, lists and tuples of these    step: an integer

A training that goes on does the same as one that never stopped, bit by bit, if all is there that the next step depends
on: the parameters, what the update rule keeps (opt: Adam's moments and its count of steps), where the generator of the
batches stands, and the step, on which the learning rate depends. So nothing is rounded: arrays keep their dtype, and
lists do not become tuples. Assignment 2 pickles; a pickle can run any code when it is read. Here arrays lie in NumPy's
format, and all else as JSON.

A file is written beside `path` and then renamed, so that whoever is interrupted while saving has the one before.
"""

import json
import os
import zipfile
from pathlib import Path

import numpy as np


def save_state(path: os.PathLike, params: dict, opt: dict, rng_state: dict, step: int):
    """Writes the file; None. ValueError names what can be neither an array nor JSON, before anything is written."""
    arrays = {}
    told = _apart({"params": params, "opt": opt, "rng_state": rng_state, "step": step}, "state", arrays)
    path = Path(path)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with beside.open("wb") as file:  # to a path np.savez would add .npz
        np.savez(file, told=np.array(json.dumps(told)), **arrays)
    beside.replace(path)


def load_state(path: os.PathLike):
    """(params, opt, rng_state, step). ValueError for a file of something else, FileNotFoundError without one."""
    try:
        with np.load(Path(path), allow_pickle=False) as file:
            state = _together(json.loads(str(file["told"])), file)
            return state["params"], state["opt"], state["rng_state"], state["step"]
    except FileNotFoundError:
        raise
    except (OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(f"load_state: path must be a file that save_state wrote, got {path}: {error}") from None


def _apart(value, name, arrays):
    """value as JSON, in which arrays have names; the arrays themselves go into `arrays`."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        arrays[name] = value
        return {"array": name}
    if isinstance(value, dict) and all(type(key) is str for key in value):
        return {"dict": {key: _apart(entry, f"{name}.{key}", arrays) for key, entry in value.items()}}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_apart(entry, f"{name}.{i}", arrays) for i, entry in enumerate(value)]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    _, _, where = name.partition(".")
    raise ValueError(f"save_state: {where} cannot be saved: it is a {type(value).__name__}")


def _together(told, file):
    if not isinstance(told, dict):
        return told
    ((kind, value),) = told.items()
    if kind == "array":
        return file[value]
    if kind == "dict":
        return {key: _together(entry, file) for key, entry in value.items()}
    entries = [_together(entry, file) for entry in value]
    return entries if kind == "list" else tuple(entries)
