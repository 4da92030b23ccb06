"""`nnspec demo optimizers`: the paths end where the text says."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.optimizers import RULES, SCENES, panels, path_of


def paths(name) -> tuple:
    """The function of a scene, and the whole way of each rule."""
    _, made, start, steps, rates, _ = next(scene for scene in SCENES if scene[0] == name)
    of = made(reference)
    return of, {rule: path_of(reference, rule, of, start, steps, rates[rule]) for rule in RULES}


def test_in_the_valley_momentum_gains_speed_and_overshoots():
    of, ways = paths("valley")
    left = {rule: of(path)[0][-1] for rule, path in ways.items()}
    assert left["sgd_momentum"] < 0.1 * left["sgd"] and left["nesterov"] < 0.01 * left["sgd"]
    assert ways["sgd_momentum"][:, 0].max() > 0.5 and ways["sgd"][:, 0].max() < 0


def test_a_little_more_throws_sgd_out_of_the_valley():
    of, _ = paths("valley")
    assert of(path_of(reference, "sgd", of, (-9.0, 1.0), 200, 0.051))[0][-1] > 1e3


def test_who_leaves_the_saddle_first():
    _, ways = paths("saddle")
    beside = {rule: abs(path[:, 1]) for rule, path in ways.items()}
    leaves = {rule: int(np.argmax(far > 0.1)) if far.max() > 0.1 else np.inf for rule, far in beside.items()}
    assert max(leaves["rmsprop"], leaves["adam"]) < min(leaves["sgd_momentum"], leaves["nesterov"]) < leaves["sgd"]
    assert np.hypot(*ways["sgd"][-1]) < 0.06


def test_on_the_ridge_itself_sgd_never_leaves():
    of, _ = paths("saddle")
    assert not path_of(reference, "sgd", of, (-1.0, 0.0), 500, 0.05)[:, 1].any()


def test_in_the_bent_valley_all_are_soon_on_the_floor():
    of, ways = paths("bent valley")
    for rule, path in ways.items():
        assert abs(path[100:, 1] - path[100:, 0] ** 2).max() < 0.35, rule
    left = {rule: float(of(path)[0][-1]) for rule, path in ways.items()}
    assert max(left["sgd_momentum"], left["nesterov"]) < 0.1 < 2 < left["sgd"]


def test_a_way_ends_where_it_leaves_what_is_shown():
    for panel in panels(reference):
        x0, x1, y0, y1 = panel.extent
        for path in panel.paths.values():
            seen = path[np.isfinite(path).all(axis=1)]
            assert len(seen) > 10 and (seen >= [x0, y0]).all() and (seen <= [x1, y1]).all()
            assert np.isnan(path[len(seen) :]).all()
