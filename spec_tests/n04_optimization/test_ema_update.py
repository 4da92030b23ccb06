"""Moving average of the parameters: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import ema_update
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake, variant


class TestEmaUpdate(Function):
    rows = ("04.29",)

    def definition(self, avg, w, *, decay=0.999, t=None):
        """out = decay avg + (1 - decay) w; with t avg weighs decay + … + decay^(t - 1) and w 1.
        Polyak and Juditsky 1992; CS231n notes, part 3."""
        if t is None:
            return decay * avg + (1 - decay) * w
        before = sum(decay**age for age in range(1, t))
        return (before * avg + w) / (before + 1)

    def law_what_stays_the_same_is_its_own_average(self, run, problem):
        """Of equal parameters the average is what they are."""
        w = problem.inputs["w"]
        return run(avg=w)["out"], w

    def law_the_first_counts_in_full(self, run, problem):
        """With t = 1 nothing is left of avg."""
        problem.options = {"decay": 0.75, "t": 1}
        return run(avg=0 * problem.inputs["w"])["out"], problem.inputs["w"]

    def law_the_mean_of_all(self, run, problem):
        """decay = 1 with t weighs them alike: of 1, 2, 3, 6 the mean is 3."""
        w = np.ones_like(problem.inputs["w"])
        avg = 0 * w
        for t, size in enumerate((1, 2, 3, 6), start=1):
            problem.options = {"decay": 1.0, "t": t}
            avg = run(avg=avg, w=problem.dtype.type(size) * w)["out"]
        return avg, 3 * w

    def law_corrected_as_adam_does(self, run, problem):
        """With t it is the plain average that begins at 0, divided by 1 - decay^t, over three updates."""
        w, decay = problem.inputs["w"], 0.75
        avg, plain = 0 * w, np.zeros(w.shape, np.longdouble)
        for t, factor in enumerate((1.0, -0.5, 2.0), start=1):
            came = problem.dtype.type(factor) * w
            problem.options = {"decay": decay, "t": t}
            avg, plain = run(avg=avg, w=came)["out"], decay * plain + (1 - decay) * came
        return avg, plain / (1 - decay**3)

    cases = (
        Case("fast", decay=0.5),
        Case("decay 0, the last one", decay=0.0),
        Case("corrected, the first", decay=0.9, t=1),
        Case("corrected, the second", decay=0.9, t=2),
        Case("corrected, late", t=50),
        Case("plain mean", decay=1.0, t=3),
    )
    extremes = (
        Case("1e15 beside 1e-15", decay=0.5, inputs={"avg": [[1e15, 1e-15, 0.0]] * 2, "w": [[1e-15, 1e15, 1.0]] * 2}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (
        Malformed("decay above 1", "decay", decay=1.5),
        Malformed("decay below 0", "decay", decay=-0.5),
        Malformed("decay of 1 and no t", "decay", decay=1.0),
        Malformed("t of 0", "t", t=0),
    )

    @mistake("M44", replaces="ema_update")
    def decay_and_one_minus_decay_swapped(avg, w, *, decay=0.999, t=None):
        """decay stays with the average, and 1 - decay goes to what is new."""
        return (1 - decay) * avg + decay * w if t is None else ema_update(avg, w, decay=decay, t=t)

    @mistake("M45", replaces="ema_update")
    def average_updated_in_place(avg, w, *, decay=0.999, t=None):
        """Return a new average: the caller's must not move."""
        avg[...] = ema_update(avg, w, decay=decay, t=t)
        return avg

    @mistake("M45", replaces="ema_update")
    def weights_handed_out_as_the_first_average(avg, w, *, decay=0.999, t=None):
        """Copy the first w: an average that is w itself moves with the next step of training."""
        return w if t == 1 or decay == 0 else ema_update(avg, w, decay=decay, t=t)

    @mistake("M45", replaces="ema_update")
    def weights_replaced_by_the_average(avg, w, *, decay=0.999, t=None):
        """Training goes on with its own w: the average is kept apart from it."""
        out = ema_update(avg, w, decay=decay, t=t)
        w[...] = out
        return out

    @mistake("M41", replaces="ema_update")
    def corrected_average_corrected_again(avg, w, *, decay=0.999, t=None):
        """avg has been corrected already: only the share of what is new changes with t."""
        plain = decay * avg + (1 - decay) * w
        return plain if t is None or decay == 1 else plain / (1 - decay**t)

    @mistake("M40", replaces="ema_update")
    def counted_from_zero(avg, w, *, decay=0.999, t=None):
        """t counts this w as well: the first one has t = 1."""
        return ema_update(avg, w, decay=decay, t=t if t is None else t + 1)

    @mistake("N1220", replaces="ema_update")
    def t_ignored(avg, w, *, decay=0.999, t=None):
        """With t the average is corrected for where it began."""
        return ema_update(avg, w, decay=min(decay, 1 - 2.0**-24))

    @mistake("N1220", replaces="ema_update")
    def nothing_fades(avg, w, *, decay=0.999, t=None):
        """The old average is multiplied by decay: without that it grows and is no average."""
        return avg + (1 - decay) * w if t is None else ema_update(avg, w, decay=decay, t=t)

    @mistake("N1220", replaces="ema_update")
    def always_the_plain_mean(avg, w, *, decay=0.999, t=None):
        """1 / t is the share where decay is 1; else the old ones fade."""
        return ema_update(avg, w, decay=decay if t is None else 1.0, t=t)

    @mistake("N703", replaces="ema_update")
    def decay_fixed(avg, w, *, decay=0.999, t=None):
        """Use the decay that is given; 0.999 is only its default."""
        return ema_update(avg, w, t=t)

    @variant("decay grows", source="TensorFlow, tf.train.ExponentialMovingAverage(num_updates)", replaces="ema_update")
    def decay_grows(avg, w, *, decay=0.999, t=None):
        """With t the decay is the smaller one of decay and (1 + t) / (10 + t)."""
        decay = decay if t is None else min(decay, (1 + t) / (10 + t))
        return decay * avg + (1 - decay) * w

    @variant("the first one copied", source="PyTorch, torch.optim.swa_utils.AveragedModel", replaces="ema_update")
    def first_one_copied(avg, w, *, decay=0.999, t=None):
        """With t the first w is copied, and all others have the share 1 - decay."""
        if t is not None and decay < 1:
            return avg + (1 if t == 1 else 1 - decay) * (w - avg)
        return ema_update(avg, w, decay=decay, t=t)
