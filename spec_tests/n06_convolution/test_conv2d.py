"""2-D convolution: definition, cases, laws and classic mistakes."""

import numpy as np

from nnspec.reference import conv2d_backward, conv2d_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake


class TestConv2d(Layer):
    rows = ("06.03",)

    sizes = {"N": 2, "C": 3, "H": 4, "W": 5, "F": 4, "KH": 2, "KW": 4}
    general = {
        "odd": {"N": 3, "C": 5, "H": 9, "W": 13, "F": 7, "KH": 3, "KW": 4},
        "wide": {"N": 2, "C": 17, "H": 9, "W": 38, "F": 19, "KH": 3, "KW": 2},
    }
    cases = (
        Case("no bias", {"N": 1}, without=("b",)),
        Case("F equals WO", {"N": 1, "F": 3, "KW": 3}),
        Case("C equals F", {"C": 2, "F": 2, "KH": 2, "KW": 3}),
        Case("1 x 1", {"KH": 1, "KW": 1}),
        Case("kernel as large as x", {"KH": 4, "KW": 5}),
        Case("pad 1", {"N": 1, "C": 2, "F": 2, "KH": 3, "KW": 3}, {"pad": 1}),
        Case("pad 2", {"N": 1, "C": 2, "H": 3, "F": 2, "KH": 2, "KW": 2}, {"pad": 2}),
        Case("kernel larger than x", {"N": 1, "C": 2, "H": 2, "W": 3, "F": 2, "KH": 4, "KW": 5}, {"pad": 1}),
        Case("stride 2", {"C": 2, "H": 5, "W": 7, "F": 2, "KH": 3, "KW": 3}, {"stride": 2}),
        Case("stride 2, a rest that no window reaches", {"C": 2, "H": 6, "F": 2, "KH": 3, "KW": 2}, {"stride": 2}),
        Case("stride 2, pad 1", {"N": 1, "C": 2, "H": 5, "F": 2, "KH": 3, "KW": 3}, {"stride": 2, "pad": 1}),
        Case("stride above the kernel", {"C": 2, "H": 8, "F": 2, "KH": 2, "KW": 1}, {"stride": 3}),
        Case("1 x 1, stride 2", {"H": 5, "KH": 1, "KW": 1}, {"stride": 2}),
    )
    extremes = (
        Case("a large offset", inputs={"x": lambda rng, shape: 1000 + rng.standard_normal(shape)}),
        Case("tiny", inputs={name: lambda rng, shape: 1e-12 * rng.standard_normal(shape) for name in ("x", "w")}),
    )
    ties = (
        Case("no bias, no gradient of it", {"N": 1, "C": 1, "H": 2, "F": 2, "KH": 1}, without=("b",)),
        Case("empty batch", {"N": 0}),
        Case("empty batch, stride and pad", {"N": 0}, {"stride": 2, "pad": 1}),
        Case("no channels", {"C": 0}),
    )
    bad = (
        Malformed(
            "w higher than the padded x", "w", lambda w: np.ones((4, 3, 7, 4)), case=Case("", options={"pad": 1})
        ),
        Malformed("w wider than x", "w", lambda w: np.ones((4, 3, 2, 6))),
        Malformed("w without entries", "w", lambda w: np.ones((4, 3, 0, 4))),
        Malformed("b too long", "b", lambda b: np.ones(5), ("w",)),
        Malformed("stride 0", "stride", lambda _: 0),
        Malformed("pad negative", "pad", lambda _: -1),
        Malformed("pad a float", "pad", lambda _: 0.5),
    )

    def definition(self, x, w, b=None, *, stride=1, pad=0):
        """out_nfij = b_f + sum_{c,u,v} xpad_{n,c,i stride+u,j stride+v} w_fcuv. CS231n notes, Dumoulin 2016."""
        (N, _, H, W), (F, _, KH, KW) = x.shape, w.shape
        xpad = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])
        top, left = range(0, H + 2 * pad - KH + 1, stride), range(0, W + 2 * pad - KW + 1, stride)
        out = np.empty((N, F, len(top), len(left)), object)
        for n, f, i, j in np.ndindex(*out.shape):
            window = xpad[n, :, top[i] : top[i] + KH, left[j] : left[j] + KW]  # (C, KH, KW)
            out[n, f, i, j] = sum((window * w[f]).ravel()) + (0 if b is None else b[f])
        return out

    def cases_of_scale(self):
        return [
            Case("many samples", {"N": 257, "C": 2, "H": 5, "W": 7, "F": 9, "KH": 3, "KW": 3}, {"pad": 1}),
            Case(
                "a large image", {"N": 1, "C": 5, "H": 123, "W": 131, "F": 9, "KH": 5, "KW": 3}, {"stride": 2, "pad": 1}
            ),
            Case("many channels", {"N": 1, "C": 33, "H": 7, "W": 19, "F": 34, "KH": 3, "KW": 3}, {"pad": 1}),
        ]

    def law_affine_in_x(self, run, problem):
        """out(x + z) - out(z) = out(x) - out(0)."""
        x = problem.inputs["x"]
        z = 2 * x[:, ::-1]
        return run(x=x + z)["out"] - run(x=z)["out"], run(x=x)["out"] - run(x=0 * x)["out"]

    def law_commutes_with_a_shift(self, run, problem):
        """Shift x by a column, and out is shifted by a column."""
        x = problem.inputs["x"]
        shifted = np.roll(x, 1, axis=3)
        return run(x=shifted)["out"][..., 1:], run()["out"][..., :-1]

    def law_bilinear_in_x_and_w(self, run, problem):
        """sum x dx = sum w dw, because scaling x does to out what scaling w does."""
        answer = run()
        return (problem.inputs["x"] * answer["dx"]).sum(), (problem.inputs["w"] * answer["dw"]).sum()

    @mistake(
        "M59", "Do not flip the kernel: the field's convolution is a cross-correlation.", replaces="conv2d_forward"
    )
    def kernel_flipped(x, w, b=None, *, stride=1, pad=0):
        out, _ = conv2d_forward(x, w[:, :, ::-1, ::-1], b, stride=stride, pad=pad)
        return out, conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("M60", "Cut the padding off dx: it has the shape of x.", replaces="conv2d_backward")
    def padding_left_in_dx(dout, cache):
        _, dw, db = conv2d_backward(dout, cache)
        return _gradient_of_padded_x(dout, cache), dw, db

    @mistake("M60", "dx[pad:-pad] is empty where pad = 0: cut with [pad:pad + H].", replaces="conv2d_backward")
    def padding_cut_with_a_negative_end(dout, cache):
        *_, pad = cache
        _, dw, db = conv2d_backward(dout, cache)
        return _gradient_of_padded_x(dout, cache)[:, :, pad:-pad, pad:-pad], dw, db

    @mistake("M61", "In the backward too, windows lie stride apart.", replaces="conv2d_backward")
    def stride_ignored_in_the_backward(dout, cache):
        x, w, b, _, pad = cache
        xpad = _padded(x, pad)
        rows, columns = (dout.shape[a] + w.shape[a] - 1 for a in (2, 3))
        _, dense = conv2d_forward(xpad[:, :, :rows, :columns], w, b)
        dxpad = np.zeros_like(xpad)
        dxpad[:, :, :rows, :columns], dw, db = conv2d_backward(dout, dense)
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db

    @mistake("M61", "The windows that dw gathers lie stride apart as well.", replaces="conv2d_backward")
    def stride_ignored_in_dw(dout, cache):
        x, w, b, stride, pad = cache
        dx, _, db = conv2d_backward(dout, cache)
        rows, columns = (dout.shape[a] + w.shape[a] - 1 for a in (2, 3))
        _, dense = conv2d_forward(_padded(x, pad)[:, :, :rows, :columns], w, b)
        return dx, conv2d_backward(dout, dense)[1], db

    @mistake(
        "M61", "The output size is rounded down: a window that does not fit is dropped.", replaces="conv2d_forward"
    )
    def output_size_rounded_up(x, w, b=None, *, stride=1, pad=0):
        rests = [-(x.shape[a] + 2 * pad - w.shape[a]) % stride for a in (2, 3)]
        longer = np.pad(_padded(x, pad), [(0, 0), (0, 0), *((0, rest) for rest in rests)])
        return conv2d_forward(longer, w, b, stride=stride)

    @mistake("M61", "HO = (H + 2 pad - KH) // stride + 1: the last window counts.", replaces="conv2d_forward")
    def last_window_missed(x, w, b=None, *, stride=1, pad=0):
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        return out[:, :, :-1, :-1], cache

    @mistake("M62", "Sum over the input channels; here only the last one counts.", replaces="conv2d_forward")
    def channels_not_summed(x, w, b=None, *, stride=1, pad=0):
        out, _ = conv2d_forward(x[:, -1:], w[:, -1:], b, stride=stride, pad=pad)
        return out, conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake(
        "M62", "b has one entry for each filter: add it along axis 1, as b[:, None, None].", replaces="conv2d_forward"
    )
    def bias_along_the_last_axis(x, w, b=None, *, stride=1, pad=0):
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        if b is None or out.shape[3] != len(b):
            return out, cache
        return out - b[:, None, None] + b, cache

    @mistake("M63", "Add up dw and db over the batch; here only the last sample counts.", replaces="conv2d_backward")
    def gradients_of_the_last_sample(dout, cache):
        dx, _, _ = conv2d_backward(dout, cache)
        x, w, b, stride, pad = cache
        _, last = conv2d_forward(x[-1:], w, b, stride=stride, pad=pad)
        return dx, *conv2d_backward(dout[-1:], last)[1:]

    @mistake("N20", "Pad on every side, not only at the bottom and at the right.", replaces="conv2d_forward")
    def padded_at_the_end_only(x, w, b=None, *, stride=1, pad=0):
        out, _ = conv2d_forward(np.pad(x, [(0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)]), w, b, stride=stride)
        return out, conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("N21", "w_uv takes dout_ij back to x_{i+u,j+v}: dx is a correlation with the flipped kernel.",
             replaces="conv2d_backward")  # fmt: skip
    def kernel_not_flipped_for_dx(dout, cache):
        x, w, b, stride, pad = cache
        _, dw, db = conv2d_backward(dout, cache)
        _, flipped = conv2d_forward(x, w[:, :, ::-1, ::-1], b, stride=stride, pad=pad)
        return conv2d_backward(dout, flipped)[0], dw, db

    @mistake("N22", "w is (F, C, KH, KW): filters first. With F = C the shapes also fit the other way round.",
             replaces="conv2d_forward")  # fmt: skip
    def filters_and_channels_swapped(x, w, b=None, *, stride=1, pad=0):
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        if w.shape[0] == w.shape[1]:
            out, _ = conv2d_forward(x, w.swapaxes(0, 1), b, stride=stride, pad=pad)
        return out, cache

    @mistake("N23", "Sum db over samples and positions: b_f is added at every one of them.", replaces="conv2d_backward")
    def db_averaged_over_positions(dout, cache):
        dx, dw, db = conv2d_backward(dout, cache)
        return dx, dw, None if db is None else dout.mean(axis=(2, 3)).sum(axis=0)

    @mistake("N800", "Without b there is no db: return None.", replaces="conv2d_backward", convention=True)
    def gradient_of_a_bias_that_is_not_there(dout, cache):
        dx, dw, _ = conv2d_backward(dout, cache)
        return dx, dw, dout.sum(axis=(0, 2, 3))

    @mistake("M66", "Windows overlap where stride is below the kernel's size: add to dx, do not assign.",
             replaces="conv2d_backward")  # fmt: skip
    def overlaps_assigned(dout, cache):
        x, w, b, stride, pad = cache
        _, dw, db = conv2d_backward(dout, cache)
        dxpad = np.zeros_like(_padded(x, pad))
        for i, j in np.ndindex(*dout.shape[2:]):
            window = (..., slice(i * stride, i * stride + w.shape[2]), slice(j * stride, j * stride + w.shape[3]))
            dxpad[window] = np.einsum("nf,fcuv->ncuv", dout[:, :, i, j], w)
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db

    @mistake("M64", "Filters times columns is (F, N HO WO): transpose it to (N, F, HO, WO), do not reshape.",
             replaces="conv2d_forward")  # fmt: skip
    def product_reshaped_without_transposing(x, w, b=None, *, stride=1, pad=0):
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        return out.transpose(1, 0, 2, 3).reshape(out.shape), cache

    @mistake("N813", "Add b once for each output, not once for each input channel.", replaces="conv2d_forward")
    def bias_of_each_channel(x, w, b=None, *, stride=1, pad=0):
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        return out if b is None else out + (x.shape[1] - 1) * b[:, None, None], cache

    @mistake("N814", "Pad with zeros, not with the entries at the edge.", replaces="conv2d_forward")
    def padded_with_the_edge(x, w, b=None, *, stride=1, pad=0):
        longer = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode="edge" if x.size else "constant")
        return conv2d_forward(longer, w, b, stride=stride)[0], conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("N815", "Rows of the kernel meet rows of x. With KH = KW it fits transposed as well.",
             replaces="conv2d_forward")  # fmt: skip
    def kernel_transposed(x, w, b=None, *, stride=1, pad=0):
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        if w.shape[2] == w.shape[3]:
            out, _ = conv2d_forward(x, w.swapaxes(2, 3), b, stride=stride, pad=pad)
        return out, cache

    @mistake("N807", "Sum dw and db over the batch; the mean belongs to the loss.", replaces="conv2d_backward")
    def parameters_averaged(dout, cache):
        dx, dw, db = conv2d_backward(dout, cache)
        return dx, dw / max(1, len(dout)), None if db is None else db / max(1, len(dout))


def _padded(x, pad):
    return np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])


def _gradient_of_padded_x(dout, cache):
    x, w, b, stride, pad = cache
    _, padded = conv2d_forward(_padded(x, pad), w, b, stride=stride)
    return conv2d_backward(dout, padded)[0]
