"""Standardized features and the pipeline of features: definitions, laws and cases. Classic mistakes:
mistakes_standardize.py."""

import mpmath
import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Malformed
from nnspec.spec_tests._truth import exact, named, sqrt, where_positive
from nnspec.spec_tests.n01_classification._colours import colours
from nnspec.spec_tests.n01_classification.test_color_histogram import exact_histogram
from nnspec.spec_tests.n01_classification.test_hog import exact_hog


def constant_feature(rng, shape):
    x = rng.standard_normal(shape)
    x[:, 0] = 0.5
    return x


class TestStandardizeFit(Function):
    rows = ("01.23",)
    outputs = ("mean", "std")

    def definition(self, x):
        """mean_f = 1/N sum_n x_nf, std_f = sqrt(1/N sum_n (x_nf - mean_f)^2). CS231n notes, normalization."""
        mean = named(np.sum(x, axis=0) / len(x))
        return mean, sqrt(named(np.sum((x - mean) ** 2, axis=0) / len(x)))

    def law_a_common_shift_moves_the_mean_alone(self, run, problem):
        """x + 1 has the mean + 1, and the same std."""
        moved, plain = run(x=problem.inputs["x"] + 1), run()
        return np.append(moved["mean"], moved["std"]), np.append(plain["mean"] + 1, plain["std"])

    trivial = ("N",)
    cases = (Case("as many samples as features", N=3, F=3),)
    extremes = (
        Case("a common offset", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),
        Case("a constant feature", inputs={"x": constant_feature}),
    )
    ties = (Case("no features", F=0), Case("one sample", N=1))
    bad = (Malformed("no samples", "x", N=0),)


class TestStandardize(Function):
    rows = ("01.23",)

    def definition(self, x, mean, std):
        """out_nf = (x_nf - mean_f) / std_f, 0 where std_f is 0. CS231n notes, normalization."""
        return where_positive(std, (x - mean) / std)

    def law_the_statistics_are_given(self, run, problem):
        """A sample is standardized as it is in any batch: not by its own statistics."""
        x = problem.inputs["x"]
        return run(x=np.repeat(x[:1], len(x), axis=0))["out"][0], run()["out"][0]

    def law_a_feature_that_never_changes_is_0(self, run, problem):
        """Also where it changes after training."""
        std = problem.inputs["std"].copy()
        std[0] = 0
        wanted = run()["out"].copy()
        wanted[:, 0] = 0
        return run(std=std)["out"], wanted

    cases = (Case("as many samples as features", N=3, F=3),)
    extremes = (Case("a small std", inputs={"std": lambda rng, shape: 1e-6 * (1 + rng.random(shape))}),)
    ties = (
        Case("no samples", N=0),
        Case("constant features", N=2, F=3, inputs={"mean": [0.5, 0.1, 1.0], "std": [0.0, 2.0, 0.0]}),
    )
    bad = (
        Malformed("a negative std", "std", lambda std: np.append(std[1:], -0.5)),
        Malformed("a std of NaN", "std", lambda std: np.append(std[1:], np.nan)),
    )

    def draw(self, case, dims, dtype):
        """A std is not negative."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"std": abs(inputs["std"])}


class TestFeaturePipeline(Function):
    """Images of 9 x 11 pixels in cells of 4, of four orientations, unless a case says otherwise.

    No bin is empty in all of training: a filter leaves rounding there, which standardizing would blow up.
    """

    rows = ("01.23",)
    symbolic = False
    sizes = {"Nt": 4, "N": 2, "H": 9, "W": 11}
    options = {"cell": 4, "nbin": 3, "orientations": 4}

    def definition(self, x_train, x, *, nbin=10, orientations=9, cell=8):
        """out_n = [(f(x_n) - mean) / std, 1], f = [hog, hue histogram], mean and std of f over x_train. CS231n."""

        def features(im):
            shares = [mpmath.mpf(share.numerator) / share.denominator for share in exact_histogram(im, nbin=nbin)]
            return [*exact_hog(im, orientations=orientations, cell=cell), *shares]

        train = np.array([features(im) for im in x_train])
        mean = train.sum(axis=0) / len(train)
        std = [mpmath.sqrt(var) for var in ((train - mean) ** 2).sum(axis=0) / len(train)]
        rows = [[(f - m) / s if s else 0 for f, m, s in zip(features(im), mean, std, strict=True)] for im in x]
        return np.array([[*row, 1] for row in rows])

    def law_the_training_features_are_standardized(self, run, problem):
        """Of the training images themselves every feature has the mean 0 and the std 1, or is 0."""
        out = run(x=problem.inputs["x_train"].copy())["out"][:, :-1]
        std = out.std(axis=0)
        return [out.mean(axis=0), std * (std > 0.5)], [0 * std, 1 * (std > 0.5)]

    def law_the_last_column_is_for_the_bias(self, run, problem):
        """Ones, which are not standardized."""
        return run()["out"][:, -1], np.ones(2)

    def law_unless_others_are_asked_for(self, run, problem):
        """Cells are 8 pixels wide, of 9 orientations, and hues fall into 10 bins."""
        problem.options = {"cell": 8, "orientations": 9, "nbin": 10}
        asked = run()["out"]
        problem.options = {}
        return run()["out"], asked

    def law_an_image_at_a_time(self, run, problem):
        """What is tested together with others has the same features."""
        x = problem.inputs["x"]
        return run(x=x[1:].copy())["out"], run()["out"][1:]

    general = {
        "odd": {"Nt": 5, "N": 3, "H": 13, "W": 10},
        "wide": {"Nt": 3, "N": 2, "H": 6, "W": 67},
        "square": {"Nt": 3, "N": 3, "H": 9, "W": 9},
        "explained": {"Nt": 2, "N": 1, "H": 4, "W": 4},
    }
    apart = ()
    cases = (Case("small cells", cell=3, orientations=3), Case("five orientations", orientations=5, nbin=4))
    beyond = (Case("bytes", inputs={"x_train": colours(3), "x": colours(3)}),)
    ties = (Case("no images to test", N=0),)
    bad = (
        Malformed("no images to train on", "x_train", disagrees_with=("x",), Nt=0),
        Malformed("a cell too large", "cell", lambda _: 10, ("x_train", "im")),
        Malformed("no bins", "nbin", lambda _: 0),
    )

    def draw(self, case, dims, dtype):
        rng = np.random.default_rng(dims["Nt"] + 100 * dims["N"])
        draw = colours(case.options.get("nbin", 3))
        shapes = {"x_train": (dims["Nt"], dims["H"], dims["W"], 3), "x": (dims["N"], dims["H"], dims["W"], 3)}
        images = {name: draw(rng, shape) for name, shape in shapes.items()}
        return images if case.inputs else {name: (im / 256).astype(dtype) for name, im in images.items()}

    def small(self):
        return [Case("distinct"), *self.cases]

    def cases_of_agreement(self):
        return [Case("larger", self.general["odd"])]

    def cases_of_scale(self):
        """That is asked of the parts."""
        return []

    def truth(self, problem):
        """With 50 digits, as of its parts."""
        inputs = {name: exact(value) for name, value in problem.inputs.items()}
        with mpmath.workdps(50):
            out = self.definition(**inputs, **problem.options)
            digits = [np.longdouble(mpmath.nstr(mpmath.mpf(entry), 30)) for entry in out.ravel()]
        return {"out": np.array(digits).reshape(out.shape)}
