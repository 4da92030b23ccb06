"""Every demonstration: the same numbers from the reference and from cpu, a picture, a terminal's form, five lines.

What a demonstration claims is tested beside it, in `test_demo_NAME.py`.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from nnspec.backends import load
from nnspec.cli import main
from nnspec.demos.commands import Demonstration, names
from nnspec.demos.panels import Circuit, Curves, Images, Node, Regions, Surface
from nnspec.demos.text import WIDTH, as_text
from nnspec.training.ops import OnNumpy

LINES = 5  # that say what one sees
FAR = 1e-6  # how far a training may carry two backends' rounding apart, relative to the largest number of an array
HERE = Path(__file__).parent
POINTS = np.array([[9.0, 0.0], [0.0, 0.0], [2.0, 1.0]])  # the first lies outside


@pytest.mark.parametrize("name", names())
class TestDemonstration:
    def test_backends_show_the_same(self, name):
        ours, twins = (list(numbers(Demonstration(name).panels(OnNumpy(load(b))))) for b in ("reference", "cpu"))
        assert len(ours) == len(twins) > 0
        for ref, cpu in zip(ours, twins, strict=True):
            assert ref.shape == cpu.shape
            scale = np.abs(ref[np.isfinite(ref)]).max(initial=1)
            np.testing.assert_allclose(cpu / scale, ref / scale, rtol=0, atol=FAR)

    def test_it_says_what_one_sees(self, name):
        shown = Demonstration(name)
        lines = shown.said.splitlines()
        assert 1 <= len(lines) <= LINES, f"{name}: at most {LINES} lines on what one sees and why, got {len(lines)}"
        assert 10 <= len(shown.title) <= 80 and not shown.title.endswith(".")

    def test_its_claims_are_tested(self, name):
        assert (HERE / f"test_demo_{name}.py").exists(), f"what {name} shows has no test of its own"

    def test_in_a_terminal_and_as_a_picture(self, name, tmp_path):
        pytest.importorskip("matplotlib")
        told = CliRunner().invoke(main, ["demo", name])
        assert told.exit_code == 0, told.output
        shown = Demonstration(name)
        assert told.output.startswith(shown.title) and shown.said in told.output
        drawing = told.output[len(shown.title) : told.output.index(shown.said)]
        assert 10 < len(drawing.splitlines()) < 100 and max(map(len, drawing.splitlines())) <= WIDTH + 10
        picture = tmp_path / "demo.png"
        drawn = CliRunner().invoke(main, ["demo", name, "--out", str(picture)])
        assert drawn.exit_code == 0 and picture.read_bytes()[:4] == b"\x89PNG" and picture.stat().st_size > 5000


def numbers(panels):
    """Every array that a panel holds, in order."""
    for panel in panels:
        for field in dataclasses.fields(panel):
            yield from _arrays(getattr(panel, field.name))


def _arrays(held):
    if isinstance(held, np.ndarray):
        yield held.astype(float)
    elif isinstance(held, dict):
        for value in held.values():
            yield from _arrays(value)
    elif isinstance(held, tuple) and held and isinstance(held[0], Node):
        yield np.array([[node.value, node.gradient] for node in held])


class TestPanels:
    """As text, by hand."""

    def test_a_surface_is_darkest_where_it_is_highest_and_up_is_up(self):
        values = np.arange(5 * 4, dtype=float).reshape(5, 4)
        path = np.array([[0.0, 0.0], [9.0, 8.0], [np.nan, 1.0], [50.0, 0.0]])
        text = as_text(Surface("height", values, (0, 9, 0, 8), paths={"way": path}, xlabel="u", ylabel="v"))
        title, _, *rows, _, axes, legend = text.splitlines()
        assert title == "height" and rows[0] == "|%%@1|" and rows[-1].startswith("|1") and "1 way" in legend
        assert axes == "u from 0 to 9, v from 0 (below) to 8 (above)"

    def test_regions_show_points_as_capitals_and_ties_as_dots(self):
        labels = np.array([[0, 1, 1], [0, 2, 1]])
        is_open = np.array([[False, False, True], [False] * 3])
        panel = Regions("map", labels, (0, 2, 0, 1), POINTS, np.array([2, 0, 1]), open=is_open)
        assert as_text(panel).splitlines()[2:4] == ["|acB|", "|Ab.|"]

    def test_curves_leave_out_what_is_not_finite(self):
        text = as_text(Curves("loss", {"a": np.array([1.0, np.inf, 3.0]), "b": np.array([1.0, 2.0, np.nan])}, log="y"))
        assert "loss" in text and "a" in text and "b" in text

    def test_the_first_row_of_an_image_is_on_top(self):
        images = np.stack([np.zeros((2, 2, 1)), np.full((2, 2, 1), 255)]).astype(np.uint8)
        images[1, 0, 0] = 0
        assert as_text(Images("two", images, ("0", "1"))).splitlines()[-2:] == ["         @@", "       @@@@"]

    def test_a_circuit_names_what_a_value_comes_from(self):
        nodes = (Node("x", 2.0, 3.0), Node("y", 3.0, 2.0), Node("xy", 6.0, 1.0, of=(0, 1)))
        circuit = Circuit("product", nodes)
        assert circuit.depths() == [0, 0, 1]
        assert as_text(circuit).splitlines()[-1].split() == ["xy", "6.0000", "1.0000", "x,", "y"]

    def test_what_cannot_be_drawn_is_refused_where_it_is_made(self):
        with pytest.raises(ValueError, match="equally long"):
            Curves("loss", {"a": np.zeros(3), "b": np.zeros(4)})
        with pytest.raises(ValueError, match="computed from what comes later: a"):
            Circuit("circle", (Node("a", 1.0, 1.0, of=(1,)), Node("b", 1.0, 1.0)))


class TestCommand:
    def test_without_a_name_it_lists(self):
        told = CliRunner().invoke(main, ["demo"])
        assert told.exit_code == 0
        assert [line.split()[0] for line in told.output.splitlines()] == names()

    def test_what_a_backend_lacks_is_taken_from_the_reference_and_said(self, tmp_path):
        mine = tmp_path / "mine.py"
        mine.write_text("def relu_forward(x):\n    return x * (x > 0), x\n")
        told = CliRunner().invoke(main, ["demo", "weight_templates", "--backend", str(mine)])
        assert told.exit_code == 0 and "From the reference, because" in told.output
        assert "sgd" in told.output.splitlines()[-1]

    @pytest.mark.parametrize("wrong", [["nothing"], ["--out", "x.png"], ["weight_templates", "--backend", "absent.py"]])
    def test_what_cannot_be_shown_ends_in_one_line(self, wrong):
        told = CliRunner().invoke(main, ["demo", *wrong])
        assert told.exit_code == 2 and "Traceback" not in told.output

    def test_without_matplotlib_it_says_what_to_install(self, monkeypatch, tmp_path):
        monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
        told = CliRunner().invoke(main, ["demo", "weight_templates", "--out", str(tmp_path / "a.png")])
        assert told.exit_code == 2 and "pip install 'nnspec[plots]'" in told.output
