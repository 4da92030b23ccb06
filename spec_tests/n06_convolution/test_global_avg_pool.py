"""Global average pooling: definition, laws, cases and classic mistakes."""

import numpy as np

from nnspec.reference import global_avg_pool_backward, global_avg_pool_forward
from nnspec.spec_tests._kinds import Case, Layer, Malformed, mistake


class TestGlobalAvgPool(Layer):
    rows = ("06.15",)

    def definition(self, x):
        """out_nc = 1/(H W) sum_{i,j} x_ncij. Lin, Chen and Yan 2014, section 3.2."""
        N, C, H, W = x.shape
        return np.array([[sum(x[n, c].ravel()) / (H * W) for c in range(C)] for n in range(N)])

    def law_pixels_in_any_order(self, run, problem):
        """The mean of a map does not see where its pixels are."""
        return run(x=problem.inputs["x"][:, :, ::-1, ::-1])["out"], run()["out"]

    def law_of_constant_maps(self, run, problem):
        """A map of equal pixels has their value."""
        out = run()["out"]
        return run(x=np.broadcast_to(out[:, :, None, None], problem.inputs["x"].shape))["out"], out

    cases = (Case("maps of one pixel", H=1, W=1), Case("a single row of pixels", H=1, W=5))
    extremes = (
        Case("a common offset", inputs={"x": lambda rng, shape: 1e5 + rng.standard_normal(shape)}),
        Case("large", inputs={"x": lambda rng, shape: 1e30 * rng.standard_normal(shape)}),
    )
    ties = (
        Case("empty batch", N=0),
        Case("no channels", C=0),
        Case("one infinite pixel", inputs={"x": [[[[1, np.inf], [0, -2]], [[1, 2], [3, 4]]]]}, N=1, C=2, H=2, W=2),
    )
    bad = (Malformed("no pixels", "x", H=0),)

    def cases_of_scale(self):
        return [Case("many samples", N=2000, C=3, H=4, W=4), Case("a large image", N=1, C=2, H=223, W=225)]

    @mistake("M17", replaces="global_avg_pool_forward")
    def mean_over_one_axis_of_the_image(x):
        """Take the mean over height and width: x.mean(axis=(2, 3)); over the rows alone W numbers are left."""
        _, cache = global_avg_pool_forward(x)
        return x.mean(axis=2), cache

    @mistake("M17", replaces="global_avg_pool_forward")
    def mean_of_everything(x):
        """Each map has a mean of its own: name the axes, x.mean(axis=(2, 3))."""
        out, cache = global_avg_pool_forward(x)
        return np.full_like(out, x.mean()), cache

    @mistake("M17", replaces="global_avg_pool_forward")
    def mean_over_channels_last(x):
        """x is (N, C, H, W): the axes of the image are the last two, not the two in the middle."""
        _, cache = global_avg_pool_forward(x)
        return x.mean(axis=(1, 2)), cache

    @mistake("M64", replaces="global_avg_pool_forward")
    def reshaped_to_channels_last(x):
        """The channels stand before the pixels: reshape to (N, C, H W), not to (N, H W, C), which mixes the maps."""
        N, C, H, W = x.shape
        _, cache = global_avg_pool_forward(x)
        return x.reshape(N, H * W, C).mean(axis=1), cache

    @mistake("N890", replaces="global_avg_pool_forward")
    def summed(x):
        """Divide by the number of pixels H W: the mean does not grow with the image."""
        out, cache = global_avg_pool_forward(x)
        return out * (x.shape[2] * x.shape[3]), cache

    @mistake("N890", replaces="global_avg_pool_backward")
    def gradient_not_divided(dout, cache):
        """Each of the H W pixels has its share of the gradient: divide dout by H W."""
        ((*_, H, W),) = cache
        return global_avg_pool_backward(dout, cache) * (H * W)

    @mistake("N890", replaces="global_avg_pool_backward")
    def gradient_divided_by_one_side(dout, cache):
        """Divide dout by H W, the number of pixels, not by one side of the image."""
        ((*_, W),) = cache
        return global_avg_pool_backward(dout * W, cache)

    @mistake("N891", replaces="global_avg_pool_backward")
    def gradient_to_one_pixel(dout, cache):
        """Every pixel has a part in the mean: spread dout / (H W) over the whole map, as no maximum does."""
        dx = np.zeros_like(global_avg_pool_backward(dout, cache))
        dx[:, :, 0, 0] = dout
        return dx

    @mistake("M51", replaces="global_avg_pool_backward")
    def gradient_of_the_channel(dout, cache):
        """Each sample has its own dout: (N, C, 1, 1), repeated over the pixels alone and summed over nothing."""
        return global_avg_pool_backward(np.broadcast_to(dout.sum(axis=0), dout.shape), cache)
