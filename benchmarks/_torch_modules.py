"""Models as PyTorch's users write them, of its own modules, with the names that `nnspec.convert` knows: for those who
have PyTorch."""

import itertools

import torch
from torch import nn
from torch.nn import functional as F


class CharLm(nn.ModuleDict):
    """A language model of characters."""

    def __init__(self, V, E, H, cell="lstm"):
        made = {"rnn": nn.RNN, "lstm": nn.LSTM}[cell](E, H, batch_first=True)
        super().__init__({"embedding": nn.Embedding(V, E), "cell": made, "out": nn.Linear(H, V)})

    def loss(self, ids, states=None, normalize="tokens"):
        """(loss, h and, of an LSTM, c after the last input). states: those to begin with."""
        if states is not None:
            states = [state[None] for state in states]
            states = states[0] if len(states) == 1 else tuple(states)
        h, last = self["cell"](self["embedding"](ids[:, :-1]), states)
        scores, targets = self["out"](h).flatten(0, 1), ids[:, 1:].flatten()
        loss = F.cross_entropy(scores, targets, reduction="mean" if normalize == "tokens" else "sum")
        return loss if normalize == "tokens" else loss / len(ids), [state[0] for state in _several(last)]


def _several(states):
    return states if isinstance(states, tuple) else (states,)


class Gpt(nn.Module):
    """GPT as it is mostly written: of PyTorch's own layers, whose attention is told that its mask is causal."""

    def __init__(self, V, S, E, H, L, heads, tied):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(V, E), nn.Embedding(S, E)
        options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(E, heads, H, **options) for _ in range(L))
        self.ln_f = nn.LayerNorm(E)
        self.head = nn.Linear(E, V, bias=False)
        if tied:
            self.head.weight = self.wte.weight

    def forward(self, ids):
        T = ids.shape[1]
        x = self.wte(ids) + self.wpe(torch.arange(T))
        future = torch.ones(T, T, dtype=torch.bool).triu(1)
        for layer in self.layers:
            x = layer(x, src_mask=future, is_causal=True)
        return self.head(self.ln_f(x))

    def loss(self, ids):
        scores = self(ids[:, :-1])
        return F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten())


class Vit(nn.Module):
    """A vision transformer in the form of the assignment, or, with a class token, learned positions and norm_first, in
    that of the paper. positions: how many are learned; None: sinusoidal ones."""

    def __init__(self, C, patch, E, H, L, n_classes, heads, *, cls=False, positions=None, norm_first=False):
        super().__init__()
        self.patch_size, self.patch = patch, nn.Linear(C * patch * patch, E)
        self.cls = nn.Parameter(torch.zeros(1, E)) if cls else None
        self.pos = nn.Parameter(torch.zeros(positions, E)) if positions else None
        options = {"dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": norm_first}
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(E, heads, H, **options) for _ in range(L))
        self.ln_f = nn.LayerNorm(E) if norm_first else nn.Identity()
        self.head = nn.Linear(E, n_classes)

    def forward(self, x):
        p = self.patch_size
        a = self.patch(F.unfold(x, p, stride=p).transpose(1, 2))
        if self.cls is not None:
            a = torch.cat([self.cls.expand(len(a), 1, -1), a], dim=1)
        a = a + (sinusoids(*a.shape[1:], a.dtype) if self.pos is None else self.pos[: a.shape[1]])
        for layer in self.layers:
            a = layer(a)
        a = self.ln_f(a)
        return self.head(a.mean(dim=1) if self.cls is None else a[:, 0])


def sinusoids(T, E, dtype):
    """Vaswani et al. 2017, sec. 3.5."""
    angles = torch.arange(T, dtype=torch.float64)[:, None] / 10000 ** (torch.arange(0, E, 2, dtype=torch.float64) / E)
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :E].to(dtype)


def fully_connected(dims, batchnorm=False):
    """nn.Sequential of an nn.Linear for every two of `dims`."""
    modules = []
    for before, after in itertools.pairwise(dims):
        modules += [nn.Linear(before, after), *[nn.BatchNorm1d(after)] * batchnorm, nn.ReLU()]
    return nn.Sequential(*modules[: -2 if batchnorm else -1])


def three_layer_convnet(C, H, W, filters, K, M, n_classes):
    flat = filters * (H // 2) * (W // 2)
    convolution = nn.Conv2d(C, filters, K, padding=K // 2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()
    return nn.Sequential(*convolution, nn.Linear(flat, M), nn.ReLU(), nn.Linear(M, n_classes))


class Padded(nn.Module):
    """Option A."""

    def __init__(self, C, E, stride):
        super().__init__()
        self.more, self.stride = E - C, stride

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


def shortcut(C, E, stride, projects):
    if projects:
        return nn.Sequential(nn.Conv2d(C, E, 1, stride, bias=False), nn.BatchNorm2d(E))
    return nn.Identity() if (C, stride) == (E, 1) else Padded(C, E, stride)


class Basic(nn.Module):
    def __init__(self, C, M, E, stride, projects):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(C, M, 3, stride, 1, bias=False), nn.BatchNorm2d(M)
        self.conv2, self.bn2 = nn.Conv2d(M, E, 3, 1, 1, bias=False), nn.BatchNorm2d(E)
        self.downsample = shortcut(C, E, stride, projects)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.downsample(x))


class Bottleneck(nn.Module):
    def __init__(self, C, M, E, stride, projects, stride_in="conv2"):
        super().__init__()
        first, second = (stride, 1) if stride_in == "conv1" else (1, stride)
        self.conv1, self.bn1 = nn.Conv2d(C, M, 1, first, bias=False), nn.BatchNorm2d(M)
        self.conv2, self.bn2 = nn.Conv2d(M, M, 3, second, 1, bias=False), nn.BatchNorm2d(M)
        self.conv3, self.bn3 = nn.Conv2d(M, E, 1, bias=False), nn.BatchNorm2d(E)
        self.downsample = shortcut(C, E, stride, projects)

    def forward(self, x):
        a = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(a)) + self.downsample(x))


class ResNet(nn.Module):
    def __init__(self, C, n_classes, blocks, widths, kind, projects, imagenet):
        super().__init__()
        K, wider = (7, 2) if imagenet else (3, 1)
        before = widths[0]
        self.conv1, self.bn1 = nn.Conv2d(C, before, K, wider, K // 2, bias=False), nn.BatchNorm2d(before)
        self.pool = nn.MaxPool2d(3, 2, 1) if imagenet else nn.Identity()
        for stage, (number, width) in enumerate(zip(blocks, widths, strict=True), start=1):
            made, E = [], 4 * width if kind is Bottleneck else width
            for i in range(number):
                stride = 2 if stage > 1 and i == 0 else 1
                made.append(kind(before, width, E, stride, projects and i == 0 and (stride, before) != (1, E)))
                before = E
            setattr(self, f"layer{stage}", nn.Sequential(*made))
        self.stages, self.fc = len(blocks), nn.Linear(before, n_classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x))))
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(x.mean((2, 3)))
