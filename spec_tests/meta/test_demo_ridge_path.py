"""`nnspec demo ridge_path`: error and norm go one way along lam, new points have the best lam in between."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.ridge_path import DEGREE, N, features, fitted, panels, points, wave

FITS, ERROR, NORM = panels(reference)
X, T = points(np.random.default_rng(0), N)


def test_the_error_on_the_points_grows_and_the_weights_shrink():
    assert (np.diff(ERROR.curves["the points themselves"]) > 0).all()
    assert (np.diff(NORM.curves["norm"]) < 0).all() and NORM.curves["norm"][0] > 100 > 0.1 > NORM.curves["norm"][-1]


def test_new_points_have_the_best_lam_in_between():
    error = ERROR.curves["new points"]
    best = error.argmin()
    assert 5 < best < len(error) - 5
    assert error[0] > 5 * error[best] and error[-1] > 2 * error[best]


def test_hardly_any_penalty_learns_by_heart_and_swings():
    wild, _, flat = (FITS.curves[name] for name in list(FITS.curves)[1:])
    off = features(X) @ fitted(reference, X, T, 1e-8) - T
    assert abs(off).max() < 0.3 and np.ptp(wild) > 2.5 * np.ptp(T)
    assert np.ptp(flat) < 0.05 and abs(flat - T.mean()).max() < 0.05


def test_between_them_lies_the_sine():
    _, _, between, _ = FITS.curves.values()
    assert ((between - wave(FITS.x)) ** 2).mean() < 0.1 < ((T.mean() - wave(FITS.x)) ** 2).mean()
    assert len(fitted(reference, X, T, 1.0)) == DEGREE + 1
