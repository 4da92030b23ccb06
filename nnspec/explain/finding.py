"""What a word may mean: a concept, one of its functions, or whatever has the word in it."""

import ast
import re

from nnspec.common import Unusable
from nnspec.concepts import catalogue
from nnspec.concepts.catalogue import Concept


def found(word: str) -> tuple[list[Concept], dict[str, str]]:
    """The concepts that are called so, and those that only speak of it, by name with the line where they do.

    An exact name means one concept, that of a function the one it belongs to. Raises Unusable where nothing fits.
    """
    known = catalogue.concepts()
    if word in known:
        return [known[word]], {}
    if owner := catalogue.concept_of(word):
        return [known[owner]], {}
    wanted = _plain(word)
    if so_written := [concept for name, concept in known.items() if _plain(name) == wanted]:
        return so_written, {}
    called = [concept for concept in known.values() if wanted and _is_called(concept, wanted)]
    spoken = {c.name: line for c in known.values() if c not in called and (line := _line_with(c, word))}
    if not called and not (spoken and len(wanted) > 2):
        catalogue.select([word])  # which says that there is none, and what may have been meant
    return called, spoken


def the_one(word: str) -> Concept:
    """The concept that is meant. Raises Unusable if it may be several."""
    called, spoken = found(word)
    if len(called) == 1:
        return called[0]
    names = ", ".join([concept.name for concept in called] or spoken)
    raise Unusable(f"{word} may be {names}: say which")


def _plain(text: str) -> str:
    """Without what people write now so, now so: `batch norm`, batch-norm and batchnorm."""
    return re.sub(r"[\s_-]", "", text).casefold()


def _is_called(concept: Concept, wanted: str) -> bool:
    return any(wanted in _plain(text) for text in (concept.name, concept.title, *concept.functions))


def _line_with(concept: Concept, word: str) -> str:
    """The first formula or line of the reference's text that has the word, at the beginning of a word."""
    if "reference" not in concept.files:
        return ""
    text = ast.get_docstring(ast.parse(concept.files["reference"].read_text(encoding="utf-8"))) or ""
    pattern = re.compile(rf"(?<![^\W_]){re.escape(word)}", re.IGNORECASE)
    formulas = [part.strip() for line in text.splitlines() for part in re.split(r" {4,}", line)]
    return next((formula for formula in formulas if pattern.search(formula)), "")
