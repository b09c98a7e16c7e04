"""What kind of work a task is. It picks a playbook and a record to compare with; it never decides a lane."""

import re
from collections.abc import Iterable
from typing import Final

from prentice.skills.analysis import vocabulary
from prentice.skills.analysis.reading import Reading
from prentice.skills.analysis.risk import only_describes
from prentice.tasks.plan import Category

_TAGS: Final[tuple[tuple[frozenset[str], Category], ...]] = (
    (frozenset({"bug", "bugfix", "bug-fix"}), "bug_fix"),
    (frozenset({"docs", "documentation"}), "documentation"),
    (frozenset({"testing", "tests", "test-coverage"}), "test_generation"),
    (frozenset({"refactoring", "refactor"}), "refactoring"),
    (frozenset({"feature", "enhancement", "implementation"}), "feature"),
)
_FAILING: Final = frozenset({"failing", "failed", "flaky", "broken", "red", "unstable"})
_FROM_INTENT: Final[dict[str, Category]] = {
    "fix": "bug_fix", "create": "feature", "remove": "refactoring", "test": "test_generation",
    "document": "documentation", "restructure": "refactoring", "speed": "refactoring", "format": "formatting",
}  # fmt: skip
_LABELS: Final[dict[str, Category]] = {
    "fix": "bug_fix", "bug": "bug_fix", "bugfix": "bug_fix", "feat": "feature", "feature": "feature",
    "docs": "documentation", "doc": "documentation", "documentation": "documentation", "refactor": "refactoring",
    "style": "formatting", "test": "test_generation", "tests": "test_generation", "testing": "test_generation",
    "perf": "refactoring", "implement": "feature", "implementation": "feature", "review": "code_review",
    "chore": "other", "automation": "other", "research": "other",
}  # fmt: skip


def category(reading: Reading, *, paths: Iterable[str], tags: Iterable[str], moves: bool = False) -> Category:
    """Give the category: by a label before the name, by verb and object together, by the files, and last by the tags.

    `moves` says that something goes from one technology to another: it is made anew to do what it did.
    """
    intent = vocabulary.intent(reading.verb)
    for kind in (
        _LABELS.get(reading.label),
        "refactoring" if moves else None,
        _by_object(intent, reading.object_words),
        _by_files(intent, tuple(paths), words=set(reading.object_words)),
        _FROM_INTENT.get(intent),
        _by_tags(tags),
    ):
        if kind:
            return kind
    words = set(reading.object_words)
    shown = words & (vocabulary.FEATURES | vocabulary.SYSTEMS | vocabulary.SMALL)
    return "feature" if intent == "change" and shown else "other"


def _by_object(intent: str, words: tuple[str, ...]) -> Category | None:
    head = words[-1] if words else ""
    if head in vocabulary.STYLE and intent != "create":
        return "formatting"
    if head in vocabulary.DOCS or {"documentation", "docs", "readme", "docstring", "docstrings"}.intersection(words):
        return "documentation"
    if intent == "review" and vocabulary.CODE.intersection(words):
        return "code_review"
    if vocabulary.TESTS.intersection(words) and head in vocabulary.TESTS | {"file", "files", "suite", "cases", "case"}:
        return "bug_fix" if intent == "fix" or _FAILING.intersection(words) else "test_generation"
    return None


def _by_files(intent: str, paths: tuple[str, ...], *, words: set[str]) -> Category | None:
    if paths and all(only_describes(path) for path in paths):
        if not all(re.search(r"test|spec", path, re.IGNORECASE) for path in paths):
            return "documentation"
        return "bug_fix" if intent == "fix" else "test_generation"
    if paths and intent == "review":
        return "code_review"
    return "bug_fix" if words & vocabulary.DEFECTS and intent in {"fix", "", "change", "remove"} else None


def _by_tags(tags: Iterable[str]) -> Category | None:
    folded = {tag.lower().lstrip("#") for tag in tags}
    return next((kind for wanted, kind in _TAGS if folded & wanted), None)
