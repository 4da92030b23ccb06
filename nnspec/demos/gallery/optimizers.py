"""How optimisers go downhill: a valley, a saddle, and a bent valley

In the valley, 40 times as steep across as along, sgd creeps at a rate that just does not throw it out; momentum gains
speed along the floor, and overshoots. One part in a thousand beside the ridge of the saddle, sgd is drawn to the point
without slope and hardly gets away; rmsprop and adam divide by the size of the slope, so that a small one counts as
much, and leave first. In the bent valley all are soon on its floor, where the long way to (1, 1) tells them apart.
"""

import numpy as np

from nnspec.demos.panels import Surface
from nnspec.demos.shared import places

RULES = ("sgd", "sgd_momentum", "nesterov", "rmsprop", "adam")
GRID = 61  # points of a side


def panels(ops):
    return [scene_of(ops, *scene) for scene in SCENES]


VALLEY = {"sgd": 0.045, "sgd_momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.05, "adam": 0.2}
SADDLE = {"sgd": 0.05, "sgd_momentum": 0.02, "nesterov": 0.02, "rmsprop": 0.002, "adam": 0.02}
BENT = {"sgd": 1e-3, "sgd_momentum": 5e-4, "nesterov": 5e-4, "rmsprop": 0.01, "adam": 0.05}
SCENES = (  # a name, the function, where it begins, how many steps, the rates, and what is shown of the plane
    ("valley", lambda ops: ops.quadratic(kappa=40.0), (-9.0, 1.0), 60, VALLEY, (-10.0, 4.0, -1.5, 1.5)),
    ("saddle", lambda ops: ops.saddle(), (-1.0, 1e-3), 60, SADDLE, (-1.1, 0.6, -0.6, 0.6)),
    ("bent valley", lambda ops: ops.rosenbrock(), (-1.2, 1.0), 400, BENT, (-1.5, 1.5, -0.5, 1.6)),
)


def scene_of(ops, name, made, start, steps, rates, extent):
    of = made(ops)
    heights, _ = of(places(extent, GRID))
    paths = {rule: inside(path_of(ops, rule, of, start, steps, rates[rule]), extent) for rule in RULES}
    return Surface(f"{name}, {steps} steps", heights, extent, paths, log=name != "saddle", xlabel="w1", ylabel="w2")


def path_of(ops, rule, of, start, steps, lr):
    """(steps + 1, 2): from the start, by a rule."""
    w, state = np.array(start), None
    path = [w]
    for _ in range(steps):
        w, state = getattr(ops, rule)(w, of(w)[1], state, lr=lr)
        path.append(w)
    return np.array(path)


def inside(path, extent):
    """The way until it leaves what is shown."""
    x0, x1, y0, y1 = extent
    is_out = (path[:, 0] < x0) | (path[:, 0] > x1) | (path[:, 1] < y0) | (path[:, 1] > y1)
    return np.where(np.maximum.accumulate(is_out)[:, None], np.nan, path)
