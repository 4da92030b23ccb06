"""The fault campaign: a backend whose every function misbehaves in another way costs its own checks, and no more."""

import json
import os

import pytest

FAULTY = """
    import ctypes
    import os
    import subprocess
    import sys

    import numpy as np

    from nnspec import reference


    def relu_forward(x):
        ctypes.string_at(0)


    def tanh_forward(x):
        os._exit(3)


    def affine_forward(x, w, b):
        while True:
            pass


    def dropout_forward(x, *, keep, train=True, mask=None, rng=None):
        if not train or keep == 1:
            return x, (np.True_, 1)
        mask = rng.random(x.shape) < keep if mask is None else mask
        return np.where(mask, x / keep, 0), (mask, keep)


    def l1_distance_backward(dd, xq, xt):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "faulty.py"])
        raise RuntimeError("left a process behind")


    def softmax_cross_entropy_forward(scores, y):
        return np.ones(100 * 2**30, np.uint8).sum(), ()


    def adam(w, dw, state=None):
        np.exp = np.sqrt
        return w - 1, None


    def l1_distance(xq, xt):
        print("x" * 3_000_000)
        return abs(xq[:, None, :].astype(float if xq.dtype.kind in "iu" else xq.dtype) - xt[None]).sum(axis=2)


    def l2_distance(xq, xt):
        return reference.l2_distance(xq, xt)


    def l2_distance_gemm(xq, xt):
        raise KeyboardInterrupt


    def knn_vote(labels):
        sys.exit(0)


    def knn_indices(d, k):
        return None


    class Odd(BaseException):
        def __str__(self):
            return "odd"


    def gelu_forward(x):
        raise Odd


    def svm_loss_forward(scores, y):
        return [1.0, 2.0], ()


    def l2_penalty(w, lam):
        return (lam * w**2).sum().astype(np.float16), 2 * lam * w


    def sgd_momentum(w, dw, state=None, *, lr=1e-2, mu=0.9):
        v = mu * (0 if state is None else state[0]) - lr * dw
        w += v
        return w, (v,)


    def layernorm_forward(x, gamma, beta, *, eps=1e-5):
        return np.full(x.shape, np.nan, x.dtype), ()


    def masked_softmax_forward(x, *, mask=None):
        return x[..., :0], ()


    calls = 0


    def max_pool2d_forward(x):
        global calls
        calls += 1
        return np.full((len(x), x.shape[1], x.shape[2] // 2, x.shape[3] // 2), calls, x.dtype), ()
"""
ENDED = "it ended the process it ran in"
INJECTED = {  # where it shows: what the report says
    "relu/": ENDED,
    "tanh/": ENDED,
    "affine/": "took longer than 3 s and was stopped",
    "softmax_cross_entropy/value/": "raised MemoryError",
    "adam/value/": "replaced numpy.exp, which belongs to everybody",
    "knn/l2_distance.value/": "calls nnspec.reference.l2_distance: it has no implementation of its own",
    "knn/l1_distance.gradient/": "raised RuntimeError: left a process behind",
    "knn/l2_distance_gemm.value/": "raised KeyboardInterrupt",
    "knn/knn_vote.value/": "raised SystemExit",
    "knn/knn_indices.value/": "got None",
    "gelu/value/": "raised Odd: odd",
    "svm_loss/value/": "got shape (2,), want ()",
    "l2_penalty/dtype/": "r is float16",
    "sgd_momentum/purity/": "the call wrote to its inputs",
    "dropout/dropout_eval.purity/": "out shares memory with x: writing to one changes the other",
    "layernorm/value/": "NaN everywhere",
    "masked_softmax/value/": "got shape",
    "max_pool2d/purity/": "differs between two calls with the same inputs",
}


@pytest.fixture(scope="module")
def campaign(tmp_path_factory, python):
    """One run over all faults: what was printed, and the report as data."""
    import textwrap

    folder = tmp_path_factory.mktemp("campaign")
    (folder / "faulty.py").write_text(textwrap.dedent(FAULTY), encoding="utf-8")
    done = python(
        "-m",
        "nnspec",
        "check",
        "faulty.py",
        "--timeout",
        "3",
        "--dtype",
        "float32",
        "--all",
        "--json",
        "report.json",
        cwd=folder,
    )
    return done, json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_the_run_finishes_and_counts_everything(campaign):
    done, report = campaign
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(report["checks"]) == report["planned"] == sum(report["counts"].values())
    last = done.stdout.strip().splitlines()[-2:]
    assert last[0].startswith(f"{report['planned']} of {report['planned']} planned checks ran")
    for state in ("failed", "errored", "blocked"):
        assert f"{report['counts'][state]} {state}" in last[0]
    had = [c for c in report["checks"] if c["state"] != "not_implemented"]
    concepts = {c["id"].split("/")[0] for c in had} - set(report["composed"])
    wrong = {c["id"].split("/")[0] for c in had if c["level"] == "core" and c["state"] != "passed"}
    assert last[1].startswith(f"faulty.py failed at level core: {len(concepts - wrong)} of {len(concepts)} concepts")


@pytest.mark.parametrize("where", INJECTED)
def test_each_fault_is_told_as_what_it_is(campaign, where):
    found = [c for c in campaign[1]["checks"] if c["id"].startswith(where)]
    assert any(INJECTED[where] in c["text"] and c["state"] in ("failed", "errored") for c in found), found[:2]


def test_a_loud_function_is_judged_by_its_answers(campaign):
    checks = [c for c in campaign[1]["checks"] if c["id"].startswith("knn/l1_distance.value/")]
    assert checks and {c["state"] for c in checks} <= {"passed"}
    assert len(campaign[0].stdout) < 100_000


def test_what_did_not_misbehave_is_not_accused(campaign):
    faulty = {where.split("/")[0] for where in INJECTED}
    bad = {c["id"].split("/")[0] for c in campaign[1]["checks"] if c["state"] in ("failed", "errored")}
    assert bad == faulty
    blocked = [c for c in campaign[1]["checks"] if c["state"] == "blocked"]
    assert blocked and all("builds on " in c["text"] for c in blocked)


def test_nothing_of_it_is_left_behind(campaign):
    left = []
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/cmdline", encoding="utf-8") as file:
                    left += [entry] if "faulty.py" in file.read() else []
            except OSError:
                continue
    assert left == []


def test_a_function_is_given_up_after_its_second_crash(campaign):
    texts = [c["text"] for c in campaign[1]["checks"] if c["id"].startswith("relu/")]
    assert sum(ENDED in text for text in texts) == 2 and any("given up" in text for text in texts)


def test_numbers_of_workers_and_none_find_the_same(nnspec, write, tmp_path):
    mine = write("mine.py", "import numpy as np\ndef relu_forward(x):\n    return np.maximum(x, 0.1), (x,)\n")
    found = {}
    for workers in ("0", "1", "2"):
        nnspec("check", mine, "--concept", "relu", "-n", workers, "--json", tmp_path / "report.json")
        told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["checks"]
        found[workers] = sorted((c["id"], c["state"]) for c in told)
    assert found["0"] == found["1"] == found["2"]
