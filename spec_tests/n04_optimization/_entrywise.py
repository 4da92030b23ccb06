"""Update rules that move every entry by itself: what all of them have to show."""

from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule
from nnspec.spec_tests._truth import exact

CHANGING = Case("lr of each step", lr=(0.5, 0.125, 2.0))
OF_TWO_MOMENTS = (  # cases of rules that are Adam's in their options
    Case("large lr", lr=0.5),
    Case("other betas", lr=0.1, beta1=0.5, beta2=0.25),
    CHANGING,
    Case("tiny gradients", lr=0.1, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
    Case("large eps", lr=0.1, eps=0.25),
)
NO_TWO_MOMENTS = (
    Malformed("lr a string", "lr", lambda _: "fast"),
    Malformed("beta1 of 1", "beta1", beta1=1.0),
    Malformed("beta2 of 1", "beta2", beta2=1.0),
)


class EntrywiseRule(UpdateRule):
    """`lr` of a case may be a tuple: that of each step."""

    def law_entries_do_not_mix(self, run, problem):
        """Every entry has a state of its own: reversing all arrays reverses the path."""
        turned = {name: problem.inputs[name][::-1].copy() for name in problem.inputs}
        last = f"w{STEPS}"
        return run(**turned)[last], run()[last][::-1]

    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case("gradients of 1e15 and 1e-15", inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]}),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)

    def options_of(self, problem, step):
        return {name: value[step] if type(value) is tuple else value for name, value in problem.options.items()}

    def under_options(self, given=False):
        """A call by itself has one lr."""
        return [case for case in super().under_options(given) if type(case.options.get("lr")) is not tuple]


def rates(lr):
    """That of each step, exactly."""
    return [exact(rate) for rate in lr] if type(lr) is tuple else [lr] * STEPS
