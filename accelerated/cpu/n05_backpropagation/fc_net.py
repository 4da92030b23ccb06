"""The reference, on parts that leave out the gradient of x."""

from inspect import unwrap

from nnspec import reference
from nnspec.accelerated.cpu._networks import Parts


def fc_net_loss(params, x, y=None, running=None, *, norm=None, train=True, keep=1.0, masks=None, rng=None, reg=0.0):
    options = {"norm": norm, "train": train, "keep": keep, "masks": masks, "rng": rng, "reg": reg}
    return unwrap(reference.fc_net_loss)(params, x, y, running, **options, ops=Parts(x))
