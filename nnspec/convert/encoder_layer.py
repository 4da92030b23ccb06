"""`torch.nn.TransformerEncoderLayer(E, heads, H, activation="gelu", batch_first=True)`, encoder_layer_post, and with
`norm_first=True` encoder_layer_pre. Its masks are the negation of ours, and it has a dropout of 0.1 unless told."""

from nnspec.convert import mha

NAMES = {"ffn.W1": "linear1.weight", "ffn.b1": "linear1.bias", "ffn.W2": "linear2.weight", "ffn.b2": "linear2.bias"}
NAMES |= {
    f"ln{i}.{ours}": f"norm{i}.{theirs}" for i in (1, 2) for ours, theirs in (("gamma", "weight"), ("beta", "bias"))
}


def to_torch(params):
    attention = {key.removeprefix("mha."): array for key, array in params.items() if key.startswith("mha.")}
    state = {f"self_attn.{name}": array for name, array in mha.to_torch(attention).items()}
    return state | {name: params[key].T for key, name in NAMES.items()}


def from_torch(state):
    prefix = "self_attn."
    attention = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
    params = {f"mha.{key}": array for key, array in mha.from_torch(attention).items()}
    return params | {key: state[name].T for key, name in NAMES.items()}
