"""Data sets: what the course's loaders promise, on the files that packages ship and on a small CIFAR-10 made here.

Classic mistakes: mistakes_datasets.py.
"""

import struct
import tempfile
from pathlib import Path

import numpy as np

from nnspec.backends import NotSupplied
from nnspec.spec_tests._kinds import Case, Malformed, Procedure
from nnspec.spec_tests._verdict import BackendRaised

CALL = Case("", test_share=0.5, rng=lambda dims, dtype: generator())


class Digits(Procedure):
    """Handwritten digits from a package, which need not be there to judge the rest."""

    images: int
    shape: tuple[int, int]
    white: int  # the largest value in the file

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
        """float32 from 0 to 1, with 0 for paper, in as many steps as the file has values."""
        x, _ = together(load(rng=generator()))
        steps = x * self.white
        told = [str(x.dtype), x.min(), x.max(), (x == 0).mean() > 0.3, abs(steps - steps.round()).max() < 1e-3]
        return told, ["float32", 0, 1, True, True]

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

    def law_what_was_loaded_is_the_callers(self, load):
        """Another split leaves alone what an earlier one gave out."""
        parts = load(rng=generator(0))
        kept = [part.copy() for part in parts]
        load(rng=generator(1))
        return [np.array_equal(part, before) for part, before in zip(parts, kept, strict=True)], [True] * 4

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


class TestLoadDigits(Digits):
    rows = ("01.24",)
    images, shape, white = 1797, (8, 8), 16


class TestLoadMnist5k(Digits):
    rows = ("01.24",)
    images, shape, white = 5000, (28, 28), 255


NAMES = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]


class TestLoadCifar10(Procedure):
    rows = ("01.24",)

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

    def law_what_was_loaded_is_the_callers(self, load):
        """What is loaded from another folder leaves alone what an earlier one gave out."""
        parts = from_small_files(load)
        kept = [part.copy() for part in parts]
        from_small_files(load, mirrored=True)
        return [np.array_equal(part, before) for part, before in zip(parts, kept, strict=True)], [True] * 4

    bad = (Malformed("root a number", "root", lambda _: 3, case=Case("", inputs={"root": "."})),)


def generator(seed=0):
    return np.random.default_rng(seed)


def together(parts):
    """Images and labels of both parts."""
    x_train, y_train, x_test, y_test = parts
    return np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])


def spread(ink):
    """The standard deviation of where the ink of a profile is."""
    places = np.arange(len(ink))
    mean = ink @ places / ink.sum()
    return (ink @ (places - mean) ** 2 / ink.sum()) ** 0.5


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


def from_small_files(load, without=None, mirrored=False):
    pixels, labels = small_cifar10()
    if mirrored:  # others of the same sizes
        pixels, labels = pixels[::-1, :, :, :, ::-1], 9 - labels
    with tempfile.TemporaryDirectory() as root:
        for name, x, y in zip(NAMES, pixels, labels, strict=True):
            if name != without:
                Path(root, name).write_bytes(as_written_by_python_2(x, y))
        return load(root)
