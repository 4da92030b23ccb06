"""Classic mistakes of colour histograms."""

import numpy as np

from nnspec.reference import color_histogram_hsv
from nnspec.spec_tests._known import mistake


def floating(im):
    return im if im.dtype.kind == "f" else im.astype(np.float64)


class MistakesOfColorHistogramHsv:
    @mistake("M04", replaces="color_histogram_hsv")
    def differences_of_uint8(im, *, nbin=10, normalized=True):
        """Make integer images floating first: g - b of uint8 wraps below 0."""
        if im.dtype != np.uint8:
            return color_histogram_hsv(im, nbin=nbin, normalized=normalized)
        r, g, b = np.moveaxis(im, 2, 0)
        largest, spread = im.max(axis=2), np.maximum(im.max(axis=2) - im.min(axis=2), 1).astype(np.float64)
        sixths = np.where(
            largest == r, (g - b) / spread, np.where(largest == g, (b - r) / spread + 2, (r - g) / spread + 4)
        )
        hist = np.histogram(sixths / 6 % 1, nbin, (0, 1))[0]
        return hist / (hist.sum() if normalized else 1)

    @mistake("N1339", replaces="color_histogram_hsv")
    def of_saturation(im, *, nbin=10, normalized=True):
        """Hue is the first of HSV: saturation and value say how strong and how bright, not which colour."""
        x = floating(im)
        largest = x.max(axis=2)
        s = (largest - x.min(axis=2)) / np.maximum(largest, 1)
        hist = np.histogram(s, nbin, (0, 1))[0].astype(x.dtype)
        return hist / (hist.dtype.type(hist.sum()) if normalized else 1)

    @mistake("N1339", replaces="color_histogram_hsv")
    def of_the_red_channel(im, *, nbin=10, normalized=True):
        """Turn RGB into HSV first: the first channel of RGB is how much red there is."""
        x = floating(im)
        hist = np.histogram(x[:, :, 0], nbin, (0, 255))[0].astype(x.dtype)
        return hist / (x.dtype.type(x[:, :, 0].size) if normalized else 1)

    @mistake("N1339", replaces="color_histogram_hsv")
    def blue_first(im, *, nbin=10, normalized=True):
        """The channels are red, green, blue: some libraries read blue first."""
        return color_histogram_hsv(im[:, :, ::-1].copy(), nbin=nbin, normalized=normalized)

    @mistake("N1340", replaces="color_histogram_hsv")
    def density_without_the_width(im, *, nbin=10, normalized=True):
        """A density times the width of a bin is a share: np.histogram(density=True) alone does not add up to 1."""
        hist = color_histogram_hsv(im, nbin=nbin, normalized=normalized)
        return hist * (hist.dtype.type(nbin / 255) if normalized else 1)

    @mistake("N1340", replaces="color_histogram_hsv")
    def never_normalized(im, *, nbin=10, normalized=True):
        """Divide by the number of pixels, or large images have large histograms."""
        return color_histogram_hsv(im, nbin=nbin, normalized=False)

    @mistake("N1340", replaces="color_histogram_hsv")
    def always_normalized(im, *, nbin=10, normalized=True):
        """With normalized=False counts are asked for."""
        return color_histogram_hsv(im, nbin=nbin)

    @mistake("N1340", replaces="color_histogram_hsv")
    def divided_by_all_numbers(im, *, nbin=10, normalized=True):
        """Divide by the pixels, H W; im.size counts each of them three times."""
        hist = color_histogram_hsv(im, nbin=nbin, normalized=normalized)
        return hist / (3 if normalized else 1)

    @mistake("N1341", replaces="color_histogram_hsv")
    def bins_over_what_there_is(im, *, nbin=10, normalized=True):
        """The bins part the whole wheel: over the range of the image's own hues they differ from image to image."""
        x = floating(im)
        r, g, b = np.moveaxis(x, 2, 0)
        hues = np.arctan2(np.sqrt(3) * (g - b), 2 * r - g - b) % (2 * np.pi)
        hist = np.histogram(hues, nbin)[0].astype(x.dtype)
        return hist / (x.dtype.type(hues.size) if normalized else 1)

    @mistake("N1341", replaces="color_histogram_hsv")
    def grey_left_out(im, *, nbin=10, normalized=True):
        """Grey has the hue 0: it is counted in the first bin."""
        hist = color_histogram_hsv(im, nbin=nbin, normalized=normalized)
        grey = (im.max(axis=2) == im.min(axis=2)).sum()
        hist[:1] -= hist.dtype.type(grey / (im[:, :, 0].size if normalized else 1))
        return hist

    @mistake("N1341", replaces="color_histogram_hsv")
    def below_zero_cut(im, *, nbin=10, normalized=True):
        """Hues wrap: what lies below 0, between magenta and red, belongs to the last bins."""
        x = floating(im)
        hist = color_histogram_hsv(im, nbin=nbin, normalized=normalized)
        r, g, b = np.moveaxis(x, 2, 0)
        below = (r >= b) & (r > g) & (g < b)
        if below.any():
            hist = hist - color_histogram_hsv(im[below][None], nbin=nbin, normalized=False) / (
                below.size if normalized else 1
            )
            hist[0] += below.sum() / (below.size if normalized else 1)
        return hist.astype(x.dtype)
