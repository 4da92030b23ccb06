"""The objective over named parameters: definition, laws and cases. Classic mistakes: mistakes_regularized_loss.py."""

import numpy as np

from nnspec.spec_tests._cases import shape_of
from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._verdict import require

SHAPES = {"W1": "D H", "b1": "H", "gamma1": "H", "beta1": "H", "conv.w": "H D", "Wide.b": "D"}
WEIGHTS = ("W1", "conv.w")  # by the last part of their names


class Chosen:
    """A predicate that `nnspec explain --example` can write down."""

    def __init__(self, *keys):
        self.keys = keys

    def __call__(self, key):
        return key in self.keys

    def __repr__(self):
        return f"lambda key: key in {self.keys}"


def chosen(*keys):
    return lambda dims, dtype: Chosen(*keys)


class TestRegularizedLoss(Function):
    """What goes in are two dicts under one set of keys: here `W1` is a parameter and `data_dW1` its gradient."""

    rows = ("03.05",)
    outputs = ("loss", *(f"d{key}" for key in SHAPES))
    apart, tall = (1,), ((257, 33),)  # what is wide and very tall is asked of the penalty

    def definition(self, data_loss, reg, *, half=True, include=None, **arrays):
        """loss = data_loss + reg/2 sum w^2 over the weights, and its gradients. CS231n notes, regularization."""
        weights = [key for key in SHAPES if (include or WEIGHTS.__contains__)(key)]
        R = reg * sum(np.sum(arrays[key] ** 2) for key in weights) / (2 if half else 1)
        grads = [arrays[f"data_d{key}"] + derivatives(R, arrays[key]) for key in SHAPES]
        return data_loss + R, *grads

    def law_without_reg_nothing_changes(self, run, problem):
        """reg = 0 is the loss of the data and its gradients."""
        data = [problem.inputs["data_loss"], *(problem.inputs[f"data_d{key}"] for key in SHAPES)]
        return flat(run(reg=0.0).values()), flat(data)

    def law_what_is_added_does_not_ask_for_the_data(self, run, problem):
        """The penalty and its gradients are the same whatever the loss of the data is."""
        nothing = {f"data_d{key}": 0 * problem.inputs[key] for key in SHAPES}
        alone = run(data_loss=0.0, **nothing)
        data = [problem.inputs["data_loss"], *(problem.inputs[f"data_d{key}"] for key in SHAPES)]
        return flat(run().values()), flat(alone.values()) + flat(data)

    def law_biases_are_free(self, run, problem):
        """Biases, scale and shift move neither the loss nor a gradient, however large they are."""
        free = [key for key in SHAPES if key not in WEIGHTS]
        return flat(run(**{key: 8 * problem.inputs[key] for key in free}).values()), flat(run().values())

    def law_half_of_twice_reg(self, run, problem):
        """Without the half a strength counts twice."""
        halved = run(reg=2.0)
        problem.options = {"half": False}
        return flat(run(reg=1.0).values()), flat(halved.values())

    cases = (
        Case("without the half", half=False),
        Case("reg 0", inputs={"reg": 0.0}),
        Case("everything is penalized", include=chosen(*SHAPES)),
        Case("nothing is penalized", include=chosen()),
        Case("a bias alone, without the half", include=chosen("b1"), half=False),
    )
    beyond = (Case("gradients in another order"),)
    extremes = (
        Case("large beside small", D=1, H=2, inputs={"W1": [[1e8, 1e-8]], "data_dW1": [[1e-8, 1e8]], "reg": 1e-3}),
        Case("no weight", inputs={key: lambda rng, shape: np.zeros(shape) for key in WEIGHTS}),
    )
    ties = (Case("empty arrays", D=0), Case("nothing at all", D=0, H=0))
    bad = (
        Malformed("a gradient is missing", "grads", lambda _: arrays_of(D=2, H=3, without="gamma1")),
        Malformed("a gradient of nothing", "params", lambda _: arrays_of(D=2, H=3, without="W1"), ("grads",)),
        Malformed("gradients of another size", "grads", lambda _: arrays_of(D=2, H=4)),
        Malformed("a list of gradients", "grads", lambda _: list(arrays_of(D=2, H=3).values())),
        Malformed("parameters of integers", "params", lambda _: {k: a.astype(int) for k, a in arrays_of(2, 3).items()}),
        Malformed("a loss for each sample", "data_loss", lambda _: np.ones(3)),
        Malformed("include a list of names", "include", lambda _: ["W1"]),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        rng = np.random.default_rng(len(case.drawn_as or case.name))
        arrays = {}
        for name in (*SHAPES, *(f"data_d{key}" for key in SHAPES)):
            shape = shape_of(SHAPES[name.removeprefix("data_d")], dims)
            given = case.inputs.get(name)
            made = given(rng, shape) if callable(given) else rng.standard_normal(shape) if given is None else given
            arrays[name] = np.asarray(made, dtype)
        return {"data_loss": inputs["data_loss"], **arrays, "reg": inputs["reg"]}

    def run(self, call, problem, gradient=True):
        arrays, options = problem.inputs, dict(problem.options)
        order = reversed(SHAPES) if problem.case in self.beyond else SHAPES
        given = {
            "data_loss": arrays["data_loss"],
            "params": {key: arrays[key] for key in SHAPES},
            "grads": {key: arrays[f"data_d{key}"] for key in order},
            "reg": arrays["reg"],
        }
        given |= {name: options.pop(name) for name in given if name in options}  # one that is spoilt
        result = call(self.op, *given.values(), **options)
        loss, grads = self.unpack(result, 2, f"{self.op} must return {self.returned[self.op]}")
        complete = isinstance(grads, dict) and grads.keys() == SHAPES.keys()
        require(complete, f"{self.op} must return the gradients in a dict under the keys of params")
        return {"loss": loss} | {f"d{key}": grads[key] for key in SHAPES}

    @property
    def returned(self):
        return {self.op: "(loss, grads)"}


def derivatives(R, w):
    """dR/dw, entry by entry."""
    import sympy as sp

    return np.frompyfunc(lambda entry: sp.diff(R, entry), 1, 1)(w)


def flat(values):
    return np.concatenate([np.ravel(value) for value in values])


def arrays_of(D, H, without=None):
    return {key: np.ones(shape_of(SHAPES[key], {"D": D, "H": H})) for key in SHAPES if key != without}
