"""Data sets: what the course's loaders promise, on the files that packages ship and on a small CIFAR-10 made here."""

import struct
import tempfile
from pathlib import Path

import numpy as np

from nnspec.backends import NotSupplied
from nnspec.reference import load_cifar10, load_digits, load_mnist5k
from nnspec.spec_tests._kinds import Case, Malformed, Procedure, mistake
from nnspec.spec_tests._verdict import BackendRaised


def generator(seed=0):
    return np.random.default_rng(seed)


CALL = Case("", options={"test_share": 0.5, "rng": lambda dims, dtype: generator()})


def together(parts):
    """Images and labels of both parts."""
    x_train, y_train, x_test, y_test = parts
    return np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])


def spread(ink):
    """The standard deviation of where the ink of a profile is."""
    places = np.arange(len(ink))
    mean = ink @ places / ink.sum()
    return (ink @ (places - mean) ** 2 / ink.sum()) ** 0.5


class Digits(Procedure):
    """Handwritten digits from a package, which need not be there to judge the rest."""

    images: int
    shape: tuple[int, int]

    bad = tuple(
        Malformed(f"test_share {share}", "test_share", lambda _, share=share: share, case=CALL)
        for share in (0.0, 1.0, -0.2, 1e-4, 1 - 1e-4, float("nan"))
    )

    def test_law(self, planned, backend):
        try:
            super().test_law(planned, backend)
        except BackendRaised as error:
            if isinstance(error.__cause__, ModuleNotFoundError):
                raise NotSupplied(str(error.__cause__)) from None
            raise

    def test_errors(self, planned, backend):
        """Without the package that the images come with, nothing can be refused."""
        try:
            backend(self.op, rng=generator())
        except ModuleNotFoundError as error:
            raise NotSupplied(str(error)) from None
        super().test_errors(planned, backend)

    def law_shapes(self, load):
        """(N, 1, H, W) and (N,); a fifth of the images, or test_share of them, is for the test."""
        found = [[part.shape for part in load(rng=generator(), **share)] for share in ({}, {"test_share": 0.5})]
        wanted = []
        for test in (round(0.2 * self.images), round(0.5 * self.images)):
            train = self.images - test
            wanted.append([(train, 1, *self.shape), (train,), (test, 1, *self.shape), (test,)])
        return found, wanted

    def law_a_single_image_is_a_part(self, load):
        """test_share may leave one image on either side."""
        shares = [share / self.images for share in (1.2, 1, self.images - 1.2, self.images - 1)]
        found = [[len(part) for part in load(test_share=share, rng=generator())[1::2]] for share in shares]
        return found, [[self.images - 1, 1]] * 2 + [[1, self.images - 1]] * 2

    def law_pixels_are_shares(self, load):
        """float32 from 0 to 1, with 0 for paper."""
        x, _ = together(load(rng=generator()))
        return [str(x.dtype), x.min(), x.max(), (x == 0).mean() > 0.3], ["float32", 0, 1, True]

    def law_labels_are_classes(self, load):
        """int64, and all ten classes on both sides."""
        _, y_train, _, y_test = load(rng=generator())
        found = [(str(y.dtype), sorted(set(y.tolist()))) for y in (y_train, y_test)]
        return found, [("int64", list(range(10)))] * 2

    def law_classes_are_shuffled(self, load):
        """Files are sorted: of ten images in a row hardly ever all are of one class or of ten."""
        _, y = together(load(rng=generator()))
        runs = y[: len(y) // 10 * 10].reshape(-1, 10)
        kinds = np.array([len(set(run.tolist())) for run in runs])
        return 6 < kinds.mean() < 7, True

    def law_every_image_is_on_one_side(self, load):
        """No image is lost, and none that is tested is among those that are trained on."""
        x, y = together(load(rng=generator()))
        return [len(x), len({image.tobytes() for image in x})], [self.images] * 2

    def law_labels_stay_with_their_images(self, load):
        """An image has the same label whatever the split, and the nearest image mostly has it as well."""
        labels = []
        for seed in (0, 1):
            x, y = together(load(rng=generator(seed)))
            labels.append(dict(zip((image.tobytes() for image in x), y.tolist(), strict=True)))
        x_train, y_train, x_test, y_test = (part.reshape(len(part), -1) for part in load(rng=generator()))
        d2 = (x_train * x_train).sum(axis=1) - 2 * x_test @ x_train.T
        right = (y_train[d2.argmin(axis=1)] == y_test).mean()
        return [labels[0] == labels[1], right > 0.9], [True, True]

    def law_images_stand_upright(self, load):
        """Rows first: a one is taller than wide, a seven broad above, with its foot to the left."""
        x, y = together(load(rng=generator()))
        one, seven = (x[y == label, 0].mean(axis=0, dtype=float) for label in (1, 7))
        third = len(seven) // 3
        head, foot = seven[:-third].sum(axis=0), seven[-third:].sum(axis=0)
        places = np.arange(len(foot))
        taller, broader = spread(one.sum(axis=1)) > spread(one.sum(axis=0)), spread(head) > spread(foot)
        return [taller, broader, foot @ places / foot.sum() < head @ places / head.sum()], [True] * 3

    def law_the_generator_decides(self, load):
        """The same generator state gives the same split, and the next one is another."""
        rng = generator(7)
        first, second, again = (load(rng=r)[1].tolist() for r in (rng, rng, generator(7)))
        return [first == again, first == second], [True, False]


def split(x, y, test):
    return x[test:], y[test:], x[:test], y[:test]


class TestLoadDigits(Digits):
    rows = ("01.24",)
    images, shape = 1797, (8, 8)

    @mistake("M09", "Shuffle before splitting: the file has an order.", replaces="load_digits")
    def not_shuffled(*, test_share=0.2, rng):
        x, y = together(load_digits(rng=generator()))
        order = np.lexsort((x.reshape(len(x), -1).sum(axis=1), y))
        return split(x[order], y[order], round(test_share * len(x)))

    @mistake("M08", "Shuffle images and labels by one and the same permutation.", replaces="load_digits")
    def labels_shuffled_apart(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_digits(test_share=test_share, rng=rng)
        return x_train, rng.permutation(y_train), x_test, rng.permutation(y_test)

    @mistake("M64", "Rows come before columns: no transpose.", replaces="load_digits")
    def images_transposed(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_digits(test_share=test_share, rng=rng)
        return x_train.swapaxes(2, 3), y_train, x_test.swapaxes(2, 3), y_test

    @mistake("N88", "Divide by 16, the largest value of this file, not by 255.", replaces="load_digits")
    def divided_by_255(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_digits(test_share=test_share, rng=rng)
        return x_train * np.float32(16 / 255), y_train, x_test * np.float32(16 / 255), y_test


class TestLoadMnist5k(Digits):
    rows = ("01.24",)
    images, shape = 5000, (28, 28)

    @mistake("M09", "Shuffle before splitting: sorted by class, the test part holds two classes alone.",
             replaces="load_mnist5k")  # fmt: skip
    def not_shuffled(*, test_share=0.2, rng):
        x, y = together(load_mnist5k(rng=generator()))
        order = np.argsort(y, kind="stable")
        return split(x[order], y[order], round(test_share * len(x)))

    @mistake("M09", "Shuffle all images, also where the parts are large: within a part they stay sorted.",
             replaces="load_mnist5k")  # fmt: skip
    def sorted_within_the_parts(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        train, test = (np.argsort(y, kind="stable") for y in (y_train, y_test))
        return x_train[train], y_train[train], x_test[test], y_test[test]

    @mistake("M08", "Shuffle images and labels by one and the same permutation.", replaces="load_mnist5k")
    def labels_shuffled_apart(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train, rng.permutation(y_train), x_test, rng.permutation(y_test)

    @mistake("M07", "Keep the test images out of those that are trained on.", replaces="load_mnist5k")
    def test_images_left_in_training(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        x, y = together((x_train, y_train, x_test, y_test))
        return x[: len(x_train)], y[: len(x_train)], x[: len(x_test)], y[: len(x_test)]

    @mistake("M64", "Reshape a row of pixels to (H, W), rows first; no transpose.", replaces="load_mnist5k")
    def images_transposed(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train.swapaxes(2, 3), y_train, x_test.swapaxes(2, 3), y_test

    @mistake("M64", "The first row is the top of the image, the first column its left.", replaces="load_mnist5k")
    def images_turned_around(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train[:, :, ::-1, ::-1], y_train, x_test[:, :, ::-1, ::-1], y_test

    @mistake("N88", "Divide by 255: pixels go from 0 to 1.", replaces="load_mnist5k")
    def pixels_up_to_255(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return 255 * x_train, y_train, 255 * x_test, y_test

    @mistake("N88", "Ink is 1 and paper 0.", replaces="load_mnist5k")
    def white_on_black_turned(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return 1 - x_train, y_train, 1 - x_test, y_test

    @mistake("N88", "float32 pixels: float64 doubles the memory and slows every layer.", replaces="load_mnist5k")
    def pixels_in_float64(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train.astype(float), y_train, x_test.astype(float), y_test

    @mistake("N89", "test_share is the share of the test images, not of the others.", replaces="load_mnist5k")
    def parts_swapped(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_test, y_test, x_train, y_train

    @mistake("N89", "x_train, y_train, x_test, y_test: in this order.", replaces="load_mnist5k")
    def images_first_then_labels(*, test_share=0.2, rng):
        x_train, y_train, x_test, y_test = load_mnist5k(test_share=test_share, rng=rng)
        return x_train, x_test, y_train, y_test

    @mistake("N82", "Use the generator that is given, or no split can be repeated.", replaces="load_mnist5k")
    def generator_ignored(*, test_share=0.2, rng):
        return load_mnist5k(test_share=test_share, rng=np.random.default_rng())

    @mistake("N82", "A fixed seed gives one split, whatever generator is passed.", replaces="load_mnist5k")
    def always_the_same_split(*, test_share=0.2, rng):
        return load_mnist5k(test_share=test_share, rng=np.random.default_rng(0))


NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


def small_cifar10():
    """pixels (6 files, 4 images, C, H, W) and labels (6, 4): channels, rows, columns and files can be told apart."""
    file, image, channel, row, column = np.ogrid[:6, :4, :3, :32, :32]
    pixels = (40 * channel + 3 * row + column + 7 * file + 13 * image) % 256
    pixels[:, 0] = 255 * (channel[0, 0] == 0)  # the first image of each file is pure red
    return pixels.astype(np.uint8), np.array(
        [[0, 9, 4, 1], [1, 2, 3, 3], [9, 8, 7, 0], [5, 5, 6, 2], [0, 1, 0, 4], [8, 2, 6, 7]]
    )


def as_written_by_python_2(pixels, labels) -> bytes:
    """A pickle of {'data': array (N, 3072), 'labels': list} as those of CIFAR-10: its texts are bytes of Python 2."""

    def text(value):
        return b"T" + struct.pack("<i", len(value)) + value

    def number(value):
        return b"J" + struct.pack("<i", value)

    empty = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(" + number(0) + b"t" + text(b"b") + b"tR"
    dtype = b"cnumpy\ndtype\n(" + text(b"u1") + number(0) + number(1) + b"tR"
    dtype += b"(" + number(3) + text(b"|") + b"NNN" + number(-1) + number(-1) + number(0) + b"tb"
    shape = b"(" + number(len(pixels)) + number(3072) + b"t"
    array = empty + b"(" + number(1) + shape + dtype + number(0) + text(pixels.tobytes()) + b"tb"
    listed = b"](" + b"".join(map(number, labels.tolist())) + b"e"
    return b"\x80\x02}(" + text(b"data") + array + text(b"labels") + listed + b"u."


def from_small_files(load, without=None):
    pixels, labels = small_cifar10()
    with tempfile.TemporaryDirectory() as root:
        for name, x, y in zip(NAMES, pixels, labels, strict=True):
            if name != without:
                Path(root, name).write_bytes(as_written_by_python_2(x, y))
        return load(root)


class TestLoadCifar10(Procedure):
    rows = ("01.24",)

    bad = (Malformed("root a number", "root", lambda _: 3, case=Case("", inputs={"root": "."})),)

    def law_channels_rows_and_columns(self, load):
        """x[n, c, h, w] is byte 1024 c + 32 h + w of image n, over 255: first the red plane, row by row."""
        x_train, _, x_test, _ = from_small_files(load)
        pixels, _ = small_cifar10()
        wanted = (pixels / 255).astype(np.float32)
        found = np.concatenate([x_train, x_test]).reshape(6, 4, 3, 32, 32)
        return [str(found.dtype), abs(found - wanted).max() < 1e-6], ["float32", True]

    def law_labels(self, load):
        """Five files in their order are trained on, and test_batch is for the test."""
        _, y_train, _, y_test = from_small_files(load)
        _, labels = small_cifar10()
        return [y.tolist() for y in (y_train, y_test)], [labels[:5].ravel().tolist(), labels[5].tolist()]

    def law_labels_are_int64(self, load):
        """Labels are int64, which can index on every platform."""
        _, y_train, _, y_test = from_small_files(load)
        return [str(y.dtype) for y in (y_train, y_test)], ["int64"] * 2

    def law_a_path_will_do(self, load):
        """root may be a pathlib.Path."""
        parts = from_small_files(lambda root: load(Path(root)))
        return [part.shape for part in parts], [(20, 3, 32, 32), (20,), (4, 3, 32, 32), (4,)]

    def law_a_missing_file_is_named(self, load):
        """A file that is not there is named by the error."""
        said = []
        for name in ("data_batch_4", "test_batch"):
            try:
                from_small_files(load, without=name)
            except (OSError, ValueError) as error:
                said.append(name in str(error))
        return said, [True, True]

    @mistake("M64", "A row holds three planes: reshape to (3, 32, 32), not to (32, 32, 3).", replaces="load_cifar10")
    def planes_taken_as_pixels(root):
        return _changed(load_cifar10(root), lambda x: x.reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2))

    @mistake("M64", "Rows come before columns: (C, H, W), not (C, W, H).", replaces="load_cifar10")
    def rows_and_columns_swapped(root):
        return _changed(load_cifar10(root), lambda x: x.swapaxes(2, 3))

    @mistake("M64", "Channels stand first: (N, C, H, W).", replaces="load_cifar10")
    def channels_last(root):
        return _changed(load_cifar10(root), lambda x: x.transpose(0, 2, 3, 1))

    @mistake("M64", "The planes are red, green, blue, in this order.", replaces="load_cifar10")
    def blue_first(root):
        return _changed(load_cifar10(root), lambda x: x[:, ::-1])

    @mistake("N88", "Divide by 255: pixels go from 0 to 1.", replaces="load_cifar10")
    def pixels_up_to_255(root):
        return _changed(load_cifar10(root), lambda x: 255 * x)

    @mistake("N88", "uint8 arithmetic wraps at 256: make floats of the pixels first.", replaces="load_cifar10")
    def pixels_in_uint8(root):
        return _changed(load_cifar10(root), lambda x: (255 * x).round().astype(np.uint8))

    @mistake("N83", "range(1, 6): there are five files to train on.", replaces="load_cifar10")
    def fifth_file_lost(root):
        x_train, y_train, x_test, y_test = load_cifar10(root)
        kept = len(y_train) // 5 * 4
        return x_train[:kept], y_train[:kept], x_test, y_test

    @mistake("M07", "test_batch is for the test alone.", replaces="load_cifar10")
    def test_file_in_training(root):
        parts = load_cifar10(root)
        return *together(parts), *parts[2:]


def _changed(parts, change):
    x_train, y_train, x_test, y_test = parts
    return change(x_train), y_train, change(x_test), y_test
