"""What is changed in a reference to make a mutant of it.

`changes_of` replaces one node of the syntax tree: operators and comparisons; constants, defaults among them; axes,
`keepdims` and `ddof`; terms, factors, calls and statements, which are dropped, and terms, which are doubled; arguments
and operands, which are exchanged; ends of ranges and slices, which are moved by one; a reduction, which becomes
another; `+=`, which becomes `=`; the step of a loop, of which the one before is taken; a statement that renews a value,
which comes too late; the first sample, which stands for all; a local result, which goes through half precision.

`wrappers_of` changes a whole function instead: what it answers is remembered by too little, it writes into arrays that
it has handed out before, or it takes arguments of one shape in the wrong order.
"""

import ast
import builtins
import copy
import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nnspec.shapes import Rule, contract

_SWAPPED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
_ORDERED = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)  # a - b is not b - a
_OTHER_FUNCTION = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "argmax": "argmin", "argmin": "argmax",
    "maximum": "minimum", "minimum": "maximum", "any": "all", "all": "any", "zeros_like": "ones_like",
    "zeros": "ones", "ones": "zeros", "flatnonzero": "argsort", "concatenate": "stack",
}  # fmt: skip
_REDUCTIONS = {"sum", "mean", "max", "min", "var", "std", "prod"}
_DDOF = {"var", "std"}
_MODULES = {"np", "math", "ops"}
_WITH_AN_END = {"range", "arange"}
# What stays around its argument.
_NO_VALUE = {"range", "len", "isinstance", "getattr", "callable", "dict", "enumerate", "zip"}
_IN_STEPS = {"range", "reversed", "enumerate"}
# What holds no floating numbers, or exact ones: half precision changes nothing there.
_NO_FLOATS = {
    "range", "arange", "len", "flatnonzero", "argsort", "argmax", "int", "tuple", "list", "dict", "min", "max",
    "sorted", "array_split", "permutation", "choice", "getattr", "fromkeys", "prod", "empty", "load", "output_size",
    "zeros", "zeros_like", "empty_like", "kfold_indices", "_count", "_last_layer", "_part", "_running", "_split",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One node, what comes in its place, and both in words."""

    function: str
    place: ast.AST
    after: ast.AST
    told: tuple[str, str]
    falls_by: str = "strict"  # the level at which a specification has to reject it


def changes_of(tree: ast.Module) -> Iterator[Change]:
    """Every change of the functions of a file. Ids count equal changes, so new kinds come last."""
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
        nodes = [node for part in (*function.body, *defaults) for node in ast.walk(part)]
        places = [node for node in nodes if not _is_docstring(node) and not _in_error(node, function)]
        may_go = _droppable(function)
        made = set()
        for place in places:
            for after in (*_changes(place), *([ast.Pass()] if place in may_go else [])):
                told = _first_line(place), _first_line(after)
                made.add((place, told))
                yield Change(function.name, place, after, told)
        for change in (*itertools.chain.from_iterable(map(_further_changes, places)), *_in_context(function, places)):
            place, after, told, *falls_by = change
            if (place, told) not in made:
                made.add((place, told))
                yield Change(function.name, place, after, told, *falls_by)


def replaced(tree, place, after):
    """A copy of the tree with `after` where `place` stands."""
    place.is_replaced = True
    changed = copy.deepcopy(tree)
    del place.is_replaced

    class Replace(ast.NodeTransformer):
        def visit(self, node):
            return after if hasattr(node, "is_replaced") else self.generic_visit(node)

    return ast.fix_missing_locations(Replace().visit(changed))


def _first_sample(x):
    return np.broadcast_to(x[:1], np.shape(x)) if np.ndim(x) else x


class _Half:
    """Numbers that go through half precision. Notes whether any came."""

    def __init__(self):
        self.used = False

    def __call__(self, x):
        if (array := np.asarray(x)).dtype.kind != "f":
            return x
        self.used = True
        return array.astype(np.float16).astype(array.dtype)[()]


def helpers() -> dict[str, Callable]:
    """What a changed source may call."""
    return {"_first_sample": _first_sample, "_half": _Half()}


# -- whole functions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wrapper:
    """A function of the reference, made wrong as a whole."""

    told: tuple[str, str]
    around: Callable[[Callable], Callable]
    falls_by: str = "robust"


def wrappers_of(function, forward=None) -> Iterator[Wrapper]:
    """function: of the reference, without its check. forward: that of a backward, whose outputs it is given."""
    signature = inspect.signature(function)
    needs_more = sum(_holds_numbers(rule) for rule in contract(function).rules.values()) > 1
    for key, remembered_by in _KEYS.items():
        if key == _FIRST and not needs_more:  # then nothing is forgotten
            continue
        yield Wrapper(("its answer", f"the one that it gave to the same {key}"), _remembering(remembered_by))
    for name in signature.parameters:
        if name not in ("ops", "cache"):
            yield Wrapper((name, f"{name} of the first call of its shape"), _stale_argument(name))
    yield Wrapper(("its outputs", "arrays that it has handed out before"), _workspace(inside_cache=False))
    if function.__name__.endswith("_forward"):
        yield Wrapper(("its cache", "arrays of the cache before"), _workspace(inside_cache=True))
    for one, two in itertools.combinations(signature.parameters, 2):
        if _of_one_shape(function, forward, one, two):
            yield Wrapper((f"{one}, {two}", f"{two}, {one}"), _exchanging(one, two), falls_by="strict")


def _holds_numbers(rule: Rule) -> bool:
    return rule.is_array or rule.name in ("state", "cache") or (rule.kind == "any" and rule.name.startswith("d"))


def takes_a_cache(function) -> bool:
    return "cache" in inspect.signature(function).parameters


def _of_one_shape(function, forward, one: str, two: str) -> bool:
    """Whether no shape tells two parameters apart. Those of a backward but its cache are as its forward's outputs."""
    if forward is not None:
        return "cache" not in (one, two)
    rules = contract(function).rules
    return _what_tells(rules[one]) == _what_tells(rules[two]) and rules[one].kind not in ("any", "choice", "bool")


def _what_tells(rule: Rule):
    return rule.kind, rule.shapes, rule.default is inspect.Parameter.empty


def _likeness(value):
    """What tells one value from another if arrays are told by their shapes."""
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str
    if isinstance(value, (tuple, list)):
        return type(value).__name__, *map(_likeness, value)
    if isinstance(value, dict):
        return tuple((name, _likeness(entry)) for name, entry in value.items())
    return (type(value), value) if isinstance(value, (bool, int, float, str, type(None))) else type(value)


def _contents_of_the_first(arguments):
    first, *others = arguments
    return (first.tobytes() if isinstance(first, np.ndarray) else None), _likeness([first, *others])


_FIRST = "numbers in the first argument"
_KEYS = {
    "shapes": _likeness,
    _FIRST: _contents_of_the_first,
    "object as first argument": lambda arguments: (_Identity(arguments[0]), _likeness(arguments)),
}


class _Identity:
    """Equal for one object alone, which is kept alive: an address is not given to another one."""

    def __init__(self, kept):
        self.kept = kept

    def __eq__(self, other):
        return self.kept is other.kept

    def __hash__(self):
        return id(self.kept)


def _remembering(key_of):
    def around(function):
        kept = {}

        @functools.wraps(function)
        def call(*args, **options):
            key = key_of([*args, *itertools.chain(*sorted(options.items()))])
            if key not in kept:
                kept[key] = function(*args, **options)
            return copy.deepcopy(kept[key])

        return call

    return around


def _has_arrays(value) -> bool:
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else [value]
    return any(isinstance(entry, np.ndarray) for entry in entries)


def _stale_argument(name):
    def around(function):
        kept, signature = {}, inspect.signature(function)

        @functools.wraps(function)
        def call(*args, **options):
            bound = signature.bind(*args, **options)
            bound.apply_defaults()
            value = bound.arguments[name]
            key = _likeness(value) if _has_arrays(value) else type(value)
            bound.arguments[name] = kept.setdefault(key, copy.deepcopy(value))
            return function(*bound.args, **bound.kwargs)

        return call

    return around


def _workspace(inside_cache):
    """inside_cache: the arrays of the cache are written into the ones before, else those of the outputs."""

    def around(function):
        kept, has_cache = {}, function.__name__.endswith("_forward")

        def into(value, place):
            if isinstance(value, (tuple, list)):
                return type(value)(into(entry, (*place, i)) for i, entry in enumerate(value))
            if isinstance(value, dict):
                return {name: into(entry, (*place, name)) for name, entry in value.items()}
            if not isinstance(value, np.ndarray):
                return value
            array = kept.setdefault((place, value.shape, value.dtype), np.empty_like(value))
            array[...] = value
            return array

        @functools.wraps(function)
        def call(*args, **options):
            result = function(*args, **options)
            if not has_cache:
                return into(result, ())
            *outputs, cache = result
            return (*outputs, into(cache, ())) if inside_cache else (*into(outputs, ()), cache)

        return call

    return around


def _exchanging(one, two):
    def around(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args, **options):
            bound = signature.bind(*args, **options)
            bound.apply_defaults()
            given = bound.arguments
            given[one], given[two] = given[two], given[one]
            return function(*bound.args, **bound.kwargs)

        return call

    return around


# -- single nodes ------------------------------------------------------------------------------------------------------


def _changes(node) -> Iterator[ast.AST]:
    """What may stand in a node's place."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(node.op)]())
        yield node.left
        yield node.right
        if isinstance(node.op, _ORDERED):
            yield _with(node, left=node.right, right=node.left)
    elif isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            if type(op) in _SWAPPED:
                yield _with(node, ops=[*node.ops[:i], _SWAPPED[type(op)](), *node.ops[i + 1 :]])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=_SWAPPED[type(node.op)]())
        yield from node.values
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.If) and not isinstance(node.body[0], ast.ImportFrom):  # whose parts are no mathematics
        yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.AugAssign):
        if type(node.op) in _SWAPPED:
            yield _with(node, op=_SWAPPED[type(node.op)]())
        yield ast.copy_location(ast.Assign([node.target], node.value), node)
    elif isinstance(node, ast.Constant):
        yield from map(ast.Constant, _other_constants(node.value))
    elif isinstance(node, ast.keyword) and node.arg == "axis" and isinstance(node.value, ast.Tuple):
        axes = node.value.elts  # of a sum: their order says nothing
        yield from (_with(node, value=_with(node.value, elts=[*axes[:i], *axes[i + 1 :]])) for i in range(len(axes)))
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load) and not _all_constants(node):
        yield from (_with(node, elts=elements) for elements in _neighbours_swapped(node.elts))
    elif isinstance(node, ast.Slice):
        yield from _other_slices(node)
    elif isinstance(node, ast.Call):
        yield from _other_calls(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value


def _other_calls(node):
    """Arguments swapped, keywords dropped or added, another function, or none."""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    yield from (_with(node, args=arguments) for arguments in _neighbours_swapped(node.args))
    for keyword in node.keywords:
        yield _with(node, keywords=[other for other in node.keywords if other is not keyword])
    for added, value in _absent_keywords(name, node):
        yield _with(node, keywords=[*node.keywords, ast.keyword(added, ast.Constant(value))])
    if name in _OTHER_FUNCTION:
        field = "attr" if isinstance(node.func, ast.Attribute) else "id"
        yield _with(node, func=_with(node.func, **{field: _OTHER_FUNCTION[name]}))
    if name in _WITH_AN_END:
        end = min(1, len(node.args) - 1)
        yield from (
            _with(node, args=[*node.args[:end], moved, *node.args[end + 1 :]]) for moved in _moved(node.args[end])
        )
    inner = _inside(node)
    if inner is not None and name not in _NO_VALUE:
        yield inner


def _inside(call):
    """x of x.f(…), f(x, …) and np.f(x, …)."""
    if isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", None) not in _MODULES:
        return call.func.value
    return next((argument for argument in call.args if not isinstance(argument, (ast.Starred, ast.GeneratorExp))), None)


def _absent_keywords(name, call):
    given = {keyword.arg for keyword in call.keywords}
    if name in _REDUCTIONS and isinstance(call.func, ast.Attribute):
        yield from ((added, value) for added, value in (("axis", 0), ("keepdims", True)) if added not in given)
    if name in _DDOF and "ddof" not in given:
        yield "ddof", 1


def _other_slices(node):
    """Without an end, or with one that is off by one."""
    for end in ("lower", "upper"):
        if (value := getattr(node, end)) is not None:
            yield _with(node, **{end: None})
            if not isinstance(value, ast.Constant):
                yield from (_with(node, **{end: moved}) for moved in _moved(value))
    if node.step is not None:
        yield _with(node, step=None)


def _moved(node):
    return [ast.BinOp(node, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub())]


def _neighbours_swapped(nodes):
    for i, (one, two) in enumerate(itertools.pairwise(nodes)):
        plain = not isinstance(one, ast.Starred) and not isinstance(two, ast.Starred)
        if plain and ast.dump(one) != ast.dump(two):
            yield [*nodes[:i], two, one, *nodes[i + 2 :]]


def _all_constants(node) -> bool:
    return all(isinstance(element, ast.Constant) for element in node.elts)


def _droppable(function) -> set[ast.stmt]:
    """Statements without which the function still runs: they change a value that exists, or have only an effect."""
    known = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    found = set()
    for node in sorted((n for n in ast.walk(function) if isinstance(n, ast.stmt)), key=lambda n: n.lineno):
        named = {name.id for name in _targets(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
        effect = isinstance(node, ast.Expr) and not _is_docstring(node.value)
        if effect or isinstance(node, ast.AugAssign) or (isinstance(node, ast.Assign) and named <= known):
            found.add(node)
        known |= named
    return found


def _targets(node):
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return [inner for target in targets if target is not None for inner in ast.walk(target)]


def _other_constants(value):
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [value * 2, 0.0] if value else [1.0]
    return []


def _further_changes(node):
    """(place, what may stand there, both in words), of the kinds that came later."""
    for after in _doubled(node) or _exchanged(node):
        yield node, after, (_first_line(node), _first_line(after))
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
        start, *others = node.args if len(node.args) > 1 else (ast.Constant(0), *node.args)
        after = _with(node, args=[_one_more(start), *others])
        yield node, after, (_first_line(node), _first_line(after))
    if isinstance(node, ast.For):
        yield node, _with(node, body=[*node.body, ast.Break()]), (_first_line(node), "the same, once")
    yield from _in_half_precision(node)


def _doubled(node) -> list[ast.AST]:
    """Twice a term of a sum. Texts, lists and whole numbers are none."""
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, (ast.Add, ast.Sub)):
        return []
    no_terms = (ast.List, ast.Tuple, ast.Constant, ast.JoinedStr, ast.ListComp)
    return [
        _with(node, **{side: ast.BinOp(ast.Constant(2), ast.Mult(), getattr(node, side))})
        for side in ("left", "right")
        if not isinstance(getattr(node, side), no_terms)
    ]


def _exchanged(node) -> list[ast.AST]:
    """Two arguments of an op or a helper, two of its options, or two of what is returned, wherever they stand."""
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        return [_with(node, value=_with(node.value, elts=elements)) for elements in _pairs_swapped(node.value.elts)]
    if not isinstance(node, ast.Call) or not _calls_a_function(node):
        return []
    values = [keyword.value for keyword in node.keywords]
    swapped = [
        _with(node, keywords=[_with(k, value=value) for k, value in zip(node.keywords, values, strict=True)])
        for values in _pairs_swapped(values)
    ]
    return [*(_with(node, args=arguments) for arguments in _pairs_swapped(node.args)), *swapped]


def _calls_a_function(call) -> bool:
    """Of the concept, or of `ops`: not a method, and nothing of NumPy's or Python's."""
    if isinstance(call.func, ast.Attribute):
        return getattr(call.func.value, "id", None) == "ops"
    return isinstance(call.func, ast.Name) and call.func.id not in (*_NO_VALUE, *dir(builtins))


def _pairs_swapped(nodes):
    for i, j in itertools.combinations(range(len(nodes)), 2):
        one, two = nodes[i], nodes[j]
        plain = not isinstance(one, (ast.Starred, ast.Constant)) and not isinstance(two, (ast.Starred, ast.Constant))
        if plain and ast.dump(one) != ast.dump(two):
            yield [*nodes[:i], two, *nodes[i + 1 : j], one, *nodes[j + 1 :]]


def _in_half_precision(node):
    """A local result, or one that is returned."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target, value = node.targets[0], node.value
        if isinstance(target, ast.Name) and _may_be_floats(value):
            yield node, _with(node, value=_called("_half", value)), (_first_line(node), "in half precision"), "core"
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for name, after in _each_in_half(value):
                told = f"{ast.unparse(target)} = {ast.unparse(value)}", f"{name} in half precision"
                yield node, _with(node, value=after), told, "core"
    if isinstance(node, ast.Return) and node.value is not None:
        if isinstance(node.value, ast.Tuple):
            for name, after in _each_in_half(node.value):
                yield node, _with(node, value=after), (_first_line(node), f"{name} in half precision"), "core"
        elif _may_be_floats(node.value):
            yield (
                node,
                _with(node, value=_called("_half", node.value)),
                (_first_line(node), "in half precision"),
                "core",
            )


def _each_in_half(values: ast.Tuple):
    for i, value in enumerate(values.elts):
        if not isinstance(value, ast.Name) and _may_be_floats(value):
            after = _with(values, elts=[*values.elts[:i], _called("_half", value), *values.elts[i + 1 :]])
            yield ast.unparse(value), after


def _may_be_floats(node) -> bool:
    """Whether half precision could change it, as far as the text tells."""
    others = (ast.Constant, ast.Tuple, ast.List, ast.Dict, ast.ListComp, ast.DictComp, ast.Compare, ast.Starred)
    if isinstance(node, (*others, ast.JoinedStr, ast.Lambda, ast.BoolOp, ast.Name, ast.Attribute)):
        return False  # a name stands for a result that went through half precision already
    if isinstance(node, ast.Subscript):
        return _may_be_floats(node.value)
    if isinstance(node, ast.IfExp):
        return _may_be_floats(node.body) or _may_be_floats(node.orelse)
    if isinstance(node, ast.BinOp):
        is_mask, counts = isinstance(node.op, (ast.BitOr, ast.BitAnd)), isinstance(node.right, ast.Constant)
        sides = isinstance(node.left, ast.Name) and not counts, isinstance(node.right, ast.Name)
        return not is_mask and (any(sides) or _may_be_floats(node.left) or _may_be_floats(node.right))
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        counts = isinstance(getattr(node.func, "value", None), ast.Compare)
        of_booleans = any(isinstance(argument, ast.Name) and argument.id == "bool" for argument in node.args)
        return name not in _NO_FLOATS and not counts and not of_booleans
    return True


def _called(name, argument):
    return ast.Call(ast.Name(name, ast.Load()), [argument], [])


def _one_more(node):
    is_number = isinstance(node, ast.Constant)
    return ast.Constant(node.value + 1) if is_number else ast.BinOp(node, ast.Add(), ast.Constant(1))


def _in_context(function, places):
    """Changes that ask for more than one node: of a step, an order, a sample."""
    for loop in places:
        if isinstance(loop, ast.For):
            yield from _steps_before(loop)
    for block in (function, *places):
        for part in ("body", "orelse"):
            if isinstance(statements := getattr(block, part, None), list):
                yield from _values_before(function, block, part, statements)
    for argument in (*function.args.args, *function.args.kwonlyargs):
        is_upstream = function.name.endswith("_backward") and argument.annotation is None and argument.arg != "cache"
        if _is_array(argument) or is_upstream:
            text, *_ = documented = [node for node in function.body[:1] if _is_statement_of_text(node)] or [None]
            first = ast.parse(f"{argument.arg} = _first_sample({argument.arg})").body
            rest = function.body[1:] if text else function.body
            after = _with(function, body=[*filter(None, documented), *first, *rest])
            yield function, after, (argument.arg, f"{argument.arg}[:1] for every sample")


def _steps_before(loop):
    """x[:, t] -> x[:, t - 1] where t counts the steps of a loop."""
    call = loop.iter.func if isinstance(loop.iter, ast.Call) else None
    if getattr(call, "id", "") not in _IN_STEPS:
        return
    target = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) else loop.target
    for node in (inner for statement in loop.body for inner in ast.walk(statement) if isinstance(inner, ast.Subscript)):
        for name in ast.walk(node.slice):
            if isinstance(name, ast.Name) and name.id == getattr(target, "id", None):
                after = replaced(node, name, ast.BinOp(ast.Name(name.id, ast.Load()), ast.Sub(), ast.Constant(1)))
                yield node, after, (_first_line(node), _first_line(after))


