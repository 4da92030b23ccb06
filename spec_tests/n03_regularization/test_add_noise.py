"""Gaussian noise that is given, drawn, and left out in evaluation. Classic mistakes: mistakes_add_noise.py."""

import copy

import numpy as np

from nnspec.spec_tests._kinds import Case, Drawing, Layer, Malformed
from nnspec.spec_tests._verdict import require
from nnspec.spec_tests.n03_regularization._dropped import DrawnMask, settled

SIGMA = 0.5
NAN = float("nan")
FAR = 64.0
UNLIKELY = 8.0  # deviations: 1 in 10^15 is farther away


def some_noise(dims, dtype):
    """Of few digits, for whoever reads them."""
    return np.asarray(np.random.default_rng(5).integers(-12, 13, dims["shape"]) / 10, dtype)


class TestAddNoise(Layer):
    """The noise is given."""

    rows = ("03.16",)
    options = {"sigma": SIGMA, "noise": some_noise}

    def definition(self, x, *, sigma, noise):
        """out = x + sigma noise. CS231n notes "Neural networks", part 2; Bishop 1995."""
        return x + sigma * noise

    def law_without_a_deviation_nothing_is_added(self, run, problem):
        """sigma = 0 leaves x as it is."""
        problem.options = problem.options | {"sigma": 0.0}
        return run()["out"], problem.inputs["x"]

    def law_twice_the_deviation_is_twice_the_noise(self, run, problem):
        """sigma is a deviation and no variance: out - x grows with it."""
        x = 0 * problem.inputs["x"]
        once = run(x=x)["out"]
        problem.options = problem.options | {"sigma": 2 * SIGMA}
        return run(x=x)["out"], 2 * once

    cases = (
        Case("no deviation", sigma=0.0, noise=some_noise),
        Case("a large deviation", sigma=3.0, noise=some_noise),
        Case("no noise", sigma=SIGMA, noise=lambda dims, dtype: np.zeros(dims["shape"], dtype)),
    )
    extremes = (Case("huge and tiny", inputs={"x": [[1e30, -1e30, 1e-30], [-1e-30, 3e37, 1.0]]}),)
    ties = (Case("empty", {"shape": (0, 3)}), Case("a scalar", {"shape": ()}))
    bad = (
        Malformed("sigma below 0", "sigma", lambda _: -0.5),
        Malformed("sigma NaN", "sigma", lambda _: NAN),
        Malformed("sigma infinite", "sigma", lambda _: float("inf")),
        Malformed("neither noise nor rng", "noise", lambda _: None),
        Malformed("noise of another shape", "noise", lambda noise: noise[:1]),
        Malformed("noise of integers", "noise", lambda noise: noise.astype(np.int64)),
        Malformed("rng a seed", "rng", lambda _: 1),
    )


class TestAddNoiseDrawn(DrawnMask):
    """The noise is drawn by whoever adds it, and read off the answer. Its distribution is for TestAddNoiseNoise."""

    rows = ("03.16",)
    op = "add_noise"
    options = {"sigma": SIGMA}

    def definition(self, x, *, sigma, noise=None):
        """out = x + sigma noise with the noise drawn: by us as rng.standard_normal(x.shape)."""
        drawn = np.random.default_rng(7).standard_normal(x.shape) if noise is None else noise
        return x + sigma * drawn

    def asked(self, problem, answer):
        """With the noise that was drawn. At strict it is to be ours."""
        x, out = problem.inputs["x"], np.asarray(answer["out"])
        if problem.case in self.ties or out.shape != x.shape or not problem.options["sigma"]:
            return problem
        read, noise = copy.copy(problem), ((out - x) / problem.options["sigma"]).astype(x.dtype)
        require(
            not (abs(noise) > UNLIKELY).any(), f"{abs(noise).max():.3g} deviations are added: chance never does that"
        )
        require(noise.any() or not noise.size, "nothing is added: out is x")
        read.options, read.mark = problem.options | {"noise": noise}, noise.tobytes()
        return read

    def draw(self, case, dims, dtype):
        """Far from 0, so that what is added can be told from what is not x at all."""
        inputs = super().draw(case, dims, dtype)
        return inputs | {"x": inputs["x"] + dtype.type(FAR)}

    cases = (Case("a large deviation", sigma=3.0), Case("no deviation", sigma=0.0))
    ties = (Case("our generator's bits", {"shape": (4, 5)}), Case("bits of many", {"shape": (150, 120)}))


class TestAddNoiseNoise(Drawing):
    """What drawn noise must be like."""

    rows = ("03.16",)
    op = "add_noise_forward"

    def drawn(self, forward, rng):
        return forward(np.zeros((10, 10)), sigma=1.0, rng=rng)[0]

    def law_mean_and_deviation(self, forward):
        """Noise has the mean 0 and the deviation sigma."""
        n, found = 100_000, []
        for sigma in (0.25, 1.0, 3.0):
            out, _ = forward(np.zeros((1000, 100)), sigma=sigma, rng=np.random.default_rng(0))
            found.append(settled(out.mean() / sigma, 0.0, 5 / n**0.5))
            found.append(settled(out.std() / sigma, 1.0, 5 / (2 * n) ** 0.5))
        return found, [0.0, 1.0] * 3

    def law_normally_distributed(self, forward):
        """Within one deviation are 0.683 of all, within two 0.954: neither uniform nor of two values."""
        n, found, wanted = 100_000, [], (0.6826894921, 0.9544997361)
        out, _ = forward(np.zeros((1000, 100)), sigma=0.5, rng=np.random.default_rng(0))
        for deviations, share in zip((1, 2), wanted, strict=True):
            within = (abs(out) < 0.5 * deviations).mean()
            found.append(settled(within, share, 5 * (share * (1 - share) / n) ** 0.5))
        return found, list(wanted)

    def law_numbers_hardly_ever_repeat(self, forward):
        """Of 100 000 numbers in single precision nearly all are different: half precision has not as many."""
        out, _ = forward(np.zeros((1000, 100)), sigma=0.5, rng=np.random.default_rng(0))
        return len(np.unique(out)) > 0.9 * out.size, True

    def law_added_to_x(self, forward):
        """What is added does not depend on x: it is no factor, and large entries have no more of it."""
        out, _ = forward(np.full((1000, 100), 64.0), sigma=0.5, rng=np.random.default_rng(0))
        return [settled((out - 64).std(), 0.5, 5 * 0.5 / 200_000**0.5), settled(out.mean(), 64.0, 2.5 / 1e5**0.5)], [
            0.5,
            64.0,
        ]

    def law_samples_differ(self, forward):
        """Every sample has noise of its own, and every feature."""
        out, _ = forward(np.zeros((50, 60)), sigma=1.0, rng=np.random.default_rng(0))
        return [len(np.unique(side, axis=0)) for side in (out, out.T)], [50, 60]

    def law_calls_differ(self, forward):
        """A second call with the same generator draws other noise."""
        rng = np.random.default_rng(0)
        first, second = (forward(np.zeros((10, 10)), sigma=1.0, rng=rng)[0].tolist() for _ in range(2))
        return first == second, False


class TestAddNoiseEval(Layer):
    """Nothing is added."""

    rows = ("03.16",)
    op = "add_noise"
    options = {"sigma": SIGMA, "train": False}

    def definition(self, x, *, sigma, train, noise=None):
        """out = x."""
        return 1 * x

    cases = (Case("noise is given", sigma=SIGMA, train=False, noise=some_noise),)
    ties = (Case("empty", {"shape": (0, 3)}),)
