"""Which checks are meant: concepts, notes and ids, as people type them, against what there is."""

from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase

from nnspec.common import DTYPES, Unusable
from nnspec.concepts import catalogue
from nnspec.contributing.questions import require_answers
from nnspec.spec_tests._levels import LEVEL_OF


@dataclass(frozen=True)
class Chosen:
    """What is to be run."""

    concepts: list[str]  # that were asked for; none: all
    missing: list[str]  # of these, those of which the backend has nothing: they need no asking
    files: list[str]  # of the specification
    ids: list[str]  # only these checks; none: all

    def require_known(self):
        """Raises Unusable for an id that is none."""
        _require_known(self.ids, self.concepts)


def choose(backend, concepts: list[str], notes: list[int], ids: list[str], dtype: str | None, failed) -> Chosen:
    """failed: the ids of what failed last, to be asked instead."""
    wanted = _concepts_of(ids) if ids else concepts
    if failed:
        ids = [check_id for check_id in failed if not concepts or check_id.split("/")[0] in concepts]
        wanted = sorted({check_id.split("/")[0] for check_id in ids}) or concepts
    require_answers(catalogue.select(wanted, notes), backend.name)
    files, missing = _files(wanted, notes, backend)
    ids = _whole_ids(ids, [name for name in wanted if name not in missing], dtype, lenient=bool(failed))
    asked = wanted or [concept.name for concept in catalogue.select(notes=notes)] * bool(notes)
    return Chosen(asked, missing, files, ids)


def several(given) -> list:
    """One, or several, as a list."""
    return [given] if isinstance(given, (str, int)) else list(given)


def _concepts_of(ids) -> list[str]:
    """The concepts that checks belong to. An id may be the beginning of one, or a glob."""
    wanted: dict[str, None] = {}
    for check_id in ids:
        concept, slash, _ = check_id.partition("/")
        found = [name for name in catalogue.concepts() if name == concept or fnmatchcase(name, concept)]
        found = found or [name for name in catalogue.concepts() if not slash and concept and name.startswith(concept)]
        wanted |= dict.fromkeys(found or [concept])  # an unknown one is told as such where concepts are selected
    return list(wanted)


def _whole_ids(ids, concepts, dtype, *, lenient: bool) -> list[str]:
    """The checks of these concepts that are meant. To know them all, their specifications are imported, which takes a
    second: what looks like a whole id is believed.

    lenient: an id that is no longer known is left out.
    """
    if lenient:
        return [check_id for check_id in _planned(concepts, dtype) if check_id in set(ids)]
    if not dtype and all(check_id.endswith(DTYPES) and not any(c in check_id for c in "*?[") for check_id in ids):
        return [check_id for check_id in ids if check_id.split("/")[0] in concepts]
    planned = _planned(concepts, dtype) if ids else []
    meant = {given: [i for i in planned if i == given or i.startswith(given) or fnmatchcase(i, given)] for given in ids}
    _require_known([given for given, found in meant.items() if not found], concepts, dtype)
    return list(dict.fromkeys(check_id for found in meant.values() for check_id in found))


def _require_known(ids, concepts, dtype=None):
    planned = _planned(concepts, dtype) if ids else []
    for check_id in ids:
        if check_id not in planned:
            close = get_close_matches(check_id, planned, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise Unusable(f"there is no check {check_id}{f' in {dtype}' if dtype else ''}{hint}")


def _planned(concepts, dtype=None) -> list[str]:
    """The ids of all checks of these concepts, as the plugin makes them."""
    made = []
    for spec in [spec for concept in catalogue.select(concepts) for spec in catalogue.specs_of(concept)]:
        part = "" if spec.part() == spec.concept() else f"{spec.part()}."
        for name in LEVEL_OF:
            planned = spec().plan(name, dtype)
            made += [f"{spec.concept()}/{part}{name}/{one.id}" for one in planned]
    return made


def _files(names, notes, backend) -> tuple[list[str], list[str]]:
    """The specifications that are asked, and the concepts of which the backend has nothing: they need no asking."""
    chosen = [concept for concept in catalogue.select(names, notes) if "spec" in concept.files]
    if not chosen:
        raise Unusable("nothing to check: no concept is selected")
    found = [concept for concept in chosen if _has_something_of(concept, backend)]
    asked = found or chosen
    missing = [concept.name for concept in chosen if concept not in asked]
    return [str(concept.files["spec"]) for concept in asked], missing


def _has_something_of(concept, backend) -> bool:
    """A function of its own, or all the parts of a composite that it inherits."""
    if any(backend.has(name) and not backend.inherits(name) for name in concept.functions):
        return True
    composites = [made() for made in catalogue.specs_of(concept)] if concept.composite else []
    return any(backend.inherits(spec.entry) and all(map(backend.has, spec.parts)) for spec in composites)
