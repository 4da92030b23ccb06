"""Checkpoint and resume: what a file has to bring back, and what it must not hold. Classic mistakes:
mistakes_checkpoint.py."""

import os
import pickle
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from nnspec.reference import adam
from nnspec.spec_tests._kinds import Case, Malformed, Procedure
from nnspec.spec_tests._verdict import same_bits

STEP = 7
NOWHERE = str(Path(os.devnull) / "state")  # whoever does not refuse what is wrong can write nothing there
FIRST = Case("", inputs={"path": NOWHERE, "params": {}, "opt": {}, "rng_state": {}, "step": 0})


class TestSaveState(Procedure):
    rows = ("08.28",)

    def law_it_lies_where_it_was_asked_for(self, save):
        """The file has the name that was given, whether a text or a path, and nothing else is left beside it."""
        found = []
        for name in ("state", "state.ckpt", "state.npz"):
            for kind in (str, Path):
                with tempfile.TemporaryDirectory() as folder:
                    save(kind(Path(folder) / name), *a_state())
                    found.append([file.name for file in Path(folder).iterdir()] == [name])
        return found, [True] * 6

    def law_no_pickle(self, save):
        """Whoever reads it runs no code: neither the file nor a part of it is a pickle, nor an array of objects."""
        with a_file() as path:
            save(path, *a_state())
            return [part for part in _parts(path) if _is_pickled(part)], []

    def law_what_cannot_be_saved_leaves_the_file_before(self, save):
        """A state with a function in it is refused, and the last one that was saved can still be read."""
        with a_file() as path:
            save(path, *a_state())
            before = path.read_bytes()
            params, opt, rng_state, step = a_state()
            try:
                save(path, params, opt | {"schedule": a_state}, rng_state, step)
            except (ValueError, TypeError):
                refused = True
            else:
                refused = False
            return [refused, path.read_bytes() == before], [True, True]

    bad = (
        Malformed("params a list", "params", lambda _: [1.0], case=FIRST),
        Malformed("opt None", "opt", lambda _: None, case=FIRST),
        Malformed("a generator for its state", "rng_state", lambda _: np.random.default_rng(0), case=FIRST),
        Malformed("half a step", "step", lambda _: 0.5, case=FIRST),
        Malformed("no path", "path", lambda _: 3, case=FIRST),
    )


