"""The transformer's learning rate: its laws, and classic mistakes."""

from nnspec.reference import noam
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._schedules import rounded

CALL = Case("", inputs={"t": 1, "d_model": 16, "warmup": 4})


class TestNoam(Procedure):
    rows = ("04.25",)

    def law_up_in_a_line_and_down_by_the_root(self, f):
        """d_model = 16 and warmup = 4: 1/32, 2/32, 3/32, 4/32, then 1 / (4 sqrt(t))."""
        found = [f(t, 16, 4) for t in (1, 2, 3, 4, 9, 16, 64)]
        return rounded(found), rounded([1 / 32, 2 / 32, 3 / 32, 1 / 8, 1 / 12, 1 / 16, 1 / 32])

    def law_the_highest_rate_is_that_of_the_last_warmup_step(self, f):
        """At t = warmup both branches meet, at 1 / sqrt(d_model warmup)."""
        rates = [f(t, 512, 400) for t in (399, 400, 401)]
        peak = (512 * 400) ** -0.5
        return [*rounded([rates[1] / peak, max(rates) / peak]), rates[0] < rates[1] > rates[2]], [1, 1, True]

    def law_the_paper(self, f):
        """d_model = 512 and 4000 steps of warmup: 1.75e-7 in the first step, 6.99e-4 at the top."""
        return [round(f(1, 512, 4000), 9), round(f(4000, 512, 4000), 6)], [1.75e-07, 0.000699]

    def law_the_first_step_moves(self, f):
        """At t = 1 the rate is 1/warmup of the highest, and with a warmup of 1 it is the highest."""
        return rounded([f(1, 4, 100) / f(100, 4, 100), f(1, 4, 1)]), [0.01, 0.5]

    def law_wider_models_take_smaller_steps(self, f):
        """Four times the width, half of the rate, before and after the warmup."""
        return rounded(2 * f(t, 400, 8) for t in (2, 8, 50)), rounded(f(t, 100, 8) for t in (2, 8, 50))

    bad = (
        Malformed("t of 0", "t", lambda _: 0, case=CALL),
        Malformed("no warmup", "warmup", lambda _: 0, case=CALL),
        Malformed("d_model of 0", "d_model", lambda _: 0, case=CALL),
    )

    @mistake("M48", replaces="noam")
    def counted_from_zero(t, d_model, warmup):
        """The first step is t = 1: with t - 1 it has the rate 0, or divides by 0."""
        return d_model**-0.5 * (min((t - 1) ** -0.5, (t - 1) * warmup**-1.5) if t > 1 else 0.0)

    @mistake("M48", replaces="noam")
    def one_step_ahead(t, d_model, warmup):
        """The count begins with 1 already: t + 1 has its top one step too early."""
        return noam(t + 1, d_model, warmup)

    @mistake("N1215", replaces="noam")
    def larger_of_the_branches(t, d_model, warmup):
        """The smaller branch counts: min, or it begins as high as it can."""
        return d_model**-0.5 * max(t**-0.5, t * warmup**-1.5)

    @mistake("N1215", replaces="noam")
    def width_multiplied(t, d_model, warmup):
        """d_model^-0.5: wider models take smaller steps."""
        return d_model * noam(t, d_model, warmup)

    @mistake("N1215", replaces="noam")
    def width_without_root(t, d_model, warmup):
        """The rate goes by the root of the width: d_model^-0.5."""
        return d_model**-0.5 * noam(t, d_model, warmup)

    @mistake("N1215", replaces="noam")
    def warmup_with_another_power(t, d_model, warmup):
        """t warmup^-1.5 meets t^-0.5 at t = warmup: with warmup^-1 there is a kink above it."""
        return d_model**-0.5 * min(t**-0.5, t / warmup)

    @mistake("N1215", replaces="noam")
    def inverse_without_root(t, d_model, warmup):
        """After the warmup it falls by t^-0.5, not by 1/t."""
        rate = noam(t, d_model, warmup)
        return rate if t <= warmup else noam(warmup, d_model, warmup) * warmup / t

    @mistake("N1215", replaces="noam")
    def no_warmup(t, d_model, warmup):
        """Up to the step `warmup` the rate grows in a line: t warmup^-1.5."""
        return d_model**-0.5 * t**-0.5

    @mistake("N1215", replaces="noam")
    def constant_after_the_warmup(t, d_model, warmup):
        """After the warmup the rate falls again, by t^-0.5."""
        return noam(min(t, warmup), d_model, warmup)
