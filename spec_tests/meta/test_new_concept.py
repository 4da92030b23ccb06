"""A new concept: `nnspec new-concept` writes what its kind obliges to, and the check leads through what is open."""

import json
import re
import shutil
from pathlib import Path

import pytest

import nnspec
from nnspec.concepts import catalogue
from nnspec.contributing import questions
from nnspec.contributing.kinds import FORMULAS, KINDS, TEMPLATES, camel
from nnspec.contributing.numbers import next_numbers
from nnspec.spec_tests import _kinds
from nnspec.spec_tests._spec import Spec
from nnspec.spec_tests.meta.test_packaging import MAPPED

ROOT = Path(nnspec.__file__).parent.parent
FOLDERS = ("nnspec", "reference", "accelerated", "spec_tests", "benchmarks")
LONG = "concept_" + "x" * 32  # as long as a name may be, so that the templates' lines are as long as they can be
pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="only a checkout takes new files")

RUN = """
import json, sys
from click.testing import CliRunner
from nnspec.cli import main
done = [CliRunner().invoke(main, arguments) for arguments in json.loads(sys.argv[1])]
print(json.dumps([[one.exit_code, one.output] for one in done]))
"""


WRITTEN_ANEW = ("softplus", "mish", "hardtanh", "gates", "unbroadcast")  # concepts, and who needs them


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The checkout, at whose folders every process that starts in it looks first, without what is written anew here."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in root.glob("*/**/n05_*/*"):
        if re.fullmatch(rf"(\w+_)?({'|'.join(WRITTEN_ANEW)})\.(py|toml)", file.name):
            file.unlink()
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "sitecustomize.py").write_text(MAPPED, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def run(copy, python):
    """Runs command lines in one process: run(["list"], …) -> (exit code, output) of each."""

    def run(*command_lines):
        done = python("-c", RUN, json.dumps(command_lines), cwd=copy, PYTHONPATH=copy, COLUMNS=200)
        assert done.returncode == 0, done.stdout + done.stderr
        return [(code, output) for code, output in json.loads(done.stdout.splitlines()[-1])]

    return run


def name_of(kind: str) -> str:
    return f"new_{kind.replace('-', '_')}"


@pytest.fixture(scope="module")
def written(run):
    """The files of a new concept of each kind, by its kind; of those of a formula and of the longest name as well."""
    asked = {kind: [name_of(kind)] for kind in KINDS}
    asked |= {f"{kind} formula": [f"{name_of(kind)}_formula", "--formula"] for kind in FORMULAS}
    asked |= {f"{kind} long": [LONG[: -len(kind)] + kind.replace("-", "x")] for kind in KINDS}
    lines = [["new-concept", *words, "--kind", which.split()[0], "--note", "8"] for which, words in asked.items()]
    done = dict(zip(asked, run(*lines), strict=True))
    assert all(code == 0 for code, _ in done.values()), done
    return {which: output.split("\n\n")[0].splitlines() for which, (_, output) in done.items()}


def test_every_kind_of_the_specification_has_templates():
    of_the_specification = {name for name in _kinds.__all__ if issubclass_of_spec(getattr(_kinds, name))}
    with_a_dict = {"ParamsBlock"}  # a block, too: `basic_block` is the example to copy
    assert {camel(kind.replace("-", "_")) for kind in KINDS} == {*of_the_specification, "Block"} - with_a_dict
    assert all((TEMPLATES / f"{target}.py").exists() for target in catalogue.TWINS)


def issubclass_of_spec(entry) -> bool:
    return isinstance(entry, type) and issubclass(entry, Spec)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_the_files_that_contributing_names(written, kind):
    """Those of the table, and in the folder of its note."""
    row = next(line for line in table() if kind in line[0].split(", "))
    folders = ("reference", "accelerated/cpu", "accelerated/torch", "benchmarks")
    obliged = {folder for folder, cell in zip(folders, row[1:], strict=True) if cell.startswith("obligatory")}
    obliged |= {"spec_tests"} | ({"accelerated/cuda"} if "accelerated/cpu" in obliged else set())
    assert {file.rpartition("/n08_training/")[0] for file in written[kind]} == obliged
    if kind in FORMULAS:
        shared = {folder.replace("cuda", "formulas") for folder in obliged if folder != "accelerated/cpu"}
        assert {file.rpartition("/n08_training/")[0] for file in written[f"{kind} formula"]} == shared
    assert ("once for both" in row[2]) == (kind in FORMULAS)


def table() -> list[list[str]]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.search(r"^\| kind \(`--kind`\).*?\n\n", text, re.MULTILINE | re.DOTALL)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in rows if row]


def test_what_is_written_is_formatted(copy, written, python):
    files = [file for of_one in written.values() for file in of_one]
    for command in (["check"], ["format", "--check"]):
        done = python("-m", "ruff", *command, *files, cwd=copy)
        if "No module named ruff" in done.stderr:
            pytest.skip("ruff is for development: pip install -e '.[dev]'")
        assert done.returncode == 0, done.stdout


def test_it_is_in_the_catalogue_and_the_check_tells_what_to_write_first(written, run):
    names = [name_of(kind) for kind in KINDS]
    checks = [["check", "reference", "--concept", name] for name in names]
    explained = [["explain", name] for name in names]
    (_, listed), *done = run(["list", "--note", "8"], *checks, *explained)
    assert set(names) <= {line.split()[1] for line in listed.splitlines() if line.startswith("08")}
    for name, (code, said) in zip(names, done, strict=False):
        assert code == 2 and said.startswith(f"nnspec: {name} is still to be written, ") and said.count("\n") == 1
        assert f" questions are open. Next: reference/n08_training/{name}.py:1: Whose is it: " in said
    for name, (code, said) in zip(names, done[len(names) :], strict=True):
        assert code == 0 and f"{name}    rows" in said and "[? What to do instead" in said, said


# In the order of the questions; an answer of several lines replaces the whole statement.
SOFTPLUS = {
    "reference/n05_backpropagation/softplus.py": (
        "Glorot et al. 2011, section 3.",
        "out = log(1 + e^x)        dout/dx = sigmoid(x)",
        "x, out: any shape, entry by entry",
        "It is smooth, and never 0.",
        "return np.logaddexp(x, 0), (x,)",
        "(x,) = cache\n    return dout * np.exp(x - np.logaddexp(x, 0))",
    ),
    "spec_tests/n05_backpropagation/test_softplus.py": (
        "out = log(1 + e^x). Glorot et al. 2011.",
        "return log(1 + exp(x))",
        "softplus(x) - softplus(-x) = x.",
        "x = problem.inputs['x']\n        return run(x=x)['out'] - run(x=-x)['out'], x",
        "extremes = (Case('huge', inputs={'x': [[500.0, -500.0]]}),)",
        "Multiply by dout, which comes from above.",
        "return softplus_backward(np.ones_like(dout), cache)",
    ),
    "accelerated/formulas/n05_backpropagation/softplus.py": (
        "One pass over the elements.",
        "return max(x, like(x, 0)) + log1p(exp(-abs(x)))",
        "return dout * sigmoid(x)",
    ),
}
IMPORTS = {
    "reference/n05_backpropagation/softplus.py": "import numpy as np\n",
    "spec_tests/n05_backpropagation/test_softplus.py": "import numpy as np\n"
    "from nnspec.reference import softplus_backward\n"
    "from nnspec.spec_tests._kinds import Case\n"
    "from nnspec.spec_tests._truth import exp, log\n",
    "accelerated/formulas/n05_backpropagation/softplus.py": "from .._formula import exp, like, log1p, sigmoid\n",
}
OPEN = re.compile(r'raise NotImplementedError\("\[\? .+? \?\]"\)|(# )?\[\? .+? \?\]', re.DOTALL)


def test_a_formula_that_is_filled_in_passes(copy, run):
    """The check leads from file to file, and what is left open elsewhere does not hold it up."""
    check = {backend: ["check", backend, "--concept", "softplus"] for backend in ("reference", "cpu")}
    (code, _), (_, asked) = run(
        ["new-concept", "softplus", "--kind", "layer", "--formula", "--row", "05.09"], check["reference"]
    )
    assert code == 0 and "Next: reference/" in asked
    for (file, answers), following in zip(SOFTPLUS.items(), (*list(SOFTPLUS)[1:], None), strict=True):
        text, given = (copy / file).read_text(encoding="utf-8"), iter(answers)
        assert len(OPEN.findall(text)) == len(answers)
        text = OPEN.sub(lambda _, given=given: next(given), text).replace("self, *inputs", "self, x")
        (copy / file).write_text(text.replace('"""\n\nfrom', f'"""\n\n{IMPORTS[file]}from', 1), encoding="utf-8")
        if following:
            (_, asked), *_ = run(check["cpu"])
            assert f"Next: {following}:" in asked, asked
    (code, said), (of_cpu, said_of_cpu), (_, mistakes) = run(
        check["reference"], check["cpu"], ["mistakes", "--concept", "softplus"]
    )
    assert code == 0 and "passed at level strict: 1 of 1 concepts" in said, said
    assert of_cpu == 0 and "passed at level strict: 1 of 1 concepts" in said_of_cpu, said_of_cpu
    assert "1 mistakes, 1 rejected" in mistakes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("relu --kind layer --note 5", "there is a concept relu already"),
        ("knn_vote --kind function --note 1", "there is a function knn_vote already, of the concept knn"),
        ("class --kind layer --note 5", "no word of Python's"),
        ("2d --kind layer --note 5", "small_letters"),
        ("Softplus --kind layer --note 5", "small_letters"),
        ("a_gate --kind layer --note 5", "call it agate"),
        ("x" * 41 + " --kind layer --note 5", "at most 40"),
        ("gate --kind layer --note 11", "the course has no note 11"),
        ("gate --kind layer", "say which --note"),
        ("gate --kind layer --row 05.02", "row 05.02 is covered by relu"),
        ("gate --kind layer --row 05.99", "the course has no row 05.99"),
        ("gate --kind layer --row five", "the course has no row five"),
        ("gate --kind layer --note 4 --row 05.11", "rows and note must be of one note"),
        ("gate --kind loss --note 2 --formula", "a loss is no scalar formula"),
        ('gate --kind layer --note 5 --title "A"', "without quotes"),
        ("gate --kind gate --note 5", "Invalid value for '--kind'"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(copy, refused, words, said):
    code, output = refused[words]
    assert code == 2 and said in output
    assert "Usage" in output or len(output.splitlines()) == 1


@pytest.fixture(scope="module")
def refused(copy, run, request):
    """What was said to all that is to be refused, none of which may leave a file."""
    (marked,) = (m for m in test_what_cannot_be_written_is_refused_in_one_line.pytestmark if m.name == "parametrize")
    asked = [words for words, _ in marked.args[1]]
    before = set(copy.rglob("*.py"))
    done = dict(zip(asked, run(*(["new-concept", *words.split(" ")] for words in asked)), strict=True))
    assert set(copy.rglob("*.py")) == before
    return done


def test_nothing_is_overwritten(copy, run):
    """What one folder has of a concept is enough to make it known."""
    spare = copy / "spec_tests" / "n05_backpropagation" / "test_spare.py"
    spare.write_text("# mine\n", encoding="utf-8")
    ((code, said),) = run(["new-concept", "spare", "--kind", "layer", "--note", "5"])
    assert code == 2 and "there is a concept spare already" in said and spare.read_text(encoding="utf-8") == "# mine\n"
    spare.unlink()


def test_the_rows_of_the_course_give_title_and_note(copy, run):
    ((code, said),) = run(["new-concept", "gates", "--kind", "layer", "--row", "05.11", "--row", "05.12"])
    assert code == 0, said
    reference, spec, *_ = ((copy / file).read_text(encoding="utf-8") for file in said.split("\n\n")[0].splitlines())
    assert reference.startswith('"""Elementary gates: add, mul, max, copy. [?')
    assert 'rows = ("05.11", "05.12")' in spec


def test_a_note_that_the_course_has_gets_its_folder(copy, run):
    inventory = copy / "nnspec" / "concepts" / "inventory.txt"
    before = inventory.read_text(encoding="utf-8")
    inventory.write_text(before + "11.01 must Diffusion\n", encoding="utf-8")
    words = ["new-concept", "diffusion", "--kind", "layer", "--row", "11.01"]
    (without, said), (with_it, files) = run(words, [*words, "--note-title", "generation"])
    inventory.write_text(before, encoding="utf-8")
    assert without == 2 and "--note-title" in said
    assert with_it == 0 and "accelerated/cuda/n11_generation/diffusion.py" in files


def test_an_installed_package_says_that_it_takes_a_checkout(copy, python, tmp_path):
    shutil.copytree(copy / "nnspec", tmp_path / "nnspec")
    for folder in FOLDERS[1:]:
        shutil.copytree(ROOT / folder, tmp_path / "nnspec" / folder, ignore=shutil.ignore_patterns("__pycache__"))
    done = python("-m", "nnspec", "new-concept", "gate", "--kind", "layer", "--note", "5", cwd=tmp_path)
    assert done.returncode == 2 and f"installed in {tmp_path / 'nnspec'}" in done.stderr, done.stderr
    assert "written into a checkout" in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_next_number_is_beyond_all_that_were_given_out(run):
    specs = [spec for concept in catalogue.concepts().values() for spec in catalogue.specs_of(concept)]
    known = {mistake.id.split()[0] for spec in specs for mistake in spec.mistakes()}
    highest = max(int(number[1:]) for number in known if number[0] == "N")
    assert next_numbers(2) == [f"N{highest + 1}", f"N{highest + 2}"]
    (_, first), *_, (_, last) = run(
        ["next-mistake"], ["new-concept", "counted", "--kind", "layer", "--note", "5"], ["next-mistake", "-n", "2"]
    )
    assert [int(line[1:]) - int(first[1:]) for line in last.split()] == [1, 2]


def test_what_cannot_be_parsed_is_named_before_a_check(copy, run):
    broken = copy / "reference" / "n05_backpropagation" / "broken.py"
    broken.write_text("\ndef broken_forward(x)\n", encoding="utf-8")
    ((code, said),) = run(["check", "reference", "--concept", "relu"])
    broken.unlink()
    assert code == 2 and said == "nnspec: reference/n05_backpropagation/broken.py:2: expected ':'\n"


def test_no_question_is_open_in_the_tree():
    """A concept is whole before it lands: its benchmark, too, which no check asks for."""
    assert [str(one) for c in catalogue.concepts().values() for one in questions.of_concept(c)] == []


def test_a_specification_that_cannot_be_imported_is_named(copy, run):
    """It was told as an interruption, which is what pytest's exit code says."""
    spec = copy / "spec_tests" / "n05_backpropagation" / "test_relu.py"
    before = spec.read_text(encoding="utf-8")
    spec.write_text(before.replace("(Layer)", "(Lair)"), encoding="utf-8")
    ((code, said),) = run(["check", "reference", "--id", "relu/value/distinct/float64"])
    spec.write_text(before, encoding="utf-8")
    assert code == 2 and "test_relu.py cannot be imported: NameError: name 'Lair' is not defined" in said
