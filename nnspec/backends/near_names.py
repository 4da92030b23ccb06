"""Names that are misspelt: what a namespace has is not one of ours, but nearly."""

import inspect
import re
from difflib import get_close_matches

from nnspec import reference
from nnspec.concepts.collect import public_functions

NEAR = 0.8  # difflib's ratio of two stems from which on one is taken for the other, misspelt
ENDINGS = dict.fromkeys(("backward", "backwards", "back", "bwd", "grad", "gradient"), "backward") | dict.fromkeys(
    ("forward", "forwards", "fwd"), "forward"
)


def near_names(namespace) -> dict[str, str]:
    """Names that are no name of ours, but nearly that of a function which the namespace lacks: {name: ours}."""
    ours, there = public_functions(reference), public_names(namespace)
    bare = {name: f"{name}_forward" for name in there if _is_written_in(namespace, getattr(namespace, name))}
    found = {name: _nearest(name, ours) or bare.get(name) for name in there if name not in ours}
    return {name: meant for name, meant in found.items() if meant in ours and meant not in there}


def _is_written_in(namespace, function) -> bool:
    """Rather than imported: `from torch.nn.functional import relu` is no attempt at relu_forward."""
    if not inspect.isfunction(function):
        return False
    home = getattr(namespace, "__name__", "") if inspect.ismodule(namespace) else function.__module__
    return function.__module__.partition(".")[0] == home.partition(".")[0]


def _nearest(name: str, known) -> str | None:
    """affine_backwards, AffineBackward, affine_grad: the same stem, or nearly, with the same ending by any word.

    Those whose first letters or whose digits differ are other things: selu and gelu, conv1d and conv2d.
    """
    stem, ending = _parted(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())
    stems = {_parted(ours)[0]: ours for ours in known if _parted(ours)[1] == ending}
    digits = _digits(stem)
    alike = [s for s in stems if s[0] == stem[:1] and (digits or _digits(s)) == (_digits(s) or digits)]
    return next((stems[close] for close in get_close_matches(stem, alike, n=1, cutoff=NEAR)), None)


def _parted(name: str) -> tuple[str, str]:
    """affine_bwd: ("affine", "backward"). What has no such ending has none."""
    stem, _, ending = name.rpartition("_")
    return (stem, ENDINGS[ending]) if stem and ending in ENDINGS else (name, "")


def _digits(name: str) -> str:
    return "".join(filter(str.isdigit, name))


def public_names(namespace) -> list[str]:
    names = [name for name in dir(namespace) if not name.startswith("_")]
    return [name for name in names if callable(getattr(namespace, name, None))]
