"""`torch.nn.ModuleDict` of "embedding", `nn.Embedding(V, E)`, "cell", `nn.RNN(E, H)` or `nn.LSTM(E, H)`, and "out",
`nn.Linear(H, V)`; the cell as in `rnn.py` and `lstm.py`, which Wx tells.
"""

from nnspec.convert import lstm, rnn


def to_torch(params):
    G, H = params["Wx"].shape[1], len(params["Wh"])
    cell = (rnn if G == H else lstm).to_torch(params)
    return {
        "embedding.weight": params["W_embed"],
        **{f"cell.{name}": array for name, array in cell.items()},
        "out.weight": params["W_vocab"].T,
        "out.bias": params["b_vocab"],
    }


def from_torch(state):
    cell = {name.removeprefix("cell."): array for name, array in state.items() if name.startswith("cell.")}
    G, H = cell["weight_hh_l0"].shape
    return {
        "W_embed": state["embedding.weight"],
        **(rnn if G == H else lstm).from_torch(cell),
        "W_vocab": state["out.weight"].T,
        "b_vocab": state["out.bias"],
    }
