"""`nnspec bench updates`: update rules in place and with fresh arrays, against the fused ones of `torch.optim`.

A rule as the course writes it returns new weights and a new state; an optimizer of PyTorch writes over what it has.
Which of both is timed makes more of a difference than who wrote it: fresh memory costs more than the arithmetic.
"""

import click

from nnspec.common import DTYPES, Unusable, told_in_one_line, with_pool_of

SIZES = (1000, 1_000_000, 10_000_000)
LARGE = 5_000_000  # parameters, from which on there are fewer rounds
HEADINGS = ["rule", "parameters", "in place", "/ torch fused", "fresh arrays", "/ torch fused, on copies"]
OPTIMIZERS = {  # of torch.optim, those that have fused=True
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "adagrad": ("Adagrad", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
}


@click.command()
@click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Of both; default all cores. With 1, CPU time is measured.")
@click.option("--up-to", type=click.IntRange(1000), default=SIZES[-1], show_default=True, help="Parameters.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
def updates(dtype, threads, up_to, markdown):
    """Update rules of the CPU's twins against PyTorch's fused ones, for 1000 to 10 million parameters.

    Time, and time over that of torch.optim with fused=True (below 1 is ahead): both in place, both with fresh arrays.
    """
    with_pool_of(threads)
    from nnspec.bench.words import machine_line
    from nnspec.benchmarks import _machine
    from nnspec.terminal import console, show_table

    threads = threads or _machine.most_threads()
    with told_in_one_line(Unusable, ModuleNotFoundError), _machine.equal_threads(threads):
        sizes = [size for size in SIZES if size <= up_to]
        filled = [_measured(rule, size, dtype, threads) for rule in OPTIMIZERS for size in sizes]
    show_table(HEADINGS, filled, console(), markdown=markdown, left=1)
    click.echo(f"\nmachine: {machine_line(_machine.described(threads))}")


def _measured(rule: str, size: int, dtype: str, threads: int) -> list[str]:
    from nnspec.bench.words import duration, interval
    from nnspec.benchmarks import ROUNDS
    from nnspec.benchmarks._measure import in_turn
    from nnspec.benchmarks._timing import ratio

    calls = _ours(rule, size, dtype) | _theirs(rule, size, dtype)
    timings = in_turn(calls, threads, ROUNDS if size < LARGE else ROUNDS // 2)
    told = [rule, f"{size:,}"]
    for way in ("in place", "fresh"):
        over = ratio(timings[f"ours, {way}"], timings[f"theirs, {way}"]).as_dict()
        told += [duration(timings[f"ours, {way}"].seconds), interval(over)]
    return told


def _ours(rule, size, dtype):
    import numpy as np

    from nnspec.accelerated import cpu

    step, rng = getattr(cpu, rule), np.random.default_rng(0)
    given = [rng.standard_normal(size).astype(dtype) for _ in range(2)]
    w, dw = given[0].copy(), given[1]
    _, state = step(*given)  # as after the first step, of which there is one only
    _, own = step(*given)
    return {"ours, fresh": lambda: step(*given, state), "ours, in place": lambda: step(w, dw, own, in_place=True)}


def _theirs(rule, size, dtype):
    """Copies are made of the weights and of what an optimizer keeps, as a rule without side effects has to."""
    import numpy as np

    try:
        import torch
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "bench updates: PyTorch is what it compares with: pip install 'nnspec[peers]'"
        ) from None
    name, options = OPTIMIZERS[rule]
    rng = np.random.default_rng(0)
    w = torch.nn.Parameter(torch.from_numpy(rng.standard_normal(size).astype(dtype)))
    w.grad = torch.from_numpy(rng.standard_normal(size).astype(dtype))
    optimizer = getattr(torch.optim, name)([w], lr=1e-4, fused=True, **options)
    optimizer.step()

    def on_copies():
        held = [w.data, *(kept for kept in optimizer.state[w].values() if torch.is_tensor(kept) and kept.ndim)]
        copies = [kept.clone() for kept in held]
        optimizer.step()
        return copies

    return {"theirs, fresh": on_copies, "theirs, in place": optimizer.step}
