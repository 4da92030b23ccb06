"""`nnspec demo dead_units`: who dies, that nobody comes back, and that leaking helps."""

import numpy as np
import pytest

from nnspec import reference
from nnspec.demos.gallery.dead_units import RATES, REG, step, trained


def spiral():
    return reference.make_spiral(100, 3, rng=np.random.default_rng(0))


@pytest.mark.parametrize("rate", RATES)
def test_the_share_of_the_dead_only_grows(rate):
    dead = trained(reference, *spiral(), rate, "relu")["dead"]
    assert (np.diff(dead) >= 0).all() and dead[0] == 0


def test_a_larger_rate_kills_more():
    runs = [trained(reference, *spiral(), rate, "relu") for rate in RATES]
    ends = [run["dead"][-1] for run in runs]
    assert ends == sorted(ends) and ends[1] < 0.12 < 0.2 < ends[2] < 0.3 and runs[3]["dead"][10] == 1
    assert runs[3]["loss"][-1] > np.log(3) > runs[1]["loss"][-1]


def test_units_that_leak_do_not_die():
    for rate in RATES:
        assert not trained(reference, *spiral(), rate, "leaky_relu")["dead"].any()


def test_the_network_is_that_of_two_layers():
    """Its gradients are those of `two_layer_loss`."""
    x, y = spiral()
    params = reference.two_layer_init(2, 7, 3, scale=0.3, rng=np.random.default_rng(1))
    _, grads, _ = step(reference, params, x, y, "relu")
    _, wanted = reference.two_layer_loss(params, x, y, reg=REG)
    for name in grads:
        np.testing.assert_allclose(grads[name], wanted[name], rtol=1e-12, atol=1e-15)
