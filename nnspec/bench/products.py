"""`nnspec bench products`: the matrix product that everything heavy on the CPU is made of, against NumPy's.

Layers are timed whole by `nnspec bench`; this shows how much of what the machine could do their products use: the peak
is that of the register tile itself, on numbers that stay in the first-level cache.
"""

import click

from nnspec.common import DTYPES, Unusable, told_in_one_line, with_pool_of

CUBES = (64, 128, 256, 512, 1024, 2048, 4096)
SHAPES = {  # M, K, N, and where they come from
    "affine": (128, 768, 512),
    "affine, long": (2048, 768, 3072),
    "conv2d": (64, 576, 4096),
    "lstm step": (64, 512, 1024),
    "scores of sdpa": (512, 64, 512),
    "values of sdpa": (512, 512, 64),
    "projections of the GPT": (2048, 128, 384),
    "feed-forward of the GPT": (2048, 128, 512),
    "and back": (2048, 512, 128),
}
LARGE = 1500  # from which edge on a product is timed in fewer rounds
HEADINGS = ["product", "M", "K", "N", "time", "/ numpy", "of the peak"]


@click.command()
@click.option("--dtype", type=click.Choice(DTYPES), default="float32", show_default=True)
@click.option("--threads", type=click.IntRange(1), help="Of both; default all cores. With 1, CPU time is measured.")
@click.option("--up-to", type=click.IntRange(64), default=2048, show_default=True, help="The largest cube.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
def products(dtype, threads, up_to, markdown):
    """Matrix products of the CPU's twins against NumPy's, from 64 x 64 x 64 on and at the shapes of layers.

    Time, time over that of numpy.matmul (below 1 is ahead), and the share of what the register tile does in the cache.
    """
    with_pool_of(threads)
    from nnspec.bench.words import machine_line
    from nnspec.benchmarks import _machine
    from nnspec.terminal import console, show_table

    threads = threads or _machine.most_threads()
    wanted = {f"{n}^3": (n, n, n) for n in CUBES if n <= up_to} | SHAPES
    with told_in_one_line(Unusable), _machine.equal_threads(threads):
        peak = _machine.tile_peak(dtype, threads)
        filled = [_measured(name, shape, dtype, threads, peak) for name, shape in wanted.items()]
    show_table(HEADINGS, filled, console(), markdown=markdown, left=1)
    click.echo(f"\npeak of the tile: {peak / 1e9:.0f} Gflop/s in {dtype}")
    click.echo(f"machine: {machine_line(_machine.described(threads))}")


def _measured(name, shape, dtype, threads, peak) -> list[str]:
    import numpy as np

    from nnspec.accelerated.cpu._product import product
    from nnspec.bench.words import duration, interval
    from nnspec.benchmarks import ROUNDS
    from nnspec.benchmarks._measure import in_turn
    from nnspec.benchmarks._timing import ratio

    M, K, N = shape
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((M, K)).astype(dtype), rng.standard_normal((K, N)).astype(dtype)
    calls = {"ours": lambda: product(a, b), "numpy": lambda: a @ b}
    timings = in_turn(calls, threads, ROUNDS if max(shape) < LARGE else ROUNDS // 2)
    ours = timings["ours"]
    over = ratio(ours, timings["numpy"]).as_dict()
    share = 2 * M * K * N / ours.seconds / peak
    return [name, *map(str, shape), duration(ours.seconds), interval(over), f"{100 * share:.0f} %"]
