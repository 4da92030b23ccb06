"""A training on disk, in the file of `nnspec.reference.save_state`."""

from dataclasses import asdict
from pathlib import Path

from nnspec import reference
from nnspec.training.loop import Training

KEPT = ("states", "of_rule", "epochs", "epoch", "losses", "validated")


def save(training: Training, path: Path):
    """Whole or not at all. Raises ValueError for a state of no arrays."""
    opt = {name: getattr(training, name) for name in KEPT}
    opt["clock"] = [training.clock.units, training.clock.seconds]
    opt["of"] = _of(training)
    try:
        reference.save_state(path, training.params, opt, training.rng.bit_generator.state, len(training.losses))
    except ValueError as error:
        raise ValueError(f"train: {error}") from None


def restore(training: Training, path: Path):
    """Everything but the task and the backend. Raises ValueError for a file that is of something else."""
    try:
        params, opt, rng_state, _ = reference.load_state(path)
        kept = {name: opt[name] for name in (*KEPT, "clock", "of")}
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"train: cannot resume from {path}: {error}") from None
    for key, w in training.params.items():
        if key not in params or params[key].shape != w.shape:
            raise ValueError(f"train: {path} is of another model or other data: {key} has not shape {w.shape}")
    for name, value in _of(training).items():
        if kept["of"].get(name) != value:
            raise ValueError(f"train: {path} is of {name} {kept['of'].get(name)}, this training of {value}")
    del kept["of"]
    training.clock.units, training.clock.seconds = kept.pop("clock")
    training.params, training.rng.bit_generator.state = params, rng_state
    for name, value in kept.items():
        setattr(training, name, value)


def _of(training: Training) -> dict:
    """What has to be the same when it goes on."""
    return asdict(training.task.recipe) | {"data": str(training.task.data)}
