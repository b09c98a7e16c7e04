"""Breaking source files on purpose, so that whatever reads them has to fail: the canary of DESIGN section 5."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Final

from prentice.changes.files import File
from prentice.workspace.tree import Tree

_TEXT: Final = "prentice put a break here to see whether this check looks at this tree ) } ]"
_BREAKS: Final = {
    "py pyi": f"{_TEXT}\n",
    "js jsx mjs cjs ts tsx mts cts vue svelte": f"{_TEXT}\n",
    "go rs java kt c h cc cpp hpp cs swift rb php lua scala dart ex exs": f"{_TEXT}\n",
    "json toml": f"{_TEXT}\n",
}
"""What no parser of these languages accepts: words in a row, and brackets that nothing opened."""
_BY_SUFFIX: Final = {f".{suffix}": text for suffixes, text in _BREAKS.items() for suffix in suffixes.split()}
MOST: Final = 2_000
"""How many files are broken at most to see whether a check looks at the tree at all."""
_TESTS: Final = frozenset({"test", "tests", "spec", "specs", "__tests__", "testing"})


def is_breakable(path: str) -> bool:
    """Whether a break is known that a file of this kind does not survive."""
    return PurePosixPath(path).suffix in _BY_SUFFIX


def is_test(path: str) -> bool:
    """Whether a file holds tests, by its name or its directory's."""
    *directories, name = path.lower().split("/")
    stem = name.split(".")[0]
    return (
        bool(_TESTS & set(directories))
        or stem.startswith("test_")
        or stem.endswith(("_test", "_spec"))
        or ".test." in name
        or ".spec." in name
        or stem == "conftest"
    )


def broken(tree: Tree, paths: Collection[str]) -> list[str]:
    """Break files that exist, in their first line, and give which ones.

    Raises:
        WorktreeError: the disk refused.
    """
    done = []
    for path in paths:
        file = tree.read(path)
        if file is not None and file.is_regular and is_breakable(path):
            text = _BY_SUFFIX[PurePosixPath(path).suffix].encode()
            tree.write(path, File(content=text + file.content, mode=file.mode))
            done.append(path)
    return done


def others(tree: Tree, paths: Sequence[str]) -> list[str]:
    """List sources in the languages of some paths, MOST at most: what a check of this tree cannot fail to read."""
    suffixes = {PurePosixPath(path).suffix for path in paths if is_breakable(path)} or set(_BY_SUFFIX) - {
        ".json",
        ".toml",
    }
    found = [path for path in tree.paths() if PurePosixPath(path).suffix in suffixes and not is_test(path)]
    return sorted(found)[:MOST]
