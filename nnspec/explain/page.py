"""One concept on a screen or two: what it is, how it is called, its gradient line by line, and what goes wrong."""

import ast
import inspect
import textwrap

from nnspec.common import checkout
from nnspec.concepts import catalogue
from nnspec.concepts.catalogue import Concept
from nnspec.explain.words import arguments, first_sentence, packed, public, returned, signature

LINES, BYTES = 90, 7500  # of a page: what does not fit is counted, and shown when it is asked for
GRADIENT = 34  # lines of it at most


class Page:
    """Lines of text with headings, which are bold on a terminal. `room` is what is left of it."""

    def __init__(self, lines: int = LINES, size: int = BYTES):
        self.lines, self.size = lines, size
        self.text: list[str] = []
        self.headings: set[int] = set()

    def heading(self, text: str):
        self.headings.add(len(self.text))
        self.text.append(text)

    def add(self, lines):
        self.text += lines

    def section(self, heading: str, lines: list[str]):
        if lines:
            self.add([""] * bool(self.text))
            self.heading(heading)
            self.add(lines)

    @property
    def room(self) -> tuple[int, int]:
        return self.lines - len(self.text), self.size - len("\n".join(self.text).encode()) - 1

    def __str__(self):
        return "\n".join(self.text)


def page(concept: Concept) -> Page:
    """All that teaches a concept. The text of the reference comes first, because it says what the concept is."""
    made, specs = Page(), catalogue.specs_of(concept)
    made.heading(f"{concept.name}    rows {', '.join(concept.rows)}    {where(concept)}")
    made.add([""])
    made.add(text_of(concept).splitlines())
    made.section("functions", _functions(concept, specs))
    for heading, lines in _gradients(specs):
        made.section(heading, lines)
    made.section("definition, without a gradient", _definitions(specs))
    footer = _footer(concept.name)
    made.lines, made.size = made.lines - 2, made.size - len(footer.encode()) - 2
    variants = dict.fromkeys(f"{v.id}: {v.says} {v.source}." for spec in specs for v in spec.variants())
    variants = [line for text in variants for line in packed([text], "", "  ")]
    made.section("variants, which are right as well", _fitting(variants, made, share=0.5))
    made.section(
        "pitfalls, by their number", _fitting(pitfalls(specs), made, more=f"explain {concept.name} --pitfalls")
    )
    made.section("what always holds", _fitting(_laws(specs), made))
    made.add(["", footer])
    return made


def text_of(concept: Concept) -> str:
    """The docstring of the reference."""
    if "reference" not in concept.files:
        return concept.title
    return ast.get_docstring(ast.parse(concept.files["reference"].read_text(encoding="utf-8"))) or concept.title


def where(concept: Concept) -> str:
    """The file of the reference, from the folder in which the package lies."""
    if "reference" not in concept.files:
        return "no reference yet"
    path, root = concept.files["reference"], checkout()
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def pitfalls(specs, *, full=False) -> list[str]:
    """The classic mistakes, those of the course's list first and conventions last; each hint once."""
    known = [(spec.part(), mistake) for spec in specs for mistake in spec.mistakes()]
    if full:
        return [f"  {part}: {mistake.id}: {mistake.hint}" for part, mistake in known]
    ordered = sorted(known, key=lambda entry: (entry[1].convention, not entry[1].id.startswith("M")))
    return list(dict.fromkeys(f"  {mistake.id.split()[0]:<5} {mistake.hint}" for _, mistake in ordered))


def _functions(concept: Concept, specs) -> list[str]:
    lines, said = [], set()
    for function in public(concept).values():
        back = returned(function, specs)
        lines += packed([signature(function) + (f" -> {back}" if back else "")], "", "  ")
        new = [text for text in arguments(function) if text not in said]
        said |= set(new)
        lines += packed(new, "; ", "      ")
        if function.__doc__:
            lines += packed([first_sentence(function.__doc__)], "", "      ")
    return lines


def _gradients(specs):
    """(heading, lines) for each function that has a gradient; one whose lines are those of another says only so."""
    from nnspec.explain.gradient import Gradient
    from nnspec.explain.lines import can_be_told, lines_of, smallest

    earlier, said, left = [], set(), GRADIENT
    for spec in (made() for made in _first_of_each(specs) if made().has_gradient):
        if not can_be_told(spec, smallest(spec)):
            continue
        gradient = Gradient(spec, lines_of(spec))
        again = next((other for other in earlier if gradient.repeats(other)), None)
        lines = _of_gradient(gradient, again)
        if (text := first_sentence(inspect.getdoc(spec.definition))) not in said:
            lines = [*packed([text], "", "  "), *lines]
        said.add(text)
        if gradient.shown and left > 0:
            yield f"gradient of {spec.part()}, line by line", lines if len(lines) <= left else [*lines[:left], "  …"]
        left -= len(lines)
        earlier += [] if again else [gradient]


def _of_gradient(gradient, again) -> list[str]:
    backward = gradient.chain(between_turns_only=again is not None)
    if again:
        lines = [f"  the lines of {again.spec.part()} again"]
        how = "  and between the turns of the loop (_1 is the first, _2 the next):"
    else:
        head = f"each line, below it its slope by what goes into it; {gradient.sizes()}:"
        lines = [*textwrap.wrap(head, 118, initial_indent="  ", subsequent_indent="  "), *gradient.told()]
        how = "  backward, upstream first:"
    if backward:
        lines += [how, *packed(backward, "    ", "    ")]
    if any(told.endswith("…") for told in backward):
        lines.append("  … stands for the same terms of the other rows")
    return lines


def _first_of_each(specs) -> list[type]:
    """One specification of each function: others judge it under other options."""
    defined = [spec for spec in specs if hasattr(spec, "definition")]
    return list({spec.op: spec for spec in reversed(defined)}.values())[::-1]


def _definitions(specs) -> list[str]:
    told = [
        (s.part(), first_sentence(inspect.getdoc(s.definition))) for s in _first_of_each(specs) if not s().has_gradient
    ]
    return [line for part, text in told if text for line in packed([f"{part}: {text}"], "", "  ")]


def _laws(specs) -> list[str]:
    laws = [getattr(spec, name) for spec in specs for name in dir(spec) if name.startswith("law_")]
    return list(dict.fromkeys(f"  {first_sentence(inspect.getdoc(law))}" for law in laws if law.__doc__))


def _fitting(lines: list[str], made: Page, *, share: float = 1.0, more: str = "") -> list[str]:
    """As many of these lines as there is room for, with a heading and a line between."""
    rows, size = (int(left * share) for left in made.room)
    rows, size, kept = rows - 3, size - 120, []
    for line in lines:
        size -= len(line.encode()) + 1
        if size < 0 or len(kept) >= rows:
            break
        kept.append(line)
    if len(kept) < len(lines) and more and kept:
        kept.append(f"  … and {len(lines) - len(kept)} more: nnspec {more}")
    return kept


def _footer(name: str) -> str:
    return f"nnspec explain {name} --example, --stub > mine.py, --code or --pitfalls; then nnspec check mine.py"
