"""Templates as images: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import weights_to_images
from nnspec.spec_tests._kinds import Case, Function, Malformed, mistake, variant


class TestWeightsToImages(Function):
    """Images have three channels and two rows, unless a case says otherwise."""

    rows = ("01.20",)
    outputs = ("images",)
    discrete = True
    sizes = {"D": 12, "C": 4}
    general = {"explained": {"D": 6, "C": 2}}

    def definition(self, w, shape):
        """image_chwk = floor(255 (w_hwk,c - min_c) / (max_c - min_c)). CS231n, assignment 1, visualize_grid."""
        H, W, channels = shape
        images = np.zeros((w.shape[1], H, W, channels), object)
        for c, h, i, k in np.ndindex(*images.shape):
            template = w[: H * W * channels, c]
            entry, spread = template[(h * W + i) * channels + k] - min(template), max(template) - min(template)
            images[c, h, i, k] = int(255 * entry / spread) if spread else 0
        return images

    def law_every_template_uses_the_whole_range(self, run, problem):
        """The smallest weight of a template is black, the largest 255."""
        images = run()["images"]
        return [images.min(axis=(1, 2, 3)), images.max(axis=(1, 2, 3))], [[0] * 4, [255] * 4]

    def law_biases_are_left_out(self, run, problem):
        """Another row at the end of w changes nothing."""
        w = problem.inputs["w"]
        return run(w=np.concatenate([w, 100 + w[:1]]))["images"], run()["images"]

    def law_scale_does_not_matter(self, run, problem):
        """Four times the weights give the same images."""
        return run(w=4 * problem.inputs["w"])["images"], run()["images"]

    cases = (
        Case("with biases", D=13),
        Case("grey", D=6, inputs={"shape": (2, 3, 1)}),
        Case("square", D=12, C=2, inputs={"shape": (2, 2, 3)}),
        Case("as many classes as pixels", D=12, C=12),
        Case("one constant", D=3, C=2, inputs={"shape": (1, 3, 1), "w": [[0.5, 1.0], [0.5, -1.0], [0.5, 0.2]]}),
    )
    extremes = (
        Case("tiny", inputs={"w": lambda rng, shape: 1e-20 * rng.standard_normal(shape)}),
        Case("a common offset", inputs={"w": lambda rng, shape: 100 + rng.standard_normal(shape)}),
    )
    ties = (Case("no classes", C=0), Case("one pixel", D=1, inputs={"shape": (1, 1, 1)}))
    bad = (
        Malformed("a shape of another size", "shape", lambda _: (2, 3, 3), ("w",)),
        Malformed("a shape without channels", "shape", lambda _: (3, 4)),
        Malformed("a shape of nothing", "shape", lambda _: (0, 2, 3)),
        Malformed("a shape of nothing, and biases", "shape", lambda _: (0, 2, 3), D=1),
        Malformed("two rows too many", "w", lambda w: np.concatenate([w, w[:2]]), ("shape",)),
    )

    def draw(self, case, dims, dtype):
        inputs = super().draw(case, dims, dtype)
        return {"w": inputs["w"], "shape": case.inputs.get("shape", (2, dims["D"] // 6, 3))}

    def small(self):
        return [Case("distinct"), *self.cases]

    def cases_of_agreement(self):
        """In double precision: among so many weights some come next to a whole number in single precision."""
        sizes = ({"D": 192, "C": 5}, {"D": 193, "C": 67})
        return [Case(f"larger {D}", {"D": D, "C": C}, dtypes=("float64",)) for D, C in (s.values() for s in sizes)]

    def cases_of_scale(self):
        return [Case("templates of CIFAR", D=3072, C=10, dtypes=("float64",), inputs={"shape": (32, 32, 3)})]

    @mistake("M64", replaces="weights_to_images")
    def channels_first(w, shape):
        """Images were flattened as (H, W, channels): reshaped to (channels, H, W) and transposed colours are mixed."""
        images = weights_to_images(w, shape)
        return images.reshape(-1, shape[2], shape[0], shape[1]).transpose(0, 2, 3, 1).copy()

    @mistake("M64", replaces="weights_to_images")
    def classes_not_transposed(w, shape):
        """A template is a column of w: transpose before the reshape."""
        images = weights_to_images(w, shape)
        pixels = images.reshape(len(images), -1)
        return pixels.T.reshape(images.shape) if pixels.size else images

    @mistake("M64", replaces="weights_to_images")
    def rows_and_columns_swapped(w, shape):
        """(H, W): rows first."""
        images = weights_to_images(w, shape)
        return images.reshape(-1, shape[1], shape[0], shape[2]).swapaxes(1, 2).copy()

    @mistake("M11", replaces="weights_to_images")
    def first_row_dropped(w, shape):
        """The bias is the last row: drop that one."""
        D = int(np.prod(shape))
        return weights_to_images(w[len(w) - D :], shape)

    @mistake("N1346", replaces="weights_to_images")
    def not_shifted(w, shape):
        """Subtract the smallest weight: negative weights wrap in uint8."""
        template = w[: int(np.prod(shape))].T
        high = abs(template).max(axis=1, keepdims=True)
        return (255 * template / (high + (high == 0))).astype(np.int64).astype(np.uint8).reshape(-1, *shape)

    @mistake("N1346", replaces="weights_to_images")
    def scaled_to_256(w, shape):
        """255 is the largest byte: 256 wraps to 0."""
        template = w[: int(np.prod(shape))].T
        low, high = template.min(axis=1, keepdims=True), template.max(axis=1, keepdims=True)
        shares = (template - low) / np.where(high > low, high - low, 1)
        return (256 * shares).astype(np.int64).astype(np.uint8).reshape(-1, *shape)

    @mistake("N1347", replaces="weights_to_images")
    def shares_for_bytes(w, shape):
        """Multiply by 255 before the bytes are made: shares from 0 to 1 are all but black."""
        return (weights_to_images(w, shape) // 255).astype(np.uint8)

    @mistake("N1347", replaces="weights_to_images")
    def negative_of_the_image(w, shape):
        """A large weight is light."""
        images = weights_to_images(w, shape)
        return np.where(images.max(axis=(1, 2, 3), keepdims=True) > 0, 255 - images, images).astype(np.uint8)

    @variant(
        "one range for all templates",
        source="CS231n, assignment 1, softmax.ipynb: w_min, w_max",
        replaces="weights_to_images",
    )
    def one_range_for_all(w, shape):
        """The extremes are those of all templates together."""
        template = w[: int(np.prod(shape))].T
        low, high = template.min(initial=np.inf), template.max(initial=-np.inf)
        shares = (template - low) / (high - low if high > low else 1)
        return (255 * shares).astype(np.uint8).reshape(-1, *shape)

    @variant("rounded", source="skimage.img_as_ubyte, matplotlib: to the nearest byte", replaces="weights_to_images")
    def rounded(w, shape):
        """Bytes are rounded to the nearest, not down."""
        template = w[: int(np.prod(shape))].T
        low, high = template.min(axis=1, keepdims=True), template.max(axis=1, keepdims=True)
        shares = (template - low) / np.where(high > low, high - low, 1)
        return np.rint(255 * shares).astype(np.uint8).reshape(-1, *shape)
