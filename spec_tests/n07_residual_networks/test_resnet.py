"""Residual network of basic blocks and of bottlenecks: loss and gradients, scores without labels, initial parameters.
Classic mistakes: mistakes_resnet.py."""

import zlib

import numpy as np

from nnspec.spec_tests._kinds import Case, Composite, Drawing, Function, Malformed
from nnspec.spec_tests._truth import exp, log, named, total
from nnspec.spec_tests.n06_convolution._convolved import pooled
from nnspec.spec_tests.n07_residual_networks._residual import STATISTICS, block, conv_bn, drawn, relu, states_of


class Resnet(Composite):
    projects = False

    def definition(self, x, y, *, stem="cifar", stride_in="conv2", train=True, reg=0, **arrays):
        """mean_n -log softmax(scores)_{n,y_n} + reg/2 sum |W|^2. He et al. 2015, section 4.2 and table 1."""
        scores, running = scores_of(x, arrays, stem, stride_in, train)
        data = sum(log(sum(exp(row))) - row[label] for row, label in zip(scores, y, strict=True)) / len(y)
        penalized = [w for w in arrays.values() if w.ndim > 1]
        return data + reg * sum(total((w**2).ravel()) for w in penalized) / 2, *(running[name] for name in self.states)

    def draw(self, case, dims, dtype):
        inputs = drawn_network(self, case, dims, dtype)
        return {name: value for name, value in inputs.items() if name not in case.without}


class TestResnet(Resnet):
    rows = ("07.21",)
    op = "resnet_loss"
    states = states_of("bn1", "block1.bn1", "block1.bn2", "block2.bn1", "block2.bn2")
    outputs = ("loss", *states)
    no_gradient = states

    sizes = {"N": 2, "C": 1, "H": 4, "W": 3, "K": 3, "E0": 2, "F": (2, 3), "n_classes": 4}
    general = {
        "square": sizes | {"N": 3, "C": 3, "H": 3, "W": 3, "n_classes": 3},
        "odd": sizes | {"N": 3, "C": 3, "H": 9, "W": 7, "K": 5, "E0": 4, "F": (4, 6)},
        "wide": sizes | {"C": 2, "H": 9, "W": 34, "E0": 17, "F": (17, 35)},
        "explained": sizes | {"N": 1, "H": 1, "W": 2, "E0": 1, "F": (1, 1), "n_classes": 2},
    }
    trivial = ("n_classes", "N", "H", "W")  # of two samples or one, whose norm is as good as constant
    cases = (
        Case("two blocks of a stage, regularized", F=(3, 3), reg=0.7),
        Case("evaluation", train=False, reg=0.1),
        Case("running statistics start at 0", without=("running",)),
        Case("as training begins", without=("running",), inputs={"bn1.beta": lambda rng, shape: np.zeros(shape)}),
        Case("stem of ImageNet", C=2, H=9, W=7, F=(2, 2), stem="imagenet"),
        Case("halved twice", H=6, W=5, F=(3, 4)),
    )
    extremes = (Case("large scores", inputs={"fc.W": lambda rng, shape: 1000 * rng.standard_normal(shape)}),)
    bad = (
        Malformed("y out of range", "y", lambda y: y + 1000),
        Malformed("params a list", "params", list),
        Malformed("no params", "params", lambda _: {}),
        Malformed("a block missing", "params", lambda p: {k: p[k] for k in p if not k.startswith("block1.")}),
        Malformed(
            "a projection without its norm", "params", lambda p: p | {"block2.shortcut.w": np.ones((3, 2, 1, 1))}
        ),
        Malformed("fc.W for other blocks", "params", lambda p: p | {"fc.W": np.ones((2, 4))}),
        Malformed("filters of even size", "params", lambda p: p | {"conv1.w": np.ones((2, 1, 4, 4))}),
        Malformed("a running mean missing", "running", lambda r: {k: r[k] for k in r if k != "bn1.running_mean"}),
        Malformed("no running statistics in evaluation", "running", lambda _: None, train=False),
        Malformed("stem unknown", "stem", lambda _: "mnist"),
    )

    def cases_of_scale(self):
        return [Case("many samples", N=65, C=3, H=8, W=9, E0=5, F=(5, 7))]


class TestResnetBottleneck(Resnet):
    rows = ("07.21",)
    op = "resnet_loss"
    projects = True
    states = states_of("bn1", "block1.bn1", "block1.bn2", "block1.bn3", "block1.shortcut")
    outputs = ("loss", *states)
    no_gradient = states

    sizes = {"N": 2, "C": 1, "H": 4, "W": 3, "K": 3, "E0": 2, "F": (3,), "E": (4,), "n_classes": 3}
    general = {
        "square": sizes | {"N": 3, "C": 3, "H": 3, "W": 3, "E0": 3},
        "odd": sizes | {"N": 3, "C": 3, "H": 9, "W": 7, "F": (5,), "E": (8,)},
        "wide": sizes | {"C": 2, "H": 9, "W": 34, "E0": 17, "F": (19,), "E": (35,)},
        "explained": sizes | {"N": 1, "H": 1, "W": 2, "E0": 1, "F": (1,), "E": (1,), "n_classes": 2},
    }
    trivial = TestResnet.trivial
    cases = (
        Case("evaluation", train=False),
        Case("stride of the paper", H=5, stride_in="conv1"),
        Case("no stage begins", F=(2,), reg=0.3),
    )

    def cases_of_scale(self):
        return [Case("many samples", N=65, C=3, H=8, W=9, F=(5,), E=(7,))]


