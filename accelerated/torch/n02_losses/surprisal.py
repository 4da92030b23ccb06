"""`log` over that of the base."""

import math

from nnspec.reference.n02_losses._probabilities import require_base, require_probabilities


def surprisal_forward(p, *, base=math.e):
    require_base("surprisal_forward", base)
    require_probabilities("surprisal_forward", p=p.detach())
    return -p.log() / math.log(base)
