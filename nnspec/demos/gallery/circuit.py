"""Backpropagation in a circuit: values flow forward, gradients back

Each gate knows its own slope and nothing of the circuit: it multiplies by it the gradient of its output, and hands that
on. A sum hands the same gradient to both inputs, a product switches: each gets the value of the other one. Second, a
neuron cut into gates as in the notes, f = 1 / (1 + e^-s). In a picture values are green, and gradients red below them.
"""

from nnspec.demos.panels import Circuit, Node

NEURON = {"w0": 2.0, "x0": -1.0, "w1": -3.0, "x1": -2.0, "w2": -3.0}


def panels(ops):
    return [
        drawn("q = x + y, f = q z", ops, {"x": -2.0, "y": 5.0, "z": -4.0}, gates_of_the_product),
        drawn("f = sigmoid(w0 x0 + w1 x1 + w2), gate by gate", ops, NEURON, gates_of_the_neuron),
    ]


def gates_of_the_product():
    yield "q", ("x", "y"), lambda x, y: x + y
    yield "f", ("q", "z"), lambda q, z: q * z


def gates_of_the_neuron():
    """Eight gates, of which the last four are 1 / (1 + e^-s)."""
    yield "w0 x0", ("w0", "x0"), lambda w, x: w * x
    yield "w1 x1", ("w1", "x1"), lambda w, x: w * x
    yield "sum", ("w0 x0", "w1 x1"), lambda a, b: a + b
    yield "s", ("sum", "w2"), lambda a, b: a + b
    yield "-s", ("s",), lambda s: s * -1.0
    yield "exp", ("-s",), lambda s: s.exp()
    yield "1+", ("exp",), lambda e: e + 1.0
    yield "f", ("1+",), lambda d: d**-1


def drawn(title, ops, leaves, gates):
    """The circuit of these gates: each has a name, the names of its inputs, and what it does with their values."""
    values = {name: ops.value(number) for name, number in leaves.items()}
    inputs = {}
    for name, of, gate in gates():
        values[name] = gate(*(values[each] for each in of))
        inputs[name] = of
    values[name].backward()
    places = {each: i for i, each in enumerate(values)}
    return Circuit(
        title,
        tuple(
            Node(each, float(v.data), float(v.grad), tuple(places[part] for part in inputs.get(each, ())))
            for each, v in values.items()
        ),
    )