class TestResnetScores(Function):
    """Without labels the scores come back, for prediction."""

    rows = ("07.21",)
    op = "resnet_loss"
    outputs = ("scores",)
    options = {"train": False}
    projects = False

    def definition(self, x, y, *, train, stem="cifar", **arrays):
        """The scores of the network, each norm by its running statistics."""
        return scores_of(x, arrays, stem, "conv2", train)[0]

    def law_samples_alone(self, run, problem):
        """The scores of a sample are those it has in any batch."""
        x = problem.inputs["x"]
        return run(x=np.repeat(x[:1], len(x), axis=0))["scores"][0], run()["scores"][0]

    sizes = TestResnet.sizes
    general = TestResnet.general
    apart = (1,)
    cases = (Case("stem of ImageNet", C=2, H=9, W=7, F=(2, 2), options={"stem": "imagenet", "train": False}),)

    def cases_of_scale(self):
        return [Case("many samples", N=65, C=3, H=8, W=9, E0=5, F=(5, 7))]

    def draw(self, case, dims, dtype):
        return drawn_network(self, case, dims, dtype) | {"y": None}


class TestResnetInit(Drawing):
    rows = ("07.21",)

    def drawn(self, init, rng):
        return init(1, 2, blocks=(1,), widths=(2,), rng=rng)

    def law_parameters_of_the_published_networks(self, init):
        """ResNet-20 has 269 722, 0.27 million in table 6; ResNet-18 and ResNet-50 have what torchvision's have."""
        large = {"widths": (64, 128, 256, 512), "shortcut": "projection", "K": 7}
        networks = ({}, large | {"blocks": (2, 2, 2, 2)}, large | {"blocks": (3, 4, 6, 3), "block": "bottleneck"})
        counts = [count(init(3, 1000 if options else 10, rng=generator(), **options)) for options in networks]
        return counts, [269_722, 11_689_512, 25_557_032]

    def law_shapes(self, init):
        """Two stages of basic blocks: conv1 of the second goes from 2 channels to 5, and so does its projection."""
        found = init(1, 4, blocks=(1, 1), widths=(2, 5), shortcut="projection", rng=generator())
        wanted = {"conv1.w": (2, 1, 3, 3), "bn1.gamma": (2,), "bn1.beta": (2,), "fc.W": (5, 4), "fc.b": (4,)}
        wanted |= {"block1.conv1.w": (2, 2, 3, 3), "block1.conv2.w": (2, 2, 3, 3)}
        wanted |= {"block2.conv1.w": (5, 2, 3, 3), "block2.conv2.w": (5, 5, 3, 3), "block2.shortcut.w": (5, 2, 1, 1)}
        norms = {"block1.bn1": 2, "block1.bn2": 2, "block2.bn1": 5, "block2.bn2": 5, "block2.shortcut": 5}
        wanted |= {f"{norm}.{part}": (n,) for norm, n in norms.items() for part in ("gamma", "beta")}
        return {key: array.shape for key, array in found.items()} == wanted, True

    def law_shapes_of_bottlenecks(self, init):
        """They widen four times: the first one of a network has a projection as well, the second one has none."""
        found = init(1, 2, blocks=(2,), widths=(2,), block="bottleneck", shortcut="projection", rng=generator())
        shapes = {key: array.shape for key, array in found.items() if array.ndim > 1}
        blocks = {"block1.conv1.w": (2, 2, 1, 1), "block1.conv2.w": (2, 2, 3, 3), "block1.conv3.w": (8, 2, 1, 1)}
        blocks |= {"block1.shortcut.w": (8, 2, 1, 1), "block2.conv1.w": (2, 8, 1, 1)}
        blocks |= {"block2.conv2.w": (2, 2, 3, 3), "block2.conv3.w": (8, 2, 1, 1)}
        return shapes == blocks | {"conv1.w": (2, 1, 3, 3), "fc.W": (8, 2)}, True

    def law_padding_has_no_parameters(self, init):
        """By default no block has a projection, as in the paper's networks for CIFAR-10."""
        return [key for key in init(1, 2, widths=(2, 3, 4), rng=generator()) if "shortcut" in key], []

    def law_starts_as_the_norm_alone(self, init):
        """beta = 0 and fc.b = 0, gamma = 1."""
        params = init(1, 2, widths=(2, 3, 4), rng=generator())
        ones, zeros = (
            np.concatenate([params[k] for k in params if k.endswith(end)]) for end in (".gamma", (".beta", "b"))
        )
        return [set(ones.tolist()), set(zeros.tolist())], [{1.0}, {0.0}]

    def law_weights_as_kaiming_draws_them(self, init):
        """Each weight is N(0, 2 / fan_in), fan_in = C K K of a filter: standard deviations by five standard errors."""
        params = init(
            40, 50, blocks=(1, 1), widths=(30, 60), block="bottleneck", shortcut="projection", rng=generator()
        )
        off = []
        for w in (w for w in params.values() if w.ndim > 1):
            fan_in = w.shape[0] if w.ndim == 2 else w[0].size
            off.append(abs(w.std() / (2 / fan_in) ** 0.5 - 1) > 5 / (2 * w.size) ** 0.5)
        return off, [False] * 10

    def law_the_generator_decides(self, init):
        """The same generator state draws the same parameters."""
        first, second = (init(1, 2, widths=(2, 3, 4), rng=generator(7)) for _ in range(2))
        return [first[key].tolist() for key in first], [second[key].tolist() for key in first]

    bad = tuple(
        Malformed(name, argument, case=Case("", options={"rng": np.random.default_rng(0), **options}, inputs=given))
        for name, argument, given, options in (
            ("no stage", "blocks", {"C": 1, "n_classes": 2}, {"blocks": (), "widths": ()}),
            ("more widths than stages", "widths", {"C": 1, "n_classes": 2}, {"blocks": (1,), "widths": (2, 3)}),
            ("a stage of no block", "blocks", {"C": 1, "n_classes": 2}, {"blocks": (1, 0), "widths": (2, 3)}),
            ("filters of even size", "K", {"C": 1, "n_classes": 2}, {"K": 4}),
            ("a shortcut unknown", "shortcut", {"C": 1, "n_classes": 2}, {"shortcut": "identity"}),
            ("no class", "n_classes", {"C": 1, "n_classes": 0}, {}),
        )
    )


