"""The kinds of work, and how strongly verbs, head nouns and label prefixes of a title speak for each."""

from collections.abc import Mapping
from typing import Final

from prentice.backends.builtin.words import stem
from prentice.tasks.plan import Category

MAKING: Final = frozenset(
    "add implement create build introduce support design provide develop integrate let allow enable write set setup "
    "connect offer include start have ship generate embed make containerize dockerize deploy provision host".split()
) | {"set up", "bring up", "spin up", "roll out", "hook up", "wire up"}
"""Verbs that bring something into being; others change something that is there, and do not build it anew."""

KINDS: Final[Mapping[str, Category]] = {
    "migration": "refactoring", "feature": "feature", "bug": "bug_fix", "refactoring": "refactoring",
    "tests": "test_generation", "docs": "documentation", "api": "feature", "performance": "refactoring",
    "security": "bug_fix", "ui": "feature", "data": "feature", "devops": "other", "release": "other",
    "research": "other", "investigation": "other", "design": "other", "dependency": "other", "configuration": "feature", "integration": "feature",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "removal": "refactoring", "review": "code_review", "improve": "refactoring", "format": "formatting",
}  # fmt: skip
"""Every kind, with the category of its steps where nothing better is known."""

_VERBS: Final[Mapping[str, str]] = {
    "migration": "migrate port convert move transition switch rewrite replace swap translate",
    "feature": "handle adopt throttle vendor validate skip bind aggregate localize internationalize paginate add implement create build support introduce enable allow let provide develop extend include make show "  # noqa: E501 - a pattern or a list of words reads best in one piece
    "display accept expose generate store save track send schedule filter sort offer write give detect calculate "
    "compute apply hide wire complete register return pass map emit render parse read notify collect limit "
    "restrict persist reload propagate define link copy merge update change adjust adapt modify set run use put keep "
    "require validate accept trigger attach embed redirect mount group order preserve highlight mark format wrap list "
    "draw agree settle gather collect ask call fetch query insert reset resume queue batch retry guess infer choose "
    "detach prefill preview bundle reuse replicate apply combine count serve host start turn let open close lock unlock "  # noqa: E501 - a pattern or a list of words reads best in one piece
    "assign enforce collapse honour honor respect grant revoke block deny reject refuse raise bring teach debounce prefetch preload "  # noqa: E501 - a pattern or a list of words reads best in one piece
    "expire evict flush truncate redact rebuild recompute normalise normalize hash sign pause animate resize scale compress minify toggle "  # noqa: E501 - a pattern or a list of words reads best in one piece
    "interpolate calibrate quantize enrich geocode classify predict recommend escalate forward defer delay renew shorten reveal promote "  # noqa: E501 - a pattern or a list of words reads best in one piece
    "impersonate invite warm drain shard partition reconcile tell offload serialize suppress downsample stub emulate simulate "  # noqa: E501 - a pattern or a list of words reads best in one piece
    "clone subscribe map mirror mask pass warn alert capture check load",
    "bug": "guard reproduce unblock fix resolve repair correct debug prevent stop avoid mend patch solve address restore ensure",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "refactoring": "refactor flatten restructure extract split simplify decouple rename deduplicate reorganize "
    "modularize "
    "consolidate unify inline tidy rework separate isolate untangle abstract encapsulate standardize clean",
    "tests": "fuzz test cover exercise verify",
    "docs": "proofread clarify mention document describe explain outline",
    "performance": "measure optimize speed reduce accelerate cut decrease halve trim cache profile tune shrink benchmark parallelize lower",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "security": "anonymize secure harden encrypt sanitize protect escape",
    "ui": "redesign restyle style polish",
    "devops": "rotate deploy containerize dockerize provision host package monitor instrument setup configure pin "
    "automate",
    "release": "release publish ship tag announce",
    "research": "research evaluate compare explore decide choose assess study pick",
    "investigation": "trace record investigate diagnose troubleshoot analyze find determine identify",
    "design": "design spike prototype plan",
    "dependency": "upgrade bump",
    "integration": "integrate connect hook sync synchronize",
    "removal": "remove delete drop deprecate retire disable sunset uninstall eliminate decommission discontinue obsolete prune",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "data": "reindex import export load backfill ingest train seed archive",
    "configuration": "parametrize parameterize externalize",
    "review": "review inspect check audit",
    "improve": "improve enhance increase revise rethink upgrade modernize expand",
    "format": "format lint reformat",
}
VERBS: Final[Mapping[str, str]] = {stem(verb): kind for kind, verbs in _VERBS.items() for verb in verbs.split()}
"""The stem of an imperative verb to the kind of work that it announces."""

SPELLED: Final[Mapping[str, str]] = {stem(verb): verb for verbs in _VERBS.values() for verb in verbs.split()}
"""The stem of a verb to its imperative."""

