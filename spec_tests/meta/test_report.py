"""The report: which failures are one cause, what a block says, and what is only counted."""

import io
import re

import pytest
from rich.console import Console

from nnspec.backends import Name
from nnspec.checking.lines import SHOWN
from nnspec.checking.report import Report, show
from nnspec.checking.results import Check, State
from nnspec.checking.watching import _concerned, _read
from nnspec.concepts import catalogue

WRONG = "dx[0, {}]: got {}, want 1, off by 1 = 3e+14 budgets\n{} of 6 entries of dx are wrong"
END = "\nbudget here: 32 x (1e-17 spread)\nformula: out = x w + b."
M14 = "\npattern: got / want is {} everywhere = N\nmistake M14 not-divided: Divide the gradient by N."


def failed(check_id, text=None, level="core", **changed):
    text = text or WRONG.format(1, 2, 6) + END
    return Check(check_id, level, **{"state": State.FAILED, "text": text} | changed)


def report(*checks, level="core", **changed):
    given = {"planned": len(checks), "command": "nnspec check mine.py"} | changed
    return Report("mine.py", level, list(checks), **given)


def blocks(made: Report) -> list[str]:
    return re.findall(r"^(?:failed|errored|blocked) .*(?:\n    .*)*", str(made), re.M)


def named(n, *hints):
    return WRONG.format(n, n, n) + "".join(hints).format(n) + END


def test_one_mistake_is_one_block_whatever_properties_it_breaks():
    made = report(
        failed("affine/agreement/odd/float32", named(5, M14)),
        failed("affine/agreement/odd/float64", named(5, M14)),
        failed("affine/gradient/distinct/float32", named(2, M14)),
        failed("affine/gradient/distinct/float64", named(2, M14)),
        failed("affine/gradient/one/float64", named(3, "\npattern: got / want is {} everywhere = N")),
        failed("affine/agreement/wide/float64", named(3)),
        failed("affine/law/linear/float64", "f(2x) = 2 f(x).\nleft side[0]: got 1, want 2, off by 1 = 9 budgets"),
    )
    (block,) = blocks(made)
    lines = block.splitlines()
    assert lines[0] == "failed affine/gradient/distinct/float64"  # gradient before agreement, float64 before float32
    assert lines[1] == "    mistake M14 not-divided: Divide the gradient by N."
    assert lines[2].startswith("    dx[0, 2]: got 2, want 1") and lines[4].startswith("    pattern: got / want is 2")
    assert lines[5] == "    and 6 more checks: gradient 2, agreement 3, law 1 (2 of them name no cause)"
    assert lines[6] == "    again: nnspec check mine.py --id affine/gradient/distinct/float64" and len(lines) == 7


def test_two_mistakes_of_one_output_are_two_blocks_and_what_names_neither_a_third():
    other = "\nmistake M50 not-reshaped: Reshape dx."
    made = report(
        failed("affine/gradient/distinct/float64", named(2, M14)),
        failed("affine/gradient/one/float64", named(2, other)),
        failed("affine/agreement/odd/float64", named(2)),
        failed("affine/agreement/odd/float32", named(7)),
    )
    assert [block.count("\n    mistake ") for block in blocks(made)] == [1, 1, 0]
    assert "and 1 more check: agreement 1" in blocks(made)[2]


@pytest.mark.parametrize(
    ("one", "two", "together"),
    [
        ("out[0]: got 1, want 2, off by 1 = 3 budgets", "out[1, 3]: got -1e-5, want nan, off by 1 = 3 budgets", True),
        ("out[0]: got 1, want 2, off by 1 = 3 budgets", "dx[0]: got 1, want 2, off by 1 = 3 budgets", False),
        ("out: got shape (2, 3), want (3, 2)", "out: got shape (4,), want (4, 1)", True),
        ("out: got shape (2, 3), want (3, 2)", "out: got 3, want 2, off by 1 = 3 budgets", False),
        ("raised ValueError: 3 (mine.py:4, in f)", "raised ValueError: 77 is bad (mine.py:4, in f)", True),
        ("raised ValueError: 3 (mine.py:4, in f)", "raised ValueError: 3 (mine.py:5, in f)", False),
        ("one: want an error that names 'x', got an answer", "two: want an error that names 'w', got an answer", True),
        ("one: want an error that names 'x', got an answer", "two: refused, but does not name 'x': 9", False),
        ("out is float64, but the inputs are float32", "the call wrote to its inputs", False),
        ("it crashed\nprinted: a", "it crashed\nprinted: b", True),
    ],
)
def test_failures_that_name_nothing_are_told_together_if_they_say_the_same(one, two, together):
    made = report(failed("affine/value/one/float64", one), failed("affine/errors/two/float64", two))
    assert len(blocks(made)) == 2 - together


