"""Two-layer network: loss and gradients, the scores without labels, initial parameters."""

import numpy as np

from nnspec import reference
from nnspec.reference import two_layer_loss
from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, mistake
from nnspec.spec_tests._truth import exp, log, named, where_positive


class TestTwoLayerNet(Composite):
    rows = ("05.19", "04.30")
    op = "two_layer_loss"

    def definition(self, x, y, W1, b1, W2, b2, *, reg=0):
        """mean_n -log softmax(relu(x W1 + b1) W2 + b2)_{n,y_n} + reg/2 (|W1|^2 + |W2|^2). CS231n, `TwoLayerNet`."""
        scores = scores_of(x, W1, b1, W2, b2)
        data = sum(log(sum(exp(row))) - row[label] for row, label in zip(scores, y, strict=True)) / len(y)
        return data + reg * (sum((W1**2).ravel()) + sum((W2**2).ravel())) / 2

    def law_gradients_of_parts_accumulate(self, run, problem):
        """Those of a batch are those of its parts, weighed by their shares of it; a plain mean is for equal parts."""
        x, y = (np.concatenate([problem.inputs[name]] * 3) for name in ("x", "y"))
        scale = np.linspace(0.5, 1.5, len(x)).reshape(-1, *[1] * (x.ndim - 1))  # so that no two parts are alike
        x, cut = x * scale.astype(problem.dtype), len(x) // 3
        shares = [problem.dtype.type(len(part) / len(x)) for part in (x[:cut], x[cut:])]
        parts = [every(run(x=x[:cut], y=y[:cut])), every(run(x=x[cut:], y=y[cut:]))]
        return shares[0] * parts[0] + shares[1] * parts[1], every(run(x=x, y=y))

    cases = (
        Case("regularized", reg=0.7),
        Case("image input", {"N": 2, "d": (2, 1, 2), "H": 3, "C": 2}, reg=0.1),
    )
    extremes = (
        Case("large scores", inputs={"W2": lambda rng, shape: 1000 * rng.standard_normal(shape)}),
        Case("tiny weights", inputs={k: lambda rng, shape: 1e-12 * rng.standard_normal(shape) for k in ("W1", "W2")}),
    )

    @mistake("M58", replaces="two_layer_loss")
    def relu_on_the_scores(params, x, y=None, *, reg=0.0):
        """No ReLU after the last layer: scores may be negative."""

        class Ops:
            def __getattr__(self, name):
                return getattr(reference, name)

            def softmax_cross_entropy_forward(self, scores, y):
                return reference.softmax_cross_entropy_forward(np.maximum(scores, 0), y)

        return two_layer_loss(params, x, y, reg=reg, ops=Ops())

    @mistake("M56", replaces="two_layer_loss")
    def w2_updated_too_early(params, x, y=None, *, reg=0.0):
        """Use the W2 of the forward in the backward: update after all gradients are known."""
        loss, grads = two_layer_loss(params, x, y, reg=reg)
        _, later = two_layer_loss({**params, "W2": params["W2"] - x.dtype.type(0.1) * grads["W2"]}, x, y, reg=reg)
        return loss, {**grads, "W1": later["W1"], "b1": later["b1"]}

    @mistake("M15", replaces="two_layer_loss")
    def penalty_gradient_doubled(params, x, y=None, *, reg=0.0):
        """The gradient of reg/2 |W|^2 is reg W, not 2 reg W."""
        loss, grads = two_layer_loss(params, x, y, reg=reg)
        return loss, {key: g + reg * params[key] if key[0] == "W" else g for key, g in grads.items()}

    @mistake("M15", replaces="two_layer_loss")
    def penalty_without_the_half(params, x, y=None, *, reg=0.0):
        """The penalty is reg/2 |W|^2: its gradient reg W belongs to the half."""
        loss, grads = two_layer_loss(params, x, y, reg=reg)
        return loss + reg / 2 * sum((params[key] ** 2).sum() for key in ("W1", "W2")), grads

    @mistake("N832", replaces="two_layer_loss")
    def penalty_gradient_from_the_sum(params, x, y=None, *, reg=0.0):
        """The gradient of the penalty is reg W, entry by entry: not reg times the sum of W."""
        loss, grads = two_layer_loss(params, x, y, reg=reg)
        return loss, {k: g + reg * (params[k].sum() - params[k]) if k[0] == "W" else g for k, g in grads.items()}

    @mistake("M28", replaces="two_layer_loss")
    def biases_penalized(params, x, y=None, *, reg=0.0):
        """Biases are not penalized."""
        loss, grads = two_layer_loss(params, x, y, reg=reg)
        loss = loss + reg / 2 * sum((params[key] ** 2).sum() for key in ("b1", "b2"))
        return loss, {key: g + reg * params[key] if key[0] == "b" else g for key, g in grads.items()}

    @mistake("N45", replaces="two_layer_loss")
    def last_layer_not_penalized(params, x, y=None, *, reg=0.0):
        """Penalize the weights of both layers."""
        loss, grads = two_layer_loss(params, x, y, reg=reg)
        r, dw = reference.l2_penalty(params["W2"], reg, half=True)
        return loss - r, {**grads, "W2": grads["W2"] - dw}

    @mistake("N30", replaces="two_layer_loss")
    def relu_left_out_of_the_backward(params, x, y=None, *, reg=0.0):
        """The gradient goes back through the ReLU: it passes where the hidden unit was active."""

        class Ops:
            def __getattr__(self, name):
                return getattr(reference, name)

            def relu_backward(self, dout, cache):
                return dout

        return two_layer_loss(params, x, y, reg=reg, ops=Ops())

    @mistake("M14", replaces="two_layer_loss")
    def gradients_divided_by_n_again(params, x, y=None, *, reg=0.0):
        """The loss is a mean over the samples, and so are its gradients: divide both by N, once."""
        loss, grads = two_layer_loss(params, x, y)
        return two_layer_loss(params, x, y, reg=reg)[0], {
            key: grad / len(x) + (reg * params[key] if key[0] == "W" else 0) for key, grad in grads.items()
        }