def _values_before(function, block, part, statements):
    """A statement that renews a value, moved behind the first one that uses it."""
    known_at = {argument.arg: 0 for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            known_at[node.id] = min(node.lineno, known_at.get(node.id, node.lineno))
    for i, one in enumerate(statements):
        if isinstance(one, (ast.Assign, ast.AugAssign)):
            renewed = {name for name in _renewed(one) if known_at.get(name, one.lineno) < one.lineno}
            found = ((j, two) for j, two in enumerate(statements[i + 1 :], start=i + 1) if renewed & _used(two))
            j, two = next(found, (i, None))
            if isinstance(two, (ast.Assign, ast.AugAssign, ast.Expr)):
                later = [*statements[:i], *statements[i + 1 : j + 1], one, *statements[j + 1 :]]
                yield block, _with(block, **{part: later}), (_first_line(one), f"only after {_first_line(two)}")


def _used(statement) -> set[str]:
    names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, ast.Load)}


def _renewed(statement) -> set[str]:
    """The names that it binds, or into whose arrays it writes."""
    written = [node for node in _targets(statement) if isinstance(getattr(node, "ctx", None), ast.Store)]
    bases = [node.value if isinstance(node, ast.Subscript) else node for node in written]
    return {node.id for node in bases if isinstance(node, ast.Name)}


def _is_array(argument) -> bool:
    told = ast.unparse(argument.annotation) if argument.annotation else ""
    return told.startswith(("Float[", "Real[", "Int[", "Bool[", "Labels["))


def _is_statement_of_text(node) -> bool:
    return isinstance(node, ast.Expr) and _is_docstring(node.value)


def _with(node, **fields):
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _first_line(node) -> str:
    """Of an `if`, what it asks."""
    return ast.unparse(node).partition("\n")[0]


def _is_docstring(node) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _in_error(place, function) -> bool:
    """The text of an error is no mathematics."""
    raised = [node for node in ast.walk(function) if isinstance(node, ast.Raise)]
    return any(place is inner for node in raised for inner in ast.walk(node))