def generator(seed=0):
    return np.random.default_rng(seed)


def count(params):
    return sum(array.size for array in params.values())


def drawn_network(spec, case, dims, dtype):
    """Parameters, images, labels and running statistics, by the sizes of a case. E is F where nothing else is said."""
    rng = np.random.default_rng(zlib.crc32(f"resnet/{case.drawn_as or case.name}".encode()))
    E0, F = dims["E0"], dims["F"]
    channels = (E0, *dims.get("E", F))
    convolutions, widths = {"conv1": (E0, dims["C"], dims["K"], dims["K"])}, {"bn1": E0}
    for l, (before, inside, after) in enumerate(zip(channels, F, channels[1:], strict=False), start=1):
        of_block = {"conv1": (inside, before, 3, 3), "conv2": (after, inside, 3, 3)}
        if "E" in dims:
            of_block = {
                "conv1": (inside, before, 1, 1),
                "conv2": (inside, inside, 3, 3),
                "conv3": (after, inside, 1, 1),
            }
        norms = {name.replace("conv", "bn"): shape[0] for name, shape in of_block.items()}
        if spec.projects:
            of_block, norms = of_block | {"shortcut": (after, before, 1, 1)}, norms | {"shortcut": after}
        convolutions |= {f"block{l}.{name}": shape for name, shape in of_block.items()}
        widths |= {f"block{l}.{name}": n for name, n in norms.items()}
    params, running = drawn(case, dtype, rng, convolutions, widths)
    draw = case.inputs.get("fc.W", lambda rng, shape: rng.standard_normal(shape) / shape[0] ** 0.5)
    head = {"fc.W": draw(rng, (channels[-1], dims["n_classes"])), "fc.b": rng.standard_normal(dims["n_classes"])}
    x = rng.standard_normal([dims[name] for name in "NCHW"]).astype(dtype)
    params |= {key: array.astype(dtype) for key, array in head.items()}
    return {"params": params, "x": x, "y": rng.integers(0, dims["n_classes"], dims["N"]), "running": running}


def scores_of(x, arrays, stem, stride_in, train):
    """The scores, and the new running statistics."""
    norms = [key.removesuffix(".beta") for key in arrays if key.endswith(".beta")]
    arrays = {f"{norm}.{part}": 0 * arrays[f"{norm}.beta"] for norm in norms for part in STATISTICS} | arrays
    running, K = {}, arrays["conv1.w"].shape[2]
    a = relu(conv_bn(x, arrays, "conv1", "bn1", running, train, stride=2 if stem == "imagenet" else 1, pad=K // 2))
    if stem == "imagenet":  # what is padded never wins, and 0 does not either: no entry is below it
        a = pooled(np.pad(a, [(0, 0), (0, 0), (1, 1), (1, 1)]), 3, 2)
    before = len(arrays["conv1.w"])
    for l in range(1, 1 + sum(key.endswith(".conv1.w") for key in arrays)):
        prefix, new = f"block{l}.", {}
        inner = {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
        a = block(a, inner, new, 2 if len(inner["conv1.w"]) > before else 1, stride_in, train)
        running |= {prefix + key: value for key, value in new.items()}
        before = len(inner["conv1.w"])
    pooled_maps = named(np.array([[total(m.ravel()) / m.size for m in sample] for sample in a]))
    return named(pooled_maps @ arrays["fc.W"] + arrays["fc.b"]), running
