"""Binary hinge loss: definition, laws and cases. Classic mistakes: mistakes_binary_hinge.py."""

from nnspec.reference import binary_hinge_forward
from nnspec.spec_tests._kinds import Case, Loss, Malformed, variant
from nnspec.spec_tests._truth import where_positive

AT_THE_KINK = {"scores": [[1, -1, 0.5], [2, -1, -2]], "y": [[1, -1, 1], [1, 1, 1]]}


class TestBinaryHinge(Loss):
    rows = ("02.04",)

    def definition(self, scores, y, *, cost=1, reduction="mean"):
        """term = cost max(0, 1 - y s); the mean is that over the examples. Cortes and Vapnik 1995; CS231n notes."""
        margins = 1 - y * scores
        terms = cost * where_positive(margins, margins)
        return {"none": terms, "sum": terms.sum(), "mean": terms.sum() / len(terms)}[reduction]

    def law_the_classes_change_places(self, run, problem):
        """loss(-s, -y) = loss(s, y), and the gradient turns round."""
        scores, y = problem.inputs.values()
        turned, here = run(scores=-scores, y=-y), run()
        return [*turned["dscores"].ravel(), turned["loss"]], [*-here["dscores"].ravel(), here["loss"]]

    def law_scores_of_0_cost_1(self, run, problem):
        """Without any score each term is the margin 1: the first check of a training run."""
        scores = problem.inputs["scores"]
        return run(scores=0 * scores)["loss"], scores.size / len(scores)

    def law_no_loss_beyond_the_margin(self, run, problem):
        """Where y s is above 1 there is neither a loss nor a gradient, however large the scores."""
        y = problem.inputs["y"]
        dscores = run(scores=(3 * y).astype(problem.dtype))["dscores"]
        return dscores, 0 * dscores

    cases = (
        Case("another cost", cost=2.5),
        Case("another cost, summed", cost=0.5, reduction="sum"),
        Case("another cost, one by one", cost=0.5, reduction="none"),
        Case("more attributes than examples", {"attributes": (4,)}, N=2),
    )
    beyond = (Case("no attributes but the class", {"attributes": ()}, N=5),)
    extremes = (
        Case("large scores", inputs={"scores": [[1e4, -1e4, 1e30], [-1e30, 0.5, 3]], "y": [[1, 1, -1], [-1, 1, -1]]}),
    )
    ties = (
        Case("margin exactly 0", inputs=AT_THE_KINK),
        Case("no rows, summed", N=0, reduction="sum"),
        Case("no rows, one by one", N=0, reduction="none"),
    )
    bad = (
        Malformed("reduction unknown", "reduction", lambda _: "median"),
        Malformed("mean of no rows", "scores", N=0),
        Malformed("labels 0 and 1", "y", lambda y: (y + 1) // 2),
        Malformed("labels 0 and 1, one by one", "y", lambda y: (y + 1) // 2, reduction="none"),
        Malformed("a label of 2", "y", lambda y: 2 * y),
        Malformed("a column of labels", "y", lambda y: y[:, :1], ("scores",)),
    )

    def draw(self, case, dims, dtype):
        """Labels of -1 and 1."""
        inputs = super().draw(case, dims, dtype)
        return inputs if "y" in case.inputs else inputs | {"y": 2 * (inputs["y"] % 2) - 1}

    @variant("mean of all entries", source="Keras, Hinge; PyTorch, HingeEmbeddingLoss", replaces="binary_hinge_forward")
    def mean_of_all_entries(scores, y, *, cost=1.0, reduction="mean"):
        """The mean divides by the number of all entries, those of the attributes too."""
        loss, cache = binary_hinge_forward(scores, y, cost=cost, reduction=reduction)
        active, sign, _, divisor = cache
        entries = scores[0].size if reduction == "mean" else 1  # of an example
        return loss / entries, cache.of((active, sign, cost, divisor * entries), cache.op, [loss])
