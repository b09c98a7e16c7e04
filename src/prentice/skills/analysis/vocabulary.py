"""Sets of words, by meaning. No single hit in them decides a lane: `policy.toml` says what the facts are used for.

Words are lower case. In the verb sets each entry is a stem and stands for its inflections (`fix`: fixes, fixing).
"""

import re
from collections.abc import Mapping
from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


VERBS: Final[Mapping[str, frozenset[str]]] = {
    "fix": _words(
        "fix repair correct mend resolve patch debug solve remedy rectify amend cure heal address hotfix troubleshoot",
        "eliminate prevent avoid stop handle unbreak restore recover",
    ),
    "create": _words(
        "add create introduce implement build write develop make support enable provide design establish set generate",
        "construct craft ship deliver integrate include allow offer expose install bootstrap scaffold wire attach",
        "insert put append extend expand enhance adopt produce launch supply equip code program",
    ),
    "remove": _words(
        "remove delete drop eliminate purge strip erase discard retire kill prune deprecate wipe cut rid",
    ),
    "change": _words(
        "update change modify adjust edit alter tweak revise set bump upgrade replace swap switch use convert migrate",
        "port transition move raise lower increase decrease improve refresh adapt transform translate",
    ),
    "test": _words("test check verify validate cover exercise assert"),
    "document": _words("document describe explain annotate"),
    "restructure": _words(
        "refactor restructure reorganise reorganize simplify rename extract inline split deduplicate dedupe",
        "consolidate decouple modularise modularize tidy clean rework rewrite redesign rearchitect overhaul untangle",
        "unify merge collapse streamline cleanup modernise modernize rearrange relocate encapsulate factor polish",
    ),
    "speed": _words(
        "speed optimise optimize accelerate cache profile quicken parallelise parallelize memoize memoise",
    ),
    "review": _words("review audit inspect assess evaluate critique examine analyse analyze scrutinise scrutinize"),
    "format": _words("format reformat lint prettify beautify autoformat sort indent reindent style"),
}
"""Intent by stem. An unknown verb has none, which leaves the category to the objects and the lane as it is."""

PARTICLES: Final = _words("up out off down over away in back through")
PREPOSITIONS: Final = _words(
    "in on at for to of from with by via into onto across within inside under over after before against about around",
    "during between through throughout without per until when whenever where while if unless that which who whose so",
    "because since as using like than rather instead not but toward towards upon is are was were be and or then plus",
)
DETERMINERS: Final = _words(
    "the a an this that these those our your its their my new all any some each every more most existing current",
    "missing broken failing unused deprecated legacy old proper better basic simple initial automatic automated both",
)
SUBORDINATES: Final = _words(
    "when whenever if unless because so that which where while since until before after to",
)

PLAIN: Final = _words(
    "it its this that these those thing things stuff code everything anything something better faster nicer good well",
    "more less bug bugs issue issues problem problems error errors project program software app application work task",
    "todo some all the a an and or of in on to for with up out properly correctly again now please asap performance",
    "quality general misc improvements improvement fixes changes various several few lot lots system here there",
)
"""Words that name nothing one could look for; a goal made of them alone has no object."""

SMALL: Final = _words(
    "typo typos misspelling misspellings spelling wording grammar whitespace indentation comment comments docstring",
    "docstrings import imports label labels link links heading headings title titles message messages string strings",
    "constant constants log logging line lines badge sentence paragraph word words tooltip placeholder caption",
    "version punctuation semicolon comma colour color icon padding margin copyright year mistake mistakes slip note",
    "hint hints name names parameter argument flag default variable function method field annotation annotations",
    "newline alias",
)
DEFECTS: Final = _words(
    "bug bugs crash crashes error errors exception exceptions failure failures failing failed broken issue issues",
    "problem problems defect defects glitch leak leaks regression regressions warning warnings flaw flaws mistake",
    "mistakes race deadlock traceback nullpointer typo typos wrong incorrect fault faults hang freeze",
)
FEATURES: Final = _words(
    "feature features mode page pages screen screens workflow workflows integration integrations dashboard wizard",
    "form forms command commands subcommand endpoint endpoints tool tools plugin plugins view views module modules",
    "client component components importer exporter scheduler report reports search notifications notification editor",
    "resource resources upload uploads download webhook webhooks filter pagination panel widget sync caching theme",
    "interface layout flow handler generator parser api cli gui ui",
)
SYSTEMS: Final = _words(
    "system systems subsystem subsystems service services microservice microservices server platform framework engine",
    "pipeline pipelines infrastructure architecture backend frontend application app portal codebase monolith",
    "monorepo website site product solution stack ecosystem marketplace suite mechanism facility layer store runtime",
    "daemon database databases cluster network gateway project program repository software",
)
WHOLE: Final = _words("codebase architecture monolith monorepo infrastructure stack")
MOVABLE: Final = SYSTEMS | _words(
    "client library sdk cli api storage module package bot worker plugin tests test build deployment code base",
    "backends persistence datastore db queue broker tooling ui gui frontends script scripts tool implementation",
)
DOCS: Final = _words(
    "documentation docs doc readme guide guides tutorial tutorials changelog manual wiki comment comments docstring",
    "docstrings faq handbook cookbook reference glossary runbook howto contributing examples notes",
)
TESTS: Final = _words(
    "test tests coverage spec specs unittest unittests fixture fixtures testcase testcases testing",
)
STYLE: Final = _words("formatting whitespace indentation lint linting linter style newline newlines semicolons")
CODE: Final = _words(
    "code pr pull diff commit commits module modules function functions class classes implementation implementations",
    "patch file files changes branch api endpoint endpoints handler script component",
)

QUANTIFIERS: Final = _words("all every each entire whole across throughout everywhere everything")
UNITS: Final = _words(
    "seconds minutes hours days weeks months years milliseconds lines chars characters bytes times percent points",
    "pixels columns spaces bits items entries retries attempts tokens threads workers steps versions digits",
)

_VERB_OF: Final = {stem: intent for intent, stems in reversed(list(VERBS.items())) for stem in stems}


def intent(word: str) -> str:
    """Give the intent class of a verb in any inflection, or an empty string."""
    word = word.lower()
    for stem in _stems(word):
        if found := _VERB_OF.get(stem):
            return found
    return ""


def _stems(word: str) -> tuple[str, ...]:
    """Give what a word may be an inflection of: `fixes`, `fixed`, `fixing`; `copied`; `dropping`; `creating`."""
    bare = re.sub(r"(?:ing|ed|es|s)$", "", word)
    undoubled = bare[:-1] if len(bare) > 3 and bare[-1] == bare[-2] else bare
    return (word, word.removesuffix("s"), word.removesuffix("d"), bare, bare + "e", undoubled, re.sub(r"i$", "y", bare))
