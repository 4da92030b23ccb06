"""Which right form an implementation follows, where papers, courses and libraries have several."""

import copy

from nnspec.backends import Backend, NotSupplied
from nnspec.spec_tests._calling import unobserved
from nnspec.spec_tests._known import Variant
from nnspec.spec_tests._problem import Problem
from nnspec.spec_tests._verdict import BackendRaised, CheckFailed, fits

NO_ANSWER = (BackendRaised, CheckFailed, NotSupplied)


def form_of(spec, backend: Backend) -> Variant | None:
    """The variant, or None for the definition, which also is what our own backends are held to.

    It is the same in every check: the form that explains most of the answers on the small cases of the specification
    and, among equals, at the ties; among equals still the definition.
    """
    if backend.ours or not spec.variants():
        return None
    if type(spec) not in backend.forms:
        backend.forms[type(spec)] = None  # of what is asked meanwhile
        with unobserved():
            backend.forms[type(spec)] = _found(spec, backend)
    return backend.forms[type(spec)]


def _found(spec, backend) -> Variant | None:
    dtype = backend.widest_dtype
    cases = [(case, False) for case in spec.small()] + [(case, True) for case in spec.ties]
    answers = list(_answered(spec, backend, cases, dtype))
    explained = {None: _score(spec, None, answers)}
    if min(explained[None]) < 1:
        explained |= {form: _score(spec, form, answers) for form in spec.variants()}
    return max(explained, key=explained.get)  # the first of equals


def _answered(spec, backend, cases, dtype):
    for case, at_tie in cases:
        problem = Problem(spec, case, dtype)
        try:
            answer = spec.answer(backend, copy.deepcopy(problem))
        except NO_ANSWER:
            continue
        yield spec.asked(problem, answer), at_tie, answer


def _score(spec, form, answers) -> tuple[float, float]:
    """The share of answers that a form explains, apart from ties and at them."""
    found = {False: [], True: []}
    for problem, at_tie, answer in answers:
        by = "truth" if problem.ordinary else "wide"
        want, budgets = spec.expected(problem.following(form), by, lenient=not at_tie, at_tie=at_tie)
        found[at_tie].append(all(fits(value, want[name], budgets[name], empty=True) for name, value in answer.items()))
    return tuple(sum(fitting) / len(fitting) if fitting else 1.0 for fitting in found.values())
