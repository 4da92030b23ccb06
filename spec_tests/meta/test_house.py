"""The house: a spec reads in the order in which a stranger asks, and its files are where the path says."""

import ast
import importlib
import inspect
import re
from pathlib import Path
from textwrap import dedent

import pytest

import nnspec
from nnspec.concepts import catalogue
from nnspec.concepts.collect import concept_files
from nnspec.spec_tests._cases import Case, Malformed
from nnspec.spec_tests._known import known_of

ROOT = Path(nnspec.__file__).parent.parent
SPECS = concept_files(ROOT / "spec_tests", "test_")
SIBLINGS = concept_files(ROOT / "spec_tests", "mistakes_")
ORDER = ("rows", "definition", "law_", "cases", "beyond", "extremes", "ties", "bad", "@mistake", "@variant")
NEAR, LONG = 30, 300  # lines
BY_HAND = {
    "accelerated": 1,
    "benchmarks": 1,
    "nnspec": 5,
    "reference": 1,
    "spec_tests": 8,
}  # how many `fmt: skip` there may be
BODY = 40  # lines
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def ids(path):
    return path.stem


def classes(path) -> list[ast.ClassDef]:
    return [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)]


def place(entry: ast.stmt) -> int | None:
    """Where in ORDER an entry of a class belongs, if that says anything of it."""
    if isinstance(entry, ast.Assign):
        name = ast.unparse(entry.targets[0])
    elif isinstance(entry, ast.FunctionDef):
        kinds = [f"@{ast.unparse(made.func)}" for made in entry.decorator_list if isinstance(made, ast.Call)]
        name = next((kind for kind in kinds if kind in ORDER), re.sub("^law_.*", "law_", entry.name))
    else:
        return None
    return ORDER.index(name) if name in ORDER else None


def lines_of_body(function) -> int:
    """Without the docstring, and without the functions inside, each of which has a body of its own."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    inner = [node for statement in body for node in ast.walk(statement) if isinstance(node, FUNCTION)]
    lines = {line for node in body[:1] for line in range(first_line(node), function.end_lineno + 1)}
    return len(lines.difference(*(range(first_line(node), node.end_lineno + 1) for node in inner)))


def first_line(node) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])


def lines_of_mistakes(path) -> int:
    entries = [entry for spec in classes(path) for entry in spec.body if place(entry) == ORDER.index("@mistake")]
    return sum(entry.end_lineno - entry.decorator_list[0].lineno + 1 for entry in entries)


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_a_spec_reads_in_the_order_a_stranger_asks(path):
    """rows, definition, laws, cases, extremes and ties, mistakes, variants."""
    for spec in classes(path):
        found = [place(entry) for entry in spec.body if place(entry) is not None]
        assert found == sorted(found), f"{spec.name} has {[ORDER[at] for at in found]}"


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_the_definition_stands_near_the_top(path):
    first, *others = classes(path)
    assert first.lineno <= NEAR, f"{first.name} begins in line {first.lineno}"
    for spec in (first, *others):
        begins = 1 if spec is first else spec.lineno
        for entry in spec.body:
            if place(entry) == ORDER.index("definition"):
                assert entry.lineno - begins < NEAR, f"{spec.name}.definition stands in line {entry.lineno}"


@pytest.mark.parametrize("path", SPECS, ids=ids)
def test_many_mistakes_stand_beside_the_spec(path):
    """Where they are more than half of a file, or make it long."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    taken = lines_of_mistakes(path)
    few = 2 * taken <= lines <= LONG or not taken
    assert few, f"{taken} of {lines} lines: move them to {path.name.replace('test_', 'mistakes_')}"


@pytest.mark.parametrize("path", SIBLINGS, ids=ids)
def test_the_mistakes_of_a_sibling_belong_to_a_spec_beside_it(path):
    """A class that no spec is named after would never be found."""
    concept = path.stem.removeprefix("mistakes_")
    module = importlib.import_module(f"nnspec.spec_tests.{path.parent.name}.mistakes_{concept}")
    holders = {name: held for name, held in vars(module).items() if name.startswith("MistakesOf")}
    specs = {spec.__name__.replace("Test", "MistakesOf", 1): spec for spec in catalogue.specs_of(_concept(concept))}
    assert holders and holders.keys() <= specs.keys()
    for name, held in holders.items():
        assert all(known in known_of(specs[name]) for known in vars(held).values() if hasattr(known, "replaces"))