class TestLoadState(Procedure):
    rows = ("08.28",)

    def law_the_same_bits_as_without_a_pause(self, load):
        """Steps of Adam on drawn gradients, saved after each of the first four and taken up again: nothing differs."""
        whole, rng = _started()
        _steps(whole, rng, 6)
        found = []
        for pause in range(5):
            before, rng = _started()
            _steps(before, rng, pause)
            params, opt, rng_state, step = _through_a_file(load, before["params"], before["opt"], _state(rng), pause)
            after, other = {"params": params, "opt": opt}, np.random.default_rng(99)
            other.bit_generator.state = rng_state
            _steps(after, other, 6 - step)
            found.append(_as_bits(after) == _as_bits(whole))
        return found, [True] * 5

    def law_arrays_keep_their_kind(self, load):
        """Dtype, shape and bits of every array stay, of halves, integers and truth values, without entries or axes."""
        params = _arrays()
        found, *_ = _through_a_file(load, params, {}, {}, 0)
        wanted = {key: (str(array.dtype), array.shape, True) for key, array in params.items()}
        return {key: _beside(found.get(key), array) for key, array in params.items()}, wanted

    def law_the_order_of_the_keys(self, load):
        """Parameters come back in their order, which numbers drawn for them follow."""
        params = {key: np.zeros(2) for key in ("W10", "b", "W2", "a")}
        return list(_through_a_file(load, params, {}, {}, 0)[0]), list(params)

    def law_what_the_rule_keeps(self, load):
        """Tuples with arrays and an integer, lists, None, texts and numbers, as deep as they are nested."""
        opt = {
            "W": (np.array([0.1], np.float32), np.array([1e-300]), 3),
            "fresh": None,
            "losses": [0.1 + 0.2, 5e-324],
            "rule": {"name": "adam", "nesterov": False, "inner": {"momentum": [1, 2, (3,)]}},
        }
        return _as_bits(_through_a_file(load, {}, opt, {}, 0)[1]), _as_bits(opt)

    def law_the_generator_goes_on(self, load):
        """What is drawn after loading is what would have been drawn next; its state holds integers of 128 bits."""
        found, wanted = [], []
        for bits in (np.random.PCG64, np.random.MT19937):
            rng = np.random.Generator(bits(5))
            rng.random(3, np.float32)  # of a pair of numbers one is left over
            _, _, state, _ = _through_a_file(load, {}, {}, rng.bit_generator.state, 1)
            other = np.random.Generator(bits(6))
            other.bit_generator.state = state
            found.append(other.random(5, np.float32).tolist())
            wanted.append(rng.random(5, np.float32).tolist())
        return found, wanted

    def law_the_step_is_an_integer(self, load):
        """The count of steps comes back as it was, an integer."""
        steps = [_through_a_file(load, {}, {}, {}, step)[3] for step in (0, STEP, 10**12)]
        return [(int(step), isinstance(step, (int, np.integer))) for step in steps], [
            (step, True) for step in (0, STEP, 10**12)
        ]

    def law_what_was_loaded_is_the_callers(self, load):
        """Neither the next load nor the file changes with what is done to the arrays."""
        with a_file() as path:
            load.backend("save_state", path, *a_state())
            params, *_ = load(path)
            before = _as_bits(params)
            for array in params.values():
                array += 1
            return _as_bits(load(path)[0]), before

    def law_as_it_was_or_not_at_all(self, load):
        """Keys that are no texts, and arrays of objects: what will not come back is refused when it is to be saved."""
        found = []
        for entry in ({3: 0.5}, {"inner": {(1, 2): "a"}}, {"array": np.array([{}, None])}):
            with a_file() as path:
                try:
                    load.backend("save_state", path, {}, entry, {}, 0)
                except (ValueError, TypeError):
                    found.append(True)
                else:
                    found.append(_as_bits(load(path)[1]) == _as_bits(entry))
        return found, [True] * 3

    def law_the_later_one_counts(self, load):
        """Saved twice under one name, the second is what is there."""
        with a_file() as path:
            for step in (1, 2):
                load.backend("save_state", path, {"w": np.full(3, step / 3)}, {}, {}, step)
            params, _, _, step = load(path)
            return [params["w"].tolist(), step], [[2 / 3] * 3, 2]

    def law_another_file_is_refused(self, load):
        """A text, half a checkpoint and a pickle are no checkpoints; of what is not there the name is told."""
        found = []
        with a_file() as path:
            load.backend("save_state", path, *a_state())
            half = path.read_bytes()[: path.stat().st_size // 2]
            for content in (b"", b"step 7", half, pickle.dumps(a_state())):
                path.write_bytes(content)
                found.append(_refused(load, path))
            path.unlink()
            found.append(_refused(load, path))
        return found, [True] * 5

    bad = (Malformed("no path", "path", lambda _: 3, case=Case("", inputs={"path": NOWHERE})),)


class a_file:
    """The path of a file in a folder of its own, which is gone afterwards."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        return Path(self.folder.name) / "state.npz"

    def __exit__(self, *_):
        self.folder.cleanup()


def a_state():
    """What an assignment's solver has after some steps."""
    rng = np.random.default_rng(0)
    params = {key: rng.standard_normal(shape) for key, shape in (("W1", (3, 4)), ("b1", (4,)))}
    opt = {key: (0.1 * w, w * w, STEP) for key, w in params.items()}
    return params, opt, _state(rng), STEP


def _state(rng):
    return rng.bit_generator.state


def _through_a_file(load, *state):
    """What the same backend saves and loads."""
    with a_file() as path:
        load.backend("save_state", path, *state)
        return load(path)


def _started():
    rng = np.random.default_rng(3)
    params = {
        "W": rng.standard_normal((4, 3)).astype(np.float32),
        "b": np.zeros(3, np.float32),
        "s": rng.standard_normal(2),
    }
    return {"params": params, "opt": dict.fromkeys(params)}, rng


def _steps(training, rng, number):
    """Steps of Adam, in place of the dicts, with gradients that the generator draws."""
    params, opt = dict(training["params"]), dict(training["opt"])
    for _ in range(number):
        for key, w in params.items():
            dw = rng.standard_normal(w.shape).astype(w.dtype)
            params[key], opt[key] = adam(w, dw, opt[key], lr=0.1)
    training["params"], training["opt"] = params, opt


def _arrays():
    rng = np.random.default_rng(1)
    return {
        "single": rng.standard_normal((2, 3)).astype(np.float32),
        "double": rng.standard_normal((3, 2)),
        "half": np.array([0.1, 6e4], np.float16),
        "Fortran's order": np.asfortranarray(rng.standard_normal((3, 2))),
        "every second": rng.standard_normal(6)[::2],
        "integers": np.array([[2**53 + 1, -1]]),
        "bytes": np.array([0, 255], np.uint8),
        "mask": np.array([True, False]),
        "no entries": np.zeros((0, 3), np.float32),
        "no axes": np.array(0.1),
        "no numbers": np.array([np.nan, np.inf, -0.0]),
    }


def _beside(found, array):
    return (str(found.dtype), found.shape, same_bits(np.array(array, order="C"), found)) if found is not None else None


def _as_bits(value):
    """Nested containers with the dtype and the bits of every array and number."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, np.ascontiguousarray(value).tobytes()
    if isinstance(value, dict):
        return {key: _as_bits(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [_as_bits(entry) for entry in value]
    return type(value).__name__, value


def _parts(path) -> list[bytes]:
    """The content of the file, or of all that is packed into it."""
    if not zipfile.is_zipfile(path):
        return [path.read_bytes()]
    with zipfile.ZipFile(path) as packed:
        return [packed.read(name) for name in packed.namelist()]


def _is_pickled(content: bytes) -> bool:
    """A pickle of any protocol since 2 begins with PROTO; an array of objects in NumPy's format has a dtype of O."""
    header = content[:200]
    return header[:1] == b"\x80" or (header.startswith(b"\x93NUMPY") and b"'|O'" in header)


def _refused(load, path) -> bool:
    """Whether it says by an ordinary error which file it cannot read."""
    try:
        load(path)
    except (ValueError, OSError) as error:
        return str(path) in str(error)
    return False
