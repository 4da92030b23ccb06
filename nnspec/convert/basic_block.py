"""torchvision's `BasicBlock`, or any module with its names; the projection is its `downsample`.

Running statistics may stand among the parameters: `to_torch("basic_block", params | running)`. PyTorch's momentum is 1
minus ours, and the variance that it keeps is the unbiased one.
"""

OURS, THEIRS = ("gamma", "beta"), ("weight", "bias")


def to_torch(params):
    return {_theirs(key): array for key, array in params.items()}


def from_torch(state):
    return {_ours(name): array for name, array in state.items() if not name.endswith("num_batches_tracked")}


def _theirs(key):
    part, name = key.rsplit(".", 1)
    if part == "shortcut":
        part = "downsample.0" if name == "w" else "downsample.1"
    return f"{part}.{dict(zip(OURS, THEIRS, strict=True), w='weight').get(name, name)}"


def _ours(name):
    part, kind = name.rsplit(".", 1)
    if part.startswith("conv") or part == "downsample.0":
        return f"{part.replace('downsample.0', 'shortcut')}.w"
    return f"{part.replace('downsample.1', 'shortcut')}.{dict(zip(THEIRS, OURS, strict=True)).get(kind, kind)}"
