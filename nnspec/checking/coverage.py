"""What the names in a namespace tell: concepts that are there in part, composed ones, and misspelt names."""

from collections import Counter

from nnspec import reference
from nnspec.backends.near_names import near_names
from nnspec.checking.results import Results, State
from nnspec.concepts import catalogue


def tell_of_names(report: Results, backend):
    """What the names in the namespace tell: concepts that are there in part, composed ones, and misspelt names."""
    asked = [c for c in catalogue.concepts().values() if not report.selected or c.name in report.selected]
    functions = {name for concept in asked for name in concept.functions}
    report.near = {near: meant for near, meant in near_names(backend.namespace).items() if meant in functions}
    report.partly = {
        c.name: lacking
        for c in asked
        if (lacking := _lacking(c, backend, report.near) or _without_gradients(c, backend, report))
    }
    report.composed = [concept.name for concept in asked if _is_composed(concept, backend)]


def _lacking(concept, backend, near: dict[str, str]) -> list[str]:
    """The forwards without which a backward stands there, and the backwards that a forward lacks."""
    told = []
    for name in concept.functions:
        stem = name.removesuffix("_forward").removesuffix("_backward")
        pair = [other for other in (stem, f"{stem}_forward", f"{stem}_backward") if other in concept.functions]
        if len(pair) == 2 and not backend.has(name) and any(map(backend.has, pair)):
            hints = [f" (it has {other}: did you mean {name}?)" for other, meant in near.items() if meant == name]
            told.append(f"no {name}{''.join(hints)}")
    return told


def _without_gradients(concept, backend, report: Results) -> list[str]:
    """Why nothing but its outputs was judged, where that is so: its backward cannot be run, for instance."""
    if any(map(backend.inherits, concept.functions)):  # then it lacks a part, which is told there
        return []
    found = {"value": [], "gradient": []}
    for check in report.checks:
        if check.concept == concept.name and check.property_name in found:
            found[check.property_name].append(check)
    has_values = any(check.state is State.PASSED for check in found["value"])
    if not (has_values and found["gradient"]):
        return []
    texts = Counter(check.text for check in found["gradient"])
    lacks_all = all(check.state is State.NOT_IMPLEMENTED for check in found["gradient"])
    return [f"no gradient could be judged: {texts.most_common(1)[0][0]}"] if lacks_all else []


def _is_composed(concept, backend) -> bool:
    """Whether the backend did not write it: it is the reference's composite, on its parts."""
    inherited = any(map(backend.inherits, concept.functions))
    return inherited and not any(_is_own(backend, name) for name in concept.functions)


def _is_own(backend, name: str) -> bool:
    """Whether the backend wrote it: neither a composite nor a procedure that it has from the reference."""
    given = getattr(backend.namespace, name, None)
    return callable(given) and not backend.inherits(name) and given is not getattr(reference, name)
