"""Which tests a change concerns most, so that they can be run first."""

import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Final

from prentice.workspace.checks.breaking import is_test
from prentice.workspace.tree import Tree

MOST: Final = 40
_MAX_BYTES: Final = 400_000


def affected_tests(tree: Tree, changed: Collection[str]) -> list[str]:
    """List the Python test files that are changed, bear the name of a changed module, or import it; MOST at most.

    By names alone, without running anything: a test that reaches the change by another way is missed, so this decides
    what is run first, never what is run at all.
    """
    modules = {stem for path in changed if (stem := _module(path)) and path.endswith(".py")}
    tests = [path for path in tree.paths() if path.endswith(".py") and is_test(path) and _is_collected(path)]
    named = [path for path in tests if path in changed or _subject(path) in modules]
    rest = [path for path in tests if path not in named] if modules else []
    imports = re.compile(
        rb"^\s*(?:from|import)\s[^\n]*\b(?:"
        + b"|".join(re.escape(module.encode()) for module in sorted(modules))
        + rb")\b",
        re.MULTILINE,
    )
    importing = [path for path in rest if imports.search(_content(tree, path))]
    return sorted(dict.fromkeys(named))[:MOST] + sorted(importing)[: max(MOST - len(named), 0)]


def _module(path: str) -> str:
    """Give the name by which a module is imported: a package's for its `__init__`."""
    parts: Sequence[str] = PurePosixPath(path).with_suffix("").parts
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]


def _subject(path: str) -> str:
    return PurePosixPath(path).stem.removeprefix("test_").removesuffix("_test")


def _is_collected(path: str) -> bool:
    stem = PurePosixPath(path).stem
    return stem.startswith("test_") or stem.endswith("_test")


def _content(tree: Tree, path: str) -> bytes:
    file = tree.read(path)
    return file.content[:_MAX_BYTES] if file else b""
