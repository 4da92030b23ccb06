"""Classic mistakes of loading data sets."""

import numpy as np

from nnspec.reference import load_cifar10, load_digits, load_mnist5k
from nnspec.spec_tests._known import mistake
from nnspec.spec_tests.n01_classification.test_datasets import generator, together


class MistakesOfLoadDigits:
    @mistake("M09", replaces="load_digits")
    def not_shuffled(*, test_share=0.2, rng):
        """Shuffle before splitting: the file has an order."""
        x, y = together(load_digits(rng=generator()))
        order = np.lexsort((x.reshape(len(x), -1).sum(axis=1), y))
        return split(x[order], y[order], round(test_share * len(x)))

    @mistake("M08", replaces="load_digits")
    def labels_shuffled_apart(*, test_share=0.2, rng):
        """Shuffle images and labels by one and the same permutation."""
        x_train, y_train, x_test, y_test = load_digits(test_share=test_share, rng=rng)
        return x_train, rng.permutation(y_train), x_test, rng.permutation(y_test)

    @mistake("M64", replaces="load_digits")
    def images_transposed(*, test_share=0.2, rng):
        """Rows come before columns: no transpose."""
        x_train, y_train, x_test, y_test = load_digits(test_share=test_share, rng=rng)
        return x_train.swapaxes(2, 3), y_train, x_test.swapaxes(2, 3), y_test

    @mistake("N88", replaces="load_digits")
    def divided_by_255(*, test_share=0.2, rng):
        """Divide by 16, the largest value of this file, not by 255."""
        x_train, y_train, x_test, y_test = load_digits(test_share=test_share, rng=rng)
        return x_train * np.float32(16 / 255), y_train, x_test * np.float32(16 / 255), y_test


class MistakesOfLoadMnist5k:
    @mistake("M09", replaces="load_mnist5k")
    def not_shuffled(*, test_share=0.2, rng):
        """Shuffle before splitting: sorted by class, the test part holds two classes alone."""
        x, y = together(load_mnist5k(rng=generator()))
        order = np.argsort(y, kind="stable")
        return split(x[order], y[order], round(test_share * len(x)))

    @mistake("M09", replaces="load_mnist5k")
    def sorted_within_the_parts(*, test_share=0.2, rng):
        """Shuffle all images, also where the parts are large: within a part they stay sorted."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        train, test = (np.argsort(y, kind="stable") for y in (y_train, y_test))
        return x_train[train], y_train[train], x_test[test], y_test[test]

    @mistake("M08", replaces="load_mnist5k")
    def labels_shuffled_apart(*, test_share=0.2, rng):
        """Shuffle images and labels by one and the same permutation."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train, rng.permutation(y_train), x_test, rng.permutation(y_test)

    @mistake("M07", replaces="load_mnist5k")
    def test_images_left_in_training(*, test_share=0.2, rng):
        """Keep the test images out of those that are trained on."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        x, y = together((x_train, y_train, x_test, y_test))
        return x[: len(x_train)], y[: len(x_train)], x[: len(x_test)], y[: len(x_test)]

    @mistake("M64", replaces="load_mnist5k")
    def images_transposed(*, test_share=0.2, rng):
        """Reshape a row of pixels to (H, W), rows first; no transpose."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train.swapaxes(2, 3), y_train, x_test.swapaxes(2, 3), y_test

    @mistake("M64", replaces="load_mnist5k")
    def images_turned_around(*, test_share=0.2, rng):
        """The first row is the top of the image, the first column its left."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train[:, :, ::-1, ::-1], y_train, x_test[:, :, ::-1, ::-1], y_test

    @mistake("N88", replaces="load_mnist5k")
    def pixels_up_to_255(*, test_share=0.2, rng):
        """Divide by 255: pixels go from 0 to 1."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return 255 * x_train, y_train, 255 * x_test, y_test

    @mistake("N88", replaces="load_mnist5k")
    def white_on_black_turned(*, test_share=0.2, rng):
        """Ink is 1 and paper 0."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return 1 - x_train, y_train, 1 - x_test, y_test

    @mistake("N88", replaces="load_mnist5k")
    def pixels_in_float64(*, test_share=0.2, rng):
        """float32 pixels: float64 doubles the memory and slows every layer."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train.astype(float), y_train, x_test.astype(float), y_test

    @mistake("N89", replaces="load_mnist5k")
    def parts_swapped(*, test_share=0.2, rng):
        """test_share is the share of the test images, not of the others."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_test, y_test, x_train, y_train

    @mistake("N89", replaces="load_mnist5k")
    def images_first_then_labels(*, test_share=0.2, rng):
        """x_train, y_train, x_test, y_test: in this order."""
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train, x_test, y_train, y_test

    @mistake("N82", replaces="load_mnist5k")
    def generator_ignored(*, test_share=0.2, rng):
        """Use the generator that is given, or no split can be repeated."""
        return load_mnist5k(test_share=test_share, rng=np.random.default_rng())

    @mistake("N82", replaces="load_mnist5k")
    def always_the_same_split(*, test_share=0.2, rng):
        """A fixed seed gives one split, whatever generator is passed."""
        return load_mnist5k(test_share=test_share, rng=np.random.default_rng(0))


class MistakesOfLoadCifar10:
    @mistake("M64", replaces="load_cifar10")
    def planes_taken_as_pixels(root):
        """A row holds three planes: reshape to (3, 32, 32), not to (32, 32, 3)."""
        return _changed(load_cifar10(root), lambda x: x.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2))

    @mistake("M64", replaces="load_cifar10")
    def rows_and_columns_swapped(root):
        """Rows come before columns: (C, H, W), not (C, W, H)."""
        return _changed(load_cifar10(root), lambda x: x.swapaxes(2, 3))

    @mistake("M64", replaces="load_cifar10")
    def channels_last(root):
        """Channels stand first: (N, C, H, W)."""
        return _changed(load_cifar10(root), lambda x: x.transpose(0, 2, 3, 1))

    @mistake("M64", replaces="load_cifar10")
    def blue_first(root):
        """The planes are red, green, blue, in this order."""
        return _changed(load_cifar10(root), lambda x: x[:, ::-1])

    @mistake("N88", replaces="load_cifar10")
    def pixels_up_to_255(root):
        """Divide by 255: pixels go from 0 to 1."""
        return _changed(load_cifar10(root), lambda x: 255 * x)

    @mistake("N88", replaces="load_cifar10")
    def pixels_in_uint8(root):
        """uint8 arithmetic wraps at 256: make floats of the pixels first."""
        return _changed(load_cifar10(root), lambda x: (255 * x).round().astype(np.uint8))

    @mistake("N83", replaces="load_cifar10")
    def fifth_file_lost(root):
        """range(1, 6): there are five files to train on."""
        x_train, y_train, x_test, y_test = load_cifar10(root)
        kept = len(y_train) // 5 * 4
        return x_train[:kept], y_train[:kept], x_test, y_test

    @mistake("M07", replaces="load_cifar10")
    def test_file_in_training(root):
        """test_batch is for the test alone."""
        parts = load_cifar10(root)
        return *together(parts), *parts[2:]


def split(x, y, test):
    return x[test:], y[test:], x[:test], y[:test]


def _changed(parts, change):
    x_train, y_train, x_test, y_test = parts
    return change(x_train), y_train, change(x_test), y_test
