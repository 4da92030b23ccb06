"""`torch.nn.Linear(D, C)`. Of a w with the bias trick, whose last row is the bias: {"w": w[:-1], "b": w[-1]}."""


def to_torch(params):
    return {"weight": params["w"].T} | ({"bias": params["b"]} if "b" in params else {})


def from_torch(state):
    return {"w": state["weight"].T} | ({"b": state["bias"]} if "bias" in state else {})
