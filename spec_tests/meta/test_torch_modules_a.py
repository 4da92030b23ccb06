"""Update rules, schedules and clipping beside PyTorch's own, over many steps."""

import numpy as np
import pytest

from nnspec import reference

torch = pytest.importorskip("torch")
STEPS = 60
SHAPES = {"W": (4, 3), "b": (3,), "gamma": (2, 1, 5)}


def draw(seed):
    """Arrays of order 1, some of them 0."""
    rng = np.random.default_rng(seed)
    return {key: rng.standard_normal(shape) * (rng.random(shape) < 0.8) for key, shape in SHAPES.items()}


def paths(rule, made, rate=None, clip=None, **options):
    """The same gradients for our rule and for an optimizer of PyTorch's; what both have after the last step."""
    params, states = draw(0), dict.fromkeys(SHAPES)
    theirs = {key: torch.nn.Parameter(torch.from_numpy(w.copy())) for key, w in params.items()}
    optimizer = made(theirs.values())
    scheduler = rate and rate[1](optimizer)
    for t in range(STEPS):
        grads = draw(t + 1)
        for key, w in theirs.items():
            w.grad = torch.from_numpy(grads[key].copy())
        if clip is not None:
            norm = torch.nn.utils.clip_grad_norm_(theirs.values(), clip)
            grads, ours = reference.clip_by_global_norm(grads, clip)
            np.testing.assert_allclose(ours, norm, rtol=1e-14)
        optimizer.step()
        if rate is not None:
            options["lr"] = rate[0](t)
            scheduler.step()
        for key, w in params.items():
            params[key], states[key] = rule(w, grads[key], states[key], **options)
    return params, {key: w.detach().numpy() for key, w in theirs.items()}


def assert_same(pair):
    ours, theirs = pair
    for key in SHAPES:
        np.testing.assert_allclose(ours[key], theirs[key], rtol=1e-10, atol=1e-13)


def test_sgd():
    assert_same(paths(reference.sgd, lambda params: torch.optim.SGD(params, lr=0.05), lr=0.05))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"lr": 0.1, "weight_decay": 0.5}, {"lr": 0.1, "weight_decay": 0.5}),
        ({"lr": 0.1, "weight_decay": 0.0}, {"lr": 0.1, "weight_decay": 0.0}),
        (
            {"lr": 0.03, "beta1": 0.5, "beta2": 0.75, "eps": 1e-3, "weight_decay": 0.1},
            {"lr": 0.03, "betas": (0.5, 0.75), "eps": 1e-3, "weight_decay": 0.1},
        ),
    ],
)
def test_adamw(ours, theirs):
    assert_same(paths(reference.adamw, lambda params: torch.optim.AdamW(params, **theirs), **ours))


@pytest.mark.parametrize("clip", [0.5, 3.0, 100.0])
def test_clipping_by_the_norm_of_all(clip):
    assert_same(paths(reference.sgd, lambda params: torch.optim.SGD(params, lr=0.05), clip=clip, lr=0.05))


def test_clipping_by_value():
    grads = draw(3)
    theirs = {key: torch.nn.Parameter(torch.zeros(shape)) for key, shape in SHAPES.items()}
    for key, w in theirs.items():
        w.grad = torch.from_numpy(grads[key].astype(np.float32))
    torch.nn.utils.clip_grad_value_(theirs.values(), 0.5)
    ours = reference.clip_by_value({key: g.astype(np.float32) for key, g in grads.items()}, 0.5)
    assert all(np.array_equal(ours[key], theirs[key].grad.numpy()) for key in SHAPES)


def test_cosine_decay_up_to_its_end():
    """Of an odd number of steps, to a floor. Beyond T, where PyTorch's rises again, ours stays."""
    ours = (
        (lambda t: reference.cosine_decay(t, STEPS + 1, 0.05, lr_min=0.01)),
        (lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS + 1, 0.01)),
    )
    assert_same(paths(reference.adamw, lambda params: torch.optim.AdamW(params, lr=0.05), rate=ours))
    assert reference.cosine_decay(10 * STEPS, STEPS, 0.05, lr_min=0.01) == 0.01


def test_warmup_in_front_of_cosine_decay():
    warm, T = 10, 30

    def theirs(optimizer):
        schedulers = torch.optim.lr_scheduler
        rising = schedulers.LinearLR(optimizer, start_factor=1 / warm, total_iters=warm - 1)
        falling = schedulers.LambdaLR(optimizer, lambda t: 0.5 * (1 + np.cos(np.pi * min(t, T) / T)))
        return schedulers.SequentialLR(optimizer, [rising, falling], milestones=[warm])

    ours = reference.warmup(lambda t: reference.cosine_decay(t, T, 0.05), warm)
    assert_same(paths(reference.sgd, lambda params: torch.optim.SGD(params, lr=0.05), rate=(ours, theirs)))


@pytest.mark.parametrize(
    ("a", "b"), [((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (3, 4, 2)), ((3, 4), (2, 4, 3)), ((5, 3, 4), (4, 2))]
)
def test_matmul_where_batches_broadcast(a, b):
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(a), rng.standard_normal(b)
    out, cache = reference.matmul_forward(a, b)
    dout = rng.standard_normal(out.shape)
    theirs = [torch.from_numpy(x).requires_grad_() for x in (a, b)]
    product = torch.matmul(*theirs)
    product.backward(torch.from_numpy(dout))
    np.testing.assert_allclose(out, product.detach(), rtol=1e-12)
    for ours, x in zip(reference.matmul_backward(dout, cache), theirs, strict=True):
        np.testing.assert_allclose(ours, x.grad, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
@pytest.mark.parametrize(("shape", "axis"), [((4,), 0), ((3, 4), 0), ((2, 3, 4), 1), ((2, 3, 4), -3)])
def test_softmax_along_any_axis(name, shape, axis):
    rng = np.random.default_rng(0)
    x = 5 * rng.standard_normal(shape)
    out, cache = getattr(reference, f"{name}_forward")(x, axis=axis)
    dout = rng.standard_normal(np.shape(out))
    theirs = torch.from_numpy(x).requires_grad_()
    made = getattr(torch, name)(theirs, dim=axis)
    made.backward(torch.from_numpy(np.asarray(dout)))
    np.testing.assert_allclose(out, made.detach(), rtol=1e-12)
    dx = getattr(reference, f"{name}_backward")(dout, cache)
    np.testing.assert_allclose(dx, theirs.grad, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("model", ["svm", "softmax"])
@pytest.mark.parametrize(("N", "D", "C"), [(1, 3, 2), (7, 4, 3), (5, 6, 6)])
@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_objectives_of_linear_classifiers(model, N, D, C, reg):
    rng = np.random.default_rng(0)
    w, x, y = rng.standard_normal((D, C)), rng.standard_normal((N, D)), rng.integers(0, C, N)
    loss, dw = getattr(reference, f"{model}_objective")(w, x, y, reg=reg)
    theirs, labels = torch.from_numpy(w).requires_grad_(), torch.from_numpy(y)
    scores = torch.from_numpy(x) @ theirs
    of_data = {
        "svm": lambda: C * torch.nn.functional.multi_margin_loss(scores, labels),
        "softmax": lambda: torch.nn.functional.cross_entropy(scores, labels),
    }
    total = of_data[model]() + reg * theirs.square().sum()
    total.backward()
    np.testing.assert_allclose(loss, total.detach(), rtol=1e-12)
    np.testing.assert_allclose(dw, theirs.grad, rtol=1e-10, atol=1e-13)
