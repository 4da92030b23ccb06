"""Linear warmup: its laws, and classic mistakes."""

from nnspec.reference import warmup
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake

CALL = Case("", inputs={"schedule": lambda t: 0.5, "steps": 4})


def halving(t):
    """A schedule that tells for which step it was asked."""
    return 2.0**-t


class TestWarmup(Procedure):
    rows = ("04.26",)

    def law_four_steps(self, f):
        """In front of a rate of 1: 1/4, 1/2, 3/4, 1, and then it stays."""
        return rates(f(lambda t: 1.0, 4), 7), [0.25, 0.5, 0.75, 1, 1, 1, 1]

    def law_a_third_of_the_way_in_each_step(self, f):
        """In front of a rate of 0.3, three steps: 0.1, 0.2, 0.3, to twelve decimals."""
        return [round(lr, 12) for lr in rates(f(lambda t: 0.3, 3), 5)], [0.1, 0.2, 0.3, 0.3, 0.3]

    def law_the_first_step_moves(self, f):
        """At t = 0 the rate is 1/steps of the schedule's first, not 0."""
        return [float(f(halving, steps)(0)) for steps in (1, 2, 8)], [1, 0.5, 0.125]

    def law_nothing_of_the_schedule_is_skipped(self, f):
        """After the warmup the schedule begins with its own t = 0."""
        return rates(f(halving, 2), 6), [0.5, 1, 1, 0.5, 0.25, 0.125]

    def law_only_the_first_rate_is_warmed_up_to(self, f):
        """While it warms up, the schedule stands still at its beginning."""
        return rates(f(halving, 4), 4), [0.25, 0.5, 0.75, 1]

    def law_without_steps_it_is_the_schedule(self, f):
        """steps = 0 changes nothing."""
        return rates(f(halving, 0), 4), [1, 0.5, 0.25, 0.125]

    def law_from_another_start(self, f):
        """From start, a quarter of the way in each of four steps."""
        return rates(f(lambda t: 1.0, 4, start=0.5), 6), [0.625, 0.75, 0.875, 1, 1, 1]

    def law_downwards_from_a_higher_start(self, f):
        """start may lie above the schedule."""
        return rates(f(lambda t: 1.0, 2, start=2.0), 3), [1.5, 1, 1]

    def law_one_in_front_of_another(self, f):
        """What comes out is a schedule like any other: it can be warmed up as well."""
        return rates(f(f(halving, 2), 2), 5), [0.25, 0.5, 0.5, 1, 1]

    def law_it_remembers_nothing(self, f):
        """The rate of a step is the same whichever was asked for before."""
        warmed = f(halving, 3)
        backwards = [float(warmed(t)) for t in reversed(range(6))]
        return backwards[::-1][2:], [1, 1, 0.5, 0.25]

    bad = (
        Malformed("steps below 0", "steps", lambda _: -1, case=CALL),
        Malformed("steps a fraction", "steps", lambda _: 2.5, case=CALL),
        Malformed("a rate for a schedule", "schedule", lambda _: 0.5, case=CALL),
        Malformed("start a string", "start", lambda _: "cold", case=CALL),
    )

    @mistake("M48", replaces="warmup")
    def first_step_of_rate_zero(schedule, steps, *, start=0.0):
        """Count t + 1 steps: with t/steps the first step has the rate 0 and does nothing."""
        return lambda t: start + (schedule(0) - start) * t / steps if t < steps else schedule(t - steps)

    @mistake("M48", replaces="warmup")
    def full_rate_never_reached(schedule, steps, *, start=0.0):
        """The last step of the warmup has the full rate: divide by steps, not by steps + 1."""
        return lambda t: start + (schedule(0) - start) * (t + 1) / (steps + 1) if t < steps else schedule(t - steps)

    @mistake("M48", replaces="warmup")
    def one_step_too_many(schedule, steps, *, start=0.0):
        """The warmup has the steps 0 … steps - 1: t < steps, not t <= steps."""
        warmed = warmup(schedule, steps, start=start)
        return lambda t: warmed(t) if t < steps else schedule(max(0, t - steps - 1))

    @mistake("M48", replaces="warmup")
    def beginning_of_the_schedule_skipped(schedule, steps, *, start=0.0):
        """The schedule begins after the warmup, with its own 0: schedule(t - steps)."""
        return lambda t: warmup(schedule, steps, start=start)(t) if t < steps else schedule(t)

    @mistake("N867", replaces="warmup")
    def schedule_goes_on_while_it_warms_up(schedule, steps, *, start=0.0):
        """Warm up to schedule(0): the schedule stands still until then."""
        return lambda t: start + (schedule(t) - start) * (t + 1) / steps if t < steps else schedule(t - steps)

    @mistake("N867", replaces="warmup")
    def ramp_over_the_schedule(schedule, steps, *, start=0.0):
        """The warmup stands in front of the schedule, not on top of its first steps."""
        return lambda t: start + (schedule(t) - start) * min(1, (t + 1) / max(1, steps))

    @mistake("N868", replaces="warmup")
    def start_ignored(schedule, steps, *, start=0.0):
        """The ramp begins at start, which is 0 only by default."""
        return warmup(schedule, steps)

    @mistake("N868", replaces="warmup")
    def start_added(schedule, steps, *, start=0.0):
        """The way is schedule(0) - start long: added on top, the full rate is overshot."""
        warmed = warmup(schedule, steps)
        return lambda t: warmed(t) + (start if t < steps else 0)

    @mistake("N869", replaces="warmup")
    def a_constant_rate(schedule, steps, *, start=0.0):
        """Raise the rate in every step: a low constant one, as in He et al. 2016, jumps at its end."""
        return lambda t: start + (schedule(0) - start) / steps if t < steps else schedule(t - steps)

    @mistake("N869", replaces="warmup")
    def no_warmup(schedule, steps, *, start=0.0):
        """Raise the rate over the first steps: here the schedule begins at once."""
        return schedule

    @mistake("N870", replaces="warmup")
    def own_count_of_the_calls(schedule, steps, *, start=0.0):
        """The rate depends on t alone: who counts the calls is wrong once a step is asked for twice."""
        warmed, calls = warmup(schedule, steps, start=start), iter(range(10**9))
        return lambda t: warmed(next(calls))


def rates(schedule, steps):
    return [float(schedule(t)) for t in range(steps)]
