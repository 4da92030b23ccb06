"""Random crop with padding: definition, laws, cases and classic mistakes."""

import zlib

import numpy as np

from nnspec.reference import random_crop_backward, random_crop_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake

LEAST = {"size": lambda dims, dtype: min(dims["H"], dims["W"])}

PADDED = Case("", options={"size": 4, "pad": 1})


class TestRandomCrop(Layer):
    rows = ("08.09",)
    options = LEAST  # and no padding

    def definition(self, x, top, left, *, size, pad=0):
        """out_ncij = xpad_{n,c,top_n+i,left_n+j}. He et al. 2015, section 4.2."""
        xpad = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
        places = zip(xpad, top, left, strict=True)
        return np.array([one[:, i : i + size, j : j + size] for one, i, j in places])

    def law_of_its_own_place(self, run, problem):
        """A sample is cropped where its own top and left say, whatever those of the others are."""
        starts = {name: problem.inputs[name] for name in ("top", "left")}
        moved = {name: np.append(start[:1], 0 * start[1:]) for name, start in starts.items()}
        return run(**moved)["out"][0], run()["out"][0]

    sizes = {"N": 3, "C": 2, "H": 4, "W": 5}
    general = {"wide": {"N": 3, "C": 5, "H": 7, "W": 67}}
    cases = (
        Case("padded", N=4, C=1, options={"size": 4, "pad": 2}),
        Case("smaller than x", C=1, options={"size": 2, "pad": 1}),
        Case("larger than x", N=4, C=1, H=2, W=3, options={"size": 4, "pad": 2}),
        Case("both ends", N=2, C=1, H=3, W=3, options={"size": 3, "pad": 1}, inputs={"top": [0, 2], "left": [2, 0]}),
        Case("beside x", N=2, C=1, H=1, W=2, options={"size": 1, "pad": 2}, inputs={"top": [0, 4], "left": [0, 5]}),
    )
    bad = (
        Malformed("a top one too far", "top", lambda top: np.append(top[:-1], 1)),  # of 4 rows for a crop of 4
        Malformed("a left one too far", "left", lambda left: np.append(left[:-1], 2)),
        Malformed("a top of -1", "top", lambda top: np.append(top[:-1], -1)),
        Malformed("a left of -1", "left", lambda left: np.append(left[:-1], -1)),
        Malformed("beyond the padding", "top", lambda top: np.append(top[:-1], 3), case=PADDED),
        Malformed("a crop of one row more than x", "size", lambda _: 5),
        Malformed("a crop beyond the padding", "size", lambda _: 7, case=PADDED),
        Malformed("a crop of nothing", "size", lambda _: 0),
    )

    def cases_of_scale(self):
        options = {"size": 5, "pad": 3}
        return [Case("many samples", N=257, C=3, H=5, W=7, options=options), Case("large images", N=2, H=123, W=131)]

    def draw(self, case, dims, dtype):
        """From one end to the other."""
        inputs, options = super().draw(case, dims, dtype), {**self.options, **case.options}
        size = options["size"](dims, dtype) if callable(options["size"]) else options["size"]
        rng, more = np.random.default_rng(zlib.crc32((case.drawn_as or case.name).encode())), 2 * options.get("pad", 0)
        for name, length in (("top", dims["H"]), ("left", dims["W"])):
            if name not in case.inputs:
                inputs[name] = rng.integers(0, length + more - size + 1, dims["N"])
        return inputs

    @mistake("M77", replaces="random_crop_forward")
    def one_draw_for_the_batch(x, top, left, **options):
        """Each sample has a place of its own, top[n] and left[n]."""
        same = (np.repeat(start[:1], len(x)) for start in (top, left))
        return cropped_at(*same, x, top, left, **options)

    @mistake("M77", replaces="random_crop_forward")
    def always_from_the_middle(x, top, left, *, size, pad=0):
        """top and left say where: the middle is no augmentation."""
        rows, columns = ends(x, size, pad)
        return cropped_at(0 * top + rows // 2, 0 * left + columns // 2, x, top, left, size=size, pad=pad)

    @mistake("N912", replaces="random_crop_forward")
    def rows_and_columns_swapped(x, top, left, *, size, pad=0):
        """top counts rows, the axis before the last, and left columns."""
        rows, columns = ends(x, size, pad)
        return cropped_at(np.minimum(left, rows), np.minimum(top, columns), x, top, left, size=size, pad=pad)

    @mistake("N912", replaces="random_crop_forward")
    def counted_from_the_image(x, top, left, *, size, pad=0):
        """top and left count from the corner of the padded image, not from that of x."""
        rows, columns = ends(x, size, pad)
        return cropped_at(
            np.minimum(top + pad, rows), np.minimum(left + pad, columns), x, top, left, size=size, pad=pad
        )

    @mistake("N912", replaces="random_crop_forward")
    def last_place_never_taken(x, top, left, *, size, pad=0):
        """The last place is H + 2 pad - size itself: both ends are included."""
        rows, columns = (max(0, end - 1) for end in ends(x, size, pad))
        return cropped_at(np.minimum(top, rows), np.minimum(left, columns), x, top, left, size=size, pad=pad)

    @mistake("N913", replaces="random_crop_forward")
    def padded_by_repeating(x, top, left, *, size, pad=0):
        """Pad with zeros, not with the pixels at the border."""
        longer = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode="edge")
        _, cache = random_crop_forward(x, top, left, size=size, pad=pad)
        return random_crop_forward(longer, top, left, size=size)[0], cache

    @mistake("M60", replaces="random_crop_backward")
    def gradient_not_put_back(dout, cache):
        """The gradient goes to where the crop was taken from: write it there, and 0 elsewhere."""
        dx = np.zeros_like(random_crop_backward(dout, cache))
        H, W = (min(sizes) for sizes in zip(dx.shape[2:], dout.shape[2:], strict=True))
        dx[:, :, :H, :W] = dout[:, :, :H, :W]
        return dx


def ends(x, size, pad):
    """The last top and the last left."""
    return [length + 2 * pad - size for length in x.shape[2:]]


def cropped_at(other_top, other_left, x, top, left, **options):
    """The crops at other places."""
    out, _ = random_crop_forward(x, other_top, other_left, **options)
    return out, random_crop_forward(x, top, left, **options)[1]
