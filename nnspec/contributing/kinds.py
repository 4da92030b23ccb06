"""The kinds of a new concept: those that there are templates for. Nothing heavy is imported before it is needed."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"


def of_templates(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem.replace("_", "-") for path in (TEMPLATES / folder).glob("*.py")))


KINDS, FORMULAS = of_templates("reference"), of_templates("formula")


def template(folder: str, kind: str) -> Path:
    return TEMPLATES / folder / f"{kind.replace('-', '_')}.py"


def class_of(kind: str) -> type:
    """What the specification inherits from: the class of that name; a block is a layer, made of parts."""
    from nnspec.spec_tests import _kinds

    return getattr(_kinds, camel(kind.replace("-", "_")), _kinds.Layer)


def camel(name: str) -> str:
    """update_rule -> UpdateRule."""
    return "".join(word.capitalize() for word in name.split("_"))
