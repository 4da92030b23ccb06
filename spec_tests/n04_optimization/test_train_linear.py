"""Training of a linear classifier: the recursion where all samples are equal, and laws where they are not.

Batches are drawn, and every implementation draws its own. So values are judged with samples that are all equal; at
lr = 0 the loss of each step tells which samples it saw. Classic mistakes: mistakes_train_linear.py.
"""

import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._truth import exp, log, named, where_positive
from nnspec.spec_tests._verdict import require

STEPS = 3


class TestTrainLinear(Function):
    rows = ("04.31",)
    outputs = ("w", "loss")
    options = {"lr": 0.5, "reg": 0.25, "steps": STEPS, "batch": 4}
    apart, tall = (1,), ((257, 33),)  # what is wide and very tall is asked of the parts
    trivial = ("C",)

    def definition(self, x, y, w, *, model="softmax_objective", lr, reg, steps, batch):
        """w = w - lr dloss/dw of a batch, loss = mean + reg sum w^2. CS231n, assignment 1, `LinearClassifier.train`."""
        of_one, losses = {"softmax_objective": softmax_of_one, "svm_objective": svm_of_one}[model], []
        for _ in range(steps):
            loss, ds = of_one(named((x[0][:, None] * w).sum(axis=0)), y[0])  # all samples are this one
            losses.append(loss + reg * np.sum(w**2))
            w = named(w - lr * (x[0][:, None] * ds + 2 * reg * w))
        return w, np.array(losses, object)

    def law_inputs_and_labels_belong_together(self, run, problem):
        """At lr = 0 and a batch of 1, every loss is that of a sample with its own label."""
        losses, seen = alone(run, problem, steps=20)
        return losses[np.abs(seen[:, None] - losses).argmin(axis=1)], seen

    def law_every_sample_is_drawn(self, run, problem):
        """In 60 steps of a batch of 1, each of 5 samples takes part: batches are drawn anew."""
        losses, seen = alone(run, problem, steps=60)
        return np.unique(np.abs(seen[:, None] - losses).argmin(axis=1)), np.arange(5)

    def law_batches_are_as_large_as_asked_for(self, run, problem):
        """At lr = 0, the losses of batches of 25 scatter a fifth as much as those of single samples."""
        _, single = alone(run, problem, steps=60)
        _, together = alone(run, problem, steps=60, batch=25)
        return bool(0.1 < together.std() / single.std() < 0.35), True

    def law_a_step_has_a_loss(self, run, problem):
        """history["loss"] has one loss for each step, the first of them before w has moved."""
        problem.options = problem.options | {"steps": 7}
        first = run()["loss"][:1]
        problem.options = problem.options | {"lr": 0.0, "steps": 1}
        return [len(first), *first], [1, *run()["loss"]]

    def law_weights_begin_small(self, run, problem):
        """Without a w there is a column for each label up to the largest, and the first loss is about log C."""
        problem.inputs = {name: problem.inputs[name] for name in ("x", "y")}
        problem.options = problem.options | {"lr": 0.0, "reg": 0.0, "steps": 1}
        answer = run(y=np.arange(len(problem.inputs["y"]))[::-1] // (len(problem.inputs["y"]) - 1) * 9)
        return [*answer["w"].shape, round(float(answer["loss"][0]), 1)], [problem.dims["D"], 10, 2.3]

    def law_weights_begin_normal_or_at_0(self, run, problem):
        """Where no w is given they are drawn with a deviation of 0.001, or 0, which a convex objective forgives."""
        x = np.ones((2, 400), problem.dtype)
        problem.inputs = {"x": x, "y": np.array([0, 9])}
        problem.options = problem.options | {"lr": 0.0, "steps": 1}
        w = run()["w"]
        return bool((w == 0).all() or 0.0009 < w.std() < 0.0011), True

    def law_what_is_not_said(self, run, problem):
        """By default a softmax classifier takes 100 steps with lr = 1e-3 and reg = 1e-5."""
        problem.options = {}
        found = run()
        problem.options |= {"model": "softmax_objective", "lr": 1e-3, "reg": 1e-5, "steps": 100}
        wanted = run()
        return np.append(found["w"], found["loss"]), np.append(wanted["w"], wanted["loss"])

    def law_the_generator_decides(self, run, problem):
        """The same generator state takes the same steps, and another one others."""
        found, N = [], 30
        x = np.arange(N * problem.dims["D"]).reshape(N, -1).astype(problem.dtype) % 7
        for seed in (7, 7, 8):
            problem.options = problem.options | {"batch": 2, "rng": np.random.default_rng(seed)}
            found.append(run(x=x, y=np.arange(N) % problem.dims["C"])["loss"])
        return [np.array_equal(found[0], found[1]), np.array_equal(found[0], found[2])], [True, False]

    def law_it_learns(self, run, problem):
        """Classes that lie apart are told apart, by scores x w of the weights that come out."""
        problem.options = problem.options | {"batch": 8, "steps": 40, "lr": 0.5, "reg": 0.0}
        y = np.arange(30) % 3
        x = np.eye(3, problem.dims["D"] + 2, dtype=problem.dtype)[y]
        w = run(x=x, y=y, w=np.zeros((x.shape[1], 3), problem.dtype))["w"]
        return (x @ w).argmax(axis=1), y

    cases = (
        Case("svm", model="svm_objective"),
        Case("not regularized", reg=0.0),
        Case("svm, small steps", model="svm_objective", lr=2.0**-10, reg=0.0),
        Case("a single step", steps=1),
        Case("larger batches than there are samples", batch=50),
    )
    bad = (
        Malformed("no samples", "x", N=0),
        Malformed("a label below 0", "y", lambda y: y - 10),
        Malformed("labels below 0 and no w", "y", lambda y: y - 10, case=Case("", without=("w",))),
        Malformed("no steps", "steps", lambda _: 0),
        Malformed("batch of 0", "batch", lambda _: 0),
        Malformed("model unknown", "model", lambda _: "hinge"),
        Malformed("a seed for a generator", "rng", lambda _: 0),
    )

    def draw(self, case, dims, dtype):
        """All samples are equal, and so are their labels."""
        inputs = super().draw(case, dims, dtype)
        inputs["x"][:], inputs["y"][:] = inputs["x"][:1], inputs["y"][:1] % dims["C"]
        return inputs

    @property
    def returned(self):
        return {self.op: "(w, history)"}

    def run(self, call, problem, gradient=True):
        options = {**problem.options, "rng": problem.options.get("rng", np.random.default_rng(0))}
        result = call(self.op, *problem.inputs.values(), **options)
        w, history = self.unpack(result, 2, f"{self.op} must return (w, history)")
        told = isinstance(history, dict) and "loss" in history
        require(told, f'{self.op} must return the history as a dict with the key "loss"')
        return {"w": w, "loss": np.array(history["loss"], float)}

    def test_dtype(self, planned, backend):
        """float32 weights stay float32; the losses are numbers for people."""
        problem = self.problem(planned, backend)
        got = self.answer(backend, problem)["w"].dtype
        require(got == problem.dtype, f"w was {problem.dtype} and is {got}")


def alone(run, problem, **options):
    """The loss of each of five different samples, and those of the steps of a training that never moves."""
    rng, C = np.random.default_rng(3), problem.dims["C"]
    w = problem.inputs["w"]
    x, y = rng.standard_normal((5, len(w))).astype(problem.dtype), np.arange(5) % C
    s = x.astype(np.longdouble) @ w
    losses = np.log(np.exp(s).sum(axis=1)) - s[np.arange(5), y]
    problem.options = problem.options | {"lr": 0.0, "reg": 0.0, "batch": 1, **options}
    problem.options["rng"] = np.random.default_rng(1)
    return losses, run(x=x, y=y)["loss"]


def softmax_of_one(s, label):
    total = named(sum(exp(s)))
    return log(total) - s[label], exp(s) / total - np.eye(len(s), dtype=int)[label]


def svm_of_one(s, label):
    margins = s - s[label] + 1
    margins[label] = -1
    ds = where_positive(margins, 1, 0)
    ds[label] = -sum(ds)
    return sum(where_positive(margins, margins)), ds
