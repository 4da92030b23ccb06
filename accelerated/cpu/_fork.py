"""One machine code for one thread and for many: a kernel that enters itself again from every thread.

    def scaled(x, a, out):                     def scaled(share, x, a, out):
        for i in prange(x.size):                   if share > 0:
            out[i] = a * x[i]                          …  # calls this very code, from each of `share` threads
                                                       return
                                                   n = x.size
                                                   for i in range(first(n, share), end(n, share)):
                                                       out[i] = a * x[i]

share is the number of threads that are to share the loop, or negative: one thread's part of it.
numba's own `parallel=True` makes a second function of every loop, which takes three times as long to compile, and then
small arrays want a third one without threads. What stands before the loop is done by every thread: it may be index
arithmetic, and no memory that threads are to share.
"""

import ast
import inspect
import textwrap
from types import FunctionType

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.core.callconv import RETCODE_NONE, RETCODE_OK
from numba.extending import intrinsic, register_jitable

MOST = 1 << 20  # threads

HEAD = """
if share_ > 0:
    entry_, data_ = entry_of_()
    if share_ == 1:
        enter_(entry_, data_, 0, 1)
    else:
        spread_(entry_, data_, share_)
    if failed_(data_):
        raise MemoryError("in a thread of a kernel")
    return
"""


def forking(function: FunctionType) -> FunctionType | None:
    """The function with `share` in front of its arguments. For the compiler it stands where it did.

    None: it has no loop over `prange`. Raises ValueError if that is not the only one, or not the last statement.
    """
    made = _definition(function)
    loops = [node for node in ast.walk(made) if isinstance(node, ast.For) and _is_shared(node)]
    if not loops:
        return None
    if loops != made.body[-1:]:
        raise ValueError(f"{function.__qualname__}: a loop over prange must be the only one, and the last statement")
    loop = made.body[-1]
    made.decorator_list = []
    made.args.args.insert(0, ast.arg("share_"))
    count = ast.parse(f"n_ = {ast.unparse(loop.iter.args[0])}").body
    loop.iter = ast.parse("range(first_(n_, share_), end_(n_, share_))").body[0].value
    made.body = [*ast.parse(HEAD).body, *made.body[:-1], *count, loop]
    free = function.__code__.co_freevars
    factory = ast.parse(f"def factory_({', '.join(free)}): ...").body[0]
    factory.body = [made, ast.Return(ast.Name(made.name, ast.Load()))]
    module = ast.fix_missing_locations(ast.Module([factory], []))
    # As globals: what a function closes over is part of its key in numba's cache, and an intrinsic is never the same.
    names = {"entry_of_": _entry_of, "enter_": _enter, "spread_": _spread, "failed_": _failed}
    names |= {"first_": _first, "end_": _end}
    function.__globals__.update(names)
    space = {}
    exec(compile(module, function.__code__.co_filename, "exec"), function.__globals__, space)
    found = space["factory_"](*(cell.cell_contents for cell in function.__closure__ or ()))
    found.__qualname__, found.__module__ = function.__qualname__, function.__module__
    return found


def _is_shared(loop: ast.For) -> bool:
    return isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func) == "prange"


def _definition(function: FunctionType) -> ast.FunctionDef:
    """Its source as a tree, with the line numbers of its file."""
    written = getattr(function, "source", None)
    lines, first = ([written], function.__code__.co_firstlineno) if written else inspect.getsourcelines(function)
    tree = ast.parse(textwrap.dedent("".join(lines)))
    ast.increment_lineno(tree, first - 1)
    return tree.body[0]


