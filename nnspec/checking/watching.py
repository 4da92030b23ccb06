"""`nnspec check --watch`: the backend's files are looked at, and what a save concerns is checked again."""

import ast
import contextlib
import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import click

from nnspec.backends import Name
from nnspec.concepts import catalogue
from nnspec.concepts.collect import folders

SECONDS = 0.3  # between two looks
HOOKS = {"asarray", "to_numpy", "synchronize", "dtypes", "largest_input", "one_process"}  # they concern everything


def watch(backend: Name, concepts, options: list[str]):
    """Check, and again in a process of its own after each save, until Ctrl-C. Raises CannotLoad for what has no file.

    concepts: only these; empty means all.
    """
    root, stamps, before = _root(backend), None, {}
    try:
        while True:
            if (now := _stamps(root)) and now != stamps:
                first, stamps = stamps is None, now
                read = _read(now)
                concerned = None if first else _concerned(backend, before, read)
                before = before if read is None else read
                _check(backend, concepts, concerned, options)
                click.echo(f"watching {len(now)} file{'' if len(now) == 1 else 's'} of {backend}; Ctrl-C ends it")
            time.sleep(SECONDS)
    except KeyboardInterrupt:
        click.echo(f"\nno longer watching {backend}")


def _check(backend: Name, concepts, concerned: list[str] | None, options: list[str]):
    """concerned: the concepts that changed; None means all."""
    chosen = concepts if concerned is None else [name for name in concerned if not concepts or name in concepts]
    if concerned is not None and not chosen:
        click.echo("nothing changed that is checked")
        return
    named = [text for name in chosen for text in ("--concept", name)]
    subprocess.run([sys.executable, "-m", "nnspec", "check", str(backend), *named, *options], check=False)


def _root(backend: Name) -> Path:
    """The folder of a package, or a file."""
    module, path, _ = backend.located()
    path = path or Path(importlib.util.find_spec(module).origin)
    return path.parent if path.name == "__init__.py" else path


def _stamps(root: Path) -> dict[Path, int]:
    """When each file was written. One that is being replaced just now is seen at the next look."""
    found = {}
    for path in _files(root):
        with contextlib.suppress(FileNotFoundError):
            found[path] = path.stat().st_mtime_ns
    return found


def _files(root: Path) -> list[Path]:
    """A package's files, or a file with those of its neighbours that it imports."""
    if root.is_dir():
        return sorted(path for folder in folders(root) for path in folder.rglob("*.py"))
    found = [root]
    for file in found:  # which grows
        found += [neighbour for neighbour in _neighbours(file) if neighbour not in found]
    return found


def _neighbours(file: Path) -> list[Path]:
    tree = _tree(file) or ast.Module([], [])
    imports = [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    named = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module for node in imports if isinstance(node, ast.ImportFrom) and node.module}
    return sorted(path for name in named if (path := file.parent / f"{name.partition('.')[0]}.py").is_file())


def _tree(file: Path) -> ast.Module | None:
    """What a file says; None while it cannot be parsed, which the check itself tells."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None


def _read(files) -> dict[tuple[Path, str], ast.AST] | None:
    """Each definition of each file, by name; what binds no name stands under its text. None: a file makes no sense."""
    found = {}
    for file in files:
        if (tree := _tree(file)) is None:
            return None
        for node in _definitions(tree.body):
            for name in _bound(node) or [f" {ast.dump(node)}"]:
                found[file, name] = node
    return found


def _definitions(body):
    """The statements of a module, and those of its classes, which may be namespaces."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node.body)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):  # a docstring changes nothing
            yield node


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).partition(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if hasattr(node, "target") else []
    return [inner.id for target in targets for inner in ast.walk(target) if isinstance(inner, ast.Name)]


def _concerned(backend: Name, before: dict, now: dict | None) -> list[str] | None:
    """The concepts whose functions changed, or mention what changed; None where that cannot be told."""
    if now is None or backend.kind == "cs231n":  # whose functions have other names
        return None
    was, told = ({key: ast.dump(node) for key, node in read.items()} for read in (before, now))
    changed = {key[1] for key in was.keys() | told.keys() if was.get(key) != told.get(key)}
    if changed & HOOKS or any(name.startswith((" ", "__", "*")) for name in changed):
        return None
    mentions = {key[1]: _mentioned(node) for key, node in now.items()}
    while found := {name for name, mentioned in mentions.items() if mentioned & changed} - changed:
        changed |= found
    return [concept.name for concept in catalogue.concepts().values() if changed & set(concept.functions)]


def _mentioned(node: ast.AST) -> set[str]:
    names = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    return names | {inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)}
