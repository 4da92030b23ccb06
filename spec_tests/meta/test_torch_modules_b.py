"""Residual blocks and networks of PyTorch's own modules with the same parameters: outputs, gradients, statistics."""

import numpy as np
import pytest

from nnspec import convert, reference

torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional
RNG = np.random.default_rng(0)


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


def filled(module):
    """In float64, every parameter and statistic random; `counts` tells how many samples each norm saw."""
    module, counts = module.double(), {}
    for name, one in module.named_modules():
        if isinstance(one, nn.BatchNorm2d):
            nn.init.normal_(one.weight), nn.init.normal_(one.bias)
            one.running_mean.normal_(), one.running_var.uniform_(0.5, 2)
            one.register_forward_hook(lambda one, given, out, name=name: counts.update({name: out[:, 0].numel()}))
    return module, counts


def split(concept, state):
    """params, running."""
    given = convert.from_torch(concept, state)
    running = {key: array for key, array in given.items() if ".running_" in key}
    return {key: array for key, array in given.items() if key not in running}, running


def require_same_statistics(concept, before, running, module, counts, train):
    """PyTorch keeps the unbiased variance, n / (n - 1) of ours."""
    seen = {f"{name}.running_var": torch.tensor(float(n)) for name, n in counts.items()}
    samples, (_, theirs) = convert.from_torch(concept, seen), split(concept, module.state_dict())
    assert theirs.keys() == running.keys()
    for key, want in theirs.items():
        if train and key in samples:
            old, n = 0.9 * before[key], samples[key]
            want = old + (want - old) * (n - 1) / n
        np.testing.assert_allclose(running[key], want, rtol=1e-10, atol=1e-12, err_msg=key)


def require_same_gradients(concept, module, grads):
    theirs = convert.from_torch(concept, {name: p.grad for name, p in module.named_parameters()})
    assert theirs.keys() == grads.keys()
    for key, gradient in grads.items():
        np.testing.assert_allclose(gradient, theirs[key], rtol=1e-10, atol=1e-11, err_msg=key)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(
    ("concept", "sizes", "stride", "projects"),
    [
        ("basic_block", (3, 3, 3), 1, False),
        ("basic_block", (3, 5, 5), 2, False),
        ("basic_block", (3, 5, 5), 2, True),
        ("basic_block", (4, 3, 3), 1, True),
        ("bottleneck", (4, 2, 4), 1, False),
        ("bottleneck", (3, 2, 8), 2, False),
        ("bottleneck", (3, 2, 8), 3, True),
    ],
)
def test_blocks(concept, sizes, stride, projects, train):
    torch.manual_seed(0)
    kind = {"basic_block": Basic, "bottleneck": Bottleneck}[concept]
    module, counts = filled(kind(*sizes, stride, projects))
    require_the_same_block(concept, module.train(train), counts, sizes[0], stride=stride, train=train)


def test_a_bottleneck_with_the_stride_of_the_paper():
    torch.manual_seed(0)
    module, counts = filled(Bottleneck(3, 2, 8, 2, True, stride_in="conv1"))
    require_the_same_block("bottleneck", module, counts, 3, stride=2, stride_in="conv1")


def require_the_same_block(concept, module, counts, C, train=True, **options):
    params, running = split(concept, module.state_dict())
    x = RNG.standard_normal((4, C, 7, 6))
    x_theirs = torch.from_numpy(x.copy()).requires_grad_()
    forward, backward = (getattr(reference, f"{concept}_{way}") for way in ("forward", "backward"))
    out, new, cache = forward(x, params, running, train=train, **options)
    theirs = module(x_theirs)
    dout = RNG.standard_normal(out.shape)
    theirs.backward(torch.from_numpy(dout))
    dx, grads = backward(dout, cache)

    np.testing.assert_allclose(out, theirs.detach(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dx, x_theirs.grad, rtol=1e-10, atol=1e-11)
    require_same_gradients(concept, module, grads)
    require_same_statistics(concept, running, new, module, counts, train)


@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize(
    ("blocks", "widths", "block", "projects", "imagenet"),
    [
        ((3, 3, 3), (4, 6, 8), "basic", False, False),
        ((2, 1), (3, 6), "basic", True, False),
        ((1, 2), (2, 4), "bottleneck", True, True),
    ],
)
def test_networks(blocks, widths, block, projects, imagenet, train):
    torch.manual_seed(0)
    kind = Basic if block == "basic" else Bottleneck
    module, counts = filled(ResNet(2, 5, blocks, widths, kind, projects, imagenet))
    module.train(train)
    params, running = split("resnet", module.state_dict())
    how = {"blocks": blocks, "widths": widths, "block": block, "K": 7 if imagenet else 3}
    ours = reference.resnet_init(2, 5, rng=RNG, shortcut="projection" if projects else "padding", **how)
    assert {key: array.shape for key, array in params.items()} == {key: array.shape for key, array in ours.items()}

    x, y = RNG.standard_normal((4, 2, 15, 13)), RNG.integers(0, 5, 4)
    options = {"stem": "imagenet" if imagenet else "cifar", "train": train}
    loss, grads, new = reference.resnet_loss(params, x, y, running, **options)
    scores = reference.resnet_loss(params, x, None, running, **options)
    theirs = module(torch.from_numpy(x))
    their_loss = F.cross_entropy(theirs, torch.from_numpy(y))
    their_loss.backward()

    np.testing.assert_allclose(scores, theirs.detach(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(loss, their_loss.item(), rtol=1e-10)
    require_same_gradients("resnet", module, grads)
    require_same_statistics("resnet", running, new, module, counts, train)
    again, _ = split("resnet", convert.to_torch("resnet", params | running))
    assert all(np.array_equal(again[key], params[key]) for key in params)
    module.load_state_dict(convert.to_torch("resnet", params | new))
