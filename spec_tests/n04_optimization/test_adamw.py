"""AdamW: definition, laws and cases. Classic mistakes: mistakes_adamw.py."""

from nnspec.reference import adam
from nnspec.spec_tests._kinds import STEPS, Case, Malformed, UpdateRule, variant
from nnspec.spec_tests._truth import sqrt


class TestAdamw(UpdateRule):
    rows = ("03.06", "04.18")

    def definition(self, w, dw1, dw2, dw3, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """w = w - lr (mhat / (sqrt(vhat) + eps) + weight_decay w), mhat and vhat those of Adam. Loshchilov and Hutter
        2019, algorithm 2, with lr for the schedule multiplier of the decay."""
        m, v, path = 0 * w, 0 * w, []
        for t, g in enumerate((dw1, dw2, dw3), start=1):
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            w = w - lr * ((m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps) + weight_decay * w)
            path.append(w)
        return tuple(path)

    def law_without_gradient_every_weight_shrinks_alike(self, run, problem):
        """With dw = 0 a step leaves 1 - lr weight_decay of w, large or small."""
        still = {f"dw{step + 1}": 0 * problem.inputs["w"] for step in range(STEPS)}
        path = run(**still)
        return path["w2"], path["w1"] * problem.dtype.type(1 - 1e-3 * 1e-2)

    def law_the_decay_does_not_ask_for_the_gradient(self, run, problem):
        """Gradients a thousand times as large shrink w by the same: the decay is not divided by the second moment."""
        w, no_eps = problem.inputs["w"], {"eps": 0.0}
        problem.options = problem.options | no_eps
        larger = {f"dw{step + 1}": 1024 * problem.inputs[f"dw{step + 1}"] for step in range(STEPS)}
        return run(**larger)["w3"] - w, run()["w3"] - w

    def law_entries_do_not_mix(self, run, problem):
        """Every entry has its own moments: reversing all arrays reverses the path."""
        turned = {name: problem.inputs[name][::-1].copy() for name in problem.inputs}
        last = f"w{STEPS}"
        return run(**turned)[last], run()[last][::-1]

    cases = (
        Case("large lr", lr=0.5),
        Case("strong decay", lr=0.1, weight_decay=0.5),
        Case("no decay", lr=0.1, weight_decay=0.0),
        Case("other betas", lr=0.1, beta1=0.5, beta2=0.75, weight_decay=0.25),
        Case("tiny gradients", lr=0.1, inputs={"dw": lambda rng, shape: 1e-7 * rng.standard_normal(shape)}),
        Case("large eps", lr=0.1, eps=0.25),
    )
    extremes = (
        Case("no gradient", inputs={"dw": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]}),
        Case(
            "gradients of 1e15 and 1e-15",
            weight_decay=0.5,
            lr=0.1,
            inputs={"dw": [[1e15, -1e15, 1e-15], [-1e-15, 1.0, -1.0]]},
        ),
    )
    ties = (Case("empty", {"shape": (0, 3)}),)
    bad = (
        Malformed("weight_decay a string", "weight_decay", lambda _: "much"),
        Malformed("beta1 of 1", "beta1", beta1=1.0),
    )

    @variant("decay without lr", source="Loshchilov and Hutter 2019, algorithm 2, line 12", replaces="adamw")
    def decay_without_lr(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """The decay is multiplied by the schedule multiplier, 1 while nothing is scheduled, and not by lr."""
        kept = (1 - weight_decay) * w
        return adam(kept, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)

    @variant("decay after the step", source="Hugging Face transformers, optimization.AdamW", replaces="adamw")
    def decay_after_the_step(w, dw, state=None, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=1e-2):
        """Adam's step first; then the decay of where it led to."""
        moved, state = adam(w, dw, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
        return (1 - lr * weight_decay) * moved, state
