"""`nnspec demo circuit`: the numbers of the notes' figures, and of the circuits that were derived by hand."""

import numpy as np

from nnspec import reference
from nnspec.demos.gallery.circuit import NEURON, panels


def shown(panel) -> dict:
    return {node.name: (node.value, node.gradient) for node in panel.nodes}


def test_the_product_of_a_sum_as_in_the_notes():
    found = shown(panels(reference)[0])
    assert found == {"x": (-2, -4), "y": (5, -4), "z": (-4, 3), "q": (3, -4), "f": (-12, 1)}


def test_the_neuron_gate_by_gate_is_the_neuron_as_a_whole():
    found = shown(panels(reference)[1])
    out, cache = reference.sigmoid_neuron_forward(*map(np.array, NEURON.values()))
    gradients = reference.sigmoid_neuron_backward(1.0, cache)
    np.testing.assert_allclose(found["f"][0], out, rtol=1e-14)
    np.testing.assert_allclose([found[name][1] for name in NEURON], np.array(gradients, float), rtol=1e-13)


def test_the_rounded_numbers_of_the_notes_figure():
    """Those of every gate, forward; and backward those that the figure does not round on the way."""
    found = shown(panels(reference)[1])
    forward = {"w0 x0": -2.0, "w1 x1": 6.0, "sum": 4.0, "s": 1.0, "-s": -1.0, "exp": 0.37, "1+": 1.37, "f": 0.73}
    backward = {"1+": -0.53, "exp": -0.53, "-s": -0.20, "s": 0.20, "w0": -0.20, "w2": 0.20}
    assert {name: round(found[name][0], 2) for name in forward} == forward
    assert {name: round(found[name][1], 2) for name in backward} == backward
