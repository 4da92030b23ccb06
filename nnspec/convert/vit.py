"""A module with these parts, as a vision transformer is mostly written in PyTorch, H the hidden width of the layers:

    patch = nn.Linear(C * p * p, E), of nn.functional.unfold(x, p, stride=p)    head = nn.Linear(E, n_classes)
    cls = nn.Parameter of (1, E), pos = nn.Parameter of (S, E), ln_f = nn.LayerNorm(E): where params has them
    layers = nn.ModuleList(nn.TransformerEncoderLayer(E, heads, H, dropout=0, activation="gelu", batch_first=True,
                                                      norm_first=…) for _ in range(L))

Layers count from 0 there. The weight of nn.Conv2d(C, E, p, stride=p) is patch.weight in the shape (E, C, p, p).
"""

from nnspec.convert import encoder_layer
from nnspec.convert._layers import in_layers

NAMES = {"patch.w": "patch.weight", "patch.b": "patch.bias", "head.w": "head.weight", "head.b": "head.bias"}
NAMES |= {"cls": "cls", "pos": "pos", "ln_f.gamma": "ln_f.weight", "ln_f.beta": "ln_f.bias"}
TURNED = {"patch.w", "head.w"}


def to_torch(params):
    state = {NAMES[key]: array.T if key in TURNED else array for key, array in params.items() if key in NAMES}
    return state | in_layers(params, encoder_layer.to_torch, counted=-1)


def from_torch(state):
    found = {key: state[name] for key, name in NAMES.items() if name in state}
    params = {key: array.T if key in TURNED else array for key, array in found.items()}
    return params | in_layers(state, encoder_layer.from_torch, counted=1)