def test_every_failing_concept_has_a_block_and_the_rest_is_counted_with_its_command():
    concepts, texts = ("affine", "relu", "tanh", "gelu"), [f"out {n * 'x'}" for n in range(9)]
    made = report(*(failed(f"{name}/value/{len(text)}/float64", text) for name in concepts for text in texts))
    told = [block.split("/")[0] for block in blocks(made)]
    assert told == [f"failed {name}" for name in concepts for _ in range(SHOWN // len(concepts))]
    hidden = r"^6 failures of 6 more causes in (\w+): nnspec check mine.py --concept \1 -v$"
    assert re.findall(hidden, str(made), re.M) == list(concepts)
    many = [name for name in catalogue.concepts() if name not in concepts][: SHOWN + 3]
    assert len(blocks(report(*(failed(f"{name}/value/one/float64") for name in many)))) == len(many)


def test_advice_is_told_only_where_nothing_else_is_wrong():
    advice = failed("relu/purity/no aliases/float64", "out shares memory with x", "robust")
    (block,) = blocks(report(advice, Check("relu/value/one/float64", "core")))
    assert block.startswith("failed advice: relu/purity/no aliases/float64")
    made = report(advice, failed("relu/value/one/float64"), selected=["relu"])
    assert len(blocks(made)) == 1
    command = "nnspec check mine.py --concept relu --level robust"
    assert f"1 failure above level core, which is advice: {command}\n" in str(made)


def test_the_closer_look_shows_formula_and_budget_and_what_was_printed():
    made = report(failed("relu/value/one/float64", named(2) + "\nprinted: here\n  and there\nx = [[1 2]\n [3 4]]"))
    to = Console(file=io.StringIO(), width=120)
    show(made, to, verbose=True)
    text = to.file.getvalue()
    assert "    budget here: 32 x" in text and "    formula: out = x w + b." in text and "formula" not in str(made)
    for either in (text, str(made)):
        assert "    printed: here\n      and there\n    x = [[1 2]\n     [3 4]]\n" in either


def test_what_was_not_run_is_neither_bad_nor_missing():
    bad, above = failed("relu/value/one/float64"), Check("relu/purity/no aliases/float64", "robust", State.NOT_RUN)
    made = report(bad, above)
    assert made.exit_code == 1 and "1 of 2 planned checks ran" in str(made)
    assert re.search(r"^relu +1 failed +not run \(core fails\)", str(made), re.M)
    passed = report(Check("relu/value/one/float64", "core"), above)
    assert passed.exit_code == 0 and report(above, level="robust").exit_code == 2
    assert report(Check("relu/value/one/float64", "core"), planned=2).exit_code == 2
    assert report(bad, planned=2, stopped=True).exit_code == 1


def test_a_variant_is_told_once_for_each_part():
    follows = {"follows": "eps-hat: Kingma and Ba 2015, end of section 2"}
    made = report(*(Check(f"adam/value/{case}/float64", "core", **follows) for case in ("one", "distinct")))
    assert str(made).count("adam follows eps-hat: Kingma and Ba 2015, end of section 2\n") == 1


def test_the_notebook_has_one_table_whose_text_is_safe():
    made = report(failed("relu/value/one/float64", "out is <b>wrong</b> & more"), partly={"relu": ["no relu_backward"]})
    html = made._repr_html_()
    assert html.count("<table") == 1 and html.count("<tr>") == 2 and "<td" in html
    assert "out is &lt;b&gt;wrong&lt;/b&gt; &amp; more" in html and "<details open><summary>failed relu/value" in html
    assert "relu (partly)" in html and "relu: partly, no relu_backward" in html
    assert "again: nnspec check mine.py --id relu/value/one/float64" in html
    made.command, made.backend = "", "Mine"
    assert "again: nnspec.check(Mine, ids=[&#x27;relu/value/one/float64&#x27;])" in made._repr_html_()


def test_what_a_save_concerns(write):
    before = """
        from numpy import exp
        SCALE = 2
        def _scaled(x): return SCALE * x
        def relu_forward(x): return x
        class Mine:
            def affine_forward(x, w, b): return _scaled(x)
            def tanh_forward(x): return exp(x)
        """
    path = write("mine.py", before)
    old = _read([path])
    for changed, concerned in [
        (("SCALE = 2", "SCALE = 3"), ["affine"]),
        (("_scaled(x): return SCALE", "_scaled(x): return 2 + SCALE"), ["affine"]),
        (("return exp(x)", "return exp(-x)"), ["tanh"]),
        (("import exp", "import exp2 as exp"), ["tanh"]),
        (("def relu_forward(x): return x", "'''A docstring.'''"), ["relu"]),
        (("SCALE = 2", "SCALE = 2  # a comment"), []),
        (("SCALE = 2", "SCALE = 2\n        print(SCALE)"), None),
        (("SCALE = 2", "SCALE = 2\n        dtypes = ('float32',)"), None),
        (("SCALE = 2", "SCALE = "), None),
    ]:
        assert (
            _concerned(Name.read("mine.py"), old, _read([write("mine.py", before.replace(*changed))])) == concerned
        ), changed
    assert _concerned(Name.read("cs231n:mine"), old, old) is None