class TestTwoLayerScores(Function):
    """Without labels the scores come back, for prediction."""

    rows = ("05.19",)
    op = "two_layer_loss"
    outputs = ("scores",)

    def definition(self, x, W1, b1, W2, b2):
        """scores = relu(x W1 + b1) W2 + b2."""
        return scores_of(x, W1, b1, W2, b2)

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        return {name: inputs[name] for name in ("params", "x")}


class TestTwoLayerInit(Drawing):
    rows = ("05.19",)

    def drawn(self, init, rng):
        return init(3, 4, 5, rng=rng)

    def law_shapes(self, init):
        """W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        params = init(3, 4, 5, rng=np.random.default_rng(0))
        return [params[key].shape for key in ("W1", "b1", "W2", "b2")] == [(3, 4), (4,), (4, 5), (5,)], True

    def law_biases_are_zero(self, init):
        """b1 = 0 and b2 = 0."""
        params = init(3, 4, 5, rng=np.random.default_rng(0))
        return np.concatenate([params["b1"], params["b2"]]), np.zeros(9)

    def law_weights_are_normal(self, init):
        """Mean 0, standard deviation `scale` (by default 1e-3), 68.3 % within one of it: by five standard errors."""
        n, near = 200 * 200, []
        for scale, options in ((0.5, {"scale": 0.5}), (1e-3, {})):
            params = init(200, 200, 200, rng=np.random.default_rng(0), **options)
            for w in (params["W1"] / scale, params["W2"] / scale):
                within = (abs(w) < 1).mean()
                near += [abs(w.mean()) < 5 / n**0.5, abs(w.std() - 1) < 5 / (2 * n) ** 0.5]
                near += [abs(within - 0.6827) < 5 * (0.6827 * 0.3173 / n) ** 0.5]
        return near, [True] * 12

    def law_hidden_units_differ(self, init):
        """No two columns of W1 are equal: equal units would stay equal for ever."""
        columns = init(3, 50, 2, rng=np.random.default_rng(0))["W1"].T
        return len(np.unique(columns, axis=0)), 50

    def law_the_generator_decides(self, init):
        """The same generator state draws the same parameters."""
        first, second = (init(3, 4, 5, rng=np.random.default_rng(7)) for _ in range(2))
        return [first[key].tolist() for key in ("W1", "W2")], [second[key].tolist() for key in ("W1", "W2")]

    @mistake("M57", replaces="two_layer_init")
    def all_weights_zero(D, H, C, *, scale=1e-3, rng):
        """Draw the weights: units that start equal stay equal."""
        return {"W1": np.zeros((D, H)), "b1": np.zeros(H), "W2": np.zeros((H, C)), "b2": np.zeros(C)}

    @mistake("M57", replaces="two_layer_init")
    def generator_ignored(D, H, C, *, scale=1e-3, rng):
        """Use the generator that is given, or no run can be repeated."""
        return reference.two_layer_init(D, H, C, scale=scale, rng=np.random.default_rng())


def scores_of(x, W1, b1, W2, b2):
    rows = np.array([row.ravel() for row in x])  # (N, D)
    hidden = named(rows @ W1 + b1)
    return named(named(where_positive(hidden, hidden)) @ W2 + b2)


def every(answer):
    """The loss and all gradients, as one vector."""
    return np.concatenate([np.ravel(value) for value in answer.values()])
