"""`torch.nn.Sequential` of `nn.Conv2d(C, F, K, padding=K // 2)`, `nn.ReLU`, `nn.MaxPool2d(2)`, `nn.Flatten`,
`nn.Linear(F * (H // 2) * (W // 2), M)`, `nn.ReLU` and `nn.Linear(M, n_classes)`."""

NAMES = {"1": "0", "2": "4", "3": "6"}


def to_torch(params):
    state = {}
    for layer, at in NAMES.items():
        weight = params[f"W{layer}"]
        state |= {f"{at}.weight": weight if weight.ndim == 4 else weight.T, f"{at}.bias": params[f"b{layer}"]}
    return state


def from_torch(state):
    params = {}
    for layer, at in NAMES.items():
        weight = state[f"{at}.weight"]
        params |= {f"W{layer}": weight if weight.ndim == 4 else weight.T, f"b{layer}": state[f"{at}.bias"]}
    return params
