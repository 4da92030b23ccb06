"""What a penalty does to a polynomial: from learned by heart to a flat line

Twelve noisy points of a sine, fitted by a polynomial of degree 9. With hardly any penalty it runs close to all points
and swings wildly between them; with a strong one nothing but the mean is left. Along lam the error on the points
themselves only grows and the weights only shrink, so neither tells which lam is right: new points do, whose error is
smallest in between. The bias is not penalized, or a strong penalty would draw the fit to 0 and not to the mean.
"""

import numpy as np

from nnspec.demos.panels import Curves

DEGREE = 9
LAMS = np.logspace(-8, 3, 45)
SHOWN = (1e-8, 1e-2, 1e3)  # whose fits are drawn
N, NOISE = 12, 0.3


def panels(ops):
    x, t = points(np.random.default_rng(0), N)
    places = np.linspace(-1, 1, 141)
    fits = {f"lam = {lam:.0e}": features(places) @ fitted(ops, x, t, lam) for lam in SHOWN}
    error, norm = ops.regularization_path(x, t, [DEGREE], LAMS)
    errors = {"the points themselves": error[0], "new points": new_error(ops, x, t)}
    return [
        Curves("fits", {"points, joined": np.interp(places, x, t), **fits}, places, xlabel="x"),
        Curves("mean squared error", errors, LAMS, xlabel="lam", log="xy"),
        Curves("norm of the weights", {"norm": norm[0]}, LAMS, xlabel="lam", log="xy"),
    ]


def points(rng, n):
    """Anywhere between -1 and 1, from left to right."""
    x = np.sort(rng.uniform(-1, 1, n))
    return x, wave(x) + NOISE * rng.standard_normal(n)


def wave(x):
    return 0.5 + np.sin(np.pi * x)


def features(x):
    return np.stack([x**j for j in range(DEGREE + 1)], axis=1)


def fitted(ops, x, t, lam):
    return ops.ridge_fit(features(x), t, float(lam))


def new_error(ops, x, t):
    """Of each lam, on points that were not fitted."""
    new, of = points(np.random.default_rng(2), 200)
    return np.array([((features(new) @ fitted(ops, x, t, lam) - of) ** 2).mean() for lam in LAMS])
