"""L-BFGS, its direction and the search: definition, laws and cases. Classic mistakes: mistakes_lbfgs.py."""

import numpy as np

from nnspec.spec_tests._kinds import Case, Function, Malformed, Procedure, variant
from nnspec.spec_tests._truth import named

CURVATURES = np.logspace(0, 2, 8)
START = np.array([[1.0, -2.0, 0.5], [-1.5, 0.25, 3.0]])


class TestLbfgsDirection(Function):
    """Pairs of one quadratic function: y = D s with a D above 0, so that y . s > 0."""

    rows = ("04.20",)
    outputs = ("direction",)
    tall = ((65, 33),)  # a long history costs a loop

    def definition(self, dw, s, y):
        """-H dw, H = (I - rho s y^T) H (I - rho y s^T) + rho s s^T for each pair, from H = gamma I. Nocedal and Wright
        2006, eq. 6.17, 7.20."""
        identity = np.eye(len(dw), dtype=int).astype(object)
        H = identity
        if len(s):
            H = identity * named(np.sum(s[-1] * y[-1]) / np.sum(y[-1] * y[-1]))
        for step, change in zip(s, y, strict=True):
            rho = named(1 / np.sum(step * change))
            left = named(identity - rho * np.outer(step, change))
            H = named(left @ H @ left.T + rho * np.outer(step, step))
        return -(H @ dw)

    def law_the_last_step_is_found_again(self, run, problem):
        """H y = s of the last pair: a slope of y asks for the step back, -s."""
        return run(dw=problem.inputs["y"][-1])["direction"], -problem.inputs["s"][-1]

    def law_linear_in_the_slope(self, run, problem):
        """Twice the slope is twice the direction, which does not depend on its size otherwise."""
        return run(dw=2 * problem.inputs["dw"])["direction"], 2 * run()["direction"]

    def law_without_pairs_it_is_steepest_descent(self, run, problem):
        """Without pairs the direction is -dw."""
        nothing = np.empty((0, len(problem.inputs["dw"])), problem.dtype)
        return run(s=nothing, y=nothing)["direction"], -problem.inputs["dw"]

    def law_of_a_parabola(self, run, problem):
        """Of f = 4 w^2 one pair is all there is to know: the direction is Newton's, -dw / 8."""
        dw, s = np.array([3.0], problem.dtype), np.array([[0.5]], problem.dtype)
        return run(dw=dw, s=s, y=8 * s)["direction"], -dw / 8

    def law_units_do_not_matter(self, run, problem):
        """Weights in units of 1/4 move four times as far."""
        dw, s, y = (problem.inputs[name] for name in ("dw", "s", "y"))
        return run(dw=dw / 4, s=4 * s, y=y / 4)["direction"] / 4, run()["direction"]

    def law_downhill(self, run, problem):
        """direction . dw is below 0, as H is positive definite."""
        return np.sum(run()["direction"] * problem.inputs["dw"]) < 0, True

    cases = (
        Case("no pair", K=0),
        Case("one pair", K=1, P=3),
        Case("more pairs than weights", K=4, P=2),
        Case("as many pairs as weights", K=3, P=3),
        Case("a slope of 0", inputs={"dw": lambda rng, shape: np.zeros(shape)}),
    )
    extremes = (Case("short steps", inputs={"s": lambda rng, shape: 1e-8 * rng.standard_normal(shape)}),)
    ties = (Case("no weights", K=0, P=0),)
    bad = (
        Malformed("pairs of an indefinite function", "y", lambda y: -y, ("s",)),
        Malformed("a pair without curvature", "y", lambda y: 0 * y, ("s",)),
        Malformed("a pair of NaN", "y", lambda y: y * np.nan, ("s",)),
    )

    def cases_of_scale(self):
        return [*super().cases_of_scale(), Case("many weights", K=3, P=20_000)]

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        if "y" not in case.inputs:
            inputs["y"] = inputs["s"] * np.linspace(0.5, 2, inputs["s"].shape[1]).astype(dtype)
        return inputs

    def overwrite(self, name, array):
        """With y . s > 0 still."""
        if name == "dw":
            super().overwrite(name, array)
        else:
            array *= 2

    @variant("unscaled", source="Nocedal 1980, section 3, with H_0 = I", replaces="lbfgs_direction")
    def unscaled(dw, s, y):
        """The first H is the identity, and not gamma I."""
        q, alphas = dw.copy(), []
        for step, change in zip(s[::-1], y[::-1], strict=True):
            alphas.append((step @ q) / (change @ step))
            q = q - alphas[-1] * change
        for step, change, alpha in zip(s, y, alphas[::-1], strict=True):
            q = q + (alpha - (change @ q) / (change @ step)) * step
        return -q


def bowl(w):
    """f = sum k (w - 1)^2 / 2 of curvatures from 1 to 100, and its slope."""
    off = w - 1
    return (CURVATURES * off * off).sum() / 2, CURVATURES * off


