"""A network as it is run forward and taken back: the bookkeeping of the chain rule, the same for every composite.

    network = Chain(ops, params)
    a = network("affine", x, "W1", "b1")        # ops.affine_forward(x, params["W1"], params["b1"])
    a = network("relu", a)
    scores = network("affine", a, "W2", "b2")
    dx, grads = network.back(dscores)           # the backwards in reverse; grads under the keys of params

`ops` is the implementation of the parts: any namespace of functions. A value that goes two ways starts two chains, and
its gradient is the sum of theirs; a parameter that is used twice has the sum of both under its one key (`added`).
"""


class Chain:
    """Layers run one after another, each on the output of the one before.

    states: arrays that layers take and give back new, running statistics for instance; `network.states` holds them as
    they are after the run. Nothing that was passed in is written to.
    """

    def __init__(self, ops, params, states=None):
        self.ops, self.params, self.states = ops, params, dict(states or {})
        self._run = []  # (backward, its cache, how its parameters' gradients are called)

    def __call__(self, op, x, *keys, states=(), **options):
        """out of op for x, the parameters under `keys` and the states under `states`, which come back new."""
        arrays = [self.params[key] for key in keys] + [self.states[key] for key in states]
        out, *new, cache = getattr(self.ops, f"{op}_forward")(x, *arrays, **options)
        self.states.update(zip(states, new, strict=True))
        self._run.append((getattr(self.ops, f"{op}_backward"), cache, keys))
        return out

    def block(self, op, x, prefix, **options):
        """out of a block, whose parameters are those below `prefix`; its states too, if there are any."""
        states = below(self.states, prefix)
        given = [below(self.params, prefix), *([states] if states else [])]
        out, *new, cache = getattr(self.ops, f"{op}_forward")(x, *given, **options)
        for renewed in new:
            self.states.update({prefix + key: array for key, array in renewed.items()})
        self._run.append((getattr(self.ops, f"{op}_backward"), cache, prefix))
        return out

    def back(self, dout):
        """(dx, grads): from the gradient of what came out last to those of what went in first and of the parameters."""
        grads = {}
        for backward, cache, called in reversed(self._run):
            if isinstance(called, str):  # a block: its gradients are a dict already
                dout, inner = backward(dout, cache)
                found = {called + key: gradient for key, gradient in inner.items()}
            else:
                dout, *gradients = backward(dout, cache) if called else (backward(dout, cache),)
                there = [gradient for gradient in gradients if gradient is not None]  # none of a bias left out
                found = dict(zip(called, there, strict=True))
            grads = added(grads, found)
        return dout, grads


def below(params, prefix):
    """A view of the parameters of a part: those whose keys begin with `prefix`, without it."""
    return {key.removeprefix(prefix): array for key, array in params.items() if key.startswith(prefix)}


def added(*several):
    """Gradients from several uses of the same parameters: the sum under each key."""
    total = {}
    for grads in several:
        for key, gradient in grads.items():
            total[key] = total[key] + gradient if key in total else gradient
    return total


def classified(network, scores, y, reg, penalized):
    """(loss, grads) of a chain that ends in scores (N, C): mean cross-entropy plus reg/2 |w|^2 of the weights under the
    keys `penalized`. The gradients stand in the order of the parameters."""
    ops, params = network.ops, network.params
    loss, cache = ops.softmax_cross_entropy_forward(scores, y)
    dscores = ops.softmax_cross_entropy_backward(1.0, cache)  # (N, C)
    _, grads = network.back(dscores)
    for key in penalized:
        penalty, dw = ops.l2_penalty(params[key], reg, half=True)
        loss, grads[key] = loss + penalty, grads[key] + dw
    return loss, {key: grads[key] for key in params}
