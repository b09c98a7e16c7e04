"""What kind of file a path is for a search: code, a test, prose or data; and which kinds a text asks for."""

import re
from collections.abc import Collection
from typing import Final, Literal, TypeAlias

from prentice.changes.guards.tests import is_test_path
from prentice.context.definitions import SOURCE_SUFFIXES

Kind: TypeAlias = Literal["code", "test", "prose", "data"]

FACTORS: Final[dict[Kind, float]] = {"code": 1.0, "test": 0.25, "prose": 0.25, "data": 0.4}
"""What a file's score is multiplied by where the text does not ask for its kind."""
_OTHER_CODE: Final = frozenset(
    ".rb .php .swift .dart .ex .exs .erl .hs .clj .lua .pl .jl .zig .nim .sh .bash .ps1 .sql .pyx .pxd .m .mm .r "
    ".groovy .proto .graphql .css .scss .less .html .htm .jinja .j2 .tmpl .mts .cts .kts .hh .hxx .fs".split()
)
_PROSE: Final = frozenset(".md .mdx .rst .txt .adoc .po .pot".split())
_PROSE_PLACES: Final = frozenset({"doc", "docs", "documentation", "examples", "locale", "release", "changelog"})
_ABOUT_TESTS: Final = re.compile(
    r"(?i)\b(?:unit|regression|integration|missing|flaky|failing|more|new)[ -]tests?\b|"
    r"\btest (?:coverage|suite|case)s?\b|"
    r"\b(?:add|write|extend|improve|generate|create|mend|repair|split|speed up)\b[^.\n]{0,40}\btests?\b|"
    r"\btests? (?:for|of)\b|\bcover\b[^.\n]{0,60}\btests?\b"
)
_ABOUT_PROSE: Final = re.compile(
    r"(?i)\b(?:readme|changelog|documentation|tutorial|user guide|release notes|contributing|typos? in the docs)\b|"
    r"\b(?:update|write|mend|fix|extend|improve)\b[^.\n]{0,40}\bdocs?\b|\.(?:md|rst)\b"
)


def kind_of(path: str) -> Kind:
    """Tell a file's kind by its path."""
    lower = path.lower()
    *places, name = lower.split("/")
    suffix = "." + name.rpartition(".")[2] if "." in name else ""
    if suffix in _PROSE:
        return "prose"
    if suffix not in SOURCE_SUFFIXES and suffix not in _OTHER_CODE:
        return "data"
    if is_test_path(path) or any(place.startswith(("test_", "tests_")) for place in places):
        return "test"
    return "prose" if _PROSE_PLACES & set(places) else "code"


def asked_kinds(text: str) -> frozenset[Kind]:
    """Tell which kinds a text is about, by its first line: code always, tests and prose where it says so."""
    title = text.strip().partition("\n")[0]
    found: set[Kind] = {"code"}
    if _ABOUT_TESTS.search(title):
        found.add("test")
    if _ABOUT_PROSE.search(title):
        found.add("prose")
    return frozenset(found)


def factor(path: str, *, asked: Collection[Kind]) -> float:
    """Give what the score of a file is multiplied by."""
    kind = kind_of(path)
    return 1.0 if kind in asked else FACTORS[kind]