def _concept(name: str) -> catalogue.Concept:
    (concept,) = catalogue.select([name])
    return concept


def test_every_mistake_says_what_to_do_and_every_variant_how_it_differs():
    for spec in (spec for concept in catalogue.concepts().values() for spec in catalogue.specs_of(concept)):
        for known in known_of(spec):
            said = getattr(known, "hint", "") or getattr(known, "says", "")
            assert said and "\n" not in said, f"{spec.__name__}: {known.id}"


def test_hints_do_not_go_with_the_docstrings_of_python_OO(python):
    """Of a plain function and of one that another decorator made."""
    code = (
        "from nnspec.spec_tests.n05_backpropagation.test_relu import TestRelu\n"
        "from nnspec.spec_tests.n08_training.test_trainer import TestTrain\n"
        "print([known.hint for spec in (TestRelu, TestTrain) for known in spec.mistakes()])"
    )
    with_them, without = (python(*flags, "-c", code) for flags in ((), ("-OO",)))
    assert with_them.stdout == without.stdout and "the mask is x > 0" in without.stdout, without.stderr


def test_a_keyword_of_a_case_is_a_size_or_an_option():
    case = Case("summed", {"batch": (2,)}, N=0, reduction="sum", inputs={"y": [1]}, value_only=True)
    assert (case.dims, case.options) == ({"batch": (2,), "N": 0}, {"reduction": "sum"})
    assert case == Case("summed", {"batch": (2,), "N": 0}, {"reduction": "sum"}, {"y": [1]}, value_only=True)
    assert Malformed("no rows", "y", N=0, reduction="mean").case == Case("", {"N": 0}, {"reduction": "mean"})
    assert not case.is_plain and Case("plain").is_plain and not inspect.signature(Case).parameters["dims"].default


@pytest.mark.parametrize("folder", BY_HAND)
def test_hardly_anything_is_laid_out_by_hand(folder):
    """What the formatter makes of a line is mostly good enough, and a shorter line is better."""
    marks = [f"# fmt: {word}" for word in ("skip", "off")]
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob("*.py")}
    found = {path: sum(map(text.count, marks)) for path, text in texts.items()}
    assert sum(found.values()) <= BY_HAND[folder], {str(path.relative_to(ROOT)): n for path, n in found.items() if n}


@pytest.mark.parametrize("folder", BY_HAND)
def test_no_body_is_long(folder):
    """A part of it that has a name of its own tells more than the lines do."""
    longer = {}
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, FUNCTION) and lines_of_body(node) > BODY:
                longer[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = lines_of_body(node)
    assert not longer


def test_what_counts_for_itself_is_no_line_of_a_body():
    """The docstring, functions inside, and methods of a class inside; comments and empty lines do count."""
    code = """
    def outer():
        '''Said
        in two lines.'''

        first = 1
        # why

        @decorated
        def inner():
            return first

        class Held:
            def method(self):
                return inner
        return Held
    """
    lengths = {
        node.name: lines_of_body(node) for node in ast.walk(ast.parse(dedent(code))) if isinstance(node, FUNCTION)
    }
    assert lengths == {"outer": 6, "inner": 1, "method": 1}


def test_every_row_is_one_of_the_inventory():
    numbers = [row.number for row in catalogue.inventory()]
    assert numbers == sorted(set(numbers)) and {row.needed for row in catalogue.inventory()} == {"must", "nice"}
    assert [row for concept in catalogue.concepts().values() for row in concept.rows if row not in numbers] == []


def test_what_is_missing_is_listed(nnspec):
    """Of a note as many as no concept covers, and of a note that is whole none."""
    covered = {row for concept in catalogue.concepts().values() for row in concept.rows}
    missing = {row.number for row in catalogue.inventory()} - covered
    notes, lacking = {row.number[:2] for row in catalogue.inventory()}, {number[:2] for number in missing}
    for note in {min(lacking, default=min(notes)), min(notes - lacking, default=min(notes))}:
        lines = nnspec("list", "--missing", "--note", str(int(note))).stdout.splitlines()
        wanted = {number for number in missing if number.startswith(f"{note}.")}
        assert {line[:5] for line in lines[:-1] if line} == wanted
        assert lines[-1].startswith(f"{len(wanted)} of ")
