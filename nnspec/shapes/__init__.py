"""The shape notation of the reference, and the check that is generated from it.

    x: Float[Array, "N *d"]         float32 or float64; *d stands for any number of axes
    w: Float[Array, "prod(d) M"]    an axis may be an expression in the others
    xq: Real[Array, "Nq D"]         floats, or integers of any width
    labels: Int[Array, "Nq K"]      integers
    mask: Bool[Array, "*#batch T"]  booleans; # in front of a name: that many axes, or fewer, or of size 1 (broadcast)
    a: Float[Array, "*#batch N K"]  if nobody has these axes without #, the arrays broadcast with each other
    y: Labels["N", "C"]             integers from 0 to C - 1; a third name is an option whose value is allowed as well
    k: Between[1, "Nt"]             an integer option, which shapes may name too; None: no upper end
    params: Params["W1: D H", …]    a dict of floating arrays; numbered ones as in `families.py`
    grads: Params["W: D M", ...]    a dict of floating arrays with any keys and shapes, such as these
    masks: Masks["mask1: N H", …]   a dict of booleans
    dims: Sequence[int]             a list or a tuple; rows of them are Sequence[Sequence[int]]
    tokens: Sequence[str]           a text, which stands for its characters, or a list or a tuple of texts
    vocab: dict[str, int]           integers by texts
    model: str                      a text
    root: os.PathLike               a text or a pathlib.Path
    schedule: Callable              a function
    state: State["*shape", int]     what an update rule returned: arrays and counts in this order, a single one bare

All floating inputs of one call share their dtype. `checked` puts the check in front of a function.
"""

from jaxtyping import Bool, Float, Int, Real

from nnspec.shapes.call import calls_of_the_reference, checked
from nnspec.shapes.contract import Contract, Rule, contract, dimension_names, is_procedure
from nnspec.shapes.dimensions import dimensions, evaluate
from nnspec.shapes.notation import Array, Between, Cache, Labels, Masks, Params, State

__all__ = [
    "Array",
    "Between",
    "Bool",
    "Cache",
    "Contract",
    "Float",
    "Int",
    "Labels",
    "Masks",
    "Params",
    "Real",
    "Rule",
    "State",
    "calls_of_the_reference",
    "checked",
    "contract",
    "dimension_names",
    "dimensions",
    "evaluate",
    "is_procedure",
]