def rosenbrock(w):
    """A bent valley, whose floor leads to (1, 1)."""
    a, b = w
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2, np.array([-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)])


def dish(w):
    """Of any shape and dtype: flat at its minimum 0."""
    return bends(w), slopes(w)


def stretched(w):
    """Curvatures from 1 to 10^4, for which a hundred steps are too few."""
    curvatures = np.logspace(0, 4, len(w))
    return (curvatures * (w - 1) ** 2).sum() / 2, curvatures * (w - 1)


def quartic(w):
    """So flat at 0 that a slope of 1e-5 is still far away."""
    return (w**4).sum() / 4, w**3


def bends(w):
    return (w * w / 2 + np.cos(w)).sum()


def slopes(w):
    return w - np.sin(w)


def quadratic(w):
    return (2 * w * w).sum(), 4 * w


CALL = Case("", options={"m": 3, "steps": 5, "tol": 1e-3}, inputs={"f": quadratic, "w": START})


class TestLbfgs(Procedure):
    rows = ("04.20",)

    def law_ill_conditioned(self, f):
        """Curvatures from 1 to 100: the minimum is found in a few dozen steps, where descent takes hundreds."""
        w, losses = f(bowl, np.zeros(8), steps=80, tol=1e-6)
        return [abs(w - 1).max() < 1e-4, losses[-1] < 1e-8, len(losses) <= 81], [True] * 3

    def law_a_bent_valley(self, f):
        """Rosenbrock's function from (-1.2, 1) to its minimum at (1, 1)."""
        w, losses = f(rosenbrock, np.array([-1.2, 1.0]), steps=100, tol=1e-6)
        return [abs(w - 1).max() < 1e-4, losses[-1] < 1e-8], [True, True]

    def law_where_scipy_ends(self, f):
        """On a regularized logistic regression both searches end at one place."""
        from scipy.optimize import minimize

        logistic = a_logistic_regression()
        found = minimize(logistic, np.zeros(4), jac=True, method="L-BFGS-B", options={"gtol": 1e-9, "ftol": 0})
        w, _ = f(logistic, np.zeros(4), steps=200, tol=1e-8)
        return bool(abs(w - found.x).max() < 1e-5), True

    def law_one_pair_is_enough_to_go_on(self, f):
        """With m = 1 it still arrives."""
        w, _ = f(rosenbrock, np.array([-1.2, 1.0]), m=1, steps=2000, tol=1e-6)
        return bool(abs(w - 1).max() < 1e-4), True

    def law_the_loss_never_rises(self, f):
        """It begins with that of w and ends with that of what is returned."""
        w, losses = f(rosenbrock, np.array([-1.2, 1.0]), steps=5)
        falls = bool((np.diff(losses) < 0).all())
        return [falls, losses[0], losses[-1], len(losses)], [
            True,
            rosenbrock(np.array([-1.2, 1.0]))[0],
            rosenbrock(w)[0],
            6,
        ]

    def law_at_a_minimum_it_stays(self, f):
        """Where no slope is above tol nothing is tried."""
        w, losses = f(quadratic, np.zeros((2, 3)))
        return [*w.ravel(), len(losses)], [0.0] * 6 + [1]

    def law_tol_is_of_the_largest_slope(self, f):
        """A slope of exactly tol is small enough, a little more is not."""
        lengths = [len(f(quadratic, np.array([0.25, -0.125]), tol=tol)[1]) for tol in (1.0, 0.984375)]
        early, late = (len(f(bowl, np.zeros(8), tol=tol)[1]) for tol in (0.5, 1e-6))
        return [lengths[0], lengths[1] > 1, early < late], [1, True, True]

    def law_no_steps(self, f):
        """steps = 0 is the start alone, in memory of its own."""
        found, wanted = [], []
        for start in (START, -2 * START):
            w, losses = f(quadratic, start, steps=0)
            found += [*w.ravel(), *losses, np.shares_memory(w, start)]
            wanted += [*start.ravel(), quadratic(start)[0], False]
        return found, wanted

    def law_what_is_not_said(self, f):
        """By default 10 pairs are kept, and at most 100 steps made, until no slope is above 1e-5."""
        found, wanted = [], []
        for function, start in ((stretched, np.zeros(30)), (bowl, np.zeros(8)), (quartic, np.full(3, 2.0))):
            w, losses = f(function, start)
            said, lower = f(function, start, m=10, steps=100, tol=1e-5)
            found += [*w, *losses]
            wanted += [*said, *lower]
        gentle = f(quadratic, np.array([3.75e-6]))[1]  # a slope of 1.5e-5
        return [*found, len(gentle) > 1], [*wanted, True]

    def law_more_pairs_know_more(self, f):
        """The number of pairs matters: of one curvature only the last is known with m = 1."""
        ends = [f(bowl, np.zeros(8), m=m, steps=20, tol=0.0)[1][-1] for m in (8, 1)]
        return [ends[0] < ends[1] / 2], [True]

    def law_one_buffer_for_all_slopes(self, f):
        """f may write every slope to the same memory."""
        buffer = np.empty_like(START)

        def filling(w):
            buffer[...] = slopes(w)
            return bends(w), buffer

        one, other = f(filling, START, steps=6)[0], f(lambda w: (bends(w), slopes(w)), START, steps=6)[0]
        return one, other

    def law_what_was_returned_stays(self, f):
        """A later search of the same size leaves alone what an earlier one gave out."""
        first = f(quadratic, START, steps=2)[0]
        kept = first.copy()
        f(quadratic, 3 * START, steps=1)
        return first, kept

    def law_downwards_that_goes_up_again(self, f):
        """A step that is too long is shortened: f = log cosh(8 w) is nearly straight far out, and ends at 0."""
        w, losses = f(lambda w: (np.logaddexp(8 * w, -8 * w).sum(), 8 * np.tanh(8 * w)), np.array([3.0, -2.0]))
        return [abs(w).max() < 1e-5, (np.diff(losses) < 0).all()], [True, True]

    def law_where_it_bends_the_other_way(self, f):
        """Over a hill y . s is below 0: from 3, cos w + w^2 / 20 leads down to a minimum, and not up."""
        w, losses = f(lambda w: ((np.cos(w) + w * w / 20).sum(), w / 10 - np.sin(w)), np.array([0.5, -0.25]))
        slope = abs(w / 10 - np.sin(w)).max()
        low, fewer = f(lambda w: ((np.cos(w) + w * w / 20).sum() / 8, (w / 10 - np.sin(w)) / 8), np.array([0.5, -0.25]))
        found = [slope < 1e-4, (np.diff(losses) < 0).all(), (abs(w) > 2).all(), (abs(low) > 2).all()]
        return found, [True] * 4

    def law_small_numbers(self, f):
        """A function that is smaller by 2^20 has its minimum at the same place, and is as easy."""
        w, _ = f(lambda w: tuple(part / 2**20 for part in bowl(w)), np.zeros(8), steps=80, tol=1e-12)
        return bool(abs(w - 1).max() < 1e-4), True

    def law_nothing_to_move(self, f):
        """Without any weights there is nothing to do."""
        w, losses = f(lambda w: (1.0, w), np.zeros(0))
        return [*w.shape, *losses], [0, 1.0]

    def law_of_any_shape_and_dtype(self, f):
        """What comes out has the shape of w, and float32 stays float32."""
        w, _ = f(dish, START.astype(np.float32), steps=8)
        return [np.shape(w), str(np.asarray(w).dtype)], [(2, 3), "float32"]

    def law_the_start_stays_where_it_is(self, f):
        """w is not written to, also where f writes to what it is given, and what is returned has memory of its own."""
        w = START.copy()

        def careless(at):
            loss, slope = quadratic(at)
            at[...] = 7
            return loss, slope

        end, _ = f(careless, w, steps=3)
        return [*w.ravel(), np.shares_memory(np.asarray(end), w)], [*START.ravel(), False]

    bad = (
        Malformed("not finite at the start", "f", lambda _: lambda w: (np.nan, w), case=CALL),
        Malformed("a slope of NaN at the start", "f", lambda _: lambda w: (1.0, w * np.nan), case=CALL),
        Malformed("NaN in a slope", "f", lambda _: lambda w: (1.0, np.where(w == w.max(), np.nan, w)), case=CALL),
        Malformed("a slope of another shape", "f", lambda _: lambda w: (1.0, w[0]), case=CALL),
        Malformed("a loss for each", "f", lambda _: lambda w: (w, w), case=CALL),
        Malformed("f no function", "f", lambda _: 1.0, case=CALL),
        Malformed("w a list", "w", lambda w: w.tolist(), case=CALL),
        Malformed("m of 0", "m", lambda _: 0, case=CALL),
        Malformed("steps below 0", "steps", lambda _: -1, case=CALL),
        Malformed("tol below 0", "tol", lambda _: -1e-3, case=CALL),
        Malformed("tol NaN", "tol", lambda _: float("nan"), case=CALL),
    )

    def draw(self, case, dims, dtype):
        """What it is made of is found by a call that says nothing else."""
        return dict(case.inputs or CALL.inputs)


def a_logistic_regression():
    """(loss, slope) of 40 samples of 4 features, with a penalty, so that there is one minimum."""
    rng = np.random.default_rng(3)
    x, side = rng.standard_normal((40, 4)), np.where(rng.random(40) < 0.5, 1.0, -1.0)

    def logistic(w):
        margin = side * (x @ w)
        pulled = -side / (1 + np.exp(margin))
        return np.logaddexp(0, -margin).sum() + (w * w).sum() / 2, x.T @ pulled + w

    return logistic
