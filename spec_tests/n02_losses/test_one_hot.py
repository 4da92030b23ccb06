"""One-hot encoding: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import one_hot
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake
from nnspec.spec_tests._verdict import require


class TestOneHot(Function):
    rows = ("02.24",)
    tall = ((257, 33), (10000, 4))

    def definition(self, y, n_classes, *, dtype="float64"):
        """out_c = 1 where c = y, else 0. Bishop 2006, sec. 4.1.2."""
        out = np.zeros((*y.shape, n_classes), object)
        for at in np.ndindex(y.shape):
            out[(*at, int(y[at]))] = 1
        return out

    def law_one_in_each_row(self, run, problem):
        """The entries of a label sum to 1."""
        total = run()["out"].sum(axis=-1)
        return total, np.ones(total.shape)

    def law_the_label_comes_back(self, run, problem):
        """The place of the largest entry is the label."""
        return run()["out"].argmax(axis=-1), problem.inputs["y"]

    def law_classes_that_do_not_occur_have_a_column(self, run, problem):
        """There are n_classes columns, whichever labels occur."""
        return run(y=0 * problem.inputs["y"])["out"].shape, (*problem.inputs["y"].shape, problem.inputs["n_classes"])

    def cases_of_law(self):
        return [Case(case.name, inputs={"n_classes": 5}) for case in super().cases_of_law()]

    cases = (
        Case("many classes", inputs={"n_classes": 20}),
        Case("a single class", inputs={"y": [[0, 0, 0], [0, 0, 0]], "n_classes": 1}),
        Case("as many labels as classes", {"shape": (3,)}, inputs={"y": [2, 0, 1], "n_classes": 3}),
        Case("only the last class", {"shape": (2,)}, inputs={"y": [3, 3], "n_classes": 4}),
        Case("in single precision", inputs={"n_classes": 4}, dtype="float32"),
    )
    beyond = (
        Case("no axes", {"shape": ()}, inputs={"y": 2, "n_classes": 4}),
        Case("three axes", {"shape": (2, 1, 2)}, inputs={"n_classes": 4}),
    )
    ties = (Case("no labels", {"shape": (0,)}),)
    bad = (
        Malformed("a label above", "y", lambda y: y + 10),
        Malformed("a label below", "y", lambda y: y - 1 - y.min()),
        Malformed("labels of floats", "y", lambda y: y.astype(float)),
        Malformed("no classes", "n_classes", lambda _: 0),
        Malformed("dtype of text", "dtype", lambda _: "U3"),
    )

    def draw(self, case, dims, dtype):
        """Labels from 0 to 3, of at least four classes."""
        inputs = super().draw(case, dims, dtype)
        return inputs | ({} if "n_classes" in case.inputs else {"n_classes": 4})

    def test_dtype(self, planned, backend):
        """The dtype that is asked for; where none is, any will do."""
        problem = self.problem(planned, backend)
        asked = problem.options.get("dtype")
        got = self.answer(backend, problem)["out"].dtype
        require(asked in (None, got), f"out is {got}, and {asked} was asked for")

    @mistake("M25", replaces="one_hot")
    def an_axis_too_many(y, n_classes, *, dtype="float64"):
        """One axis comes behind those of y: labels of shape (N, 1) give (N, 1, C), so hand in (N,)."""
        return one_hot(y[..., None], n_classes, dtype=dtype)

    @mistake("N878", replaces="one_hot")
    def classes_from_one(y, n_classes, *, dtype="float64"):
        """Classes are counted from 0."""
        return one_hot((y - 1) % n_classes, n_classes, dtype=dtype)

    @mistake("N887", replaces="one_hot")
    def a_column_for_each_label_that_occurs(y, n_classes, *, dtype="float64"):
        """There are n_classes columns: labels that do not occur here may occur elsewhere."""
        return one_hot(y, int(y.max(initial=0)) + 1, dtype=dtype)

    @mistake("N880", replaces="one_hot")
    def classes_in_front(y, n_classes, *, dtype="float64"):
        """The axis of the classes is the last one."""
        return np.moveaxis(one_hot(y, n_classes, dtype=dtype), -1, 0).copy()

    @mistake("N881", replaces="one_hot")
    def always_float64(y, n_classes, *, dtype="float64"):
        """Give the dtype that is asked for."""
        return one_hot(y, n_classes)

    @mistake("N889", replaces="one_hot")
    def one_cold(y, n_classes, *, dtype="float64"):
        """1 stands at the label, and 0 everywhere else."""
        return 1 - one_hot(y, n_classes, dtype=dtype)

    @mistake("N889", replaces="one_hot")
    def all_up_to_the_label(y, n_classes, *, dtype="float64"):
        """Only the label itself has a 1: classes below it are no part of it."""
        return np.cumsum(one_hot(y, n_classes, dtype=dtype)[..., ::-1], axis=-1)[..., ::-1].copy()

    @mistake("N889", replaces="one_hot", convention=True)
    def counted_from_the_end(y, n_classes, *, dtype="float64"):
        """Refuse a label below 0: np.eye(C)[-1] is the last class."""
        return np.eye(n_classes, dtype=dtype)[y]