PARTICLES: Final = frozenset({"set up", "clean up", "speed up", "tidy up", "hook up", "log out", "log in", "sign out", "break up", "split up",  # noqa: E501 - a pattern or a list of words reads best in one piece
                              "cut down", "roll out", "write up", "split out", "pull out", "rip out",
                              "bring up", "wire up", "spin up", "slim down", "lock down", "look into", "get rid of",
                              "make sure", "find out", "figure out", "phase out", "break down"})  # fmt: skip
"""Verbs of two or three words."""

PARTICLE_VERBS: Final[Mapping[str, str]] = {
    "set up": "devops", "speed up": "performance", "clean up": "refactoring", "tidy up": "refactoring",
    "hook up": "integration", "log out": "feature", "sign up": "feature", "log in": "feature", "sign out": "feature", "break up": "refactoring", "split up": "refactoring", "cut down": "performance",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "roll out": "devops", "write up": "docs", "split out": "refactoring", "pull out": "refactoring",
    "rip out": "removal", "bring up": "devops", "wire up": "feature", "spin up": "devops", "slim down": "performance",
    "lock down": "security", "look into": "investigation", "get rid of": "removal", "make sure": "bug",
    "find out": "investigation", "figure out": "investigation", "phase out": "removal", "break down": "refactoring",
}  # fmt: skip

AMBIGUOUS: Final = frozenset(
    stem(word)
    for word in "test release search design report log cache load index filter sort view document upload import export "
    "store process support handle track limit share stream backup review audit map show return link check format patch "
    "register profile host package sync copy set build read style change update pin drop benchmark lint archive "
    "monitor study spike hook tag ship move cover switch port state display order".split()
)
"""Stems of verbs that are as often nouns: they open an imperative only where what follows looks like an object."""

HEADS: Final[Mapping[str, tuple[str, float]]] = {
    stem(word): (kind, weight)
    for kind, weight, words in (
        ("tests", 4.0, "test coverage testing testcase fixture spec"),
        ("docs", 4.0, ("documentation doc readme guide tutorial docstring changelog adr runbook handbook faq wiki "
            "manual cookbook walkthrough quickstart postmortem post-mortem glossary announcement")),
        ("api", 2.5, "endpoint endpoints route api webhook mutation resolver openapi graphql"),
        ("ui", 2.5, ("page button modal dialog form screen menu navbar sidebar layout dashboard widget tooltip theme "
                             "component icon stylesheet view panel wizard")),
        ("devops", 3.0, ("ci pipeline workflow dockerfile container deployment terraform helm cluster monitoring "
                             "alerting infrastructure staging runner")),
        ("data", 2.0, "dataset etl import importer csv export table column schema warehouse report"),
        ("bug", 3.0, ("crash bug error failure exception regression leak deadlock race typo glitch freeze hang "
                             "warning traceback mismatch")),
        ("performance", 3.0, "performance latency throughput slowness startup memory footprint"),
        ("security", 3.0, "vulnerability security xss csrf injection secret cve hardening"),
        ("dependency", 2.5, "dependency dependencies vulnerability"),
        ("release", 2.5, "release version"),
        ("configuration", 2.0, "setting config configuration flag option"),
        ("refactoring", 2.0, "duplication refactoring debt"),
        ("research", 3.0, "evaluation comparison feasibility"),
        ("investigation", 3.0, "investigation"),
        ("design", 3.0, "spike proposal rfc poc"),
    )
    for word in words.split()
}  # fmt: skip
"""The stem of the last noun of an object to the kind that it speaks for, with a weight."""

LABELS: Final[Mapping[str, str]] = {
    "feat": "feature", "feature": "feature", "fix": "bug", "bug": "bug", "bugfix": "bug", "hotfix": "bug",
    "docs": "docs", "doc": "docs", "documentation": "docs", "perf": "performance", "performance": "performance",
    "refactor": "refactoring", "refactoring": "refactoring", "cleanup": "refactoring", "tech debt": "refactoring",
    "test": "tests", "tests": "tests", "testing": "tests", "ci": "devops", "build": "devops", "ops": "devops",
    "devops": "devops", "chore": "", "task": "", "todo": "", "implement": "", "implementation": "", "story": "",
    "epic": "", "security": "security", "sec": "security", "ui": "ui", "ux": "ui", "style": "format",
    "research": "research", "spike": "design", "investigate": "investigation", "data": "data", "release": "release", "api": "api",  # noqa: E501 - a pattern or a list of words reads best in one piece
    "deps": "dependency", "dependencies": "dependency", "config": "configuration", "migration": "migration",
    "review": "review", "automation": "", "enhancement": "", "request": "", "proposal": "",
    "setup": "devops", "regression": "bug", "defect": "bug", "issue": "bug",
}  # fmt: skip
"""Labels before a colon or in brackets at the start of a title; an empty kind only says that it is a label."""
