"""Classic mistakes of checkpoints."""

import json
import pickle
from pathlib import Path

import numpy as np

from nnspec.reference import load_state, save_state
from nnspec.spec_tests._known import mistake


class MistakesOfSaveState:
    @mistake("N1400", replaces="save_state")
    def pickled(path, params, opt, rng_state, step):
        """Write arrays and JSON, not a pickle: reading a pickle can run any code."""
        Path(path).write_bytes(pickle.dumps((params, opt, rng_state, step)))

    @mistake("N1400", replaces="save_state")
    def arrays_of_objects(path, params, opt, rng_state, step):
        """NumPy pickles what it has no dtype for, dicts and arrays of objects: take them apart, and write JSON."""
        state = np.array([params, opt, rng_state, step], dtype=object)
        with Path(path).open("wb") as file:
            np.savez(file, state=state)

    @mistake("N1401", replaces="save_state")
    def another_name(path, params, opt, rng_state, step):
        """np.savez adds .npz to a path that does not end in it: give it an open file."""
        save_state(path, params, opt, rng_state, step)
        path = Path(path)
        if path.suffix != ".npz":
            path.rename(path.with_name(path.name + ".npz"))

    @mistake("N1402", replaces="save_state")
    def written_over_the_one_before(path, params, opt, rng_state, step):
        """Write to another file and rename it: interrupted half way, the one before is lost."""
        Path(path).write_bytes(b"")
        save_state(path, params, opt, rng_state, step)


class MistakesOfLoadState:
    """What was not saved shows when it is to be loaded."""

    @mistake("N1403", replaces="save_state")
    def without_what_the_rule_keeps(path, params, opt, rng_state, step):
        """Save the state of the update rule too: momentum and moments would begin at 0 again."""
        save_state(path, params, dict.fromkeys(opt), rng_state, step)

    @mistake("N1403", replaces="save_state")
    def moments_without_their_count(path, params, opt, rng_state, step):
        """Save the t of Adam too: counted from 1 again, the correction of its bias makes large steps."""
        without = {
            key: (*state[:2], 0) if isinstance(state, tuple) and len(state) == 3 else state
            for key, state in opt.items()
        }
        save_state(path, params, without, rng_state, step)

    @mistake("N1404", replaces="save_state")
    def without_the_generator(path, params, opt, rng_state, step):
        """Save where the generator stands: begun anew, it draws the batches of the first epoch again."""
        save_state(path, params, opt, np.random.default_rng(0).bit_generator.state, step)

    @mistake("N1405", replaces="save_state")
    def in_single_precision(path, params, opt, rng_state, step):
        """Save arrays as they are: rounded to float32, the training goes on from another place."""
        rounded = {key: w.astype(np.float32) if w.dtype == np.float64 else w for key, w in params.items()}
        save_state(path, rounded, opt, rng_state, step)

    @mistake("N1405", replaces="save_state")
    def with_six_digits(path, params, opt, rng_state, step):
        """Save the bits of the parameters, not their decimal digits: six of them are less than a float32 has."""
        shortened = {
            key: np.array([float(f"{x:.6g}") for x in w.ravel()], w.dtype).reshape(w.shape)
            if w.dtype.kind == "f"
            else w
            for key, w in params.items()
        }
        save_state(path, shortened, opt, rng_state, step)

    @mistake("N1406", replaces="save_state")
    def a_step_too_few(path, params, opt, rng_state, step):
        """step is how many were made: one less, and the last one is made twice."""
        save_state(path, params, opt, rng_state, max(0, step - 1))

    @mistake("N1407", replaces="save_state")
    def keys_made_texts(path, params, opt, rng_state, step):
        """JSON has no keys but texts: 3 comes back as "3" unless it is refused."""
        save_state(path, params, _with_text_keys(opt), rng_state, step)

    @mistake("N1407", replaces="save_state")
    def sorted_by_name(path, params, opt, rng_state, step):
        """Keep the order of the keys: what is drawn for the parameters in turn would go to others."""
        save_state(path, dict(sorted(params.items())), opt, rng_state, step)

    @mistake("N1405", replaces="load_state")
    def everything_in_double_precision(path):
        """Load arrays in the dtype in which they were saved: in float64 each further step is another."""
        params, *rest = load_state(path)
        return ({key: np.array(w.tolist(), float).reshape(w.shape) for key, w in params.items()}, *rest)

    @mistake("N1405", replaces="load_state")
    def through_json(path):
        """JSON knows no tuples: what the rule keeps comes back as a list."""
        params, opt, rng_state, step = load_state(path)

        def listed(value):
            if isinstance(value, dict):
                return {key: listed(entry) for key, entry in value.items()}
            return [listed(entry) for entry in value] if isinstance(value, (list, tuple)) else value

        return params, listed(opt), rng_state, step

    @mistake("M45", replaces="load_state")
    def a_step_of_float(path):
        """The count of steps is an integer."""
        params, opt, rng_state, step = load_state(path)
        return params, opt, rng_state, float(step)

    @mistake("M45", replaces="load_state")
    def kept_for_the_next_load(path):
        """What was loaded is the caller's: an array that is kept for the next load changes with the first one."""
        path = Path(path)
        key = path.read_bytes()
        if key not in _loaded:
            _loaded[key] = load_state(path)
        return _loaded[key]

    @mistake("N1408", replaces="load_state")
    def anything_that_is_there(path):
        """Refuse what is no checkpoint: an empty state in its place begins the training anew, unnoticed."""
        try:
            return load_state(path)
        except ValueError:
            return {}, {}, {}, 0

    @mistake("N1408", replaces="load_state")
    def a_cryptic_error(path):
        """Say which file cannot be read: an error from inside a parser tells nobody."""
        try:
            return load_state(path)
        except ValueError:
            return json.loads("")


def _with_text_keys(value):
    return {str(key): _with_text_keys(entry) for key, entry in value.items()} if isinstance(value, dict) else value


_loaded: dict[bytes, tuple] = {}  # of `kept_for_the_next_load`
