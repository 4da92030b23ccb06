"""The files of a new concept. A template is Python in which stand-ins are replaced: `the_concept`, `TheConcept`, …

Which files a kind obliges to is not written down here: it has a reference and a specification in any case, the twins
that it does not inherit are those that the catalogue misses, and what takes no array costs nothing worth a benchmark.
"""

import ast
import keyword
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

from nnspec.common import Unusable
from nnspec.concepts import catalogue
from nnspec.contributing.kinds import FORMULAS, TEMPLATES, camel, class_of, template
from nnspec.contributing.numbers import next_numbers

WIDTH = 120
LONGEST = 40  # characters of a name: with more, lines of the templates would have to be broken


@dataclass(frozen=True)
class New:
    """A concept that is to be written."""

    name: str
    kind: str  # one of KINDS
    note: str  # its folder, nNN_title
    title: str
    rows: tuple[str, ...]
    formula: bool  # its twins are one scalar formula, for the CPU and for CUDA
    number: str  # of its first mistake


def planned(name: str, kind: str, *, note: int | None = None, note_title="", title="", rows=(), formula=False) -> New:
    """What is asked for, if it can be made. Raises Unusable with one line that says why not."""
    _checkout()
    if formula and kind not in FORMULAS:
        raise Unusable(f"a {kind} is no scalar formula of each entry: --formula is for {', '.join(FORMULAS)}")
    _require_free_rows(rows)
    _require_free_name(name)
    folder = _folder_of(_note_of(note, rows), note_title)
    titles = {row.number: row.title for row in catalogue.inventory()}
    title = title or (titles[rows[0]] if rows else name.replace("_", " ").capitalize())
    if re.search(r'["\\\n]', title):
        raise Unusable(f"a title stands in a docstring, without quotes and backslashes, got {title}")
    return New(name, kind, folder, title, tuple(rows), formula, *next_numbers(1))


def write(new: New) -> list[Path]:
    """Write its files, none of which may exist."""
    reference = _filled(template("reference", new.kind), new)
    written = [
        _write(new, "reference", reference),
        _write(new, "spec_tests", _with_mistake(_filled(_spec_template(new), new), reference), "test_"),
    ]
    if new.formula:
        written.append(_write(new, "accelerated/formulas", _filled(template("formula", new.kind), new)))
    for target in _lacking(new):
        text = _filled(TEMPLATES / f"{target}.py", new)
        text = _for_each_function(text, reference, forwards=target == "torch")
        written.append(_write(new, f"accelerated/{target}", text))
    if _takes_arrays(new):
        written.append(_write(new, "benchmarks", _filled(TEMPLATES / "bench.py", new), "bench_"))
    catalogue.concepts.cache_clear()
    return written


def _lacking(new: New) -> list[str]:
    """The twins that the catalogue misses, now that the reference is written: what is made of parts is inherited."""
    catalogue.concepts.cache_clear()
    concept = catalogue.concepts()[new.name]
    return [target for target in catalogue.TWINS if concept.mark(target) == "–"]


def _takes_arrays(new: New) -> bool:
    from nnspec.spec_tests._kinds import Procedure

    return not issubclass(class_of(new.kind), Procedure)


# -- what is refused -------------------------------------------------------------------------------------------------


def _checkout() -> Path:
    """The folder of the project. What is installed from a wheel has no place for files that anybody would keep."""
    root = catalogue.ROOT
    if not (root / "pyproject.toml").exists() or not (root / "reference").is_dir():
        raise Unusable(
            f"a new concept is written into a checkout, and this is the package installed in {root / 'nnspec'}: "
            "clone the project, and there pip install -e '.[dev]'"
        )
    return root


def _require_free_rows(rows):
    known = {row.number for row in catalogue.inventory()}
    owners = {row: concept.name for concept in catalogue.concepts().values() for row in concept.rows}
    for row in rows:
        if row not in known:
            raise Unusable(f"the course has no row {row}; `nnspec list --missing` shows those that are free")
        if row in owners:
            raise Unusable(
                f"row {row} is covered by {owners[row]}; `nnspec list --missing` shows those that are free. If it "
                "holds several concepts, leave --row out and write it into the specification"
            )