@register_jitable
def _first(n, share):
    """Unsigned, as in numba's own parallel loops: an index that cannot be negative needs no look whether it counts from
    the end, and without that look the loop becomes vectors."""
    return np.uint64(n * (-share // MOST) // (-share % MOST))


@register_jitable
def _end(n, share):
    return np.uint64(n * (-share // MOST + 1) // (-share % MOST))


@intrinsic
def _entry_of(typingctx):
    """(entry, data) of the kernel in which this stands: entry(data, part, parts) enters it again with its arguments.

    data are the arguments as the machine code has them, and whether one of the threads failed.
    """

    def codegen(context, builder, signature, args):
        kernel = builder.function
        kernel.attributes.add("noinline")
        given = [_borrowed(argument) for argument in kernel.args[3:]]
        kept = ir.LiteralStructType([*(value.type for value in given), ir.IntType(32)])
        data = cgutils.alloca_once(builder, kept)
        for i, value in enumerate([*given, ir.IntType(32)(0)]):
            builder.store(value, cgutils.gep_inbounds(builder, data, 0, i))
        word = context.get_value_type(types.uintp)
        entry, at = (builder.ptrtoint(pointer, word) for pointer in (_entry(builder.module, kernel, kept), data))
        return context.make_tuple(builder, signature.return_type, [entry, at])

    return types.UniTuple(types.uintp, 2)(), codegen


def _borrowed(argument: ir.Argument) -> ir.Value:
    """An argument as it is, but for the owner of an array's memory, the first two of its fields: none, since the caller
    keeps it. Otherwise every view that a thread makes would be counted in one place, which costs more than the view."""
    is_owner = isinstance(argument.type, ir.PointerType) and argument.name.endswith((".0", ".1"))
    return argument.type(None) if is_owner else argument


def _entry(module: ir.Module, kernel: ir.Function, kept: ir.Type) -> ir.Function:
    word, flag = ir.IntType(64), ir.IntType(32)
    entry = ir.Function(module, _ENTRY, name=f"{kernel.name}.entry")
    entry.linkage = "internal"
    builder = ir.IRBuilder(entry.append_basic_block("entry"))
    data, part, parts = entry.args
    data = builder.bitcast(data, kept.as_pointer())
    last = len(kept.elements) - 1
    arguments = [builder.load(cgutils.gep_inbounds(builder, data, 0, i)) for i in range(last)]
    share = builder.neg(builder.add(builder.mul(part, word(MOST)), parts))
    answer, error = (builder.alloca(argument.type.pointee) for argument in kernel.args[:2])
    status = builder.call(kernel, [answer, error, share, *arguments])
    fine = builder.or_(*(builder.icmp_signed("==", status, code) for code in (RETCODE_OK, RETCODE_NONE)))
    with builder.if_then(builder.not_(fine), likely=False):
        builder.store(flag(1), cgutils.gep_inbounds(builder, data, 0, last))
    builder.ret_void()
    return entry


_ENTRY = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), ir.IntType(64), ir.IntType(64)])


@intrinsic
def _enter(typingctx, entry, data, part, parts):
    def codegen(context, builder, signature, args):
        entry, data, part, parts = args
        entry = builder.inttoptr(entry, _ENTRY.as_pointer())
        builder.call(entry, [builder.inttoptr(data, ir.IntType(8).as_pointer()), part, parts])
        return context.get_dummy_value()

    return types.void(types.uintp, types.uintp, types.intp, types.intp), codegen


@intrinsic
def _failed(typingctx, data):
    """The flag behind the arguments."""

    def codegen(context, builder, signature, args):
        kept = ir.LiteralStructType([*(argument.type for argument in builder.function.args[3:]), ir.IntType(32)])
        data = builder.inttoptr(args[0], kept.as_pointer())
        flag = builder.load(cgutils.gep_inbounds(builder, data, 0, len(kept.elements) - 1))
        return builder.icmp_signed("!=", flag, ir.IntType(32)(0))

    return types.boolean(types.uintp), codegen


@njit(parallel=True, error_model="numpy")  # not from a cache: what is linked with a loaded one lacks its loop later
def _spread(entry, data, parts):
    """The one loop that numba runs in threads."""
    for part in prange(parts):
        _enter(entry, data, part, parts)
