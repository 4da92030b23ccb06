"""Histogram of oriented gradients: definition, laws and cases. Classic mistakes: mistakes_hog.py."""

import math
from dataclasses import replace

import mpmath
import numpy as np

from nnspec.reference import hog_feature
from nnspec.spec_tests._kinds import Case, Function, Malformed, variant
from nnspec.spec_tests._layouts import LAYOUTS
from nnspec.spec_tests._truth import exact


def of_bytes(rng, shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


GREY, SMALL = {"rgb": ()}, {"H": 5, "W": 7, "cell": 2}


class TestHogFeature(Function):
    rows = ("01.22",)
    symbolic = False
    outputs = ("hist",)
    sizes = {"H": 5, "W": 7, "rgb": (3,)}
    options = {"cell": 2}

    def definition(self, im, *, orientations=9, cell=8, compat=False):
        """hist_rco = 1/cell^2 sum of |g| over the pixels of the cell with angle(g) in part o. Dalal and Triggs 2005."""
        x = im if im.ndim == 2 else im @ exact(np.array([0.299, 0.587, 0.144 if compat else 0.114]))
        rows, columns = x.shape[0] // cell, x.shape[1] // cell
        hist = np.full((rows, columns, orientations), mpmath.mpf(0))
        for i, j in np.ndindex(rows * cell, columns * cell):
            gx = x[i, j + 1] - x[i, j] if j + 1 < x.shape[1] else 0
            gy = x[i + 1, j] - x[i, j] if i + 1 < x.shape[0] else 0
            angle = angle_of_the_assignment(gx, gy) if compat else angle_of(gx, gy)
            if not 0 <= angle < 180:
                continue
            part = int(mpmath.floor(angle * orientations / 180))
            hist[i // cell, j // cell, part] += mpmath.sqrt(number(gx * gx + gy * gy)) / cell**2
        return (hist.transpose(1, 0, 2) if compat else hist).ravel()

    def law_a_ramp_has_one_direction(self, run, problem):
        """Of an image that grows evenly all gradients are alike: at 35 degrees, part 6 of 9."""
        problem.options = {"cell": 2}
        hist = run(im=ramp(35)(None, (7, 7)).astype(problem.dtype))["hist"].reshape(3, 3, 9)
        return hist, np.ones((3, 3, 1)) * (np.arange(9) == 6)

    def law_unless_others_are_asked_for(self, run, problem):
        """Cells are 8 pixels wide, of 9 orientations."""
        problem.options = {}
        hist = run(im=ramp(35)(None, (17, 29)).astype(problem.dtype))["hist"].reshape(2, 3, 9)
        return hist, np.ones((2, 3, 1)) * (np.arange(9) == 6)

    def law_light_and_dark_may_change_places(self, run, problem):
        """The negative has the same edges."""
        return run(im=-problem.inputs["im"])["hist"], run()["hist"]

    def law_contrast_scales(self, run, problem):
        """Twice the contrast, twice the gradients; a common offset, none."""
        im = problem.inputs["im"]
        return run(im=2 * im + 1)["hist"], 2 * run()["hist"]

    def law_cells_row_by_row(self, run, problem):
        """Another corner of the image changes the last cell alone."""
        im = problem.inputs["im"].copy()
        im[3, 5] += 1
        return run(im=im)["hist"][:-9], run()["hist"][:-9]

    general = {
        "square": {"H": 7, "W": 7, "rgb": (3,)},
        "odd": {"H": 9, "W": 13, "rgb": (3,)},
        "wide": {"H": 7, "W": 67, "rgb": (3,)},
    }
    apart = ()
    cases = (
        Case("grey", GREY),
        Case("one cell", {"H": 4, "W": 5, **GREY}, cell=3),
        Case("cells of three pixels", {"H": 7, "W": 11, **GREY}, cell=3),
        Case("four orientations", GREY, orientations=4),
        Case("one orientation", GREY, orientations=1),
        Case("compat", compat=True),
        Case("compat, grey", GREY, compat=True, orientations=5),
        Case("next to the edge of a part", GREY, inputs={"im": lambda rng, shape: ramp(29.98)(rng, shape)}),
        Case(
            "compat, next to the edge of a part", GREY, compat=True, inputs={"im": lambda rng, s: ramp(29.98)(rng, s)}
        ),
    )
    beyond = (
        Case("bytes", {"H": 8, "W": 9}, inputs={"im": of_bytes}, cell=3),
        Case("grey bytes", {"H": 8, "W": 9, **GREY}, inputs={"im": of_bytes}, cell=3),
    )
    extremes = (
        Case("a common offset", GREY, inputs={"im": lambda rng, s: 100 + rng.standard_normal(s)}),
        Case("high contrast", inputs={"im": lambda rng, shape: 1e4 * rng.standard_normal(shape)}),
        Case("flat", inputs={"im": lambda rng, shape: np.full(shape, 0.5)}),
    )
    ties = (
        Case("one cell, exactly", {"H": 3, "W": 3}, cell=3),
        Case("the last row and column", {"H": 4, "W": 6, **GREY}),
        Case("cells of one pixel", {"H": 3, "W": 2, **GREY}, cell=1),
        Case("edges across", {"H": 4, "W": 4, **GREY}, inputs={"im": lambda rng, s: np.indices(s)[0] * 0.5}),
        Case(
            "edges across, downwards", {"H": 4, "W": 4, **GREY}, inputs={"im": lambda rng, s: np.indices(s)[0] * -1.0}
        ),
        Case("upright edges", {"H": 4, "W": 4, **GREY}, inputs={"im": lambda rng, s: np.indices(s)[1] * -1.0}),
        Case("all but across", {"H": 3, "W": 3, **GREY}, inputs={"im": [[0, 1e-20, 2e-20], [1, 1, 1], [0, 0, 0]]}),
        Case(
            "compat, edges across",
            {"H": 7, "W": 3, **GREY},
            orientations=13,  # 180 * (13 / 180) is rounded to less than 13
            compat=True,
            inputs={"im": np.outer([0.0, 1.0, 3.0, 2.0, 0.0, 100.0, -100.0], np.ones(3))},
            dtypes=("float64",),
        ),
    )
    bad = (
        Malformed("no cell fits", "im", case=Case("", H=1, cell=2)),
        Malformed("no cell fits across", "im", case=Case("", W=1, cell=2)),
        Malformed("two channels", "im", case=Case("", {"rgb": (2,)})),
        Malformed("a batch", "im", case=Case("", {"rgb": (3, 3)})),
        Malformed("no orientations", "orientations", lambda _: 0),
        Malformed("no cells", "cell", lambda _: 0),
    )

    def small(self):
        """Sizes that hold a cell."""
        return [case for case in super().small() if case.name != "one"]

    def cases_of_layout(self):
        return self._rules(LAYOUTS, [])

    def cases_of_scale(self):
        return [Case("a photograph", {"H": 65, "W": 97, "rgb": (3,)}, cell=8)]

    def cases_of_generality(self):
        return self.beyond

    def truth(self, problem):
        """With 50 digits: no symbols, because which part a gradient falls into has to be known."""
        inputs = {name: exact(value) for name, value in problem.inputs.items()}
        with mpmath.workdps(50):
            hist = self.definition(**inputs, **problem.options)
            return {"hist": np.array([np.longdouble(mpmath.nstr(entry, 30)) for entry in hist])}

    def budgets(self, problem, want, lenient=False, at_tie=False):
        """A filter that runs over the image rounds at the size of what it passes, also in empty bins."""
        found = super().budgets(problem, want, lenient, at_tie)["hist"]
        largest = abs(want["hist"]).max(initial=0)
        return {"hist": replace(found, rounding=found.rounding + np.finfo(problem.dtype).eps / 2 * largest)}

    @variant("assignment 1", source="CS231n, assignment 1, features.py, hog_feature", replaces="hog_feature")
    def of_the_assignment(im, *, orientations=9, cell=8, compat=True):
        """Blue weighs 0.144, gradients with gx < 0 are left out, and cells are counted column by column."""
        return hog_feature(im, orientations=orientations, cell=cell, compat=compat)


def angle_of(gx, gy):
    """In degrees, the same of a direction and its opposite."""
    slope = number(gy) / number(gx) if gx else -mpmath.inf
    return (mpmath.atan(slope) / mpmath.pi + mpmath.mpf(1) / 2) * 180


def angle_of_the_assignment(gx, gy):
    """In double precision: straight up and down it is inside of 0 to 180, unless 1e-15 is nothing beside gy."""
    angle = math.atan2(gy, float(gx) + 1e-15) * (180 / math.pi) + 90
    return angle or -1.0


def number(x):
    """A rational with all digits."""
    return mpmath.mpf(x.p) / x.q if hasattr(x, "p") else mpmath.mpf(x)


def ramp(degrees):
    """Draws an image that grows evenly in one direction."""

    def draw(rng, shape):
        i, j = np.indices(shape[:2])
        return np.cos(np.radians(degrees)) * j + np.sin(np.radians(degrees)) * i

    return draw


def exact_hog(im, **options):
    """What other concepts of the note take from this one."""
    return TestHogFeature().definition(im, **options)