def _require_free_name(name: str):
    from nnspec.spec_tests._spec import Spec

    if not re.fullmatch(r"[a-z]\w*", name, re.ASCII) or keyword.iskeyword(name) or len(name) > LONGEST:
        raise Unusable(f"a name is in small_letters, at most {LONGEST}, and no word of Python's, got {name}")
    if (part := type(f"Test{camel(name)}", (Spec,), {}).part()) != name:
        raise Unusable(f"the class Test{camel(name)} would be taken for one of {part}, not of {name}: call it {part}")
    if name in catalogue.concepts():
        raise Unusable(f"there is a concept {name} already; `nnspec explain {name}` shows where")
    for function in (name, f"{name}_forward", f"{name}_loss", f"{name}_init"):
        if owner := catalogue.concept_of(function):
            raise Unusable(f"there is a function {function} already, of the concept {owner}")


def _note_of(note: int | None, rows) -> int:
    notes = {int(row.partition(".")[0]) for row in rows} | ({note} if note else set())
    if not notes:
        raise Unusable("say which --note it belongs to, or which --row of the course")
    if len(notes) > 1:
        raise Unusable(f"rows and note must be of one note, got {', '.join(map(str, sorted(notes)))}")
    return notes.pop()


def _folder_of(note: int, note_title: str) -> str:
    folders = {concept.number: concept.note for concept in catalogue.concepts().values()}
    if note in folders:
        return folders[note]
    if note not in (course := sorted({row.note for row in catalogue.inventory()})):
        raise Unusable(f"the course has no note {note}; its notes are {', '.join(map(str, course))}")
    if not re.fullmatch(r"[a-z]\w*", note_title, re.ASCII) or note_title != note_title.lower():
        raise Unusable(f"note {note} has no folder yet: say by --note-title, in small_letters, what it is about")
    return f"n{note:02}_{note_title}"


# -- what is written -------------------------------------------------------------------------------------------------


def _write(new: New, folder: str, text: str, prefix: str = "") -> Path:
    path = _checkout() / folder / new.note / f"{prefix}{new.name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:  # which refuses what exists
        file.write(text)
    return path


def _spec_template(new: New) -> Path:
    own = template("spec", new.kind)
    return own if own.exists() else template("spec", "defined")


def _filled(path: Path, new: New) -> str:
    rows = ", ".join(f'"{row}"' for row in new.rows) + "," * (len(new.rows) == 1)
    stand_ins = {
        '"00.00",': rows,
        "N000": new.number,
        "n00_note": new.note,
        "Kind": class_of(new.kind).__name__,
        "TheConcept": camel(new.name),
        "the_concept": new.name,
        "The title": new.title,  # the last one: it may have any of the others in it
    }
    text = path.read_text(encoding="utf-8")
    for stand_in, value in stand_ins.items():
        text = text.replace(stand_in, value)
    first, blank, rest = text.partition("\n\n")
    return textwrap.fill(first, WIDTH, break_long_words=False, break_on_hyphens=False) + blank + rest


def _functions(reference: str) -> list[tuple[str, str]]:
    """(name, arguments) of each function, without annotations and without the parts of a composite."""
    found = []
    for node in ast.parse(reference).body:
        if isinstance(node, ast.FunctionDef):
            for argument in (*node.args.args, *node.args.kwonlyargs):
                argument.annotation = None
            arguments = re.sub(r"(, \*)?, ops=None$", "", ast.unparse(node.args))
            found.append((node.name, arguments.replace("'", '"')))
    return found


def _with_mistake(spec: str, reference: str) -> str:
    """The first mistake is one of the last function: in a backward most are made."""
    name, arguments = _functions(reference)[-1]
    return spec.replace("the_function", name).replace("the_arguments", arguments)


def _for_each_function(text: str, reference: str, *, forwards: bool) -> str:
    """The functions of the reference, each as the template has one. forwards: their backwards are derived."""
    head, blank, function = text.partition("\n\n\n")
    made = [
        function.replace("the_function", name).replace("the_arguments", arguments)
        for name, arguments in _functions(reference)
        if not (forwards and name.endswith("_backward"))
    ]
    return head + blank + "\n\n".join(made)
