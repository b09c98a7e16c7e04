"""The words by which a task is recognized as work for a tool. Lower case; verbs in their plain form.

A task's name has to consist of such words entirely: one that is not known here names something that no tool knows of.
"""

from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


FILLER: Final = _words(
    "the a an this that these those our its all any some each every in on at of for to from with by across within",
    "inside throughout and or under using into only also please code codebase file files module",
    "modules package packages source sources script scripts project project's repo repository directory folder python",
    "javascript typescript golang rust automatically consistently consistent properly correctly again whole entire up",
    "out it standard configured existing new current",
)
HARMLESS: Final = _words(
    "no not nothing without with functional behaviour behavior semantic semantics logic change changes changed edit",
    "edits edited modify modified alter altered touch touched else everything other test tests suite pass passes",
    "passing still green ci keep kept must should shall be is are has have do does don't doesn't untouched same stay",
    "stays remain remains check checks checker report reports zero exit exits exited run runs running after before",
    "then clean cleanly clears diff status ok fine succeed succeeds error errors warning warnings any more anymore",
    "work works as there when once because so makes make sure ensure verify required need needs needed only",
    "formatting-only",
)
"""What conditions of such work are made of: `no functional changes`, `all tests still pass`."""
MODALS: Final = _words(
    "should must shall needs need want wants please also additionally ensure make require requires",
)
RUNTIME: Final = _words(
    "output outputs printed print prints shows shown show display displays displayed render renders rendered",
    "generated emits emitted returns returned user users customer customers page pages screen report value values",
    "date dates currency currencies price prices number numbers invoice email crash crashes raises exception expected",
    "actual bug wrongly locale timezone response request",
)
"""What a program does when it runs, which is not what its source looks like."""

FORMAT: Final = _words("format reformat re-format autoformat auto-format prettify beautify indent reindent")
MEND: Final = _words(
    "fix correct mend repair clean tidy normalize normalise standardize standardise unify improve restore enforce",
    "apply resolve address solve eliminate adjust",
)
RUN: Final = _words("run apply execute")
SORT: Final = _words("sort order reorder organize organise arrange rearrange group alphabetize alphabetise")
REMOVE: Final = _words("remove delete drop strip prune clean")
MAKE: Final = _words("add write create generate insert make put provide scaffold")

FORMATTERS: Final = _words("ruff black prettier gofmt rustfmt clang-format yapf autopep8 biome")
LINTERS: Final = _words("ruff eslint")
SORTERS: Final = _words("isort ruff")
FINDINGS: Final = _words(
    "error errors warning warnings violation violations issue issues finding findings problem problems complaint",
    "complaints",
)
LOOK: Final = _words("formatting whitespace indentation")
SKELETON: Final = _words("skeleton skeletons stub stubs placeholder placeholders")
DOCSTRING: Final = _words("docstring docstrings")
