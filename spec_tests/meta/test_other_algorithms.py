"""The suite accepts every right implementation, not just transcriptions of the reference.

`other_algorithms` was written from the papers: it adds up in another order, by blocks, products and transforms, keeps
other things in its caches, and is judged like anybody else's.
"""

from importlib import import_module
from pathlib import Path

import pytest

import nnspec
from nnspec import reference
from nnspec.backends import load
from nnspec.checking.results import State
from nnspec.concepts import catalogue
from nnspec.concepts.collect import is_composite, public_functions
from nnspec.shapes import is_procedure

HERE = Path(__file__).parent
OWN = [name for name, f in public_functions(reference).items() if not is_composite(f) and not is_procedure(f)]
CONCEPTS = sorted({catalogue.concept_of(name) for name in OWN} | {"two_layer_net"})
NUMBERS = ("value", "gradient", "agreement", "law", "generality", "stability")  # what an algorithm decides
VARIANTS = {  # a class in variants.py: its concept, and the level that it reaches
    "ConvolutionByFourier": ("conv2d", "robust"),
    "ConvolutionTransposed": ("conv2d", "robust"),
    "PoolingByTournament": ("max_pool2d", "robust"),
    "BatchnormByShiftedData": ("batchnorm", "robust"),
    "GeluByErfc": ("gelu", "robust"),
    "LossFromLogSoftmax": ("softmax_cross_entropy", "robust"),
    "ExpandedDistance": ("knn", "core"),  # cancels where points are close, and robust says so
}
STYLES = {  # families of concepts, in styles_*.py: a backend and its concept
    "neighbours": "styles_classification.NEIGHBOURS",
    "losses": "styles_classification.LOSSES",
    "regularization and dropout": "styles_updates.REGULARIZATION",
    "optimizers": "styles_updates.OPTIMIZERS",
    "affine and activations": "styles_layers.LAYERS",
    "convolution and pooling": "styles_layers.IMAGES",
    "normalization": "styles_norms.NORMS",
    "attention": "styles_norms.ATTENTION",
    "lstm": "styles_networks.LSTM",
    "networks": "styles_networks.NETWORKS",
}


def styles(family):
    module, _, table = STYLES[family].partition(".")
    return getattr(import_module(f"{__package__}.other_algorithms.{module}"), table)


@pytest.fixture(scope="module")
def others():
    return load(str(HERE / "other_algorithms")).namespace


def test_nothing_is_left_out(others):
    assert [name for name in OWN if not hasattr(others, name)] == []


@pytest.mark.parametrize("concept", CONCEPTS)
def test_another_algorithm_is_accepted(concept, others):
    """By its numbers: whether inputs stay as they are, or threads race, is not a matter of the algorithm."""
    specs = [made() for made in catalogue.specs_of(catalogue.concepts()[concept])]
    ids = [f"{concept}/*{name}/*" for name in NUMBERS if any(spec.plan(name) for spec in specs)]
    report = nnspec.check(others, ids=ids, level="robust")
    assert report.exit_code == 0, str(report)
    lacking = {check.text for check in report.asked() if check.state is State.NOT_IMPLEMENTED}
    assert all("_init" in text for text in lacking), lacking  # initial parameters are a procedure, inherited or not


@pytest.mark.parametrize("name", VARIANTS)
def test_a_further_variant_is_accepted(name, others):
    concept, level = VARIANTS[name]
    report = nnspec.check(getattr(others.variants, name), concepts=concept, level=level)
    assert report.exit_code == 0, str(report)


def test_ten_styles_of_every_family():
    assert min(len(styles(family)) for family in STYLES) >= 10


@pytest.mark.parametrize(
    ("family", "style"),
    [pytest.param(f, style, id=f"{f}: {style.__name__}") for f in STYLES for style in styles(f)],
)
def test_another_style_is_accepted(family, style):
    """At core, in the dtype with the fewer digits. What is above would be tried as well, unless asked for by ids."""
    properties = ("value", "agreement", "law") if family == "optimizers" else ("value", "gradient", "agreement", "law")
    ids = [f"{styles(family)[style]}/*{name}/*/float32" for name in properties]
    report = nnspec.check(style, ids=ids, level="core")
    assert report.exit_code == 0, str(report)
    assert report.count()[State.PASSED] >= 10, str(report)
