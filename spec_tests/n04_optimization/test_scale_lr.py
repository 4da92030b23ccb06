"""The learning rate of a larger batch: its laws, and classic mistakes."""

from nnspec.reference import scale_lr
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests.n04_optimization._schedules import rounded

CALL = Case("", inputs={"lr": 0.5, "batch": 64, "base_batch": 32})


class TestScaleLr(Procedure):
    rows = ("04.28",)

    def law_as_many_times_the_batch(self, f):
        """k times the batch, k times the rate: 0.1 for 256 images is 3.2 for 8192."""
        return rounded([f(0.1, 8192, 256), f(0.1, 256, 256), f(0.3, 3, 2)]), [3.2, 0.1, 0.45]

    def law_downwards_too(self, f):
        """A smaller batch takes a smaller rate, and needs no whole ratio."""
        return rounded([f(0.1, 32, 256), f(0.1, 100, 256)]), [0.0125, 0.0390625]

    def law_square_root(self, f):
        """rule="sqrt": four times the batch, twice the rate."""
        found = [f(0.5, 4096, 1024, rule="sqrt"), f(0.5, 256, 1024, rule="sqrt"), f(1.0, 2, 1, rule="sqrt")]
        return rounded(found), rounded([1, 0.25, 2**0.5])

    def law_there_and_back(self, f):
        """From one batch to another and back it is the rate again, by either rule."""
        return rounded(f(f(0.3, 48, 20, rule=r), 20, 48, rule=r) for r in ("linear", "sqrt")), [0.3, 0.3]

    bad = (
        Malformed("batch of 0", "batch", lambda _: 0, case=CALL),
        Malformed("base_batch of 0", "base_batch", lambda _: 0, case=CALL),
        Malformed("lr a string", "lr", lambda _: "fast", case=CALL),
        Malformed(
            "rule unknown", "rule", lambda _: "cubic", case=Case("", options={"rule": "sqrt"}, inputs=CALL.inputs)
        ),
    )

    @mistake("N1219", replaces="scale_lr")
    def upside_down(lr, batch, base_batch, *, rule="linear"):
        """A larger batch takes a larger rate: batch / base_batch."""
        return scale_lr(lr, base_batch, batch, rule=rule)

    @mistake("N1219", replaces="scale_lr")
    def whole_ratios_only(lr, batch, base_batch, *, rule="linear"):
        """Divide with /: with // a smaller batch has no rate at all."""
        return scale_lr(lr, 1, 1, rule=rule) * (batch // base_batch) ** (1 if rule == "linear" else 0.5)

    @mistake("N1219", replaces="scale_lr")
    def always_linear(lr, batch, base_batch, *, rule="linear"):
        """With rule="sqrt" the rate grows by the root of the ratio."""
        return scale_lr(lr, batch, base_batch)

    @mistake("N1219", replaces="scale_lr")
    def root_by_default(lr, batch, base_batch, *, rule="sqrt"):
        """Without being asked the rule is linear."""
        return scale_lr(lr, batch, base_batch, rule=rule)

    @mistake("N1219", replaces="scale_lr")
    def never_smaller(lr, batch, base_batch, *, rule="linear"):
        """A smaller batch takes a smaller rate."""
        return scale_lr(lr, max(batch, base_batch), base_batch, rule=rule)

    @mistake("N1219", replaces="scale_lr")
    def not_scaled(lr, batch, base_batch, *, rule="linear"):
        """The rate of another batch is another one."""
        return lr
