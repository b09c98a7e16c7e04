"""The ways to ask for work that a tool does, each as a verb with the words that go with it."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from prentice.skills.execute.tools import words
from prentice.tasks.plan import Category

Kind: TypeAlias = Literal["format", "lint", "imports", "rename", "docstrings", "hints", "tests"]

PATH: Final = "\0path"
SYMBOL: Final = "\0symbol"
RULE: Final = "\0rule"
"""What stands for a path, for a symbol in a code span, and for the number of a linter's rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to ask for a kind of work: the verbs, words of which each set has to occur, further words that may."""

    kind: Kind
    verbs: frozenset[str]
    needs: tuple[frozenset[str], ...] = ()
    may: frozenset[str] = frozenset()
    categories: frozenset[Category]
    rules: tuple[str, ...] = ()


def _set(line: str) -> frozenset[str]:
    return frozenset(line.split())


_SMALL: Final[frozenset[Category]] = frozenset({"formatting", "bug_fix", "refactoring", "other"})
_MADE: Final[frozenset[Category]] = frozenset({"documentation", "feature", "refactoring", "test_generation", "other"})
_IMPORTS: Final = _set("import imports")
WAYS: Final = (
    Way(kind="format", verbs=words.FORMAT, may=words.FORMATTERS, categories=frozenset({"formatting"})),
    Way(
        kind="format", verbs=words.MEND | _set("remove strip"), needs=(words.LOOK,),
        may=words.LOOK | words.FORMATTERS | _set("code style inconsistent mixed bad wrong trailing"),
        categories=frozenset({"formatting"}),
    ),
    Way(
        kind="format", verbs=words.RUN, needs=(words.FORMATTERS | _set("formatter"),),
        may=words.FORMATTERS | _set("formatter format fmt"),
        categories=frozenset({"formatting", "other", "refactoring"}),
    ),
    Way(
        kind="lint", verbs=words.MEND, needs=(_set("lint linter linting ruff eslint"), words.FINDINGS),
        may=_set("lint linter linting ruff eslint reported found raised flagged fixable autofixable rule rules")
        | words.FINDINGS | {RULE}, categories=_SMALL,
    ),
    Way(kind="lint", verbs=words.MEND, needs=(_set("lint linting"),), may=_set("lint linting"), categories=_SMALL),
    Way(
        kind="lint", verbs=words.MEND | words.REMOVE, needs=(frozenset({RULE}),),
        may=_set("lint linter linting ruff reported flagged rule rules") | words.FINDINGS | {RULE}, categories=_SMALL,
    ),
    Way(
        kind="lint", verbs=words.RUN, needs=(words.LINTERS, _set("--fix fix fixes")),
        may=words.LINTERS | _set("--fix fix fixes check safe") | {RULE}, categories=_SMALL,
    ),
    Way(
        kind="lint", verbs=words.REMOVE | words.MEND, needs=(_set("unused"), _IMPORTS),
        may=_IMPORTS | _set("unused statement statements"), categories=_SMALL, rules=("F401",),
    ),
    Way(
        kind="imports", verbs=words.SORT | words.FORMAT, needs=(_IMPORTS,),
        may=_IMPORTS | _set("statement statements block blocks alphabetically isort ruff"), categories=_SMALL,
    ),
    Way(
        kind="imports", verbs=words.MEND, needs=(_IMPORTS, _set("order ordering sorting unsorted")),
        may=_IMPORTS | _set("statement statements block blocks order ordering sorting unsorted isort ruff"),
        categories=_SMALL,
    ),
    Way(kind="imports", verbs=words.RUN, needs=(_set("isort"),), may=_set("isort"), categories=_SMALL),
    Way(
        kind="docstrings", verbs=words.MAKE, needs=(words.DOCSTRING, words.SKELETON | _set("missing")),
        may=words.DOCSTRING | words.SKELETON
        | _set("missing function functions method methods class classes public undocumented") | {SYMBOL},
        categories=frozenset({"documentation"}),
    ),
    Way(
        kind="hints", verbs=words.MAKE,
        needs=(_set("type typing"), _set("hint hints annotation annotations"), words.SKELETON),
        may=_set("type typing hint hints annotation annotations missing function functions method methods")
        | words.SKELETON,
        categories=_MADE,
    ),
    Way(
        kind="tests", verbs=words.MAKE, needs=(_set("test tests"), words.SKELETON | _set("scaffold scaffolding")),
        may=_set("test tests property property-based hypothesis ghostwriter unit scaffold scaffolding function")
        | words.SKELETON | {SYMBOL}, categories=_MADE,
    ),
)  # fmt: skip
