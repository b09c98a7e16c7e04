"""Where identifiers are defined, found cheaply: one pass of `git grep`, or of a bounded scan, over source files."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from prentice.context.files import git

MAX_PLACES: Final = 5
SCAN_SECONDS: Final = 1.5
_MAX_BYTES: Final = 500_000
_WORD: Final = re.compile(r"[\w$]+")

_MODIFIERS: Final = (
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|unsafe|pub(?:\(\w+\))?|inline|"
    r"extern|override|virtual|const)\s+)"
)
_LANGUAGES: Final = {
    ".py": (r"^\s*(?:async\s+)?(?:def|class)\s+NAME\b", r"^NAME\s*(?::[^=]+)?=(?!=)"),
    ".go": (r"^\s*(?:func\s+(?:\([^)]*\)\s*)?|type\s+|var\s+|const\s+)NAME\b",),
    ".rs": (_MODIFIERS + r"*(?:fn|struct|enum|trait|type|mod|const|static|union|macro_rules!)\s+(?:mut\s+)?NAME\b",),
    ".js": (
        _MODIFIERS + r"*(?:function\*?|class|const|let|var|interface|type|enum)\s+NAME\b",
        r"^\s+" + _MODIFIERS + r"*NAME\s*\([^;]*\)\s*(?::[^;]+)?\{",
    ),
    ".java": (
        _MODIFIERS + r"*(?:class|interface|enum|record|fun|object)\s+NAME\b",
        _MODIFIERS + r"+(?:[\w<>\[\],.?]+\s+)+NAME\s*\(",
    ),
    ".c": (
        r"^(?:[A-Za-z_][\w\s*]*?[\s*])NAME\s*\([^;]*$",
        r"^\s*(?:typedef\s+)?(?:struct|enum|union|class)\s+NAME\b",
        r"^\s*#\s*define\s+NAME\b",
    ),
}
_SAME: Final = {
    ".pyi": ".py", ".jsx": ".js", ".mjs": ".js", ".cjs": ".js", ".ts": ".js", ".tsx": ".js", ".vue": ".js",
    ".svelte": ".js", ".kt": ".java", ".scala": ".java", ".cs": ".java", ".h": ".c", ".cc": ".c", ".cpp": ".c",
    ".hpp": ".c", ".cxx": ".c",
}  # fmt: skip
SOURCE_SUFFIXES: Final = frozenset({*_LANGUAGES, *_SAME})


def definitions(root: Path, files: Sequence[str], names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Map each name to at most MAX_PLACES places `path:line`, in the order of paths; tests come last.

    A dotted name (`Spell.close`) is looked up by its last part, in files that define the first part or are called
    after it. Nothing but source files is opened.
    """
    parts = {name: tuple(re.split(r"\.|::", name)) for name in names}
    if not parts:
        return {}
    places = _defined(_lines(root, files, {part for split in parts.values() for part in (split[0], split[-1])}))
    return {name: _ranked(places, owner=split[0], word=split[-1]) for name, split in parts.items()}


def _defined(lines: Iterable[tuple[str, int, str, str]]) -> dict[str, list[tuple[str, int]]]:
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for path, number, content, word in lines:
        suffix = PurePosixPath(path).suffix
        patterns = _LANGUAGES[_SAME.get(suffix, suffix)]
        if any(re.search(pattern.replace("NAME", re.escape(word)), content) for pattern in patterns):
            places[word].append((path, number))
    return places


def _ranked(places: Mapping[str, Sequence[tuple[str, int]]], *, owner: str, word: str) -> tuple[str, ...]:
    found = places.get(word, ())
    if owner not in {word, "self", "cls", "this"}:
        homes = {path for path, _ in places.get(owner, ())}
        found = [place for place in found if place[0] in homes or owner.lower() in place[0].lower()]
    ordered = sorted(dict.fromkeys(found), key=lambda place: ("test" in place[0].lower(), place))
    return tuple(f"{path}:{number}" for path, number in ordered[:MAX_PLACES])


def _lines(root: Path, files: Sequence[str], wanted: set[str]) -> Iterator[tuple[str, int, str, str]]:
    """Give the lines of source files that hold one of the words, as path, number, content and word."""
    for path, number, content in _grep(root, files, wanted):
        for word in wanted & set(_WORD.findall(content)):
            yield path, number, content, word


def _grep(root: Path, files: Sequence[str], wanted: set[str]) -> Iterator[tuple[str, int, str]]:
    suffixes = sorted(SOURCE_SUFFIXES)
    words = [argument for word in sorted(wanted) for argument in ("-e", word)]
    answer = git(
        root,
        ("grep", "-z", "-n", "-I", "-w", "-F", "--untracked", "--no-color", "-m", "200", *words, "--",
         *(f"*{suffix}" for suffix in suffixes)),
    )  # fmt: skip
    if answer is None or (not answer and not (root / ".git").exists()):  # as in `files`
        yield from _scan(root, files, wanted)
        return
    known = set(files)
    for record in answer.split(b"\n"):
        path, _, rest = record.partition(b"\0")
        number, _, content = rest.partition(b"\0")
        name = path.decode(errors="replace")
        if number.isdigit() and len(content) < 1000 and name in known:
            yield name, int(number), content.decode(errors="replace")


def _scan(root: Path, files: Sequence[str], wanted: set[str]) -> Iterator[tuple[str, int, str]]:
    deadline = time.monotonic() + SCAN_SECONDS
    for name in files:
        if time.monotonic() > deadline:
            return
        if PurePosixPath(name).suffix not in SOURCE_SUFFIXES:
            continue
        path = root / name
        try:
            if path.is_symlink() or path.stat().st_size > _MAX_BYTES:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if any(word in text for word in wanted):
            for number, line in enumerate(text.split("\n"), start=1):
                if len(line) < 1000 and any(word in line for word in wanted):
                    yield name, number, line
