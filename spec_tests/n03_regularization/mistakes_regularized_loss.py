"""Classic mistakes of the objective over named parameters."""

from nnspec.reference import regularized_loss
from nnspec.spec_tests._known import mistake


class MistakesOfRegularizedLoss:
    @mistake("M28", replaces="regularized_loss")
    def everything_penalized(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Penalize the weights alone: biases, gamma and beta stay free."""
        return regularized_loss(data_loss, params, grads, reg, half=half, include=include or (lambda key: True))

    @mistake("M28", replaces="regularized_loss")
    def biases_penalized(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """A bias only moves the function up and down: it is not penalized."""
        weight_or_bias = include or (lambda key: key.rpartition(".")[2][0] in "Wwb" and "beta" not in key)
        return regularized_loss(data_loss, params, grads, reg, half=half, include=weight_or_bias)

    @mistake("M28", replaces="regularized_loss")
    def norms_penalized(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Scale and shift of a normalization are not penalized."""
        chosen = include or (lambda key: key.rpartition(".")[2].startswith(("W", "w", "gamma", "beta")))
        return regularized_loss(data_loss, params, grads, reg, half=half, include=chosen)

    @mistake("N1552", replaces="regularized_loss")
    def first_letter_of_the_whole_name(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """The last part of a dotted name says what it is: `conv.w` is a weight, `Wide.b` is a bias."""
        chosen = include or (lambda key: key.startswith(("W", "w")))
        return regularized_loss(data_loss, params, grads, reg, half=half, include=chosen)

    @mistake("N1552", replaces="regularized_loss")
    def capital_weights_alone(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Filters are weights as well: `conv.w` is penalized like `W1`."""
        chosen = include or (lambda key: key.rpartition(".")[2].startswith("W"))
        return regularized_loss(data_loss, params, grads, reg, half=half, include=chosen)

    @mistake("N1553", replaces="regularized_loss")
    def include_ignored(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Ask include which parameters are penalized, where it is given."""
        return regularized_loss(data_loss, params, grads, reg, half=half)

    @mistake("M15", replaces="regularized_loss")
    def half_in_the_loss_alone(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Loss and gradient belong together: reg/2 sum w^2 has the gradient reg w, reg sum w^2 has 2 reg w."""
        loss, _ = regularized_loss(data_loss, params, grads, reg, half=half, include=include)
        return loss, regularized_loss(data_loss, params, grads, reg, half=False, include=include)[1]

    @mistake("M15", replaces="regularized_loss")
    def half_in_the_gradient_alone(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Where the gradient is reg w, the penalty is reg/2 sum w^2."""
        loss, _ = regularized_loss(data_loss, params, grads, reg, half=False, include=include)
        return loss, regularized_loss(data_loss, params, grads, reg, half=half, include=include)[1]

    @mistake("M15", replaces="regularized_loss")
    def never_the_half(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Of a network the penalty is reg/2 sum w^2, unless half=False is asked for."""
        return regularized_loss(data_loss, params, grads, reg, half=False, include=include)

    @mistake("N1554", replaces="regularized_loss")
    def penalty_in_the_loss_alone(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Add the gradient of the penalty to those of the data, or training never feels it."""
        loss, _ = regularized_loss(data_loss, params, grads, reg, half=half, include=include)
        return loss, {key: grad.copy() for key, grad in grads.items()}

    @mistake("N1554", replaces="regularized_loss")
    def penalty_in_the_gradient_alone(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Add the penalty to the loss as well: a gradient check compares the two."""
        _, found = regularized_loss(data_loss, params, grads, reg, half=half, include=include)
        return data_loss, found

    @mistake("N1554", replaces="regularized_loss")
    def gradients_of_the_data_lost(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Add to the gradients of the data: the penalty does not replace them."""
        loss, found = regularized_loss(data_loss, params, grads, reg, half=half, include=include)
        return loss, {key: found[key] - grads[key] for key in found}

    @mistake("N1554", replaces="regularized_loss")
    def first_weights_alone(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Penalize the weights of every layer, not only those of the first."""
        first = next((key for key in params if (include or (lambda key: key[0] in "Ww"))(key)), None)
        return regularized_loss(data_loss, params, grads, reg, half=half, include=lambda key: key == first)

    @mistake("M45", replaces="regularized_loss")
    def added_in_place(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Return new gradients: += writes to those of the caller."""
        loss, found = regularized_loss(data_loss, params, grads, reg, half=half, include=include)
        for key, grad in grads.items():
            grad[...] = found[key]
        return loss, grads

    @mistake("M45", replaces="regularized_loss")
    def free_gradients_handed_through(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Copy what nothing is added to: else two dicts hold one array, and a step on one moves the other."""
        loss, found = regularized_loss(data_loss, params, grads, reg, half=half, include=include)
        return loss, {key: grads[key] if (found[key] == grads[key]).all() else found[key] for key in found}

    @mistake("N1555", replaces="regularized_loss")
    def gradients_by_their_place(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """A gradient belongs to the parameter of its name: the two dicts need not be in one order."""
        placed = dict(zip(params, grads.values(), strict=True))
        return regularized_loss(data_loss, params, placed, reg, half=half, include=include)

    @mistake("N61", replaces="regularized_loss")
    def mean_of_the_squares(data_loss, params, grads, reg, *, half=True, include=None, ops=None):
        """Add the squares up: their mean makes the penalty depend on the size of a layer."""
        loss, found = regularized_loss(0.0, params, grads, reg, half=half, include=include)
        sizes = [params[key].size for key in params if (found[key] != grads[key]).any()]
        n = max(1, sum(sizes))
        return data_loss + loss / n, {key: grads[key] + (found[key] - grads[key]) / n for key in found}
