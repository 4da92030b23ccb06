"""Classic mistakes of 2-D convolution."""

import numpy as np

from nnspec.reference import conv2d_backward, conv2d_forward
from nnspec.spec_tests._known import mistake


class MistakesOfConv2d:
    @mistake("M59", replaces="conv2d_forward")
    def kernel_flipped(x, w, b=None, *, stride=1, pad=0):
        """Do not flip the kernel: the field's convolution is a cross-correlation."""
        out, _ = conv2d_forward(x, w[:, :, ::-1, ::-1], b, stride=stride, pad=pad)
        return out, conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("M60", replaces="conv2d_backward")
    def padding_left_in_dx(dout, cache):
        """Cut the padding off dx: it has the shape of x."""
        _, dw, db = conv2d_backward(dout, cache)
        return _gradient_of_padded_x(dout, cache), dw, db

    @mistake("M60", replaces="conv2d_backward")
    def padding_cut_with_a_negative_end(dout, cache):
        """dx[pad:-pad] is empty where pad = 0: cut with [pad:pad + H]."""
        *_, pad = cache
        _, dw, db = conv2d_backward(dout, cache)
        return _gradient_of_padded_x(dout, cache)[:, :, pad:-pad, pad:-pad], dw, db

    @mistake("M61", replaces="conv2d_backward")
    def stride_ignored_in_the_backward(dout, cache):
        """In the backward too, windows lie stride apart."""
        x, w, b, _, pad = cache
        xpad = _padded(x, pad)
        rows, columns = (dout.shape[a] + w.shape[a] - 1 for a in (2, 3))
        _, dense_cache = conv2d_forward(xpad[:, :, :rows, :columns], w, b)
        dxpad = np.zeros_like(xpad)
        dxpad[:, :, :rows, :columns], dw, db = conv2d_backward(dout, dense_cache)
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db

    @mistake("M61", replaces="conv2d_backward")
    def stride_ignored_in_dw(dout, cache):
        """The windows that dw gathers lie stride apart as well."""
        x, w, b, stride, pad = cache
        dx, _, db = conv2d_backward(dout, cache)
        rows, columns = (dout.shape[a] + w.shape[a] - 1 for a in (2, 3))
        _, dense_cache = conv2d_forward(_padded(x, pad)[:, :, :rows, :columns], w, b)
        return dx, conv2d_backward(dout, dense_cache)[1], db

    @mistake("M61", replaces="conv2d_forward")
    def output_size_rounded_up(x, w, b=None, *, stride=1, pad=0):
        """The output size is rounded down: a window that does not fit is dropped."""
        rests = [-(x.shape[a] + 2 * pad - w.shape[a]) % stride for a in (2, 3)]
        longer = np.pad(_padded(x, pad), [(0, 0), (0, 0), *((0, rest) for rest in rests)])
        return conv2d_forward(longer, w, b, stride=stride)

    @mistake("M61", replaces="conv2d_forward")
    def last_window_missed(x, w, b=None, *, stride=1, pad=0):
        """HO = (H + 2 pad - KH) // stride + 1: the last window counts."""
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        return out[:, :, :-1, :-1], cache

    @mistake("M62", replaces="conv2d_forward")
    def channels_not_summed(x, w, b=None, *, stride=1, pad=0):
        """Sum over the input channels; here only the last one counts."""
        out, _ = conv2d_forward(x[:, -1:], w[:, -1:], b, stride=stride, pad=pad)
        return out, conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("M62", replaces="conv2d_forward")
    def bias_along_the_last_axis(x, w, b=None, *, stride=1, pad=0):
        """b has one entry for each filter: add it along axis 1, as b[:, None, None]."""
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        if b is None or out.shape[3] != len(b):
            return out, cache
        return out - b[:, None, None] + b, cache

    @mistake("M63", replaces="conv2d_backward")
    def gradients_of_the_last_sample(dout, cache):
        """Add up dw and db over the batch; here only the last sample counts."""
        dx, _, _ = conv2d_backward(dout, cache)
        x, w, b, stride, pad = cache
        _, last_cache = conv2d_forward(x[-1:], w, b, stride=stride, pad=pad)
        return dx, *conv2d_backward(dout[-1:], last_cache)[1:]

    @mistake("N20", replaces="conv2d_forward")
    def padded_at_the_end_only(x, w, b=None, *, stride=1, pad=0):
        """Pad on every side, not only at the bottom and at the right."""
        out, _ = conv2d_forward(np.pad(x, [(0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)]), w, b, stride=stride)
        return out, conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("N21", replaces="conv2d_backward")
    def kernel_not_flipped_for_dx(dout, cache):
        """w_uv takes dout_ij back to x_{i+u,j+v}: dx is a correlation with the flipped kernel."""
        x, w, b, stride, pad = cache
        _, dw, db = conv2d_backward(dout, cache)
        _, flipped_cache = conv2d_forward(x, w[:, :, ::-1, ::-1], b, stride=stride, pad=pad)
        return conv2d_backward(dout, flipped_cache)[0], dw, db

    @mistake("N22", replaces="conv2d_forward")
    def filters_and_channels_swapped(x, w, b=None, *, stride=1, pad=0):
        """w is (F, C, KH, KW): filters first. With F = C the shapes also fit the other way round."""
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        if w.shape[0] == w.shape[1]:
            out, _ = conv2d_forward(x, w.swapaxes(0, 1), b, stride=stride, pad=pad)
        return out, cache

    @mistake("N23", replaces="conv2d_backward")
    def db_averaged_over_positions(dout, cache):
        """Sum db over samples and positions: b_f is added at every one of them."""
        dx, dw, db = conv2d_backward(dout, cache)
        return dx, dw, None if db is None else dout.mean(axis=(2, 3)).sum(axis=0)

    @mistake("N800", replaces="conv2d_backward", convention=True)
    def gradient_of_a_bias_that_is_not_there(dout, cache):
        """Without b there is no db: return None."""
        dx, dw, _ = conv2d_backward(dout, cache)
        return dx, dw, dout.sum(axis=(0, 2, 3))

    @mistake("M66", replaces="conv2d_backward")
    def overlaps_assigned(dout, cache):
        """Windows overlap where stride is below the kernel's size: add to dx, do not assign."""
        x, w, b, stride, pad = cache
        _, dw, db = conv2d_backward(dout, cache)
        dxpad = np.zeros_like(_padded(x, pad))
        for i, j in np.ndindex(*dout.shape[2:]):
            window = (..., slice(i * stride, i * stride + w.shape[2]), slice(j * stride, j * stride + w.shape[3]))
            dxpad[window] = np.einsum("nf,fcuv->ncuv", dout[:, :, i, j], w)
        return dxpad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db

    @mistake("M64", replaces="conv2d_forward")
    def product_reshaped_without_transposing(x, w, b=None, *, stride=1, pad=0):
        """Filters times columns is (F, N HO WO): transpose it to (N, F, HO, WO), do not reshape."""
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        return out.transpose(1, 0, 2, 3).reshape(out.shape), cache

    @mistake("N813", replaces="conv2d_forward")
    def bias_of_each_channel(x, w, b=None, *, stride=1, pad=0):
        """Add b once for each output, not once for each input channel."""
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        return out if b is None else out + (x.shape[1] - 1) * b[:, None, None], cache

    @mistake("N814", replaces="conv2d_forward")
    def padded_with_the_edge(x, w, b=None, *, stride=1, pad=0):
        """Pad with zeros, not with the entries at the edge."""
        longer = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode="edge" if x.size else "constant")
        return conv2d_forward(longer, w, b, stride=stride)[0], conv2d_forward(x, w, b, stride=stride, pad=pad)[1]

    @mistake("N815", replaces="conv2d_forward")
    def kernel_transposed(x, w, b=None, *, stride=1, pad=0):
        """Rows of the kernel meet rows of x. With KH = KW it fits transposed as well."""
        out, cache = conv2d_forward(x, w, b, stride=stride, pad=pad)
        if w.shape[2] == w.shape[3]:
            out, _ = conv2d_forward(x, w.swapaxes(2, 3), b, stride=stride, pad=pad)
        return out, cache

    @mistake("N807", replaces="conv2d_backward")
    def parameters_averaged(dout, cache):
        """Sum dw and db over the batch; the mean belongs to the loss."""
        dx, dw, db = conv2d_backward(dout, cache)
        return dx, dw / max(1, len(dout)), None if db is None else db / max(1, len(dout))


def _padded(x, pad):
    return np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)])


def _gradient_of_padded_x(dout, cache):
    x, w, b, stride, pad = cache
    _, padded_cache = conv2d_forward(_padded(x, pad), w, b, stride=stride)
    return conv2d_backward(dout, padded_cache)[0]
